//! The simulated account as its API tells it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;

use crate::{Options, Simulator};

fn simulator() -> Simulator {
    Simulator::new(Options {
        days: 2,
        chats_per_day: 200,
        ..Options::new("2026-02-03T20:00:00Z".parse().unwrap())
    })
}

/// Which contacts belong to each segment, and which chats carry a label.
fn members(simulator: &Simulator) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let mut segments: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, record) in simulator.convertalk().snapshot("contacts") {
        let record: Value = serde_json::from_str(&record).unwrap();
        for segment in record["segments"].as_array().unwrap() {
            let own = segments.entry(segment.as_str().unwrap().to_owned()).or_default();
            own.insert(id.clone());
        }
    }
    let tags = simulator.convertalk().snapshot("conversation_tags");
    (segments, tags.into_iter().map(|(id, _)| id).collect())
}

#[test]
fn segments_have_members_and_when_a_chat_is_over_members_leave_and_labels_go() {
    let simulator = simulator();
    simulator
        .convertalk()
        .quirks(|quirks| quirks.has_odd_rows = false);
    let (mut left, mut gone) = (0, 0);
    let (mut segments, mut tags) = members(&simulator);
    assert!(segments.len() == 3 && segments.values().all(|members| members.len() > 20));
    assert!(tags.len() > 40);
    for _ in 0..60 {
        simulator.advance(TimeDelta::minutes(4));
        let (later, later_tags) = members(&simulator);
        for (id, before) in &segments {
            left += before.difference(&later[id]).count();
        }
        gone += tags.difference(&later_tags).count();
        (segments, tags) = (later, later_tags);
    }
    assert!(left >= 2 && gone >= 2, "{left} left, {gone} gone");
}
