//! Records that cannot be read, and records that only look odd.

use chrono::TimeDelta;
use convene::engine::RunReport;

use crate::columns::assert_columns;
use crate::support::env::TestEnv;
use crate::support::invariants::{assert_books, last_slice, quiet, sum_of_calls};

/// A quiet account with so many calls of the last hour, of which the first `broken` cannot be read.
async fn with_broken(calls: u32, broken: usize) -> (TestEnv, Vec<String>) {
    let env = quiet(0).await;
    let world = env.sandbox.convoso();
    let from = env.sandbox.now() - TimeDelta::hours(1);
    let ids = world.add_calls(calls, from, TimeDelta::minutes(50));
    world.quirks(|quirks| quirks.keyless_rows = ids[..broken].to_vec());
    (env, ids)
}

async fn run(env: &TestEnv) -> RunReport {
    let mut reports = env.sync_only(&["calls"]).await;
    assert_books(env).await;
    reports.remove(0)
}

/// Compares the calls that can be read with the truth, and the kept records with the others.
async fn assert_rest(env: &TestEnv, broken: &[String]) {
    let truth = env.sandbox.convoso().snapshot("calls");
    let (odd, fine): (Vec<_>, Vec<_>) = truth.into_iter().partition(|(id, _)| broken.contains(id));
    env.assert_same("calls", fine).await;
    let mut odd: Vec<String> = odd.into_iter().map(|(_, record)| record).collect();
    odd.sort();
    let mut kept: Vec<String> = sqlx::query_scalar("select raw from sync.rejects")
        .fetch_all(&env.pool)
        .await
        .expect("the rejects can be read");
    kept.sort();
    assert!(kept == odd, "{} records are kept of {}", kept.len(), odd.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_record_is_kept_once_and_the_rest_of_its_page_lands() {
    let (env, ids) = with_broken(100, 3).await;
    for _ in 0..2 {
        let before = last_slice(&env).await;
        let report = run(&env).await;
        assert!(report.is_complete(), "{:?}", report.unfinished);
        assert_eq!(report.counts.rejected, 3);
        assert_eq!(sum_of_calls(&env, "rejected", before).await, 3);
        assert_rest(&env, &ids[..3]).await;
    }
    let told = "select distinct reason from sync.rejects";
    assert_eq!(env.text(told).await, "Field `id` is missing");
    let met_again = "select count(*) from sync.rejects where last_seen_at > first_seen_at and slice_id = 2";
    assert_eq!(env.number(met_again).await, 3);
    let places = "select count(distinct position) from sync.rejects where position between 0 and 99";
    assert_eq!(env.number(places).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mended_record_lands() {
    let (env, _) = with_broken(100, 3).await;
    run(&env).await;
    env.sandbox.convoso().quirks(|quirks| quirks.keyless_rows.clear());
    let before = last_slice(&env).await;
    let report = run(&env).await;
    assert!(report.is_complete());
    assert_eq!(
        (
            report.counts.rejected,
            sum_of_calls(&env, "updated", before).await
        ),
        (0, 0)
    );
    env.assert_same("calls", env.sandbox.convoso().snapshot("calls"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_is_incomplete_with_several_rejects_that_are_more_than_a_twentieth() {
    for (calls, broken, is_complete) in [
        (1, 1, false),
        (3, 1, true),
        (2, 2, false),
        (100, 5, true),
        (100, 6, false),
    ] {
        let case = format!("{broken} of {calls}");
        let (env, ids) = with_broken(calls, broken).await;
        let report = run(&env).await;
        assert_eq!(report.is_complete(), is_complete, "{case}");
        assert_rest(&env, &ids[..broken]).await;
        let covered = "select count(*) from warehouse.freshness where complete_through is not null";
        assert_eq!(
            env.number(covered).await > 0,
            is_complete,
            "{case}: only complete slices cover anything"
        );
        if !is_complete {
            let reason = &report.unfinished[0].reason;
            assert!(
                !report.unfinished[0].is_failed && reason.contains("could not be read"),
                "{case}: {reason}"
            );
            assert_eq!(
                env.text("select state from sync.slices").await,
                "incomplete",
                "{case}"
            );
        }
        env.sandbox.convoso().quirks(|quirks| quirks.keyless_rows.clear());
        assert!(run(&env).await.is_complete(), "{case}");
        env.assert_same("calls", env.sandbox.convoso().snapshot("calls"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_records_on_many_pages_of_full_seconds_lose_nothing_else() {
    let env = quiet(0).await;
    let world = env.sandbox.convoso();
    let from = env.sandbox.now() - TimeDelta::hours(1);
    let ids: Vec<String> = (0..4)
        .flat_map(|second| world.add_calls(450, from + TimeDelta::seconds(second), TimeDelta::zero()))
        .collect();
    let broken: Vec<String> = ids.iter().step_by(60).cloned().collect();
    let undated: Vec<String> = ids.iter().skip(30).step_by(60).cloned().collect();
    world.quirks(|quirks| {
        quirks.keyless_rows = broken.clone();
        quirks.broken_rows = undated.clone();
    });
    let report = run(&env).await;
    assert!(report.is_complete(), "{:?}", report.unfinished);
    assert_rest(&env, &broken).await;
    // A field that cannot be read costs nothing but itself, and is counted.
    let undated_count = i64::try_from(undated.len()).expect("a few");
    let without = "select count(*) from warehouse.calls where started_at is null";
    assert_eq!(env.number(without).await, undated_count);
    let counted = "select count(*) from sync.field_faults where stream = 'calls' and field = 'call_date'
                   and example_id in (select id from warehouse.calls where started_at is null)";
    assert_eq!(env.number(counted).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_rows_all_land_and_mean_the_same() {
    let env = TestEnv::new().await;
    env.sandbox.convoso().quirks(|quirks| {
        quirks.dirty_rows = true;
        quirks.counts_as_numbers = true;
    });
    let reports = env.sync_completely().await;
    assert!(reports.iter().all(|report| report.counts.rejected == 0));
    env.assert_truth().await;
    assert_books(&env).await;
    assert_columns(&env).await;
    let kinds = "select count(*) from warehouse.calls where raw ? 'extra_field_01' or not raw ? 'call_type'
                 or jsonb_typeof(raw -> 'id') = 'number' or raw -> 'call_type' = 'null'";
    assert!(env.number(kinds).await > 50, "the rows are odd");
}
