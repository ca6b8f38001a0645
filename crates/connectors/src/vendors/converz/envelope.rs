//! Converz's answers: an array of rows, or the same rows by columns.

use std::borrow::Cow;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::{Opened, ReadError};
use crate::vendors::answer::{UNKNOWN, json, sound};

/// Opens an answer of any list.
///
/// An array of rows is documented. The vendor also speaks of other formats without describing them; assumed are one object
/// with a list of values for each column, and one object around the array. An object that holds no row at all may be an error
/// in the vendor's words as well, so it is never an empty list; the empty list is `[]` (assumed).
pub(super) fn open(body: &str) -> Result<Opened<'_>, ReadError> {
    let body = sound(body)?;
    let items = if body.trim_start().starts_with('[') {
        borrowed(&json::<Vec<&RawValue>>(body)?)
    } else {
        unpacked(&json::<Members<'_>>(body)?.0)?
    };
    Ok(Opened {
        items,
        ..Opened::default()
    })
}

fn borrowed<'a>(rows: &[&'a RawValue]) -> Vec<Cow<'a, str>> {
    rows.iter().map(|row| Cow::Borrowed(row.get())).collect()
}

/// The rows of an object: those of the one array in it, or those that its columns make up.
fn unpacked<'a>(members: &[(Cow<'a, str>, &'a RawValue)]) -> Result<Vec<Cow<'a, str>>, ReadError> {
    let mut columns = Vec::with_capacity(members.len());
    for (name, values) in members {
        if !values.get().starts_with('[') {
            return Err(UNKNOWN);
        }
        columns.push((name.as_ref(), json::<Vec<&RawValue>>(values.get())?));
    }
    match columns.as_slice() {
        [] => Err(UNKNOWN),
        [(_, values)] if !values.is_empty() && values.iter().all(|value| value.get().starts_with('{')) => {
            Ok(borrowed(values))
        }
        columns => transposed(columns),
    }
}

/// The rows that columns make up, which must be equally long.
fn transposed<'a>(columns: &[(&str, Vec<&RawValue>)]) -> Result<Vec<Cow<'a, str>>, ReadError> {
    let row_count = columns.first().map_or(0, |(_, values)| values.len());
    if row_count == 0 || columns.iter().any(|(_, values)| values.len() != row_count) {
        return Err(UNKNOWN);
    }
    let names: Vec<String> = columns
        .iter()
        .map(|(name, _)| serde_json::Value::from(*name).to_string())
        .collect();
    let row = |place: usize| {
        let mut row = String::from("{");
        for (name, (_, values)) in names.iter().zip(columns) {
            if row.len() > 1 {
                row.push(',');
            }
            row.push_str(name);
            row.push(':');
            row.push_str(values[place].get());
        }
        row.push('}');
        Cow::Owned(row)
    };
    Ok((0..row_count).map(row).collect())
}

/// The members of an object, in order, each as received.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((Name(name), value)) = members.next_entry::<Name<'de>, &RawValue>()? {
            all.push((name, value));
        }
        Ok(all)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_an_array_in_an_object_around_it_or_by_columns() {
        for (body, wanted) in [
            ("[]", Ok(&[][..])),
            (r#"[{"a": 1}, 7]"#, Ok(&[r#"{"a": 1}"#, "7"])),
            (
                r#"{"rows": [{"a": 1}, {"b": 2}]}"#,
                Ok(&[r#"{"a": 1}"#, r#"{"b": 2}"#]),
            ),
            (
                r#" {"a": [1, "x"], "b\n\"": [null, {"c": []}]}"#,
                Ok(&[r#"{"a":1,"b\n\"":null}"#, r#"{"a":"x","b\n\"":{"c": []}}"#]),
            ),
            (r#"{"a": [1, 2]}"#, Ok(&[r#"{"a":1}"#, r#"{"a":2}"#])),
            ("{}", Err("unknown")),
            (r#"{"a": []}"#, Err("unknown")),
            (r#"{"a": [], "b": []}"#, Err("unknown")),
            (r#"{"a": [1], "b": [1, 2]}"#, Err("unknown")),
            (r#"{"a": [1], "total": 1}"#, Err("unknown")),
            (r#"{"rows": [{"a": 1}], "more": true}"#, Err("unknown")),
            (
                r#"{"error": "a date is needed", "code": "invalid_parameter"}"#,
                Err("unknown"),
            ),
            ("null", Err("unknown")),
            ("7", Err("unknown")),
            (r#"[{"a": 1}] tail"#, Err("unknown")),
            (r#"{"a": [1, 2"#, Err("middle")),
            (r#"[{"a": 1},"#, Err("middle")),
        ] {
            let got = open(body).map(|opened| opened.items);
            match (got, wanted) {
                (Ok(got), Ok(wanted)) => assert_eq!(got, wanted, "{body}"),
                (Err(got), Err(wanted)) => assert!(got.to_string().contains(wanted), "{body}: {got}"),
                (got, _) => panic!("{body}: {got:?}"),
            }
        }
    }
}
