//! A recorded slice as text: the page requests, the rows as they would be written, what could not be read, and the verdict.

use std::fmt::Write;

use chrono::SecondsFormat;

use super::playback::{Playback, Step};
use crate::reader::{ReadPage, Reading, Verdict};
use crate::schema::{Children, Ownership, Proof, Rows, Values};
use crate::source::{Request, Verb};

/// The story of a slice.
pub(super) fn describe_story(playback: &Playback<'_>) -> String {
    describe_steps(&playback.steps) + &end(&playback.reading)
}

/// The story as far as it was read.
pub(super) fn describe_steps(steps: &[Step<'_>]) -> String {
    steps.iter().map(describe_step).collect()
}

fn describe_step(step: &Step<'_>) -> String {
    let status = match step.answer.status {
        200 => String::new(),
        status => format!("(status {status})\n"),
    };
    let record_count = step.sight.opened.map_or(0, |opened| opened.record_count);
    let again = if record_count > 0 && step.sight.fates.is_empty() {
        format!("({record_count} records, which other requests bring again)\n")
    } else {
        String::new()
    };
    describe_request(&step.request) + &status + &again + &page(&step.page)
}

/// A page request, as one line.
pub(super) fn describe_request(request: &Request) -> String {
    let verb = match request.verb {
        Verb::Get => "",
        Verb::PostForm => "form to ",
        Verb::PostJson => "json to ",
    };
    let host = match request.host {
        "" => String::new(),
        host => format!("{host}: "),
    };
    let params: Vec<String> = request
        .params()
        .iter()
        .map(|(name, value)| format!(" {name}={}", quoted(value)))
        .collect();
    let body = request.body.as_deref().map(|body| format!(" {body}"));
    let once = if request.is_repeatable { "" } else { " (once only)" };
    let (path, params, body) = (&request.path, params.concat(), body.unwrap_or_default());
    format!("> {verb}{host}{path}{params}{body}{once}\n")
}

/// What an answer held, a line each.
fn page(page: &ReadPage) -> String {
    let mut story = String::new();
    let mut line = |text: String| writeln!(story, "{text}").expect("writing to a String cannot fail");
    for rows in page.batch.rows() {
        let mark = match rows.ownership() {
            Ownership::Whole => String::new(),
            Ownership::Columns([]) => "   (stays as it is where it is already)".to_owned(),
            Ownership::Columns(columns) => format!("   (of these, {} may change a row)", columns.join(" ")),
        };
        (0..rows.len()).for_each(|place| line(row(rows, place) + &mark));
    }
    for tombstone in page.batch.tombstones() {
        let how = match tombstone.proof {
            Proof::Stated => "is gone",
            Proof::NotFound => "is not there",
        };
        line(format!("{}   {}   {how}", tombstone.table.name, tombstone.id));
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
    for fault in &page.faults {
        let row = fault.example.as_deref().unwrap_or("of a record without a row");
        line(format!(
            "? `{}` {}, {} times: {row}",
            fault.field, fault.kind, fault.count
        ));
    }
    if page.duplicate_count > 0 {
        line(format!("({} rows came before)", page.duplicate_count));
    }
    story
}

/// A row: its table, its id, every column that is not NULL, and what of the page request it was read with.
fn row(rows: &Rows, place: usize) -> String {
    let columns = rows.table().columns.iter().zip(rows.columns());
    let values = columns.filter_map(|(column, values)| {
        let value = value(values, place)?;
        Some(format!(" {}={value}", column.name))
    });
    let values: String = values.collect();
    let context = rows.contexts().get(place).and_then(Option::as_deref);
    let context = context
        .map(|context| format!("   with {context}"))
        .unwrap_or_default();
    format!(
        "{}   {}  {values}{context}",
        rows.table().name,
        quoted(&rows.ids()[place])
    )
}

/// How the slice ended.
fn end(reading: &Reading) -> String {
    let verdict = match &reading.verdict {
        Verdict::Complete => "complete".to_owned(),
        Verdict::Incomplete(shortfall) => format!("incomplete: {shortfall}"),
        Verdict::Failed(error) => format!("failed: {error}"),
    };
    let total = reading
        .total
        .map(|total| format!(" of {total}"))
        .unwrap_or_default();
    let mut story = format!(
        "= {verdict}; {}{total} records on {} pages, {} rejected\n",
        reading.record_count, reading.page_count, reading.reject_count
    );
    let mut line = |text: String| writeln!(story, "{text}").expect("writing to a String cannot fail");
    for count in &reading.evidence {
        line(format!("= {} lists: {}", count.list_count, count.evidence));
    }
    for seen in reading.seen.iter().filter(|_| reading.proves_absence) {
        line(format!(
            "= {}: what is none of {} ids is gone",
            seen.table.name,
            seen.ids.len()
        ));
    }
    for warning in &reading.warnings {
        line(format!("= warning: {warning}"));
    }
    story
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
