//! What to do after an attempt: a pure table, so that the loop around it only sleeps.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How often one question is asked before its walk fails.
pub(super) const ATTEMPTS: u32 = 6;
/// Longest wait between two attempts, whatever the vendor says: beyond it the next scheduled run is the better moment.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// Wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An answer came, with this status.
    Status(u16),
    /// No answer, or not all of it.
    Broken,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Take the answer.
    Accept,
    /// Ask again after a wait.
    Again(Duration),
    /// The credential is refused: asking again would only make it worse.
    Refused,
    /// The address is wrong.
    Missing,
    /// Give up.
    GiveUp,
}

/// What to do after attempt number `attempt`, from 1. `jitter` lies between 0 and 1.
pub(super) fn verdict(outcome: Outcome, attempt: u32, hint: Option<Duration>, jitter: f64) -> Verdict {
    match outcome {
        Outcome::Status(200..=299) => Verdict::Accept,
        Outcome::Status(401 | 403) => Verdict::Refused,
        Outcome::Status(404 | 410) => Verdict::Missing,
        Outcome::Status(408 | 429 | 500..=599) | Outcome::Broken if attempt < ATTEMPTS => {
            Verdict::Again(hint.unwrap_or_else(|| backoff(attempt, jitter)).min(LONGEST_WAIT))
        }
        _ => Verdict::GiveUp,
    }
}

/// A wait that doubles, spread over its upper half so that instances do not fall into step.
fn backoff(attempt: u32, jitter: f64) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// The wait that a `Retry-After` header asks for: seconds, or a date.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(header).ok()?;
    Some((at.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_verdict() {
        let seconds = Duration::from_secs;
        for (outcome, attempt, hint, wanted) in [
            (Outcome::Status(200), 1, None, Verdict::Accept),
            (Outcome::Status(204), 6, None, Verdict::Accept),
            (Outcome::Status(401), 1, None, Verdict::Refused),
            (Outcome::Status(403), 1, None, Verdict::Refused),
            (Outcome::Status(404), 1, None, Verdict::Missing),
            (Outcome::Status(301), 1, None, Verdict::GiveUp),
            (Outcome::Status(400), 1, None, Verdict::GiveUp),
            (
                Outcome::Status(408),
                1,
                None,
                Verdict::Again(Duration::from_millis(500)),
            ),
            (Outcome::Status(429), 2, None, Verdict::Again(seconds(1))),
            (
                Outcome::Status(429),
                1,
                Some(seconds(7)),
                Verdict::Again(seconds(7)),
            ),
            (
                Outcome::Status(429),
                1,
                Some(seconds(7_000)),
                Verdict::Again(LONGEST_WAIT),
            ),
            (Outcome::Status(500), 3, None, Verdict::Again(seconds(2))),
            (Outcome::Status(503), 5, None, Verdict::Again(seconds(8))),
            (
                Outcome::Broken,
                1,
                None,
                Verdict::Again(Duration::from_millis(500)),
            ),
            (Outcome::Status(429), ATTEMPTS, Some(seconds(7)), Verdict::GiveUp),
            (Outcome::Status(502), ATTEMPTS, None, Verdict::GiveUp),
            (Outcome::Broken, ATTEMPTS, None, Verdict::GiveUp),
        ] {
            assert_eq!(
                verdict(outcome, attempt, hint, 1.0),
                wanted,
                "{outcome:?}, attempt {attempt}"
            );
        }
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_by_date() {
        let now = "2026-02-03T14:00:00Z".parse().unwrap();
        for (header, wanted) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Tue, 03 Feb 2026 14:00:30 GMT", Some(30)),
            ("Tue, 03 Feb 2026 13:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
        ] {
            assert_eq!(
                retry_after(header, now),
                wanted.map(Duration::from_secs),
                "{header}"
            );
        }
    }

    #[test]
    fn a_wait_is_spread_over_its_upper_half() {
        assert_eq!(backoff(1, 0.0), Duration::from_millis(250));
        assert_eq!(backoff(4, 1.0), Duration::from_secs(4));
    }
}
