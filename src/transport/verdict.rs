//! What to do after an attempt: a pure table, so that the loop around it only waits.

use std::time::Duration;

use super::backoff::Backoff;
use super::budget::LONGEST_PAUSE;
use super::failure::Failure;

/// How often one request is sent before its slice fails.
pub(super) const MAX_ATTEMPTS: u32 = 6;
/// Between the attempts at one request.
pub(super) const RETRY_BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(30),
};
/// How long a vendor is left alone that was asked too often and does not say for how long.
const UNHINTED_PAUSE: Duration = Duration::from_mins(1);

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An answer came, with this status, and perhaps the wait that the vendor asks for.
    Status { status: u16, hint: Option<Duration> },
    /// No answer, or not all of it.
    Broken(Failure),
}

/// What the table needs to know of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub max_attempts: u32,
    /// The wait that the back-off would have before the next one.
    pub backoff: Duration,
    /// True where sending it twice does no more than sending it once.
    pub is_repeatable: bool,
    /// True where the vendor gave its path.
    pub is_link: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Take the answer: it is good, or the vendor's own words have to say what it means.
    Deliver,
    /// Send it again after a wait of its own.
    Retry(Duration),
    /// Send it again after a wait of the whole credential.
    Pause(Duration),
    /// Leave it to the next run; the whole credential waits so long.
    Throttled(Duration),
    /// The vendor points elsewhere.
    Redirected,
    /// The credential is refused: sending it again would only make it worse.
    Refused,
    /// The vendor does not know its own link any more.
    ExpiredLink,
    /// Give up.
    GiveUp,
}

/// True for answers that are taken, whose body is needed.
pub(super) fn is_delivered(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=499) && !matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
}

/// What to do after an attempt.
pub(super) fn judge_attempt(outcome: Outcome, trial: Trial) -> Verdict {
    match outcome {
        Outcome::Status {
            status: 300..=399, ..
        } => Verdict::Redirected,
        Outcome::Status {
            status: 401 | 403 | 407,
            ..
        } => Verdict::Refused,
        // A page of a list that the vendor has forgotten; the codes are those that vendors use for it.
        Outcome::Status {
            status: 400 | 404 | 410 | 422,
            ..
        } if trial.is_link => Verdict::ExpiredLink,
        Outcome::Status { status, .. } if is_delivered(status) => Verdict::Deliver,
        Outcome::Status { status: 429, hint } => {
            let pause = hint.unwrap_or(UNHINTED_PAUSE).max(trial.backoff);
            pause_all(pause, trial.attempt < trial.max_attempts)
        }
        Outcome::Status {
            status: 408 | 425 | 500..=599,
            hint: Some(hint),
        } => pause_all(hint.max(trial.backoff), may_retry(outcome, trial)),
        _ if may_retry(outcome, trial) => Verdict::Retry(trial.backoff),
        _ => Verdict::GiveUp,
    }
}

/// A wait that the vendor asks for is never cut short: a long one ends the request.
fn pause_all(pause: Duration, may_retry: bool) -> Verdict {
    if pause > LONGEST_PAUSE || !may_retry {
        Verdict::Throttled(pause)
    } else {
        Verdict::Pause(pause)
    }
}

/// True where another attempt may help, and does no harm.
fn may_retry(outcome: Outcome, trial: Trial) -> bool {
    let may_repeat = match outcome {
        // Too early: by its meaning, the vendor has not begun to work on it.
        Outcome::Status { status: 425, .. } => true,
        Outcome::Status {
            status: 408 | 500..=599,
            ..
        } => trial.is_repeatable,
        Outcome::Status { .. } => false,
        Outcome::Broken(failure) => trial.is_repeatable || !failure.may_have_arrived(),
    };
    may_repeat && trial.attempt < trial.max_attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const FIRST: Trial = Trial {
        attempt: 1,
        max_attempts: MAX_ATTEMPTS,
        backoff: SECOND,
        is_repeatable: true,
        is_link: false,
    };
    const LAST: Trial = Trial {
        attempt: MAX_ATTEMPTS,
        ..FIRST
    };
    const ONCE: Trial = Trial {
        is_repeatable: false,
        ..FIRST
    };
    const LINK: Trial = Trial {
        is_link: true,
        ..FIRST
    };

    fn status(status: u16) -> Outcome {
        Outcome::Status { status, hint: None }
    }

    #[test]
    fn each_status_has_its_verdict() {
        let again = Verdict::Retry(SECOND);
        for (codes, trial, wanted) in [
            (&[200, 204, 206][..], LAST, Verdict::Deliver),
            (&[400, 404, 405, 409, 410, 413, 422, 451], FIRST, Verdict::Deliver),
            (&[400, 404, 410, 422], LINK, Verdict::ExpiredLink),
            (&[200, 409, 451], LINK, Verdict::Deliver),
            (&[300, 301, 302, 303, 304, 307, 308], FIRST, Verdict::Redirected),
            (&[401, 403, 407], FIRST, Verdict::Refused),
            (&[401, 403, 407], LINK, Verdict::Refused),
            (&[408, 425, 500, 502, 503, 504, 529], FIRST, again),
            (&[408, 425, 500, 502, 503, 504, 529], LAST, Verdict::GiveUp),
            (&[408, 500, 502, 503, 504], ONCE, Verdict::GiveUp),
            (&[425], ONCE, again),
            (&[100, 199, 600, 999], FIRST, Verdict::GiveUp),
        ] {
            for code in codes {
                let verdict = judge_attempt(status(*code), trial);
                assert_eq!(verdict, wanted, "{code} {trial:?}");
            }
        }
    }

    #[test]
    fn the_wait_is_the_greater_of_hint_and_backoff_and_a_hint_is_never_cut() {
        let (s, pause, over) = (Duration::from_secs, Verdict::Pause, Verdict::Throttled);
        for (status, hint, trial, wanted) in [
            (429, None, FIRST, pause(s(60))),
            (429, None, ONCE, pause(s(60))),
            (429, Some(0), FIRST, pause(SECOND)),
            (429, Some(7), FIRST, pause(s(7))),
            (429, Some(120), FIRST, pause(s(120))),
            (429, Some(121), FIRST, over(s(121))),
            (429, Some(7), LAST, over(s(7))),
            (429, None, LAST, over(s(60))),
            (503, Some(0), FIRST, pause(SECOND)),
            (503, Some(7), FIRST, pause(s(7))),
            (500, Some(3_600), FIRST, over(s(3_600))),
            (503, Some(7), LAST, over(s(7))),
            (503, Some(7), ONCE, over(s(7))),
            (408, Some(7), FIRST, pause(s(7))),
            (404, Some(7), FIRST, Verdict::Deliver),
            (403, Some(7), FIRST, Verdict::Refused),
            (200, Some(7), FIRST, Verdict::Deliver),
        ] {
            let hint = hint.map(s);
            let verdict = judge_attempt(Outcome::Status { status, hint }, trial);
            assert_eq!(verdict, wanted, "{status} {hint:?} {trial:?}");
        }
    }

    #[test]
    fn a_request_that_may_have_arrived_is_sent_again_only_where_that_is_safe() {
        let (again, give_up) = (Verdict::Retry(SECOND), Verdict::GiveUp);
        for (failure, once) in [
            (Failure::UnknownName, again),
            (Failure::Refused, again),
            (Failure::ConnectTimeout, again),
            (Failure::Tls, again),
            (Failure::NoConnection, again),
            (Failure::Timeout, give_up),
            (Failure::Cut, give_up),
            (Failure::Broken, give_up),
        ] {
            for (trial, wanted) in [(FIRST, again), (ONCE, once), (LAST, give_up)] {
                let verdict = judge_attempt(Outcome::Broken(failure), trial);
                assert_eq!(verdict, wanted, "{failure:?} {trial:?}");
            }
        }
    }
}
