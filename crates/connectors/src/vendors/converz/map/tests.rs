//! The mapping as tables of cases.

use std::sync::Arc;

use super::*;
use crate::schema::{Region, Values};
use crate::source::{Ask, Options, Request, Window};
use crate::vendors::lenient;

fn account(metrics: &[&str]) -> Account {
    let values = metrics.iter().map(|name| (*name).to_owned()).collect();
    Account {
        options: Arc::new(Options {
            values: [(METRICS, values)].into(),
            ..Options::default()
        }),
        ..Account::new(chrono_tz::America::New_York, Region::US)
    }
}

fn header_of(members: &str) -> Result<Call, MapError> {
    let record = format!(r#"{{"call_id": 5120000100, "start_time": "2026-02-03 14:05"{members}}}"#);
    header(&lenient::record(&record)?, &account(&[]))
}

fn text(value: Option<&String>) -> &str {
    value.map_or("-", String::as_str)
}

#[test]
fn end_and_length_are_told_or_follow_from_each_other() {
    for (members, seconds, ended) in [
        ("", None, None),
        (r#", "duration": 90"#, Some(90), Some("2026-02-03T19:06:30Z")),
        (r#", "duration": "90.4""#, Some(90), Some("2026-02-03T19:06:30Z")),
        (
            r#", "end_time": "2026-02-03 14:07""#,
            Some(120),
            Some("2026-02-03T19:07:00Z"),
        ),
        (
            r#", "end_time": "2026-02-03T19:07:00Z", "duration": 100"#,
            Some(100),
            Some("2026-02-03T19:07:00Z"),
        ),
        // An end before the start gives no length.
        (
            r#", "end_time": "2026-02-03 14:00""#,
            None,
            Some("2026-02-03T19:00:00Z"),
        ),
        // Columns of these names may hold anything.
        (
            r#", "end_time": "open", "duration": "an hour", "direction": "sideways""#,
            None,
            None,
        ),
        (r#", "duration": -5"#, None, None),
        (
            r#", "duration": 9000000000000000000"#,
            Some(9_000_000_000_000_000_000),
            None,
        ),
    ] {
        let call = header_of(members).unwrap();
        let ended = ended.map(|text| text.parse().unwrap());
        assert_eq!(
            (call.duration_seconds, call.ended_at),
            (seconds, ended),
            "{members}"
        );
    }
}

#[test]
fn the_direction_decides_whose_number_is_whose() {
    for (word, direction, from, to) in [
        ("inbound", "inbound", "+12135550142", "-"),
        ("Incoming", "inbound", "+12135550142", "-"),
        ("outbound", "outbound", "-", "+12135550142"),
        ("OUT", "outbound", "-", "+12135550142"),
        ("transfer", "transfer", "-", "+12135550142"),
        ("sideways", "-", "-", "+12135550142"),
        ("", "-", "-", "+12135550142"),
    ] {
        let call = header_of(&format!(
            r#", "direction": "{word}", "customer_phone": "213 555-0142""#
        ))
        .unwrap();
        let got = (
            text(call.direction.as_ref()),
            text(call.from_e164.as_ref()),
            text(call.to_e164.as_ref()),
        );
        assert_eq!(got, (direction, from, to), "{word}");
    }
}

#[test]
fn a_call_needs_its_id_and_a_time_that_can_be_understood() {
    for (record, wanted) in [
        (
            r#"{"start_time": "2026-02-03 14:05"}"#,
            Err(MapError::Missing("call_id")),
        ),
        (
            r#"{"call_id": 0, "start_time": "2026-02-03 14:05"}"#,
            Err(MapError::Missing("call_id")),
        ),
        (
            r#"{"call_id": 1, "start_time": "yesterday"}"#,
            Err(MapError::Unknown("start_time")),
        ),
        (r#"{"call_id": 1}"#, Ok("1")),
        (r#"{"call_id": "1", "start_time": null}"#, Ok("1")),
        (r#"{"call_id": 9007199254740993}"#, Ok("9007199254740993")),
    ] {
        let got = header(&lenient::record(record).unwrap(), &account(&[]));
        assert_eq!(
            got.as_ref().map(|call| call.id.as_str()),
            wanted.as_ref().map(|id| *id),
            "{record}"
        );
    }
}

fn read(record: &str, metrics: &[&str]) -> Batch {
    let epoch = DateTime::UNIX_EPOCH;
    let window = Window {
        since: epoch,
        until: epoch,
    };
    let item = Item {
        record,
        ask: &Ask::first(Request::get("/"), window),
        account: &account(metrics),
    };
    let mut batch = Batch::default();
    call(&item, &mut batch).unwrap();
    batch
}

#[test]
fn every_measure_asked_for_gives_a_row_and_only_numbers_are_values() {
    for (member, value, raw) in [
        (r#", "mood": 0.5"#, Some("0.5"), r#"{"call_id":"1","mood":0.5}"#),
        (
            r#", "mood": -0.010000000000000009"#,
            Some("-0.010000000000000009"),
            r#"{"call_id":"1","mood":-0.010000000000000009}"#,
        ),
        (r#", "mood": "12""#, Some("12"), r#"{"call_id":"1","mood":"12"}"#),
        (r#", "mood": [3]"#, Some("3"), r#"{"call_id":"1","mood":[3]}"#),
        (r#", "mood": true"#, Some("1"), r#"{"call_id":"1","mood":true}"#),
        (r#", "mood": null"#, None, r#"{"call_id":"1","mood":null}"#),
        (r#", "mood": "NaN""#, None, r#"{"call_id":"1","mood":"NaN"}"#),
        (r#", "mood": "-Inf""#, None, r#"{"call_id":"1","mood":"-Inf"}"#),
        (r#", "mood": "calm""#, None, r#"{"call_id":"1","mood":"calm"}"#),
        ("", None, r#"{"call_id":"1","mood":null}"#),
    ] {
        let batch = read(&format!(r#"{{"call_id": 1{member}}}"#), &["mood"]);
        let rows = &batch.rows()[1];
        assert_eq!(
            (rows.ids(), rows.raws()),
            (&["1:mood".to_owned()][..], &[raw.to_owned()][..])
        );
        assert_eq!(
            rows.columns()[2],
            Values::Text(vec![value.map(str::to_owned)]),
            "{member}"
        );
    }
    assert_eq!(read(r#"{"call_id": 1, "mood": 0.5}"#, &[]).rows().len(), 1);
}

#[test]
fn flags_have_several_spellings() {
    for (word, wanted) in [
        ("1", Some(true)),
        ("true", Some(true)),
        ("True", Some(true)),
        ("0", Some(false)),
        ("FALSE", Some(false)),
        ("perhaps", None),
    ] {
        assert_eq!(flag(word), wanted, "{word}");
    }
}
