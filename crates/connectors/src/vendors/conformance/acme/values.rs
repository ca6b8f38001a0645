//! Acme Desk's words and times.

use chrono::{DateTime, Utc};

/// The option that keeps a source to the tickets of one queue.
pub(super) const QUEUE: &str = "queue";

/// A time in filters: UTC, to the second (documented).
pub(super) fn second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// True for the states in which nobody works on a ticket any more (documented).
pub(super) fn is_closed(state: &str) -> bool {
    matches!(state, "solved" | "closed")
}
