//! Faults on demand: what may go wrong with an answer, and the queue of what shall.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong with one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An empty answer with this status, and a `Retry-After` header if a text is given.
    Status(u16, Option<String>),
    /// An HTML page with this status.
    Html(u16),
    /// The content length promises more than is sent before the connection closes.
    Cut,
    /// A valid HTTP answer whose JSON text ends in the middle.
    CutJson,
    /// The ordinary answer, this much later.
    Slow(Duration),
    /// The connection closes without an answer.
    Drop,
    /// The vendor's own refusal, with an OK status.
    Refusal {
        /// The vendor's number.
        code: i64,
        /// The vendor's words.
        text: &'static str,
    },
    /// This text as JSON with an OK status, for envelopes nobody knows.
    Foreign(&'static str),
}

struct Waiting {
    path: String,
    fault: Fault,
    times: u32,
}

/// The faults that wait for their requests.
#[derive(Default)]
pub(super) struct Faults {
    waiting: Mutex<Vec<Waiting>>,
}

impl Faults {
    pub(super) fn add(&self, path: &str, fault: Fault, times: u32) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Waiting {
            path: path.to_owned(),
            fault,
            times,
        });
    }

    pub(super) fn clear(&self) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The fault this request meets, which is thereby used up once.
    pub(super) fn take(&self, path: &str) -> Option<Fault> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|entry| entry.times > 0);
        let entry = waiting.iter_mut().find(|entry| path.ends_with(&entry.path))?;
        entry.times -= 1;
        Some(entry.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_met_in_order_and_only_on_their_path() {
        let faults = Faults::default();
        faults.add("log/retrieve", Fault::Drop, 2);
        faults.add("log/retrieve", Fault::Html(200), 1);
        assert_eq!(faults.take("/convoso/v1/users/search"), None);
        let met: Vec<_> = (0..4).map(|_| faults.take("/convoso/v1/log/retrieve")).collect();
        assert_eq!(
            met,
            [Some(Fault::Drop), Some(Fault::Drop), Some(Fault::Html(200)), None]
        );
    }

    #[test]
    fn cleared_faults_are_not_met() {
        let faults = Faults::default();
        faults.add("", Fault::Cut, 5);
        faults.clear();
        assert_eq!(faults.take("/any"), None);
    }
}
