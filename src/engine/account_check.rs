//! Whether a source still shows the account whose rows are stored.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use crate::transport::Priority;
use crate::warehouse::{IdCount, PartitionRead, SourceState};
use connectors::reader::ReadPage;
use connectors::schema::{Table, Values};
use connectors::source::{Extent, Slice, SyncMode};

use super::SyncError;
use super::registration::{account_fingerprint, outcome_classes, source_entry};
use super::session::Session;
use super::stream_spec::StreamSpec;

/// So many pages are looked at for rows that tell accounts apart.
const PAGES: usize = 3;

/// So many of the newest rows are enough.
const ENOUGH: usize = 20;
/// So many rows that should be known and are not prove nothing: vendors show some rows late.
const LATE_ROWS: usize = 2;
/// A row that is so much older than the last reading was there at that reading, by any clock.
const BIRTH_SLACK: TimeDelta = TimeDelta::hours(1);

/// Ids that an account shows, of the table that tells accounts apart.
struct ShownIds {
    table: &'static Table,
    ids: Vec<String>,
}

/// Refuses an account that shares none of its agents with those that are stored: it is another one, under the same name.
///
/// `specs` are the streams of one source. An account whose lists cannot be read is not judged, unless the settings say that it is
/// another one.
pub(super) async fn check_account(specs: &[&StreamSpec], session: &Session) -> Result<(), SyncError> {
    let Some(first) = specs.first() else { return Ok(()) };
    let account = account_fingerprint(first);
    let outcomes = outcome_classes(first);
    let entry = source_entry(first, &account, &outcomes);
    let state = session.warehouse.record_source(&session.lease, &entry).await?;
    let is_adopted = state == SourceState::Adopted;
    let is_changed = match state {
        SourceState::New => return Ok(()),
        SourceState::Refused { reason } => {
            return Err(SyncError::Refused {
                source_name: first.source.clone(),
                reason,
            });
        }
        SourceState::Known | SourceState::Adopted => false,
        SourceState::Changed => true,
    };
    let shown = match show_ids(specs, session, is_changed).await {
        Ok(shown) => shown,
        Err(error) if is_changed => return Err(error),
        Err(error) => {
            warn!(source = first.source, error = %error, "Whose account it is could not be checked");
            return Ok(());
        }
    };
    let Some(ShownIds { table, ids }) = shown else {
        session.warehouse.accept_account(&session.lease, &entry).await?;
        return Ok(());
    };
    let IdCount { known, held, listed } = session
        .warehouse
        .count_known_ids(&first.source, table, &ids)
        .await?;
    if is_adopted && known == 0 {
        // Its rows are still to be read.
        return Ok(());
    }
    // Under the same address those who are on no list prove nothing; under another one every row counts.
    let held = if is_changed { held } else { listed };
    if held > 0 && known == 0 && !ids.is_empty() {
        let reason = format!(
            "the account shares no row of {} with the {held} that are stored",
            table.name
        );
        session
            .warehouse
            .refuse_source(&session.lease, &account, &reason)
            .await?;
        return Err(SyncError::OtherAccount {
            source_name: first.source.clone(),
            table: table.name,
            found: ids.len(),
            held,
        });
    }
    if is_changed {
        info!(
            source = first.source,
            "The account is the one whose rows are stored, under another address"
        );
    }
    if is_changed || is_adopted {
        session.warehouse.accept_account(&session.lease, &entry).await?;
    }
    Ok(())
}

/// Some ids of the stream that tells accounts apart; nothing where the vendor has no such list, or it is switched off, or where it
/// shows nothing that proves anything.
async fn show_ids(
    specs: &[&StreamSpec],
    session: &Session,
    is_changed: bool,
) -> Result<Option<ShownIds>, SyncError> {
    let identifying = specs.iter().find(|spec| spec.name() == spec.vendor.identified_by);
    let Some(spec) = identifying else {
        return Ok(None);
    };
    match (&spec.mode, spec.vendor.born_by) {
        (SyncMode::FullRefresh(_), _) => show_first(spec, session).await.map(Some),
        (SyncMode::NewestFirst(_), Some(born_by)) if is_changed => {
            // Under other settings every row counts, whatever its age.
            let reads = spec.partitions().into_iter().map(|partition| PartitionRead {
                partition,
                read_at: DateTime::<Utc>::MAX_UTC,
            });
            show_newest(spec, session, born_by, reads.collect())
                .await
                .map(Some)
        }
        (SyncMode::NewestFirst(_), Some(born_by)) => {
            let source = spec.source.as_str();
            let mut reads = session.warehouse.read_partitions(source, spec.name()).await?;
            reads.retain(|read| spec.partitions().contains(&read.partition));
            for read in &mut reads {
                read.read_at -= BIRTH_SLACK;
            }
            let shown = show_newest(spec, session, born_by, reads).await?;
            Ok((shown.ids.len() > LATE_ROWS).then_some(shown))
        }
        _ => Ok(None),
    }
}

/// The first ids of a list.
async fn show_first(spec: &StreamSpec, session: &Session) -> Result<ShownIds, SyncError> {
    let table = spec.stream.fills[0];
    let partition = spec.partitions().into_iter().next().unwrap_or_default();
    let mut ids = Vec::new();
    let take = |page: &ReadPage| {
        let rows = page.batch.rows().iter().filter(|rows| rows.table() == table);
        ids.extend(rows.flat_map(|rows| rows.ids().iter().cloned()));
        !ids.is_empty()
    };
    show_pages(spec, session, partition, take).await?;
    Ok(ShownIds { table, ids })
}

/// Ids of rows that were there when their partitions were read, among those that a list shows first.
async fn show_newest(
    spec: &StreamSpec,
    session: &Session,
    born_by: &str,
    reads: Vec<PartitionRead>,
) -> Result<ShownIds, SyncError> {
    let table = spec.stream.fills[0];
    let mut ids = Vec::new();
    for PartitionRead { partition, read_at } in reads {
        let take = |page: &ReadPage| {
            ids.extend(ids_born_before(page, table, born_by, read_at));
            ids.len() >= ENOUGH
        };
        show_pages(spec, session, partition, take).await?;
        if ids.len() >= ENOUGH {
            break;
        }
    }
    Ok(ShownIds { table, ids })
}

/// Reads the first pages of a list until it has shown enough.
async fn show_pages(
    spec: &StreamSpec,
    session: &Session,
    partition: String,
    mut take: impl FnMut(&ReadPage) -> bool,
) -> Result<(), SyncError> {
    let slice = Slice {
        partition,
        extent: Extent::List,
        started_at: session.clock.now(),
    };
    let mut reader = spec.open(slice);
    for _ in 0..PAGES {
        let Some(request) = reader.request() else { break };
        let reply = spec.client.send_request(&request, Priority::Live).await?;
        if take(&reader.accept(&reply.response)?) {
            break;
        }
    }
    Ok(())
}

/// The ids of a page's rows of a table that came to be before an instant.
fn ids_born_before(
    page: &ReadPage,
    table: &'static Table,
    born_by: &str,
    before: DateTime<Utc>,
) -> Vec<String> {
    let place = table.columns.iter().position(|column| column.name == born_by);
    let mut ids = Vec::new();
    for rows in page.batch.rows().iter().filter(|rows| rows.table() == table) {
        let Some(Values::Instant(born)) = place.map(|place| &rows.columns()[place]) else {
            continue;
        };
        let pairs = rows.ids().iter().zip(born);
        let old = pairs.filter(|(_, born)| born.is_some_and(|at| at < before));
        ids.extend(old.map(|(id, _)| id.clone()));
    }
    ids
}
