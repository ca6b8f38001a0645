//! The daemon: every source kept in step, woken by the schedule, until it is told to stop.

use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job as Alarm, JobScheduler};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::engine::{Observer, ScheduledStream, WarehouseBudget, supervise_source};
use crate::settings::Settings;
use crate::warehouse::Warehouse;

use super::sources::build_sources;

const NOTHING_TO_READ: &str = "No source is configured, so nothing is read: copy the block of your vendor from config/example.toml into \
     config/local.toml, and start the daemon again";

/// Runs until `stop`. The batch in hand is committed and the leases are given back before it returns.
pub async fn run_daemon(
    warehouse: &Warehouse,
    settings: &Settings,
    stop: &CancellationToken,
    observer: Observer,
) -> anyhow::Result<()> {
    let mut scheduler = JobScheduler::new().await.context("The schedule cannot start")?;
    let mut tasks = JoinSet::new();
    for source in build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))? {
        let mut streams = Vec::new();
        for stream in source.streams {
            streams.push(ScheduledStream {
                ticks: add_alarm(&scheduler, &stream.schedule).await?,
                spec: Arc::new(stream.spec),
            });
        }
        tasks.spawn(supervise_source(
            warehouse.clone(),
            streams,
            settings.lease,
            stop.clone(),
            observer.clone(),
        ));
    }
    scheduler.start().await.context("The schedule cannot start")?;
    info!(source_count = tasks.len(), "Keeping the warehouse in step");
    if tasks.is_empty() {
        // Ending would make whoever restarts it do so for ever.
        warn!("{NOTHING_TO_READ}");
        stop.cancelled().await;
    }
    tasks.join_all().await;
    scheduler.shutdown().await.context("The schedule cannot stop")?;
    info!("Stopped");
    Ok(())
}

/// A receiver that changes with every tick of the schedule, in UTC. The schedule only wakes: it never waits for a run.
async fn add_alarm(scheduler: &JobScheduler, schedule: &str) -> anyhow::Result<watch::Receiver<u64>> {
    let (tick, ticks) = watch::channel(0);
    let alarm = Alarm::new_async_tz(schedule, Utc, move |_, _| {
        tick.send_modify(|count| *count += 1);
        Box::pin(async {})
    });
    let alarm = alarm.with_context(|| format!("`{schedule}` is no schedule"))?;
    scheduler.add(alarm).await?;
    Ok(ticks)
}
