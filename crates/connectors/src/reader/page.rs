//! What one answer gave.

use xxhash_rust::xxh3::Xxh3;

use crate::schema::Batch;
use crate::source::{Account, Context, Envelope, Faults, FieldFault, Item, Reject, StreamDef};

/// What one answer gave, ready to be loaded.
#[derive(Debug, Default)]
pub struct ReadPage {
    /// The rows and tombstones, without rows that the slice has met before with the same content.
    pub batch: Batch,
    /// The records that could not be read.
    pub rejects: Vec<Reject>,
    /// The fields that could not be read.
    pub faults: Vec<FieldFault>,
    /// Rows that were left out because the slice has met them before.
    pub duplicate_count: u64,
    /// The id that was asked for, in streams that are read by id.
    pub lookup: Option<Lookup>,
}

/// That an id was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The id.
    pub id: String,
    /// True where the vendor says that there is no such row.
    pub is_missing: bool,
}

/// Reads every record of an envelope, each by itself.
pub(super) fn read_records(
    stream: &StreamDef,
    account: &Account,
    context: &Context,
    envelope: &Envelope<'_>,
) -> ReadPage {
    let page_faults = Faults::new();
    let mut page = ReadPage::default();
    for (position, record) in envelope.records.iter().enumerate() {
        let faults = Faults::new();
        let item = Item {
            record,
            context,
            account,
            faults: &faults,
        };
        let result = (stream.map)(&item, &mut page.batch);
        let row = page.batch.rows().first().and_then(|rows| rows.ids().last());
        page_faults.add_record(faults, row.filter(|_| result.is_ok()).map(String::as_str));
        if let Err(error) = result {
            page.rejects.push(Reject {
                position,
                reason: error.to_string(),
                raw: record.clone().into_owned(),
                context: context.to_json(),
            });
        }
    }
    page.faults = page_faults.into_list();
    page
}

/// Tells pages apart by the records on them, whatever they become; nothing for an empty page.
pub(super) fn fingerprint_page(envelope: &Envelope<'_>) -> Option<u64> {
    let mut digest = Xxh3::new();
    for record in &envelope.records {
        digest.update(&(record.len() as u64).to_le_bytes());
        digest.update(record.as_bytes());
    }
    (!envelope.records.is_empty()).then(|| digest.digest())
}
