//! The call log over time: calls that live on, that are changed by hand, and that look odd.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{at, ids, log_rows, sandbox};
use crate::{Options, Sandbox};

#[tokio::test]
async fn a_call_lives_on_with_the_clock() {
    let sandbox = sandbox().await;
    let future = sandbox.now() + chrono::Duration::minutes(1);
    let added = sandbox.convoso().add_calls(60, future, chrono::Duration::zero());
    let row = async |id: &str| {
        let data = log_rows(
            &sandbox,
            &format!("id={id}&include_recordings=1&start_time=2026-02-03T12:00:00"),
        )
        .await;
        data["results"].get(0).cloned()
    };
    assert_eq!(row(&added[0]).await, None, "a call is not there before it began");
    sandbox.advance(chrono::Duration::minutes(1));
    let mut stages = BTreeSet::new();
    for _ in 0..3 {
        for id in &added {
            let row = row(id).await.unwrap();
            stages.insert((
                row["status_name"] == "Call In Progress",
                row["call_length"].as_str().is_some_and(|text| !text.is_empty()),
                row["recording"].as_array().is_some_and(|all| !all.is_empty()),
            ));
        }
        sandbox.advance(chrono::Duration::minutes(50));
    }
    let live = (true, false, false);
    let (ended, silent, recorded) = ((false, true, false), (false, false, false), (false, true, true));
    assert_eq!(stages, BTreeSet::from([live, ended, silent, recorded]));
}

#[tokio::test]
async fn changes_by_hand_show_in_the_log() {
    let sandbox = sandbox().await;
    let world = sandbox.convoso();
    let id = world.add_call_at(at("2026-02-01T18:00:00Z"));
    assert!(world.set_disposition(&id, "SALE2", "Sale \"two\"") && world.set_comment(&id, "a\tb\\"));
    assert!(world.add_recording(&id) && !world.add_recording("90010000") && !world.add_recording("x"));
    let form =
        "start_time=2026-02-01+10:00:00&end_time=2026-02-01+10:00:00&include_recordings=1&status=SALE2";
    let data = log_rows(&sandbox, form).await;
    assert_eq!(ids(&data), [id]);
    let row = &data["results"][0];
    assert_eq!(
        (&row["status_name"], &row["agent_comment"]),
        (&"Sale \"two\"".into(), &"a\tb\\".into())
    );
    assert!(!row["recording"].as_array().unwrap().is_empty());
    let plain = log_rows(&sandbox, &form.replace("recordings=1", "recordings=0")).await;
    assert_eq!(plain["results"][0].get("recording"), None);
}

#[tokio::test]
async fn the_repeated_hour_shows_both_of_its_turns_under_one_text() {
    let options = Options {
        days: 1,
        ..Options::new(at("2026-11-02T12:00:00Z"))
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let first = sandbox.convoso().add_call_at(at("2026-11-01T08:30:00Z"));
    let second = sandbox.convoso().add_call_at(at("2026-11-01T09:30:00Z"));
    let data = log_rows(
        &sandbox,
        "start_time=2026-11-01T01:30:00&end_time=2026-11-01T01:30:00",
    )
    .await;
    let found: BTreeSet<String> = ids(&data).into_iter().collect();
    assert!(found.is_superset(&BTreeSet::from([first, second])));
}

#[tokio::test]
async fn dirty_rows_are_json_and_broken_rows_have_no_date() {
    let sandbox = sandbox().await;
    let before = log_rows(&sandbox, "").await;
    let broken = ids(&before)[5].clone();
    sandbox.convoso().knobs(|knobs| {
        knobs.dirty_rows = true;
        knobs.counts_as_numbers = true;
        knobs.broken_rows.push(broken.clone());
    });
    let after = log_rows(&sandbox, "").await;
    assert!(after["total_found"].is_u64());
    let rows = after["results"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["id"].is_u64()));
    assert!(rows.iter().any(|row| row.get("revenue").is_some()));
    assert!(rows.iter().any(|row| row["user"].is_null()));
    assert!(rows.iter().any(|row| row.get("call_type").is_none()));
    let unreadable: Vec<&Value> = rows
        .iter()
        .filter(|row| row["call_date"] == "not a date")
        .collect();
    assert_eq!(unreadable.len(), 1);
    assert!(unreadable[0]["id"].to_string().trim_matches('"') == broken);
}
