//! `convene verify`: the tables against what was put into them, and against what the vendors have.

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

#[track_caller]
fn assert_ended(done: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(done.code, Some(code), "{done:#?}");
    for part in parts {
        assert!(done.out.contains(part), "`{part}` is not in {done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_has_everything_agrees_with_the_vendors_totals() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    env.sandbox.clear_requests();
    let done = run(&env, &file, &["verify", "convoso_test.calls", "--all"]).await;
    assert_ended(&done, 0, &["Everything that was compared agrees", "agrees"]);
    let value: Value = serde_json::from_str(
        &run(&env, &file, &["verify", "convoso_test.calls", "--all", "--json"])
            .await
            .out,
    )
    .expect("JSON");
    let compared = value[0]["streams"][0]["compared"].as_array().expect("windows");
    assert!(compared.len() > 2, "{value}");
    // A window without rows has no total: that it is empty is believed only when it was said twice.
    let told: i64 = compared
        .iter()
        .filter_map(|one| one["vendor_total"].as_i64())
        .sum();
    assert_eq!(
        told,
        env.count("warehouse.calls").await,
        "one request tells: {value}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_removed_are_found_and_read_again() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let calls = env.count("warehouse.calls").await;
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    let done = run(&env, &file, &["verify"]).await;
    assert_ended(&done, 1, &["rows had been removed from the warehouse", "calls"]);
    assert_eq!(env.count("warehouse.calls").await, calls);
    assert_ended(
        &run(&env, &file, &["verify"]).await,
        0,
        &["Everything that was compared agrees"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_never_arrived_are_found_by_the_vendors_total_and_loaded() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let calls = env.count("warehouse.calls").await;
    // As if they had never come: they were not counted either.
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours' and id like '%7'",
    )
    .await;
    let gone = calls - env.count("warehouse.calls").await;
    assert!(gone > 0);
    execute(
        &env,
        &format!("update sync.tallies set row_count = row_count - {gone} where table_name = 'calls'"),
    )
    .await;
    assert!(
        env.sync().await.iter().all(|report| report.restored == 0),
        "nobody has noticed"
    );
    let done = run(
        &env,
        &file,
        &["verify", "convoso_test.calls", "--from", "2000-01-01"],
    )
    .await;
    assert_ended(&done, 1, &["rows were missing and are there now", "loaded"]);
    assert_eq!(env.count("warehouse.calls").await, calls);
    let again = run(&env, &file, &["verify", "convoso_test.calls", "--all"]).await;
    assert_ended(&again, 0, &[]);
    let nothing = run(&env, &file, &["verify", SOURCE, "--to", "2000-01-01"]).await;
    assert_ended(&nothing, 0, &["nothing is complete yet"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_compared_as_a_whole() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    execute(&env, "update warehouse.agents set name = 'Somebody', content_hash = 'x' where id = (select min(id) from warehouse.agents where is_listed)").await;
    let done = run(&env, &file, &["verify", "convoso_test.agents"]).await;
    assert_ended(&done, 1, &["1 rows were different", "1 of 1"]);
    assert_eq!(
        env.number("select count(*) from warehouse.agents where name = 'Somebody'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_holds_the_source_verifies_it_and_is_followed() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let calls = env.count("warehouse.calls").await;
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(
        &env,
        "exists (select from sync.leases where expires_at > now() and epoch > 1)",
    )
    .await;
    until(
        &env,
        "(select count(*) from sync.runs where state = 'complete') >= 4",
    )
    .await;
    execute(
        &env,
        "delete from warehouse.calls where started_at < now() - interval '20 hours'",
    )
    .await;
    let done = run(&env, &file, &["verify", "convoso_test.calls", "--all"]).await;
    assert_ended(&done, 1, &["is held by", "rows had been removed"]);
    assert_eq!(env.count("warehouse.calls").await, calls);
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_none_is_a_mistake_of_usage() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    for arguments in [
        ["verify", "--from", "soon"],
        ["verify", "convoso_test.cals", "--all"],
    ] {
        let done = run(&env, &file, &arguments).await;
        assert_eq!(done.code, Some(2), "{done:#?}");
    }
}
