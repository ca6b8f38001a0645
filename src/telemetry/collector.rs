//! The way to a collector: the exporter works on a thread of its own, and its requests go out on the runtime of the process.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::redirect::Policy;
use tokio::runtime::Handle;

/// How long one request may take; the exporter itself gives up earlier where the environment says so.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const MOST_BYTES: usize = 64 << 10;

/// A client for the exporter.
pub(super) struct CollectorClient {
    http: reqwest::Client,
    runtime: Handle,
}

impl CollectorClient {
    /// A client on the present runtime.
    pub(super) fn open() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("convene/", env!("CARGO_PKG_VERSION")))
            // The headers of the environment may be secrets, which go to the collector alone.
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            runtime: Handle::current(),
        })
    }
}

// The exporter's own settings show their client, and that may hold what is none of a log's business.
impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectorClient")
    }
}

impl HttpClient for CollectorClient {
    fn send_bytes<'this, 'sent>(
        &'this self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'this: 'sent,
        Self: 'sent,
    {
        let http = self.http.clone();
        let sent = self.runtime.spawn(send_request(http, request));
        Box::pin(async move { sent.await? })
    }
}

async fn send_request(http: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let request = reqwest::Request::try_from(request).map_err(reqwest::Error::without_url)?;
    let answer = http.execute(request).await.map_err(reqwest::Error::without_url)?;
    let status = answer.status();
    let body = read_at_most(answer, MOST_BYTES).await?;
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    Ok(response)
}

async fn read_at_most(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            return Err("the collector answers with more than can be meant".into());
        }
    }
    Ok(body)
}
