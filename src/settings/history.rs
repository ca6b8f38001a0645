//! Which changes are kept, and for how long.

use std::ops::RangeInclusive;
use std::time::Duration;

use config::ValueKind;
use connectors::schema::TABLES;

use super::reader::Reader;
use super::{forms, nearest, times};

// Whole months are dropped; below one there would be nothing to ask.
const ANY_KEEPING: RangeInclusive<Duration> =
    Duration::from_hours(31 * 24)..=Duration::from_hours(36_500 * 24);
const DEFAULT_KEEPING: Duration = Duration::from_hours(730 * 24);

/// What schema `history` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// How long changes are kept.
    pub keep: Duration,
    /// Columns that are followed besides the usual ones, each as `table.column`.
    pub columns: Vec<String>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            keep: DEFAULT_KEEPING,
            columns: Vec::new(),
        }
    }
}

/// The table `[history]`.
pub(super) fn read_history(root: &mut Reader<'_>) -> History {
    let usual = History::default();
    let Some(mut table) = root.take_table("history") else {
        return usual;
    };
    let history = History {
        keep: table
            .take_value("keep", times::parse_duration(ANY_KEEPING))
            .unwrap_or(usual.keep),
        columns: table
            .take_value("columns", parse_columns)
            .unwrap_or(usual.columns),
    };
    table.close_table();
    history
}

/// A list of columns of the common schema, each with its table.
fn parse_columns(kind: &ValueKind) -> Result<Vec<String>, String> {
    let columns = forms::parse_list(kind)?;
    let known = || {
        TABLES.iter().flat_map(|table| {
            let name = move |column: &'static str| format!("{}.{column}", table.name);
            table.columns.iter().map(move |column| name(column.name))
        })
    };
    match columns
        .iter()
        .find(|wanted| !known().any(|name| name == **wanted))
    {
        None => Ok(columns),
        Some(wanted) => {
            let all: Vec<String> = known().collect();
            let near = nearest::hint_at(wanted, all.iter().map(String::as_str));
            Err(format!(
                "must name columns as \"table.column\"; one of them is none{near}"
            ))
        }
    }
}
