//! Where a row comes from, and why it may be believed: from its versions to the evidence of the slice that wrote it.

use chrono::{DateTime, Utc};

use crate::settings::{Settings, hint_at};
use crate::warehouse::{Freshness, IdStory, RowStory, SliceRecord, Warehouse};
use connectors::reader::{SliceLimits, StoredRecord};
use connectors::schema::{TABLES, Table};
use connectors::source::{Extent, Request, Slice, StreamDef, Verb, Window};

use super::once::SelectionError;
use super::sources::build_account_of;

/// What is known of a row.
#[derive(Debug)]
pub struct Explanation {
    /// The table.
    pub table: &'static Table,
    /// The row; nothing where the warehouse holds none.
    pub row: Option<RowStory>,
    /// What is known of its id.
    pub id: IdStory,
    /// The slice that wrote it; nothing where the ledger has let go of it.
    pub slice: Option<SliceRecord>,
    /// The first page request of that slice, without any secret.
    pub request: Option<String>,
    /// Fields of the row that cannot be read by the present mapping; nothing where it cannot be mapped.
    pub faults: Vec<RowFault>,
    /// Up to when the table is complete.
    pub freshness: Option<Freshness>,
}

/// A field of a row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The field's name at the vendor.
    pub field: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// Gathers what is known of a row.
pub async fn explain_row(
    warehouse: &Warehouse,
    settings: &Settings,
    table: &str,
    source: &str,
    id: &str,
) -> anyhow::Result<Explanation> {
    let table = find_table(table)?;
    let row = warehouse.find_row(table, source, id).await?;
    let slice = match &row {
        Some(row) => warehouse.find_slice(row.slice_id).await?,
        None => None,
    };
    let configured = settings.sources.get(source);
    let stream = slice
        .as_ref()
        .and_then(|slice| configured?.vendor.stream(&slice.stream));
    let mut request = None;
    let mut faults = Vec::new();
    if let (Some(slice), Some(stream), Some(configured)) = (&slice, stream, configured) {
        let account = build_account_of(configured);
        request = first_request(stream, slice, &account);
        // Rows of other tables are parts of the record of another row, and some records are stored in parts.
        if let Some(row) = row
            .as_ref()
            .filter(|_| stream.fills.first() == Some(&table) && stream.put_together.is_none())
        {
            let record = StoredRecord {
                raw: &row.raw,
                context: row.context.as_deref(),
            };
            let mapped = stream.map_stored(&account, record).faults.into_iter();
            faults = mapped
                .map(|fault| RowFault {
                    field: fault.field,
                    what: fault.kind.to_string(),
                })
                .collect();
        }
    }
    let freshness = warehouse.list_freshness().await?.into_iter();
    Ok(Explanation {
        table,
        id: warehouse.find_id(table, source, id).await?,
        row,
        slice,
        request,
        faults,
        freshness: freshness
            .filter(|fresh| fresh.source == source)
            .find(|fresh| fresh.table_name == table.name),
    })
}

fn find_table(name: &str) -> Result<&'static Table, SelectionError> {
    let bare = name.strip_prefix("warehouse.").unwrap_or(name);
    let found = TABLES.iter().find(|table| table.name == bare);
    found.copied().ok_or_else(|| {
        let hint = hint_at(bare, TABLES.iter().map(|table| table.name));
        SelectionError::Nothing(format!("There is no table `{name}`{hint}"))
    })
}

/// The first page request of a slice, as the ledger tells what it read.
fn first_request(
    stream: &'static StreamDef,
    slice: &SliceRecord,
    account: &std::sync::Arc<connectors::source::Account>,
) -> Option<String> {
    let extent = match (slice.purpose.as_str(), slice.since, slice.until) {
        (_, Some(since), Some(until)) => Extent::Window {
            window: Window::new(since, until)?,
            is_open: false,
        },
        ("full", _, _) => Extent::List,
        ("unfiltered", _, _) => Extent::Unfiltered,
        ("recent", _, _) => Extent::Recent {
            since: DateTime::<Utc>::UNIX_EPOCH,
        },
        // Which ids a slice has asked for is not kept.
        _ => return None,
    };
    let slice = Slice {
        partition: slice.partition.clone(),
        extent,
        started_at: slice.started_at,
    };
    let mut reader = stream.open(account.clone(), slice, SliceLimits::default());
    reader.request().map(|request| request_text(&request))
}

/// A request as people read it. It has no secret: the credential is attached when it is sent.
fn request_text(request: &Request) -> String {
    let verb = match request.verb {
        Verb::Get => "GET",
        Verb::PostForm | Verb::PostJson => "POST",
    };
    let params = request.params().iter();
    let params: Vec<String> = params.map(|(name, value)| format!("{name}={value}")).collect();
    let body = request.body.as_deref().unwrap_or_default();
    [verb, &request.path, &params.join(" "), body]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}
