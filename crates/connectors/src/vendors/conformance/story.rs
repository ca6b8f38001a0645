//! A walk as text: the questions asked, the rows as they would be written, the rejects, the totals.

use std::fmt::Write;

use chrono::SecondsFormat;

use super::walk::Step;
use crate::schema::{Children, Rows, Values};
use crate::source::{Ask, Page, Request};

/// The story of a walk.
pub(super) fn tell(steps: &[Step<'_>]) -> String {
    steps
        .iter()
        .map(|step| question(&step.ask) + &answer(&step.page))
        .collect()
}

/// A question, as one line.
pub(super) fn question(ask: &Ask) -> String {
    let wait = if ask.wait.is_zero() {
        String::new()
    } else {
        format!(" after {:?}", ask.wait)
    };
    let stage = if ask.stage == 0 {
        String::new()
    } else {
        format!(" in stage {}", ask.stage)
    };
    let Request { path, door, body, .. } = &ask.request;
    let door = if door.is_empty() {
        String::new()
    } else {
        format!("{door}: ")
    };
    let body = body.as_deref().map(|body| format!(" {body}")).unwrap_or_default();
    format!("> {door}{path} {:?}{body}{wait}{stage}\n", ask.request.params())
}

/// What an answer held, a line each.
fn answer(page: &Page) -> String {
    let mut story = String::new();
    let mut line = |text: String| writeln!(story, "{text}").expect("writing to a String cannot fail");
    for rows in page.batch.rows() {
        let mark = if rows.fills_gaps() { "   (fills a gap)" } else { "" };
        (0..rows.len()).for_each(|place| line(row(rows, place) + mark));
    }
    for (table, id) in page.batch.tombstones() {
        line(format!("{}   {id}   is deleted", table.name));
    }
    for children in page.batch.children() {
        let Children {
            table, parent, ids, ..
        } = children;
        line(format!("{}   of {parent}: {}", table.name, ids.join(" ")));
    }
    for reject in &page.rejects {
        line(format!("! item {}: {}", reject.position, reject.reason));
    }
    if let Some(total) = page.total {
        line(format!("(total {total})"));
    }
    if let Some(warning) = page.warning {
        line(format!("(warning: {warning})"));
    }
    if page.is_doubtful {
        line("(doubtful)".to_owned());
    }
    story
}

/// A row: its table, its id, and every column that is not NULL.
fn row(rows: &Rows, place: usize) -> String {
    let columns = rows.table().columns.iter().zip(rows.columns());
    let values: Vec<String> = columns
        .filter_map(|(column, values)| Some(format!("{}={}", column.name, value(values, place)?)))
        .collect();
    format!(
        "{}   {}   {}",
        rows.table().name,
        rows.ids()[place],
        values.join(" ")
    )
}

fn value(values: &Values, place: usize) -> Option<String> {
    match values {
        Values::Text(values) => values[place].as_deref().map(quoted),
        Values::Instant(values) => values[place].map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        Values::Integer(values) => values[place].map(|number| number.to_string()),
        Values::Boolean(values) => values[place].map(|yes| yes.to_string()),
        Values::Day(values) => values[place].map(|day| day.to_string()),
    }
}

/// The text, in quotes where it could be taken for more than one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}
