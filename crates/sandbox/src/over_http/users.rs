//! The list of agents.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{USERS, at, post};
use crate::convoso::EmptyUsers;
use crate::{Options, Sandbox};

#[tokio::test]
async fn users_come_as_an_object_of_rows_and_an_empty_one_as_an_array() {
    let sandbox = Sandbox::start(Options {
        agents: 25,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    })
    .await
    .unwrap();
    let world = sandbox.convoso();
    let (_, body) = post(&sandbox, USERS, "").await;
    assert_eq!(
        (&body["data"]["total"], &body["data"]["limit"]),
        (&"25".into(), &20.into())
    );
    assert_eq!(body["data"]["results"].as_object().unwrap().len(), 20);
    let mut seen = BTreeSet::new();
    for offset in [0, 10, 20, 30] {
        let (_, body) = post(&sandbox, USERS, &format!("limit=10&offset={offset}")).await;
        match &body["data"]["results"] {
            Value::Object(rows) if offset < 30 => seen.extend(rows.values().map(ToString::to_string)),
            other => assert_eq!((offset, other), (30, &serde_json::json!([]))),
        }
    }
    let truth = || -> BTreeSet<String> {
        let parse = |record: &str| serde_json::from_str::<Value>(record).unwrap().to_string();
        world
            .truth_agents()
            .iter()
            .map(|(_, record)| parse(record))
            .collect()
    };
    assert_eq!(seen, truth());
    let id = world.add_agent();
    assert!(world.remove_agent("1000777") && !world.remove_agent("1000777") && world.rename_agent(&id));
    assert_eq!(truth().len(), 25);
    let (_, found) = post(&sandbox, USERS, "user=nobody,AGENT3@sim.example").await;
    assert_eq!(found["data"]["total"], "1");
    world.knobs(|knobs| knobs.empty_users = EmptyUsers::Code6005);
    assert_eq!(post(&sandbox, USERS, "user=nobody").await.1["code"], 6005);
}
