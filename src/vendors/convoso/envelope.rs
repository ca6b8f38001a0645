//! Convoso's envelopes, read strictly: an answer counts only when `success` is `true`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::stream::{Opened, ReadError};
use crate::vendors::answer::{Count, UNKNOWN, json, sound};
use crate::vendors::items::Items;
use crate::vendors::lenient::Scalar;

/// Codes of a refused credential: 5001 comes with status 200 (client programs), 403 when the token lacks the box of the
/// endpoint (second SDK), 401 in the body is assumed.
const REFUSED: [i64; 3] = [401, 403, 5001];

/// "Missing users": perhaps an error, perhaps the vendor's way to say that there are none (not documented).
const MISSING_USERS: i64 = 6005;

/// Opens an answer of log/retrieve.
pub(super) fn call_log(body: &str) -> Result<Opened<'_>, ReadError> {
    let data: CallLog<'_> = json(data(body)?)?;
    Ok(Opened {
        items: data.results.whole(),
        total: Some(data.total_found.0),
        ..Opened::default()
    })
}

/// Opens an answer of users/search.
pub(super) fn users(body: &str) -> Result<Opened<'_>, ReadError> {
    match data(body) {
        Err(ReadError::Question { code: MISSING_USERS }) => Ok(Opened {
            is_doubtful: true,
            ..Opened::default()
        }),
        data => {
            let data: Users<'_> = json(data?)?;
            Ok(Opened {
                items: data.results.whole(),
                total: Some(data.total.0),
                ..Opened::default()
            })
        }
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    success: Option<&'a RawValue>,
    #[serde(borrow, default)]
    code: Scalar<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CallLog<'a> {
    #[serde(borrow)]
    results: Items<'a>,
    total_found: Count,
}

#[derive(Deserialize)]
struct Users<'a> {
    #[serde(borrow)]
    results: Items<'a>,
    total: Count,
}

/// The `data` of a successful answer.
fn data(body: &str) -> Result<&str, ReadError> {
    let body = sound(body)?;
    let reply: Reply<'_> = json(body)?;
    if reply.success.map(RawValue::get) == Some("true") {
        return reply.data.map(RawValue::get).ok_or(UNKNOWN);
    }
    // No code at all is an unknown envelope, not a refusal that could be understood.
    let code = reply
        .code
        .text()
        .and_then(|text| text.parse().ok())
        .ok_or(UNKNOWN)?;
    Err(if REFUSED.contains(&code) {
        ReadError::Refused { code }
    } else {
        ReadError::Question { code }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(opened: Result<Opened<'_>, ReadError>) -> String {
        match opened {
            Ok(opened) => format!("{} of {:?}", opened.items.len(), opened.total),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_call_log_counts_only_when_success_is_true() {
        for (body, wanted) in [
            (
                r#"{"success":true,"data":{"total_found":"2","entries":2,"results":[{},{}]}}"#,
                "2 of Some(2)",
            ),
            (
                r#"{"success":true,"data":{"total_found":3,"entries":1,"results":{"7":{}}}}"#,
                "1 of Some(3)",
            ),
            (
                r#"{"success":true,"data":{"total_found":0,"entries":0,"results":[]}}"#,
                "0 of Some(0)",
            ),
            (
                r#"{"success":true,"data":{"total_found":"0","results":null}}"#,
                "0 of Some(0)",
            ),
            (
                r#"{"success":true,"data":{"results":[]}}"#,
                "The answer has an unknown shape (line 1, column 14)",
            ),
            (
                r#"{"success":true,"data":[]}"#,
                "The answer has an unknown shape (line 1, column 2)",
            ),
            (
                r#"{"success":"true","data":{}}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"data":{"total_found":0,"results":[]}}"#,
                "The answer has an unknown shape (line 1, column 1)",
            ),
            (
                r#"{"success":false,"code":6004,"text":"x"}"#,
                "The vendor did not accept the question (code 6004)",
            ),
            (
                r#"{"success":false,"code":"7231"}"#,
                "The vendor did not accept the question (code 7231)",
            ),
            (
                r#"{"success":true,"data":{"total_fo"#,
                "The answer ends in the middle",
            ),
            ("", "The answer ends in the middle"),
        ] {
            assert_eq!(story(call_log(body)), wanted, "{body}");
        }
        for code in REFUSED {
            let body = format!(r#"{{"success":false,"code":{code}}}"#);
            assert!(matches!(call_log(&body), Err(ReadError::Refused { .. })));
        }
        assert!(matches!(call_log(" <!DOCTYPE html>"), Err(ReadError::WebPage)));
    }

    #[test]
    fn missing_users_are_doubtful_and_not_an_error() {
        let opened = users(r#"{"success":false,"code":6005,"text":"x"}"#).unwrap();
        assert!(opened.is_doubtful && opened.items.is_empty() && opened.total.is_none());
        assert_eq!(
            story(users(
                r#"{"success":true,"data":{"total":"1","results":{"1":{}}}}"#
            )),
            "1 of Some(1)"
        );
    }
}
