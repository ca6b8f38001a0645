//! What is made of rows once they have landed: the persons behind them, the days that the marts keep, and room for the history of the
//! next month.

use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::settings::Settings;
use crate::warehouse::{Marked, Warehouse, WarehouseError};

/// How long after a look the next one comes. A look that finds nothing new costs a few index scans.
const PERIOD: Duration = Duration::from_secs(10);
/// After so many looks the partitions of history are looked at again: six hours.
const LOOKS_OF_MONTHS: u32 = 2_160;
/// How long a look makes days of the marts: half of the time, and little while the past is being loaded.
const LONGEST_MAKING: Duration = Duration::from_secs(5);
const LONGEST_MAKING_BESIDE_LOADS: Duration = Duration::from_millis(500);
/// The same once everything was read, where nobody looks again.
const LONGEST_MAKING_ONCE: Duration = Duration::from_secs(5);
/// What is kept makes answers fast, and nothing else depends on it.
const DAYS_NOT_MADE: &str =
    "The days of the marts cannot be made; answers are right and slower, and the next look tries again";

/// Looks at everything that has changed since the last time.
pub async fn derive_once(warehouse: &Warehouse, keep_history: Duration) -> anyhow::Result<()> {
    maintain_months(warehouse, keep_history).await?;
    if let Err(error) = warehouse.analyze_young_tables().await {
        warn!(error = %error, "The tables cannot be counted; the server does it later, and plans for smaller ones until then");
    }
    warehouse
        .refresh_people()
        .await
        .context("The persons cannot be decided")?;
    if let Err(error) = warehouse.make_kept_days(Marked::All, LONGEST_MAKING_ONCE).await {
        warn!(error = %error, "{DAYS_NOT_MADE}");
    }
    Ok(())
}

/// Begins to look again and again, until it is told to stop.
pub fn start_deriving(
    warehouse: &Warehouse,
    settings: &Settings,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(derive_continually(
        warehouse.clone(),
        settings.history.keep,
        stop.clone(),
    ))
}

async fn derive_continually(warehouse: Warehouse, keep_history: Duration, stop: CancellationToken) {
    let mut looks = Looks::default();
    // A look that is broken off leaves nothing behind, and the next start takes it up: nobody who stops waits for it.
    let looking = async {
        loop {
            looks.look(&warehouse, keep_history).await;
            sleep(PERIOD).await;
        }
    };
    stop.run_until_cancelled(looking).await;
}

/// How the looks went until now.
#[derive(Default)]
struct Looks {
    count: u32,
    is_failing: bool,
    is_making_failing: bool,
}

impl Looks {
    /// Looks at everything that has changed since the last time. Of a failure once is enough to say; every look would say it again.
    async fn look(&mut self, warehouse: &Warehouse, keep_history: Duration) {
        if self.count.is_multiple_of(LOOKS_OF_MONTHS)
            && let Err(error) = maintain_months(warehouse, keep_history).await
        {
            error!(
                error = format!("{error:#}"),
                "The history has no partition for the next month"
            );
        }
        self.count = self.count.wrapping_add(1);
        match warehouse.refresh_people().await {
            Ok(counts) => {
                self.is_failing = false;
                if counts.decided > 0 {
                    info!(
                        row_count = counts.looked_at,
                        record_count = counts.decided,
                        "Decided for whom records stand"
                    );
                }
            }
            Err(error) if !self.is_failing => {
                self.is_failing = true;
                error!(error = %error, "The persons cannot be decided; the next looks try again");
            }
            Err(_) => (),
        }
        match make_days(warehouse).await {
            Ok(()) => self.is_making_failing = false,
            Err(error) if !self.is_making_failing => {
                self.is_making_failing = true;
                warn!(error = %error, "{DAYS_NOT_MADE}");
            }
            Err(_) => (),
        }
    }
}

async fn maintain_months(warehouse: &Warehouse, keep: Duration) -> anyhow::Result<()> {
    let keep = TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX);
    warehouse
        .maintain_history_months(keep)
        .await
        .context("The partitions of history cannot be kept")?;
    Ok(())
}

async fn make_days(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let longest = if warehouse.is_past_changing().await? {
        LONGEST_MAKING_BESIDE_LOADS
    } else {
        LONGEST_MAKING
    };
    let days = warehouse.make_kept_days(Marked::Settled, longest).await?;
    if days.made > 0 {
        debug!(day_count = days.made, "Made days of the marts");
    }
    Ok(())
}
