//! Converz: everything that the tenant has arrives, and nothing is written twice.

use sandbox::Options;
use sandbox::converz::{Account, Ends, Form, Nulls, Order, Times};
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;

use crate::support::env::{TestEnv, flaws};

/// The measures that the tests ask for.
pub(crate) const METRICS: [&str; 2] = ["sentiment", "talk_share"];

/// A warehouse, a simulated tenant with two days of calls, and settings that bring them together.
pub(crate) async fn build_env(change: impl FnOnce(&mut Options)) -> TestEnv {
    let mut env = TestEnv::with(|options| {
        options.calls_per_day = 40;
        change(options);
    })
    .await;
    let url = env.sandbox.converz_url();
    let source = env.source();
    source.vendor = connectors::vendors::find_vendor("converz").expect("a vendor");
    source.base_url = Some(url.parse().expect("the sandbox has a URL"));
    source.secrets = BTreeMap::from([("api_key", SecretString::from("sandbox-token".to_owned()))]);
    env
}

/// Sets an option of the vendor's own.
pub(crate) fn option(env: &mut TestEnv, name: &'static str, values: &[&str]) {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    env.source().options.insert(name, values);
}

pub(crate) fn tenant(env: &TestEnv) -> Arc<Account> {
    Arc::clone(env.sandbox.converz())
}

/// Runs everything once, completely, and compares it with the tenant.
pub(crate) async fn sync(env: &TestEnv) -> i64 {
    let reports = env.sync_completely().await;
    let tenant = tenant(env);
    env.assert_same("calls", tenant.snapshot("calls")).await;
    env.assert_same("agents", tenant.snapshot("agents")).await;
    reports
        .iter()
        .map(|report| report.counts.inserted + report.counts.updated)
        .sum()
}

/// Forgets that anything was read, so that the next run reads all of it again.
pub(crate) async fn forget(env: &TestEnv) {
    crate::support::invariants::execute(env, "update sync.coverage set covered = '{}', settled = '{}'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_arrives_whole_and_a_second_run_writes_nothing() {
    let mut env = build_env(|_| ()).await;
    assert!(sync(&env).await > 200);
    let written = env.tuples_written().await;
    // Everything is to be read again, as a trailing re-read does.
    let due = "insert into sync.rereads select source, stream, '1000 days', now(), covered from sync.coverage
               where stream = 'calls'";
    crate::support::invariants::execute(&env, due).await;
    assert_eq!(sync(&env).await, 0);
    let seen =
        "select count(*) from sync.slices where stream = 'calls' and purpose = 'reread' and unchanged > 0";
    assert!(env.number(seen).await > 0);
    assert_eq!(env.tuples_written().await, written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_arrives_whole_whatever_its_habits() {
    let mut env = build_env(|options| options.converz_calls_per_day = 300).await;
    option(&mut env, "page_size", &["100"]);
    let tenant = tenant(&env);
    let start = env.sandbox.now() - TimeDelta::hours(30);
    // Two crowded minutes, of which one does not fit a page.
    tenant.add_calls(90, start, TimeDelta::seconds(59));
    tenant.add_calls(350, start + TimeDelta::minutes(1), TimeDelta::seconds(59));
    let habits = [
        (
            Order::ById,
            Form::Rows,
            Nulls::Present,
            Times::Seconds,
            Ends::Minutes,
        ),
        (
            Order::Shuffled,
            Form::Rows,
            Nulls::Missing,
            Times::Minutes,
            Ends::Minutes,
        ),
        (
            Order::Shuffled,
            Form::Columns,
            Nulls::Present,
            Times::Seconds,
            Ends::Seconds,
        ),
        (
            Order::Shuffled,
            Form::Wrapped,
            Nulls::Present,
            Times::Minutes,
            Ends::Seconds,
        ),
        (
            Order::ById,
            Form::Rows,
            Nulls::Missing,
            Times::Offset,
            Ends::Seconds,
        ),
    ];
    for (turn, (order, form, nulls, times, ends)) in habits.into_iter().enumerate() {
        tenant.quirks(|quirks| {
            (quirks.order, quirks.form, quirks.nulls) = (order, form, nulls);
            (quirks.times, quirks.ends) = (times, ends);
            (quirks.booleans, quirks.ids_as_text) = (turn % 2 == 1, turn % 2 == 1);
        });
        forget(&env).await;
        sync(&env).await;
    }
    assert!(env.count("warehouse.calls").await > 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_appear_between_two_page_requests_displace_none() {
    let mut env = build_env(|options| options.converz_calls_per_day = 400).await;
    option(&mut env, "page_size", &["100"]);
    let tenant = tenant(&env);
    tenant.quirks(|quirks| quirks.order = Order::Shuffled);
    let known = tenant.snapshot("calls");
    let from = env.sandbox.now() - TimeDelta::hours(20);
    tenant.change_between_requests(move |tenant, count| {
        if count % 3 == 0 && count < 60 {
            tenant.add_calls(5, from, TimeDelta::hours(19));
        }
    });
    let reports = env.sync_completely().await;
    assert!(reports.iter().all(|report| report.unfinished.is_empty()));
    let ids: Vec<String> = known.into_iter().map(|(id, _)| id).collect();
    let kept: i64 = sqlx::query_scalar("select count(*) from warehouse.calls where id = any($1)")
        .bind(&ids)
        .fetch_one(&env.pool)
        .await
        .expect("the calls can be counted");
    assert_eq!(usize::try_from(kept).expect("a count"), ids.len());
    tenant.change_between_requests(|_, _| ());
    sync(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_cuts_pages_or_ignores_the_filter_is_found_out() {
    type Habit = fn(&mut sandbox::converz::Quirks);
    for (habit, wanted) in [
        ((|quirks| quirks.cap = Some(10)) as Habit, "page size"),
        (|quirks| quirks.cap = Some(50), "page size"),
        (
            |quirks| quirks.ignored = vec!["n_per_page".to_owned()],
            "page size",
        ),
        (
            |quirks| quirks.ignored = vec!["after".to_owned(), "before".to_owned()],
            "does not heed the filter",
        ),
    ] {
        let env = build_env(|options| options.days = 20).await;
        tenant(&env).quirks(habit);
        let reports = env.sync_only(&["calls"]).await;
        let told = flaws(&reports).join("\n");
        assert!(told.contains(wanted), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_or_changes_later_arrives_with_the_next_reading() {
    let env = build_env(|options| options.days = 12).await;
    let tenant = tenant(&env);
    tenant.quirks(|quirks| {
        quirks.summary_minutes = 60 * 24 * 30;
        quirks.late_campaigns = false;
    });
    sync(&env).await;
    let summaries = "select count(*) from warehouse.calls where summary is not null";
    assert_eq!(env.number(summaries).await, 0);
    tenant.quirks(|quirks| {
        quirks.summary_minutes = 30;
        quirks.late_campaigns = true;
        quirks.new_column = Some("mood".to_owned());
    });
    forget(&env).await;
    assert!(sync(&env).await > 500);
    assert!(env.number(summaries).await > 500);
    // Another program of the tenant empties a column by accident, and somebody corrects a call by hand.
    tenant.quirks(|quirks| quirks.nulled = vec!["campaign".to_owned()]);
    let (id, _) = tenant.snapshot("calls").remove(0);
    tenant.set_call(&id, "department", json!("south"));
    forget(&env).await;
    sync(&env).await;
    let campaigns = "select count(*) from warehouse.calls where campaign_name is not null";
    assert_eq!(env.number(campaigns).await, 0);
    let department = format!("select department from warehouse.calls where id = '{id}'");
    assert_eq!(env.text(&department).await, "south");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_gone_is_marked_and_comes_back() {
    let env = build_env(|options| options.agents = 30).await;
    let tenant = tenant(&env);
    sync(&env).await;
    let deleted = "select count(*) from warehouse.agents where deleted_at is not null";
    tenant.delete("agents", "a103");
    sync(&env).await;
    assert_eq!(env.number(deleted).await, 1);
    tenant.restore("agents", "a103");
    sync(&env).await;
    assert_eq!(env.number(deleted).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_convoso_has_too_can_be_joined() {
    let env = build_env(|_| ()).await;
    sync(&env).await;
    let linked = env.sandbox.converz().linked_calls();
    assert!(linked.len() > 10);
    let convoso: Vec<String> = env
        .sandbox
        .convoso()
        .snapshot("calls")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert!(linked.iter().all(|(_, there)| convoso.contains(there)));
    let query =
        "select count(*) from warehouse.calls where origin_system = 'convoso' and origin_call_id is not null";
    assert_eq!(
        env.number(query).await,
        i64::try_from(linked.len()).expect("a count")
    );
}
