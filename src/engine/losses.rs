//! Rows that vanish behind our back: found by counting, made good by reading what they were part of again.
//!
//! No row is ever removed, and every row that is put into a table is counted in the same transaction. So a table that holds fewer has
//! lost some, whoever removed them. Counting asks nothing of the vendor.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::warehouse::{Loss, LossState};
use connectors::schema::Table;
use connectors::source::SyncMode;

use super::SyncError;
use super::replay::replay_wanted;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// How long counting may take before a run; what takes longer is left to the daemon's own looks.
pub(super) const PATIENCE_OF_RUNS: Duration = Duration::from_secs(10);
/// How long counting may take while the daemon runs.
const PATIENCE_OF_DAEMON: Duration = Duration::from_mins(2);
/// The shortest time between two looks of the daemon.
const SHORTEST_PAUSE: Duration = Duration::from_mins(5);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// How soon a look begins that somebody has asked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often a window of each stream's settled past is read again by chance.
const SAMPLE_EVERY: TimeDelta = TimeDelta::days(1);
/// The longest window that is chosen for that.
const LONGEST_SAMPLE: TimeDelta = TimeDelta::days(1);
/// Long enough to touch one period of figures by day; a whole one is read.
const SAMPLE_OF_DAYS: TimeDelta = TimeDelta::hours(1);
/// How much longer than a look the pause after it is: counting shall not be felt.
const REST: u32 = 500;

/// Looks for rows that are missing, and withdraws the coverage that they were part of. Known losses are looked at as well.
pub(super) async fn find_losses(session: &Session, patience: Duration) -> Result<(), SyncError> {
    let (warehouse, lease) = (&session.warehouse, &session.lease);
    let Some(audits) = warehouse.audit_source(lease.source(), patience).await? else {
        warn!(
            source = lease.source(),
            "The tables are too large to be counted in time"
        );
        return Ok(());
    };
    for audit in &audits {
        if audit.lost() == 0 {
            // Rows that somebody else has put in, or that were never counted.
            if audit.booked != Some(audit.held) {
                warehouse.settle_tally(lease, &audit.table_name).await?;
            }
            continue;
        }
        let streams = warehouse.record_loss(lease, audit).await?;
        warn!(
            source = lease.source(),
            table = audit.table_name,
            row_count = audit.lost(),
            "Rows are missing in the warehouse; what they were part of is read again"
        );
        for stream in streams {
            session.nudge_of(&stream).notify_one();
        }
    }
    session.set_losses(!warehouse.open_losses(lease.source()).await?.is_empty());
    Ok(warehouse.record_count(lease).await?)
}

/// What a look at the open losses came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LossReport {
    /// Rows that have come back.
    pub(super) restored: i64,
    /// The losses that are not made good yet.
    open: Vec<Loss>,
}

impl LossReport {
    /// How many rows are missing in these tables.
    pub(super) fn lost_of(&self, tables: &[&'static Table]) -> i64 {
        let is_of = |loss: &&Loss| tables.iter().any(|table| table.name == loss.table_name);
        self.open.iter().filter(is_of).map(|loss| loss.row_count).sum()
    }
}

/// Looks whether what the missing rows were part of has been read again. Without any it costs nothing.
pub(super) async fn mend_losses(spec: &StreamSpec, session: &Session) -> Result<LossReport, SyncError> {
    let mut report = LossReport::default();
    if !session.has_losses() {
        return Ok(report);
    }
    let (warehouse, lease) = (&session.warehouse, &session.lease);
    for loss in warehouse.open_losses(lease.source()).await? {
        let (source, table, row_count) = (lease.source(), &loss.table_name, loss.row_count);
        let settled = warehouse
            .settle_loss(lease, &loss, spec.vendor.system_agents)
            .await?;
        match settled {
            LossState::Open => report.open.push(loss),
            LossState::Unknown => (),
            LossState::Closed { restored } => {
                report.restored += restored.min(row_count);
                if restored < row_count {
                    let gone = row_count - restored;
                    warn!(
                        source,
                        table,
                        row_count = gone,
                        "Rows are lost: the vendor does not have them any more"
                    );
                } else {
                    info!(
                        source,
                        table, row_count, "The rows that were missing are there again"
                    );
                }
            }
        }
    }
    session.set_losses(!report.open.is_empty());
    Ok(report)
}

/// Looks now and then, as long as the source is held.
pub(super) async fn watch_losses(specs: Vec<Arc<StreamSpec>>, session: Session) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let is_wanted = wait_for_count(&specs, &session, pause).await;
        if session.stop.is_cancelled() {
            return;
        }
        let begin = Instant::now();
        if let Err(error) = find_losses(&session, PATIENCE_OF_DAEMON).await {
            warn!(source = session.lease.source(), error = %error, "The tables could not be counted");
        }
        if is_wanted {
            continue;
        }
        pause = pause_after(begin.elapsed());
        for spec in &specs {
            if let Err(error) = ask_again(spec, &session).await {
                warn!(source = session.lease.source(), stream = spec.name(), error = %error, "No window could be chosen to be compared");
            }
        }
    }
}

/// Waits for the end of the pause, or until somebody wants the tables to be counted now. Meanwhile rows are made again that somebody
/// wants to be. True where somebody wants it.
async fn wait_for_count(specs: &[Arc<StreamSpec>], session: &Session, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        tokio::select! {
            () = session.stop.cancelled() => return false,
            () = tokio::time::sleep(LOOK_EVERY.min(pause)) => (),
        }
        replay_wanted(specs, session).await;
        let is_wanted = session.warehouse.is_count_wanted(session.lease.source()).await;
        if is_wanted.unwrap_or(false) {
            return true;
        }
    }
    false
}

/// Once a day a window of a stream's settled past, chosen by chance, is read again with the lowest priority: what is missing there was
/// lost on the way, or came very late.
async fn ask_again(spec: &StreamSpec, session: &Session) -> Result<(), SyncError> {
    let span = match &spec.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => policy.max_span.min(LONGEST_SAMPLE),
        SyncMode::Daily(_) => SAMPLE_OF_DAYS,
        SyncMode::FullRefresh(_) | SyncMode::NewestFirst(_) | SyncMode::Lookup(_) => return Ok(()),
    };
    let (warehouse, now) = (&session.warehouse, session.clock.now());
    warehouse
        .sample_settled(&session.lease, spec.name(), span, SAMPLE_EVERY, now)
        .await?;
    Ok(())
}

/// The longer a look takes, the rarer it is.
fn pause_after(look: Duration) -> Duration {
    look.saturating_mul(REST).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_takes_a_small_share_of_the_time() {
        for (look_ms, pause_seconds) in [(1, 300), (600, 300), (6_000, 3_000), (600_000, 21_600)] {
            let pause = pause_after(Duration::from_millis(look_ms));
            assert_eq!(pause, Duration::from_secs(pause_seconds), "{look_ms}");
        }
    }
}
