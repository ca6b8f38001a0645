//! The simulated account as its API tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{OverLimit, Ties, TokenRefusal};
use crate::{Fault, Options, Request, Rule, Simulator};

const LOG: &str = "log/retrieve";
const USERS: &str = "users/search";

fn at(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().unwrap()
}

/// Noon of a working day in Los Angeles.
fn simulator() -> Simulator {
    Simulator::new(Options {
        days: 3,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    })
}

fn ask(simulator: &Simulator, path: &str, form: &str) -> (u16, Value) {
    let form = format!("auth_token=sandbox-token&{form}");
    let response = simulator.respond(&Request::post(&format!("/convoso/v1/{path}"), form));
    let body = serde_json::from_str(&response.body).unwrap_or(Value::String(response.body));
    (response.status, body)
}

/// What an answer brings, which must be no refusal.
fn data(simulator: &Simulator, path: &str, form: &str) -> Value {
    let (status, mut body) = ask(simulator, path, form);
    assert_eq!((status, &body["success"]), (200, &Value::Bool(true)), "{body}");
    body["data"].take()
}

fn rows(data: &Value) -> Vec<Value> {
    let rows = data.get("results").or(data.get("entries"));
    rows.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn ids(data: &Value) -> Vec<String> {
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows(data).iter().map(id).collect()
}

/// The ids of the leads of a list to its end, by offset.
fn all_leads(simulator: &Simulator, form: &str) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let form = format!("{form}&limit=700&offset={}", found.len());
        match ids(&data(simulator, "leads/search", &form)) {
            page if page.is_empty() => return found,
            page => found.extend(page),
        }
    }
}

#[test]
fn pages_of_a_closed_window_cover_exactly_its_calls() {
    let simulator = simulator();
    simulator.convoso().quirks(|quirks| quirks.ties = Ties::Stable);
    let window = "start_time=2026-02-02+00:00:00&end_time=2026-02-02+23:59:59&order=ASC&include_recordings=1";
    let mut found = Vec::new();
    loop {
        let data = data(
            &simulator,
            LOG,
            &format!("{window}&limit=150&offset={}", found.len()),
        );
        assert_eq!(
            (&data["total_found"], &data["limit"]),
            (&json!("400"), &json!("150"))
        );
        assert_eq!(data["entries"], rows(&data).len());
        if rows(&data).is_empty() {
            break;
        }
        found.extend(rows(&data));
    }
    let all = simulator.convoso().snapshot("calls").into_iter();
    let mut all: Vec<Value> = all
        .map(|(_, record)| serde_json::from_str(&record).unwrap())
        .collect();
    all.retain(|record| record["call_date"].as_str().unwrap().starts_with("2026-02-02"));
    assert_eq!(found, all);
}

#[test]
fn leads_by_their_last_call_are_those_that_were_called_then() {
    let simulator = simulator();
    let snapshot = simulator.convoso().snapshot("leads").into_iter();
    let called: BTreeSet<String> = snapshot
        .filter(|(_, record)| {
            let record: Value = serde_json::from_str(record).unwrap();
            record["last_called"].as_str().unwrap().starts_with("2026-02-02")
        })
        .map(|(id, _)| id)
        .collect();
    let day = "last_call_start_date=2026-02-02+00:00:00&last_call_end_date=2026-02-02+23:59:59";
    let found: BTreeSet<String> = all_leads(&simulator, day).into_iter().collect();
    assert!(!found.is_empty());
    assert_eq!(found, called);
}

#[test]
fn every_refusal_has_its_code() {
    let simulator = simulator();
    let account = simulator.convoso();
    account.quirks(|quirks| quirks.over_limit = OverLimit::Refuse);
    for (form, code) in [
        ("offset=40001", 7231),
        ("offset=-1", 7231),
        ("limit=501", 7230),
        ("limit=0", 7230),
        ("start_time=2026-02-03", 6023),
        ("end_time=2026-02-03T10:00:00Z", 6023),
        ("list_id=1", 6002),
        ("campaign_id=1", 6004),
        ("user_id=1", 6006),
        ("queue_id=1", 6030),
        ("auth_token=wrong&offset=x", 5001),
    ] {
        let (status, body) = ask(&simulator, LOG, form);
        assert_eq!((status, &body["code"]), (200, &json!(code)), "{form}");
        assert!(body["success"] == false && body["text"].is_string());
    }
    assert_eq!(data(&simulator, LOG, "offset=40000")["entries"], 0);
    account.quirks(|quirks| quirks.over_limit = OverLimit::Clamp);
    assert_eq!(data(&simulator, LOG, "limit=5000")["limit"], "500");
    for (refusal, status) in [
        (TokenRefusal::Body5001, 200),
        (TokenRefusal::Status401, 401),
        (TokenRefusal::Status403, 403),
    ] {
        account.quirks(|quirks| quirks.token_refusal = refusal);
        assert_eq!(ask(&simulator, LOG, "auth_token=wrong").0, status);
    }
    account.quirks(|quirks| quirks.unticked.push(LOG.to_owned()));
    assert_eq!(ask(&simulator, LOG, "").1["code"], 403);
    assert_eq!(ask(&simulator, USERS, "").1["success"], true);
    for path in ["log/retrieve/", "logs", ""] {
        let (status, body) = ask(&simulator, path, "");
        assert!(status == 404 && body.as_str().unwrap().starts_with('<'), "{path}");
    }
}

#[test]
fn changes_by_hand_show_in_the_log() {
    let simulator = simulator();
    let account = simulator.convoso();
    let id = account.add_call_at(at("2026-02-01T18:00:00Z"));
    assert!(account.set_disposition(&id, "SALE2", "Sale \"two\"") && account.set_comment(&id, "a\tb\\"));
    assert!(account.add_recording(&id) && !account.add_recording("90010000") && !account.add_recording("x"));
    let form =
        "start_time=2026-02-01+10:00:00&end_time=2026-02-01+10:00:00&status=SALE2&include_recordings=1";
    let found = data(&simulator, LOG, form);
    assert_eq!(ids(&found), [id]);
    let row = &rows(&found)[0];
    assert_eq!(
        (&row["status_name"], &row["agent_comment"]),
        (&json!("Sale \"two\""), &json!("a\tb\\"))
    );
    assert!(!row["recording"].as_array().unwrap().is_empty());
    let plain = data(&simulator, LOG, &form.replace("recordings=1", "recordings=0"));
    assert_eq!(rows(&plain)[0].get("recording"), None);
}

#[test]
fn calls_can_be_dated_in_the_future_and_the_repeated_hour_shows_both_of_its_turns() {
    let simulator = Simulator::new(Options {
        days: 1,
        ..Options::new(at("2026-11-02T12:00:00Z"))
    });
    let account = simulator.convoso();
    let turns = ["2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"].map(|start| account.add_call_at(at(start)));
    let found = data(
        &simulator,
        LOG,
        "start_time=2026-11-01T01:30:00&end_time=2026-11-01T01:30:00",
    );
    assert!(turns.iter().all(|id| ids(&found).contains(id)));
    let future = account.add_future_call(at("2026-12-24T18:00:00Z"));
    assert_eq!(
        ids(&data(
            &simulator,
            LOG,
            "start_time=2026-12-01T00:00:00&end_time=2027-01-01T00:00:00"
        )),
        [future]
    );
}

#[test]
fn dirty_rows_are_json_broken_rows_have_no_date_and_keyless_rows_no_id() {
    let simulator = simulator();
    let all = ids(&data(&simulator, LOG, ""));
    let broken = all[5].clone();
    simulator.convoso().quirks(|quirks| {
        quirks.dirty_rows = true;
        quirks.keyless_rows.push(all[6].clone());
        quirks.counts_as_numbers = true;
        quirks.broken_rows.push(broken.clone());
    });
    let after = data(&simulator, LOG, "");
    assert!(after["total_found"].is_u64());
    let rows = rows(&after);
    assert!(rows.iter().any(|row| row["id"].is_u64()) && rows.iter().any(|row| row.get("revenue").is_some()));
    assert!(rows.iter().any(|row| row["user"].is_null()));
    assert!(rows.iter().any(|row| row.get("call_type").is_none()));
    let unreadable: Vec<&Value> = rows
        .iter()
        .filter(|row| row["call_date"] == "not a date")
        .collect();
    assert_eq!(rows.iter().filter(|row| row["id"].is_null()).count(), 1);
    assert!(unreadable.len() == 1 && unreadable[0]["id"].to_string().trim_matches('"') == broken);
}

#[test]
fn leads_go_in_masses_and_a_search_for_tombstones_may_ignore_what_it_is_asked() {
    let simulator = simulator();
    let account = simulator.convoso();
    let living = account.snapshot("leads").len();
    account.add_leads(3_000);
    account.archive_many("leads", 2_500);
    assert_eq!(account.snapshot("leads").len(), living + 500);
    let archived = "archived_at_start=2026-02-03T12:00:00&archived_at_end=2026-02-03T13:00:00";
    assert_eq!(all_leads(&simulator, archived).len(), 2_500);
    let names = ["archived_at_start", "archived_at_end"].map(str::to_owned);
    account.quirks(|quirks| quirks.ignored = names.to_vec());
    let lies: BTreeSet<String> = all_leads(&simulator, archived).into_iter().collect();
    let snapshot = account.snapshot("leads").into_iter();
    assert_eq!(lies, snapshot.map(|(id, _)| id).collect());
}

#[test]
fn calls_keep_coming_however_far_the_clock_moves_and_one_seed_makes_one_account() {
    let (one, other) = (simulator(), simulator());
    for table in [
        "calls",
        "agents",
        "leads",
        "agent_events",
        "recordings",
        "callbacks",
    ] {
        assert_eq!(
            one.convoso().snapshot(table),
            other.convoso().snapshot(table),
            "{table}"
        );
        assert!(one.convoso().snapshot(table).len() > 10, "{table}");
    }
    one.advance(chrono::TimeDelta::days(20));
    let calls = one.convoso().snapshot("calls");
    let on = |day: &str| calls.iter().filter(|(_, record)| record.contains(day)).count();
    for day in ["2026-02-01 ", "2026-02-03 ", "2026-02-06 ", "2026-02-22 "] {
        assert_eq!(on(day), 400, "{day}");
    }
    let today = on("2026-02-23 ");
    assert!(today > 100 && today < 400, "the day of the clock is not over");
    assert_eq!(one.convoso().call_count(), 23 * 400 + today);
}

#[test]
fn faults_strike_by_rule_and_another_token_opens_another_account() {
    let simulator = simulator();
    let none = Fault::Refusal {
        code: 6000,
        text: "Missing Lists".to_owned(),
    };
    simulator.add_rule(Rule {
        skip: 1,
        ..Rule::new("leads/search", none, 1)
    });
    let codes: Vec<Value> = (0..3)
        .map(|_| ask(&simulator, "leads/search", "").1["code"].take())
        .collect();
    assert_eq!(codes, [Value::Null, json!(6000), Value::Null]);
    simulator.fault(LOG, Fault::Status(404, None), u32::MAX);
    assert_eq!(ask(&simulator, LOG, ""), (404, json!("")));
    simulator.clear_faults();
    simulator.fault(LOG, Fault::Repeat, 1);
    let (first, second) = ("id=90010001&start_time=2026-01-30T00:00:00", "limit=3");
    assert_ne!(ask(&simulator, LOG, second), ask(&simulator, LOG, first));
    simulator.fault(LOG, Fault::Status(500, None), 1);
    simulator.fault(LOG, Fault::Repeat, 1);
    assert_eq!(ask(&simulator, LOG, first).0, 500);
    let other = simulator.open_accounts(Options {
        seed: 8,
        agents: 3,
        token: "other".to_owned(),
        ..Options::new(simulator.now())
    });
    let page = data(&simulator, USERS, "auth_token=other");
    assert_eq!(page["total"], "3");
    assert_ne!(
        other.convoso().snapshot("calls"),
        simulator.convoso().snapshot("calls")
    );
    assert_eq!(ask(&simulator, USERS, "auth_token=neither").1["code"], 5001);
}

#[test]
fn the_control_plane_changes_what_tests_change() {
    let simulator = simulator();
    let control = |method: &str, path: &str, body: Value| {
        let response = simulator.respond(&Request::new(
            method,
            &format!("/sandbox/{path}"),
            body.to_string(),
        ));
        let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
        (response.status, body)
    };
    let quirks = control("POST", "quirks/convoso", json!({"strict_lists": true}));
    assert_eq!((quirks.0, &quirks.1["strict_lists"]), (200, &json!(true)));
    assert_eq!(ask(&simulator, "lists/search", "").1["code"], 6023);
    assert_eq!(
        control("POST", "quirks/convoso", json!({"nonsense": true})).0,
        400
    );
    assert_eq!(control("POST", "quirks/nobody", json!({})).0, 400);
    for (method, path, body, wanted) in [
        ("DELETE", "rows/convoso/leads/7000001", json!(null), 200),
        ("DELETE", "rows/convoso/leads/7000001", json!(null), 400),
        ("POST", "restore/convoso/leads/7000001", json!(null), 200),
        ("POST", "rows/convoso/lists/1880", json!({"status": "N"}), 200),
        ("DELETE", "rows/convoso/lists/1881", json!(null), 200),
        ("POST", "rows/convoso/nothing/1", json!({}), 400),
    ] {
        assert_eq!(control(method, path, body).0, wanted, "{method} {path}");
    }
    let rule = json!({"path": USERS, "fault": {"status": [503, "7"]}, "times": 1});
    assert_eq!(control("POST", "faults", rule).0, 200);
    assert_eq!(
        (ask(&simulator, USERS, "").0, ask(&simulator, USERS, "").0),
        (503, 200)
    );
    let before = simulator.now();
    control("POST", "advance", json!({"seconds": 60}));
    assert_eq!(simulator.now() - before, chrono::TimeDelta::minutes(1));
    let snapshot: BTreeMap<String, Value> =
        serde_json::from_value(control("GET", "snapshot/convoso/lists", json!(null)).1).unwrap();
    assert_eq!(snapshot.len(), 7);
    assert_eq!(
        control("GET", "requests", json!(null))
            .1
            .as_array()
            .unwrap()
            .len(),
        3
    );
    control("DELETE", "requests", json!(null));
    assert!(simulator.requests().is_empty());
}
