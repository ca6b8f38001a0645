//! Every stream of Convoso, from the simulated account to the warehouse.

use chrono::TimeDelta;
use convene::commands::RunReport;
use sandbox::convoso::{Account, Empty};

use crate::field::{Field, after_each_batch, flaws};

/// The tables that an account fills.
const TABLES: [&str; 11] = [
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
    "recordings",
];

/// An account with all streams.
async fn whole() -> Field {
    Field::of("convoso", |options| options.calls_per_day = 60, |_, _| ()).await
}

/// An account that reads only these streams.
async fn only(streams: &[&str]) -> Field {
    let mut field = whole().await;
    field.only(streams);
    field
}

fn world(field: &Field) -> &Account {
    field.sandbox.convoso()
}

/// Compares everything with what the sandbox says now. Recordings are told by two streams, see the test about them.
async fn assert_all(field: &Field) {
    let world = world(field);
    field.assert_truth().await;
    field.assert_same("leads", world.snapshot("leads")).await;
    field.assert_same("callbacks", world.snapshot("callbacks")).await;
    field.assert_same("campaigns", world.snapshot("campaigns")).await;
    field.assert_same("lists", world.snapshot("lists")).await;
    field
        .assert_same("dispositions", world.snapshot("dispositions"))
        .await;
    field
        .assert_same("do_not_contact", world.snapshot("do_not_contact"))
        .await;
    field
        .assert_same("agent_performance", world.snapshot("agent_performance"))
        .await;
    field
        .assert_same("agent_events", world.snapshot("agent_events"))
        .await;
}

/// Where every row is stored: one that was written has another place.
async fn places(field: &Field) -> Vec<String> {
    let mut places = Vec::new();
    for table in TABLES {
        let query = format!(
            "select md5(string_agg(xmin::text || ctid::text || id, ',' order by id)) from warehouse.{table}"
        );
        places.push(field.text(&query).await);
    }
    places
}

/// Rows of a table that are marked as deleted.
async fn deleted(field: &Field, table: &str) -> Vec<String> {
    let query = format!("select id from warehouse.{table} where deleted_at is not null order by id");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .fetch_all(&field.pool)
        .await
        .expect("the rows can be read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_brings_what_the_account_has_and_a_second_sync_writes_nothing() {
    let field = whole().await;
    field.sync_completely().await;
    assert_all(&field).await;
    let before = places(&field).await;
    let reports = field.sync_completely().await;
    let written = |report: &RunReport| report.counts.inserted + report.counts.updated + report.counts.deleted;
    assert!(reports.iter().all(|report| written(report) == 0), "{reports:#?}");
    assert_eq!(places(&field).await, before);
    let fresh = field.warehouse.freshness().await.expect("freshness is told");
    let incomplete = fresh.iter().filter(|fresh| fresh.complete_through.is_none());
    assert_eq!(incomplete.count(), 0, "{fresh:#?}");
    assert_eq!(fresh.len(), TABLES.len(), "{fresh:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_in_the_account_changes_in_the_warehouse() {
    let field = whole().await;
    field.sync_completely().await;
    let now = field.sandbox.now();
    let account = world(&field);
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
    let gone = deleted(&field, "leads").await.len();
    // Time passes, so that calls end, callbacks come due, and changes are old enough to be read.
    field.sandbox.advance(TimeDelta::minutes(5));
    let reports = field.try_sync(&[], true, convene::commands::deaf()).await;
    let reports: Vec<RunReport> = reports.into_iter().map(|report| report.expect("a run")).collect();
    assert!(
        reports.iter().all(RunReport::is_complete),
        "{:#?}",
        flaws(&reports)
    );
    assert_all(&field).await;
    assert_eq!(deleted(&field, "leads").await.len(), gone + 2);
    assert_eq!(deleted(&field, "lists").await, ["1881"]);
    assert_eq!(deleted(&field, "do_not_contact").await, ["call:502", "sms:503"]);
    let due = format!("select stage from warehouse.callbacks where id = '{promise}'");
    assert_eq!(field.text(&due).await, "pending");
    // One that comes back is alive again.
    let account = world(&field);
    assert!(account.restore_lead(&leads[2]));
    field.sandbox.advance(TimeDelta::minutes(3));
    field.sync_completely().await;
    assert_all(&field).await;
    assert_eq!(deleted(&field, "leads").await.len(), gone + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_in_which_more_leads_changed_than_a_page_holds_arrives_whole() {
    let field = only(&["leads"]).await;
    world(&field).add_leads(600);
    world(&field).touch_leads(2_500);
    field.sandbox.advance(TimeDelta::minutes(2));
    field.sync_completely().await;
    field.assert_same("leads", world(&field).snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_that_change_while_they_are_read_displace_no_others() {
    let field = only(&["leads"]).await;
    let account = field.sandbox.convoso().clone();
    account.add_leads(4_500);
    field.sandbox.advance(TimeDelta::minutes(5));
    let changing = account.clone();
    let watch = after_each_batch(move |batch| {
        if batch <= 3 {
            changing.touch_leads(40 * batch);
        }
    });
    let reports = field.try_sync(&[], false, watch).await;
    assert!(reports[0].as_ref().expect("a run").is_complete(), "{reports:#?}");
    let missing = i64::try_from(account.snapshot("leads").len()).expect("a count")
        - field.count("warehouse.leads").await;
    assert!(missing <= 120, "only leads that changed may be late: {missing}");
    field.sandbox.advance(TimeDelta::minutes(5));
    field.sync_completely().await;
    field.assert_same("leads", account.snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_perhaps_mean_nothing_mark_nothing_as_deleted() {
    let mut field = only(&["leads", "callbacks", "agent_performance", "agent_events"]).await;
    field.sync_completely().await;
    field.sandbox.convoso().quirks(|quirks| {
        quirks.empty_leads = Empty::Code;
        quirks.empty_callbacks = Empty::Code;
        quirks.empty_agents = Empty::Array;
        quirks.counts_as_numbers = true;
        quirks.lead_ids_as_numbers = true;
    });
    field.sync().await;
    for table in ["leads", "callbacks", "agent_performance", "agent_events"] {
        assert_eq!(deleted(&field, table).await, Vec::<String>::new(), "{table}");
    }
    field
        .sandbox
        .convoso()
        .quirks(|quirks| quirks.leads_as_array = true);
    // The whole history again, with the other form of the answer.
    field.only(&["leads"]);
    crate::books::execute(&field, "delete from warehouse.leads").await;
    crate::books::execute(
        &field,
        "update sync.coverage set covered = '{}', settled = '{}' where stream = 'leads'",
    )
    .await;
    field.sync().await;
    field.assert_same("leads", world(&field).snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_by_agent_fill_gaps_and_never_take_the_place_of_those_of_calls() {
    let mut field = only(&["recordings"]).await;
    field.sync_completely().await;
    field
        .assert_same("agents", world(&field).snapshot("agents"))
        .await;
    let told = field.count("warehouse.recordings").await;
    assert!(told > 20, "{told}");
    let truth = world(&field).snapshot("recordings");
    let (ids, records): (Vec<_>, Vec<_>) = truth.into_iter().unzip();
    let wrong = "select count(*) from warehouse.recordings as r
        left join unnest($1::text[], $2::text[]) as v (id, raw) using (id) where v.id is null or r.raw <> v.raw::jsonb";
    let wrong: i64 = sqlx::query_scalar(wrong)
        .bind(&ids)
        .bind(&records)
        .fetch_one(&field.pool)
        .await
        .expect("the recordings can be compared");
    assert_eq!(wrong, 0);
    assert_eq!(
        field
            .number("select count(*) from warehouse.recordings where call_id is not null")
            .await,
        0
    );
    field.only(&["calls", "agents"]);
    field.sync_completely().await;
    field.assert_truth().await;
    let without = "select count(*) from warehouse.recordings where call_id is null";
    assert_eq!(field.number(without).await, 0, "the call log knows all of them");
    field.only(&["recordings"]);
    let reports = field.sync_completely().await;
    assert_eq!(
        reports[0].counts.updated + reports[0].counts.inserted,
        0,
        "{reports:#?}"
    );
    assert_eq!(field.number(without).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_read_whole_where_a_status_is_required() {
    let field = only(&["lists"]).await;
    world(&field).quirks(|quirks| quirks.strict_lists = true);
    field.sync_completely().await;
    field.assert_same("lists", world(&field).snapshot("lists")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_numbers_beyond_reach_is_read_campaign_by_campaign() {
    let mut field = only(&["do_not_call", "sms_opt_outs"]).await;
    field.source().timeout = Some(std::time::Duration::from_mins(5));
    field.sync_completely().await;
    world(&field).add_do_not_contact(false, 410, 60_000);
    world(&field).add_do_not_contact(false, 0, 45_000);
    let reports = field.sync_completely().await;
    assert_eq!(
        reports.iter().map(|report| report.counts.inserted).sum::<i64>(),
        105_000
    );
    assert_eq!(deleted(&field, "do_not_contact").await, Vec::<String>::new());
    // More of one campaign than can be reached is said aloud.
    world(&field).add_do_not_contact(false, 0, 60_000);
    let flaws = flaws(&field.sync_only(&["do_not_call"]).await);
    assert!(flaws[0].contains("in a span that cannot be divided"), "{flaws:?}");
}
