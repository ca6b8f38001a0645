//! The mapping of calls as tables of cases.

use super::*;
use crate::schema::{Agent, Region};
use crate::source::{Extent, FaultKind, Window};
use crate::vendors::convoso::drive::{Drive, map_in_context, map_record, read_slice};

/// The record of a call with these members besides its id and time.
fn record(members: &str) -> String {
    format!(r#"{{"id": "90010001", "call_date": "2026-02-03 14:05:09"{members}}}"#)
}

/// The call of a record, with the names of its fields that could not be read.
fn header_in(record: &str, context: &Context) -> Result<(Call, Vec<&'static str>), MapError> {
    let (account, faults) = (
        Account::new(chrono_tz::America::Los_Angeles, Region::US),
        Faults::new(),
    );
    let item = Item {
        record,
        context,
        account: &account,
        faults: &faults,
    };
    let call = map_header(&WireCall::read(record)?, &item)?;
    let names = faults.into_list().iter().map(|fault| fault.field).collect();
    Ok((call, names))
}

fn header_of(record: &str) -> Call {
    header_in(record, &Context::default()).unwrap().0
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
        )));
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
        // The number that a customer has dialed, where the older accounts have it.
        (
            r#""call_type": "INBOUND", "phone_number": "2135550177", "number_dialed": "8005550111""#,
            "2135550177 +12135550177",
            "8005550111 +18005550111",
        ),
        (
            r#""call_type": "INBOUND", "phone_number": "2135550177", "number_dialed": "2135550177""#,
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
        let call = header_of(&record(&format!(", {members}")));
        let got = |number: &Option<String>, e164: &Option<String>| {
            format!("{} {}", text(number.as_ref()), text(e164.as_ref()))
        };
        assert_eq!(got(&call.from_number, &call.from_e164), from, "{members}");
        assert_eq!(got(&call.to_number, &call.to_e164), to, "{members}");
    }
}

#[test]
fn a_call_is_live_only_without_length_and_while_it_is_young_or_its_status_says_so() {
    // The call was at 22:05:09 UTC.
    let (soon, late) = (Some("2026-02-03T22:20:08Z"), Some("2026-02-03T22:20:09Z"));
    for (read, length, status, end, wanted) in [
        (late, "null", "Call In Progress", "NONE", false),
        (late, r#""""#, "in_progress", "", false),
        (late, r#""""#, "IN-PROGRESS (INBOUND)", "NONE", false),
        (late, r#""187""#, "Call In Progress", "NONE", true),
        (late, "0", "Call In Progress", "NONE", true),
        (late, r#""-5""#, "Call In Progress", "NONE", true),
        (late, "null", "Dropped Inbound", "NONE", true),
        (late, "null", "", "NONE", true),
        (late, "null", "Sale Made", "AGENT", true),
        (soon, "null", "Sale Made", "AGENT", false),
        (soon, r#""""#, "", "", false),
        (soon, r#""187""#, "", "", true),
        (None, "null", "Sale Made", "AGENT", true),
    ] {
        let members =
            format!(r#", "call_length": {length}, "status_name": "{status}", "term_reason": "{end}""#);
        let context = read.map_or_else(Context::default, |at| Context::default().with(READ_AT, at));
        let (call, _) = header_in(&record(&members), &context).unwrap();
        assert_eq!(call.is_final, Some(wanted), "{members} {read:?}");
    }
    assert_eq!(header_of(&record("")).is_final, Some(true));
}

#[test]
fn a_call_ends_its_length_after_it_starts() {
    for (length, seconds, ended, is_fault) in [
        (r#""187""#, Some(187), Some("2026-02-03T22:08:16Z"), false),
        ("187", Some(187), Some("2026-02-03T22:08:16Z"), false),
        (r#""00:03:07""#, Some(187), Some("2026-02-03T22:08:16Z"), false),
        ("0", Some(0), Some("2026-02-03T22:05:09Z"), false),
        (r#""12.6""#, Some(13), Some("2026-02-03T22:05:22Z"), false),
        ("null", None, None, false),
        (r#""""#, None, None, false),
        (r#""-5""#, None, None, true),
        ("-1", None, None, true),
        ("9000000000000000000", None, None, true),
        (r#""long""#, None, None, true),
    ] {
        let record = record(&format!(r#", "call_length": {length}"#));
        let (call, faults) = header_in(&record, &Context::default()).unwrap();
        let ended = ended.map(|text| text.parse().unwrap());
        assert_eq!(
            (call.duration_seconds, call.ended_at),
            (seconds, ended),
            "{length}"
        );
        assert_eq!(faults == ["call_length"], is_fault, "{length}");
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
        ));
        let wanted = (Some(started.parse().unwrap()), Some(ended.parse().unwrap()));
        assert_eq!((call.started_at, call.ended_at), wanted, "{date}");
    }
}

#[test]
fn a_zero_names_nobody_and_ids_stay_as_they_are_written() {
    for (id, wanted) in [
        (r#""0""#, None),
        ("0", None),
        (r#""""#, None),
        (r#""null""#, None),
        ("[]", None),
        (r#""007""#, Some("007")),
        ("1000777", Some("1000777")),
        ("123456789012345678901", Some("123456789012345678901")),
        (r#"" 1000777 ""#, Some(" 1000777 ")),
    ] {
        let call = header_of(&record(&format!(
            r#", "user_id": {id}, "lead_id": {id}, "list_id": {id}, "campaign_id": {id},
               "queue_id": {id}, "originating_agent_id": {id}"#
        )));
        for got in [
            call.agent_id,
            call.lead_id,
            call.list_id,
            call.campaign_id,
            call.queue_id,
            call.transferred_from_agent_id,
        ] {
            assert_eq!(got.as_deref(), wanted, "{id}");
        }
    }
}

#[test]
fn an_empty_answer_for_another_window_keeps_nothing_back() {
    let window = Window {
        since: "2026-02-03T00:00:00Z".parse().unwrap(),
        until: "2026-02-04T00:00:00Z".parse().unwrap(),
    };
    let page = |records: &str, total: u8| {
        format!(
            r#"{{"success":true,"data":{{"offset":0,"limit":500,"total_found":{total},"entries":{total},"results":[{records}]}}}}"#
        )
    };
    let mut asked = Vec::new();
    let extent = Extent::Window {
        window,
        is_open: false,
    };
    let told = read_slice(Drive::of(&CALLS, extent), |request| {
        asked.push(request.clone());
        match asked.len() {
            1 => page("", 0),
            _ => page(&record(""), 1),
        }
    });
    assert_eq!(told.ids("calls"), ["90010001"]);
    assert_eq!(asked[0], asked[1]);
}

#[test]
fn only_a_missing_id_costs_the_record() {
    let none = Context::default();
    for (record, wanted) in [
        (r#"{"call_date": "2026-02-03 14:05:09"}"#, MapError::Missing("id")),
        (r#"{"id": ""}"#, MapError::Missing("id")),
        (r#"{"id": [1]}"#, MapError::Unknown("id")),
    ] {
        assert_eq!(header_in(record, &none).unwrap_err(), wanted, "{record}");
    }
    for (record, faults) in [
        (r#"{"id": "1"}"#, &[][..]),
        (r#"{"id": "0"}"#, &[]),
        (r#"{"id": "1", "call_date": "0000-00-00 00:00:00"}"#, &[]),
        (r#"{"id": "1", "call_date": "yesterday"}"#, &["call_date"]),
        (
            r#"{"id": "1", "call_length": {"a": 1}, "queue_seconds": "x", "called_count": -1, "user": [1]}"#,
            &["call_length", "user", "queue_seconds", "called_count"],
        ),
    ] {
        let (call, read) = header_in(record, &none).unwrap();
        assert_eq!((call.started_at, read.as_slice()), (None, faults), "{record}");
    }
}

#[test]
fn an_unreadable_recording_costs_its_record_a_reject_and_the_call_lands() {
    for (list, recordings, error, fault) in [
        (r#"[{"recording_id": 55501}]"#, 1, None, None),
        (r#"{"a": {"recording_id": "55501"}}"#, 1, None, None),
        (r#""""#, 0, None, None),
        ("[{}]", 0, Some(MapError::Missing("recording_id")), None),
        (
            r#"[{}, {"recording_id": 55501}]"#,
            1,
            Some(MapError::Missing("recording_id")),
            None,
        ),
        (r#""1.mp3""#, 0, None, Some(FaultKind::WrongShape)),
    ] {
        let (mut batch, faults) = (Batch::default(), Faults::new());
        let record = record(&format!(r#", "recording": {list}"#));
        let account = Account::new(chrono_tz::UTC, Region::US);
        let item = Item {
            record: &record,
            context: &Context::default(),
            account: &account,
            faults: &faults,
        };
        assert_eq!(map_call(&item, &mut batch).err(), error, "{list}");
        assert_eq!(batch.len(), 1 + recordings, "{list}");
        assert_eq!(batch.rows()[0].ids(), ["90010001"], "{list}");
        let kinds: Vec<_> = faults.into_list().iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, fault.into_iter().collect::<Vec<_>>(), "{list}");
    }
}

#[test]
fn the_agents_of_a_call_are_named_with_what_it_tells_of_them() {
    for (members, wanted) in [
        (
            r#", "user_id": "666666", "user": "System User""#,
            &[("666666", Some("System User"))][..],
        ),
        (
            r#", "user_id": 1000777, "user": "Dana", "originating_agent_id": "1000778""#,
            &[("1000777", Some("Dana")), ("1000778", None)],
        ),
        (
            r#", "user_id": "7", "user": "Dana", "originating_agent_id": "7""#,
            &[("7", Some("Dana"))],
        ),
        (r#", "user_id": "0", "user": "Nobody""#, &[]),
    ] {
        let (batch, _) = map_record(&CALLS, &record(members)).unwrap();
        let named = batch.named_rows(|_, _| false);
        let agents = named.iter().find(|rows| rows.table == Agent::TABLE);
        let agents: Vec<_> = agents
            .into_iter()
            .flat_map(|rows| &rows.rows)
            .map(|row| (row.id, row.name))
            .collect();
        assert_eq!(agents, wanted, "{members}");
    }
}

#[test]
fn the_time_of_a_call_is_local_and_never_guessed() {
    for (record, wanted) in [
        (
            r#"{"call_date": "2026-02-03 14:05:09"}"#,
            Some("2026-02-03T14:05:09"),
        ),
        (
            r#"{"call_date": "2026-02-03T14:05:09.7"}"#,
            Some("2026-02-03T14:05:09"),
        ),
        (r#"{"call_date": ""}"#, None),
        (r#"{"call_date": null}"#, None),
        (r#"{"call_date": "yesterday"}"#, None),
        (r#"{"id": "1"}"#, None),
        ("null", None),
    ] {
        let wanted = wanted.map(|text| text.parse().unwrap());
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        assert_eq!(called_at(record, &account), wanted, "{record}");
    }
}

#[test]
fn a_mapped_call_needs_its_context_only_to_tell_whether_it_is_live() {
    let context = Context::default().with(READ_AT, "2026-02-03T22:06:00Z");
    let (batch, _) = map_in_context(&CALLS, &record(""), &context).unwrap();
    assert_eq!(batch.len(), 1);
}
