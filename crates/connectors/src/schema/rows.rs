//! Rows of one table in columns, each with the vendor's raw record and a hash of its content.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::Xxh3;

use super::entity::{Entity, without_nul};
use super::key::storable_key;
use super::raw;
use super::table::{Table, Values, arrange, retain};

/// Hash of a record as received and of the typed values made from it: two readings with the same hash are the same row.
pub type Hash = [u8; 16];

/// The name by which a stream owns the record itself, beside typed columns.
const RECORD: &str = "raw";

/// Which columns of its rows a stream may set, where several streams fill one table.
///
/// Streams that share a table own different columns of it, so that the rows come out the same whichever stream is read first.
/// Exactly one of them owns the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Every column: the row becomes what the record says.
    Whole,
    /// These columns, the record among them where `raw` is; other values of a row that is there already stay.
    Columns(&'static [&'static str]),
}

impl Ownership {
    /// True where a column belongs to the stream.
    pub fn has(self, column: &str) -> bool {
        match self {
            Self::Whole => true,
            Self::Columns(columns) => columns.contains(&column),
        }
    }

    /// True where the stream's record is the one that is kept.
    pub fn has_record(self) -> bool {
        self.has(RECORD)
    }
}

/// Rows of one table, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    table: &'static Table,
    ownership: Ownership,
    ids: Vec<String>,
    raws: Vec<String>,
    hashes: Vec<Hash>,
    fetched: Vec<DateTime<Utc>>,
    contexts: Vec<Option<Arc<str>>>,
    columns: Vec<Values>,
}

impl Rows {
    /// No rows yet, of a stream that owns these columns.
    pub fn of(table: &'static Table, ownership: Ownership) -> Self {
        let columns = table.columns.iter().map(|column| column.kind.column()).collect();
        Self {
            table,
            ownership,
            ids: Vec::new(),
            raws: Vec::new(),
            hashes: Vec::new(),
            fetched: Vec::new(),
            contexts: Vec::new(),
            columns,
        }
    }

    /// Notes when the request began that brought the rows which have no such time yet.
    pub(super) fn stamp(&mut self, at: DateTime<Utc>) {
        self.fetched.resize(self.ids.len(), at);
    }

    /// Notes what of the page request the mapping of the rows needed which have no such note yet.
    pub(super) fn set_context(&mut self, context: Option<Arc<str>>) {
        self.contexts.resize(self.ids.len(), context);
    }

    /// Appends an entity of this table with the vendor's record it was made from.
    ///
    /// The hash covers the typed values too, so that a mended mapping changes it and its rows are written again.
    pub(super) fn push<E: Entity>(&mut self, entity: E, record: &str) {
        self.push_lasting(entity, record, record);
    }

    /// Like `push`, with the part of the record that lasts: a difference elsewhere alone is none.
    pub(super) fn push_lasting<E: Entity>(&mut self, entity: E, record: &str, lasting: &str) {
        debug_assert_eq!(E::TABLE, self.table);
        let mut digest = Xxh3::new();
        digest.update(lasting.as_bytes());
        self.ids.push(storable_key(without_nul(entity.id().to_owned())));
        entity.encode(&mut self.columns, &mut digest);
        self.shorten_keys();
        self.hashes.push(digest.digest128().to_be_bytes());
        self.raws.push(raw::make_storable(record).into_owned());
    }

    /// Makes the last row's references follow the rule that the ids follow which they name.
    fn shorten_keys(&mut self) {
        for (column, values) in self.table.columns.iter().zip(&mut self.columns) {
            if let Values::Text(values) = values
                && column.name.ends_with("_id")
                && let Some(value) = values.last_mut()
            {
                *value = value.take().map(storable_key);
            }
        }
    }

    /// Like `push_lasting`, where typed values come and go too: `lasting` is the entity without them.
    pub(super) fn push_moving<E: Entity>(
        &mut self,
        entity: E,
        record: &str,
        lasting: E,
        lasting_record: &str,
    ) {
        let mut apart = Self::of(self.table, self.ownership);
        apart.push(lasting, lasting_record);
        self.push(entity, record);
        let place = self.hashes.len() - 1;
        self.hashes[place] = apart.hashes[0];
    }

    /// The table.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// Which columns may be set in rows that the table holds already.
    pub fn ownership(&self) -> Ownership {
        self.ownership
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The vendor's ids.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The vendor's records.
    pub fn raws(&self) -> &[String] {
        &self.raws
    }

    /// The content hashes.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// When the request began that brought each row; empty before the batch was stamped.
    pub fn fetched(&self) -> &[DateTime<Utc>] {
        &self.fetched
    }

    /// What of the page request the mapping needed, as JSON; empty before it was noted.
    pub fn contexts(&self) -> &[Option<Arc<str>>] {
        &self.contexts
    }

    /// The typed columns, in the order of the table.
    pub fn columns(&self) -> &[Values] {
        &self.columns
    }

    /// Keeps the rows whose place in `keep` is true.
    pub fn retain(&mut self, keep: &[bool]) {
        retain(&mut self.ids, keep);
        retain(&mut self.raws, keep);
        retain(&mut self.hashes, keep);
        retain(&mut self.fetched, keep);
        retain(&mut self.contexts, keep);
        self.columns.iter_mut().for_each(|column| column.retain(keep));
    }

    /// Puts the rows in the order of their ids, byte by byte.
    pub fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|one, other| self.ids[*one].cmp(&self.ids[*other]));
        arrange(&mut self.ids, &order);
        arrange(&mut self.raws, &order);
        arrange(&mut self.hashes, &order);
        arrange(&mut self.fetched, &order);
        arrange(&mut self.contexts, &order);
        self.columns.iter_mut().for_each(|column| column.arrange(&order));
    }

    /// Takes the rows from this place on; the rows must be stamped.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Self {
        Self {
            table: self.table,
            ownership: self.ownership,
            ids: self.ids.split_off(at),
            raws: self.raws.split_off(at),
            hashes: self.hashes.split_off(at),
            fetched: self.fetched.split_off(at),
            contexts: self.contexts.split_off(at.min(self.contexts.len())),
            columns: self
                .columns
                .iter_mut()
                .map(|column| column.split_off(at))
                .collect(),
        }
    }

    /// Writes the numbers of the records that are beyond those of the server as texts. True where there were any.
    pub fn quote_far_numbers(&mut self) -> bool {
        let mut is_changed = false;
        for raw in &mut self.raws {
            if let Some(quoted) = raw::quote_far_numbers(raw) {
                *raw = quoted;
                is_changed = true;
            }
        }
        is_changed
    }

    /// Moves the rows of `other`, of the same table, behind our own.
    pub fn append(&mut self, mut other: Self) {
        // Those without a note of their context have none, and must not take one of those behind them.
        self.set_context(None);
        other.set_context(None);
        self.ids.append(&mut other.ids);
        self.raws.append(&mut other.raws);
        self.hashes.append(&mut other.hashes);
        self.fetched.append(&mut other.fetched);
        self.contexts.append(&mut other.contexts);
        for (own, more) in self.columns.iter_mut().zip(other.columns) {
            own.append(more);
        }
    }

    /// For each row, whether it is the last one with its id: a statement may not meet one key twice.
    pub fn last_of_each_id(&self) -> Vec<bool> {
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(self.len());
        for (place, id) in self.ids.iter().enumerate() {
            last.insert(id, place);
        }
        self.ids
            .iter()
            .enumerate()
            .map(|(place, id)| last.get(id.as_str()) == Some(&place))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Agent;
    use super::*;

    fn agents(names: &[(&str, &str)]) -> Rows {
        let mut rows = Rows::of(Agent::TABLE, Ownership::Whole);
        for (id, name) in names {
            let agent = Agent {
                id: (*id).into(),
                name: Some((*name).into()),
                ..Agent::default()
            };
            rows.push(agent, "{}");
        }
        rows
    }

    #[test]
    fn the_last_row_of_an_id_is_kept() {
        let mut rows = agents(&[("1", "Old"), ("2", "Other"), ("1", "New")]);
        let keep = rows.last_of_each_id();
        rows.retain(&keep);
        assert_eq!(rows.ids(), ["2", "1"]);
        assert_eq!(
            rows.columns()[0],
            Values::Text(vec![Some("Other".into()), Some("New".into())])
        );
    }

    #[test]
    fn no_text_holds_what_postgres_refuses_and_ids_do_not_either() {
        let rows = agents(&[("1\0", "A\0n")]);
        assert_eq!(rows.ids(), ["1\u{fffd}"]);
        assert_eq!(rows.columns()[0], Values::Text(vec![Some("A\u{fffd}n".into())]));
    }

    #[test]
    fn keys_that_no_index_holds_are_shortened_where_they_stand_and_where_they_are_named() {
        use super::super::ConversationTag;
        let long = "x".repeat(3_000);
        let mut rows = Rows::of(ConversationTag::TABLE, Ownership::Whole);
        let tag = ConversationTag {
            id: long.clone(),
            conversation_id: Some(long.clone()),
            tag_id: Some("short".into()),
            tag_name: Some(long.clone()),
        };
        rows.push(tag, "{}");
        let key = storable_key(long.clone());
        assert_eq!(rows.ids(), std::slice::from_ref(&key));
        let texts = [key, "short".into(), long].map(|text| Values::Text(vec![Some(text)]));
        assert_eq!(rows.columns(), texts);
    }

    #[test]
    fn rows_without_a_context_do_not_take_their_neighbours() {
        let mut rows = agents(&[("1", "Ann")]);
        let mut other = agents(&[("2", "Bea")]);
        other.set_context(Some("{}".into()));
        rows.append(other);
        assert_eq!(rows.contexts(), [None, Some("{}".into())]);
    }

    #[test]
    fn the_halves_of_rows_are_the_rows() {
        let mut rows = agents(&[("1", "Ann"), ("2", "Bea"), ("3", "Cleo")]);
        rows.stamp(DateTime::UNIX_EPOCH);
        rows.set_context(Some("{}".into()));
        let whole = rows.clone();
        let other = rows.split_off(1);
        assert_eq!((rows.len(), other.len(), other.contexts().len()), (1, 2, 2));
        rows.append(other);
        assert_eq!(rows, whole);
    }

    #[test]
    fn a_typed_value_alone_changes_the_hash() {
        let rows = agents(&[("1", "Ann"), ("1", "Bea"), ("1", "Ann")]);
        assert_ne!(rows.hashes()[0], rows.hashes()[1]);
        assert_eq!(rows.hashes()[0], rows.hashes()[2]);
    }

    #[test]
    fn what_comes_and_goes_is_written_and_is_no_change() {
        let mut rows = Rows::of(Agent::TABLE, Ownership::Whole);
        for (name, record, lasting) in [("Ann", "[1]", "[]"), ("Bea", "[2]", "[]"), ("Bea", "[2]", "{}")] {
            let agent = |name| Agent {
                name,
                ..Agent::default()
            };
            rows.push_moving(agent(Some(name.into())), record, agent(None), lasting);
        }
        assert!(rows.hashes()[0] == rows.hashes()[1] && rows.hashes()[1] != rows.hashes()[2]);
    }

    #[test]
    fn null_and_shifted_values_have_different_hashes() {
        let mut rows = Rows::of(Agent::TABLE, Ownership::Whole);
        let some = |text: &str| Some(text.to_owned());
        rows.push(
            Agent {
                id: "1".into(),
                name: some("ab"),
                first_name: some("c"),
                ..Agent::default()
            },
            "{}",
        );
        rows.push(
            Agent {
                id: "1".into(),
                name: some("a"),
                first_name: some("bc"),
                ..Agent::default()
            },
            "{}",
        );
        rows.push(
            Agent {
                id: "1".into(),
                name: some(""),
                ..Agent::default()
            },
            "{}",
        );
        rows.push(
            Agent {
                id: "1".into(),
                ..Agent::default()
            },
            "{}",
        );
        let mut hashes = rows.hashes().to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 4);
    }

    #[test]
    fn sorted_rows_keep_their_columns_together() {
        let mut rows = agents(&[("b", "Bea"), ("c", "Cleo"), ("a", "Ann")]);
        let hash = rows.hashes()[2];
        rows.sort();
        assert_eq!(rows.ids(), ["a", "b", "c"]);
        assert_eq!(rows.hashes()[0], hash);
        let names = ["Ann", "Bea", "Cleo"].map(|name| Some(name.to_owned()));
        assert_eq!(rows.columns()[0], Values::Text(names.to_vec()));
    }

    #[test]
    fn appended_rows_keep_their_columns_together() {
        let mut rows = agents(&[("1", "Ann")]);
        rows.append(agents(&[("2", "Bea")]));
        assert_eq!((rows.len(), rows.raws().len(), rows.hashes().len()), (2, 2, 2));
        assert_eq!(
            rows.columns()[0],
            Values::Text(vec![Some("Ann".into()), Some("Bea".into())])
        );
    }
}
