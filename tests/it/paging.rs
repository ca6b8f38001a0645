//! Lists that offsets alone cannot read: too long, or changing places while they are read.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sandbox::convoso::Order;

use crate::support::env::{TestEnv, after_each_batch, flaws};
use crate::support::invariants::{assert_books, quiet, sum_of_calls};

/// The largest offset that the vendor accepts.
const REACHABLE: u64 = 40_000;
const PAGE: u64 = 500;

/// The page requests for calls that the sandbox has met: the first second and the offset.
fn page_requests(env: &TestEnv) -> Vec<(String, u64)> {
    let seen = env.sandbox.requests();
    let calls = seen.iter().filter(|seen| seen.path.ends_with("log/retrieve"));
    calls
        .map(|seen| {
            let param = |name| {
                seen.parameter(name)
                    .expect("every page request names it")
                    .to_owned()
            };
            let offset = param("offset").parse().expect("an offset is a number");
            (param("start_time"), offset)
        })
        .collect()
}

/// Page requests that were sent before: a list was read again.
fn repeated_page_requests(env: &TestEnv) -> usize {
    let all = page_requests(env);
    all.len() - all.iter().collect::<HashSet<_>>().len()
}

/// Reads the calls as a simple client would, page by page up to the vendor's total. Returns the distinct ids and the total.
async fn by_offset_alone(env: &TestEnv, since: DateTime<Utc>) -> (HashSet<String>, u64) {
    let local = since.with_timezone(&chrono_tz::America::Los_Angeles);
    let since = local.format("%Y-%m-%dT%H:%M:%S");
    let url = format!("{}/log/retrieve", env.sandbox.convoso_url());
    let (mut ids, mut offset, mut total) = (HashSet::new(), 0, 1);
    while offset < total {
        let request = format!(
            "{url}?auth_token=sandbox-token&start_time={since}&end_time=2999-01-01T00:00:00&order=ASC&offset={offset}"
        );
        let answer = reqwest::get(request).await.expect("the sandbox answers");
        let text = answer.text().await.expect("the sandbox answers in full");
        let body: serde_json::Value = serde_json::from_str(&text).expect("the answer is JSON");
        let rows = body["data"]["results"].as_array().expect("an array of calls");
        ids.extend(
            rows.iter()
                .map(|row| row["id"].as_str().expect("an id").to_owned()),
        );
        total = body["data"]["total_found"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a total");
        offset += PAGE;
    }
    (ids, total)
}

/// Syncs the calls, which must be complete, and compares everything with the truth.
async fn assert_all_arrive(env: &TestEnv, count: usize) {
    let reports = env.sync_only(&["calls"]).await;
    assert!(reports[0].is_complete(), "{:#?}", flaws(&reports));
    assert_eq!(env.sandbox.convoso().call_count(), count);
    env.assert_same("calls", env.sandbox.convoso().snapshot("calls"))
        .await;
    assert_books(env).await;
    let anchor = env.sandbox.now();
    let fresh = env.warehouse.list_freshness().await.expect("freshness is told");
    let calls = fresh
        .iter()
        .find(|fresh| fresh.table_name == "calls")
        .expect("calls are fed");
    assert!(calls.complete_through > Some(anchor), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_with_more_calls_than_offsets_reach_arrives_whole() {
    let env = quiet(0).await;
    let from = env.sandbox.now() - TimeDelta::hours(3);
    // Seconds of 12 or 13; with a round number pages would often end where a second ends.
    env.sandbox.convoso().add_calls(45_007, from, TimeDelta::hours(1));
    assert_all_arrive(&env, 45_007).await;
    let requests = page_requests(&env);
    assert!(requests.iter().all(|(_, offset)| *offset == 0));
    // Each page gives all but its last second, which is read again: 12 or 13 calls.
    assert!(requests.len() < 100, "{}", requests.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn such_an_hour_arrives_whole_although_the_vendor_lists_the_newest_first() {
    let env = quiet(0).await;
    env.sandbox
        .convoso()
        .quirks(|quirks| quirks.order = Order::Ignored);
    let from = env.sandbox.now() - TimeDelta::hours(3);
    env.sandbox.convoso().add_calls(45_000, from, TimeDelta::hours(1));
    assert_all_arrive(&env, 45_000).await;
    assert!(page_requests(&env).iter().all(|(_, offset)| *offset < REACHABLE));
    assert!(repeated_page_requests(&env) > 0, "some calls change pages");
}

/// Full seconds next to each other and apart, of sizes around the page's, with one that alone fills several pages.
fn add_full_seconds(env: &TestEnv) -> usize {
    let from = env.sandbox.now() - TimeDelta::hours(1);
    let mut count = 0;
    for (at, calls) in [
        (0, 30),
        (1, 700),
        (2, 120),
        (3, 333),
        (60, 499),
        (61, 500),
        (62, 501),
        (90, 250),
        (120, 1_300),
        (121, 45),
        (300, 480),
    ] {
        let second = from + TimeDelta::seconds(at);
        env.sandbox.convoso().add_calls(calls, second, TimeDelta::zero());
        count += calls as usize;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_one_second_that_change_places_with_every_request_all_arrive_once() {
    for order in [Order::Honoured, Order::Ignored] {
        let env = quiet(0).await;
        env.sandbox.convoso().quirks(|quirks| quirks.order = order);
        let count = add_full_seconds(&env);
        let (ids, total) = by_offset_alone(&env, env.sandbox.now() - TimeDelta::hours(2)).await;
        assert!(
            (ids.len() as u64) < total,
            "offsets alone would lose nothing: the test proves nothing"
        );
        env.sandbox.clear_requests();
        assert_all_arrive(&env, count).await;
        assert!(repeated_page_requests(&env) > 0, "{order:?}");
        assert!(sum_of_calls(&env, "duplicates", 0).await > 0, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_with_more_calls_than_a_page_is_read_until_all_came() {
    // The full second is the last one, or has others before and behind it.
    for (order, before, behind) in [
        (Order::Honoured, 20, 20),
        (Order::Ignored, 20, 20),
        (Order::Ignored, 20, 0),
    ] {
        let env = quiet(0).await;
        let world = env.sandbox.convoso();
        world.quirks(|quirks| quirks.order = order);
        let second = env.sandbox.now() - TimeDelta::hours(1);
        world.add_calls(1_300, second, TimeDelta::zero());
        world.add_calls(before, second - TimeDelta::minutes(5), TimeDelta::minutes(4));
        world.add_calls(behind, second + TimeDelta::minutes(1), TimeDelta::minutes(4));
        assert_all_arrive(&env, 1_300 + (before + behind) as usize).await;
        assert!(repeated_page_requests(&env) > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_appear_while_the_list_is_read_displace_none() {
    for order in [Order::Honoured, Order::Ignored] {
        let env = quiet(0).await;
        let world = env.sandbox.convoso().clone();
        world.quirks(|quirks| quirks.order = order);
        let from = env.sandbox.now() - TimeDelta::hours(1);
        world.add_calls(4_000, from, TimeDelta::minutes(20));
        let before = world.snapshot("calls");
        let late = world.clone();
        let watch = after_each_batch(move |batch| {
            // Before, within and behind what is being read; then it calms down.
            if batch <= 4 {
                late.add_calls(40, from - TimeDelta::minutes(5), TimeDelta::minutes(30));
            }
        });
        let reports = env.try_sync(&["calls"], watch).await;
        let report = reports
            .into_iter()
            .next()
            .expect("one stream")
            .expect("the source runs");
        assert!(report.is_complete(), "{order:?}: {:#?}", flaws(&[report]));
        assert_eq!(
            world.call_count(),
            before.len() + 160,
            "{order:?}: all batches were watched"
        );
        let known: Vec<String> = before.into_iter().map(|(id, _)| id).collect();
        let kept: i64 = sqlx::query_scalar("select count(*) from warehouse.calls where id = any($1)")
            .bind(&known)
            .fetch_one(&env.pool)
            .await
            .expect("the calls can be counted");
        assert_eq!(
            usize::try_from(kept).expect("a count"),
            known.len(),
            "{order:?}: none was displaced"
        );
        // The late ones lie within the look-back, so that the next run has all.
        assert_all_arrive(&env, 4_160).await;
    }
}
