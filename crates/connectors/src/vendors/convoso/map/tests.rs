//! The mapping as tables of cases.

use super::*;
use crate::schema::{Region, Values};
use crate::source::{Ask, Request, Window};
use crate::vendors::lenient;

fn account() -> Account {
    Account::new(chrono_tz::America::Los_Angeles, Region::US)
}

/// The record of a call with these members besides its id and time.
fn record(members: &str) -> String {
    format!(r#"{{"id": "90010001", "call_date": "2026-02-03 14:05:09"{members}}}"#)
}

fn header_of(item: &str) -> Result<Call, MapError> {
    header(&lenient::record(item)?, &account())
}

fn read(
    map: fn(&Item<'_>, &mut Batch) -> Result<(), MapError>,
    record: &str,
    batch: &mut Batch,
) -> Result<(), MapError> {
    let epoch = chrono::DateTime::UNIX_EPOCH;
    let window = Window {
        since: epoch,
        until: epoch,
    };
    let item = Item {
        record,
        ask: &Ask::first(Request::get("/"), window),
        account: &account(),
    };
    map(&item, batch)
}

fn text(value: Option<&String>) -> &str {
    value.map_or("-", String::as_str)
}

#[test]
fn the_kind_of_a_call_decides_its_direction_and_whose_number_is_whose() {
    for (kind, direction, from, to) in [
        ("OUTBOUND", "outbound", "3235550100", "2135550142"),
        ("MANUAL", "outbound", "3235550100", "2135550142"),
        ("3WAY", "transfer", "3235550100", "2135550142"),
        ("INBOUND", "inbound", "2135550177", "8005550111"),
        ("outbound", "-", "3235550100", "2135550142"),
        ("PARROT", "-", "3235550100", "2135550142"),
        ("", "-", "3235550100", "2135550142"),
    ] {
        let call = header_of(&record(&format!(
            r#", "call_type": "{kind}", "phone_number": "2135550177", "number_dialed": "2135550142",
               "caller_id_displayed": "3235550100", "inbound_number": "8005550111""#
        )))
        .unwrap();
        let got = (
            text(call.direction.as_ref()),
            text(call.from_number.as_ref()),
            text(call.to_number.as_ref()),
        );
        assert_eq!(got, (direction, from, to), "{kind}");
    }
}

#[test]
fn numbers_that_are_missing_are_not_made_up() {
    for (members, from, to) in [
        (
            r#""call_type": "OUTBOUND", "phone_number": "2135550177""#,
            "- -",
            "2135550177 +12135550177",
        ),
        (
            r#""call_type": "INBOUND", "phone_number": "2135550177", "caller_id_displayed": "3235550100""#,
            "2135550177 +12135550177",
            "- -",
        ),
        (
            r#""call_type": "INBOUND", "phone_number": "anonymous", "inbound_number": 18005550111"#,
            "anonymous -",
            "18005550111 +18005550111",
        ),
        (
            r#""phone_number": "null", "number_dialed": "", "caller_id_displayed": null"#,
            "- -",
            "- -",
        ),
    ] {
        let call = header_of(&record(&format!(", {members}"))).unwrap();
        let got_from = format!(
            "{} {}",
            text(call.from_number.as_ref()),
            text(call.from_e164.as_ref())
        );
        let got_to = format!(
            "{} {}",
            text(call.to_number.as_ref()),
            text(call.to_e164.as_ref())
        );
        assert_eq!((got_from.as_str(), got_to.as_str()), (from, to), "{members}");
    }
}

#[test]
fn a_call_is_live_only_without_length_and_while_its_status_says_so() {
    for (length, status, end, wanted) in [
        ("null", "Call In Progress", "NONE", false),
        (r#""""#, "in_progress", "", false),
        (r#""""#, "IN-PROGRESS (INBOUND)", "NONE", false),
        (r#""187""#, "Call In Progress", "NONE", true),
        ("0", "Call In Progress", "NONE", true),
        ("null", "Dropped Inbound", "NONE", true),
        ("null", "", "NONE", true),
        ("null", "Sale Made", "AGENT", true),
    ] {
        let members =
            format!(r#", "call_length": {length}, "status_name": "{status}", "term_reason": "{end}""#);
        let call = header_of(&record(&members)).unwrap();
        assert_eq!(call.is_final, Some(wanted), "{members}");
    }
    assert_eq!(header_of(&record("")).unwrap().is_final, Some(true));
}

#[test]
fn a_call_ends_its_length_after_it_starts() {
    for (length, seconds, ended) in [
        (r#""187""#, Some(187), Some("2026-02-03T22:08:16Z")),
        ("187", Some(187), Some("2026-02-03T22:08:16Z")),
        ("0", Some(0), Some("2026-02-03T22:05:09Z")),
        (r#""12.6""#, Some(13), Some("2026-02-03T22:05:22Z")),
        ("null", None, None),
        (r#""""#, None, None),
        // A length that no calendar holds is kept, and gives no end.
        ("9000000000000000000", Some(9_000_000_000_000_000_000), None),
    ] {
        let call = header_of(&record(&format!(r#", "call_length": {length}"#))).unwrap();
        let ended = ended.map(|text| text.parse().unwrap());
        assert_eq!(
            (call.duration_seconds, call.ended_at),
            (seconds, ended),
            "{length}"
        );
    }
}

#[test]
fn local_times_become_instants_on_daylight_saving_days_too() {
    for (date, length, started, ended) in [
        (
            "2026-07-03 14:05:09",
            60,
            "2026-07-03T21:05:09Z",
            "2026-07-03T21:06:09Z",
        ),
        // Skipped in spring: read as if the clocks had not been put forward yet.
        (
            "2026-03-08 02:30:00",
            60,
            "2026-03-08T10:30:00Z",
            "2026-03-08T10:31:00Z",
        ),
        // Twice in autumn: the first, and the end is counted in real seconds.
        (
            "2026-11-01 01:30:00",
            7_200,
            "2026-11-01T08:30:00Z",
            "2026-11-01T10:30:00Z",
        ),
        (
            "2026-11-01T02:00:00",
            0,
            "2026-11-01T10:00:00Z",
            "2026-11-01T10:00:00Z",
        ),
    ] {
        let call = header_of(&format!(
            r#"{{"id": 1, "call_date": "{date}", "call_length": {length}}}"#
        ))
        .unwrap();
        let wanted = (Some(started.parse().unwrap()), Some(ended.parse().unwrap()));
        assert_eq!((call.started_at, call.ended_at), wanted, "{date}");
    }
}

#[test]
fn a_zero_is_no_id_and_other_ids_stay_as_they_are_written() {
    for (id, wanted) in [
        (r#""0""#, None),
        ("0", None),
        (r#""""#, None),
        (r#""null""#, None),
        ("[]", None),
        (r#""007""#, Some("007")),
        ("1000777", Some("1000777")),
        (r#"" 1000777 ""#, Some("1000777")),
    ] {
        let call = header_of(&record(&format!(
            r#", "user_id": {id}, "lead_id": {id}, "list_id": {id}, "campaign_id": {id},
               "queue_id": {id}, "originating_agent_id": {id}"#
        )))
        .unwrap();
        for got in [
            call.agent_id,
            call.lead_id,
            call.list_id,
            call.campaign_id,
            call.queue_name,
            call.transferred_from_agent_id,
        ] {
            assert_eq!(got.as_deref(), wanted, "{id}");
        }
    }
}

#[test]
fn a_record_without_id_or_time_is_refused_by_the_name_of_the_field() {
    for (item, wanted) in [
        (r#"{"call_date": "2026-02-03 14:05:09"}"#, MapError::Missing("id")),
        (
            r#"{"id": "0", "call_date": "2026-02-03 14:05:09"}"#,
            MapError::Missing("id"),
        ),
        (r#"{"id": "1"}"#, MapError::Missing("call_date")),
        (
            r#"{"id": "1", "call_date": "0000-00-00 00:00:00"}"#,
            MapError::Missing("call_date"),
        ),
        (
            r#"{"id": "1", "call_date": "yesterday"}"#,
            MapError::Unknown("call_date"),
        ),
        (
            r#"{"id": "1", "call_date": "2026-02-03 14:05:09", "call_length": "long"}"#,
            MapError::Unknown("call_length"),
        ),
    ] {
        assert_eq!(header_of(item), Err(wanted), "{item}");
    }
}

#[test]
fn an_unreadable_recording_costs_its_record_a_reject_and_the_call_lands() {
    for (list, recordings, error) in [
        (r#"[{"recording_id": 55501}]"#, 1, None),
        (r#"{"a": {"recording_id": "55501"}}"#, 1, None),
        (r#""""#, 0, None),
        ("[{}]", 0, Some(MapError::Missing("recording.recording_id"))),
        (r#""1.mp3""#, 0, Some(MapError::Unknown("recording"))),
    ] {
        let mut batch = Batch::default();
        let got = read(call, &record(&format!(r#", "recording": {list}"#)), &mut batch);
        assert_eq!(got.err(), error, "{list}");
        assert_eq!(batch.len(), 1 + recordings, "{list}");
        assert_eq!(batch.rows()[0].ids(), ["90010001"], "{list}");
    }
}

#[test]
fn a_user_without_a_name_has_none_and_only_y_is_active() {
    for (members, name, is_active, is_system) in [
        (
            r#""id": 1, "first_name": "Dana", "last_name": "Example", "status": "Y""#,
            "Dana Example",
            Some(true),
            false,
        ),
        (
            r#""id": 1, "first_name": " Dana ", "last_name": "", "status": "N""#,
            "Dana",
            Some(false),
            false,
        ),
        (
            r#""id": "666667", "first_name": null, "last_name": "null""#,
            "-",
            None,
            true,
        ),
    ] {
        let mut batch = Batch::default();
        read(agent, &format!("{{{members}}}"), &mut batch).unwrap();
        let columns = batch.rows()[0].columns();
        assert_eq!(
            columns[0],
            Values::Text(vec![Some(name.to_owned()).filter(|name| name != "-")])
        );
        assert_eq!(columns[4], Values::Boolean(vec![is_active]), "{members}");
        assert_eq!(columns[5], Values::Boolean(vec![Some(is_system)]), "{members}");
    }
}
