//! Keeping a source in step: one task for each stream, which the schedule only wakes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::warehouse::Warehouse;
use connectors::source::Remedy;

use super::SyncError;
use super::account_check::check_account;
use super::lease::{LeaseWait, open_source};
use super::losses::{PATIENCE_OF_RUNS, find_losses, watch_losses};
use super::observer::{Observer, RunReport};
use super::registration::register_streams;
use super::run::{RunOptions, run_stream};
use super::session::Session;
use super::stream_spec::StreamSpec;

/// Pause of a stream after a first run that is not complete; it doubles. Slices have pauses of their own besides.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause of a stream that is not complete again and again.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// First runs are spread over this time, so that instances that start together do not fall into step.
const START_SPREAD_MS: u64 = 2_000;
/// How often a source that was refused is looked at again: somebody may have adopted it.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);

/// A stream and its alarm clock. Ticks during a run melt into one.
pub struct ScheduledStream {
    /// The stream.
    pub spec: Arc<StreamSpec>,
    /// Changes with every tick of the schedule.
    pub ticks: watch::Receiver<u64>,
}

/// Keeps all streams of one source in step until `stop`; takes the source anew when it was lost.
pub async fn supervise_source(
    warehouse: Warehouse,
    streams: Vec<ScheduledStream>,
    period: Duration,
    stop: CancellationToken,
    observer: Observer,
) {
    let Some(source) = streams.first().map(|stream| stream.spec.source.clone()) else {
        return;
    };
    while !stop.is_cancelled() {
        let held = open_source(
            &warehouse,
            &source,
            period,
            LeaseWait::Endless,
            &stop,
            observer.clone(),
        )
        .await;
        match held {
            Ok(held) => {
                info!(source, "Took the source");
                supervise_streams(&streams, &held.session).await;
                held.release().await;
            }
            Err(_) if stop.is_cancelled() => return,
            Err(error) => {
                error!(source, error = %error, "The source cannot be taken; trying again");
                sleep_or_stop(period, &stop).await;
            }
        }
    }
}

/// Prepares a source for its runs: what the settings want is written down, and the account is the one whose rows are stored.
pub async fn prepare_source(specs: &[&StreamSpec], session: &Session) -> Result<(), SyncError> {
    check_account(specs, session).await?;
    register_streams(specs, session).await?;
    find_losses(session, PATIENCE_OF_RUNS).await
}

/// Runs the streams, each in its own task, until the session stops.
async fn supervise_streams(streams: &[ScheduledStream], session: &Session) {
    let specs: Vec<&StreamSpec> = streams.iter().map(|stream| &*stream.spec).collect();
    while let Err(error) = prepare_source(&specs, session).await {
        error!(source = session.lease.source(), error = %error, "The source cannot be read; looking again");
        sleep_or_stop(REFUSED_PAUSE, &session.stop).await;
        if session.stop.is_cancelled() {
            return;
        }
    }
    let mut tasks = JoinSet::new();
    let specs = streams.iter().map(|stream| stream.spec.clone()).collect();
    tasks.spawn(watch_losses(specs, session.clone()));
    for stream in streams {
        tasks.spawn(supervise_stream(
            stream.spec.clone(),
            stream.ticks.clone(),
            session.clone(),
        ));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            error!(error = %error, "A stream's task ended by itself; the source is taken anew");
            session.stop.cancel();
        }
    }
}

async fn supervise_stream(spec: Arc<StreamSpec>, mut ticks: watch::Receiver<u64>, session: Session) {
    let spread = Duration::from_millis(fastrand::u64(0..START_SPREAD_MS));
    sleep_or_stop(spread, &session.stop).await;
    let nudge = session.nudge_of(spec.name());
    let mut incomplete_count = 0;
    while !session.stop.is_cancelled() {
        let _probe = tokio::select! {
            biased;
            () = session.stop.cancelled() => return,
            probe = session.gate.enter_gate() => probe,
        };
        ticks.mark_unchanged();
        let is_wanted_anew = || session.stop.is_cancelled() || ticks.has_changed().unwrap_or(false);
        let report = run_stream(&spec, &session, RunOptions::default(), is_wanted_anew).await;
        if session.stop.is_cancelled() {
            return;
        }
        if report.is_source_failure {
            leave_alone(&report, &session);
            continue;
        }
        session.gate.clear_pause();
        if report.is_cut_short && report.is_complete() {
            continue;
        }
        incomplete_count = if report.unfinished.is_empty() {
            0
        } else {
            incomplete_count + 1
        };
        tokio::select! {
            biased;
            () = session.stop.cancelled() => return,
            _ = ticks.changed() => (),
            () = nudge.notified() => (),
            // What failed is tried again before the schedule's next tick, which may be tomorrow.
            () = tokio::time::sleep(pause_after(incomplete_count)), if incomplete_count > 0 => (),
        }
    }
}

/// Leaves the whole source alone for a while, and says so.
fn leave_alone(report: &RunReport, session: &Session) {
    let needs_operator = report.remedy() == Some(Remedy::Operator);
    let pause = session.gate.pause_source(needs_operator);
    let reason = report.unfinished.last().map_or("", |slice| slice.reason.as_str());
    warn!(
        source = report.source,
        pause_seconds = pause.as_secs(),
        error = reason,
        "The source is left alone for a while"
    );
}

/// How long a stream waits after so many runs in a row that were not complete.
fn pause_after(incomplete_count: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << incomplete_count.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE)
}

async fn sleep_or_stop(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => (),
        () = tokio::time::sleep(time) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_not_complete_is_tried_again_soon_and_ever_more_rarely() {
        for (count, seconds) in [(1, 30), (2, 60), (5, 480), (6, 900), (50, 900)] {
            assert_eq!(pause_after(count), Duration::from_secs(seconds), "{count}");
        }
    }
}
