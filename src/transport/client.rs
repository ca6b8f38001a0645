//! Sending a request: pace, attempts and limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use tracing::{debug, info};
use url::Url;
use url::form_urlencoded::Serializer;

use connectors::source::{Request, Response, Verb};

use super::TransportError;
use super::attempt::{Answer, Attempt, receive_answer};
use super::budget::{CredentialName, RequestBudget};
use super::failure::{Failure, NameResolver};
use super::host::HostAccess;
use super::pace::{NotAdmitted, Pace, Priority};
use super::verdict::{MAX_ATTEMPTS, Outcome, RETRY_BACKOFF, Trial, Verdict, judge_attempt};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept. It holds room for the largest answer that it brought, and the next run is minutes away.
const LONGEST_IDLE: Duration = Duration::from_secs(15);
/// Shorter pauses that a vendor asks for are no news.
const TOLD_PAUSE: Duration = Duration::from_secs(10);
/// Slots lie so much further apart than the limit asks for (1 in 200), since requests overtake each other on the way.
const INTERVAL_MARGIN: u32 = 200;

/// The HTTP client of the process: it knows every credential in use, so that all who use one share its pace.
#[derive(Debug)]
pub struct HttpClient {
    http: reqwest::Client,
    budget: Arc<dyn RequestBudget>,
    name_key: Vec<u8>,
    paces: Mutex<HashMap<CredentialName, Arc<Pace>>>,
}

/// How the requests of one source may go.
#[derive(Debug, Clone, Copy)]
pub struct ApiLimits {
    /// How many requests a minute may begin.
    pub requests_per_minute: u32,
    /// How many requests may be under way.
    pub max_in_flight: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// How many bytes an answer may have, unpacked.
    pub max_body_bytes: usize,
    /// True where plain http may be spoken to other machines.
    pub allow_plain_http: bool,
}

/// The API of one source.
#[derive(Debug)]
pub struct ApiClient {
    http: reqwest::Client,
    /// By their names in the vendor's list.
    hosts: BTreeMap<&'static str, OpenHost>,
    limits: ApiLimits,
    interval: Duration,
}

/// A host, and the pace of the credential that it wants.
#[derive(Debug)]
struct OpenHost {
    access: HostAccess,
    pace: Arc<Pace>,
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

/// One attempt at a request that has ended, with an answer or without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Which attempt at the request it was, from 1.
    pub number: u32,
    /// The status of the answer; nothing where none came.
    pub status: Option<u16>,
    /// Bytes of the answer, unpacked, where somebody reads them.
    pub body_bytes: usize,
    /// From sending to the end of the answer.
    pub elapsed: Duration,
}

/// A request on its way.
struct Trip<'a> {
    host: &'a OpenHost,
    request: &'a Request,
    url: Url,
    attempts: u32,
    max_attempts: u32,
    was_redirected: bool,
}

impl HttpClient {
    /// Builds the client. Credentials have their names in the budget's books by this key. Redirects are not followed blindly:
    /// the credential would go with them.
    pub fn new(budget: Arc<dyn RequestBudget>, name_key: &[u8]) -> Result<Self, TransportError> {
        // Bodies are unpacked by what they are, not by what their label says, so the client itself must leave them alone.
        let accepted = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        let builder = reqwest::Client::builder()
            .user_agent(concat!("convene/", env!("CARGO_PKG_VERSION")))
            .default_headers(accepted)
            .redirect(Policy::none())
            .dns_resolver(Arc::new(NameResolver))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(LONGEST_IDLE);
        Ok(Self {
            http: builder.build().map_err(TransportError::Client)?,
            budget,
            name_key: name_key.to_owned(),
            paces: Mutex::default(),
        })
    }

    /// Opens the API of a source, by the names of its hosts.
    pub fn open_api(
        &self,
        vendor: &str,
        hosts: BTreeMap<&'static str, HostAccess>,
        limits: ApiLimits,
    ) -> Result<ApiClient, TransportError> {
        let mut open = BTreeMap::new();
        for (name, access) in hosts {
            access.require_safe(limits.allow_plain_http)?;
            let credential =
                CredentialName::derive(&self.name_key, vendor, access.user.as_deref(), &access.secret);
            let pace = self.share_pace(credential, limits.max_in_flight);
            open.insert(name, OpenHost { access, pace });
        }
        let interval = Duration::from_mins(1) / limits.requests_per_minute.max(1);
        Ok(ApiClient {
            http: self.http.clone(),
            hosts: open,
            limits,
            interval: interval + interval / INTERVAL_MARGIN,
        })
    }

    /// The pace of a credential, one for all who use it.
    fn share_pace(&self, credential: CredentialName, max_in_flight: usize) -> Arc<Pace> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces
            .entry(credential.clone())
            .or_insert_with(|| Arc::new(Pace::new(credential, self.budget.clone(), max_in_flight)));
        pace.narrow_to(max_in_flight);
        pace.clone()
    }
}

impl ApiClient {
    /// How the requests of the source may go.
    pub fn limits(&self) -> ApiLimits {
        self.limits
    }

    /// Sends a request until it has an answer that can be read, or there is no point in going on. Answers with an error of the
    /// client's side (4xx) are delivered like good ones, but for those about the credential (401, 403, 407) and about time
    /// (408, 425, 429); and a link that the vendor does not know any more is an error. Dropping the future gives the request up.
    pub async fn send_request(&self, request: &Request, priority: Priority) -> Result<Reply, TransportError> {
        self.send_watched(request, priority, &|_| ()).await
    }

    /// The same, with somebody who hears of each attempt.
    pub async fn send_watched(
        &self,
        request: &Request,
        priority: Priority,
        watch: &(dyn Fn(AttemptRecord) + Send + Sync),
    ) -> Result<Reply, TransportError> {
        self.send_at_most(MAX_ATTEMPTS, request, priority, watch).await
    }

    /// Sends a request once, for a person who waits for the outcome: what fails is not tried again. A redirect is followed.
    pub async fn send_once(&self, request: &Request, priority: Priority) -> Result<Reply, TransportError> {
        self.send_at_most(1, request, priority, &|_| ()).await
    }

    async fn send_at_most(
        &self,
        max_attempts: u32,
        request: &Request,
        priority: Priority,
        watch: &(dyn Fn(AttemptRecord) + Send + Sync),
    ) -> Result<Reply, TransportError> {
        let host = self.hosts.get(request.host);
        let host = host.ok_or(TransportError::UnknownHost { name: request.host })?;
        let mut trip = Trip {
            host,
            request,
            url: host.access.address_request(request)?,
            attempts: 0,
            max_attempts,
            was_redirected: false,
        };
        loop {
            let permit = host.pace.admit_request(priority, self.interval).await;
            let permit = permit.map_err(|error| trip.refuse_admission(error))?;
            trip.attempts += 1;
            let began = Instant::now();
            let attempt = self.send_attempt(&trip).await;
            watch(AttemptRecord::of(&attempt, trip.attempts, began.elapsed()));
            // Others may go on while this one waits.
            drop(permit);
            if let Some(response) = self.settle_attempt(&mut trip, attempt).await? {
                return Ok(Reply {
                    response,
                    began,
                    attempts: trip.attempts,
                });
            }
        }
    }

    async fn send_attempt(&self, trip: &Trip<'_>) -> Attempt {
        let (access, request, url) = (&trip.host.access, trip.request, trip.url.clone());
        let builder = match request.verb {
            Verb::Get => self.http.get(url),
            Verb::PostForm => {
                let form = Serializer::new(String::new())
                    .extend_pairs(access.form_fields(request))
                    .finish();
                self.http
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
            Verb::PostJson => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(request.body.clone().unwrap_or_default()),
        };
        let signed = access.sign_request(builder).timeout(self.limits.timeout);
        match signed.send().await {
            Ok(response) => receive_answer(response, self.limits.max_body_bytes).await,
            Err(error) => Attempt::Broken(Failure::classify_error(&error)),
        }
    }

    /// Heeds the verdict on an attempt: returns once the answer is there, or another attempt may begin.
    async fn settle_attempt(
        &self,
        trip: &mut Trip<'_>,
        attempt: Attempt,
    ) -> Result<Option<Response>, TransportError> {
        let (outcome, answer) = match attempt {
            Attempt::TooLarge => return Err(trip.too_large(self.limits.max_body_bytes)),
            Attempt::Broken(failure) => (Outcome::Broken(failure), None),
            Attempt::Answer(answer) => (answer.outcome, Some(answer)),
        };
        let verdict = judge_attempt(outcome, trip.describe_trial());
        match (verdict, answer) {
            (Verdict::Deliver, Some(Answer { status, body, .. })) => {
                return Ok(Some(Response { status, body }));
            }
            (Verdict::Retry(wait), _) => {
                trip.log_wait(wait);
                tokio::time::sleep(wait).await;
            }
            (Verdict::Pause(pause), _) => {
                trip.log_wait(pause);
                trip.postpone_all(pause).await?;
            }
            (Verdict::Throttled(pause), _) => {
                trip.postpone_all(pause).await?;
                return Err(trip.throttled(pause));
            }
            (Verdict::Redirected, Some(answer)) => trip.follow_redirect(&answer)?,
            _ => return Err(trip.fail_attempt(verdict, outcome)),
        }
        Ok(None)
    }
}

impl AttemptRecord {
    fn of(attempt: &Attempt, number: u32, elapsed: Duration) -> Self {
        let (status, body_bytes) = match attempt {
            Attempt::Answer(answer) => (Some(answer.status), answer.body.len()),
            Attempt::Broken(_) | Attempt::TooLarge => (None, 0),
        };
        Self {
            number,
            status,
            body_bytes,
            elapsed,
        }
    }
}

impl Trip<'_> {
    fn describe_trial(&self) -> Trial {
        Trial {
            attempt: self.attempts,
            max_attempts: self.max_attempts,
            backoff: RETRY_BACKOFF.draw_wait(self.attempts),
            is_repeatable: self.request.is_repeatable,
            is_link: self.request.is_link,
        }
    }

    fn log_wait(&self, wait: Duration) {
        debug!(
            attempts = self.attempts,
            wait_ms = wait.as_millis(),
            "Sending a request for `{}` again",
            self.url.path()
        );
    }

    /// Lets the whole credential wait.
    async fn postpone_all(&self, pause: Duration) -> Result<(), TransportError> {
        if pause >= TOLD_PAUSE {
            let host = self.host.access.name();
            info!(
                pause_seconds = pause.as_secs(),
                "`{host}` asks for patience; every user of the credential waits"
            );
        }
        let postponed = self.host.pace.postpone_requests(pause).await;
        postponed.map_err(|error| self.refuse_admission(NotAdmitted::Budget(error)))
    }

    /// Turns to where an answer points, once, if that is the host itself.
    fn follow_redirect(&mut self, answer: &Answer) -> Result<(), TransportError> {
        let (host, status, attempts) = (self.host.access.name(), answer.status, self.attempts);
        let Some(location) = &answer.location else {
            return Err(TransportError::UnknownStatus {
                host,
                status,
                attempts,
            });
        };
        let may_follow =
            matches!(status, 301 | 308) && self.request.verb == Verb::Get && !self.was_redirected;
        let next = self
            .host
            .access
            .address_redirect(location, &self.url)
            // A host that wants https instead of the http that we are configured for would send us round in a circle.
            .filter(|next| may_follow && *next != self.url);
        self.url = next.ok_or_else(|| TransportError::Moved {
            host,
            status,
            to: self.host.access.describe_location(location, &self.url),
            attempts,
        })?;
        self.was_redirected = true;
        Ok(())
    }

    fn throttled(&self, wait: Duration) -> TransportError {
        TransportError::Throttled {
            host: self.host.access.name(),
            wait,
            attempts: self.attempts,
        }
    }

    fn too_large(&self, limit: usize) -> TransportError {
        TransportError::TooLarge {
            host: self.host.access.name(),
            limit,
            attempts: self.attempts,
        }
    }

    /// Why no attempt may begin.
    fn refuse_admission(&self, error: NotAdmitted) -> TransportError {
        match error {
            NotAdmitted::Postponed(wait) => self.throttled(wait),
            NotAdmitted::Budget(source) => TransportError::Budget {
                host: self.host.access.name(),
                attempts: self.attempts,
                source,
            },
        }
    }

    /// Why no further attempt is made.
    fn fail_attempt(&self, verdict: Verdict, outcome: Outcome) -> TransportError {
        let (host, attempts) = (self.host.access.name(), self.attempts);
        let status = match outcome {
            Outcome::Broken(failure) if failure.may_have_arrived() => {
                return TransportError::Unanswered {
                    host,
                    failure,
                    attempts,
                };
            }
            Outcome::Broken(failure) => {
                return TransportError::Unreachable {
                    host,
                    failure,
                    attempts,
                };
            }
            Outcome::Status { status, .. } => status,
        };
        match (verdict, status) {
            (Verdict::Refused, 407) => TransportError::ProxyRefused { host, attempts },
            (Verdict::Refused, _) => TransportError::Refused {
                host,
                status,
                attempts,
            },
            (Verdict::ExpiredLink, _) => TransportError::ExpiredLink {
                host,
                status,
                attempts,
            },
            (_, 408 | 425 | 500..=599) => TransportError::ServerError {
                host,
                status,
                attempts,
            },
            _ => TransportError::UnknownStatus {
                host,
                status,
                attempts,
            },
        }
    }
}

#[cfg(test)]
mod tests;
