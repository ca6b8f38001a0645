//! Records that were stored, mapped again without the vendor.

use std::borrow::Cow;

use crate::source::{Account, Context, Envelope, StreamDef};

use super::page::{ReadPage, read_records};

/// A record as it was stored, with what of the page request its mapping needs.
#[derive(Debug, Clone, Copy)]
pub struct StoredRecord<'a> {
    /// The vendor's record.
    pub raw: &'a str,
    /// Its context, as JSON.
    pub context: Option<&'a str>,
}

impl StreamDef {
    /// Maps a stored record as the slice machine maps those of a page: rows, faults, and the record itself where it cannot be read.
    pub fn map_stored(&self, account: &Account, record: StoredRecord<'_>) -> ReadPage {
        // What is no context of ours says nothing, and the mapping misses what it needs.
        let context = Context::from_json(record.context).unwrap_or_default();
        let envelope = Envelope {
            records: vec![Cow::Borrowed(record.raw)],
            ..Envelope::default()
        };
        let mut page = read_records(self, account, &context, &envelope);
        page.batch.set_context(context.to_json());
        page
    }
}
