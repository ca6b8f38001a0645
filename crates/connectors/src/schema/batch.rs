//! Rows of any number of tables that belong together, with the rows that a vendor says are gone.

use chrono::{DateTime, Utc};

use super::entity::Entity;
use super::rows::Rows;
use super::table::Table;

/// What one answer gave, or several: rows by table, and tombstones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    rows: Vec<Rows>,
    tombstones: Vec<Tombstone>,
    children: Vec<Children>,
}

/// A row that is gone at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The table.
    pub table: &'static Table,
    /// The row's id.
    pub id: String,
    /// How that is known.
    pub proof: Proof,
}

/// How it is known that a row is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The vendor lists the row among those that are gone, by a filter that was proved to be heeded.
    Stated,
    /// The vendor, asked for the row by its id, says in its own words that there is none.
    NotFound,
}

/// All rows of a table that belong to one row of another, as the vendor shows them now: others of it are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Children {
    /// The table.
    pub table: &'static Table,
    /// The column that names the parent.
    pub column: &'static str,
    /// The parent's id.
    pub parent: String,
    /// The ids of its children.
    pub ids: Vec<String>,
}

impl Batch {
    /// Adds a row with the vendor's record it was made from.
    pub fn push<E: Entity>(&mut self, entity: E, record: &str) {
        self.rows_of(E::TABLE, false).push(entity, record);
    }

    /// Adds a row whose record has members that come and go without meaning: `lasting` is the record without them, and only
    /// a difference in it, or in the typed columns, counts as a change.
    pub fn push_lasting<E: Entity>(&mut self, entity: E, record: &str, lasting: &str) {
        self.rows_of(E::TABLE, false)
            .push_lasting(entity, record, lasting);
    }

    /// The same where typed columns come and go too: `lasting` is the entity without them, `lasting_record` the record.
    pub fn push_moving<E: Entity>(&mut self, entity: E, record: &str, lasting: E, lasting_record: &str) {
        self.rows_of(E::TABLE, false)
            .push_moving(entity, record, lasting, lasting_record);
    }

    /// Adds what this stream knows of a row that several streams fill: where the table does not hold it, the row; otherwise
    /// only the columns that the stream owns, whatever others have set. Streams that share a table own different columns of it,
    /// and exactly one of them owns the record, by the name `raw`.
    pub fn push_partial<E: Entity>(&mut self, entity: E, record: &str, owned: &'static [&'static str]) {
        self.rows_of(E::TABLE, owned.is_empty()).push(entity, record);
    }

    /// Adds a row from a second-hand list: where the table holds it already, it stays as it is.
    pub fn fill<E: Entity>(&mut self, entity: E, record: &str) {
        self.rows_of(E::TABLE, true).push(entity, record);
    }

    /// Notes that these are all rows of a table that belong to one parent; those that it had besides are gone.
    pub fn replace(&mut self, children: Children) {
        self.children.push(children);
    }

    /// Adds a row that the vendor lists among those that are gone.
    pub fn delete(&mut self, table: &'static Table, id: String) {
        let proof = Proof::Stated;
        self.tombstones.push(Tombstone { table, id, proof });
    }

    /// Adds a row that the vendor, asked for it by its id, says it does not have.
    pub fn delete_missing(&mut self, table: &'static Table, id: String) {
        let proof = Proof::NotFound;
        self.tombstones.push(Tombstone { table, id, proof });
    }

    /// Gives the rows the context that they were mapped in.
    pub fn set_context(&mut self, context: Option<String>) {
        self.rows
            .iter_mut()
            .for_each(|rows| rows.set_context(context.as_deref()));
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
    pub fn tombstones(&self) -> &[Tombstone] {
        &self.tombstones
    }

    /// The complete sets of children.
    pub fn children(&self) -> &[Children] {
        &self.children
    }

    /// How many rows there are in all tables.
    pub fn len(&self) -> usize {
        self.rows.iter().map(Rows::len).sum()
    }

    /// True where nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.tombstones.is_empty() && self.children.is_empty()
    }

    /// Moves everything of `other` behind our own.
    pub fn append(&mut self, other: Self) {
        for rows in other.rows {
            self.rows_of(rows.table(), rows.fills_gaps()).append(rows);
        }
        self.tombstones.extend(other.tombstones);
        self.children.extend(other.children);
    }

    fn rows_of(&mut self, table: &'static Table, fills_gaps: bool) -> &mut Rows {
        let place = self
            .rows
            .iter()
            .position(|rows| rows.table() == table && rows.fills_gaps() == fills_gaps)
            .unwrap_or_else(|| {
                let rows = if fills_gaps {
                    Rows::filling(table)
                } else {
                    Rows::of(table)
                };
                self.rows.push(rows);
                self.rows.len() - 1
            });
        &mut self.rows[place]
    }
}
