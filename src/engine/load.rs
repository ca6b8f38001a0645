//! The loading half of a slice: pages that wait are loaded together, one transaction at a time.

use std::time::Instant;

use tokio::sync::mpsc::Receiver;

use crate::warehouse::{Counts, Landed, LedgerSlice, Load, TableCounts, WarehouseError};

use super::failpoint::reach_failpoint;
use super::fetch::FetchedPage;
use super::observer::Event;
use super::session::Session;
use super::stream_spec::StreamSpec;

/// Most rows of one transaction, unless one page alone has more. More are not faster, and take more memory.
const BATCH_ROWS: usize = 1_000;

/// What the loading half came to.
#[derive(Debug, Default)]
pub(super) struct LoadOutcome {
    /// What became of the rows.
    pub(super) counts: Counts,
    /// How many batches landed.
    pub(super) batch_count: i64,
    /// Why it broke off.
    pub(super) error: Option<WarehouseError>,
}

/// Loads pages until the fetching half has no more.
pub(super) async fn load_pages(
    spec: &StreamSpec,
    session: &Session,
    slice: &LedgerSlice,
    mut skip_probe: bool,
    mut queue: Receiver<FetchedPage>,
) -> LoadOutcome {
    let mut loaded = LoadOutcome::default();
    let mut next = None;
    while let Some(page) = take_waiting(&mut queue, &mut next).await {
        let sequence = loaded.batch_count + 1;
        let load = load_of(slice, page, sequence, skip_probe);
        reach_failpoint("before load");
        let begun_at = Instant::now();
        match session.warehouse.load_by_table(&session.lease, load).await {
            Ok(landed) => {
                reach_failpoint("after load");
                let counts = landed.counts;
                loaded.counts += counts;
                loaded.batch_count = sequence;
                // An earlier slice that broke off has been here.
                skip_probe &= counts.unchanged + counts.updated == 0;
                let (source, stream) = (spec.source.as_str(), spec.name());
                (session.observer)(Event::BatchLoaded {
                    source,
                    stream,
                    counts,
                    tables: &count_tables(landed, spec.stream.fills[0].name),
                    elapsed: begun_at.elapsed(),
                });
            }
            Err(error) => {
                loaded.error = Some(error);
                break;
            }
        }
    }
    loaded
}

/// What became of each table's rows, and for the first table what belongs to none, such as records that could not be read.
fn count_tables(landed: Landed, first: &'static str) -> Vec<TableCounts> {
    let Landed { counts, mut tables } = landed;
    let mut known = Counts::default();
    for table in &tables {
        known += table.counts;
    }
    tables.push(TableCounts {
        table: first,
        counts: counts.less(known),
    });
    tables
}

/// The next page, together with those that already wait behind it.
async fn take_waiting(
    queue: &mut Receiver<FetchedPage>,
    next: &mut Option<FetchedPage>,
) -> Option<FetchedPage> {
    let mut first = match next.take() {
        Some(page) => page,
        None => queue.recv().await?,
    };
    while let Ok(more) = queue.try_recv() {
        // One batch has one answer to an id.
        let is_full = first.page.batch.len() + more.page.batch.len() > BATCH_ROWS;
        if is_full || first.page.lookup.is_some() || more.page.lookup.is_some() {
            *next = Some(more);
            break;
        }
        first.page.batch.append(more.page.batch);
        first.page.rejects.extend(more.page.rejects);
        first.page.faults.extend(more.page.faults);
        first.page.duplicate_count += more.page.duplicate_count;
        first.traffic += more.traffic;
    }
    Some(first)
}

fn load_of(slice: &LedgerSlice, fetched: FetchedPage, sequence: i64, skip_probe: bool) -> Load<'_> {
    let FetchedPage { at, page, traffic } = fetched;
    Load {
        slice,
        sequence,
        at,
        batch: page.batch,
        rejects: page.rejects,
        faults: page.faults,
        duplicate_count: i64::try_from(page.duplicate_count).unwrap_or(i64::MAX),
        is_new_ground: skip_probe,
        traffic,
        lookups: page.lookup.into_iter().collect(),
    }
}
