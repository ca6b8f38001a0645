//! Telling somebody else what has happened: one POST of JSON to an address that is a secret.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::failure::{Failure, NameResolver};

/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where alerts are sent.
#[derive(Debug)]
pub struct Webhook {
    http: reqwest::Client,
    url: SecretString,
}

/// Why an alert was not delivered. It does not name the address.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// The client cannot be built.
    #[error(
        "the HTTP client cannot start; are the system's root certificates installed (package ca-certificates)?"
    )]
    Client,
    /// No answer.
    #[error("{0}")]
    Unanswered(Failure),
    /// An answer that is no consent.
    #[error("it answers with status {0}")]
    Status(u16),
}

impl Webhook {
    /// A way to this address.
    pub fn open(url: SecretString) -> Result<Self, WebhookError> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .dns_resolver(std::sync::Arc::new(NameResolver))
            .timeout(TIMEOUT)
            .user_agent(concat!("convene/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| WebhookError::Client)?;
        Ok(Self { http, url })
    }

    /// Sends JSON there, once.
    pub async fn send_json(&self, json: String) -> Result<(), WebhookError> {
        let sent = self
            .http
            .post(self.url.expose_secret())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(json)
            .send()
            .await
            .map_err(|error| WebhookError::Unanswered(Failure::classify_error(&error)))?;
        let status = sent.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(WebhookError::Status(status.as_u16()))
        }
    }
}
