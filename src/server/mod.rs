//! What a running daemon tells over HTTP: whether it is well, and how everything stands.

mod api;
mod connections;
mod coverage;
mod guard;
mod health;
mod metrics;
mod page;
mod probe;
mod report;
mod scrape;
mod snapshot;
mod updates;
mod verdict;
mod words;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::Observer;
use crate::warehouse::{Warehouse, WarehouseError};

pub use health::{Check, Readiness};
pub use probe::{ProbeError, Question, ask_daemon};
pub use report::KnownSource;

use connections::BoundedListener;
use guard::Guard;
use metrics::Metrics;
use report::{Report, build_report};
use snapshot::Snapshots;
use updates::Listeners;

/// How long open answers may go on after the daemon was told to stop.
const DRAIN: Duration = Duration::from_secs(1);
/// How long the database may take for one page.
const PATIENCE: Duration = Duration::from_secs(4);

/// What the server has to know.
pub struct ServerOptions {
    /// Host and port.
    pub address: String,
    /// What everybody must show who wants more than the health.
    pub token: Option<SecretString>,
    /// The sources of the settings.
    pub sources: Vec<KnownSource>,
}

/// A server that answers.
pub struct Server {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    sources: watch::Sender<Arc<[KnownSource]>>,
    task: JoinHandle<()>,
}

/// What every answer is made of.
#[derive(Clone)]
struct App {
    warehouse: Warehouse,
    metrics: Arc<Metrics>,
    guard: Arc<Guard>,
    sources: watch::Receiver<Arc<[KnownSource]>>,
    snapshots: Snapshots,
    listeners: Listeners,
    stop: CancellationToken,
}

impl App {
    /// How everything stands, as well as it is known.
    async fn report(&self) -> Report {
        let (overview, database) = self.snapshots.current().await;
        build_report(overview.as_deref(), database, &self.known_sources())
    }

    /// The sources of the settings that hold now.
    fn known_sources(&self) -> Arc<[KnownSource]> {
        self.sources.borrow().clone()
    }

    /// A number that changes with what the pages show, but for the time.
    async fn change_mark(&self) -> u64 {
        let (overview, database) = self.snapshots.current().await;
        snapshot::mark_of(overview.as_deref(), database.ok)
    }

    /// An answer of the database, or in words why there is none in time.
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, WarehouseError>>) -> Result<T, String> {
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("No answer within {} s", PATIENCE.as_secs())),
        }
    }
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
        let sources = watch::channel(options.sources.into());
        let app = App {
            snapshots: Snapshots::new(warehouse.clone()),
            listeners: Listeners::default(),
            stop: stop.clone(),
            warehouse,
            metrics: metrics.clone(),
            guard: Arc::new(Guard::new(options.token, address.ip().is_loopback())),
            sources: sources.1,
        };
        let task = tokio::spawn(serve_until(listener, router_of(app), stop));
        Ok(Self {
            address,
            metrics,
            sources: sources.0,
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

    /// Where the sources are put that other settings name than those of the start.
    pub fn known_sources(&self) -> watch::Sender<Arc<[KnownSource]>> {
        self.sources.clone()
    }

    /// Waits until the last answers have gone, after its stop.
    pub async fn wait_for_end(self) {
        // A panic of an answer has been told already, and nothing is left to be waited for.
        let _ = self.task.await;
    }
}

fn router_of(app: App) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(scrape::show_metrics))
        .route("/api/status", get(api::show_status))
        .route("/updates", get(updates::show_updates))
        .merge(page::page_routes())
        .layer(from_fn_with_state(app.clone(), guard::require_token));
    Router::new()
        .route("/healthz", get(health::show_health))
        .route("/readyz", get(health::show_readiness))
        .merge(guarded)
        .layer(from_fn(guard::secure_answer))
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
