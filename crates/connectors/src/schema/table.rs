//! What a table of the common schema looks like: names, kinds of columns, and columns of values.

use chrono::{DateTime, NaiveDate, Utc};

/// One table of schema `warehouse`. `source`, `id`, `raw` and the engine's own columns are in every table and not listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's name without its schema.
    pub name: &'static str,
    /// The typed columns, in the order in which an entity writes them.
    pub columns: &'static [Column],
}

/// One typed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `text`.
    Text,
    /// `timestamptz`.
    Instant,
    /// `bigint`.
    Integer,
    /// `boolean`.
    Boolean,
    /// `date`: a calendar day without a zone.
    Day,
    /// `numeric`; travels as text, so that no digit is lost on the way.
    Decimal,
}

impl Kind {
    /// The type's name in Postgres.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Instant => "timestamptz",
            Self::Integer => "bigint",
            Self::Boolean => "boolean",
            Self::Day => "date",
            Self::Decimal => "numeric",
        }
    }

    /// An empty column of this kind.
    pub fn column(self) -> Values {
        match self {
            Self::Text | Self::Decimal => Values::Text(Vec::new()),
            Self::Instant => Values::Instant(Vec::new()),
            Self::Integer => Values::Integer(Vec::new()),
            Self::Boolean => Values::Boolean(Vec::new()),
            Self::Day => Values::Day(Vec::new()),
        }
    }
}

/// The values of one column, a place per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text, and decimals as text.
    Text(Vec<Option<String>>),
    /// Instants.
    Instant(Vec<Option<DateTime<Utc>>>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Yes or no.
    Boolean(Vec<Option<bool>>),
    /// Calendar days.
    Day(Vec<Option<NaiveDate>>),
}

impl Values {
    /// True where any row has a value.
    pub fn has_any(&self) -> bool {
        match self {
            Self::Text(values) => values.iter().any(Option::is_some),
            Self::Instant(values) => values.iter().any(Option::is_some),
            Self::Integer(values) => values.iter().any(Option::is_some),
            Self::Boolean(values) => values.iter().any(Option::is_some),
            Self::Day(values) => values.iter().any(Option::is_some),
        }
    }

    /// Keeps the rows whose place in `keep` is true.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        match self {
            Self::Text(values) => retain(values, keep),
            Self::Instant(values) => retain(values, keep),
            Self::Integer(values) => retain(values, keep),
            Self::Boolean(values) => retain(values, keep),
            Self::Day(values) => retain(values, keep),
        }
    }

    /// Puts the values in this order of their old places.
    pub(super) fn arrange(&mut self, order: &[usize]) {
        match self {
            Self::Text(values) => arrange(values, order),
            Self::Instant(values) => arrange(values, order),
            Self::Integer(values) => arrange(values, order),
            Self::Boolean(values) => arrange(values, order),
            Self::Day(values) => arrange(values, order),
        }
    }

    /// Takes the values from this place on.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        match self {
            Self::Text(values) => Self::Text(values.split_off(at)),
            Self::Instant(values) => Self::Instant(values.split_off(at)),
            Self::Integer(values) => Self::Integer(values.split_off(at)),
            Self::Boolean(values) => Self::Boolean(values.split_off(at)),
            Self::Day(values) => Self::Day(values.split_off(at)),
        }
    }

    /// Moves the rows of `other`, a column of the same kind, behind our own.
    pub(super) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Text(own), Self::Text(mut more)) => own.append(&mut more),
            (Self::Instant(own), Self::Instant(mut more)) => own.append(&mut more),
            (Self::Integer(own), Self::Integer(mut more)) => own.append(&mut more),
            (Self::Boolean(own), Self::Boolean(mut more)) => own.append(&mut more),
            (Self::Day(own), Self::Day(mut more)) => own.append(&mut more),
            _ => unreachable!("both columns were made from one table description"),
        }
    }
}

/// Keeps the places of `values` that `keep` marks.
pub(super) fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut marks = keep.iter();
    values.retain(|_| marks.next().copied().unwrap_or(false));
}

/// Puts `values` in this order of their old places. Where there are fewer values than places, none has one yet.
pub(super) fn arrange<T: Default>(values: &mut Vec<T>, order: &[usize]) {
    if values.len() == order.len() {
        *values = order
            .iter()
            .map(|place| std::mem::take(&mut values[*place]))
            .collect();
    }
}
