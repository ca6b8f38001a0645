//! Converz: typed columns, measures and reports, against another reading of the records, in SQL.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use connectors::schema::{Agent, Call, CallMetric, Entity, Table};
use serde_json::value::RawValue;

use crate::converz::{METRICS, build_env, forget, option, sync, tenant};
use crate::support::env::TestEnv;

/// Readers written again: a text that is not one of the spellings of nothing, an instant, and a telephone number.
const READERS: &str = r"
    create function pg_temp.said(raw jsonb, field text) returns text immutable language sql as
        $$ select nullif(nullif(btrim(raw ->> field), ''), 'null') $$;
    create function pg_temp.at(raw jsonb, field text) returns timestamptz immutable language sql as
        $$ select (raw ->> field)::timestamp at time zone 'UTC' $$;
    create function pg_temp.e164(number text) returns text immutable language sql as
        $$ select case when number ~ '^[2-9]\d\d[2-9]\d{6}$' then '+1' || number end $$;
";

/// What each column of a call holds; those that are not named hold nothing.
const CALLS: &[(&str, &str)] = &[
    ("started_at", "pg_temp.at(raw, 'start_time')"),
    ("local_day", "((raw ->> 'start_time')::timestamp)::date"),
    ("ended_at", "pg_temp.at(raw, 'end_time')"),
    ("duration_seconds", "(raw ->> 'duration')::bigint"),
    ("direction", "raw ->> 'direction'"),
    ("call_type", "raw ->> 'direction'"),
    ("agent_id", "pg_temp.said(raw, 'rep_id')"),
    ("campaign_name", "pg_temp.said(raw, 'campaign')"),
    ("subcampaign_name", "pg_temp.said(raw, 'subcampaign')"),
    ("department", "pg_temp.said(raw, 'department')"),
    (
        "from_number",
        "case raw ->> 'direction' when 'inbound' then raw ->> 'customer_phone' end",
    ),
    ("from_e164", "pg_temp.e164(from_number)"),
    (
        "to_number",
        "case raw ->> 'direction' when 'inbound' then null else raw ->> 'customer_phone' end",
    ),
    ("to_e164", "pg_temp.e164(to_number)"),
    ("summary", "pg_temp.said(raw, 'summary')"),
    ("language", "pg_temp.said(raw, 'language')"),
    ("is_escalated", "(raw ->> 'escalated')::int = 1"),
    ("origin_system", "pg_temp.said(raw, 'vendor')"),
    ("origin_call_id", "pg_temp.said(raw, 'vendor_call_id')"),
];

const AGENTS: &[(&str, &str)] = &[
    ("name", "pg_temp.said(raw, 'name')"),
    ("email", "lower(raw ->> 'email')"),
    ("is_active", "(raw ->> 'active')::int = 1"),
    ("is_listed", "true"),
    ("department", "pg_temp.said(raw, 'department')"),
    ("campaign_name", "pg_temp.said(raw, 'campaign')"),
    ("subcampaign_name", "pg_temp.said(raw, 'subcampaign')"),
    ("gender", "pg_temp.said(raw, 'gender')"),
];

const CALL_METRICS: &[(&str, &str)] = &[
    ("call_id", "raw ->> 'call_id'"),
    ("metric", "split_part(id, ':', 2)"),
    ("value", "(raw ->> split_part(id, ':', 2))::numeric"),
];

async fn assert_table(env: &TestEnv, table: &Table, readings: &[(&str, &str)]) {
    let mut connection = env.pool.acquire().await.expect("a connection");
    sqlx::raw_sql(READERS)
        .execute(&mut *connection)
        .await
        .expect("the readers are made");
    assert!(env.count(&format!("warehouse.{}", table.name)).await > 0);
    for column in table.columns {
        let reading = readings.iter().find(|(name, _)| *name == column.name);
        let reading = reading.map_or("null", |(_, reading)| reading);
        let query = format!(
            "select count(*) from warehouse.{} as t where {} is distinct from ({reading})",
            table.name, column.name
        );
        let wrong: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query.clone()))
            .fetch_one(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(wrong, 0, "{}.{}", table.name, column.name);
    }
    sqlx::raw_sql("discard temp")
        .execute(&mut *connection)
        .await
        .expect("the readers go");
}

/// The measures of every call, by the names of their rows.
fn measures(env: &TestEnv) -> Vec<(String, String)> {
    let mut measures = Vec::new();
    for (call, record) in tenant(env).snapshot_calls(&METRICS) {
        // A number that is read and written anew may lose a digit.
        let record: BTreeMap<&str, &RawValue> = serde_json::from_str(&record).expect("it is JSON");
        for metric in METRICS {
            let value = record.get(metric).map_or("null", |value| value.get());
            let own = format!(r#"{{"call_id":"{call}","{metric}":{value}}}"#);
            measures.push((format!("{call}:{metric}"), own));
        }
    }
    measures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_typed_column_says_what_its_record_says() {
    let mut env = build_env(|_| ()).await;
    option(&mut env, "metrics", &METRICS);
    env.sync_completely().await;
    env.assert_same("calls", tenant(&env).snapshot("calls")).await;
    env.assert_same("call_metrics", measures(&env)).await;
    assert_table(&env, Call::TABLE, CALLS).await;
    assert_table(&env, Agent::TABLE, AGENTS).await;
    assert_table(&env, CallMetric::TABLE, CALL_METRICS).await;
    let calls = env.count("warehouse.calls").await;
    assert_eq!(env.count("warehouse.call_metrics").await, 2 * calls);
    // A value that a call does not have is a row without value.
    let without = "select count(*) from warehouse.call_metrics where value is null";
    assert!(env.number(without).await > 0);
}

/// Places where a report and the calls of the warehouse do not agree: by day and campaign.
const REPORT_FLAWS: &str = "
    select count(*) from
        (select day, campaign_name, value::bigint as calls from warehouse.report_metrics
         where report = 'date,campaign' and metric = 'n_calls' and deleted_at is null) as told
    full join
        (select (started_at at time zone 'UTC')::date as day, campaign_name, count(*) as calls
         from warehouse.calls group by 1, 2) as counted
    on told.day = counted.day and told.campaign_name is not distinct from counted.campaign_name
        and told.calls = counted.calls
    where told is null or counted is null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_agree_with_the_calls_and_groups_that_vanish_are_marked() {
    let mut env = build_env(|_| ()).await;
    let texts = [
        "date,campaign: n_calls, avg_handle_time",
        "week,rep_id: talk_seconds",
        "vendor",
    ];
    option(&mut env, "reports", &texts);
    let tenant = tenant(&env);
    sync(&env).await;
    assert_eq!(env.number(REPORT_FLAWS).await, 0);
    let weeks = "select count(*) from warehouse.report_metrics
                 where report = 'week,rep_id' and period !~ '^2[0-9]{3}-W[0-9]{2}$'";
    assert_eq!(env.number(weeks).await, 0);
    let sums = "select abs((select sum(value) from warehouse.report_metrics where metric = 'talk_seconds')
                - (select sum(duration_seconds) from warehouse.calls))::bigint";
    assert_eq!(env.number(sums).await, 0);
    // A second run writes nothing.
    assert_eq!(sync(&env).await, 0);
    // All calls of one campaign on one day move to another: the group is gone.
    let day = (env.sandbox.now() - TimeDelta::days(1)).date_naive();
    let query = format!(
        "select string_agg(id, ' ') from warehouse.calls where campaign_name = 'claims'
         and (started_at at time zone 'UTC')::date = '{day}'"
    );
    for id in env.text(&query).await.split(' ') {
        tenant.set_call(id, "campaign", serde_json::json!("renewal"));
    }
    forget(&env).await;
    sync(&env).await;
    assert_eq!(env.number(REPORT_FLAWS).await, 0);
    let gone = "select count(*) from warehouse.report_metrics where deleted_at is not null and campaign_name = 'claims'";
    assert_eq!(env.number(gone).await, 2);
}
