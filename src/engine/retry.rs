//! Records that could not be read, mapped again: those that a mended mapping can read land, without a request.

use chrono::TimeDelta;

use crate::warehouse::{
    Completion, Load, NewSlice, Purpose, Reach, RejectEntry, RunEnd, RunId, RunState, SliceEnd, SliceVerdict,
    Traffic,
};
use connectors::reader::{ReadPage, StoredRecord};

use super::SyncError;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// How many records are mapped in one transaction.
const STEP: u32 = 500;

/// What came of records that could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryCounts {
    /// How many were mapped again.
    pub tried: i64,
    /// How many of them have landed.
    pub landed: i64,
}

/// Maps the records of a stream again that could not be read: all of them, or the one of a name.
pub async fn retry_rejects(
    spec: &StreamSpec,
    session: &Session,
    name: Option<&str>,
) -> Result<RetryCounts, SyncError> {
    let mut counts = RetryCounts::default();
    let mut behind = String::new();
    loop {
        let records = session
            .warehouse
            .stored_rejects(&spec.source, spec.name(), name, &behind, STEP)
            .await?;
        let Some(last) = records.last() else {
            return Ok(counts);
        };
        behind.clone_from(&last.name);
        counts.tried += i64::try_from(records.len()).unwrap_or(i64::MAX);
        // What lands belongs to the partition and the generation that it was met in.
        for group in records.chunk_by(|one, next| place_of(one) == place_of(next)) {
            counts.landed += land_readable(spec, session, group).await?;
        }
    }
}

fn place_of(record: &RejectEntry) -> (&str, i32) {
    (&record.partition, record.generation)
}

/// What can be read of some records, and the names of those.
#[derive(Default)]
struct Readable<'a> {
    page: ReadPage,
    names: Vec<&'a str>,
}

fn read_records<'a>(spec: &StreamSpec, records: &'a [RejectEntry]) -> Readable<'a> {
    let mut readable = Readable::default();
    for record in records {
        let stored = StoredRecord {
            raw: &record.raw,
            context: record.context.as_deref(),
        };
        let mut page = spec.stream.map_stored(&spec.account, stored);
        if !page.rejects.is_empty() || page.batch.is_empty() {
            continue;
        }
        page.batch.stamp(record.last_seen_at);
        readable.page.batch.append(page.batch);
        readable.page.faults.extend(page.faults);
        readable.names.push(&record.name);
    }
    readable
}

/// Loads what can be read of some records, as a slice of its own. Returns how many records that are.
async fn land_readable(
    spec: &StreamSpec,
    session: &Session,
    records: &[RejectEntry],
) -> Result<i64, SyncError> {
    let Readable { page, names } = read_records(spec, records);
    let Some(first) = records.first().filter(|_| !names.is_empty()) else {
        return Ok(0);
    };
    let _locks = session.table_locks.lock_tables(spec.stream.fills).await;
    let (warehouse, lease) = (&session.warehouse, &session.lease);
    let started_at = session.clock.now();
    let run = warehouse.begin_run(lease, spec.name(), started_at).await?;
    let new = NewSlice {
        run,
        stream: spec.name(),
        partition: &first.partition,
        generation: first.generation,
        purpose: Purpose::Replay,
        window: None,
        started_at,
    };
    let slice = warehouse.begin_slice(lease, &new).await?;
    let load = Load {
        slice: &slice,
        sequence: 1,
        at: started_at,
        batch: page.batch,
        rejects: Vec::new(),
        faults: page.faults,
        duplicate_count: 0,
        is_new_ground: false,
        traffic: Traffic::default(),
        lookups: Vec::new(),
        system_agents: spec.vendor.system_agents,
    };
    warehouse.load_batch(lease, load).await?;
    warehouse.end_slice(lease, &slice, end_of_retry()).await?;
    end_run(session, run).await?;
    warehouse
        .forget_rejects(lease, spec.name(), &names, slice.id)
        .await?;
    Ok(i64::try_from(names.len()).unwrap_or(i64::MAX))
}

fn end_of_retry() -> SliceEnd<'static> {
    SliceEnd {
        batch_count: 1,
        traffic: Traffic::default(),
        vendor_total: None,
        evidence: Vec::new(),
        verdict: SliceVerdict::Complete(worth_nothing()),
    }
}

/// Single records prove nothing of the list they are from.
fn worth_nothing() -> Completion<'static> {
    Completion {
        reach: Reach::Nothing,
        settle: TimeDelta::zero(),
        delete_share: 0.0,
        absences: Vec::new(),
        not_found_times: u32::MAX,
        belongings: &[],
        fields: &[],
        record_count: 0,
    }
}

async fn end_run(session: &Session, run: RunId) -> Result<(), SyncError> {
    let end = RunEnd {
        state: RunState::Complete,
        reason: None,
        remedy: None,
    };
    Ok(session.warehouse.end_run(&session.lease, run, &end).await?)
}
