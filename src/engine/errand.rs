//! What the asking half of a walk is sent for, and what it brings.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::warehouse::Lookup;
use connectors::schema::{Batch, Table};
use connectors::source::{Reject, Window};

use super::SyncError;
use super::tally::Lack;

/// A page on its way to the warehouse.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) at: DateTime<Utc>,
    pub(super) batch: Batch,
    pub(super) rejects: Vec<Reject>,
    pub(super) duplicates: i64,
    pub(super) request_count: i64,
    pub(super) body_bytes: i64,
    pub(super) lookups: Vec<Lookup>,
}

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    /// The window.
    pub(super) window: Window,
    /// The ids, for a stream that is read by id.
    pub(super) keys: &'a [String],
    /// The tables whose ids are to be gathered.
    pub(super) gathered: &'a [&'static Table],
}

/// What the asking half came to.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Why it broke off.
    pub(super) error: Option<SyncError>,
    /// How far the rows fall short of the vendor's total.
    pub(super) lack: Option<Lack>,
    /// The vendor's total for the window.
    pub(super) total: Option<u64>,
    /// How many records came, those that came again included.
    pub(super) record_count: u64,
    /// True where an answer meant "nothing" only perhaps.
    pub(super) is_doubtful: bool,
    /// The ids of the gathered tables, in their order.
    pub(super) ids: Vec<Vec<String>>,
    /// The fields of the records, by table.
    pub(super) fields: Vec<(&'static str, Vec<String>)>,
    /// What an operator should know about the vendor's answers.
    pub(super) warnings: BTreeSet<&'static str>,
}
