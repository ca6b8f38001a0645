//! Counting what a walk has met, so that "complete" is proved and nothing is loaded twice.

use std::collections::HashMap;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::model::Table;
use crate::stream::{Page, Reject};

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

    /// A list is read again from its beginning, where rows may leave it meanwhile: its total is told anew.
    pub(super) fn forget_list_total(&mut self) {
        self.list_total = None;
    }

    /// Counts a page, and takes out of it what was met before.
    pub(super) fn add(&mut self, page: &mut Page) -> Added {
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
mod tests {
    use super::*;
    use crate::model::{Agent, Batch, Entity as _, Recording};

    fn page(agents: &[(&str, &str)], total: Option<u64>) -> Page {
        let mut batch = Batch::default();
        for (id, name) in agents {
            let name = Some((*name).to_owned());
            batch.push(
                Agent {
                    id: (*id).to_owned(),
                    name,
                    ..Agent::default()
                },
                "{}",
            );
            // A second table whose ids are the same; it does not count.
            batch.push(
                Recording {
                    id: (*id).to_owned(),
                    ..Recording::default()
                },
                "{}",
            );
        }
        Page {
            batch,
            total,
            ..Page::default()
        }
    }

    #[test]
    fn rows_met_before_are_taken_out_unless_they_changed() {
        let mut tally = Tally::new(Agent::TABLE);
        tally.begin_list();
        tally.add(&mut page(&[("1", "Ann"), ("2", "Bea")], Some(3)));
        let mut second = page(&[("2", "Bea"), ("1", "Anna"), ("3", "Cleo")], Some(3));
        assert_eq!(tally.add(&mut second).duplicates, 3);
        assert_eq!(second.batch.rows()[0].ids(), ["1", "3"]);
        assert_eq!(second.batch.rows()[1].ids(), ["3"]);
        assert_eq!(tally.list_lack(), None);
    }

    #[test]
    fn each_list_is_compared_with_its_own_total_and_the_walk_with_the_first() {
        let mut tally = Tally::new(Agent::TABLE);
        tally.begin_list();
        tally.add(&mut page(&[("1", "Ann"), ("2", "Bea")], Some(4)));
        assert_eq!(tally.list_lack(), Some(Lack { counted: 2, total: 4 }));
        tally.begin_list();
        tally.add(&mut page(&[("2", "Bea"), ("3", "Cleo")], Some(2)));
        assert_eq!(tally.list_lack(), None);
        assert_eq!(tally.walk_lack(Some(4)), Some(Lack { counted: 3, total: 4 }));
        assert_eq!(tally.walk_lack(None), None);
    }

    #[test]
    fn a_total_that_grows_while_a_list_is_read_is_believed() {
        let mut tally = Tally::new(Agent::TABLE);
        tally.begin_list();
        tally.add(&mut page(&[("1", "Ann")], Some(1)));
        tally.add(&mut page(&[], Some(2)));
        assert_eq!(tally.list_lack(), Some(Lack { counted: 1, total: 2 }));
    }

    #[test]
    fn unreadable_records_count_towards_the_total_once() {
        let reject = |raw: &str| Reject {
            position: 0,
            reason: String::new(),
            raw: raw.to_owned(),
        };
        let mut tally = Tally::new(Agent::TABLE);
        tally.begin_list();
        tally.add(&mut Page {
            rejects: vec![reject("a"), reject("b")],
            total: Some(3),
            ..Page::default()
        });
        tally.add(&mut Page {
            rejects: vec![reject("b")],
            total: Some(3),
            ..Page::default()
        });
        assert_eq!(tally.list_lack(), Some(Lack { counted: 2, total: 3 }));
    }

    #[test]
    fn a_record_that_lands_in_part_is_counted_once() {
        let mut tally = Tally::new(Agent::TABLE);
        tally.begin_list();
        for _ in 0..2 {
            let mut page = page(&[("1", "Ann")], Some(2));
            page.rejects = vec![Reject {
                position: 0,
                reason: String::new(),
                raw: page.batch.rows()[0].raws()[0].clone(),
            }];
            tally.add(&mut page);
        }
        assert_eq!(tally.list_lack(), Some(Lack { counted: 1, total: 2 }));
        assert_eq!(tally.readings(), 2);
    }

    #[test]
    fn pages_are_told_apart_by_their_rows() {
        let mut tally = Tally::new(Agent::TABLE);
        let first = tally.add(&mut page(&[("1", "Ann")], None)).fingerprint;
        let again = tally.add(&mut page(&[("1", "Ann")], None)).fingerprint;
        let other = tally.add(&mut page(&[("1", "Anna")], None)).fingerprint;
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(tally.add(&mut page(&[], None)).fingerprint, None);
    }
}
