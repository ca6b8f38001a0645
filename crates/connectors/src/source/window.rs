//! A half-open span of source time.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// A span of source time: `since` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Its first instant.
    pub since: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
}

impl Window {
    /// A window, unless it would be empty.
    pub fn new(since: DateTime<Utc>, until: DateTime<Utc>) -> Option<Self> {
        (since < until).then_some(Self { since, until })
    }

    /// The part that it has in common with another.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Self::new(self.since.max(other.since), self.until.min(other.until))
    }

    /// True where it has an instant in common with another.
    pub fn touches(&self, other: &Self) -> bool {
        self.intersect(other).is_some()
    }

    /// How long it is.
    pub fn span(&self) -> TimeDelta {
        self.until - self.since
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "{} to {}", text(self.since), text(self.until))
    }
}
