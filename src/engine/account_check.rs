//! Whether a source still shows the account whose rows are stored.

use tracing::{info, warn};

use crate::transport::Priority;
use crate::warehouse::{IdCount, SourceState};
use connectors::schema::Table;
use connectors::source::{Extent, Slice, SyncMode};

use super::SyncError;
use super::registration::{account_fingerprint, outcome_classes, source_entry};
use super::session::Session;
use super::stream_spec::StreamSpec;

/// So many pages are looked at for rows that tell accounts apart.
const PAGES: usize = 3;

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
    let shown = match show_ids(specs, session).await {
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
        let error = SyncError::OtherAccount {
            source_name: first.source.clone(),
            table: table.name,
            found: ids.len(),
            held,
        };
        let reason = format!(
            "the account shares no row of {} with the {held} that are stored",
            table.name
        );
        session
            .warehouse
            .refuse_source(&session.lease, &account, &reason)
            .await?;
        return Err(error);
    }
    if is_adopted {
        session.warehouse.accept_account(&session.lease, &entry).await?;
    }
    if is_changed {
        info!(
            source = first.source,
            "The account is the one whose rows are stored, under another address"
        );
        session.warehouse.accept_account(&session.lease, &entry).await?;
    }
    Ok(())
}

/// The first ids of the stream that tells accounts apart; nothing where the vendor has no such list, or it is switched off.
async fn show_ids(specs: &[&StreamSpec], session: &Session) -> Result<Option<ShownIds>, SyncError> {
    let identifying = specs.iter().find(|spec| spec.name() == spec.vendor.identified_by);
    let Some(spec) = identifying.filter(|spec| matches!(spec.mode, SyncMode::FullRefresh(_))) else {
        return Ok(None);
    };
    let slice = Slice {
        partition: spec.partitions().into_iter().next().unwrap_or_default(),
        extent: Extent::List,
        started_at: session.clock.now(),
    };
    let table = spec.stream.fills[0];
    let mut reader = spec.stream.open(spec.account.clone(), slice, spec.limits.slice);
    let mut ids = Vec::new();
    for _ in 0..PAGES {
        let Some(request) = reader.request().filter(|_| ids.is_empty()) else {
            break;
        };
        let reply = spec.client.send_request(&request, Priority::Live).await?;
        let page = reader.accept(&reply.response)?;
        let rows = page.batch.rows().iter().filter(|rows| rows.table() == table);
        ids.extend(rows.flat_map(|rows| rows.ids().iter().cloned()));
    }
    Ok(Some(ShownIds { table, ids }))
}
