//! Conversocial, end to end: everything arrives, a second reading writes nothing, and what changes late is noticed.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sandbox::{Options, conversocial::TOKEN_NAME};
use secrecy::SecretString;

use crate::support::env::TestEnv;
use crate::support::invariants::assert_absent;

/// The streams that read conversations.
pub(crate) const CONVERSATIONS: [&str; 3] = ["conversations", "open_conversations", "followed_conversations"];

/// Every stream of an account of two days, those that are off unless switched on among them.
pub(crate) async fn build_env(change: impl FnOnce(&mut Options)) -> TestEnv {
    let change = |options: &mut Options| {
        options.conversations_per_day = 40;
        change(options);
    };
    let mut env = TestEnv::of("conversocial", change, |sandbox, source| {
        source.base_url = Some(sandbox.conversocial_url().parse().expect("an address"));
        source.secrets = BTreeMap::from([("token_secret", SecretString::from("sandbox-token"))]);
        source.options = BTreeMap::from([
            ("token_name", vec![TOKEN_NAME.to_owned()]),
            ("profiles_base_url", vec![sandbox.conversocial_profiles_url()]),
        ]);
    })
    .await;
    env.stream("agent_events").enabled = Some(true);
    env
}

/// Compares the conversations with what the sandbox says now, and what belongs to them.
pub(crate) async fn assert_conversations(env: &TestEnv) {
    let world = env.sandbox.conversocial();
    for (table, truth) in [
        ("conversations", world.snapshot("conversations")),
        ("messages", world.snapshot("messages")),
        ("conversation_tags", world.snapshot("conversation_tags")),
        ("conversation_channels", world.snapshot("conversation_channels")),
    ] {
        env.assert_same(table, truth).await;
    }
}

/// The customers whom conversations name, and the identities that only profiles know.
fn contacts(env: &TestEnv) -> Vec<(String, String)> {
    let world = env.sandbox.conversocial();
    let mut contacts: BTreeMap<String, String> = BTreeMap::new();
    for list in ["contact_notes", "contact_tags", "contact_attributes"] {
        for (_, record) in world.snapshot(list) {
            let record: serde_json::Value = serde_json::from_str(&record).expect("it is JSON");
            let person = &record["author"];
            let ids = person["author_ids"].as_array().expect("the identities");
            let ids = ids.iter().filter_map(serde_json::Value::as_str);
            contacts.extend(ids.map(|id| (id.to_owned(), person.to_string())));
        }
    }
    assert!(!contacts.is_empty());
    contacts.extend(world.snapshot("contacts"));
    contacts.into_iter().collect()
}

/// Compares every table with what the sandbox says now.
pub(crate) async fn assert_truth(env: &TestEnv) {
    assert_conversations(env).await;
    let world = env.sandbox.conversocial();
    for (table, truth) in [
        ("contacts", contacts(env)),
        ("accounts", world.snapshot("accounts")),
        ("channels", world.snapshot("channels")),
        ("agents", world.snapshot("agents")),
        ("tags", world.snapshot("tags")),
        ("report_exports", world.snapshot("report_exports")),
        ("contact_notes", world.snapshot("contact_notes")),
        ("contact_tags", world.snapshot("contact_tags")),
        ("contact_attributes", world.snapshot("contact_attributes")),
        ("attribute_types", world.snapshot("attribute_types")),
    ] {
        assert!(!truth.is_empty(), "{table}");
        env.assert_same(table, truth).await;
    }
    // Events have no ids of their own.
    let mut events: Vec<String> = sqlx::query_scalar("select raw::text from warehouse.agent_events")
        .fetch_all(&env.pool)
        .await
        .expect("the events are listed");
    let records: Vec<String> = world
        .snapshot("agent_events")
        .into_iter()
        .map(|(_, record)| record)
        .collect();
    let mut truth: Vec<String> = sqlx::query_scalar("select v::jsonb::text from unnest($1::text[]) as v")
        .bind(&records)
        .fetch_all(&env.pool)
        .await
        .expect("the records are read");
    events.sort();
    truth.sort();
    assert_eq!(events, truth);
}

/// Reads everything; customers are known once the conversations that name them are there.
pub(crate) async fn sync_all(env: &TestEnv) {
    env.sync_completely().await;
    env.sync_completely().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_and_a_further_sync_writes_nothing() {
    let mut env = build_env(|_| ()).await;
    sync_all(&env).await;
    assert_truth(&env).await;
    // The link to a file works for whoever has it, and is another one with every answer.
    assert_absent(&env, "short-lived").await;
    let counted = env.tuples_written().await;
    env.sync_completely().await;
    assert_eq!(env.tuples_written().await, counted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_are_off_without_their_address_and_events_unless_switched_on() {
    let mut env = build_env(|_| ()).await;
    env.source().options.remove("profiles_base_url");
    env.stream("agent_events").enabled = None;
    let reports = env.sync_completely().await;
    let streams: Vec<&str> = reports.iter().map(|report| report.stream.as_str()).collect();
    assert_eq!(streams.len(), 9, "{streams:?}");
    assert!(
        !streams
            .iter()
            .any(|name| name.starts_with("profile") || *name == "agent_events")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_finds_an_old_conversation_that_came_back_to_life() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial().clone();
    // Long before the history that is read by time.
    let old = world.add_conversation(env.sandbox.now() - TimeDelta::days(400));
    world.set_status(&old, "archived");
    env.sync_only(&["conversations"]).await;
    let held = format!("select count(*) from warehouse.conversations where id = '{old}'");
    assert_eq!(env.number(&held).await, 0);
    world.set_status(&old, "unread");
    let message = world
        .write_message(&old, "Still waiting")
        .expect("a conversation");
    env.sync_only(&["open_conversations"]).await;
    assert_eq!(env.number(&format!("{held} and not is_closed")).await, 1);
    let placed = format!("select conversation_id from warehouse.messages where id = '{message}'");
    assert_eq!(env.text(&placed).await, old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_old_conversation_is_noticed_by_following_it() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial().clone();
    let old = world.add_conversation(env.sandbox.now() - TimeDelta::days(400));
    let gone = world.add_conversation(env.sandbox.now() - TimeDelta::days(400));
    env.sync_only(&["open_conversations"]).await;
    world.set_status(&old, "archived");
    world.set_tags(&old, &["3105", "3106"]);
    world.delete("conversations", &gone);
    let is = |id: &str, what: &str| {
        format!("select count(*) from warehouse.conversations where id = '{id}' and {what}")
    };
    // That one is not found is believed when it is said again.
    for gone_count in [0, 1] {
        env.sync_only(&["followed_conversations"]).await;
        assert_eq!(env.number(&is(&old, "is_closed")).await, 1);
        assert_eq!(env.number(&is(&gone, "deleted_at is not null")).await, gone_count);
    }
    let tags = format!(
        "select string_agg(tag_id, ',' order by tag_id) from warehouse.conversation_tags
         where conversation_id = '{old}' and deleted_at is null"
    );
    assert_eq!(env.text(&tags).await, "3105,3106");
    // What is done is not asked for again.
    env.sandbox.clear_requests();
    env.sync_only(&["followed_conversations"]).await;
    let asked = env.sandbox.requests();
    assert!(
        asked.iter().all(|seen| !seen.path.contains("conversations")),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_that_were_taken_away_are_gone() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial().clone();
    let id = world.add_conversation(env.sandbox.now() - TimeDelta::hours(3));
    world.set_tags(&id, &["3105", "3106"]);
    env.sync_only(&["conversations"]).await;
    world.set_tags(&id, &["3107"]);
    env.sync_only(&["conversations"]).await;
    assert_conversations(&env).await;
    let gone = format!(
        "select count(*) from warehouse.conversation_tags where conversation_id = '{id}' and deleted_at is not null"
    );
    assert_eq!(env.number(&gone).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_that_change_between_two_pages_are_all_there_in_the_end() {
    let env = build_env(|options| options.conversations_per_day = 150).await;
    let world = env.sandbox.conversocial().clone();
    let still: Vec<String> = world
        .snapshot("conversations")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let moving: Vec<String> = still.iter().step_by(5).cloned().collect();
    let now = env.sandbox.now();
    let ids = moving.clone();
    world.change_between_requests(move |world, count| {
        let id = &ids[count % ids.len()];
        match count % 4 {
            0 => drop(world.set_priority(id, count % 8 == 0)),
            1 => drop(world.set_status(id, "archived")),
            2 => drop(world.move_conversation(id, now - TimeDelta::hours(2))),
            _ => drop(world.add_conversations(3, now - TimeDelta::hours(20))),
        }
    });
    let reports = env.sync_only(&["conversations"]).await;
    assert!(
        reports.iter().all(|report| report.unfinished.is_empty()),
        "{reports:?}"
    );
    world.stop_changing();
    let stayed: Vec<&String> = still.iter().filter(|id| !moving.contains(id)).collect();
    let held: i64 = sqlx::query_scalar("select count(*) from warehouse.conversations where id = any($1)")
        .bind(&stayed)
        .fetch_one(&env.pool)
        .await
        .expect("the conversations are counted");
    assert_eq!(
        usize::try_from(held).expect("a count"),
        stayed.len(),
        "none that stayed is lost"
    );
    env.sync_only(&CONVERSATIONS).await;
    assert_conversations(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_who_vanishes_is_gone_after_the_second_list_without_them() {
    let env = build_env(|_| ()).await;
    env.sync_only(&["agents"]).await;
    let world = env.sandbox.conversocial();
    world.delete("agents", "5122");
    let gone = "select count(*) from warehouse.agents where deleted_at is not null";
    env.sync_only(&["agents"]).await;
    assert_eq!(env.number(gone).await, 0);
    env.sync_only(&["agents"]).await;
    assert_eq!(env.number(gone).await, 1);
    env.assert_same("agents", world.snapshot("agents")).await;
}
