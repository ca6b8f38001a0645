//! What counts as an answer, endpoint by endpoint.

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
