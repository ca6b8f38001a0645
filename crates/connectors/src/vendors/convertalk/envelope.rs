//! Convertalk's one envelope, read strictly: an answer counts only when `success` is `true` and `data` is an array.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::source::{Opened, ReadError};
use crate::vendors::answer::{UNKNOWN, json, sound};
use crate::vendors::lenient::Scalar;

/// Codes of a refused credential. Errors may come with an OK status (assumed), so both are looked at.
const REFUSED: [i64; 2] = [401, 403];

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    success: Option<&'a RawValue>,
    #[serde(borrow, default)]
    code: Scalar<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// Opens the answer to any list. There is no total, no page count and no link (platform, client programs).
pub(super) fn list(body: &str) -> Result<Opened<'_>, ReadError> {
    let reply: Reply<'_> = json(sound(body)?)?;
    if reply.success.map(RawValue::get) != Some("true") {
        return Err(refusal(&reply));
    }
    let data = reply.data.map(RawValue::get).ok_or(UNKNOWN)?;
    // An empty array ends a list, so nothing else may stand for it.
    let records: Vec<&RawValue> = json(data)?;
    Ok(Opened {
        items: records
            .into_iter()
            .map(|record| without_queries(record.get()))
            .collect(),
        ..Opened::default()
    })
}

/// No code at all is an unknown envelope, not a refusal that could be understood.
fn refusal(reply: &Reply<'_>) -> ReadError {
    match reply.code.text().and_then(|text| text.parse().ok()) {
        None => UNKNOWN,
        Some(code) if REFUSED.contains(&code) => ReadError::Refused { code },
        Some(code) => ReadError::Question { code },
    }
}

/// The record without the queries of visited addresses: they can hold access tokens of the company's customers (client
/// programs), which must reach neither rows nor rejects.
fn without_queries(record: &str) -> Cow<'_, str> {
    let Some(visited) = visited(record) else {
        return Cow::Borrowed(record);
    };
    let Ok(mut addresses) = serde_json::from_str(visited) else {
        return Cow::Borrowed(record);
    };
    if !cut_queries(&mut addresses) {
        return Cow::Borrowed(record);
    }
    // The member is a part of the record, so its place follows from the two addresses.
    let start = visited.as_ptr().addr() - record.as_ptr().addr();
    let end = start + visited.len();
    Cow::Owned(format!("{}{addresses}{}", &record[..start], &record[end..]))
}

/// The member `profile.marketing.urlsVisited`, as received.
fn visited(record: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow)]
        profile: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Profile<'a> {
        #[serde(borrow)]
        marketing: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Marketing<'a> {
        #[serde(borrow, rename = "urlsVisited")]
        visited: Option<&'a RawValue>,
    }
    let record: Record<'_> = serde_json::from_str(record).ok()?;
    let profile: Profile<'_> = serde_json::from_str(record.profile?.get()).ok()?;
    let marketing: Marketing<'_> = serde_json::from_str(profile.marketing?.get()).ok()?;
    marketing.visited.map(RawValue::get)
}

/// Cuts every text at its query or fragment; true where there was one.
fn cut_queries(value: &mut Value) -> bool {
    match value {
        Value::String(address) => {
            let query = address.find(['?', '#']);
            address.truncate(query.unwrap_or(address.len()));
            query.is_some()
        }
        Value::Array(items) => items.iter_mut().fold(false, |cut, item| cut_queries(item) | cut),
        Value::Object(members) => members
            .values_mut()
            .fold(false, |cut, item| cut_queries(item) | cut),
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
                "The vendor did not accept the question (code 400)",
            ),
            (r#"{"success":true,"data":[{},"#, "The answer ends in the middle"),
        ] {
            let told = match list(body) {
                Ok(opened) => opened.items.len().to_string(),
                Err(error) => error.to_string(),
            };
            assert_eq!(told, wanted, "{body}");
        }
        for code in REFUSED {
            let body = format!(r#"{{"success":false,"code":"{code}"}}"#);
            assert!(matches!(list(&body), Err(ReadError::Refused { .. })));
        }
        assert!(matches!(list("\n<html>"), Err(ReadError::WebPage)));
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
                r#"[ "https://s.example/\u0061" ]"#,
                r#"[ "https://s.example/\u0061" ]"#,
            ),
            ("null", "null"),
        ] {
            assert_eq!(without_queries(&around(visited)), around(wanted));
        }
        for record in [
            r#"{"profile":7}"#,
            "null",
            r#""x""#,
            r#"{"profile":{"marketing":[]}}"#,
        ] {
            assert_eq!(without_queries(record), record);
        }
    }
}
