//! One run of one stream: plan, then walk after walk.

use std::time::Instant;

use tracing::{Instrument, info, info_span, warn};

use crate::warehouse::Counts;
use connectors::source::{Remedy, Window};

use super::SyncError;
use super::job::{Job, Session};
use super::planned::{Planned, planned};
use super::report::{Event, RunReport, Unfinished};
use super::walk::walk;

/// After so many failures in a row the rest of a run would fail too.
const FAILURES_IN_A_ROW: u32 = 3;

/// Runs a stream once. Between two walks `is_wanted_anew` may ask to stop here, so that the newest data come first again.
pub async fn run(job: &Job, session: &Session, is_wanted_anew: impl Fn() -> bool) -> RunReport {
    let span = info_span!("run", source = job.source, stream = job.stream.name());
    let report = timed(job, session, is_wanted_anew).instrument(span).await;
    (session.watch)(Event::Ran(&report));
    report
}

async fn timed(job: &Job, session: &Session, is_wanted_anew: impl Fn() -> bool) -> RunReport {
    let begin = Instant::now();
    let mut report = empty_report(job);
    if let Err(error) = steps(job, session, &mut report, is_wanted_anew).await {
        report.unfinished.push(broken(None, &error));
    }
    report.elapsed = begin.elapsed();
    tell(&report);
    report
}

async fn steps(
    job: &Job,
    session: &Session,
    report: &mut RunReport,
    is_wanted_anew: impl Fn() -> bool,
) -> Result<(), SyncError> {
    let Planned { steps, keys } = planned(job, session).await?;
    let (source, stream) = (job.source.as_str(), job.stream.name());
    (session.watch)(Event::Planned {
        source,
        stream,
        walk_count: steps.len(),
    });
    let mut failures = 0;
    for (done, step) in steps.into_iter().enumerate() {
        // One older window at least is read after the newest, or history would never be filled.
        if done > 1 && is_wanted_anew() {
            report.is_cut_short = true;
            break;
        }
        let window = step.purpose.has_window().then_some(step.window);
        let walked = match walk(job, session, step, &keys).await {
            Ok(walked) => walked,
            Err(error) => {
                report.unfinished.push(broken(window, &error));
                break;
            }
        };
        report.counts += walked.counts;
        report.held_deletions += walked.held_deletions;
        (session.watch)(Event::Walked { source, stream });
        match walked.unfinished {
            None => {
                report.complete_count += 1;
                failures = 0;
            }
            Some(unfinished) => {
                failures += u32::from(unfinished.is_failed);
                // Only a flaw of the window itself lets the other windows hope.
                let is_hopeless = unfinished.is_failed && unfinished.remedy != Remedy::Developer;
                report.unfinished.push(unfinished);
                if is_hopeless || failures >= FAILURES_IN_A_ROW {
                    break;
                }
            }
        }
    }
    Ok(())
}

fn broken(window: Option<Window>, error: &SyncError) -> Unfinished {
    Unfinished {
        window,
        is_failed: true,
        reason: error.to_string(),
        remedy: error.remedy(),
    }
}

fn empty_report(job: &Job) -> RunReport {
    RunReport {
        source: job.source.clone(),
        stream: job.stream.name().to_owned(),
        complete_count: 0,
        unfinished: Vec::new(),
        counts: Counts::default(),
        held_deletions: 0,
        elapsed: std::time::Duration::ZERO,
        is_cut_short: false,
    }
}

/// One line for each run, and one for its first flaw.
fn tell(report: &RunReport) {
    let counts = &report.counts;
    info!(
        walk_count = report.complete_count + report.unfinished.len(),
        row_count = counts.seen(),
        inserted = counts.inserted,
        updated = counts.updated,
        unchanged = counts.unchanged,
        reject_count = counts.rejected,
        duration_ms = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
        "Ran `{}`",
        report.stream
    );
    if let Some(first) = report.unfinished.first() {
        let window = first
            .window
            .map_or_else(|| "all".to_owned(), |window| window.to_string());
        warn!(
            window,
            remedy = first.remedy.word(),
            error = first.reason,
            "A walk is not complete"
        );
    }
}
