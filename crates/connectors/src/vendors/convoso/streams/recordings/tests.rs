//! Recordings of agents: who is asked for, and what of a row is theirs.

use serde_json::json;

use super::*;
use crate::reader::Verdict;
use crate::source::{Extent, Window};
use crate::vendors::convoso::drive::{Drive, read_slice};

fn extent() -> Extent {
    Extent::Window {
        window: Window {
            since: "2026-11-01T00:00:00Z".parse().unwrap(),
            until: "2026-11-02T00:00:00Z".parse().unwrap(),
        },
        is_open: false,
    }
}

#[test]
fn each_user_with_an_address_is_asked_for_and_two_of_one_address_are_no_circle() {
    let mut asked = Vec::new();
    let told = read_slice(Drive::of(&RECORDINGS, extent()), |request| {
        let offset: usize = request.param("offset").unwrap().parse().unwrap();
        if request.path == "users/search" {
            let users = json!({
                "1": {"id": 1, "email": "a@sim.example"},
                "2": {"id": 2, "email": ""},
                "3": {"id": 3, "email": "a@sim.example"},
            });
            let users = if offset == 0 { users } else { json!([]) };
            return json!({"success": true, "data": {"total": "3", "results": users}}).to_string();
        }
        asked.push(request.param("user").unwrap().to_owned());
        json!({"success": true, "data": {"total": 1, "entries": [
            {"recording_id": 55501, "lead_id": 7, "start_time": "2026-11-01 00:05:09", "seconds": "00:03:07", "url": "a.wav"}
        ]}})
        .to_string()
    });
    assert_eq!(asked, ["a@sim.example", "a@sim.example"]);
    assert_eq!(told.ids("recordings"), ["55501"]);
    assert_eq!(told.ids("agents"), ["1", "2", "3"]);
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(told.reading.warnings.len(), 1);
}

#[test]
fn users_without_recordings_may_say_so_by_a_code() {
    let told = read_slice(Drive::of(&RECORDINGS, extent()), |request| {
        if request.path == "users/search" {
            let users = match request.param("offset") {
                Some("0") => json!([{"id": 1, "email": "a@sim.example"}]),
                _ => json!([]),
            };
            return json!({"success": true, "data": {"total": "1", "results": users}}).to_string();
        }
        r#"{"success": false, "code": 6005, "text": "missing users"}"#.to_owned()
    });
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert!(told.rejects.is_empty());
}

#[test]
fn the_two_streams_of_recordings_own_different_columns() {
    let calls = super::super::calls::RECORDING_COLUMNS;
    assert!(RECORDING_COLUMNS.iter().all(|column| !calls.contains(column)));
    let columns = schema::Recording::TABLE.columns.iter().map(|column| column.name);
    for column in columns {
        assert!(
            calls.contains(&column) ^ RECORDING_COLUMNS.contains(&column),
            "{column}"
        );
    }
    assert!(calls.contains(&"raw"));
}
