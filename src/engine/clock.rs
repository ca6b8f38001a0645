//! The engine's clock: the database's time, carried on by the machine's monotonic clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that is set by the database's and never goes backwards: a wrong host clock neither loses an update nor revives an
/// old version. Its copies are one clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Anchor>>);

/// What the clock showed at a moment.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    moment: Instant,
    shown: DateTime<Utc>,
}

impl Anchor {
    fn at(self, moment: Instant) -> DateTime<Utc> {
        let passed = moment.saturating_duration_since(self.moment);
        self.shown + TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX)
    }
}

impl Clock {
    /// A clock that shows `now` at this moment.
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(Anchor {
            moment: Instant::now(),
            shown: now,
        })))
    }

    /// Sets it by the server's time again. Where it is ahead of that, it stays.
    pub fn set_again(&self, server: DateTime<Utc>) {
        let moment = Instant::now();
        let mut anchor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = anchor.at(moment).max(server);
        *anchor = Anchor { moment, shown };
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.at(Instant::now())
    }

    /// The time of a moment of the monotonic clock.
    pub fn at(&self, moment: Instant) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).at(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_put_forward_and_never_back() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let clock = Clock::set_to(at("2026-02-03T12:00:00Z"));
        let copy = clock.clone();
        copy.set_again(at("2026-02-03T13:00:00Z"));
        assert!(clock.now() >= at("2026-02-03T13:00:00Z"));
        copy.set_again(at("2026-02-03T11:00:00Z"));
        assert!(clock.now() >= at("2026-02-03T13:00:00Z"));
    }
}
