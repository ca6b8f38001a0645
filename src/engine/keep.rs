//! Keeping a source in step: one task for each stream, which the schedule only wakes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::warehouse::Warehouse;
use connectors::source::Remedy;

use super::hold::{Patience, hold};
use super::job::{Job, Session};
use super::report::{RunReport, Watch};
use super::run::run;

/// Longest pause of a stream that fails again and again.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Pause after a first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// First runs are spread over this time, so that instances that start together do not fall into step.
const START_SPREAD_MS: u64 = 2_000;

/// A stream and its alarm clock. Ticks during a run melt into one.
pub struct Scheduled {
    /// The stream.
    pub job: Arc<Job>,
    /// Changes with every tick of the schedule.
    pub ticks: watch::Receiver<u64>,
}

/// Keeps all streams of one source in step until `stop`; takes the source anew when it was lost.
pub async fn keep(
    warehouse: Warehouse,
    streams: Vec<Scheduled>,
    period: Duration,
    stop: CancellationToken,
    watch: Watch,
) {
    let Some(source) = streams.first().map(|scheduled| scheduled.job.source.clone()) else {
        return;
    };
    while !stop.is_cancelled() {
        let held = hold(
            &warehouse,
            &source,
            period,
            Patience::Endless,
            (&stop, watch.clone()),
        )
        .await;
        match held {
            Ok(mine) => {
                info!(source, "Took the source");
                tend(&streams, &mine.session).await;
                mine.release().await;
            }
            Err(_) if stop.is_cancelled() => return,
            Err(error) => {
                error!(source, error = %error, "The source cannot be taken; trying again");
                pause(period, &stop).await;
            }
        }
    }
}

/// Runs the streams, each in its own task, until the session stops.
async fn tend(streams: &[Scheduled], session: &Session) {
    let mut tasks = JoinSet::new();
    for scheduled in streams {
        tasks.spawn(tend_one(
            scheduled.job.clone(),
            scheduled.ticks.clone(),
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

async fn tend_one(job: Arc<Job>, mut ticks: watch::Receiver<u64>, session: Session) {
    pause(
        Duration::from_millis(fastrand::u64(0..START_SPREAD_MS)),
        &session.stop,
    )
    .await;
    let mut failures = 0;
    while !session.stop.is_cancelled() {
        ticks.mark_unchanged();
        let report = run(&job, &session, || {
            session.stop.is_cancelled() || ticks.has_changed().unwrap_or(false)
        })
        .await;
        if report.is_cut_short && report.is_complete() {
            continue;
        }
        failures = if report.is_complete() { 0 } else { failures + 1 };
        let not_before = Instant::now() + rest(failures, &report);
        tokio::select! {
            biased;
            () = session.stop.cancelled() => return,
            () = async { sleep_until(not_before).await; let _ = ticks.changed().await; } => (),
        }
    }
}

/// How long a stream rests: not at all after a good run, longer with each failure, and longest where only a person can help.
fn rest(failures: u32, report: &RunReport) -> Duration {
    let needs_operator = report
        .unfinished
        .iter()
        .any(|unfinished| unfinished.remedy == Remedy::Operator);
    match failures {
        0 => Duration::ZERO,
        _ if needs_operator => LONGEST_PAUSE,
        _ => FIRST_PAUSE
            .saturating_mul(1 << (failures - 1).min(10))
            .min(LONGEST_PAUSE),
    }
}

async fn pause(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => (),
        () = tokio::time::sleep(time) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Unfinished;
    use crate::warehouse::Counts;

    fn report(remedy: Option<Remedy>) -> RunReport {
        let flaw = |remedy| Unfinished {
            window: None,
            is_failed: true,
            reason: String::new(),
            remedy,
        };
        RunReport {
            source: String::new(),
            stream: String::new(),
            complete_count: 0,
            unfinished: remedy.map(flaw).into_iter().collect(),
            counts: Counts::default(),
            held_deletions: 0,
            elapsed: Duration::ZERO,
            is_cut_short: false,
        }
    }

    #[test]
    fn a_stream_rests_longer_with_each_failure_and_longest_for_a_person() {
        for (failures, remedy, seconds) in [
            (0, None, 0),
            (1, Some(Remedy::NextTick), 30),
            (2, Some(Remedy::NextTick), 60),
            (7, Some(Remedy::Developer), 1_920),
            (8, Some(Remedy::NextTick), 3_600),
            (50, Some(Remedy::NextTick), 3_600),
            (1, Some(Remedy::Operator), 3_600),
        ] {
            assert_eq!(
                rest(failures, &report(remedy)),
                Duration::from_secs(seconds),
                "{failures} {remedy:?}"
            );
        }
    }
}
