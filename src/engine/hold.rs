//! Holding a source: taking its lease, renewing it in the background, giving it back.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::warehouse::{Lease, Warehouse, WarehouseError};

use super::clock::Clock;
use super::job::Session;
use super::report::Watch;

/// How long to wait for a source that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until a holder that died would have lost it; one that renews it is alive, and is named in the error.
    OnePeriod,
    /// As long as it takes.
    Endless,
}

/// A source that is held. Its session stops by itself when the lease is lost.
pub struct Hold {
    /// What runs on the source work with.
    pub session: Session,
    renewal: JoinHandle<()>,
}

/// Takes the lease of a source, sets the clock by the database's, and keeps the lease renewed.
pub async fn hold(
    warehouse: &Warehouse,
    source: &str,
    period: Duration,
    patience: Patience,
    (stop, watch): (&CancellationToken, Watch),
) -> Result<Hold, WarehouseError> {
    let lease = take(warehouse, source, period, patience, stop).await?;
    let clock = Clock::set_to(warehouse.now().await?);
    let stop = stop.child_token();
    let renewal = tokio::spawn(renew(warehouse.clone(), lease.clone(), period, stop.clone()));
    Ok(Hold {
        session: Session {
            warehouse: warehouse.clone(),
            lease,
            clock,
            stop,
            watch,
        },
        renewal,
    })
}

impl Hold {
    /// Gives the source back. Its runs must have ended.
    pub async fn release(self) {
        self.renewal.abort();
        if let Err(error) = self.session.warehouse.release(&self.session.lease).await {
            warn!(source = self.session.lease.source(), error = %error, "The lease could not be given back; it runs out by itself");
        }
    }
}

async fn take(
    warehouse: &Warehouse,
    source: &str,
    period: Duration,
    patience: Patience,
    stop: &CancellationToken,
) -> Result<Lease, WarehouseError> {
    let holder = holder();
    let mut first_until = None;
    loop {
        let held = match warehouse.lease(source, &holder, period).await {
            Err(held @ WarehouseError::Held { .. }) => held,
            outcome => return outcome,
        };
        let WarehouseError::Held { until, .. } = &held else {
            return Err(held);
        };
        let is_renewed = *first_until.get_or_insert(*until) != *until;
        if stop.is_cancelled() || (patience == Patience::OnePeriod && is_renewed) {
            return Err(held);
        }
        tokio::select! {
            () = stop.cancelled() => return Err(held),
            () = sleep((period / 10).max(Duration::from_millis(50))) => (),
        }
    }
}

/// Renews the lease three times a period. Stops the session when the lease is lost, or could not be renewed for a period.
async fn renew(warehouse: Warehouse, lease: Lease, period: Duration, stop: CancellationToken) {
    let mut renewed_at = Instant::now();
    loop {
        sleep(period / 3).await;
        match warehouse.renew(&lease, period).await {
            Ok(()) => renewed_at = Instant::now(),
            Err(WarehouseError::Unreachable(_)) if renewed_at.elapsed() < period => (),
            Err(error) => {
                error!(source = lease.source(), error = %error, "The source is lost; its runs stop");
                return stop.cancel();
            }
        }
    }
}

/// Names this process among instances, for people.
fn holder() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    format!(
        "{}/{}",
        host.as_deref().map_or("host", str::trim),
        std::process::id()
    )
}
