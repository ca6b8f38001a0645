//! The promise, in every way in which it was broken once: simulated vendors lie in exactly that way, and then either every row is
//! there, or the run says that something is missing and nothing is claimed. The next run heals it.

mod deletions;
mod freshness;
mod identity;
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
    let lines = env.warehouse.freshness().await.expect("freshness is told");
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
