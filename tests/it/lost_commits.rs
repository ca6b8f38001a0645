//! A server that crashes may lose the last commits that it has confirmed: then no slice is complete that lacks a batch.

use std::time::Duration;

use connectors::source::Remedy;
use convene::engine::RunReport;
use convene::warehouse::Warehouse;
use embedded::Embedded;
use secrecy::SecretString;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::binary::{Running, bare, until};

use crate::support::env::{SOURCE, TestEnv, after_each_batch};
use crate::support::invariants::execute;
use crate::support::invariants::{assert_proof, busy_field};

/// What a crash leaves of a slice whose beginning alone had reached the disk.
const LOSE: [&str; 9] = [
    "delete from warehouse.campaigns where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.lists where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.dispositions where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.queues where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.agents where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.recordings where slice_id = (select max(id) from sync.slices)",
    "delete from warehouse.calls where slice_id = (select max(id) from sync.slices)",
    // The batch was counted in the commit that is lost.
    "delete from sync.tallies",
    "update sync.slices set batch_count = 0, request_count = 0, body_bytes = 0, rows_seen = 0, inserted = 0, unchanged = 0, duplicates = 0
     where id = (select max(id) from sync.slices)",
];
/// The server writes a log of commits that nobody waits for as seldom as it can.
const LAZY: [&str; 3] = [
    "alter system set wal_writer_delay = '10s'",
    "alter system set wal_writer_flush_after = '1GB'",
    "select pg_reload_conf()",
];
/// The shell that the server starts ends the process that started it; the server then starts anew from its log.
const CRASH: &str = "copy (select 1) to program 'kill -9 $PPID'";
/// Longer than any test: nobody renews in the middle of a crash.
const LONG: Duration = Duration::from_hours(1);

/// A field whose calls are one window of several batches.
async fn one_window(calls: u32) -> TestEnv {
    let mut env = busy_field(1, calls).await;
    env.stream("calls").max_span = Some(Duration::from_hours(24 * 40_000));
    env.settings.lease = LONG;
    env
}

async fn sync_calls(env: &TestEnv, watch: convene::engine::Observer) -> RunReport {
    let mut reports = env.try_sync(&["calls"], watch).await;
    reports.pop().expect("one stream runs").expect("the source runs")
}

/// Waits in a place that cannot: between two batches.
fn wait_for<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}

async fn lose(pool: &PgPool) {
    for statement in LOSE {
        sqlx::query(statement).execute(pool).await.expect("rows are lost");
    }
}

/// The slice failed for this reason, covers nothing, and the next run makes up for it.
async fn assert_noticed_and_mended(env: &TestEnv, report: &RunReport) {
    let [flaw] = report.unfinished.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        flaw.is_failed && flaw.reason.contains("has lost a batch"),
        "{flaw:?}"
    );
    assert_eq!(flaw.remedy, Remedy::NextRun);
    assert_eq!(report.complete_count, 0);
    let covered = "select count(*) from sync.coverage where covered <> '{}' or last_complete_at is not null";
    assert_eq!(env.number(covered).await, 0);
    let noted =
        "select count(*) from sync.slices where state = 'failed' and reason like '%has lost a batch%'";
    assert_eq!(env.number(noted).await, 1);
    env.sync_completely().await;
    assert_proof(env).await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_that_lost_a_batch_is_not_complete_whichever_batch_it_was() {
    // Several batches, of which the first is lost; and a single one.
    for calls in [2_400, 100] {
        let env = one_window(calls).await;
        let pool = env.pool.clone();
        let watch = after_each_batch(move |count| {
            if count == 1 {
                wait_for(lose(&pool));
            }
        });
        let report = sync_calls(&env, watch).await;
        assert_noticed_and_mended(&env, &report).await;
    }
}

/// Puts the field on a server of its own, which may crash.
async fn on_own_server(env: &mut TestEnv) -> Embedded {
    let server = Embedded::start_fleeting()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let url = server.url("postgres");
    env.pool = PgPool::connect(&url).await.expect("the server answers");
    for statement in LAZY {
        execute(env, statement).await;
    }
    env.warehouse = Warehouse::connect(&SecretString::from(url), 6)
        .await
        .expect("the server answers");
    env.warehouse.migrate().await.expect("the schema is made");
    server
}

/// Crashes the server, and waits until it answers again.
async fn crash(url: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the server answers");
    let mut witness = PgConnection::connect(url).await.expect("the server answers");
    let crashed = sqlx::query(CRASH).execute(&mut connection).await;
    assert!(crashed.is_err(), "the server is still there");
    // For a moment it does not know yet that it has crashed, and lets people in whom it throws out with everybody else.
    while sqlx::query("select 1").execute(&mut witness).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while PgConnection::connect(url).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_within_a_slice_does_not_make_it_complete() {
    let mut env = one_window(2_400).await;
    let server = on_own_server(&mut env).await;
    let (url, pool) = (server.url("postgres"), env.pool.clone());
    let watch = after_each_batch(move |count| {
        if count == 1 {
            wait_for(async {
                crash(&url).await;
                let left = "select count(*) from warehouse.calls";
                let left: i64 = sqlx::query_scalar(left).fetch_one(&pool).await.unwrap();
                assert_eq!(left, 0, "the crash lost nothing, so that nothing is proved");
            });
        }
    });
    let report = sync_calls(&env, watch).await;
    assert_noticed_and_mended(&env, &report).await;
    server.stop().await.expect("the server stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_the_lease_and_the_coverage_outlive_a_crash_that_follows_at_once() {
    let mut env = one_window(600).await;
    let server = on_own_server(&mut env).await;
    let url = server.url("postgres");
    let migrations = env.count("sync.schema").await;
    crash(&url).await;
    assert_eq!(env.count("sync.schema").await, migrations);
    let lease = env.warehouse.acquire_lease("other", "test", LONG).await;
    assert_eq!(lease.expect("nobody holds it").epoch(), 1);
    crash(&url).await;
    let epochs = "select coalesce(sum(epoch), 0)::bigint from sync.leases where source = 'other'";
    assert_eq!(env.number(epochs).await, 1);
    assert!(
        sync_calls(&env, convene::engine::no_observer())
            .await
            .is_complete()
    );
    crash(&url).await;
    let covered =
        format!("select count(*) from sync.coverage where source = '{SOURCE}' and covered <> '{{}}'");
    assert_eq!(env.number(&covered).await, 1);
    assert_proof(&env).await;
    env.assert_same("calls", env.sandbox.convoso().snapshot("calls"))
        .await;
    server.stop().await.expect("the server stops");
}

/// Nobody waits for ever for a server that has gone for good, whatever the command was doing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_whose_server_is_gone_ends_and_says_so() {
    let mut env = one_window(20_000).await;
    let server = on_own_server(&mut env).await;
    let file = env.settings_file("");
    let mut command = bare(&["sync", "--config"]);
    command
        .arg(&file.path)
        .env("DATABASE_URL", server.url("postgres"));
    let sync = Running::start(&mut command);
    until(&env, "exists (select from warehouse.calls)").await;
    env.pool.close().await;
    server.stop().await.expect("the server stops");
    let done = sync.end().await;
    assert_eq!(done.code, Some(1), "{done:#?}");
    assert!(done.err.contains("The warehouse cannot be reached"), "{done:#?}");
}
