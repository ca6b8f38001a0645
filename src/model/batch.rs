//! Rows of any number of tables that belong together, with the rows that a vendor says are gone.

use chrono::{DateTime, Utc};

use super::entity::Entity;
use super::rows::Rows;
use super::table::Table;

/// What one answer gave, or several: rows by table, and tombstones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    rows: Vec<Rows>,
    tombstones: Vec<(&'static Table, String)>,
}

impl Batch {
    /// Adds a row with the vendor's record it was made from.
    pub fn push<E: Entity>(&mut self, entity: E, record: &str) {
        self.rows_of(E::TABLE).push(entity, record);
    }

    /// Notes that the vendor says this row is deleted.
    pub fn delete(&mut self, table: &'static Table, id: String) {
        self.tombstones.push((table, id));
    }

    /// Notes when the request began that brought the rows. The engine does this once for each answer.
    pub fn stamp(&mut self, at: DateTime<Utc>) {
        self.rows.iter_mut().for_each(|rows| rows.stamp(at));
    }

    /// The rows, a table at a time.
    pub fn rows(&self) -> &[Rows] {
        &self.rows
    }

    /// The rows, to be thinned out before loading.
    pub fn rows_mut(&mut self) -> &mut [Rows] {
        &mut self.rows
    }

    /// What is deleted at the vendor.
    pub fn tombstones(&self) -> &[(&'static Table, String)] {
        &self.tombstones
    }

    /// How many rows there are in all tables.
    pub fn len(&self) -> usize {
        self.rows.iter().map(Rows::len).sum()
    }

    /// True without rows and tombstones.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.tombstones.is_empty()
    }

    /// Moves everything of `other` behind our own.
    pub fn append(&mut self, other: Self) {
        for rows in other.rows {
            self.rows_of(rows.table()).append(rows);
        }
        self.tombstones.extend(other.tombstones);
    }

    fn rows_of(&mut self, table: &'static Table) -> &mut Rows {
        let place = self
            .rows
            .iter()
            .position(|rows| rows.table() == table)
            .unwrap_or_else(|| {
                self.rows.push(Rows::of(table));
                self.rows.len() - 1
            });
        &mut self.rows[place]
    }
}
