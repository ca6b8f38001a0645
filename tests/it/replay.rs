//! Typed columns and unreadable records, made again from what is stored.

use connectors::vendors::{VENDORS, mapping_of};
use convene::commands::{self, Name, ReplayOutcome};
use convene::warehouse::ReplayCounts;
use serde_json::Value;

use crate::binary::{Ended, Running, convene, ended, until};
use crate::support::env::{SOURCE, SettingsFile, TestEnv};
use crate::support::invariants::execute;

async fn run(env: &TestEnv, file: &SettingsFile, arguments: &[&str]) -> Ended {
    let done = ended(&mut convene(env, file, arguments)).await;
    for line in done.out.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    done
}

async fn replayed(env: &TestEnv, file: &SettingsFile, stream: &str) -> Value {
    let name = format!("{SOURCE}.{stream}");
    let done = run(env, file, &["replay", &name, "--json"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    serde_json::from_str(&done.out).expect("it is JSON")
}

/// Replays a stream within the test.
pub(crate) async fn replayed_here(env: &TestEnv, stream: &str) -> ReplayCounts {
    let name = Name {
        source: Some(SOURCE.to_owned()),
        stream: Some(stream.to_owned()),
    };
    let outcome = commands::replay_rows(&env.warehouse, &env.settings, &name, &env.stop, |_| ()).await;
    match outcome.expect("it is replayed") {
        ReplayOutcome::Done(counts) => counts,
        ReplayOutcome::Asked { holder } => panic!("{holder} holds the source"),
    }
}

/// What the tables hold, as one text.
async fn content(env: &TestEnv, table: &str) -> String {
    env.text(&format!(
        "select md5(string_agg((to_jsonb(t) - 'changed_at')::text, ',' order by id)) from warehouse.{table} as t"
    ))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_mapped_again_by_the_same_mapping_stay_as_they_are() {
    let env = TestEnv::of("convoso", |_| (), |_, _| ()).await;
    let file = env.settings_file("");
    env.sync().await;
    for stream in [
        "calls",
        "leads",
        "agents",
        "campaigns",
        "lists",
        "dispositions",
        "callbacks",
        "agent_performance",
    ] {
        let told = replayed(&env, &file, stream).await;
        assert_eq!(
            (told["changed"].as_i64(), told["added"].as_i64()),
            (Some(0), Some(0)),
            "{stream}: {told}"
        );
        assert_eq!(told["unreadable"], 0, "{stream}: {told}");
    }
    assert!(
        env.number("select row_count from sync.mappings where stream = 'calls'")
            .await
            > 0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_put_together_again_from_its_messages() {
    let mut env = crate::conversocial::build_env(|_| ()).await;
    env.only(&["conversations"]);
    env.sync_completely().await;
    let told = replayed_here(&env, "conversations").await;
    assert!(told.row_count > 20, "{told:?}");
    assert_eq!((told.changed, told.added, told.unreadable), (0, 0, 0), "{told:?}");
    let before = (
        content(&env, "conversations").await,
        content(&env, "messages").await,
    );
    execute(
        &env,
        "update warehouse.conversations set message_count = null, first_response_at = null",
    )
    .await;
    execute(&env, "update warehouse.messages set sent_at = null").await;
    replayed_here(&env, "conversations").await;
    let after = (
        content(&env, "conversations").await,
        content(&env, "messages").await,
    );
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_mapping_made_is_made_again_without_a_request() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let before = (content(&env, "calls").await, content(&env, "recordings").await);
    execute(
        &env,
        "update warehouse.calls set duration_seconds = null, direction = 'sideways'",
    )
    .await;
    execute(&env, "update warehouse.recordings set url = null").await;
    execute(
        &env,
        "update sync.mappings set mapping = 'older' where stream = 'calls'",
    )
    .await;
    let states = run(&env, &file, &["replay"]).await;
    assert!(
        states.out.contains("perhaps stale") && states.out.contains("fresh"),
        "{states:#?}"
    );
    env.sandbox.clear_requests();
    let done = run(&env, &file, &["replay", "--stale"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(env.sandbox.requests().is_empty(), "the vendor is not asked");
    assert_eq!(
        (content(&env, "calls").await, content(&env, "recordings").await),
        before
    );
    let states = run(&env, &file, &["replay", SOURCE]).await;
    assert!(!states.out.contains("perhaps stale"), "{states:#?}");
    assert!(
        run(&env, &file, &["replay", "--stale"])
            .await
            .out
            .contains("No rows are stale")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_broke_off_goes_on_where_it_was() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let middle = env
        .text("select id from warehouse.calls order by id offset 100 limit 1")
        .await;
    execute(&env, "update warehouse.calls set duration_seconds = -1").await;
    let mapping = mapping_of("convoso");
    execute(
        &env,
        &format!("update sync.mappings set replaying = '{mapping}', replayed_to = '{middle}' where stream = 'calls'"),
    )
    .await;
    replayed(&env, &file, "calls").await;
    let left = env
        .number("select count(*) from warehouse.calls where duration_seconds = -1")
        .await;
    assert_eq!(left, 101, "those before were done already");
    execute(
        &env,
        "update sync.mappings set replaying = 'another', replayed_to = 'z' where stream = 'calls'",
    )
    .await;
    replayed(&env, &file, "calls").await;
    assert_eq!(
        env.number("select count(*) from warehouse.calls where duration_seconds = -1")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_holds_the_source_replays_it() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(
        &env,
        "exists (select from sync.leases where expires_at > now() and epoch > 1)",
    )
    .await;
    execute(&env, "update warehouse.calls set duration_seconds = -1").await;
    let told = replayed(&env, &file, "calls").await;
    assert!(told["changed"].as_i64() > Some(100), "{told}");
    assert_eq!(
        env.number("select count(*) from warehouse.calls where duration_seconds = -1")
            .await,
        0
    );
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_can_be_read_now_land_and_the_others_stay() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let calls = env.count("warehouse.calls").await;
    execute(
        &env,
        "insert into sync.rejects (source, stream, record_hash, slice_id, position, reason, raw, first_seen_at, last_seen_at)
         select 'convoso_test', 'calls', decode(md5(raw), 'hex'), 1, 0, 'a mapping that was wrong', raw, now(), now()
         from (values ('{\"id\": \"never seen\", \"call_length\": \"60\"}'), ('{\"call_length\": \"60\"}')) as r (raw)",
    )
    .await;
    let done = run(&env, &file, &["rejects", "retry", "convoso_test.calls"]).await;
    assert_eq!(done.code, Some(1), "{done:#?}");
    assert!(done.out.contains("1 of 2 records can be read now"), "{done:#?}");
    assert_eq!(env.count("warehouse.calls").await, calls + 1);
    assert_eq!(
        env.number("select duration_seconds from warehouse.calls where id = 'never seen'")
            .await,
        60
    );
    assert_eq!(env.count("sync.rejects").await, 1);
    let slice = env.text("select s.purpose from warehouse.calls as c join sync.slices as s on s.id = c.slice_id where c.id = 'never seen'").await;
    assert_eq!(slice, "replay");
    env.sync_completely().await;
    assert_eq!(env.count("sync.losses").await, 0, "what landed was counted");
    let whole = run(&env, &file, &["rejects", "retry", SOURCE]).await;
    assert_eq!(whole.code, Some(2), "{whole:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn top_shows_what_runs_in_80_columns() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    execute(&env, "insert into sync.slices (source, stream, purpose, since, until, epoch, started_at) values ('convoso_test', 'calls', 'window', now() - interval '1 day', now(), 1, now())").await;
    let done = run(&env, &file, &["top"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    for part in [
        "2 of 2 streams complete",
        "1 slices are being read",
        "convoso_test.calls",
        "last runs",
    ] {
        assert!(done.out.contains(part), "`{part}` is not in {done:#?}");
    }
    assert!(done.out.lines().count() <= 24, "{done:#?}");
    assert!(VENDORS.iter().all(|vendor| !mapping_of(vendor.name).is_empty()));
}
