//! Field by field: a value that cannot be read is NULL and a counted fault; it costs neither its record nor its window.

use super::lists::{CALLS, CHATS, LEADS, REPS, SCORED_CALLS, TAGS, USERS, ago};
use super::{Case, run_cases};

/// Whether the odd value was counted as a fault.
const FAULTS: &str = "select count(*)::text from sync.field_faults";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_date_costs_itself() {
    let of = |written: &str, wanted: &str| {
        Case::of(&LEADS, format!("the last call of a lead: {written}"))
            .odd(&format!("\"last_called\":{written}"))
            .lands(5)
            .column("last_called_at", wanted)
    };
    let mut cases: Vec<Case> = [
        r#""0000-00-00 00:00:00""#,
        r#""0000-00-00""#,
        r#""0001-01-01T00:00:00""#,
        r#""1900-01-01 00:00:00""#,
        r#""1970-01-01 00:00:00""#,
        r#""9999-12-31 23:59:59""#,
        r#""2999-12-31""#,
        r#""-0001-11-30 00:00:00""#,
        r#""+275760-09-13T00:00:00Z""#,
        r#""Invalid date""#,
        r#""N/A""#,
        r#""None""#,
        r#""-""#,
        r#""2026-02-30 10:00:00""#,
        r#""1955-03-04 00:00:00""#,
        "0",
        "false",
        "[]",
        "{}",
        "{\"date\":null}",
        "-62135596800",
        "1e400",
    ]
    .into_iter()
    .map(|written| of(written, "nothing"))
    .collect();
    // The same kind in other lists.
    cases.push(
        Case::of(&CHATS, "the last visit of a chat")
            .odd(r#""lastSeenAt":"0000-00-00""#)
            .lands(5),
    );
    cases.push(
        Case::of(&CHATS, "the change of a chat")
            .odd(r#""updatedAt":"never""#)
            .lands(5),
    );
    cases.push(
        Case::of(&USERS, "the last login of a user")
            .odd(r#""last_login":"0000-00-00 00:00:00""#)
            .lands(5),
    );
    cases.push(
        Case::of(&CALLS, "the time of a call")
            .odd(r#""call_date":"0000-00-00 00:00:00""#)
            .lands(5)
            .column("started_at", "nothing"),
    );
    cases.push(
        Case::of(&SCORED_CALLS, "the start of a call")
            .odd(r#""start_time":"soon""#)
            .lands(5)
            .column("started_at", "nothing"),
    );
    cases.push(
        Case::of(&LEADS, "the change of a lead")
            .odd(r#""modified_at":"0000-00-00 00:00:00""#)
            .lands(5),
    );
    run_cases(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_is_seconds_or_nothing() {
    let mut cases = Vec::new();
    for (written, wanted) in [
        ("187", "187"),
        ("\"187\"", "187"),
        ("\"00:03:07\"", "187"),
        ("\"3:07\"", "187"),
        ("\"27:00:00\"", "97200"),
        ("\"187.4\"", "187"),
        ("1.87e2", "187"),
        ("\"1,234\"", "1234"),
        ("-5", "nothing"),
        ("\"-00:00:05\"", "nothing"),
        ("99999999999999999999", "nothing"),
        ("\"PT3M7S\"", "nothing"),
        ("\"three minutes\"", "nothing"),
        ("true", "nothing"),
        ("{}", "nothing"),
        ("[187]", "nothing"),
    ] {
        let sane =
            "select count(*)::text from warehouse.calls where ended_at < started_at or duration_seconds < 0";
        cases.push(
            Case::of(&CALLS, format!("the length of a call: {written}"))
                .odd(&format!("\"call_length\":{written}"))
                .lands(5)
                .column("duration_seconds", wanted)
                .gives(sane, "0"),
        );
        if written != "true" {
            cases.push(
                Case::of(&SCORED_CALLS, format!("the length of a scored call: {written}"))
                    .odd(&format!("\"duration\":{written}"))
                    .lands(5)
                    .column(
                        "duration_seconds",
                        if written == "[187]" { "187" } else { wanted },
                    )
                    .gives(sane, "0"),
            );
        }
    }
    for (written, wanted) in [
        ("\"00:01:05\"", "65"),
        ("65.2", "65.2"),
        ("-1", "nothing"),
        ("\"\"", "nothing"),
    ] {
        cases.push(
            Case::of(&CALLS, format!("the wait in a queue: {written}"))
                .odd(&format!("\"queue_seconds\":{written}"))
                .lands(5)
                .column("queue_seconds", wanted),
        );
    }
    run_cases(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_odd_value_costs_itself_and_is_counted() {
    let calls = |name: &str| Case::of(&CALLS, format!("a value: {name}"));
    run_cases(vec![
        calls("a flag in words")
            .odd(r#""called_count":"many""#)
            .lands(5)
            .column("attempt_number", "nothing")
            .gives(FAULTS, "1"),
        calls("a count beyond what a column holds")
            .odd(r#""called_count":99999999999999999999"#)
            .lands(5)
            .column("attempt_number", "nothing")
            .gives(FAULTS, "1"),
        calls("a negative place in a queue")
            .odd(r#""queue_position":-1"#)
            .lands(5)
            .column("queue_position", "nothing"),
        calls("an object for a text")
            .odd(r#""agent_comment":{"a":1}"#)
            .lands(5)
            .column("comment", "nothing")
            .gives(FAULTS, "1"),
        calls("a list for a person")
            .odd(r#""user_id":["9"]"#)
            .lands(5)
            .column("agent_id", "nothing"),
        calls("false for a person")
            .odd(r#""user_id":false"#)
            .lands(5)
            .column("agent_id", "nothing"),
        calls("a text for recordings")
            .odd(r#""recording":"none""#)
            .lands(5),
        calls("false for recordings")
            .odd(r#""recording":false"#)
            .lands(5)
            .gives(FAULTS, "0"),
        calls("a kind of call that nobody knows")
            .odd(r#""call_type":"PREDICTIVE""#)
            .lands(5)
            .column("direction", "nothing"),
        Case::of(&LEADS, "a lead: an address that is none")
            .odd(r#""email":"none""#)
            .lands(5),
        Case::of(&LEADS, "a lead: a birthday in words")
            .odd(r#""date_of_birth":"May 3rd""#)
            .lands(5)
            .column("date_of_birth", "nothing"),
        Case::of(&LEADS, "a lead: nested custom fields")
            .odd(r#""field_1":{"a":[1,{"b":null}]}"#)
            .lands(5),
        Case::of(&CHATS, "a chat: a profile that is a list")
            .odd(r#""profile":[]"#)
            .lands(5)
            .gives(FAULTS, "0"),
        Case::of(&CHATS, "a chat: a profile that is a text")
            .odd(r#""profile":"none""#)
            .lands(5),
        Case::of(&CHATS, "a chat: a last message that is a text")
            .odd(r#""lastMessage":"hello""#)
            .lands(5),
        Case::of(&CHATS, "a chat: labels that are no list")
            .odd(r#""profile":{"userDetails":{"tags":"vip"}}"#)
            .lands(5),
        Case::of(&TAGS, "a tag: a flag as a number")
            .odd(r#""is_active":1"#)
            .lands(5)
            .column("is_active", "true"),
        Case::of(&TAGS, "a tag: a flag in words")
            .odd(r#""is_active":"perhaps""#)
            .lands(5)
            .column("is_active", "nothing"),
        Case::of(&TAGS, "a tag: a name that is a number")
            .odd(r#""name":404"#)
            .lands(5)
            .column("name", "404"),
        Case::of(&REPS, "a user: a name that is an object")
            .odd(r#""name":{"first":"Dana"}"#)
            .lands(5)
            .column("name", "nothing"),
        Case::of(&USERS, "a user: null for everything")
            .odd(r#""name":null,"email":null,"status":null"#)
            .lands(5),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_alone_costs_a_record_and_a_record_costs_itself() {
    run_cases(vec![
        // Ten of them are no more than one.
        Case::of(&LEADS, "a list of which most records are odd")
            .answers(|heard| {
                let odd = r#""last_called":"soon","called_count":"x","created_at":"-""#;
                LEADS.answer(heard, &[(1, odd), (2, odd), (3, odd), (4, odd)])
            })
            .lands(5),
        // The key alone costs the record, and the record alone.
        Case::of(&TAGS, "a record without its key")
            .odd(r#""id":null"#)
            .lands_and_rejects(4, 1),
        Case::of(&TAGS, "a record that is none")
            .answers(|heard| {
                let mut records = TAGS.records(&[]);
                records[1] = "\"gone\"".to_owned();
                let _ = heard;
                super::stub::Reply::json((TAGS.wrap)(&records))
            })
            .lands_and_rejects(4, 1),
        Case::of(&CALLS, "a record that is null")
            .answers(|_| {
                let mut records = CALLS.records(&[]);
                records[1] = "null".to_owned();
                super::stub::Reply::json((CALLS.wrap)(&records))
            })
            .lands_and_rejects(4, 1),
        Case::of(&CALLS, "a call dated in the future")
            .odd(&format!("\"call_date\":\"{}\"", ago(-3_000)))
            .lands(5),
        Case::of(&SCORED_CALLS, "a scored call of tomorrow")
            .odd(&format!("\"start_time\":\"{}\"", ago(-1_500)))
            .lands(5),
    ])
    .await;
}
