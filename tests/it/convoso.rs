//! Every stream of Convoso, from the simulated account to the warehouse.

use chrono::TimeDelta;
use convene::engine::RunReport;
use sandbox::convoso::{Account, Empty};

use crate::support::env::{TestEnv, after_each_batch, flaws};

/// The tables that an account fills.
const TABLES: [&str; 12] = [
    "agent_events",
    "agent_performance",
    "agents",
    "callbacks",
    "calls",
    "campaigns",
    "dispositions",
    "do_not_contact",
    "leads",
    "lists",
    "queues",
    "recordings",
];

/// An account with all streams.
async fn whole() -> TestEnv {
    TestEnv::of("convoso", |options| options.calls_per_day = 60, |_, _| ()).await
}

/// An account that reads only these streams.
async fn only(streams: &[&str]) -> TestEnv {
    let mut env = whole().await;
    env.only(streams);
    env
}

fn world(env: &TestEnv) -> &Account {
    env.sandbox.convoso()
}

/// Compares everything with what the sandbox says now. Recordings are told by two streams, see the test about them.
async fn assert_all(env: &TestEnv) {
    let world = world(env);
    env.assert_truth().await;
    env.assert_same("leads", world.snapshot("leads")).await;
    env.assert_same("callbacks", world.snapshot("callbacks")).await;
    env.assert_same("campaigns", world.snapshot("campaigns")).await;
    env.assert_same("lists", world.snapshot("lists")).await;
    env.assert_same("dispositions", world.snapshot("dispositions"))
        .await;
    env.assert_same("do_not_contact", world.snapshot("do_not_contact"))
        .await;
    env.assert_same("agent_performance", world.snapshot("agent_performance"))
        .await;
    env.assert_same("agent_events", world.snapshot("agent_events"))
        .await;
}

/// Where every row is stored: one that was written has another place.
async fn places(env: &TestEnv) -> Vec<String> {
    let mut places = Vec::new();
    for table in TABLES {
        let query = format!(
            "select md5(string_agg(xmin::text || ctid::text || id, ',' order by id)) from warehouse.{table}"
        );
        places.push(env.text(&query).await);
    }
    places
}

/// Rows of a table that are marked as deleted.
async fn deleted(env: &TestEnv, table: &str) -> Vec<String> {
    let query = format!("select id from warehouse.{table} where deleted_at is not null order by id");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .fetch_all(&env.pool)
        .await
        .expect("the rows can be read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_brings_what_the_account_has_and_a_second_sync_writes_nothing() {
    let env = whole().await;
    env.sync_completely().await;
    assert_all(&env).await;
    let before = places(&env).await;
    let reports = env.sync_completely().await;
    let written = |report: &RunReport| report.counts.inserted + report.counts.updated + report.counts.deleted;
    assert!(reports.iter().all(|report| written(report) == 0), "{reports:#?}");
    assert_eq!(places(&env).await, before);
    let fresh = env.warehouse.list_freshness().await.expect("freshness is told");
    let incomplete = fresh.iter().filter(|fresh| fresh.complete_through.is_none());
    assert_eq!(incomplete.count(), 0, "{fresh:#?}");
    assert_eq!(fresh.len(), TABLES.len(), "{fresh:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_in_the_account_changes_in_the_warehouse() {
    let env = whole().await;
    env.sync_completely().await;
    let now = env.sandbox.now();
    let account = world(&env);
    let leads: Vec<String> = account.snapshot("leads").into_iter().map(|(id, _)| id).collect();
    assert!(
        account.touch_lead(&leads[0])
            && account.delete("leads", &leads[1])
            && account.archive("leads", &leads[2])
    );
    account.add_lead();
    let promise = account.add_callback(now + TimeDelta::days(300));
    assert!(account.dismiss_callback("41001"));
    assert!(
        account.set("lists", "1850", "status", "N")
            && account.set("lists", "1851", "status", "Y")
            && account.delete("lists", "1881")
    );
    account.add_do_not_contact(false, 410, 3);
    assert!(account.delete("do_not_call", "502") && account.delete("sms_opt_outs", "503"));
    let gone = deleted(&env, "leads").await.len();
    // Time passes, so that calls end, callbacks come due, and changes are old enough to be read.
    env.sandbox.advance(TimeDelta::minutes(5));
    let reports = env.try_sync(&[], convene::engine::no_observer()).await;
    let reports: Vec<RunReport> = reports.into_iter().map(|report| report.expect("a run")).collect();
    assert!(
        reports.iter().all(RunReport::is_complete),
        "{:#?}",
        flaws(&reports)
    );
    assert_all(&env).await;
    assert_eq!(deleted(&env, "leads").await.len(), gone + 2);
    assert_eq!(deleted(&env, "lists").await, ["1881"]);
    assert_eq!(deleted(&env, "do_not_contact").await, ["call:502", "sms:503"]);
    let due = format!("select stage from warehouse.callbacks where id = '{promise}'");
    assert_eq!(env.text(&due).await, "pending");
    // One that comes back is alive again.
    let account = world(&env);
    assert!(account.restore_lead(&leads[2]));
    env.sandbox.advance(TimeDelta::minutes(3));
    env.sync_completely().await;
    assert_all(&env).await;
    assert_eq!(deleted(&env, "leads").await.len(), gone + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_in_which_more_leads_changed_than_a_page_holds_arrives_whole() {
    let env = only(&["leads"]).await;
    world(&env).add_leads(2_300);
    world(&env).touch_leads(2_500);
    env.sandbox.advance(TimeDelta::minutes(2));
    env.sync_completely().await;
    env.assert_same("leads", world(&env).snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_that_change_while_they_are_read_displace_no_others() {
    let env = only(&["leads"]).await;
    let account = env.sandbox.convoso().clone();
    account.add_leads(4_500);
    env.sandbox.advance(TimeDelta::minutes(5));
    let changing = account.clone();
    let watch = after_each_batch(move |batch| {
        if batch <= 3 {
            changing.touch_leads(40 * batch);
        }
    });
    let reports = env.try_sync(&[], watch).await;
    assert!(reports[0].as_ref().expect("a run").is_complete(), "{reports:#?}");
    let missing =
        i64::try_from(account.snapshot("leads").len()).expect("a count") - env.count("warehouse.leads").await;
    assert!(missing <= 120, "only leads that changed may be late: {missing}");
    env.sandbox.advance(TimeDelta::minutes(5));
    env.sync_completely().await;
    env.assert_same("leads", account.snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_perhaps_mean_nothing_mark_nothing_as_deleted() {
    let mut env = only(&["leads", "callbacks", "agent_performance", "agent_events"]).await;
    env.sync_completely().await;
    env.sandbox.convoso().quirks(|quirks| {
        quirks.empty_leads = Empty::Code;
        quirks.empty_callbacks = Empty::Code;
        quirks.empty_agents = Empty::Array;
        quirks.counts_as_numbers = true;
        quirks.lead_ids_as_numbers = true;
    });
    env.sync().await;
    for table in ["leads", "callbacks", "agent_performance", "agent_events"] {
        assert_eq!(deleted(&env, table).await, Vec::<String>::new(), "{table}");
    }
    env.sandbox
        .convoso()
        .quirks(|quirks| quirks.leads_as_array = true);
    // The whole history again, with the other form of the answer.
    env.only(&["leads"]);
    crate::support::invariants::execute(&env, "delete from warehouse.leads").await;
    crate::support::invariants::execute(
        &env,
        "update sync.coverage set covered = '{}', settled = '{}' where stream = 'leads'",
    )
    .await;
    env.sync().await;
    env.assert_same("leads", world(&env).snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_by_agent_fill_gaps_and_never_take_the_place_of_those_of_calls() {
    let mut env = only(&["recordings"]).await;
    env.sync_completely().await;
    env.assert_same("agents", world(&env).snapshot("agents")).await;
    let told = env.count("warehouse.recordings").await;
    assert!(told > 20, "{told}");
    let truth = world(&env).snapshot("recordings");
    let (ids, records): (Vec<_>, Vec<_>) = truth.into_iter().unzip();
    let wrong = "select count(*) from warehouse.recordings as r
        left join unnest($1::text[], $2::text[]) as v (id, raw) using (id) where v.id is null or r.raw <> v.raw::jsonb";
    let wrong: i64 = sqlx::query_scalar(wrong)
        .bind(&ids)
        .bind(&records)
        .fetch_one(&env.pool)
        .await
        .expect("the recordings can be compared");
    assert_eq!(wrong, 0);
    assert_eq!(
        env.number("select count(*) from warehouse.recordings where call_id is not null")
            .await,
        0
    );
    env.only(&["calls", "agents"]);
    env.sync_completely().await;
    env.assert_truth().await;
    let without = "select count(*) from warehouse.recordings where call_id is null";
    assert_eq!(env.number(without).await, 0, "the call log knows all of them");
    env.only(&["recordings"]);
    let reports = env.sync_completely().await;
    assert_eq!(
        reports[0].counts.updated + reports[0].counts.inserted,
        0,
        "{reports:#?}"
    );
    assert_eq!(env.number(without).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_read_whole_where_a_status_is_required() {
    let env = only(&["lists"]).await;
    world(&env).quirks(|quirks| quirks.strict_lists = true);
    env.sync_completely().await;
    env.assert_same("lists", world(&env).snapshot("lists")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_numbers_beyond_reach_is_read_campaign_by_campaign() {
    let mut env = only(&["do_not_call", "sms_opt_outs"]).await;
    env.source().timeout = Some(std::time::Duration::from_mins(5));
    env.sync_completely().await;
    world(&env).add_do_not_contact(false, 410, 60_000);
    world(&env).add_do_not_contact(false, 0, 45_000);
    let reports = env.sync_completely().await;
    assert_eq!(
        reports.iter().map(|report| report.counts.inserted).sum::<i64>(),
        105_000
    );
    assert_eq!(deleted(&env, "do_not_contact").await, Vec::<String>::new());
    // More of one campaign than can be reached is said aloud.
    world(&env).add_do_not_contact(false, 0, 60_000);
    let flaws = flaws(&env.sync_only(&["do_not_call"]).await);
    assert!(flaws[0].contains("in a span that cannot be divided"), "{flaws:?}");
}
