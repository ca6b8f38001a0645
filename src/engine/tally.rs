//! Counting what a walk has met, so that "complete" is proved and nothing is loaded twice.

use std::collections::HashMap;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use connectors::schema::Table;
use connectors::source::{Page, Reject};

/// A row that the walk has met.
#[derive(Debug, Clone, Copy)]
struct Met {
    content: u64,
    list: u32,
}

/// What a walk has met: distinct rows in all, and in the list that is being read.
///
/// Rows are told apart by 64 bits of hash. Two rows of one hash would count as one, so that a walk might be read once more
/// than needed; it could never count as complete with a row missing.
#[derive(Debug)]
pub(super) struct Tally {
    /// The vendor's totals count the rows of this table.
    table: &'static Table,
    met: HashMap<u64, Met>,
    counted: u64,
    readings: u64,
    list: u32,
    list_counted: u64,
    list_total: Option<u64>,
    has_totals: bool,
    /// True where rows leave a list while it is read.
    may_shrink: bool,
}

/// What a page added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Added {
    /// Rows that the walk had met before, with the same content; they were taken out of the page.
    pub(super) duplicates: i64,
    /// Tells pages apart by the rows on them; nothing for an empty page.
    pub(super) fingerprint: Option<u64>,
}

/// Fewer rows than the vendor's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lack {
    /// Distinct rows that came.
    pub(super) counted: u64,
    /// The vendor's total.
    pub(super) total: u64,
}

impl Tally {
    /// Nothing met yet, of lists that rows may leave while they are read.
    pub(super) fn of_shrinking_lists(table: &'static Table) -> Self {
        Self {
            may_shrink: true,
            ..Self::new(table)
        }
    }

    /// Nothing met yet.
    pub(super) fn new(table: &'static Table) -> Self {
        Self {
            table,
            met: HashMap::new(),
            counted: 0,
            readings: 0,
            list: 0,
            list_counted: 0,
            list_total: None,
            has_totals: false,
            may_shrink: false,
        }
    }

    /// A list with a total of its own begins.
    pub(super) fn begin_list(&mut self) {
        self.list += 1;
        self.list_counted = 0;
        self.list_total = None;
        if !self.has_totals {
            // Nothing will be compared; the rows of earlier lists would only hold memory.
            self.met.clear();
        }
    }

    /// Counts a page, and takes out of it what was met before.
    pub(super) fn add(&mut self, page: &mut Page) -> Added {
        if self.may_shrink && page.total < self.list_total && page.total.is_some() {
            // Rows have left the list; those that were counted may be among them.
            self.list += 1;
            self.list_counted = 0;
            self.list_total = None;
        }
        self.list_total = self.list_total.max(page.total);
        self.has_totals |= page.total.is_some();
        let landed = self.landed_in_part(page);
        let mut print = Xxh3::new();
        let mut duplicates = 0;
        for rows in page.batch.rows_mut() {
            let counts = rows.table() == self.table;
            let mut keep = Vec::with_capacity(rows.len());
            for (id, hash) in rows.ids().iter().zip(rows.hashes()) {
                let key = key(rows.table().name, id.as_bytes());
                let content = xxh3_64(hash);
                print.update(&key.to_le_bytes());
                print.update(&content.to_le_bytes());
                keep.push(self.meet(key, content, counts));
            }
            duplicates += keep.iter().filter(|keep| !**keep).count();
            rows.retain(&keep);
        }
        for (reject, landed) in page.rejects.iter().zip(landed) {
            let content = xxh3_64(reject.raw.as_bytes());
            print.update(&content.to_le_bytes());
            self.meet(key("reject", &content.to_le_bytes()), content, !landed);
        }
        let is_empty = duplicates == 0 && page.batch.is_empty() && page.rejects.is_empty();
        let fingerprint = (!is_empty).then(|| print.digest());
        Added {
            duplicates: i64::try_from(duplicates).unwrap_or(i64::MAX),
            fingerprint,
        }
    }

    /// For each reject, whether its record gave a row of the table all the same, and so is counted already.
    fn landed_in_part(&self, page: &Page) -> Vec<bool> {
        let landed = |reject: &Reject| {
            let rows = page.batch.rows().iter();
            rows.filter(|rows| rows.table() == self.table)
                .any(|rows| rows.raws().contains(&reject.raw))
        };
        page.rejects.iter().map(landed).collect()
    }

    /// Notes a row; true where it is new to the walk, or has changed since.
    fn meet(&mut self, key: u64, content: u64, counts: bool) -> bool {
        let now = Met {
            content,
            list: self.list,
        };
        let before = self.met.insert(key, now);
        if counts {
            self.readings += 1;
            self.counted += u64::from(before.is_none());
            self.list_counted += u64::from(before.is_none_or(|met| met.list != self.list));
        }
        before.is_none_or(|met| met.content != content)
    }

    /// How many records came, those that came again included.
    pub(super) fn readings(&self) -> u64 {
        self.readings
    }

    /// How far the present list falls short of its total.
    pub(super) fn list_lack(&self) -> Option<Lack> {
        lack(self.list_counted, self.list_total)
    }

    /// How far the walk falls short of a total.
    pub(super) fn walk_lack(&self, total: Option<u64>) -> Option<Lack> {
        lack(self.counted, total)
    }
}

fn lack(counted: u64, total: Option<u64>) -> Option<Lack> {
    total
        .filter(|total| counted < *total)
        .map(|total| Lack { counted, total })
}

fn key(table: &str, id: &[u8]) -> u64 {
    let mut digest = Xxh3::new();
    digest.update(table.as_bytes());
    digest.update(&[0]);
    digest.update(id);
    digest.digest()
}

#[cfg(test)]
mod tests;
