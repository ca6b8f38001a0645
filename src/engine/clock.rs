//! The engine's clock: the database's time, carried on by the machine's monotonic clock.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that was set once by the database's and cannot be stepped: a wrong host clock neither loses an update nor revives
/// an old version.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor: Instant,
    set_to: DateTime<Utc>,
}

impl Clock {
    /// A clock that shows `now` at this moment.
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self {
            anchor: Instant::now(),
            set_to: now,
        }
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.at(Instant::now())
    }

    /// The time of a moment of the monotonic clock.
    pub fn at(&self, moment: Instant) -> DateTime<Utc> {
        let passed = moment.saturating_duration_since(self.anchor);
        self.set_to + TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX)
    }
}
