//! The simulated clock; it never reads the machine's wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Time from an anchor, moved by hand and, if it is running, by the passing of real time. Clones are one clock.
#[derive(Clone)]
pub(crate) struct Clock {
    anchor: DateTime<Utc>,
    running_since: Option<Instant>,
    moved_ms: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn new(anchor: DateTime<Utc>, is_running: bool) -> Self {
        Self {
            anchor,
            running_since: is_running.then(Instant::now),
            moved_ms: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let passed = self.running_since.map_or(0, |since| {
            i64::try_from(since.elapsed().as_millis()).expect("a process does not run for ages")
        });
        self.anchor + TimeDelta::milliseconds(self.moved_ms.load(Ordering::Acquire) + passed)
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        self.moved_ms.fetch_add(by.num_milliseconds(), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moves_by_hand_and_if_it_runs_by_itself() {
        for is_running in [false, true] {
            let clock = Clock::new(DateTime::UNIX_EPOCH, is_running);
            std::thread::sleep(std::time::Duration::from_millis(3));
            let passed = clock.now() - DateTime::UNIX_EPOCH;
            assert_eq!(passed >= TimeDelta::milliseconds(3), is_running);
            clock.advance(TimeDelta::minutes(5));
            assert!(clock.now() - DateTime::UNIX_EPOCH >= TimeDelta::minutes(5));
        }
    }
}
