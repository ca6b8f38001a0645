//! Agents that go, come back and change their names; and lists that are too short to be believed.

use std::time::Duration;

use convene::engine::RunReport;
use convene::warehouse::StreamStatus;
use sandbox::Fault;
use sandbox::convoso::Empty;

use crate::support::env::{SOURCE, TestEnv};
use crate::support::invariants::assert_books;

/// Rows and the places where they are stored: a row that was written has another place.
const PLACES: &str =
    "select string_agg(id || xmin::text || ctid::text, ',' order by id) from warehouse.agents where id <> ";
const MARKED: &str = "select count(*) from warehouse.agents where deleted_at is not null";

async fn staffed(agents: u32) -> TestEnv {
    let env = TestEnv::with(|options| {
        options.agents = agents;
        options.calls_per_day = 0;
    })
    .await;
    run(&env).await;
    env
}

async fn run(env: &TestEnv) -> RunReport {
    let reports = env.try_sync(&["agents"], convene::engine::no_observer()).await;
    reports
        .into_iter()
        .next()
        .expect("one stream")
        .expect("the source runs")
}

/// An operator believes what is held.
async fn confirm(env: &TestEnv) {
    let confirmed = convene::commands::confirm_deletions(&env.warehouse, &env.settings, SOURCE).await;
    confirmed.expect("the word is written");
}

fn agents(env: &TestEnv) -> Vec<String> {
    let truth = env.sandbox.convoso().snapshot("agents");
    truth.into_iter().map(|(id, _)| id).collect()
}

async fn assert_truth(env: &TestEnv) {
    env.assert_same("agents", env.sandbox.convoso().snapshot("agents"))
        .await;
    assert_books(env).await;
}

/// What the last slice says of deletions: marked and held.
async fn booked(env: &TestEnv) -> (i64, i64) {
    let last = |column| format!("select {column} from sync.slices order by id desc limit 1");
    (
        env.number(&last("deleted")).await,
        env.number(&last("held_deletions")).await,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_is_gone_is_marked_and_one_that_comes_back_is_revived() {
    let env = staffed(12).await;
    let gone = agents(&env)[3].clone();
    let others = format!("{PLACES}'{gone}'");
    let before = env.text(&others).await;
    assert!(env.sandbox.convoso().delete("agents", &gone));
    let report = run(&env).await;
    assert!(report.is_complete());
    assert_eq!((report.counts.deleted, report.held_deletions), (1, 0));
    assert_eq!(booked(&env).await, (1, 0));
    assert_eq!(
        env.text("select string_agg(id, ',') from warehouse.agents where deleted_at is not null")
            .await,
        gone
    );
    assert_truth(&env).await;
    let deleted_at = format!("select deleted_at::text from warehouse.agents where id = '{gone}'");
    let marked = env.text(&deleted_at).await;
    assert_eq!(run(&env).await.counts.deleted, 0, "a row is marked only once");
    assert_eq!(env.text(&deleted_at).await, marked);
    assert!(env.sandbox.convoso().restore("agents", &gone));
    let report = run(&env).await;
    assert_eq!((report.counts.updated, report.counts.inserted), (1, 0));
    assert_eq!(env.number(MARKED).await, 0);
    assert_eq!(env.text(&others).await, before, "the other rows were not written");
    assert_truth(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_writes_that_row_alone() {
    let env = staffed(12).await;
    let renamed = agents(&env)[5].clone();
    let before = env.text(&format!("{PLACES}'{renamed}'")).await;
    let name = format!("select name from warehouse.agents where id = '{renamed}'");
    let old = env.text(&name).await;
    assert!(env.sandbox.convoso().rename_agent(&renamed));
    let report = run(&env).await;
    assert_eq!((report.counts.updated, report.counts.unchanged), (1, 11));
    assert_ne!(env.text(&name).await, old);
    assert_eq!(env.text(&format!("{PLACES}'{renamed}'")).await, before);
    assert_truth(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_on_many_pages_are_all_met_while_some_leave() {
    let env = staffed(1_100).await;
    assert_truth(&env).await;
    let world = env.sandbox.convoso().clone();
    let ids = agents(&env);
    let mut leaving = ids.clone().into_iter().take(3);
    // Pages come so slowly that each is loaded before the next but one is asked for.
    env.sandbox
        .fault("users/search", Fault::Slow(Duration::from_millis(300)), 3);
    // With each page one of the first page leaves, and all behind move up by one.
    let watch = crate::support::env::after_each_batch(move |_| {
        if let Some(id) = leaving.next() {
            world.delete("agents", &id);
        }
    });
    let reports = env.try_sync(&["agents"], watch).await;
    let report = reports[0].as_ref().expect("the source runs");
    assert!(report.is_complete(), "{:#?}", report.unfinished);
    let left = agents(&env);
    let gone: Vec<String> = ids.iter().filter(|id| !left.contains(id)).cloned().collect();
    assert!(!gone.is_empty());
    let wrongly: i64 = sqlx::query_scalar(
        "select count(*) from warehouse.agents where deleted_at is not null and id <> all($1)",
    )
    .bind(&gone)
    .fetch_one(&env.pool)
    .await
    .expect("the agents can be counted");
    assert_eq!(wrongly, 0, "an agent that was there throughout counts as gone");
    run(&env).await;
    assert_truth(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_missing_agents_wait_for_an_operators_word() {
    let env = staffed(12).await;
    for gone in agents(&env).iter().take(2) {
        env.sandbox.convoso().delete("agents", gone);
    }
    for _ in 0..2 {
        let report = run(&env).await;
        assert!(report.is_complete());
        assert_eq!((report.counts.deleted, report.held_deletions), (0, 2));
        assert_eq!(booked(&env).await, (0, 2));
        assert_eq!(env.number(MARKED).await, 0);
    }
    let streams = env.warehouse.list_streams().await.expect("the status is told");
    let held = |stream: &&StreamStatus| stream.held_deletions > 0;
    let told: Vec<_> = streams
        .iter()
        .filter(held)
        .map(|stream| (stream.stream.as_str(), stream.held_deletions))
        .collect();
    assert_eq!(told, [("agents", 2)]);
    confirm(&env).await;
    let report = run(&env).await;
    assert_eq!((report.counts.deleted, report.held_deletions), (2, 0));
    assert_truth(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_deletes_nobody_by_itself() {
    for (answer, is_complete, held) in [(Empty::Array, true, 12), (Empty::Code, false, 0)] {
        let env = staffed(12).await;
        env.sandbox.convoso().quirks(|quirks| quirks.empty_users = answer);
        let all = agents(&env);
        for gone in &all {
            env.sandbox.convoso().delete("agents", gone);
        }
        let fresh = "select complete_through::text from warehouse.freshness where table_name = 'agents'";
        let before = env.text(fresh).await;
        let report = run(&env).await;
        assert_eq!(
            (report.is_complete(), report.held_deletions),
            (is_complete, held),
            "{answer:?}"
        );
        assert_eq!(booked(&env).await, (0, held), "{answer:?}");
        assert_eq!(env.number(MARKED).await, 0, "{answer:?}");
        assert_eq!(
            env.text(fresh).await != before,
            is_complete,
            "{answer:?}: only a complete slice counts"
        );
        // An operator's word is about the number; it is no proof of an answer that may mean something else.
        confirm(&env).await;
        let report = run(&env).await;
        assert_eq!(report.counts.deleted, held, "{answer:?}");
        for back in &all {
            env.sandbox.convoso().restore("agents", back);
        }
        let report = run(&env).await;
        assert!(report.is_complete(), "{answer:?}");
        assert_eq!(report.counts.updated, held, "{answer:?}");
        assert_truth(&env).await;
    }
}
