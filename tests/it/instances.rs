//! More than one instance: only one works on a source, and a late one cannot write.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use connectors::source::Remedy;
use convene::commands;
use convene::engine::RunReport;
use convene::engine::{
    HeldSource, LeaseWait, Observer, RunOptions, StreamSpec, SyncError, WarehouseBudget, no_observer,
    open_source, prepare_source, run_stream,
};
use convene::warehouse::WarehouseError;
use sandbox::Fault;
use tokio::sync::Notify;

use crate::binary::{Running, convene, ended, until};
use crate::support::env::{SOURCE, TestEnv, after_each_batch};
use crate::support::invariants::{assert_ledger, assert_proof, busy_field};

/// Long enough that nobody renews during a test.
const LONG: Duration = Duration::from_hours(1);

async fn take(env: &TestEnv, watch: Observer) -> HeldSource {
    open_source(
        &env.warehouse,
        SOURCE,
        LONG,
        LeaseWait::OnePeriod,
        &env.stop,
        watch,
    )
    .await
    .expect("nobody holds the source")
}

/// The one source with its streams.
fn source(env: &TestEnv) -> commands::Source {
    let budget = Arc::new(WarehouseBudget::new(env.warehouse.clone()));
    let mut sources = commands::build_sources(&env.settings, budget).expect("the settings are good");
    sources.pop().expect("there is a source")
}

/// Prepares the source under a hold.
async fn prepare(env: &TestEnv, held: &HeldSource) -> Result<(), SyncError> {
    let source = source(env);
    let specs: Vec<&StreamSpec> = source.streams.iter().map(|stream| &stream.spec).collect();
    prepare_source(&specs, &held.session).await
}

/// Runs the calls under a hold.
async fn run_calls(env: &TestEnv, held: &HeldSource) -> RunReport {
    let source = source(env);
    let mut specs = source.streams.iter().map(|stream| &stream.spec);
    let calls = specs.find(|spec| spec.name() == "calls").expect("it is on");
    run_stream(calls, &held.session, RunOptions::default(), || false).await
}

async fn expire(env: &TestEnv) {
    sqlx::query("update sync.leases set expires_at = clock_timestamp()")
        .execute(&env.pool)
        .await
        .expect("the lease runs out");
}

/// Everything that an instance could write.
async fn everything(env: &TestEnv) -> String {
    let part = |table| {
        format!(
            "(select coalesce(md5(string_agg(t.xmin::text || t::text, ',' order by t::text)), '') from {table} as t)"
        )
    };
    let tables = [
        "warehouse.calls",
        "warehouse.recordings",
        "sync.sources",
        "sync.streams",
        "sync.runs",
        "sync.slices",
        "sync.coverage",
        "sync.rereads",
    ];
    let parts: Vec<String> = tables.into_iter().map(part).collect();
    env.text(&format!("select {}", parts.join(" || "))).await
}

fn assert_fenced(report: &RunReport) {
    let [flaw] = report.unfinished.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        flaw.is_failed && flaw.reason.contains("was taken over by another instance"),
        "{flaw:?}"
    );
    assert_eq!(flaw.remedy, Remedy::NextRun);
    assert_eq!(report.complete_count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_has_lost_the_source_writes_nothing() {
    let env = TestEnv::new().await;
    let late = take(&env, no_observer()).await;
    prepare(&env, &late).await.expect("the source is ours");
    expire(&env).await;
    let holder = take(&env, no_observer()).await;
    let before = everything(&env).await;
    assert_fenced(&run_calls(&env, &late).await);
    let refused = prepare(&env, &late).await;
    assert!(
        matches!(refused, Err(SyncError::Warehouse(WarehouseError::Fenced { .. }))),
        "{refused:?}"
    );
    assert_eq!(everything(&env).await, before);
    prepare(&env, &holder).await.expect("the source is ours");
    assert!(run_calls(&env, &holder).await.is_complete());
    late.release().await;
    let held = "select count(*) from sync.leases where expires_at > clock_timestamp()";
    assert_eq!(
        env.number(held).await,
        1,
        "the late one gives nothing back that it does not have"
    );
    holder.release().await;
    env.sync_completely().await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_loses_the_source_within_a_slice_cannot_commit_what_it_has_read() {
    let mut env = busy_field(1, 2_400).await;
    // Windows are cut at its multiples, of which none lies near.
    env.stream("calls").max_span = Some(Duration::from_hours(24 * 40_000));
    let loaded = Arc::new(Notify::new());
    let told = loaded.clone();
    let late = take(&env, after_each_batch(move |_| told.notify_one())).await;
    prepare(&env, &late).await.expect("the source is ours");
    let (at_once, later) = (Fault::Slow(Duration::ZERO), Fault::Slow(Duration::from_secs(4)));
    env.sandbox.fault("log/retrieve", at_once, 2);
    env.sandbox.fault("log/retrieve", later, 1);
    let (report, ()) = tokio::join!(run_calls(&env, &late), async {
        loaded.notified().await;
        while env.sandbox.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        expire(&env).await;
        let holder = take(&env, no_observer()).await;
        prepare(&env, &holder).await.expect("the source is ours");
        assert!(run_calls(&env, &holder).await.is_complete());
        let before = everything(&env).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(everything(&env).await, before, "the late one has written nothing");
        holder.release().await;
    });
    assert_fenced(&report);
    let closed = "select count(*) from sync.slices where state = 'failed' and epoch = 1 and inserted > 0";
    assert_eq!(
        env.number(closed).await,
        1,
        "the holder has closed the slice of the late one"
    );
    env.sync_completely().await;
    assert_proof(&env).await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_daemons_works_and_the_other_takes_over_when_it_dies() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let first = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, &held_by(&first)).await;
    let second = Running::start(&mut convene(&env, &file, &["run"]));
    let is_complete = "(select count(*) = 2 and bool_and(last_complete_at is not null) from sync.coverage)";
    until(&env, is_complete).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        env.number(&format!("select ({})::int::bigint", held_by(&first)))
            .await
            == 1
    );
    assert!(first.err().contains("Took the source"), "{}", first.err());
    assert!(!second.err().contains("Took the source"), "{}", second.err());
    assert_eq!(
        env.sandbox.most_in_flight(),
        1,
        "the budget of the credential is kept"
    );
    first.kill().await;
    until(&env, &held_by(&second)).await;
    let late = env.sandbox.now() - TimeDelta::minutes(30);
    let id = env.sandbox.convoso().add_call_at(late);
    until(
        &env,
        &format!("exists (select from warehouse.calls where id = '{id}')"),
    )
    .await;
    second.signal("TERM").await;
    assert_eq!(second.end().await.code, Some(0));
    let work = "select count(distinct epoch) from sync.slices";
    assert_eq!(env.number(work).await, 2);
    env.sync_completely().await;
    assert_ledger(&env).await;
    env.assert_truth().await;
}

fn held_by(daemon: &Running) -> String {
    format!(
        "(select holder like '%/{}' and expires_at > clock_timestamp() from sync.leases)",
        daemon.id()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_says_which_other_command_holds_the_source() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let held = open_source(
        &env.warehouse,
        SOURCE,
        Duration::from_secs(2),
        LeaseWait::OnePeriod,
        &env.stop,
        no_observer(),
    )
    .await
    .expect("nobody holds the source");
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    let holder = format!("/{} until ", std::process::id());
    let wanted = format!("Source `{SOURCE}` is held by ");
    assert!(
        done.err.contains(&wanted) && done.err.contains(&holder),
        "{done:?}"
    );
    assert!(!done.out.contains("complete"), "{done:?}");
    held.release().await;
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    env.assert_truth().await;
}
