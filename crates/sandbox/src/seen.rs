//! The log of requests received, without secrets.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The newest requests kept.
const KEPT: usize = 100_000;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole path, without the query.
    pub path: String,
    /// All parameters of query and body in the order given, without the token.
    pub parameters: Vec<(String, String)>,
    /// Whether the token travelled in the URL.
    pub token_in_url: bool,
    /// When its head had been read.
    pub arrived: Instant,
}

impl Seen {
    /// The value of one parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .rfind(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Requests received and the number being answered.
#[derive(Default)]
pub(super) struct RequestLog {
    seen: Mutex<VecDeque<Seen>>,
    in_flight: AtomicUsize,
    most: AtomicUsize,
}

/// Counts a request as in flight until it is dropped.
pub(super) struct Flight<'a>(&'a AtomicUsize);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl RequestLog {
    pub(super) fn enter(&self) -> Flight<'_> {
        let count = self.in_flight.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(count, Ordering::AcqRel);
        Flight(&self.in_flight)
    }

    pub(super) fn note(&self, request: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == KEPT {
            seen.pop_front();
        }
        seen.push_back(request);
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    pub(super) fn clear(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.most.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_flight_is_remembered_after_they_landed() {
        let log = RequestLog::default();
        let first = log.enter();
        let second = log.enter();
        drop((first, second));
        drop(log.enter());
        assert_eq!(log.most_in_flight(), 2);
    }
}
