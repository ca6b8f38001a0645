//! The simulated vendors over HTTP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{self, ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::cutoff::{Cutoff, CutoffListener};
use crate::options::Options;
use crate::request::{Delivery, Request, Response};
use crate::simulator::Simulator;
use crate::vendors::{conversocial, convertalk, converz, convoso};

/// Largest request body read; a vendor's request is a handful of parameters.
const BODY_BYTES: usize = 64 * 1024;
/// Rough size of a response's head, so that a cut falls into the body.
const HEAD_BYTES: u64 = 120;
/// How long a stop waits for a response that is just being rendered.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A running server of simulated vendors; everything else about them is the [`Simulator`]'s.
///
/// It lives in a runtime of its own: its time is real even where a test pauses time, and when the runtime
/// goes, the listener and every connection go with it.
pub struct Sandbox {
    simulator: Arc<Simulator>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Deref for Sandbox {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

impl Sandbox {
    /// Starts on a free port of the loopback interface.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::listen(options, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts on the given address.
    pub async fn listen(options: Options, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sandbox")
            .enable_io()
            .enable_time()
            .build()?;
        let simulator = Arc::new(Simulator::new(options));
        let served = Arc::clone(&simulator);
        runtime.spawn(async move {
            // The listener has to be registered with the runtime it is served by.
            match TcpListener::from_std(listener) {
                Ok(listener) => serve(listener, served).await,
                Err(error) => Err(error),
            }
        });
        Ok(Self {
            simulator,
            address,
            runtime: Some(runtime),
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of the simulated Convoso.
    pub fn convoso_url(&self) -> String {
        format!("{}{}", self.origin(), convoso::PREFIX)
    }

    /// The base URL of the simulated Convertalk.
    pub fn convertalk_url(&self) -> String {
        format!("{}{}", self.origin(), convertalk::PREFIX)
    }

    /// The base URL of the simulated Conversocial.
    pub fn conversocial_url(&self) -> String {
        let (prefix, api) = (conversocial::PREFIX, conversocial::MAIN_API);
        format!("{}{prefix}/{api}", self.origin())
    }

    /// The base URL of its customer profiles.
    pub fn conversocial_profiles_url(&self) -> String {
        let (prefix, api) = (conversocial::PREFIX, conversocial::PROFILES_API);
        format!("{}{prefix}/{api}", self.origin())
    }

    /// The base URL of the simulated Converz.
    pub fn converz_url(&self) -> String {
        format!("{}{}", self.origin(), converz::PREFIX)
    }

    /// Closes the listener and every connection, and returns when they are closed.
    pub async fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            let end = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_WAIT));
            end.await.expect("a shutdown neither panics nor is cancelled");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed here: the drop may happen inside another runtime.
            runtime.shutdown_background();
        }
    }
}

/// Serves until the task is dropped.
async fn serve(listener: TcpListener, simulator: Arc<Simulator>) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(simulator);
    let service = router.into_make_service_with_connect_info::<Cutoff>();
    axum::serve(CutoffListener(listener), service).await
}

async fn handle(
    State(simulator): State<Arc<Simulator>>,
    ConnectInfo(cutoff): ConnectInfo<Cutoff>,
    request: extract::Request,
) -> response::Response {
    let _flight = simulator.log.enter();
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return send(Response::empty(413));
    };
    let response = simulator.respond(&read(&head, &body));
    match response.delivery {
        Delivery::Whole => (),
        Delivery::Late(wait) => tokio::time::sleep(wait).await,
        Delivery::Half => cutoff.close_after(HEAD_BYTES + response.body.len() as u64 / 2),
        Delivery::Dropped => cutoff.close_after(0),
    }
    send(response)
}

fn read(head: &Parts, body: &[u8]) -> Request {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::new(head.method.as_str(), target, String::from_utf8_lossy(body));
    let headers = head.headers.iter();
    let texts = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    texts.fold(request, |request, (name, value)| request.with_header(name, value))
}

fn send(response: Response) -> response::Response {
    let mut built = response::Response::builder().status(response.status);
    for (name, value) in response.headers {
        built = built.header(name, value);
    }
    built.body(Body::from(response.body)).unwrap_or_else(|_| {
        // A test asked for a status or a header that HTTP cannot carry.
        let mut failed = response::Response::new(Body::empty());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
