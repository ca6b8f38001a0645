//! One attempt at a request: what came back, read within limits, and what it means.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, RETRY_AFTER};

use crate::stream::Response;

use super::HttpError;
use super::client::Reply;
use super::verdict::{ATTEMPTS, Outcome, Verdict, retry_after, verdict};

/// Largest answer we take, unpacked; a full page of the largest list is about 4 MB.
const BODY_LIMIT: usize = 64 << 20;

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
    let (status, hint) = (answer.status().as_u16(), hint(&answer));
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

/// The wait that the vendor asks for. A date is compared with the vendor's own clock, which may differ from ours.
fn hint(answer: &reqwest::Response) -> Option<Duration> {
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let vendors_now = text(DATE)
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .map(|date| date.to_utc());
    #[expect(
        clippy::disallowed_methods,
        reason = "only for vendors that send a date to wait for and no date of their own"
    )]
    let now = || -> DateTime<Utc> { Utc::now() };
    retry_after(text(RETRY_AFTER)?, vendors_now.unwrap_or_else(now))
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
