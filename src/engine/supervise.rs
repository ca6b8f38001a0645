//! Keeping a source in step: one task for each stream, which the schedule only wakes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::warehouse::{NewPause, StreamSchedule, Warehouse};
use connectors::source::Remedy;

use super::SyncError;
use super::account_check::check_account;
use super::failpoint::reach_failpoint;
use super::lease::{LeaseWait, open_source};
use super::losses::{PATIENCE_OF_RUNS, find_losses, watch_losses};
use super::observer::{Observer, RunReport};
use super::orders::{OrdersFeed, Wish};
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
/// How long it takes at most until an instance knows its share.
const SHARES_KNOWN: Duration = Duration::from_secs(3);
/// How long the end of a tenure may wait for its books.
const LONGEST_NOTE: Duration = Duration::from_secs(2);
/// What is said of a pause is taken for an operator's word where it is earlier than ours by more than clocks differ.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(1);

/// Tells when a schedule comes round next after an instant; nothing where it never does.
pub type NextRun = Arc<dyn Fn(DateTime<Utc>) -> Option<DateTime<Utc>> + Send + Sync>;

/// A stream and its alarm clock. Ticks during a run melt into one.
#[derive(Clone)]
pub struct ScheduledStream {
    /// The stream.
    pub spec: Arc<StreamSpec>,
    /// Changes with every tick of the schedule.
    pub ticks: watch::Receiver<u64>,
    /// The schedule, for people.
    pub schedule: String,
    /// When it comes round next.
    pub next_run: NextRun,
    /// How far the stream may be behind before it counts as lagging.
    pub lag_limit: TimeDelta,
}

/// What the supervision of a source works with.
#[derive(Clone)]
pub struct Supervision {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// How long the source stays with an instance that has gone silent.
    pub period: Duration,
    /// Says when to stop.
    pub stop: CancellationToken,
    /// Hears what happens.
    pub observer: Observer,
    /// What operators want.
    pub orders: OrdersFeed,
    /// True while the source is this instance's share of the work.
    pub is_ours: watch::Receiver<bool>,
}

/// Keeps all streams of one source in step until it is to stop; takes the source anew when it was lost, and gives it away when it
/// is another instance's share.
pub async fn supervise_source(supervision: Supervision, streams: Vec<ScheduledStream>) {
    let Some(source) = streams.first().map(|stream| stream.spec.source.clone()) else {
        return;
    };
    let stop = supervision.stop.clone();
    while !stop.is_cancelled() {
        if !wait_for_share(&supervision, &source).await {
            return;
        }
        // Ends when the instance stops, and when the source becomes another one's share.
        let tenure = stop.child_token();
        let giving_away = tokio::spawn(give_away(supervision.is_ours.clone(), tenure.clone()));
        let held = open_source(
            &supervision.warehouse,
            &source,
            supervision.period,
            LeaseWait::Endless,
            &tenure,
            supervision.observer.clone(),
        )
        .await;
        match held {
            Ok(mut held) => {
                info!(source, "Took the source");
                held.session.orders = supervision.orders.clone();
                supervise_streams(&streams, &held.session).await;
                leave_books(&held.session).await;
                held.release().await;
                if !stop.is_cancelled() {
                    info!(source, "Gave the source back");
                }
            }
            Err(_) if tenure.is_cancelled() => (),
            Err(error) => {
                error!(source, error = %error, "The source cannot be taken; trying again");
                sleep_or_stop(supervision.period, &stop).await;
            }
        }
        giving_away.abort();
    }
}

/// Waits until the source is this instance's share. False where it is to stop before.
async fn wait_for_share(supervision: &Supervision, source: &str) -> bool {
    let mut is_ours = supervision.is_ours.clone();
    let waiting = async {
        // At the start it takes a moment until the shares are known.
        if timeout(SHARES_KNOWN, is_ours.wait_for(|is_ours| *is_ours))
            .await
            .is_err()
        {
            info!(source, "Standing by: the source is another instance's share");
        }
        is_ours.wait_for(|is_ours| *is_ours).await.is_ok()
    };
    tokio::select! {
        () = supervision.stop.cancelled() => false,
        is_ours = waiting => is_ours,
    }
}

async fn give_away(mut is_ours: watch::Receiver<bool>, tenure: CancellationToken) {
    if is_ours.wait_for(|is_ours| !is_ours).await.is_ok() {
        tenure.cancel();
    }
}

/// Prepares a source for its runs: what the settings want is written down, and the account is the one whose rows are stored.
pub async fn prepare_source(specs: &[&StreamSpec], session: &Session) -> Result<(), SyncError> {
    reach_failpoint("before account check");
    check_account(specs, session).await?;
    reach_failpoint("before registration");
    register_streams(specs, session).await?;
    find_losses(session, PATIENCE_OF_RUNS).await
}

/// Runs the streams, each in its own task, until the session stops.
async fn supervise_streams(streams: &[ScheduledStream], session: &Session) {
    let specs: Vec<&StreamSpec> = streams.iter().map(|stream| &*stream.spec).collect();
    let mut is_told = false;
    while let Err(error) = prepare_streams(&specs, streams, session).await {
        if !is_told {
            error!(source = session.lease.source(), error = %error, "The source cannot be read; looking again every {} s", REFUSED_PAUSE.as_secs());
        }
        is_told = true;
        sleep_or_stop(REFUSED_PAUSE, &session.stop).await;
        if session.stop.is_cancelled() {
            return;
        }
    }
    let mut tasks = JoinSet::new();
    let specs = streams.iter().map(|stream| stream.spec.clone()).collect();
    tasks.spawn(watch_losses(specs, session.clone()));
    for stream in streams {
        tasks.spawn(supervise_stream(stream.clone(), session.clone()));
    }
    let hastening = tokio::spawn(hasten_probe(session.clone()));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            error!(error = %error, "A stream's task ended by itself; the source is taken anew");
            session.stop.cancel();
        }
    }
    hastening.abort();
}

async fn prepare_streams(
    specs: &[&StreamSpec],
    streams: &[ScheduledStream],
    session: &Session,
) -> Result<(), SyncError> {
    prepare_source(specs, session).await?;
    // What an instance before this one has decided does not bind it: it tries at once, by one stream. Only an answer ends the pause,
    // so that nobody is told of an end that is none.
    if let Some(failure_count) = session.warehouse.inherit_pause(&session.lease).await? {
        session.gate.inherit_pause(failure_count);
    }
    let now = session.clock.now();
    let schedules: Vec<StreamSchedule<'_>> = streams
        .iter()
        .map(|stream| StreamSchedule {
            stream: stream.spec.name(),
            schedule: &stream.schedule,
            next_run_at: (stream.next_run)(now),
            lag_limit: stream.lag_limit,
        })
        .collect();
    session
        .warehouse
        .record_schedules(&session.lease, &schedules)
        .await?;
    Ok(())
}

/// What nobody keeps any more is not shown as if somebody did.
async fn leave_books(session: &Session) {
    let (warehouse, lease) = (&session.warehouse, &session.lease);
    if !timeout(LONGEST_NOTE, warehouse.clear_schedules(lease))
        .await
        .is_ok_and(|cleared| cleared.is_ok())
    {
        debug!(
            source = lease.source(),
            "The books of the source could not be closed"
        );
    }
}

/// Lets a source that is left alone be tried at once where an operator wants it, by ending its pause or by asking for a run, and
/// when the database has come back.
async fn hasten_probe(session: Session) {
    let source = session.lease.source().to_owned();
    let mut orders = session.orders.clone();
    let mut back_count = orders.borrow_and_update().back_count();
    while orders.changed().await.is_ok() {
        let (was, is) = (back_count, orders.borrow().back_count());
        back_count = is;
        if was != is {
            // What failed may have failed for the database alone.
            session.gate.try_at_once();
        }
        let Some(left) = session.gate.left_alone_for() else {
            continue;
        };
        let ours = session.clock.now() + TimeDelta::from_std(left).unwrap_or(TimeDelta::zero());
        let (said, is_asked) = {
            let orders = orders.borrow_and_update();
            (orders.tried_again_at(&source), orders.wants_any_run(&source))
        };
        if is_asked || said.is_some_and(|said| said + CLOCK_SLACK < ours) {
            session.gate.try_at_once();
        }
    }
}

async fn supervise_stream(mut stream: ScheduledStream, session: Session) {
    let spread = Duration::from_millis(fastrand::u64(0..START_SPREAD_MS));
    sleep_or_stop(spread, &session.stop).await;
    let mut incomplete_count = 0;
    while wait_for_turn(&stream.spec, &session).await {
        let probe = tokio::select! {
            biased;
            () = session.stop.cancelled() => return,
            probe = session.gate.enter_gate(stream.spec.name()) => probe,
        };
        // A wish wakes a stream once: its run takes it up, or fails and is tried again anyway.
        let known = session
            .orders
            .borrow()
            .wishes_of(&stream.spec.source, stream.spec.name());
        let begun = Instant::now();
        let Some(report) = run_unless_paused(&mut stream, &session).await else {
            continue;
        };
        if session.stop.is_cancelled() {
            return;
        }
        if report.is_source_failure && leave_alone(&report, &session).await {
            continue;
        }
        if report.has_answers() {
            greet_again(&report.stream, &session, begun).await;
        }
        // The others need not wait until this stream runs again; where it had nothing to ask, the next one tries the source.
        drop(probe);
        if report.is_cut_short && report.is_complete() {
            continue;
        }
        incomplete_count = if report.unfinished.is_empty() {
            0
        } else {
            incomplete_count + 1
        };
        publish_next_run(&stream, &session, incomplete_count).await;
        wait_for_wake(&mut stream, &session, &known, incomplete_count).await;
    }
}

/// Waits while an operator wants the stream to be left alone. False where it is to stop.
async fn wait_for_turn(spec: &StreamSpec, session: &Session) -> bool {
    let mut orders = session.orders.clone();
    let is_paused = orders.borrow().is_paused(&spec.source, spec.name());
    if is_paused {
        info!(
            source = spec.source,
            stream = spec.name(),
            "Paused by an operator; `convene resume` ends that"
        );
        let waited = orders.wait_for(|orders| !orders.is_paused(&spec.source, spec.name()));
        tokio::select! {
            biased;
            () = session.stop.cancelled() => (),
            // Where nobody can say anything any more, the process is ending.
            _ = waited => info!(source = spec.source, stream = spec.name(), "Resumed"),
        }
    }
    !session.stop.is_cancelled()
}

/// A run, unless an operator pauses the stream in the middle: then it ends with the page in hand.
async fn run_unless_paused(stream: &mut ScheduledStream, session: &Session) -> Option<RunReport> {
    let spec = stream.spec.clone();
    let own = session.with_own_stop();
    let mut orders = session.orders.clone();
    let pausing = async {
        if orders
            .wait_for(|orders| orders.is_paused(&spec.source, spec.name()))
            .await
            .is_ok()
        {
            own.stop.cancel();
        }
        std::future::pending::<()>().await;
    };
    stream.ticks.mark_unchanged();
    let ticks = stream.ticks.clone();
    let is_wanted_anew = || own.stop.is_cancelled() || ticks.has_changed().unwrap_or(false);
    // Apart, so that a run takes room only while there is one.
    let run = Box::pin(run_stream(&spec, &own, RunOptions::default(), is_wanted_anew));
    let report = tokio::select! {
        report = run => report,
        () = pausing => return None,
    };
    (session.stop.is_cancelled() || !own.stop.is_cancelled()).then_some(report)
}

/// Waits for the next tick, for somebody who wants a run, or, where the last run was not complete, for a while.
async fn wait_for_wake(
    stream: &mut ScheduledStream,
    session: &Session,
    known: &[Wish],
    incomplete_count: u32,
) {
    let mut orders = session.orders.clone();
    let (source, name) = (stream.spec.source.as_str(), stream.spec.name());
    let is_new = |wish: &Wish| !known.contains(wish);
    let asked = orders.wait_for(|orders| orders.wishes_of(source, name).iter().any(is_new));
    let nudge = session.nudge_of(name);
    tokio::select! {
        biased;
        () = session.stop.cancelled() => (),
        _ = stream.ticks.changed() => (),
        Ok(_) = asked => (),
        () = nudge.notified() => (),
        // What failed is tried again before the schedule's next tick, which may be tomorrow.
        () = tokio::time::sleep(pause_after(incomplete_count)), if incomplete_count > 0 => (),
    }
}

/// Writes down when the stream runs next, for people.
async fn publish_next_run(stream: &ScheduledStream, session: &Session, incomplete_count: u32) {
    let now = session.clock.now();
    let by_schedule = (stream.next_run)(now);
    let again = TimeDelta::from_std(pause_after(incomplete_count))
        .ok()
        .filter(|_| incomplete_count > 0)
        .map(|pause| now + pause);
    let next = by_schedule.into_iter().chain(again).min();
    let noted = session
        .warehouse
        .record_next_run(&session.lease, stream.spec.name(), next);
    if let Err(error) = noted.await {
        debug!(error = %error, "The next run could not be written down");
    }
}

/// Leaves the whole source alone for a while, and says so, once. False where other streams are answered meanwhile.
async fn leave_alone(report: &RunReport, session: &Session) -> bool {
    let remedy = report.remedy();
    let needs_operator = remedy == Some(Remedy::Operator);
    let Some(left) = session.gate.pause_source(&report.stream, needs_operator) else {
        return false;
    };
    if !left.is_new {
        return true;
    }
    let reason = report.unfinished.last().map_or("", |slice| slice.reason.as_str());
    if left.failure_count == 1 {
        warn!(
            source = report.source,
            pause_seconds = left.wait.as_secs(),
            error = reason,
            "The source is left alone for a while; one stream tries it then"
        );
    }
    let pause = NewPause {
        wait: left.wait,
        reason,
        remedy: remedy.map(Remedy::word),
        failure_count: left.failure_count,
    };
    if let Err(error) = session.warehouse.record_pause(&session.lease, &pause).await {
        debug!(source = report.source, error = %error, "The pause could not be written down");
    }
    true
}

/// The source answers: where it had not, that is told.
async fn greet_again(stream: &str, session: &Session, begun: Instant) {
    if !session.gate.clear_pause(stream, begun) {
        return;
    }
    info!(source = session.lease.source(), "The source answers again");
    if let Err(error) = session.warehouse.clear_pause(&session.lease).await {
        debug!(error = %error, "The end of the pause could not be written down");
        // The next answer tries again: what nobody writes down would be shown, and told, for good.
        session.gate.inherit_pause(0);
    }
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
