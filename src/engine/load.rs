//! The loading half of a slice: pages that wait are loaded together, one transaction at a time.

use std::time::Instant;

use tokio::sync::mpsc::Receiver;
use tracing::{Instrument as _, debug_span};

use crate::warehouse::{Counts, Landed, LedgerSlice, Load, TableCounts, WarehouseError};

use super::failpoint::reach_failpoint;
use super::fetch::FetchedPage;
use super::observer::Event;
use super::page_room::PageRoom;
use super::session::Session;

/// Most rows of one transaction, unless one page alone has more. More are not faster, and take more memory.
const BATCH_ROWS: usize = 2_000;
/// Most bytes of the answers that one transaction is about, unless one answer alone has more.
const BATCH_BYTES: i64 = 2 << 20;

/// What is to be loaded, and where it comes from.
pub(super) struct LoadSpec {
    /// What the load works with.
    pub(super) session: Session,
    /// The stream.
    pub(super) stream: &'static str,
    /// The slice.
    pub(super) slice: LedgerSlice,
    /// Ids of agents who are not people, but the vendor's own.
    pub(super) system_agents: &'static [&'static str],
    /// The table that counts what belongs to none.
    pub(super) first_table: &'static str,
    /// True where no row is expected to be there yet.
    pub(super) skip_probe: bool,
    /// Where the pages come from.
    pub(super) pages: Receiver<FetchedPage>,
}

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
pub(super) async fn load_pages(spec: LoadSpec) -> LoadOutcome {
    let LoadSpec {
        session,
        stream,
        slice,
        system_agents,
        first_table,
        mut skip_probe,
        mut pages,
    } = spec;
    let mut loaded = LoadOutcome::default();
    let mut next = None;
    while let Some(page) = take_waiting(&mut pages, &mut next).await {
        if page.is_empty() {
            // The end of the slice tells how many requests there were.
            continue;
        }
        let sequence = loaded.batch_count + 1;
        let (mut load, _room) = load_of(&slice, page, sequence, skip_probe);
        load.system_agents = system_agents;
        reach_failpoint("before load");
        let begun_at = Instant::now();
        let span = debug_span!(
            "load",
            record_count = load.batch.len(),
            reject_count = load.rejects.len()
        );
        let landing = session.warehouse.load_by_table(&session.lease, load);
        match landing.instrument(span).await {
            Ok(landed) => {
                reach_failpoint("after load");
                let (counts, was_new_ground) = (landed.counts, landed.was_new_ground);
                loaded.counts += counts;
                loaded.batch_count = sequence;
                // An earlier slice that broke off has been here.
                skip_probe &= was_new_ground;
                let source = session.lease.source();
                (session.observer)(Event::BatchLoaded {
                    source,
                    stream,
                    counts,
                    tables: &count_tables(landed, first_table),
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
    let Landed {
        counts, mut tables, ..
    } = landed;
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
        let is_full = first.page.batch.len() + more.page.batch.len() > BATCH_ROWS
            || first.traffic.body_bytes + more.traffic.body_bytes > BATCH_BYTES;
        if is_full || first.page.lookup.is_some() || more.page.lookup.is_some() {
            *next = Some(more);
            break;
        }
        first.page.batch.append(more.page.batch);
        first.page.rejects.extend(more.page.rejects);
        first.page.faults.extend(more.page.faults);
        first.page.duplicate_count += more.page.duplicate_count;
        first.traffic += more.traffic;
        first.room.merge(more.room);
    }
    Some(first)
}

/// The page as a batch, and the room that it takes until it is loaded.
fn load_of(
    slice: &LedgerSlice,
    fetched: FetchedPage,
    sequence: i64,
    skip_probe: bool,
) -> (Load<'_>, PageRoom) {
    let FetchedPage {
        at,
        page,
        traffic,
        room,
    } = fetched;
    let load = Load {
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
        system_agents: &[],
    };
    (load, room)
}
