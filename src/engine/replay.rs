//! Typed columns made again from stored records, without a request: after the mapping was mended.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::{info, warn};

use crate::warehouse::{ReplayCounts, ReplayStep, Replayed, StoredRow};
use connectors::reader::StoredRecord;
use connectors::schema::{Batch, Rows};
use connectors::vendors::mapping_of;

use super::SyncError;
use super::retry::retry_rejects;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// How many records are mapped in one transaction.
const STEP: i64 = 1_000;

/// Maps the stored records of a stream again, and writes what comes out different; records that could not be read are tried, too. It goes on where an earlier one broke off.
/// `on_step` hears how far it is.
pub async fn replay_stream(
    spec: &StreamSpec,
    session: &Session,
    mut on_step: impl FnMut(ReplayCounts),
) -> Result<ReplayCounts, SyncError> {
    let (warehouse, lease) = (&session.warehouse, &session.lease);
    let mapping = mapping_of(spec.vendor.name);
    let mut to = warehouse.begin_replay(lease, spec.name(), mapping).await?;
    let mut all = ReplayCounts::default();
    loop {
        if session.stop.is_cancelled() {
            return Err(SyncError::Stopped);
        }
        // A slice of the same table is not disturbed in the middle, and waits for one step at most.
        let _locks = session.table_locks.lock_tables(spec.stream.fills).await;
        let stored = warehouse
            .stored_rows(&spec.source, spec.stream, to.as_deref(), STEP)
            .await?;
        let Some(last) = stored.last() else { break };
        let (replayed, counts) = map_stored_rows(spec, &stored);
        let step = ReplayStep {
            stream: spec.name(),
            replayed,
            to: &last.id,
            counts,
        };
        all += warehouse.write_replayed(lease, &step).await?;
        on_step(all);
        to = Some(last.id.clone());
    }
    retry_rejects(spec, session, None).await?;
    warehouse.end_replay(lease, spec.name(), mapping).await?;
    Ok(all)
}

/// The rows of some records, by table; those of rows that are gone apart, which bring nothing that is not there.
fn map_stored_rows(spec: &StreamSpec, stored: &[StoredRow]) -> (Vec<Replayed>, ReplayCounts) {
    let mut counts = ReplayCounts::default();
    let mut living = Gathering::default();
    let mut gone = Gathering::default();
    for row in stored {
        let whole = spec
            .stream
            .put_together
            .map(|parts| (parts.join)(&row.raw, &row.parts));
        let record = StoredRecord {
            raw: whole.as_deref().unwrap_or(&row.raw),
            context: row.context.as_deref(),
        };
        let mut page = spec.stream.map_stored(&spec.account, record);
        if !is_own_record(spec, &page.batch) {
            continue;
        }
        counts.row_count += 1;
        counts.unreadable += i64::try_from(page.rejects.len()).unwrap_or(i64::MAX);
        page.batch.stamp(row.fetched_at);
        let into = if row.is_deleted { &mut gone } else { &mut living };
        into.add(page.batch, row);
    }
    let replayed = living
        .into_replayed(true)
        .chain(gone.into_replayed(false))
        .collect();
    (replayed, counts)
}

/// True unless the record that the row keeps is another stream's: the mapping says whose it is.
fn is_own_record(spec: &StreamSpec, batch: &Batch) -> bool {
    let mut own = batch
        .rows()
        .iter()
        .filter(|rows| rows.table() == spec.stream.fills[0]);
    own.all(|rows| rows.ownership().has_record())
}

/// Rows with what is known of their records, in the same order.
#[derive(Default)]
struct Gathering {
    batch: Batch,
    /// By the place of a table in the batch.
    origins: HashMap<usize, Vec<(i64, i32)>>,
}

impl Gathering {
    fn add(&mut self, batch: Batch, row: &StoredRow) {
        let before: Vec<usize> = self.batch.rows().iter().map(Rows::len).collect();
        self.batch.append(batch);
        for (place, rows) in self.batch.rows().iter().enumerate() {
            let more = rows.len() - before.get(place).copied().unwrap_or(0);
            let origins = self.origins.entry(place).or_default();
            origins.extend(std::iter::repeat_n((row.slice_id, row.generation), more));
        }
    }

    /// The rows of each table, the last of each id alone.
    fn into_replayed(mut self, may_add: bool) -> impl Iterator<Item = Replayed> {
        let all: Vec<Rows> = self.batch.rows().to_vec();
        all.into_iter().enumerate().map(move |(place, mut rows)| {
            let keep = rows.last_of_each_id();
            let origins = self.origins.remove(&place).unwrap_or_default();
            let kept: Vec<(i64, i32)> = origins
                .into_iter()
                .zip(&keep)
                .filter_map(|(origin, is_kept)| is_kept.then_some(origin))
                .collect();
            rows.retain(&keep);
            Replayed {
                rows,
                slices: kept.iter().map(|(slice, _)| *slice).collect(),
                generations: kept.iter().map(|(_, generation)| *generation).collect(),
                may_add,
            }
        })
    }
}

/// Makes the rows again that somebody has asked for.
pub(super) async fn replay_wanted(specs: &[Arc<StreamSpec>], session: &Session) {
    let source = session.lease.source();
    let Ok(wanted) = session.warehouse.wanted_replays(source).await else {
        return;
    };
    for spec in specs
        .iter()
        .filter(|spec| wanted.iter().any(|name| name == spec.name()))
    {
        let stream = spec.name();
        match replay_stream(spec, session, |_| ()).await {
            Ok(counts) => info!(
                source,
                stream,
                row_count = counts.row_count,
                changed = counts.changed,
                added = counts.added,
                unreadable = counts.unreadable,
                "Made the rows again from what is stored"
            ),
            Err(SyncError::Stopped) => return,
            Err(error) => {
                warn!(source, stream, error = %error, "The rows could not be made again; going on later");
            }
        }
    }
}
