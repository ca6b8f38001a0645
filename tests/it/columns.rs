//! The typed columns of every row, against another reading of its record, in SQL.

use connectors::schema::{Agent, Call, Entity, Recording, Table};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use crate::support::env::TestEnv;

/// Readers written again: a text that is not one of the spellings of nothing, an id, a whole number, and an instant.
const READERS: &str = r"
    create function pg_temp.said(raw jsonb, field text) returns text immutable language sql as
        $$ select nullif(nullif(btrim(raw ->> field), ''), 'null') $$;
    create function pg_temp.id(raw jsonb, field text) returns text immutable language sql as
        $$ select nullif(pg_temp.said(raw, field), '0') $$;
    create function pg_temp.whole(raw jsonb, field text) returns bigint immutable language sql as
        $$ select round(pg_temp.said(raw, field)::numeric)::bigint $$;
    create function pg_temp.first(local timestamp) returns timestamptz immutable language sql as
        -- The server takes the second of two instants.
        $$ select case when (later - interval '1 hour') at time zone 'America/Los_Angeles' = local
                       then later - interval '1 hour' else later end
           from (select local at time zone 'America/Los_Angeles') as t (later) $$;
    create function pg_temp.e164(number text) returns text immutable language sql as
        $$ select case when number ~ '^1?[2-9]\d\d[2-9]\d{6}$' then '+1' || right(number, 10) end $$;
";

/// What each column of a call holds, in the order of the table's description.
const CALLS: &[(&str, &str)] = &[
    ("started_at", "pg_temp.first((raw ->> 'call_date')::timestamp)"),
    ("local_day", "((raw ->> 'call_date')::timestamp)::date"),
    (
        "ended_at",
        "pg_temp.first((raw ->> 'call_date')::timestamp) + make_interval(secs => (nullif(raw ->> 'call_length', ''))::int)",
    ),
    ("duration_seconds", "nullif(raw ->> 'call_length', '')::bigint"),
    (
        "direction",
        "case raw ->> 'call_type' when 'INBOUND' then 'inbound' when 'OUTBOUND' then 'outbound'
            when 'MANUAL' then 'outbound' when '3WAY' then 'transfer' end",
    ),
    ("call_type", "raw ->> 'call_type'"),
    (
        "is_final",
        "nullif(raw ->> 'call_length', '') is not null or (raw ->> 'status_name' is distinct from 'Call In Progress'
            and started_at <= (context ->> 'read_at')::timestamptz - interval '15 minutes')",
    ),
    ("agent_id", "pg_temp.id(raw, 'user_id')"),
    ("agent_name", "pg_temp.said(raw, 'user')"),
    ("lead_id", "pg_temp.id(raw, 'lead_id')"),
    ("list_id", "pg_temp.id(raw, 'list_id')"),
    ("campaign_id", "pg_temp.id(raw, 'campaign_id')"),
    ("campaign_name", "pg_temp.said(raw, 'campaign')"),
    ("queue_id", "pg_temp.id(raw, 'queue_id')"),
    ("queue_name", "pg_temp.said(raw, 'queue')"),
    ("queue_seconds", "pg_temp.said(raw, 'queue_seconds')::numeric"),
    ("queue_position", "pg_temp.whole(raw, 'queue_position')"),
    (
        "from_number",
        "case when raw ->> 'call_type' = 'INBOUND' then raw ->> 'phone_number' else raw ->> 'caller_id_displayed' end",
    ),
    ("from_e164", "pg_temp.e164(from_number)"),
    (
        "to_number",
        "case when raw ->> 'call_type' = 'INBOUND' then raw ->> 'inbound_number'
            else coalesce(raw ->> 'number_dialed', raw ->> 'phone_number') end",
    ),
    ("to_e164", "pg_temp.e164(to_number)"),
    ("first_name", "pg_temp.said(raw, 'first_name')"),
    ("last_name", "pg_temp.said(raw, 'last_name')"),
    ("disposition_code", "pg_temp.said(raw, 'status')"),
    ("disposition_name", "pg_temp.said(raw, 'status_name')"),
    ("end_reason", "pg_temp.said(raw, 'term_reason')"),
    ("comment", "pg_temp.said(raw, 'agent_comment')"),
    ("attempt_number", "pg_temp.whole(raw, 'called_count')"),
    (
        "transferred_from_agent_id",
        "pg_temp.id(raw, 'originating_agent_id')",
    ),
    ("session_id", "pg_temp.said(raw, 'session_id')"),
];

const RECORDINGS: &[(&str, &str)] = &[
    (
        "call_id",
        "(select c.id from warehouse.calls as c where c.raw -> 'recording' @> jsonb_build_array(t.raw))",
    ),
    (
        "lead_id",
        "(select c.lead_id from warehouse.calls as c where c.id = call_id)",
    ),
    (
        "started_at",
        "(select c.started_at from warehouse.calls as c where c.id = call_id)",
    ),
    ("url", "raw ->> 'public_url'"),
    ("media_type", "raw ->> 'type'"),
    ("file_name", "raw ->> 'filename'"),
];

const AGENTS: &[(&str, &str)] = &[
    ("name", "(raw ->> 'first_name') || ' ' || (raw ->> 'last_name')"),
    ("first_name", "raw ->> 'first_name'"),
    ("last_name", "raw ->> 'last_name'"),
    ("email", "lower(raw ->> 'email')"),
    ("is_active", "raw ->> 'status' = 'Y'"),
    ("is_system", "id in ('666666', '666667', '666671')"),
    ("is_listed", "true"),
    ("level", "(raw ->> 'user_level')::bigint"),
    ("utc_offset_hours", "(raw ->> 'local_gmt')::numeric"),
    ("created_at", "(raw ->> 'created_at')::timestamptz"),
    (
        "last_login_at",
        "pg_temp.first((raw ->> 'last_login')::timestamp)",
    ),
];

/// Of a row that only others name nothing but this is known, and no record.
const NOT_ONLY_NAMED: &str = "raw - '{id,name}'::text[] <> '{}'";

/// Makes the readers, for one connection.
pub(crate) async fn readers(env: &TestEnv) -> PoolConnection<Postgres> {
    let mut connection = env.pool.acquire().await.expect("the database answers");
    sqlx::raw_sql(READERS)
        .execute(&mut *connection)
        .await
        .expect("the readers are made");
    connection
}

/// Reads every record of a table again, and compares it with every column of its row. Columns without a reading must be NULL.
pub(crate) async fn assert_readings(
    connection: &mut PgConnection,
    table: &Table,
    id: &str,
    readings: &[(&str, &str)],
) {
    for (name, _) in readings {
        let is_known = table.columns.iter().any(|column| column.name == *name);
        assert!(is_known, "{}.{name} is a column", table.name);
    }
    let reading = |name: &str| readings.iter().find(|(known, _)| *known == name);
    let columns = table.columns.iter();
    let columns = columns.map(|column| (column.name, reading(column.name).map_or("null", |(_, sql)| sql)));
    for (column, reading) in std::iter::once(("id", id)).chain(columns) {
        let query = format!(
            "select count(*), coalesce(min(id) filter (where {column} is distinct from ({reading})), '')
             from warehouse.{} as t where {NOT_ONLY_NAMED}",
            table.name
        );
        let (count, wrong): (i64, String) = sqlx::query_as(sqlx::AssertSqlSafe(query.clone()))
            .fetch_one(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(count > 0, "{} has rows", table.name);
        assert_eq!(wrong, "", "{}.{column}", table.name);
    }
}

/// What columns hold: their names, and SQL that reads it from the record.
pub(crate) type Readings = &'static [(&'static str, &'static str)];

const TABLES: [(&Table, &str, Readings); 3] = [
    (Call::TABLE, "raw ->> 'id'", CALLS),
    (Recording::TABLE, "raw ->> 'recording_id'", RECORDINGS),
    (Agent::TABLE, "raw ->> 'id'", AGENTS),
];

/// Reads every record again, and compares it with every column of its row.
pub(crate) async fn assert_columns(env: &TestEnv) {
    let mut connection = readers(env).await;
    for (table, id, readings) in TABLES {
        assert_readings(&mut connection, table, id, readings).await;
    }
}

/// Whether a column says something in some rows: two readings that are empty everywhere would agree too.
async fn assert_told(env: &TestEnv) {
    for (table, _, readings) in TABLES {
        for (column, _) in readings {
            // All recordings are of one type, and nobody is said not to be listed.
            let fewest = match (table.name, *column) {
                ("recordings", "media_type") | (_, "is_listed") => 1,
                _ => 2,
            };
            let query = format!("select count(distinct {column}) from warehouse.{}", table.name);
            let values = env.number(&query).await;
            assert!(values >= fewest, "{}.{column}: {values}", table.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_row_says_what_its_record_says() {
    let env = TestEnv::with(|options| options.calls_per_day = 600).await;
    env.sandbox
        .convoso()
        .add_calls(20, env.sandbox.now(), chrono::TimeDelta::zero());
    env.sync_completely().await;
    assert_columns(&env).await;
    assert_told(&env).await;
}
