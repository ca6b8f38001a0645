//! Converz's answers: an array of rows, or the same rows by columns.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::source::{Context, Envelope, EnvelopeReader, ReadError, Response, explain_status};
use crate::wire::body::{UNKNOWN, parse_json, require_json};
use crate::wire::wire_record;

use super::values::Members;

/// How much of the vendor's own words an error keeps.
const MOST_SAID: usize = 200;

/// Opens an answer of the list of users.
pub(super) const REPS: EnvelopeReader = |body, _| open_list(body, |name| name == "rep_id");

/// Opens an answer of the list of calls.
pub(super) const CALLS: EnvelopeReader = |body, _| open_list(body, |name| name == "call_id");

/// Opens an answer of any list; `is_own` knows a column that the list must have.
///
/// An array of rows is documented. The vendor also speaks of other formats without describing them; assumed are one object
/// with a list of values for each column, and one object around the array. The empty list is `[]` (assumed). An object without
/// any row may be an error in the vendor's words as well: with the list's own columns it is perhaps an empty list, and without
/// them it is none.
pub(super) fn open_list(body: &str, is_own: impl Fn(&str) -> bool) -> Result<Envelope<'_>, ReadError> {
    let body = require_json(body)?;
    if body.starts_with('[') {
        return Ok(open_rows(borrow_rows(&parse_json::<Vec<&RawValue>>(body)?)));
    }
    let columns = open_columns(&parse_json(body)?)?;
    match columns.as_slice() {
        [] => Err(UNKNOWN),
        [column] if column.holds_rows() => Ok(open_rows(borrow_rows(&column.values))),
        columns => match row_count(columns)? {
            0 if columns.iter().any(|column| is_own(&column.name)) => Ok(Envelope {
                is_ambiguous_empty: true,
                total: Some(0),
                ..Envelope::default()
            }),
            0 => Err(UNKNOWN),
            row_count => Ok(open_rows(
                (0..row_count).map(|place| row_at(columns, place)).collect(),
            )),
        },
    }
}

fn open_rows(records: Vec<Cow<'_, str>>) -> Envelope<'_> {
    Envelope {
        records,
        ..Envelope::default()
    }
}

fn borrow_rows<'a>(rows: &[&'a RawValue]) -> Vec<Cow<'a, str>> {
    rows.iter().map(|row| Cow::Borrowed(row.get())).collect()
}

/// A member of an object that holds a list.
struct Column<'a> {
    name: String,
    values: Vec<&'a RawValue>,
}

impl Column<'_> {
    /// True for the one member around an array of rows.
    fn holds_rows(&self) -> bool {
        !self.values.is_empty() && self.values.iter().all(|value| value.get().starts_with('{'))
    }
}

/// The members of an object, every one of which must be a list.
fn open_columns<'a>(members: &Members<'a>) -> Result<Vec<Column<'a>>, ReadError> {
    let column = |(name, values): (&str, &'a str)| {
        if !values.starts_with('[') {
            return Err(UNKNOWN);
        }
        Ok(Column {
            name: name.to_owned(),
            values: parse_json(values)?,
        })
    };
    members.iter().map(column).collect()
}

/// How long the columns are, which must all be as long.
fn row_count(columns: &[Column<'_>]) -> Result<usize, ReadError> {
    let count = columns.first().map_or(0, |column| column.values.len());
    let is_even = columns.iter().all(|column| column.values.len() == count);
    is_even.then_some(count).ok_or(UNKNOWN)
}

/// The row that the columns make up at a place.
fn row_at<'a>(columns: &[Column<'a>], place: usize) -> Cow<'a, str> {
    let members: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = serde_json::Value::from(column.name.as_str());
            format!("{name}:{}", column.values[place].get())
        })
        .collect();
    Cow::Owned(format!("{{{}}}", members.join(",")))
}

wire_record! {
    /// What is wrong with a page request (documented for 400 and 401 of calls, assumed everywhere).
    struct Complaint { error, code }
}

/// The vendor's own words about an answer with a bad status. The set of codes is unknown, so that nothing hangs on one.
pub(super) fn explain_answer(got: &Response) -> ReadError {
    match vendor_words(&got.body) {
        Some(said) => ReadError::Rejected {
            code: got.status.into(),
            said: Some(said),
        },
        None => explain_status(got),
    }
}

fn vendor_words(body: &str) -> Option<String> {
    let complaint: Complaint<'_> = serde_json::from_str(require_json(body).ok()?).ok()?;
    let faults = crate::source::Faults::new();
    let words = [complaint.code, complaint.error].map(|field| field.owned(&faults));
    let words: Vec<String> = words.into_iter().flatten().collect();
    let said: String = words.join(": ").chars().take(MOST_SAID).collect();
    (!said.is_empty()).then_some(said)
}

/// True where an answer says by its status that there is nothing, perhaps: 204 (assumed).
pub(super) fn is_no_content(got: &Response) -> bool {
    got.status == 204
}

/// True for a 404 in the vendor's own words. It may mean "none", or a path or a tenant that is not there (assumed).
pub(super) fn is_not_found_in_words(got: &Response) -> bool {
    got.status == 404 && vendor_words(&got.body).is_some()
}

/// Opens an answer whose rows must have a column that the page request names.
pub(super) fn open_with<'a>(body: &'a str, context: &Context, key: &str) -> Result<Envelope<'a>, ReadError> {
    let own = context.get(key).unwrap_or_default();
    open_list(body, |name| own.split(',').any(|own| own == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(body: &str) -> String {
        match open_list(body, |name| name == "a") {
            Ok(got) if got.is_ambiguous_empty => "perhaps none".to_owned(),
            Ok(got) => got.records.join(" | "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn rows_come_in_an_array_in_an_object_around_it_or_by_columns() {
        for (body, wanted) in [
            ("[]", ""),
            (r#"[{"a": 1}, 7]"#, r#"{"a": 1} | 7"#),
            (r#"{"rows": [{"a": 1}, {"b": 2}]}"#, r#"{"a": 1} | {"b": 2}"#),
            (
                r#" {"a": [1, "x"], "b\n\"": [null, {"c": []}]}"#,
                r#"{"a":1,"b\n\"":null} | {"a":"x","b\n\"":{"c": []}}"#,
            ),
            (r#"{"a": [1, 2]}"#, r#"{"a":1} | {"a":2}"#),
            (r#"{"a": []}"#, "perhaps none"),
            (r#"{"b": [], "a": []}"#, "perhaps none"),
        ] {
            assert_eq!(story(body), wanted, "{body}");
        }
        for (body, wanted) in [
            ("{}", "unknown"),
            (r#"{"surprise": []}"#, "unknown"),
            (r#"{"a": [1], "b": [1, 2]}"#, "unknown"),
            (r#"{"a": [], "b": [1]}"#, "unknown"),
            (r#"{"a": [1], "total": 1}"#, "unknown"),
            (r#"{"rows": [{"a": 1}], "more": true}"#, "unknown"),
            (
                r#"{"error": "a date is needed", "code": "invalid_parameter"}"#,
                "unknown",
            ),
            ("null", "unknown"),
            ("7", "unknown"),
            (r#"[{"a": 1}] tail"#, "unknown"),
            (r#"{"a": [1, 2"#, "middle"),
            (r#"[{"a": 1},"#, "middle"),
            ("", "is empty"),
            ("<html>", "web page"),
        ] {
            assert!(story(body).contains(wanted), "{body}: {}", story(body));
        }
    }

    #[test]
    fn the_vendors_own_words_are_told_and_cut() {
        let long = format!(r#"{{"error": "{}"}}"#, "é".repeat(300));
        for (status, body, wanted) in [
            (
                400,
                r#"{"error": "start_date must be a date", "code": "invalid_parameter"}"#,
                "(code 400: invalid_parameter: start_date must be a date)",
            ),
            (400, "<html>", "(code 400)"),
            (400, r#"{"error": null}"#, "(code 400)"),
            (404, "<html>", "404 (not found)"),
            (404, r#"{"error": "no tenant"}"#, "(code 404: no tenant)"),
            (422, &long, &format!("(code 422: {})", "é".repeat(200))),
        ] {
            let body = body.to_owned();
            let error = explain_answer(&Response { status, body }).to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
