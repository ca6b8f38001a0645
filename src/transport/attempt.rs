//! One attempt at a request: what came back, read within limits.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};

use super::body::{BodyFlaw, BodyLabels, read_body};
use super::failure::Failure;
use super::hint::read_hint;
use super::verdict::{Outcome, is_delivered};

/// What one attempt brought.
#[derive(Debug)]
pub(super) enum Attempt {
    /// An answer.
    Answer(Answer),
    /// No answer, or not all of it.
    Broken(Failure),
    /// An answer that is larger than we take.
    TooLarge,
}

/// What we need of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// What became of it, for the verdict.
    pub outcome: Outcome,
    /// Where it points instead of answering.
    pub location: Option<String>,
    /// The text; empty where nobody reads it.
    pub body: String,
}

/// Reads an answer to its end, within the limit. Only answers that are delivered have a body that counts.
pub(super) async fn receive_answer(mut response: reqwest::Response, limit: usize) -> Attempt {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while is_delivered(status) {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => return Attempt::TooLarge,
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Err(error) => return Attempt::Broken(Failure::classify_error(&error)),
        }
    }
    let headers = response.headers();
    let labels = BodyLabels {
        encoding: text(headers, &CONTENT_ENCODING),
        content_type: text(headers, &CONTENT_TYPE),
    };
    match read_body(bytes, labels, limit) {
        Ok(body) => Attempt::Answer(Answer {
            status,
            outcome: Outcome::Status {
                status,
                hint: read_hint(status, headers),
            },
            location: text(headers, &LOCATION).map(str::to_owned),
            body,
        }),
        Err(BodyFlaw::TooLarge) => Attempt::TooLarge,
        Err(BodyFlaw::Cut) => Attempt::Broken(Failure::Cut),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
