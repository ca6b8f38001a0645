//! Sending a request: pace, attempts and limits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use tracing::debug;
use url::Url;
use url::form_urlencoded::Serializer;

use connectors::source::{Request, Response, Verb};

use super::HttpError;
use super::attempt::{Attempt, receive};
use super::pace::Pace;
use super::target::Target;
use super::verdict::Verdict;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP client of the process.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

/// How fast the requests of one source may go.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
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
    /// By the names of the vendor's doors.
    targets: BTreeMap<&'static str, Target>,
    timeout: Duration,
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

    /// The way to one source, by the names of its doors. Its budget starts empty.
    pub fn connect(&self, targets: BTreeMap<&'static str, Target>, budget: Budget) -> Connection {
        Connection {
            client: self.0.clone(),
            targets,
            timeout: budget.timeout,
            pace: Pace::new(budget.requests_per_minute, budget.max_in_flight),
        }
    }
}

impl Connection {
    /// Sends a request until it has a good answer or there is no point in going on.
    pub async fn send(&self, request: &Request) -> Result<Reply, HttpError> {
        let url = self.target(request)?.address(request)?;
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

    fn target(&self, request: &Request) -> Result<&Target, HttpError> {
        self.targets.get(request.door).ok_or(HttpError::Foreign)
    }

    async fn attempt(&self, request: &Request, url: Url) -> Result<Attempt, HttpError> {
        let target = self.target(request)?;
        let builder = match request.verb {
            Verb::Get => self.client.get(url),
            Verb::PostForm => {
                let form = Serializer::new(String::new())
                    .extend_pairs(target.fields(request))
                    .finish();
                self.client
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
            Verb::PostJson => self
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(request.body.clone().unwrap_or_default()),
        };
        match target.sign(builder).timeout(self.timeout).send().await {
            Ok(answer) => receive(answer).await,
            Err(error) => Ok(Attempt::broken(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use connectors::source::Auth;

    fn connection() -> Connection {
        let budget = Budget {
            requests_per_minute: 60,
            max_in_flight: 1,
            timeout: Duration::from_secs(1),
        };
        let target = Target {
            base_url: Url::parse("https://api.vendor.example/v1").unwrap(),
            auth: Auth::Field("auth_token"),
            user: None,
            secret: SecretString::from("sandbox-secret"),
        };
        let targets = BTreeMap::from([("", target)]);
        Client::new().unwrap().connect(targets, budget)
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
