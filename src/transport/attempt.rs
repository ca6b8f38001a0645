//! One attempt at a request: what came back, read within limits, and what it means.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use connectors::source::Response;

use super::HttpError;
use super::client::Reply;
use super::verdict::{ATTEMPTS, Outcome, Verdict, retry_after, verdict};

/// Largest answer we take, unpacked; a full page of the largest list is about 4 MB.
const BODY_LIMIT: usize = 64 << 20;
/// Where some vendors say in how many seconds their limit is over (seen in client programs).
const RATE_LIMIT_RESET: &str = "x-ratelimit-reset";
/// More seconds than this are no wait: other vendors write the time of day there, as an epoch.
const LONGEST_RESET: u64 = 24 * 60 * 60;

/// What one attempt brought.
pub(super) enum Attempt {
    Answer {
        status: u16,
        hint: Option<Duration>,
        body: Vec<u8>,
    },
    Broken(&'static str),
}

/// Reads an answer to its end, within the limit.
pub(super) async fn receive(mut answer: reqwest::Response) -> Result<Attempt, HttpError> {
    let (status, hint) = (
        answer.status().as_u16(),
        hint(answer.status().as_u16(), answer.headers()),
    );
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => return Ok(Attempt::Answer { status, hint, body }),
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => {
                return Err(HttpError::TooLarge { limit: BODY_LIMIT });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return Ok(Attempt::broken(&error)),
        }
    }
}

/// The wait that the vendor asks for, the longest where it asks in several ways. A date is compared with the vendor's own
/// clock, which may differ from ours.
fn hint(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let vendors_now = text(DATE.as_str())
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .map(|date| date.to_utc());
    #[expect(
        clippy::disallowed_methods,
        reason = "only for vendors that send a date to wait for and no date of their own"
    )]
    let now = || -> DateTime<Utc> { Utc::now() };
    let after =
        text(RETRY_AFTER.as_str()).and_then(|header| retry_after(header, vendors_now.unwrap_or_else(now)));
    // Good answers and other failures may carry the header too, where it says nothing about a wait.
    let reset = text(RATE_LIMIT_RESET).filter(|_| status == 429).and_then(reset);
    after.max(reset)
}

/// The wait that a header about the limit asks for: its whole seconds, and the rest of the one that has begun.
fn reset(header: &str) -> Option<Duration> {
    let seconds: u64 = header.trim().parse().ok()?;
    (seconds <= LONGEST_RESET).then(|| Duration::from_secs(seconds + 1))
}

/// What kind of failure it was, without the address that the error carries.
fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "time-out"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer was cut"
    } else {
        "the connection broke"
    }
}

impl Attempt {
    /// What is left of a request that failed.
    pub(super) fn broken(error: &reqwest::Error) -> Self {
        Self::Broken(kind(error))
    }

    pub(super) fn verdict(&self, attempts: u32) -> Verdict {
        let jitter = fastrand::f64();
        match self {
            Self::Answer { status, hint, .. } => verdict(Outcome::Status(*status), attempts, *hint, jitter),
            Self::Broken(_) => verdict(Outcome::Broken, attempts, None, jitter),
        }
    }

    pub(super) fn into_reply(self, began: Instant, attempts: u32) -> Result<Reply, HttpError> {
        match self {
            Self::Answer { status, body, .. } => {
                let body = String::from_utf8(body).map_err(|_| HttpError::NotText)?;
                Ok(Reply {
                    response: Response { status, body },
                    began,
                    attempts,
                })
            }
            Self::Broken(reason) => Err(HttpError::Unreachable { reason, attempts }),
        }
    }

    pub(super) fn into_error(self, verdict: Verdict, attempts: u32) -> HttpError {
        match (self, verdict) {
            (Self::Broken(reason), _) => HttpError::Unreachable { reason, attempts },
            (Self::Answer { status, .. }, Verdict::Refused) => HttpError::Refused { status },
            (Self::Answer { status, .. }, Verdict::Missing) => HttpError::Missing { status },
            (Self::Answer { status, .. }, _) if attempts >= ATTEMPTS => {
                HttpError::Unwell { status, attempts }
            }
            (Self::Answer { status, .. }, _) => HttpError::Unexpected { status },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_that_the_vendor_asks_for_is_kept() {
        for (status, headers, wanted) in [
            (429, &[][..], None),
            (429, &[("retry-after", "7")], Some(7)),
            (429, &[("x-ratelimit-reset", "7")], Some(8)),
            (429, &[("x-ratelimit-reset", " 0 ")], Some(1)),
            (
                429,
                &[("retry-after", "30"), ("x-ratelimit-reset", "7")],
                Some(30),
            ),
            (429, &[("retry-after", "3"), ("x-ratelimit-reset", "7")], Some(8)),
            (429, &[("x-ratelimit-reset", "1770127200")], None),
            (429, &[("x-ratelimit-reset", "soon")], None),
            (503, &[("x-ratelimit-reset", "7")], None),
            (503, &[("retry-after", "7")], Some(7)),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            let wait = wanted.map(Duration::from_secs);
            assert_eq!(hint(status, &headers), wait, "{status} {headers:?}");
        }
    }
}
