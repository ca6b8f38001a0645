//! Convertalk's one envelope, read strictly: an answer counts only when `success` is `true` and `data` is an array.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::schema::make_storable;
use crate::source::{Context, Envelope, Faults, ReadError, Response, explain_status};
use crate::wire::body::{UNKNOWN, parse_json, require_json};
use crate::wire::wire_record;

/// Codes of a refused credential. Errors may come with an OK status (assumed), so both are looked at.
const REFUSED: [i64; 2] = [401, 403];
/// How much of the vendor's own words an error keeps.
const MOST_SAID: usize = 200;

wire_record! {
    struct Reply { success, code, message, data }
}

/// Opens the answer to any list. There is no total, no page count and no link (platform, client programs).
pub(super) fn open_list<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let reply: Reply<'a> = parse_json(require_json(body)?)?;
    if reply.success.raw() != Some("true") {
        return Err(read_complaint(&reply));
    }
    // An empty array ends a list, so nothing else may stand for it.
    let records: Vec<&RawValue> = parse_json(reply.data.raw().ok_or(UNKNOWN)?)?;
    Ok(Envelope {
        records: records
            .into_iter()
            .map(|record| cut_queries(record.get()))
            .collect(),
        ..Envelope::default()
    })
}

/// What the vendor complains of. No code at all is an unknown envelope, not a refusal that could be understood.
fn read_complaint(reply: &Reply<'_>) -> ReadError {
    let faults = Faults::new();
    match reply.code.integer(&faults) {
        None => UNKNOWN,
        Some(code) if REFUSED.contains(&code) => ReadError::Refused { code },
        Some(code) => ReadError::Rejected {
            code,
            said: vendor_words(reply),
        },
    }
}

fn vendor_words(reply: &Reply<'_>) -> Option<String> {
    let message = reply.message.owned(&Faults::new())?;
    Some(message.chars().take(MOST_SAID).collect())
}

/// What an answer with a bad status says. Statuses 400 and 401 are listed without bodies (platform), so the envelope of good
/// answers is assumed.
pub(super) fn explain_answer(got: &Response) -> ReadError {
    let reply = require_json(&got.body).and_then(parse_json::<Reply<'_>>);
    match reply.ok().as_ref().and_then(vendor_words) {
        Some(said) => ReadError::Rejected {
            code: got.status.into(),
            said: Some(said),
        },
        None => explain_status(got),
    }
}

wire_record! {
    struct Record { profile }
}
wire_record! {
    struct Profile { marketing }
}
wire_record! {
    struct Marketing { visited = "urlsVisited" }
}

/// The record without the queries of visited addresses: they can hold access tokens of the company's customers (client
/// programs), which must reach neither rows nor rejects.
fn cut_queries(record: &str) -> Cow<'_, str> {
    let Some(visited) = cut_visited(record) else {
        return Cow::Borrowed(record);
    };
    let mut addresses: Value = serde_json::from_str(&make_storable(visited)).unwrap_or_default();
    if !cut_tokens(&mut addresses) && !addresses.is_null() {
        return Cow::Borrowed(record);
    }
    // The member is a part of the record, so its place follows from the two addresses.
    let start = visited.as_ptr().addr() - record.as_ptr().addr();
    let end = start + visited.len();
    Cow::Owned(format!("{}{addresses}{}", &record[..start], &record[end..]))
}

/// The member `profile.marketing.urlsVisited`, as received.
fn cut_visited(record: &str) -> Option<&str> {
    let faults = Faults::new();
    let record = Record::read(record).ok()?;
    let profile = Profile::read_nested(&record.profile, &faults);
    Marketing::read_nested(&profile.marketing, &faults).visited.raw()
}

/// Cuts every text at its query or fragment; true where there was one.
fn cut_tokens(value: &mut Value) -> bool {
    match value {
        Value::String(address) => {
            let query = address.find(['?', '#']);
            address.truncate(query.unwrap_or(address.len()));
            query.is_some()
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |was_cut, item| cut_tokens(item) | was_cut),
        Value::Object(members) => members
            .values_mut()
            .fold(false, |was_cut, item| cut_tokens(item) | was_cut),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_only_when_success_is_true_and_data_is_a_list() {
        for (body, wanted) in [
            (
                r#"{"success":true,"message":"ok","code":200,"data":[{},{}]}"#,
                "2",
            ),
            (r#"{"code":200,"data":[],"message":"","success":true}"#, "0"),
            (
                r#"{"success":true,"data":null}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"success":true,"data":{}}"#,
                "The answer has an unknown shape (line 1, column 0)",
            ),
            (
                r#"{"success":true}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"success":"true","data":[]}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"success":false,"message":"no bot","code":400}"#,
                "The vendor did not accept the request (code 400: no bot)",
            ),
            (r#"{"success":true,"data":[{},"#, "The answer ends in the middle"),
        ] {
            let told = match open_list(body, &Context::default()) {
                Ok(opened) => opened.records.len().to_string(),
                Err(error) => error.to_string(),
            };
            assert_eq!(told, wanted, "{body}");
        }
        for code in REFUSED {
            let body = format!(r#"{{"success":false,"code":"{code}"}}"#);
            let opened = open_list(&body, &Context::default());
            assert!(matches!(opened, Err(ReadError::Refused { .. })));
        }
        let opened = open_list("\n<html>", &Context::default());
        assert!(matches!(opened, Err(ReadError::WebPage)));
    }

    #[test]
    fn a_bad_status_is_explained_by_the_envelope_where_it_is_one() {
        for (status, body, wanted) in [
            (
                400,
                r#"{"success":false,"message":"no bot","code":400}"#,
                "(code 400: no bot)",
            ),
            (400, "<html>", "(code 400)"),
            (404, "", "404 (not found)"),
            (422, r#"{"message":""}"#, "(code 422)"),
        ] {
            let body = body.to_owned();
            let error = explain_answer(&Response { status, body }).to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn queries_of_visited_addresses_are_cut_and_nothing_else_changes() {
        let around = |visited: &str| {
            let text = r#"{"_id":"a", "z": 1.0,"text":"http://x?k=v","profile":{"b":0,"marketing":{"urlsVisited": VISITED ,"q":"?"}}}"#;
            text.replace("VISITED", visited)
        };
        for (visited, wanted) in [
            (
                r#"["https://s.example/a?token=1","https://s.example/b#t","https://s.example/c"]"#,
                r#"["https://s.example/a","https://s.example/b","https://s.example/c"]"#,
            ),
            (
                r#"[{"url":"https://s.example/a?t=1"}]"#,
                r#"[{"url":"https://s.example/a"}]"#,
            ),
            (
                r#"["https://s.example/\ud83d?t=1"]"#,
                "[\"https://s.example/\u{fffd}\"]",
            ),
            (
                r#"[ "https://s.example/\u0061" ]"#,
                r#"[ "https://s.example/\u0061" ]"#,
            ),
            ("null", "null"),
        ] {
            assert_eq!(cut_queries(&around(visited)), around(wanted));
        }
        for record in [
            r#"{"profile":7}"#,
            "null",
            r#""x""#,
            r#"{"profile":{"marketing":[]}}"#,
        ] {
            assert_eq!(cut_queries(record), record);
        }
    }
}
