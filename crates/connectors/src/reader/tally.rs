//! Counting what a slice has met, so that "complete" is proved and nothing is loaded twice.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::schema::{Rows, Table};
use crate::source::Reject;

use super::page::ReadPage;

/// A record that the slice has met.
#[derive(Debug, Clone, Copy)]
struct Met {
    content: u64,
    list: u32,
    reading: u32,
    page: u64,
}

/// What a slice has met: distinct records in all, in the list that is being read, and in the present reading of it.
///
/// Records are told apart by 64 bits of hash. Two records of one hash would count as one, so that a slice might be read once
/// more than needed; it could never count as complete with a row missing.
#[derive(Debug)]
pub(super) struct Tally {
    /// The vendor's totals count the records of this table.
    table: &'static Table,
    met: HashMap<u64, Met>,
    /// Distinct records of the slice.
    pub(super) distinct_count: u64,
    /// Distinct records that could not be read.
    pub(super) reject_count: u64,
    /// Records that came, those that came again included.
    pub(super) record_count: u64,
    page: u64,
    list: u32,
    list_count: u64,
    reading: u32,
    reading_count: u64,
    total: Option<u64>,
    has_totals: bool,
    /// True where rows leave a list while it is read.
    may_shrink: bool,
    /// Pairs of different records under one key on one page.
    pub(super) conflict_count: u64,
}

/// Fewer records than the vendor's total, or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Distinct records that came.
    pub(super) counted: u64,
    /// The vendor's total.
    pub(super) total: u64,
}

impl Tally {
    /// Nothing met yet.
    pub(super) fn new(table: &'static Table, may_shrink: bool) -> Self {
        Self {
            table,
            met: HashMap::new(),
            distinct_count: 0,
            reject_count: 0,
            record_count: 0,
            page: 0,
            list: 0,
            list_count: 0,
            reading: 0,
            reading_count: 0,
            total: None,
            has_totals: false,
            may_shrink,
            conflict_count: 0,
        }
    }

    /// A list with a total of its own begins.
    pub(super) fn begin_list(&mut self) {
        self.begin_count();
        if !self.has_totals {
            // Nothing will be compared; the records of earlier lists would only hold memory.
            self.met.clear();
        }
    }

    fn begin_count(&mut self) {
        self.list += 1;
        self.list_count = 0;
        self.total = None;
        self.begin_reading();
    }

    /// The list is read again, and adds to what came before.
    pub(super) fn begin_reading(&mut self) {
        self.reading += 1;
        self.reading_count = 0;
    }

    /// Counts a page, and takes out of it what was met before.
    pub(super) fn add(&mut self, page: &mut ReadPage, total: Option<u64>) {
        if self.may_shrink && total.is_some() && total < self.total {
            // Rows have left the list; those that were counted may be among them.
            self.begin_count();
        }
        self.page += 1;
        self.total = self.total.max(total);
        self.has_totals |= total.is_some();
        let landed = landed_in_part(self.table, page);
        let apart = tombstones_without_row(self.table, page);
        let mut duplicate_count = 0;
        for rows in page.batch.rows_mut() {
            let keep = self.meet_rows(rows);
            duplicate_count += keep.iter().filter(|keep| !**keep).count();
            rows.retain(&keep);
        }
        page.duplicate_count = duplicate_count as u64;
        for (tombstone, is_apart) in page.batch.tombstones().iter().zip(apart) {
            let counts = tombstone.table == self.table && is_apart;
            self.meet_record(record_key("tombstone", tombstone.id.as_bytes()), 0, counts);
        }
        for (reject, landed) in page.rejects.iter().zip(landed) {
            let content = xxh3_64(reject.raw.as_bytes());
            let is_new = self.meet_record(record_key("reject", &content.to_le_bytes()), content, !landed);
            self.reject_count += u64::from(is_new);
        }
    }

    fn meet_rows(&mut self, rows: &Rows) -> Vec<bool> {
        let counts = rows.table() == self.table;
        let mut keep = Vec::with_capacity(rows.len());
        for (id, hash) in rows.ids().iter().zip(rows.hashes()) {
            keep.push(self.meet_record(
                record_key(rows.table().name, id.as_bytes()),
                xxh3_64(hash),
                counts,
            ));
        }
        keep
    }

    /// Remembers a record; true where it is new to the slice, or has changed since.
    fn meet_record(&mut self, key: u64, content: u64, counts: bool) -> bool {
        let now = Met {
            content,
            list: self.list,
            reading: self.reading,
            page: self.page,
        };
        let before = self.met.insert(key, now);
        let is_known = before.is_some_and(|met| met.content == content);
        if counts {
            self.record_count += 1;
            self.distinct_count += u64::from(before.is_none());
            self.list_count += u64::from(before.is_none_or(|met| met.list != self.list));
            self.reading_count += u64::from(before.is_none_or(|met| met.reading != self.reading));
            let is_conflict = !is_known && before.is_some_and(|met| met.page == self.page);
            self.conflict_count += u64::from(is_conflict);
        }
        !is_known
    }

    /// How far the present list falls short of its total.
    pub(super) fn list_lack(&self) -> Option<Mismatch> {
        lack_of(self.list_count, self.total)
    }

    /// How far the present reading of the list goes beyond its total. Where rows leave a list, those that came may have left.
    pub(super) fn list_excess(&self) -> Option<Mismatch> {
        let total = self
            .total
            .filter(|total| self.reading_count > *total && !self.may_shrink)?;
        Some(Mismatch {
            counted: self.reading_count,
            total,
        })
    }

    /// How far the slice falls short of a total.
    pub(super) fn slice_lack(&self, total: Option<u64>) -> Option<Mismatch> {
        lack_of(self.distinct_count, total)
    }
}

/// For each reject, whether its record gave a row of the table all the same, and so is counted already.
fn landed_in_part(table: &'static Table, page: &ReadPage) -> Vec<bool> {
    let landed = |reject: &Reject| {
        let rows = page.batch.rows().iter().filter(|rows| rows.table() == table);
        rows.into_iter().any(|rows| rows.raws().contains(&reject.raw))
    };
    page.rejects.iter().map(landed).collect()
}

/// For each tombstone, whether its record gave no row of the table besides, which counts already.
fn tombstones_without_row(table: &'static Table, page: &ReadPage) -> Vec<bool> {
    let rows = page.batch.rows().iter().filter(|rows| rows.table() == table);
    let ids: HashSet<&str> = rows.flat_map(Rows::ids).map(String::as_str).collect();
    let tombstones = page.batch.tombstones().iter();
    tombstones
        .map(|tombstone| !ids.contains(tombstone.id.as_str()))
        .collect()
}

fn lack_of(counted: u64, total: Option<u64>) -> Option<Mismatch> {
    total
        .filter(|total| counted < *total)
        .map(|total| Mismatch { counted, total })
}

fn record_key(table: &str, id: &[u8]) -> u64 {
    let mut digest = Xxh3::new();
    digest.update(table.as_bytes());
    digest.update(&[0]);
    digest.update(id);
    digest.digest()
}
