//! One run of one stream: plan, then slice after slice.

use std::time::Instant;

use chrono::{DateTime, Utc};
use tracing::field::Empty;
use tracing::{Instrument, info, info_span, warn};

use crate::warehouse::{PendingRequest, RunEnd, RunId, RunState};
use connectors::source::{Remedy, Window};

use super::SyncError;
use super::failpoint::reach_failpoint;
use super::losses::mend_losses;
use super::observer::{Event, RunReport, UnfinishedSlice};
use super::plan::PlannedSlice;
use super::plan_backfill::BackfillTally;
use super::run_plan::{RunPlan, WaitingSlice, plan_run};
use super::session::Session;
use super::slice::run_slice;
use super::stream_spec::StreamSpec;

/// After so many failures in a row the rest of a run would fail too.
const FAILURES_IN_A_ROW: u32 = 3;

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
    span.record("outcome", report.outcome_word());
    span.record("slice_count", report.complete_count + report.unfinished.len());
    span.record("row_count", report.counts.seen());
    if !report.is_complete() {
        span.record("otel.status_code", "ERROR");
    }
    (session.observer)(Event::RunEnded(&report));
    if report.counts.seen() >= LARGE_RUN {
        allocator::return_memory();
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
        report.is_source_failure |= error.is_of_source();
        report.unfinished.push(broken_off(&error));
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
    let (source, stream) = (spec.source.as_str(), spec.name());
    let wishes = session.warehouse.open_requests(Some((source, stream))).await?;
    let options = RunOptions {
        // Whoever asks for a run wants what has failed to be tried, too.
        ignores_retries: options.ignores_retries || wishes.iter().any(|wish| wish.backfill.is_none()),
    };
    let outcome = run_slices(spec, session, run, options, &wishes, report, is_wanted_anew).await;
    reach_failpoint("before end of run");
    session
        .warehouse
        .end_run(&session.lease, run, &run_end(report, outcome.as_ref().err()))
        .await?;
    reach_failpoint("after end of run");
    if wishes.iter().any(|wish| wish.backfill.is_none()) {
        let missing = describe_missing(report, outcome.as_ref().err());
        session
            .warehouse
            .end_requests(&session.lease, run, missing.as_deref())
            .await?;
    }
    outcome
}

/// What a run has not read, for those who asked for it.
fn describe_missing(report: &RunReport, error: Option<&SyncError>) -> Option<String> {
    let left = (report.ids_left > 0).then(|| format!("{} ids to go", report.ids_left));
    let first = report.unfinished.first().map(|slice| slice.reason.clone());
    let lost = (report.lost > 0).then(|| format!("{} rows are missing in the warehouse", report.lost));
    error.map(SyncError::describe_causes).or(first).or(left).or(lost)
}

fn run_end<'a>(report: &'a RunReport, error: Option<&SyncError>) -> RunEnd<'a> {
    let first = report.unfinished.first();
    let state = match (first, error) {
        (_, Some(_)) => RunState::Failed,
        (Some(slice), _) if slice.is_failed => RunState::Failed,
        (Some(_), _) => RunState::Incomplete,
        (None, _) if report.ids_left > 0 || report.lost > 0 => RunState::Incomplete,
        (None, _) => RunState::Complete,
    };
    RunEnd {
        state,
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
    run_planned_slices(spec, session, run, options, wishes, report, &is_wanted_anew).await?;
    let losses = mend_losses(session).await?;
    report.restored = losses.restored;
    report.lost = losses.lost_of(spec.stream.fills);
    Ok(())
}

async fn run_planned_slices(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    options: RunOptions,
    wishes: &[PendingRequest],
    report: &mut RunReport,
    is_wanted_anew: &impl Fn() -> bool,
) -> Result<(), SyncError> {
    let RunPlan {
        slices,
        waiting,
        ids_left,
    } = plan_run(spec, session, options.ignores_retries, wishes).await?;
    if !wishes.is_empty() {
        let (lease, count) = (&session.lease, slices.len());
        session
            .warehouse
            .take_requests(lease, spec.name(), run, count)
            .await?;
    }
    let mut backfilled = BackfillTally::of(&slices);
    report.ids_left = ids_left;
    report.unfinished.extend(waiting.iter().map(left_alone));
    let (source, stream) = (spec.source.as_str(), spec.name());
    (session.observer)(Event::RunPlanned {
        source,
        stream,
        slice_count: slices.len(),
    });
    let mut failures = 0;
    let mut refused_partitions: Vec<String> = Vec::new();
    for (done, planned) in slices.into_iter().enumerate() {
        // One older window at least is read after the newest, or history would never be filled.
        if done > 1 && is_wanted_anew() {
            report.is_cut_short = true;
            break;
        }
        if refused_partitions.contains(&planned.partition) {
            continue;
        }
        let window = planned.window();
        let slice = run_slice(spec, session, run, &planned).await?;
        (session.observer)(Event::SliceEnded {
            source,
            stream,
            outcome: slice.outcome_word(),
        });
        report.counts += slice.counts;
        report.held_deletions += slice.held_deletions;
        report.warnings.extend(
            slice
                .warnings
                .iter()
                .filter(|warning| !report.warnings.contains(warning))
                .copied()
                .collect::<Vec<_>>(),
        );
        let Some(flaw) = slice.flaw else {
            report.complete_count += 1;
            failures = 0;
            if let (Some(id), Some(window)) = (planned.backfill, window) {
                for part in backfilled.add(id, &planned.partition, window) {
                    session
                        .warehouse
                        .record_backfilled(&session.lease, id, part)
                        .await?;
                }
            }
            continue;
        };
        failures += u32::from(flaw.is_failed);
        report.is_source_failure |= flaw.is_of_source;
        if flaw.is_refusal {
            refused_partitions.push(planned.partition.clone());
        }
        report.unfinished.push(UnfinishedSlice {
            partition: planned.partition,
            window,
            is_failed: flaw.is_failed,
            is_waiting: false,
            reason: flaw.reason,
            remedy: flaw.remedy,
        });
        if flaw.is_of_source || failures >= FAILURES_IN_A_ROW || session.stop.is_cancelled() {
            break;
        }
    }
    Ok(())
}

fn broken_off(error: &SyncError) -> UnfinishedSlice {
    UnfinishedSlice {
        partition: String::new(),
        window: None,
        is_failed: true,
        is_waiting: false,
        reason: error.describe_causes(),
        remedy: error.remedy(),
    }
}

fn left_alone(waiting: &WaitingSlice) -> UnfinishedSlice {
    let WaitingSlice { slice, retry } = waiting;
    let PlannedSlice { partition, .. } = slice;
    UnfinishedSlice {
        partition: partition.clone(),
        window: slice.window(),
        is_failed: true,
        is_waiting: true,
        reason: format!(
            "{} (attempt {}, the next one after {})",
            retry.reason,
            retry.attempts,
            format_minute(retry.next_attempt_at)
        ),
        remedy: Remedy::NextRun,
    }
}

fn format_minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
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
