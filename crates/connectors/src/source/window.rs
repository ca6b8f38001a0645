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
