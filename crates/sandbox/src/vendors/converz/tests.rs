//! The simulated tenant as its API tells it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{Fault, Options, Request, Simulator};

fn simulator() -> Simulator {
    Simulator::new(Options {
        days: 2,
        ..Options::new("2026-02-03T20:00:00Z".parse().unwrap())
    })
}

fn respond(simulator: &Simulator, request: &Request) -> Value {
    let response = simulator.respond(&request.clone().with_header("x-api-key", "sandbox-token"));
    serde_json::from_str(&response.body).unwrap()
}

fn calls(simulator: &Simulator, query: &str) -> Vec<String> {
    let rows = respond(
        simulator,
        &Request::get(&format!("/converz/api/v1/calls?n_per_page=1000&{query}")),
    );
    let rows = rows.as_array().unwrap_or_else(|| panic!("{rows}")).iter();
    rows.map(|row| row["call_id"].to_string()).collect()
}

#[test]
fn spans_find_what_begins_in_them_and_no_span_finds_a_call_without_a_start() {
    let simulator = simulator();
    let tenant = simulator.converz();
    let future = tenant.add_future_call(simulator.now() + TimeDelta::days(300));
    let timeless = tenant.add_timeless_call();
    let all = calls(&simulator, "");
    assert_eq!(all.len(), tenant.call_count());
    assert!(all.contains(&future) && all.contains(&timeless));
    let past = calls(&simulator, "after=2026-01-01+00:00&before=2026-02-03+23:59");
    assert_eq!(past.len(), all.len() - 2);
    assert_eq!(calls(&simulator, "start_date=2026-06-01"), [future]);
    tenant.quirks(|quirks| quirks.ignored = vec!["start_date".to_owned()]);
    assert_eq!(calls(&simulator, "start_date=2026-06-01"), all);
    simulator.fault("calls", Fault::Twins, 1);
    let twins = calls(&simulator, "");
    assert_eq!((twins.len(), &twins[1]), (all.len(), &all[0]));
}

#[test]
fn other_programs_change_rows_by_column_or_spoil_them_by_row() {
    let simulator = simulator();
    let post =
        |body: &str| respond(&simulator, &Request::post("/converz/api/v1/reps", body))["updated"].take();
    assert_eq!(
        post(r#"{"rep_id":["a101","a102","b9"],"department":["south",null,"x"]}"#),
        json!(2)
    );
    let agents = || -> Vec<Value> {
        let snapshot = simulator.converz().snapshot("agents").into_iter();
        snapshot
            .map(|(_, record)| serde_json::from_str(&record).unwrap())
            .collect()
    };
    assert_eq!(
        (&agents()[0]["department"], &agents()[1]["department"]),
        (&json!("south"), &json!("east"))
    );
    assert_eq!(
        post(r#"[{"rep_id":"a101","name":"A"},{"rep_id":"a102","email":"b@sim.example"}]"#),
        json!(2)
    );
    assert_eq!(
        (&agents()[0]["email"], &agents()[1]["name"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_call_that_both_vendors_know_is_the_same_call_at_both() {
    let simulator = simulator();
    let snapshot = |records: crate::Records| -> BTreeMap<String, Value> {
        let records = records.into_iter();
        records
            .map(|(id, record)| (id, serde_json::from_str(&record).unwrap()))
            .collect()
    };
    let (copies, calls) = (
        snapshot(simulator.converz().snapshot("calls")),
        snapshot(simulator.convoso().snapshot("calls")),
    );
    let links = simulator.converz().linked_calls();
    assert!(links.len() > 50);
    for (copy, call) in links {
        let (copy, call) = (&copies[&copy], &calls[&call]);
        let length = call["call_length"].as_str().filter(|length| !length.is_empty());
        assert_eq!(
            copy["duration"]
                .as_i64()
                .map(|seconds| seconds.to_string())
                .as_deref(),
            length
        );
        assert_eq!(copy["customer_phone"], call["phone_number"]);
        if let Some(rep) = copy["rep_id"].as_str() {
            let place: usize = rep.trim_start_matches('a').parse().unwrap();
            assert_eq!(call["user_id"], (1_000_777 + 7 * (place - 101)).to_string());
        }
    }
}
