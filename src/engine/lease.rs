//! Holding a source: taking its lease, renewing it in the background, giving it back.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::warehouse::{Lease, Warehouse, WarehouseError};

use super::clock::Clock;
use super::failpoint::reach_failpoint;
use super::observer::Observer;
use super::session::Session;

/// How long a renewal that is on its way may take before the source is given back without it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for a source that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseWait {
    /// Until a holder that died would have lost it; one that renews it is alive, and is named in the error.
    OnePeriod,
    /// As long as it takes.
    Endless,
}

/// A source that is held. Its session stops by itself when the lease is lost.
pub struct HeldSource {
    /// What runs on the source work with.
    pub session: Session,
    renewal: Renewal,
}

/// The renewal in the background.
struct Renewal {
    task: JoinHandle<()>,
    end: CancellationToken,
}

impl Renewal {
    fn begin(session: Session, period: Duration) -> Self {
        let end = CancellationToken::new();
        let task = tokio::spawn(renew_lease(session, period, end.clone()));
        Self { task, end }
    }

    /// Ends it between two renewals: one that is broken off in the middle holds the lease's row until its connection is cleared.
    async fn finish(mut self) {
        self.end.cancel();
        if timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Takes the lease of a source, sets the clock by the database's, and keeps the lease renewed.
pub async fn open_source(
    warehouse: &Warehouse,
    source: &str,
    period: Duration,
    wait: LeaseWait,
    stop: &CancellationToken,
    observer: Observer,
) -> Result<HeldSource, WarehouseError> {
    let lease = take_lease(warehouse, source, period, wait, stop).await?;
    let clock = Clock::set_to(warehouse.now().await?);
    let session = Session::new(warehouse.clone(), lease, clock, stop.child_token(), observer);
    let renewal = Renewal::begin(session.clone(), period);
    Ok(HeldSource { session, renewal })
}

impl HeldSource {
    /// Gives the source back. Its runs must have ended.
    pub async fn release(self) {
        reach_failpoint("before release");
        self.renewal.finish().await;
        if let Err(error) = self.session.warehouse.release_lease(&self.session.lease).await {
            warn!(source = self.session.lease.source(), error = %error, "The lease could not be given back; it runs out by itself");
        }
    }
}

async fn take_lease(
    warehouse: &Warehouse,
    source: &str,
    period: Duration,
    wait: LeaseWait,
    stop: &CancellationToken,
) -> Result<Lease, WarehouseError> {
    let name = instance_name();
    let mut first_until = None;
    loop {
        let held = match warehouse.acquire_lease(source, &name, period).await {
            Err(held @ WarehouseError::Held { .. }) => held,
            outcome => return outcome,
        };
        let WarehouseError::Held { holder, until, .. } = &held else {
            return Err(held);
        };
        if first_until.is_none() {
            info!(source, holder, until = %until, "Another instance holds the source; waiting for it");
        }
        let is_renewed = *first_until.get_or_insert(*until) != *until;
        if stop.is_cancelled() || (wait == LeaseWait::OnePeriod && is_renewed) {
            return Err(held);
        }
        tokio::select! {
            () = stop.cancelled() => return Err(held),
            () = sleep((period / 10).max(Duration::from_millis(50))) => (),
        }
    }
}

/// Renews the lease three times a period, and sets the clock. Stops the session when the lease is lost, or could not be renewed
/// for a period.
async fn renew_lease(session: Session, period: Duration, end: CancellationToken) {
    let mut renewed_at = Instant::now();
    while end.run_until_cancelled(sleep(period / 3)).await.is_some() {
        match session.warehouse.renew_lease(&session.lease, period).await {
            Ok(server_time) => {
                renewed_at = Instant::now();
                session.clock.set_again(server_time);
            }
            Err(error) if error.is_passing() && renewed_at.elapsed() < period => (),
            Err(error) => {
                error!(source = session.lease.source(), error = %error, "The source is lost; its runs stop");
                return session.stop.cancel();
            }
        }
    }
}

/// Names this process among instances, for people.
pub fn instance_name() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    format!(
        "{}/{}",
        host.as_deref().map_or("host", str::trim),
        std::process::id()
    )
}
