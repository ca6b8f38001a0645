//! The log of requests received, without secrets.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::request::Request;

/// The newest requests kept.
const KEPT: usize = 100_000;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole path, without the query.
    pub path: String,
    /// All parameters of query and body in the order given, without the token.
    pub parameters: Vec<(String, String)>,
    /// Whether the token travelled in the URL.
    pub token_in_url: bool,
    /// When its head had been read.
    pub arrived: Instant,
}

impl RequestRecord {
    /// What is remembered of a request that arrives now; `secrets` are the parameters that carry a credential.
    pub(crate) fn new(request: &Request, secrets: &[&str]) -> Self {
        let is_secret = |(name, _): &&(String, String)| secrets.contains(&name.as_str());
        let parameters = request.parameters.iter();
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            token_in_url: parameters.clone().take(request.in_url).any(|own| is_secret(&own)),
            parameters: parameters.filter(|own| !is_secret(own)).cloned().collect(),
            arrived: Instant::now(),
        }
    }

    /// The value of one parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().rfind(|(key, _)| key == name)?;
        Some(value)
    }
}

/// Requests received and the number being answered.
#[derive(Default)]
pub(crate) struct RequestLog {
    records: Mutex<VecDeque<RequestRecord>>,
    in_flight: AtomicUsize,
    most: AtomicUsize,
}

/// Counts a request as in flight until it is dropped.
pub(crate) struct Flight<'a>(&'a AtomicUsize);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl RequestLog {
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "a call is never in flight")
    )]
    pub(crate) fn enter(&self) -> Flight<'_> {
        let count = self.in_flight.fetch_add(1, Ordering::AcqRel) + 1;
        self.most.fetch_max(count, Ordering::AcqRel);
        Flight(&self.in_flight)
    }

    pub(crate) fn add(&self, record: RequestRecord) {
        self.lock(|records| {
            if records.len() == KEPT {
                records.pop_front();
            }
            records.push_back(record);
        });
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.lock(|records| records.iter().cloned().collect())
    }

    pub(crate) fn clear(&self) {
        self.lock(VecDeque::clear);
    }

    pub(crate) fn most_in_flight(&self) -> usize {
        self.most.load(Ordering::Acquire)
    }

    fn lock<T>(&self, act: impl FnOnce(&mut VecDeque<RequestRecord>) -> T) -> T {
        act(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
