//! Sending a request: address, credential, pace, attempts and limits.

use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use tracing::debug;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::stream::{Auth, Request, Response, Verb};

use super::HttpError;
use super::attempt::{Attempt, receive};
use super::pace::Pace;
use super::verdict::Verdict;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP client of the process.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

/// Where the requests of one source go, with what, and how fast.
#[derive(Debug)]
pub struct Target {
    /// The vendor's base URL; paths are below it, and links outside its origin are refused.
    pub base_url: Url,
    /// Where the credential goes.
    pub auth: Auth,
    /// The credential.
    pub secret: SecretString,
    /// How many requests a minute may begin.
    pub requests_per_minute: u32,
    /// How many requests may be under way.
    pub max_in_flight: usize,
    /// How long one request may take.
    pub timeout: Duration,
}

/// The way to one source.
#[derive(Debug)]
pub struct Connection {
    client: reqwest::Client,
    target: Target,
    pace: Pace,
}

/// An answer, and what it took to get it.
#[derive(Debug)]
pub struct Reply {
    /// The answer.
    pub response: Response,
    /// When the attempt began that brought it.
    pub began: Instant,
    /// How many requests were sent.
    pub attempts: u32,
}

impl Client {
    /// Builds the client. Redirects are not followed: the credential would go with them.
    pub fn new() -> Result<Self, HttpError> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("convene/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT);
        Ok(Self(builder.build().map_err(HttpError::Client)?))
    }

    /// The way to one source. Its budget starts empty.
    pub fn connect(&self, target: Target) -> Connection {
        let pace = Pace::new(target.requests_per_minute, target.max_in_flight);
        Connection {
            client: self.0.clone(),
            target,
            pace,
        }
    }
}

impl Connection {
    /// Sends a request until it has a good answer or there is no point in going on.
    pub async fn send(&self, request: &Request) -> Result<Reply, HttpError> {
        let url = self.address(request)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            // Kept while waiting: a vendor that asks for patience asks it of everyone who uses the credential.
            let _permit = self.pace.admit().await;
            let began = Instant::now();
            let attempt = self.attempt(request, url.clone()).await?;
            match attempt.verdict(attempts) {
                Verdict::Accept => return attempt.into_reply(began, attempts),
                Verdict::Again(wait) => {
                    debug!(
                        attempts,
                        wait_ms = wait.as_millis(),
                        "Asking `{}` again",
                        request.path
                    );
                    tokio::time::sleep(wait).await;
                }
                other => return Err(attempt.into_error(other, attempts)),
            }
        }
    }

    /// Where the request goes: below the base URL, or to a link within its origin.
    fn address(&self, request: &Request) -> Result<Url, HttpError> {
        let base = &self.target.base_url;
        let mut url = Url::parse(&request.path).or_else(|_| {
            let (base, path) = (
                base.as_str().trim_end_matches('/'),
                request.path.trim_start_matches('/'),
            );
            Url::parse(&format!("{base}/{path}")).map_err(|_| HttpError::Foreign)
        })?;
        if url.origin() != base.origin() || !url.username().is_empty() {
            return Err(HttpError::Foreign);
        }
        if request.verb == Verb::Get {
            url.query_pairs_mut().extend_pairs(self.fields(request));
        }
        Ok(url)
    }

    /// The parameters with the credential.
    fn fields<'a>(&'a self, request: &'a Request) -> impl Iterator<Item = (&'a str, &'a str)> {
        let Auth::Field(name) = self.target.auth;
        let params = request
            .params()
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        params.chain(std::iter::once((name, self.target.secret.expose_secret())))
    }

    async fn attempt(&self, request: &Request, url: Url) -> Result<Attempt, HttpError> {
        let builder = match request.verb {
            Verb::Get => self.client.get(url),
            Verb::PostForm => {
                let form = Serializer::new(String::new())
                    .extend_pairs(self.fields(request))
                    .finish();
                self.client
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
        };
        match builder.timeout(self.target.timeout).send().await {
            Ok(answer) => receive(answer).await,
            Err(error) => Ok(Attempt::broken(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Client::new().unwrap().connect(Target {
            base_url: Url::parse("https://api.vendor.example/v1").unwrap(),
            auth: Auth::Field("auth_token"),
            secret: SecretString::from("sandbox-secret"),
            requests_per_minute: 60,
            max_in_flight: 1,
            timeout: Duration::from_secs(1),
        })
    }

    #[test]
    fn addresses_stay_within_the_origin_of_the_source() {
        let connection = connection();
        for (path, wanted) in [
            (
                "tickets/search",
                Some("https://api.vendor.example/v1/tickets/search"),
            ),
            ("/tickets", Some("https://api.vendor.example/v1/tickets")),
            (
                "https://api.vendor.example/v2/next?page=2",
                Some("https://api.vendor.example/v2/next?page=2"),
            ),
            ("https://api.vendor.example.evil.example/v1", None),
            ("http://api.vendor.example/v1", None),
            ("https://api.vendor.example:8443/v1", None),
            ("https://user@api.vendor.example/v1", None),
            (
                "//evil.example/v1",
                Some("https://api.vendor.example/v1/evil.example/v1"),
            ),
        ] {
            let url = connection.address(&Request::post_form(path)).ok();
            assert_eq!(url.as_ref().map(Url::as_str), wanted, "{path}");
        }
    }

    #[test]
    fn the_credential_shows_nowhere() {
        let connection = connection();
        let error = HttpError::Unreachable {
            reason: "time-out",
            attempts: 1,
        };
        let shown = format!(
            "{connection:?} {error:?} {:?}",
            Request::post_form("x").with("a", 1)
        );
        assert!(!shown.contains("sandbox-secret"), "{shown}");
    }
}
