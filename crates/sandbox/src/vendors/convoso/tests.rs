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

/// An account like that of the demo, at the same noon.
fn busy_simulator() -> Simulator {
    Simulator::new(Options {
        days: 7,
        calls_per_day: 1_500,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    })
}

fn snapshot(simulator: &Simulator, table: &str) -> Vec<Value> {
    let records = simulator.convoso().snapshot(table).into_iter();
    records
        .map(|(_, record)| serde_json::from_str(&record).unwrap())
        .collect()
}

fn text(row: &Value, member: &str) -> String {
    row[member].as_str().unwrap_or_default().to_owned()
}

/// Seconds of a length: hours are there or not.
fn length(text: &str) -> i64 {
    text.split(':')
        .fold(0, |seconds, part| 60 * seconds + part.parse::<i64>().unwrap())
}

/// Local seconds, of a plain time or of one with an offset.
fn wall(text: &str) -> i64 {
    crate::local::parse(&text[..19]).unwrap()
}

/// What an agent was doing.
struct Doing {
    at: i64,
    seconds: i64,
    state: &'static str,
    day: String,
}

/// What the events say, by agent, in order.
fn events(simulator: &Simulator) -> BTreeMap<String, Vec<Doing>> {
    let mut agents: BTreeMap<String, Vec<Doing>> = BTreeMap::new();
    for event in snapshot(simulator, "agent_events") {
        let state = match (event["state"].as_str(), event["availability_code"].as_str()) {
            (Some("INCALL"), Some("")) => "call",
            (Some("READY"), Some("")) => "wait",
            (Some("READY"), Some(_)) => "pause",
            other => panic!("{other:?}"),
        };
        agents.entry(text(&event, "user_id")).or_default().push(Doing {
            at: text(&event, "event_epoch").parse().unwrap(),
            seconds: length(&text(&event, "event_sec")),
            state,
            day: text(&event, "created_at")[..10].to_owned(),
        });
    }
    for doings in agents.values_mut() {
        doings.sort_by_key(|doing| doing.at);
    }
    agents
}

#[test]
fn an_agent_does_one_thing_at_a_time_and_calls_are_among_it() {
    let simulator = busy_simulator();
    let agents = events(&simulator);
    assert_eq!(agents.len(), 12);
    for (agent, doings) in &agents {
        for pair in doings.windows(2) {
            assert!(
                pair[0].at + pair[0].seconds <= pair[1].at,
                "{agent} at {}",
                pair[1].at
            );
        }
    }
    // Los Angeles is eight hours behind in February.
    let mut talked = 0;
    for call in snapshot(&simulator, "calls") {
        let Some(doings) = agents.get(&text(&call, "user_id")) else {
            continue;
        };
        let at = wall(&text(&call, "call_date")) + 8 * crate::local::HOUR;
        let seconds: i64 = text(&call, "call_length").parse().unwrap_or(0);
        let own = doings
            .iter()
            .find(|doing| doing.at == at && doing.state == "call");
        assert!(own.is_some_and(|own| own.seconds >= seconds), "{call}");
        talked += seconds;
    }
    let busy: i64 = agents
        .values()
        .flatten()
        .filter(|doing| doing.state == "call")
        .map(|doing| doing.seconds)
        .sum();
    assert!(talked > busy / 2 && talked < busy, "{talked} of {busy}");
}

#[test]
fn the_days_report_of_an_agent_is_the_sum_of_the_events() {
    let simulator = busy_simulator();
    let mut sums: BTreeMap<(String, String), BTreeMap<&str, i64>> = BTreeMap::new();
    for (agent, doings) in events(&simulator) {
        for doing in doings {
            let day = sums.entry((agent.clone(), doing.day)).or_default();
            *day.entry(doing.state).or_default() += doing.seconds;
        }
    }
    let mut counts = [0; 2];
    for (id, record) in simulator.convoso().snapshot("agent_performance") {
        let (agent, day) = id.split_once(':').unwrap();
        if day == "2026-02-03" {
            // Of a live call nobody knows the length.
            continue;
        }
        let row: Value = serde_json::from_str(&record).unwrap();
        let of = |member: &str| length(&text(&row, member));
        let events = &sums[&(agent.to_owned(), day.to_owned())];
        let sum = |state: &str| events.get(state).copied().unwrap_or(0);
        assert_eq!(of("talk_sec") + of("wrap_sec"), sum("call"), "{id}");
        assert_eq!(
            (of("wait_sec"), of("pause_sec")),
            (sum("wait"), sum("pause")),
            "{id}"
        );
        assert_eq!(of("total_time"), events.values().sum::<i64>(), "{id}");
        counts[0] += 1;
        counts[1] += usize::from(sum("pause") > 0);
    }
    assert!(counts[0] == 7 * 12 && counts[1] > 70, "{counts:?}");
}

#[test]
fn leads_are_called_after_they_were_made_and_most_new_ones_within_a_day() {
    let simulator = busy_simulator();
    let made: BTreeMap<String, i64> = snapshot(&simulator, "leads")
        .iter()
        .map(|lead| (text(lead, "id"), wall(&text(lead, "created_at"))))
        .collect();
    let mut first: BTreeMap<String, i64> = BTreeMap::new();
    for call in snapshot(&simulator, "calls") {
        let (lead, at) = (text(&call, "lead_id"), wall(&text(&call, "call_date")));
        if let Some(made) = made.get(&lead) {
            assert!(at >= *made, "{call}");
            let earliest = first.entry(lead).or_insert(at);
            *earliest = at.min(*earliest);
        }
    }
    // Made in the first days, so that there was time to call them.
    let begin = crate::local::parse("2026-01-27 00:00:00").unwrap();
    let young = made
        .iter()
        .filter(|(_, at)| (begin..begin + 4 * crate::local::DAY).contains(*at));
    let waits: Vec<Option<i64>> = young
        .map(|(id, made)| first.get(id).map(|at| at - made))
        .collect();
    let within = |most: i64| waits.iter().flatten().filter(|wait| **wait <= most).count() * 100 / waits.len();
    let shares = [
        within(0),
        within(crate::local::HOUR),
        within(crate::local::DAY),
        within(1 << 40),
    ];
    assert!(waits.len() > 200, "{}", waits.len());
    assert!(shares[0] < 2 && (15..60).contains(&shares[1]), "{shares:?}");
    assert!(
        (60..92).contains(&shares[2]) && shares[3] > shares[2],
        "{shares:?}"
    );
}

/// How each callback ended, by the calls to its lead: as analysts judge it.
fn outcomes(simulator: &Simulator) -> BTreeMap<&'static str, usize> {
    let mut dials: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for call in snapshot(simulator, "calls") {
        if matches!(call["call_type"].as_str(), Some("OUTBOUND" | "MANUAL")) {
            let at = wall(&text(&call, "call_date"));
            dials.entry(text(&call, "lead_id")).or_default().push(at);
        }
    }
    let now = crate::local::wall_clock(chrono_tz::Tz::America__Los_Angeles, simulator.now().timestamp());
    let mut counts = BTreeMap::new();
    for callback in snapshot(simulator, "callbacks") {
        let due = wall(&text(&callback, "callback_time"));
        let dials = dials
            .get(&text(&callback, "lead_id"))
            .map_or(&[][..], Vec::as_slice);
        let outcome = if callback["stage"] == "Dismissed" {
            "dismissed"
        } else if dials.iter().any(|at| (at - due).abs() <= 900) {
            "kept"
        } else if due + 900 > now {
            "pending"
        } else if dials.iter().any(|at| at - due > 900) {
            "late"
        } else {
            "missed"
        };
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

#[test]
fn callbacks_are_kept_late_missed_or_dismissed_and_few_lie_ahead() {
    let simulator = busy_simulator();
    let counts = outcomes(&simulator);
    let share = |outcome: &str| counts.get(outcome).copied().unwrap_or(0) * 100 / 150;
    assert!(
        (30..60).contains(&share("kept")) && (10..35).contains(&share("late")),
        "{counts:?}"
    );
    assert!(share("missed") >= 2 && share("dismissed") >= 2, "{counts:?}");
    assert!((10..35).contains(&share("pending")), "{counts:?}");
    // What lies ahead is kept too, when its time has come.
    simulator.advance(chrono::TimeDelta::days(3));
    let later = outcomes(&simulator);
    assert!(
        later["pending"] < counts["pending"] && later["kept"] > counts["kept"],
        "{counts:?} {later:?}"
    );
}

#[test]
fn leads_and_forbidden_numbers_go_while_the_clock_runs() {
    let simulator = simulator();
    let tombstones = |kind: &str| {
        let form = format!("{kind}_at_start=2025-01-01+00:00:00&{kind}_at_end=2027-01-01+00:00:00");
        all_leads(&simulator, &form).len()
    };
    let count = || {
        [
            tombstones("deleted"),
            tombstones("archived"),
            simulator.convoso().snapshot("do_not_contact").len(),
        ]
    };
    let before = count();
    assert!(before[0] > 5 && before[1] > 5, "{before:?}");
    simulator.advance(chrono::TimeDelta::hours(3));
    let after = count();
    assert!(
        after[0] > before[0] && after[1] > before[1] && after[2] < before[2],
        "{before:?} {after:?}"
    );
}

#[test]
fn a_few_numbers_are_called_that_must_not_be() {
    let simulator = simulator();
    let entries = snapshot(&simulator, "do_not_contact");
    let mut forbidden = entries
        .iter()
        .filter(|entry| entry.get("purpose").is_some() && entry["campaign_id"] == "0");
    let calls = snapshot(&simulator, "calls");
    let is_breached = |entry: &Value| {
        let since = wall(&text(entry, "insert_date"));
        let mut later = calls
            .iter()
            .filter(|call| call["call_type"] == "OUTBOUND" || call["call_type"] == "MANUAL");
        later.any(|call| {
            call["phone_number"] == entry["phone_number"] && wall(&text(call, "call_date")) >= since
        })
    };
    assert!(forbidden.any(is_breached));
}
