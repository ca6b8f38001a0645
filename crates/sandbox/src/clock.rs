//! The simulated clock; it never reads the machine's wall clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};

/// Time from an anchor, moved by hand and, if it is running, by the passing of real time.
pub(super) struct Clock {
    anchor: DateTime<Utc>,
    running_since: Option<Instant>,
    moved_ms: AtomicI64,
}

impl Clock {
    pub(super) fn new(anchor: DateTime<Utc>, running: bool) -> Self {
        Self {
            anchor,
            running_since: running.then(Instant::now),
            moved_ms: AtomicI64::new(0),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let passed = self.running_since.map_or(0, |since| {
            i64::try_from(since.elapsed().as_millis()).expect("a process does not run for ages")
        });
        self.anchor + Duration::milliseconds(self.moved_ms.load(Ordering::Acquire) + passed)
    }

    pub(super) fn advance(&self, by: Duration) {
        self.moved_ms.fetch_add(by.num_milliseconds(), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_by_hand() {
        let anchor = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        let clock = Clock::new(anchor, false);
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert_eq!(clock.now(), anchor);
        clock.advance(Duration::minutes(5));
        assert_eq!(clock.now(), anchor + Duration::minutes(5));
    }

    #[test]
    fn a_running_clock_goes_on_from_the_anchor() {
        let anchor = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        let clock = Clock::new(anchor, true);
        std::thread::sleep(std::time::Duration::from_millis(3));
        let passed = clock.now() - anchor;
        assert!(passed >= Duration::milliseconds(3) && passed < Duration::seconds(60));
    }
}
