//! One slice: the next page is fetched while the last one is loaded, and the end is verified and recorded.

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::field::Empty;
use tracing::{Instrument as _, debug, debug_span};

use crate::transport::Priority;
use crate::warehouse::{Counts, LedgerSlice, NewSlice, RunId, SliceEnd, SliceOutcome, WarehouseError};
use connectors::source::{Remedy, Slice};

use super::SyncError;
use super::failpoint::reach_failpoint;
use super::fetch::{FetchSpec, fetch_pages};
use super::load::{LoadSpec, load_pages};
use super::plan::{PlannedSlice, Rank};
use super::session::Session;
use super::stream_spec::StreamSpec;
use super::verify::{SliceResult, Verified, verify_slice};

/// Pages that may wait between the two halves. How much they hold is bounded by bytes: see `PageRoom`.
const PAGES_AHEAD: usize = 32;

/// What a slice came to.
#[derive(Debug)]
pub(super) struct SliceReport {
    /// What became of the rows.
    pub(super) counts: Counts,
    /// Rows that are missing at the vendor and wait for an operator's word.
    pub(super) held_deletions: i64,
    /// What an operator should know about the vendor's answers.
    pub(super) warnings: Vec<&'static str>,
    /// Why it is not complete.
    pub(super) flaw: Option<SliceFlaw>,
}

impl SliceReport {
    /// complete, incomplete or failed.
    pub(super) fn outcome_word(&self) -> &'static str {
        match &self.flaw {
            None => "complete",
            Some(flaw) if flaw.is_failed => "failed",
            Some(_) => "incomplete",
        }
    }
}

/// Why a slice is not complete.
#[derive(Debug)]
pub(super) struct SliceFlaw {
    /// True where it broke off.
    pub(super) is_failed: bool,
    /// True where other slices of the source would fail for the same reason.
    pub(super) is_of_source: bool,
    /// True where the vendor refuses the list to the credential, so that no other slice of it is let through.
    pub(super) is_refusal: bool,
    /// In words.
    pub(super) reason: String,
    /// What mends it.
    pub(super) remedy: Remedy,
}

/// Reads a slice, and records its end. An error means that the ledger itself could not be written; the next run closes it then.
pub(super) async fn run_slice(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    planned: &PlannedSlice,
) -> Result<SliceReport, SyncError> {
    let span = debug_span!(
        "slice",
        partition = planned.partition,
        purpose = planned.purpose.word(),
        since = planned.window().map(|window| window.since.to_rfc3339()),
        until = planned.window().map(|window| window.until.to_rfc3339()),
        outcome = Empty,
        row_count = Empty,
        otel.status_code = Empty
    );
    let report = read_slice(spec, session, run, planned)
        .instrument(span.clone())
        .await?;
    span.record("outcome", report.outcome_word());
    span.record("row_count", report.counts.seen());
    if report.flaw.is_some() {
        span.record("otel.status_code", "ERROR");
    }
    Ok(report)
}

async fn read_slice(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    planned: &PlannedSlice,
) -> Result<SliceReport, SyncError> {
    let belonging = spec.stream.belongings.iter().map(|belonging| belonging.table);
    let tables: Vec<_> = spec.stream.fills.iter().copied().chain(belonging).collect();
    let _locks = session.table_locks.lock_tables(&tables).await;
    let new = NewSlice {
        run,
        stream: spec.name(),
        partition: &planned.partition,
        generation: planned.generation,
        purpose: planned.purpose,
        window: planned.window(),
        started_at: session.clock.now(),
    };
    let ledger = session.warehouse.begin_slice(&session.lease, &new).await?;
    reach_failpoint("after begin of slice");
    let slice = Slice {
        partition: planned.partition.clone(),
        extent: planned.extent.clone(),
        started_at: ledger.started_at,
    };
    let (pages, queue) = mpsc::channel(PAGES_AHEAD);
    let load = LoadSpec {
        session: session.clone(),
        stream: spec.name(),
        system_agents: spec.vendor.system_agents,
        first_table: spec.stream.fills[0].name,
        slice: ledger.clone(),
        skip_probe: planned.skip_probe,
        pages: queue,
    };
    // A task of its own: while it encodes one page, the next one is mapped.
    let loading = AbortOnDropHandle::new(tokio::spawn(load_pages(load).in_current_span()));
    let fetch = FetchSpec {
        reader: spec.open(slice),
        priority: if planned.rank == Rank::Live {
            Priority::Live
        } else {
            Priority::History
        },
        pages,
    };
    let fetched = fetch_pages(spec, session, fetch).await;
    // Nobody aborts it but whoever drops this future.
    let loaded = loading
        .await
        .unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()));
    reach_failpoint("after last page");
    let result = SliceResult {
        spec,
        planned,
        fetched,
        loaded,
        fails_alone: session.gate.fails_alone(spec.name()),
    };
    end_slice(session, &ledger, result).await
}

async fn end_slice(
    session: &Session,
    ledger: &LedgerSlice,
    mut result: SliceResult<'_>,
) -> Result<SliceReport, SyncError> {
    let mut verified = verify_slice(&mut result);
    let recorded = match record_end(session, ledger, &result, &verified).await {
        Err(lost @ SyncError::Warehouse(WarehouseError::Lost)) => {
            verified = Verified::Failed(lost);
            record_end(session, ledger, &result, &verified).await
        }
        recorded => recorded,
    };
    let SliceOutcome { deleted, held } = recorded?;
    reach_failpoint("after end of slice");
    let mut counts = result.loaded.counts;
    counts.deleted += deleted;
    debug!(row_count = counts.seen(), "Read a slice of `{}`", ledger.stream);
    Ok(SliceReport {
        counts,
        held_deletions: held,
        warnings: result.fetched.reading.warnings.iter().copied().collect(),
        flaw: flaw_of(verified),
    })
}

async fn record_end(
    session: &Session,
    ledger: &LedgerSlice,
    result: &SliceResult<'_>,
    verified: &Verified,
) -> Result<SliceOutcome, SyncError> {
    reach_failpoint("before end of slice");
    let reason = verified.reason();
    let end = SliceEnd {
        batch_count: result.loaded.batch_count,
        traffic: result.fetched.traffic,
        vendor_total: result
            .fetched
            .reading
            .total
            .and_then(|total| i64::try_from(total).ok()),
        evidence: result.evidence_lines(),
        verdict: result.ledger_verdict(verified, &reason),
    };
    Ok(session.warehouse.end_slice(&session.lease, ledger, end).await?)
}

fn flaw_of(verified: Verified) -> Option<SliceFlaw> {
    let reason = verified.reason();
    match verified {
        Verified::Complete => None,
        Verified::Incomplete { remedy, .. } => Some(SliceFlaw {
            is_failed: false,
            is_of_source: false,
            is_refusal: false,
            reason,
            remedy,
        }),
        Verified::Stopped => Some(SliceFlaw {
            is_failed: false,
            is_of_source: false,
            is_refusal: false,
            reason,
            remedy: SyncError::Stopped.remedy(),
        }),
        Verified::Failed(error) => Some(SliceFlaw {
            is_failed: true,
            is_of_source: error.is_of_source(),
            is_refusal: error.is_refusal(),
            reason,
            remedy: error.remedy(),
        }),
    }
}
