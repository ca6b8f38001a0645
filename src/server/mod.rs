//! What a running daemon tells over HTTP: whether it is well, and how everything stands.

mod connections;
mod guard;
mod health;
mod metrics;
mod probe;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::Observer;
use crate::warehouse::Warehouse;

pub use health::{Check, Readiness};
pub use probe::{ProbeError, Question, ask_daemon};

use connections::BoundedListener;
use guard::Guard;
use metrics::Metrics;

/// How long open answers may go on after the daemon was told to stop.
const DRAIN: Duration = Duration::from_secs(1);
/// The form of metrics in text that Prometheus reads.
const METRICS_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the server has to know.
pub struct ServerOptions {
    /// Host and port.
    pub address: String,
    /// What everybody must show who wants more than the health.
    pub token: Option<SecretString>,
    /// The sources of the settings.
    pub sources: Vec<String>,
}

/// A server that answers.
pub struct Server {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    task: JoinHandle<()>,
}

/// What every answer is made of.
#[derive(Clone)]
struct App {
    warehouse: Warehouse,
    metrics: Arc<Metrics>,
    guard: Arc<Guard>,
    sources: Arc<[String]>,
}

impl Server {
    /// Answers at the address until `stop`.
    pub async fn start(
        warehouse: Warehouse,
        options: ServerOptions,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(&options.address).await?;
        let address = listener.local_addr()?;
        let metrics = Arc::new(Metrics::new());
        let app = App {
            warehouse,
            metrics: metrics.clone(),
            guard: Arc::new(Guard::new(options.token, address.ip().is_loopback())),
            sources: options.sources.into(),
        };
        let task = tokio::spawn(serve_until(listener, router_of(app), stop));
        Ok(Self {
            address,
            metrics,
            task,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Counts what the engine does.
    pub fn observer(&self) -> Observer {
        self.metrics.clone().observer()
    }

    /// Waits until the last answers have gone, after its stop.
    pub async fn wait_for_end(self) {
        // A panic of an answer has been told already, and nothing is left to be waited for.
        let _ = self.task.await;
    }
}

fn router_of(app: App) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(show_metrics))
        .layer(from_fn_with_state(app.clone(), guard::require_token));
    Router::new()
        .route("/healthz", get(health::show_health))
        .route("/readyz", get(health::show_readiness))
        .merge(guarded)
        .layer(from_fn_with_state(app.clone(), guard::secure_answer))
        .with_state(app)
}

async fn serve_until(listener: TcpListener, router: Router, stop: CancellationToken) {
    let drained = stop.clone();
    let serving =
        axum::serve(BoundedListener::new(listener), router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::select! {
        // It ends by itself only when it was told to.
        _ = serving => (),
        () = async {
            drained.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        } => (),
    }
}

async fn show_metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, METRICS_FORM)], app.metrics.render_text()).into_response()
}
