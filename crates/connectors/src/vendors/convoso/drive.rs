//! The slice machine against a vendor that is a function: what the engine does, without its HTTP and its database.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::reader::{Reading, SliceLimits, Verdict};
use crate::schema::{Batch, Region, Rows};
use crate::source::{
    Account, Context, Extent, Faults, FieldFault, Item, MapError, Reject, Request, Response, Slice, StreamDef,
};

/// A slice of a stream to read.
pub(super) struct Drive {
    pub(super) stream: &'static StreamDef,
    pub(super) account: Account,
    pub(super) partition: String,
    pub(super) extent: Extent,
    pub(super) started_at: DateTime<Utc>,
}

impl Drive {
    /// A slice of an account without settings, in UTC.
    pub(super) fn of(stream: &'static StreamDef, extent: Extent) -> Self {
        Self {
            stream,
            account: Account::new(chrono_tz::UTC, Region::US),
            partition: String::new(),
            extent,
            started_at: "2026-11-02T00:00:00Z".parse().expect("a time"),
        }
    }
}

/// What a slice came to, page by page.
pub(super) struct Told {
    pub(super) batches: Vec<Batch>,
    pub(super) rejects: Vec<Reject>,
    pub(super) reading: Reading,
}

impl Told {
    /// The ids of a table's rows that came, each once.
    pub(super) fn ids(&self, table: &str) -> Vec<String> {
        let rows = self.batches.iter().flat_map(Batch::rows);
        let rows = rows.filter(|rows| rows.table().name == table);
        let ids: BTreeSet<&String> = rows.flat_map(Rows::ids).collect();
        ids.into_iter().cloned().collect()
    }

    /// The ids that are gone.
    pub(super) fn gone(&self) -> BTreeSet<String> {
        let tombstones = self.batches.iter().flat_map(Batch::tombstones);
        tombstones.map(|tombstone| tombstone.id.clone()).collect()
    }
}

/// Reads a slice to its end. An answer that is an error ends it.
pub(super) fn read_slice(drive: Drive, mut answer: impl FnMut(&Request) -> String) -> Told {
    let slice = Slice {
        partition: drive.partition,
        extent: drive.extent,
        started_at: drive.started_at,
    };
    let limits = SliceLimits {
        max_pages: 5_000,
        ..SliceLimits::default()
    };
    let mut reader = drive.stream.open(Arc::new(drive.account), slice, limits);
    let (mut batches, mut rejects, mut error) = (Vec::new(), Vec::new(), None);
    while let Some(request) = reader.request() {
        let body = answer(&request);
        match reader.accept(&Response { status: 200, body }) {
            Ok(page) => {
                batches.push(page.batch);
                rejects.extend(page.rejects);
            }
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    let mut reading = reader.finish();
    if let Some(error) = error {
        reading.verdict = Verdict::Failed(error);
    }
    Told {
        batches,
        rejects,
        reading,
    }
}

/// Maps one record of an account in Los Angeles, without context.
pub(super) fn map_record(stream: &StreamDef, record: &str) -> Result<(Batch, Vec<FieldFault>), MapError> {
    map_in_context(stream, record, &Context::default())
}

/// Maps one record of an account in Los Angeles.
pub(super) fn map_in_context(
    stream: &StreamDef,
    record: &str,
    context: &Context,
) -> Result<(Batch, Vec<FieldFault>), MapError> {
    let (mut batch, faults) = (Batch::default(), Faults::new());
    let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
    let item = Item {
        record,
        context,
        account: &account,
        faults: &faults,
    };
    (stream.map)(&item, &mut batch)?;
    Ok((batch, faults.into_list()))
}
