//! Rows that somebody removes behind our back: found, no longer claimed, and read again.

use std::time::Duration;

use convene::engine::RunReport;
use sandbox::Fault;

use crate::binary::{Running, convene, until};
use crate::support::env::{SOURCE, TestEnv};
use crate::support::invariants::execute;

/// Up to when a table is complete, as text.
async fn claimed(env: &TestEnv, table: &str) -> String {
    let query = format!(
        "select coalesce(complete_through::text, 'nothing') from warehouse.freshness where table_name = '{table}'"
    );
    env.text(&query).await
}

fn report_of<'a>(reports: &'a [RunReport], stream: &str) -> &'a RunReport {
    reports
        .iter()
        .find(|report| report.stream == stream)
        .expect("it ran")
}

async fn open_losses(env: &TestEnv) -> i64 {
    env.count("sync.losses").await + env.count("sync.doubts").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_removed_are_back_after_the_next_run() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    let (calls, recordings) = (
        env.count("warehouse.calls").await,
        env.count("warehouse.recordings").await,
    );
    let tallied = env
        .number("select row_count from sync.tallies where table_name = 'calls'")
        .await;
    assert_eq!(tallied, calls, "every row is counted as it comes");
    let covered = env
        .text("select covered::text from sync.coverage where stream = 'calls'")
        .await;
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    execute(&env, "delete from warehouse.recordings where id in (select id from warehouse.recordings order by id limit 5)").await;
    let lost = calls - env.count("warehouse.calls").await;
    assert!(lost > 50, "{lost} rows are enough to be missed");
    let reports = env.sync_completely().await;
    assert_eq!(env.count("warehouse.calls").await, calls);
    assert_eq!(env.count("warehouse.recordings").await, recordings);
    let restored: i64 = reports.iter().map(|report| report.restored).sum();
    assert_eq!(restored, lost + 5, "{reports:?}");
    assert_eq!(open_losses(&env).await, 0);
    let again =
        "select (covered @> '{}'::tstzmultirange)::int::bigint from sync.coverage where stream = 'calls'";
    assert_eq!(
        env.number(&again.replace("{}", &covered)).await,
        1,
        "the coverage is back"
    );
    let told = env
        .number("select count(*) from sync.events where kind = 'rows lost' and ended_at is not null")
        .await;
    assert_eq!(told, 2, "of each table");
    let reports = env.sync_completely().await;
    assert!(reports.iter().all(|report| report.restored == 0), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_not_claimed_until_it_is_there_again() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    assert_ne!(claimed(&env, "calls").await, "nothing");
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    let refusal = || Fault::Refusal {
        code: 6004,
        text: "Unknown Campaign ID".to_owned(),
    };
    env.sandbox.fault("log/retrieve", refusal(), 1_000);
    let reports = env.sync().await;
    assert!(!report_of(&reports, "calls").is_complete());
    assert_eq!(claimed(&env, "calls").await, "nothing");
    assert_ne!(
        claimed(&env, "agents").await,
        "nothing",
        "nothing of the agents is missing"
    );
    assert_eq!(env.count("sync.losses").await, 1);
    env.sandbox.clear_faults();
    env.sync_completely().await;
    assert_ne!(claimed(&env, "calls").await, "nothing");
    assert_eq!(open_losses(&env).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_the_vendor_does_not_have_any_more_end_the_search() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    // A row that only we have ever had.
    execute(
        &env,
        "update sync.tallies set row_count = row_count + 1 where table_name = 'calls'",
    )
    .await;
    for _ in 0..3 {
        env.sync().await;
    }
    assert_eq!(open_losses(&env).await, 0);
    assert_ne!(claimed(&env, "calls").await, "nothing");
    env.sync_completely().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_whole_list_and_those_that_others_name_come_back() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    let agents = env.count("warehouse.agents").await;
    execute(&env, "delete from warehouse.agents").await;
    for _ in 0..2 {
        env.sync().await;
    }
    assert_eq!(env.count("warehouse.agents").await, agents);
    assert_eq!(open_losses(&env).await, 0);
    env.sync_completely().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_there_before_they_were_counted_are_no_surprise() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    execute(&env, "update sync.tallies set row_count = null").await;
    env.sync_completely().await;
    let tallied = env
        .number("select row_count from sync.tallies where table_name = 'calls'")
        .await;
    assert_eq!(tallied, env.count("warehouse.calls").await);
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    env.sync_completely().await;
    assert_eq!(tallied, env.count("warehouse.calls").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_starts_finds_what_is_missing_and_reads_it_again() {
    let env = TestEnv::new().await;
    env.sync_completely().await;
    let calls = env.count("warehouse.calls").await;
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    let file = env.settings_file("");
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(
        &env,
        &format!(
            "(select count(*) from warehouse.calls) >= {calls} and not exists (select from sync.losses)"
        ),
    )
    .await;
    assert!(
        daemon.err().contains("Rows are missing in the warehouse"),
        "{}",
        daemon.err()
    );
    daemon.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(20), daemon.end())
        .await
        .expect("it ends");
    assert_eq!(ended.code, Some(0));
    assert!(env.settings.sources.contains_key(SOURCE));
}
