//! A run may die anywhere: the process at any moment, its connections at any moment. The next run makes up for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use convene::commands::{self, Once, Selection};
use convene::engine::no_observer;
use convene::warehouse::Warehouse;
use fastrand::Rng;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::binary::{Running, convene, ended, until};
use crate::support::env::{SettingsFile, TestEnv, flaws};
use crate::support::invariants::{assert_ledger, assert_proof, busy_field};
use crate::support::postgres::Database;

const CALLS: &str = "convoso_test.calls";
/// How often a process is killed.
const DEATHS: u32 = 16;
/// How many of the deaths must have struck a slice that was under way, for the test to mean anything.
const STRUCK: i64 = 8;
/// Longest time from the first page request to the death.
const LONGEST_LIFE_MS: u64 = 900;
/// How many connections must have been ended at work, for the test to mean anything.
const ENDED: u64 = 20;
/// Slow enough that all deaths together do not suffice to read everything.
const PACE: &str = "280";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_moment_leaves_nothing_that_the_next_does_not_mend() {
    let env = busy_field(2, 5_000).await;
    let file = env.settings_file("time_zone = \"UTC\"");
    let mut dice = Rng::with_seed(20);
    for death in 0..DEATHS {
        live_and_die(&env, &file, death, dice.u64(0..LONGEST_LIFE_MS)).await;
        assert_ledger(&env).await;
        if death % 4 == 3 {
            assert_proof(&env).await;
        }
    }
    let struck = "select count(*) from sync.slices where state = 'running'
                  or reason = 'the process ended before the slice did'";
    assert!(
        env.number(struck).await >= STRUCK,
        "too few deaths struck a slice"
    );
    assert!(
        env.count("warehouse.calls").await < 10_000,
        "the deaths came too late"
    );
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_proof(&env).await;
    env.assert_truth().await;
    assert_closed(&env).await;
    let (was, is) = (content_of_an_undisturbed_sync(&env).await, content(&env).await);
    // Both are in order.
    let differing = is.lines().zip(was.lines()).find(|(is, was)| is != was);
    assert_eq!(differing, None);
    assert_eq!(is.lines().count(), was.lines().count());
}

/// Starts the daemon or a single run, lets it live for a while after its first page request, and kills it.
async fn live_and_die(env: &TestEnv, file: &SettingsFile, death: u32, life_ms: u64) {
    expire(env).await;
    env.sandbox.clear_requests();
    let name = if death.is_multiple_of(3) { "run" } else { "sync" };
    let mut command = convene(env, file, &[name]);
    let pace = command.env("CONVENE__SOURCES__CONVOSO_TEST__REQUESTS_PER_MINUTE", PACE);
    let running = Running::start(pace);
    while env.sandbox.requests().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(life_ms)).await;
    running.kill().await;
    at_rest(env).await;
}

/// Waits until the server has noticed which clients are gone.
async fn at_rest(env: &TestEnv) {
    let at_rest = "not exists (select from pg_stat_activity where datname = current_database()
                   and application_name = 'convene' and state <> 'idle')";
    until(env, at_rest).await;
}

/// The holder is dead; waiting for its lease is tried elsewhere.
async fn expire(env: &TestEnv) {
    execute(env, "update sync.leases set expires_at = clock_timestamp()").await;
}

async fn execute(env: &TestEnv, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&env.pool)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Slices of the dead are closed, as failed.
async fn assert_closed(env: &TestEnv) {
    let open = "select count(*) from sync.slices where state = 'running'";
    assert_eq!(env.number(open).await, 0);
    let dead = "select count(*) from sync.slices where state = 'failed'
                and reason = 'the process ended before the slice did' and ended_at >= started_at";
    assert!(env.number(dead).await >= STRUCK);
}

/// What analysts see of all tables, and the content hashes; not when it was fetched, by which slice, and in which context.
const CONTENT: &str = "select string_agg(whole, E'\n' order by whole) from (
     select (to_jsonb(t) - '{fetched_at,first_seen_at,changed_at,slice_id,context}'::text[])::text as whole from warehouse.calls as t
     union all
     select (to_jsonb(t) - '{fetched_at,first_seen_at,changed_at,slice_id,context}'::text[])::text from warehouse.recordings as t
     union all
     select (to_jsonb(t) - '{fetched_at,first_seen_at,changed_at,slice_id,context}'::text[])::text from warehouse.agents as t
 ) as rows";

async fn content(env: &TestEnv) -> String {
    env.text(CONTENT).await
}

/// The same of a second warehouse, which one run has filled from the same sandbox.
async fn content_of_an_undisturbed_sync(env: &TestEnv) -> String {
    let database = Database::new().await;
    let warehouse = Warehouse::connect(&database.secret(), 8)
        .await
        .expect("the second warehouse answers");
    let once = Once {
        selection: &Selection::default(),
        stop: &CancellationToken::new(),
        observer: no_observer(),
    };
    let reports = commands::sync_once(&warehouse, &env.settings, once)
        .await
        .expect("there is a source");
    let reports: Vec<_> = reports
        .into_iter()
        .map(|report| report.expect("the source runs"))
        .collect();
    assert_eq!(flaws(&reports), Vec::<String>::new());
    sqlx::query_scalar(CONTENT)
        .fetch_one(&database.pool().await)
        .await
        .expect("the content is read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_at_any_moment_lose_and_double_nothing() {
    let ended = Arc::new(AtomicU64::new(0));
    for seed in 0..4 {
        let mut env = busy_field(1, 1_000).await;
        // Small windows, read without a pause: most of the time a transaction is open.
        env.stream("calls").max_span = Some(Duration::from_mins(30));
        let dice = Rng::with_seed(seed);
        let killer = tokio::spawn(end_connections(env.pool.clone(), dice, ended.clone()));
        let _ = env.try_sync(&[], no_observer()).await;
        killer.abort();
        at_rest(&env).await;
        assert_proof(&env).await;
        env.sync_completely().await;
        assert_proof(&env).await;
        env.assert_truth().await;
        let open = "select count(*) from sync.slices where state = 'running'";
        assert_eq!(env.number(open).await, 0);
    }
    let ended = ended.load(Ordering::Relaxed);
    assert!(ended >= ENDED, "only {ended} transactions were hit");
}

/// Ends the daemon's connections again and again, and counts those that were at work.
async fn end_connections(pool: sqlx::PgPool, mut dice: Rng, ended: Arc<AtomicU64>) {
    loop {
        sleep(Duration::from_millis(dice.u64(10..150))).await;
        let at_work: Vec<bool> = sqlx::query_scalar(
            "select coalesce(state <> 'idle', false) from (select state, pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'convene' offset 0) as told",
        )
        .fetch_all(&pool)
        .await
        .expect("the test's own connection stays");
        let count = at_work.into_iter().filter(|at_work| *at_work).count();
        ended.fetch_add(count as u64, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_death_a_sync_waits_no_longer_than_the_lease_and_then_works() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, "(select expires_at > clock_timestamp() from sync.leases)").await;
    daemon.kill().await;
    let expiry = "(select extract(epoch from expires_at)::numeric::text from sync.leases)";
    let expiry = env.text(&format!("select {expiry}")).await;
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    env.assert_truth().await;
    let first = "select min(extract(epoch from started_at))::numeric::text from sync.slices where epoch = 2";
    let begun: f64 = env.text(first).await.parse().expect("a number");
    let expiry: f64 = expiry.parse().expect("a number");
    assert!(
        begun >= expiry,
        "the lease of the dead held until {expiry}, the sync began at {begun}"
    );
}

/// Steps of the daemon's transactions, as triggers that wait there: the beginning of a slice, the rows, the ledger, the
/// coverage, and the moment of the commit.
const STEPS: [&str; 6] = [
    "trigger halt after insert on sync.slices for each statement",
    "trigger halt after insert on warehouse.calls for each statement",
    "trigger halt after update of batch_count on sync.slices for each statement",
    "constraint trigger halt after insert on warehouse.calls deferrable initially deferred for each row",
    "trigger halt after update of covered on sync.coverage for each statement",
    "constraint trigger halt after update of state on sync.slices deferrable initially deferred for each row",
];
const HALT: &str = "create function halt() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared(42); return null; end $$";
const END_HALTED: &str =
    "select pg_terminate_backend(pid) from pg_locks join pg_database as d on d.oid = database
    where datname = current_database() and locktype = 'advisory' and not granted";
const HALTED: &str = "from pg_locks join pg_database as d on d.oid = database
    where datname = current_database() and locktype = 'advisory' and not granted";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_each_step_of_a_transaction_leaves_all_of_it_or_nothing() {
    for step in STEPS {
        let (env, file, gate) = halted_at(step).await;
        let sync = Running::start(&mut convene(&env, &file, &["sync", CALLS]));
        until(&env, &format!("exists (select {HALTED})")).await;
        sync.kill().await;
        gate.close().await.expect("the gate opens");
        mend(&env, &file).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_at_each_step_of_a_transaction_repeats_it_and_doubles_nothing() {
    for step in STEPS {
        let (env, file, gate) = halted_at(step).await;
        let sync = Running::start(&mut convene(&env, &file, &["sync", CALLS]));
        until(&env, &format!("exists (select {HALTED})")).await;
        execute(&env, END_HALTED).await;
        gate.close().await.expect("the gate opens");
        let done = sync.end().await;
        assert_eq!(done.code, Some(0), "{step}: {done:?}");
        mend(&env, &file).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_again_and_again_at_one_step_is_not_taken_for_success() {
    // The rows, the moment of their commit, and the coverage.
    for step in [STEPS[1], STEPS[3], STEPS[4]] {
        let (env, file, gate) = halted_at(step).await;
        let sync = Running::start(&mut convene(&env, &file, &["sync", CALLS]));
        let pool = env.pool.clone();
        let killer = tokio::spawn(async move {
            loop {
                let ended = sqlx::query(END_HALTED).execute(&pool).await;
                ended.expect("the test's own connection stays");
                sleep(Duration::from_millis(20)).await;
            }
        });
        let done = sync.end().await;
        killer.abort();
        gate.close().await.expect("the gate opens");
        assert_eq!(done.code, Some(1), "{step}: {done:?}");
        // In the middle of a copy the server's own word is lost with the connection.
        let told = "is failed: The warehouse cannot be reached: ";
        assert!(done.err.contains(told), "{step}: {done:?}");
        assert!(done.err.contains("(mended by: next run)"), "{step}: {done:?}");
        mend(&env, &file).await;
    }
}

/// A field whose daemon halts at a step until the connection that comes with it is closed.
async fn halted_at(step: &str) -> (TestEnv, SettingsFile, PgConnection) {
    let env = busy_field(1, 600).await;
    let file = env.settings_file("time_zone = \"UTC\"");
    let mut gate = PgConnection::connect(&env.database.url())
        .await
        .expect("the gate is made");
    sqlx::query("select pg_advisory_lock(42)")
        .execute(&mut gate)
        .await
        .expect("the gate is shut");
    execute(&env, HALT).await;
    execute(&env, &format!("create {step} execute function halt()")).await;
    (env, file, gate)
}

/// Looks at what is left, and lets the next sync mend it.
async fn mend(env: &TestEnv, file: &SettingsFile) {
    at_rest(env).await;
    assert_proof(env).await;
    expire(env).await;
    let done = ended(&mut convene(env, file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_proof(env).await;
    env.assert_truth().await;
}
