//! The promise, in every way in which it was broken once: simulated vendors lie in exactly that way, and then either every row is
//! there, or the run says that something is missing and nothing is claimed. The next run heals it.

mod deletions;
mod freshness;
mod identity;
mod kills;
mod lists;
mod pauses;
mod rows;

use std::time::Duration;

use connectors::source::Remedy;
use convene::engine::{RunReport, no_observer};
use convene::warehouse::Freshness;
use sandbox::{Fault, Rule};

use crate::support::env::{SOURCE, TestEnv, flaws};

/// The line of a table.
async fn line(env: &TestEnv, table: &str) -> Freshness {
    let lines = env.warehouse.list_freshness().await.expect("freshness is told");
    let own = lines
        .into_iter()
        .find(|line| line.table_name == table && line.source == SOURCE);
    own.unwrap_or_else(|| panic!("{table} has no line"))
}

/// Nothing is claimed of a table, and the line says why.
async fn assert_unclaimed(env: &TestEnv, table: &str) {
    let line = line(env, table).await;
    assert!(
        line.complete_through.is_none() && line.state != "complete" && line.reason.is_some(),
        "{line:?}"
    );
}

/// Every request whose path ends so is answered with the fault, after so many that are not.
fn from_the(skip: u32, path: &str, fault: Fault) -> Rule {
    Rule {
        skip,
        ..Rule::new(path, fault, u32::MAX)
    }
}

/// A run that says that something is missing; returns what it says.
async fn sync_incompletely(env: &TestEnv, streams: &[&str]) -> String {
    let reports = env.sync_only(streams).await;
    assert!(
        reports.iter().any(|report| !report.is_complete()),
        "complete, with {:?}",
        env.sandbox.requests().len()
    );
    flaws(&reports).join("\n")
}

/// Runs everything until nothing is left to do by id, which must be complete.
async fn settle(env: &TestEnv) {
    for _ in 0..6 {
        let reports = env.sync().await;
        assert_eq!(flaws(&reports), Vec::<String>::new());
        if reports.iter().all(RunReport::is_complete) {
            return;
        }
    }
    panic!("ids stay due");
}

/// What one stream came to.
async fn run_one(env: &TestEnv, stream: &str) -> RunReport {
    let reports = env.try_sync(&[stream], no_observer()).await;
    let report = reports.into_iter().next().expect("there is such a stream");
    report.expect("the source runs")
}

/// How many rows of a table are marked as gone.
async fn gone(env: &TestEnv, table: &str) -> i64 {
    env.number(&format!(
        "select count(*) from warehouse.{table} where deleted_at is not null"
    ))
    .await
}

/// The run broke off, and the next one may go on.
fn assert_next_run(report: &RunReport) {
    assert!(!report.is_complete(), "{report:?}");
    assert_eq!(report.remedy(), Some(Remedy::NextRun), "{report:?}");
}

/// Reads streams whose history has no beginning in one window, wherever in the day the test runs.
fn read_at_once(env: &mut TestEnv, streams: &[&str]) {
    for stream in streams {
        // Windows are cut at its multiples, of which none lies near.
        env.stream(stream).max_span = Some(Duration::from_hours(24 * 40_000));
    }
}

/// Every row that the vendor has is there, as the vendor has it. There may be others, such as those that only other rows name.
async fn assert_none_missing(env: &TestEnv, table: &str, truth: Vec<(String, String)>) {
    let missing = missing(env, table, truth).await;
    assert_eq!(missing, 0, "rows of {table} are missing or different");
}

/// How many rows of the vendor are missing or different.
async fn missing(env: &TestEnv, table: &str, truth: Vec<(String, String)>) -> i64 {
    let (ids, records): (Vec<String>, Vec<String>) = truth.into_iter().unzip();
    let query = format!(
        "select count(*) from unnest($2::text[], $3::text[]) as v (id, raw)
         where not exists (select from warehouse.{table} as t
             where t.source = $1 and t.id = v.id and t.raw = v.raw::jsonb and t.deleted_at is null)"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .bind(SOURCE)
        .bind(&ids)
        .bind(&records)
        .fetch_one(&env.pool)
        .await
        .expect("the comparison runs")
}

/// Every call of the time that is said to be covered is there, whatever went wrong.
async fn assert_covered_calls(env: &TestEnv) {
    let (ids, records): (Vec<String>, Vec<String>) =
        env.sandbox.convoso().snapshot("calls").into_iter().unzip();
    let missing: i64 = sqlx::query_scalar(
        "select count(*) from unnest($2::text[], $3::text[]) as v (id, record)
         where (v.record::jsonb ->> 'call_date')::timestamp at time zone 'UTC' <@
                 (select covered from sync.coverage where source = $1 and stream = 'calls')
             and not exists (select from warehouse.calls as t where t.source = $1 and t.id = v.id and t.raw = v.record::jsonb)",
    )
    .bind(SOURCE)
    .bind(&ids)
    .bind(&records)
    .fetch_one(&env.pool)
    .await
    .expect("the comparison runs");
    assert_eq!(missing, 0, "calls that are claimed and not there");
}

/// Every call and every agent that Convoso has is there.
async fn assert_convoso(env: &TestEnv) {
    let world = env.sandbox.convoso();
    env.assert_same("calls", world.snapshot("calls")).await;
    assert_none_missing(env, "agents", world.snapshot("agents")).await;
}

/// Everything that Conversocial has is there.
async fn assert_conversocial(env: &TestEnv) {
    crate::conversocial::assert_conversations(env).await;
    let contacts = env.sandbox.conversocial().snapshot("contacts");
    assert_none_missing(env, "contacts", contacts).await;
}
