//! One run of one stream: its plan, its slices, and its end in the ledger.

use std::time::Instant;

use tracing::field::Empty;
use tracing::{Instrument, info, info_span, warn};

use crate::warehouse::{PendingRequest, RunEnd, RunId};
use connectors::source::Window;

use super::SyncError;
use super::failpoint::reach_failpoint;
use super::losses::mend_losses;
use super::observer::{Event, RunReport};
use super::run_plan::plan_run;
use super::session::Session;
use super::slice_runs::SliceRuns;
use super::stream_spec::StreamSpec;

/// After so many rows there is memory to be given back.
const LARGE_RUN: i64 = 1_000;

/// How a run goes about its slices.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// True where slices that failed before are tried at once, whenever their next attempt is due.
    pub ignores_retries: bool,
}

/// Runs a stream once. Between two slices `is_wanted_anew` may ask to stop here, so that the newest data come first again.
pub async fn run_stream(
    spec: &StreamSpec,
    session: &Session,
    options: RunOptions,
    is_wanted_anew: impl Fn() -> bool,
) -> RunReport {
    let span = info_span!(
        "run",
        source = spec.source,
        stream = spec.name(),
        outcome = Empty,
        slice_count = Empty,
        row_count = Empty,
        otel.status_code = Empty
    );
    let report = time_run(spec, session, options, is_wanted_anew)
        .instrument(span.clone())
        .await;
    span.record("outcome", report.state().word());
    span.record("slice_count", report.complete_count + report.unfinished.len());
    span.record("row_count", report.counts.seen());
    if !report.is_complete() {
        span.record("otel.status_code", "ERROR");
    }
    (session.observer)(Event::RunEnded(&report));
    if report.counts.seen() >= LARGE_RUN {
        system::return_memory();
    }
    report
}

async fn time_run(
    spec: &StreamSpec,
    session: &Session,
    options: RunOptions,
    is_wanted_anew: impl Fn() -> bool,
) -> RunReport {
    let begin = Instant::now();
    let mut report = RunReport::begin(&spec.source, spec.name());
    if let Err(error) = record_run(spec, session, options, &mut report, is_wanted_anew).await {
        report.break_off(&error);
    }
    report.elapsed = begin.elapsed();
    log_run(&report);
    report
}

async fn record_run(
    spec: &StreamSpec,
    session: &Session,
    options: RunOptions,
    report: &mut RunReport,
    is_wanted_anew: impl Fn() -> bool,
) -> Result<(), SyncError> {
    if !spec.promoted.is_empty() {
        let table = spec.stream.fills[0];
        session
            .warehouse
            .promote_fields(&session.lease, table, &spec.promoted)
            .await?;
    }
    reach_failpoint("before run");
    let run = session
        .warehouse
        .begin_run(&session.lease, spec.name(), session.clock.now())
        .await?;
    reach_failpoint("after begin of run");
    let wishes = session
        .warehouse
        .open_requests_of(&spec.source, spec.name())
        .await?;
    let options = RunOptions {
        // Whoever asks for a run wants what has failed to be tried, too.
        ignores_retries: options.ignores_retries || wishes.iter().any(|wish| wish.backfill.is_none()),
    };
    let outcome = run_slices(spec, session, run, options, &wishes, report, is_wanted_anew).await;
    if let Err(error) = &outcome {
        report.break_off(error);
    }
    reach_failpoint("before end of run");
    let ended = session
        .warehouse
        .end_run(&session.lease, run, &run_end(report))
        .await;
    // What broke the run off is told, and mostly keeps its end out of the ledger, too.
    if outcome.is_err() && ended.is_err() {
        return Ok(());
    }
    ended?;
    reach_failpoint("after end of run");
    if wishes.iter().any(|wish| wish.backfill.is_none()) {
        let missing = describe_missing(report);
        session
            .warehouse
            .end_requests(&session.lease, run, missing.as_deref())
            .await?;
    }
    Ok(())
}

/// What a run has not read, for those who asked for it.
fn describe_missing(report: &RunReport) -> Option<String> {
    let left = (report.ids_left > 0).then(|| format!("{} ids to go", report.ids_left));
    let first = report.unfinished.first().map(|slice| slice.reason.clone());
    let lost = (report.lost > 0).then(|| format!("{} rows are missing in the warehouse", report.lost));
    first.or(left).or(lost)
}

fn run_end(report: &RunReport) -> RunEnd<'_> {
    let first = report.unfinished.first();
    RunEnd {
        state: report.state(),
        reason: first.map(|slice| slice.reason.as_str()),
        remedy: report.remedy(),
    }
}

/// Runs what is planned, and looks whether rows that were missing are there again.
async fn run_slices(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    options: RunOptions,
    wishes: &[PendingRequest],
    report: &mut RunReport,
    is_wanted_anew: impl Fn() -> bool,
) -> Result<(), SyncError> {
    let plan = plan_run(spec, session, options.ignores_retries, wishes).await?;
    if !wishes.is_empty() {
        let (lease, count) = (&session.lease, plan.slices.len());
        session
            .warehouse
            .take_requests(lease, spec.name(), run, count)
            .await?;
    }
    SliceRuns::new(spec, session, run, report)
        .run_plan(plan, is_wanted_anew)
        .await?;
    let losses = mend_losses(spec, session).await?;
    report.restored = losses.restored;
    report.lost = losses.lost_of(spec.stream.fills);
    Ok(())
}

/// One line for each run, and one for its first flaw that is news: what waits was told when it failed.
fn log_run(report: &RunReport) {
    let counts = &report.counts;
    info!(
        slice_count = report.complete_count + report.unfinished.len(),
        row_count = counts.seen(),
        inserted = counts.inserted,
        updated = counts.updated,
        unchanged = counts.unchanged,
        reject_count = counts.rejected,
        ids_left = report.ids_left,
        duration_ms = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
        "Ran `{}`",
        report.stream
    );
    for warning in &report.warnings {
        warn!("{warning}");
    }
    if report.held_deletions > 0 {
        let (source, stream) = (&report.source, &report.stream);
        warn!(
            held_deletions = report.held_deletions,
            "Too many rows vanished at once; `convene confirm-deletions {source}.{stream}` believes them"
        );
    }
    if let Some(first) = report.unfinished.iter().find(|slice| !slice.is_waiting) {
        let window = first
            .window
            .map_or_else(|| "all".to_owned(), |window: Window| window.to_string());
        warn!(
            window,
            partition = first.partition,
            remedy = first.remedy.word(),
            error = first.reason,
            "A slice is not complete"
        );
    }
}
