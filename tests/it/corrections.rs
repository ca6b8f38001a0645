//! Calls that change or appear after they were read, and how soon that arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::source::Window;
use convene::engine::{Event, Observer};

use crate::support::env::TestEnv;
use crate::support::invariants::{assert_books, execute, last_slice, sum_of_calls};

/// History of twelve days, so that the weekly re-read has something to read.
async fn synced() -> (TestEnv, Vec<String>) {
    let env = TestEnv::with(|options| {
        options.days = 12;
        options.calls_per_day = 20;
    })
    .await;
    let ids = [1, 30, 240].map(|hours| {
        let start = env.sandbox.now() - TimeDelta::hours(hours);
        env.sandbox.convoso().add_call_at(start)
    });
    env.sync_completely().await;
    (env, ids.to_vec())
}

/// Changes three things about a call.
fn correct(env: &TestEnv, id: &str) {
    let world = env.sandbox.convoso();
    assert!(world.set_disposition(id, "FIXED", "Put Right"));
    assert!(world.set_comment(id, "not what I wrote at first"));
    assert!(world.add_recording(id));
}

/// What of a correction has arrived: the disposition, the comment, the recordings.
async fn arrived(env: &TestEnv, id: &str) -> (bool, bool, i64) {
    let recordings = format!("select count(*) from warehouse.recordings where call_id = '{id}'");
    let text = |column| format!("select coalesce({column}, '') from warehouse.calls where id = '{id}'");
    (
        env.text(&text("disposition_name")).await == "Put Right",
        env.text(&text("comment")).await == "not what I wrote at first",
        env.number(&recordings).await,
    )
}

/// Syncs the calls; returns the windows that were read.
async fn read_windows(env: &TestEnv) -> Vec<Window> {
    let before = last_slice(env).await;
    let reports = env.sync_only(&["calls"]).await;
    assert!(reports[0].is_complete(), "{:#?}", reports[0].unfinished);
    assert_books(env).await;
    let windows: Vec<(DateTime<Utc>, DateTime<Utc>)> =
        sqlx::query_as("select since, until from sync.slices where stream = 'calls' and id > $1 order by 1")
            .bind(before)
            .fetch_all(&env.pool)
            .await
            .expect("the ledger can be read");
    windows
        .into_iter()
        .map(|(since, until)| Window { since, until })
        .collect()
}

/// Lets a round of re-reads begin so many hours earlier than it did.
async fn age_round(env: &TestEnv, span_hours: i64, by_hours: i64) {
    execute(
        env,
        &format!(
            "update sync.rereads set round_started_at = round_started_at - interval '{by_hours} hours'
             where stream = 'calls' and span = interval '{span_hours} hours'"
        ),
    )
    .await;
}

async fn time(env: &TestEnv, query: &str) -> DateTime<Utc> {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
        .fetch_one(&env.pool)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

async fn freshness(env: &TestEnv, column: &str) -> DateTime<Utc> {
    let query = format!("select {column} from warehouse.freshness where table_name = 'calls'");
    time(env, &query).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_inside_the_look_back_arrive_with_the_next_run() {
    let (env, ids) = synced().await;
    let before = last_slice(&env).await;
    let (_, _, recordings) = arrived(&env, &ids[0]).await;
    correct(&env, &ids[0]);
    let windows = read_windows(&env).await;
    assert_eq!(arrived(&env, &ids[0]).await, (true, true, recordings + 1));
    assert_eq!(sum_of_calls(&env, "updated", before).await, 1, "the call");
    assert_eq!(sum_of_calls(&env, "inserted", before).await, 1, "the recording");
    let end = windows.last().expect("the head is read").until;
    let since = windows[0].since;
    assert!(
        end - since >= TimeDelta::hours(2) && end - since < TimeDelta::hours(2) + TimeDelta::minutes(5),
        "{windows:?}"
    );
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_appears_late_arrives_with_the_next_run() {
    let (env, _) = synced().await;
    let start = env.sandbox.now() - TimeDelta::minutes(95);
    let late = env.sandbox.convoso().add_call_at(start);
    read_windows(&env).await;
    let query = format!("select started_at from warehouse.calls where id = '{late}'");
    assert_eq!(time(&env, &query).await.timestamp(), start.timestamp());
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_corrections_arrive_with_the_daily_and_the_weekly_round() {
    let (env, ids) = synced().await;
    correct(&env, &ids[1]);
    correct(&env, &ids[2]);
    let late = env
        .sandbox
        .convoso()
        .add_call_at(env.sandbox.now() - TimeDelta::hours(50));
    let arrivals = async || [arrived(&env, &ids[1]).await.0, arrived(&env, &ids[2]).await.0];
    let now = time(&env, "select now()").await;

    let windows = read_windows(&env).await;
    assert!(
        windows[0].since > now - TimeDelta::minutes(125),
        "no round is due: {windows:?}"
    );
    assert_eq!(arrivals().await, [false, false]);

    age_round(&env, 72, 25).await;
    let windows = read_windows(&env).await;
    assert_eq!(arrivals().await, [true, false]);
    assert!(
        windows[0].since - (now - TimeDelta::hours(72)) < TimeDelta::minutes(5)
            && windows[0].since >= now - TimeDelta::hours(72)
    );
    assert_eq!(
        env.number(&format!(
            "select count(*) from warehouse.calls where id = '{late}'"
        ))
        .await,
        1
    );

    age_round(&env, 30 * 24, 8 * 24).await;
    let windows = read_windows(&env).await;
    assert_eq!(arrivals().await, [true, true]);
    let middle = windows
        .iter()
        .filter(|window| {
            window.until > now - TimeDelta::hours(71) && window.since < now - TimeDelta::minutes(125)
        })
        .count();
    assert_eq!(
        middle, 0,
        "the weekly round leaves the days of the daily one alone"
    );
    let pending = "select count(*) from sync.rereads where not isempty(pending)";
    assert_eq!(env.number(pending).await, 0, "both rounds are over");
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_that_breaks_off_goes_on_where_it_was() {
    let (mut env, ids) = synced().await;
    env.stream("calls").max_span = Some(Duration::from_hours(6));
    correct(&env, &ids[1]);
    age_round(&env, 72, 25).await;
    // The head and the newest windows of the round are read, then the vendor refuses.
    let world = env.sandbox.convoso().clone();
    let slices = AtomicUsize::new(0);
    let watch: Observer = Arc::new(move |event| {
        if let Event::SliceEnded { .. } = event
            && slices.fetch_add(1, Ordering::Relaxed) == 3
        {
            world.quirks(|quirks| quirks.unticked = vec!["log/retrieve".to_owned()]);
        }
    });
    let report = env.try_sync(&["calls"], watch).await.remove(0);
    let report = report.expect("the source runs");
    assert_eq!((report.complete_count, report.unfinished.len()), (4, 1));
    env.sandbox.convoso().quirks(|quirks| quirks.unticked.clear());
    let pending = "select coalesce(sum(extract(epoch from upper(part) - lower(part))), 0)::bigint / 3600
                   from sync.rereads, unnest(pending) as part";
    let left = env.number(pending).await;
    assert!(left > 24 && left < 70, "{left} hours are left of the round");
    let windows = read_windows(&env).await;
    assert_eq!(env.number(pending).await, 0);
    let again: i64 = windows
        .iter()
        .map(|window| window.span().num_minutes())
        .sum::<i64>()
        / 60;
    assert!(
        (again - left).abs() <= 3,
        "{again} hours were read of {left} that were left"
    );
    assert!(arrived(&env, &ids[1]).await.0);
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settled_is_what_was_read_two_days_after_and_moves_with_the_daily_round() {
    let (env, _) = synced().await;
    let (complete, settled) = (
        freshness(&env, "complete_through").await,
        freshness(&env, "settled_through").await,
    );
    let now = time(&env, "select now()").await;
    let age = now - settled;
    assert!(
        age >= TimeDelta::hours(48) && age < TimeDelta::hours(48) + TimeDelta::minutes(5),
        "{age}"
    );
    assert!(now - complete < TimeDelta::minutes(5));

    // As if the first sync had been 20 hours ago: what has become two days old since was not read again.
    execute(
        &env,
        "update sync.coverage set settled = settled * tstzmultirange(tstzrange(null, now() - interval '68 hours'))
         where stream = 'calls'",
    )
    .await;
    let back = freshness(&env, "settled_through").await;
    read_windows(&env).await;
    assert_eq!(
        freshness(&env, "settled_through").await,
        back,
        "the look-back settles nothing"
    );

    age_round(&env, 72, 25).await;
    read_windows(&env).await;
    let again = freshness(&env, "settled_through").await;
    let now = time(&env, "select now()").await;
    assert!(again >= settled, "{again} {settled}");
    assert!(now - again >= TimeDelta::hours(48), "nothing younger is settled");
    assert!(freshness(&env, "complete_through").await >= complete);
}
