//! Rows of any number of tables that belong together, with the rows that a vendor says are gone.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::entity::Entity;
use super::key::storable_key;
use super::rows::{Ownership, Rows};
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
    /// When the request began that brought it; nothing before the batch was stamped.
    pub at: Option<DateTime<Utc>>,
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
        self.rows_of(E::TABLE, Ownership::Whole).push(entity, record);
    }

    /// Adds a row whose record has members that come and go without meaning: `lasting` is the record without them, and only
    /// a difference in it, or in the typed columns, counts as a change.
    pub fn push_lasting<E: Entity>(&mut self, entity: E, record: &str, lasting: &str) {
        self.rows_of(E::TABLE, Ownership::Whole)
            .push_lasting(entity, record, lasting);
    }

    /// The same where typed columns come and go too: `lasting` is the entity without them, `lasting_record` the record.
    pub fn push_moving<E: Entity>(&mut self, entity: E, record: &str, lasting: E, lasting_record: &str) {
        self.rows_of(E::TABLE, Ownership::Whole)
            .push_moving(entity, record, lasting, lasting_record);
    }

    /// Adds what this stream knows of a row that several streams fill: where the table does not hold it, the row; otherwise
    /// only the columns that the stream owns, whatever others have set. Streams that share a table own different columns of it,
    /// and exactly one of them owns the record, by the name `raw`.
    pub fn push_partial<E: Entity>(&mut self, entity: E, record: &str, owned: &'static [&'static str]) {
        debug_assert!(
            owned
                .iter()
                .all(|name| *name == "raw" || E::TABLE.columns.iter().any(|column| column.name == *name)),
            "{owned:?} are columns of {}",
            E::TABLE.name
        );
        self.rows_of(E::TABLE, Ownership::Columns(owned))
            .push(entity, record);
    }

    /// Adds a row from a second-hand list: where the table holds it already, it stays as it is.
    pub fn fill<E: Entity>(&mut self, entity: E, record: &str) {
        self.push_partial(entity, record, &[]);
    }

    /// Notes that these are all rows of a table that belong to one parent; those that it had besides are gone.
    pub fn replace(&mut self, children: Children) {
        self.children.push(Children {
            parent: storable_key(children.parent),
            ids: children.ids.into_iter().map(storable_key).collect(),
            ..children
        });
    }

    /// Adds a row that the vendor lists among those that are gone.
    pub fn delete(&mut self, table: &'static Table, id: String) {
        self.add_tombstone(table, id, Proof::Stated);
    }

    /// Adds a row that the vendor, asked for it by its id, says it does not have.
    pub fn delete_missing(&mut self, table: &'static Table, id: String) {
        self.add_tombstone(table, id, Proof::NotFound);
    }

    fn add_tombstone(&mut self, table: &'static Table, id: String, proof: Proof) {
        self.tombstones.push(Tombstone {
            table,
            id: storable_key(id),
            proof,
            at: None,
        });
    }

    /// Notes when the request began that brought the rows. The engine does this once for each answer.
    pub fn stamp(&mut self, at: DateTime<Utc>) {
        self.rows.iter_mut().for_each(|rows| rows.stamp(at));
        for tombstone in &mut self.tombstones {
            tombstone.at.get_or_insert(at);
        }
    }

    /// Notes what of the page request the mapping of the rows needed, as JSON, for those that have no such note yet. The slice
    /// machine does this once for each answer.
    pub fn set_context(&mut self, context: Option<String>) {
        let context: Option<Arc<str>> = context.map(Arc::from);
        for rows in &mut self.rows {
            rows.set_context(context.clone());
        }
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
            self.rows_of(rows.table(), rows.ownership()).append(rows);
        }
        self.tombstones.extend(other.tombstones);
        self.children.extend(other.children);
    }

    fn rows_of(&mut self, table: &'static Table, ownership: Ownership) -> &mut Rows {
        let place = self
            .rows
            .iter()
            .position(|rows| rows.table() == table && rows.ownership() == ownership)
            .unwrap_or_else(|| {
                self.rows.push(Rows::of(table, ownership));
                self.rows.len() - 1
            });
        &mut self.rows[place]
    }
}
