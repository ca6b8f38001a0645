//! What counts as an answer, endpoint by endpoint.

use super::*;

type Open = for<'a> fn(&'a str, &Context) -> Result<Envelope<'a>, ReadError>;

fn story(open: Open, body: &str) -> String {
    match open(body, &Context::default()) {
        Ok(opened) if opened.is_ambiguous_empty => match opened.warning {
            Some(_) => "perhaps none, with a warning".to_owned(),
            None => "perhaps none".to_owned(),
        },
        Ok(opened) => format!("{} of {:?}", opened.records.len(), opened.total),
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
            r#"{"success":true,"data":{"total_found":null,"results":[{}]}}"#,
            "1 of None",
        ),
        (
            r#"{"success":true,"data":{"results":[]}}"#,
            "The answer has an unknown shape (line 1, column 14)",
        ),
        (
            r#"{"success":"true","data":{}}"#,
            "The answer has an unknown shape (line 1, column 1)",
        ),
        (
            r#"{"success":true}"#,
            "The answer has an unknown shape (line 1, column 1)",
        ),
        (
            r#"{"data":{"total_found":0,"results":[]}}"#,
            "The answer has an unknown shape (line 1, column 1)",
        ),
        (
            r#"{"success":false,"code":6004,"text":"Unknown Campaign ID"}"#,
            "The vendor did not accept the request (code 6004: Unknown Campaign ID)",
        ),
        (
            r#"{"success":false,"code":"7231"}"#,
            "The vendor did not accept the request (code 7231)",
        ),
        (
            r#"{"success":true,"data":{"total_fo"#,
            "The answer ends in the middle",
        ),
        (
            "",
            "The answer is empty, which does not say that there is nothing",
        ),
    ] {
        assert_eq!(story(open_call_log, body), wanted, "{body}");
    }
    for code in REFUSED {
        let body = format!(r#"{{"success":false,"code":{code}}}"#);
        assert!(matches!(
            open_call_log(&body, &Context::default()),
            Err(ReadError::Refused { .. })
        ));
    }
    let page = open_call_log(" <!DOCTYPE html>", &Context::default());
    assert!(matches!(page, Err(ReadError::WebPage)));
}

#[test]
fn a_code_is_perhaps_none_only_where_it_may_mean_that() {
    let endpoints: [(&str, Open, &[i64]); 10] = [
        ("calls", open_call_log, &[6000]),
        ("leads", open_leads, &[6000]),
        ("users", open_users, &[6005]),
        ("recordings", open_recordings, &[6005]),
        ("performance", open_performance, &[6031]),
        ("events", open_events, &[6031]),
        ("callbacks", open_callbacks, &[6000]),
        ("campaigns", open_campaigns, &[6000, 6004]),
        ("lists", open_lists, &[6000, 6002]),
        ("numbers", open_numbers, &[6000, 6003]),
    ];
    for (name, open, nothing) in endpoints {
        for code in [6000, 6001, 6002, 6003, 6004, 6005, 6006, 6031, 7231, 5001, 1] {
            let body = format!(r#"{{"success":false,"code":{code},"text":"missing something"}}"#);
            let is_none = story(open, &body) == "perhaps none, with a warning";
            assert_eq!(is_none, nothing.contains(&code), "{name} {code}");
        }
    }
}

#[test]
fn an_inside_that_holds_nothing_is_perhaps_none_and_an_empty_list_is_none() {
    for (open, inside, wanted) in [
        (open_call_log as Open, "[]", "perhaps none"),
        (open_call_log, "{}", "perhaps none"),
        (open_call_log, "null", "perhaps none"),
        (open_call_log, "false", "perhaps none"),
        (open_users, "[ ]", "perhaps none"),
        (open_callbacks, "[]", "perhaps none"),
        (open_performance, "{}", "perhaps none"),
        (open_performance, "[]", "perhaps none"),
        (open_performance, r#"{"7": {}}"#, "1 of None"),
        (open_leads, "[]", "0 of None"),
        (open_leads, "[{}]", "1 of None"),
        (open_leads, r#"{"total": "0", "entries": []}"#, "0 of Some(0)"),
        (open_campaigns, "[]", "0 of None"),
        (open_campaigns, "{}", "0 of None"),
        (open_campaigns, "null", "perhaps none"),
        (open_campaigns, r#"{"entries": [{}, {}]}"#, "2 of None"),
        (open_campaigns, r#"{"410": {}, "411": {}}"#, "2 of None"),
    ] {
        let body = format!(r#"{{"success": true, "data": {inside}}}"#);
        assert_eq!(story(open, &body), wanted, "{inside}");
    }
}

#[test]
fn the_vendors_words_are_told_without_what_may_be_a_value() {
    for (text, wanted) in [
        ("Unknown Campaign ID", Some("Unknown Campaign ID")),
        ("Phone 2135550142 already exists", Some("Phone … already exists")),
        ("No user  rowan@sim.example", Some("No user …")),
        ("limit: max 2000", Some("limit: max …")),
        ("", None),
    ] {
        let body = format!(r#"{{"success":false,"code":1,"text":"{text}"}}"#);
        let Err(ReadError::Rejected { said, .. }) = open_call_log(&body, &Context::default()) else {
            panic!("{text}");
        };
        assert_eq!(said.as_deref(), wanted, "{text}");
    }
    let long = format!(r#"{{"success":false,"code":1,"text":"{}"}}"#, "é ".repeat(300));
    let error = open_call_log(&long, &Context::default()).unwrap_err();
    assert!(matches!(error, ReadError::Rejected { said: Some(said), .. } if said.chars().count() == 200));
}

#[test]
fn an_answer_without_a_good_status_is_explained_by_its_body() {
    for (status, body, wanted) in [
        (
            400,
            r#"{"success":false,"code":7230,"text":"Invalid limit"}"#,
            "The vendor did not accept the request (code 7230: Invalid limit)",
        ),
        (
            400,
            r#"{"error":"bad"}"#,
            "The vendor did not accept the request (code 400: bad)",
        ),
        (400, "", "The vendor did not accept the request (code 400)"),
        (
            404,
            "<html>",
            "The answer is a web page, not data; check `base_url`, and for a proxy in between",
        ),
        (
            404,
            "{}",
            "The vendor says 404 (not found), and not in its own words",
        ),
        (
            404,
            r#"{"success":false,"code":403}"#,
            "The vendor refused the credential (code 403); check the token, its rights and the allowed addresses",
        ),
    ] {
        let got = Response {
            status,
            body: body.to_owned(),
        };
        assert_eq!(explain_answer(&got).to_string(), wanted, "{status} {body}");
    }
}

#[test]
fn users_without_an_address_are_told() {
    for (users, warns) in [
        (r#"{"1": {"email": "a@sim.example"}}"#, false),
        (r#"{"1": {"email": "a@sim.example"}, "2": {"email": ""}}"#, true),
        (r#"{"1": {}}"#, true),
        ("[7]", false),
    ] {
        let body = format!(r#"{{"success":true,"data":{{"total":"1","results":{users}}}}}"#);
        let opened = open_recorded_users(&body, &Context::default()).unwrap();
        assert_eq!((opened.warning.is_some(), opened.total), (warns, None), "{users}");
    }
}
