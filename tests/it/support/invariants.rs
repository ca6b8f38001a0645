//! What must hold at any moment, whatever has gone wrong before.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use sandbox::Options;

use crate::support::env::{SOURCE, TestEnv};

/// How many rows there are of calls and agents. What only others name is there before any list has it, and was read by none.
macro_rules! rows {
    () => {
        "(select count(*) from warehouse.calls) + (select count(*) from warehouse.recordings)
         + (select count(*) from warehouse.agents where content_hash <> '')"
    };
}

/// Calls that name an agent, a campaign, a list, an outcome or a queue without a row.
const UNNAMED: &str = "select count(*) from warehouse.calls as c
     left join warehouse.agents as a on a.source = c.source and a.id = c.agent_id
     left join warehouse.agents as f on f.source = c.source and f.id = c.transferred_from_agent_id
     left join warehouse.campaigns as g on g.source = c.source and g.id = c.campaign_id
     left join warehouse.lists as l on l.source = c.source and l.id = c.list_id
     left join warehouse.dispositions as d on d.source = c.source and d.id = c.disposition_code
     left join warehouse.queues as q on q.source = c.source and q.id = c.queue_id
     where num_nonnulls(c.agent_id, c.transferred_from_agent_id, c.campaign_id, c.list_id, c.disposition_code, c.queue_id)
         <> num_nonnulls(a.id, f.id, g.id, l.id, d.id, q.id)";

/// A field of busy hours, so that most windows have several pages, in a zone whose times name one instant each.
pub(crate) async fn busy_field(days: u32, calls_per_day: u32) -> TestEnv {
    busy_field_with(days, calls_per_day, |_| ()).await
}

/// Like `busy_field`, with other options of the sandbox.
pub(crate) async fn busy_field_with(
    days: u32,
    calls_per_day: u32,
    change: impl FnOnce(&mut Options),
) -> TestEnv {
    let mut env = TestEnv::with(|options| {
        options.days = days;
        options.calls_per_day = calls_per_day;
        options.time_zone = Tz::UTC;
        // No call becomes old enough to be over between two readings: what they bring is compared.
        options.now -= TimeDelta::minutes(30);
        change(options);
    })
    .await;
    env.source().time_zone = Some(Tz::UTC);
    env
}

/// The ledger adds up, every row was inserted by exactly one slice, and nothing is covered but what complete slices read.
pub(crate) async fn assert_ledger(env: &TestEnv) {
    assert_none(
        env,
        "slices that do not add up",
        "select id from sync.slices where rows_seen <> inserted + updated + unchanged + duplicates + rejected
         or (state = 'running') <> (ended_at is null) or (state in ('incomplete', 'failed')) <> (reason is not null)",
    )
    .await;
    assert_none(
        env,
        "checks of the ledger that are gone or not enforced",
        "select name from unnest('{slices_add_up,slices_end,slices_give_a_reason,slices_have_a_window}'::text[]) as name
         where not exists (select from pg_constraint where conname = name and convalidated)",
    )
    .await;
    assert_none(
        env,
        "slices that are complete without evidence, or incomplete without a remedy",
        "select id from sync.slices where (state = 'complete' and evidence = '[]')
         or (state in ('incomplete', 'failed')) <> (remedy is not null)",
    )
    .await;
    assert_none(
        env,
        "slices of no run, and runs that claim more than their slices",
        "select s.id from sync.slices as s left join sync.runs as r on r.id = s.run_id and r.stream = s.stream
         where r.id is null or (r.state = 'complete' and s.state <> 'complete')",
    )
    .await;
    assert_none(
        env,
        "streams whose coverage is not what complete slices read",
        "select c.stream from sync.coverage as c
         where c.covered <> coalesce((select range_agg(tstzrange(s.since, s.until)) from sync.slices as s
                 where (s.source, s.stream, s.partition, s.generation) = (c.source, c.stream, c.partition, c.generation)
                   and s.state = 'complete' and s.since is not null), '{}')
            or (c.whole_read_at is not null) <> (c.stream = 'agents' and exists (
                 select from sync.slices as s where s.stream = c.stream and s.state = 'complete'))",
    )
    .await;
    let rows = concat!("select ", rows!());
    let booked = "select coalesce(sum(inserted), 0)::bigint from sync.slices";
    assert_eq!(
        env.number(booked).await,
        env.number(rows).await,
        "rows that the ledger knows, and rows"
    );
    assert_eq!(env.number(UNNAMED).await, 0, "calls that name what is not there");
}

/// Besides the ledger: every call of the covered time is there, and no call is there that the vendor does not have.
pub(crate) async fn assert_proof(env: &TestEnv) {
    assert_ledger(env).await;
    let (ids, records): (Vec<String>, Vec<String>) =
        env.sandbox.convoso().snapshot("calls").into_iter().unzip();
    let wrong: Vec<String> = sqlx::query_scalar(
        "select coalesce(v.id, t.id) from unnest($2::text[], $3::text[]) as v (id, record)
         full join (select id, raw from warehouse.calls where source = $1) as t on t.id = v.id
         where v.id is null or t.raw <> v.record::jsonb
            or (t.id is null and (v.record::jsonb ->> 'call_date')::timestamp at time zone 'UTC' <@
                 (select covered from sync.coverage where source = $1 and stream = 'calls'))
         order by 1",
    )
    .bind(SOURCE)
    .bind(&ids)
    .bind(&records)
    .fetch_all(&env.pool)
    .await
    .expect("the comparison runs");
    assert!(
        wrong.is_empty(),
        "{} of {} calls are missing, foreign or different: {:?} ...",
        wrong.len(),
        ids.len(),
        &wrong[..wrong.len().min(5)]
    );
}

/// No column of the database holds the text.
pub(crate) async fn assert_absent(env: &TestEnv, text: &str) {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('sync', 'warehouse')",
    )
    .fetch_all(&env.pool)
    .await
    .expect("the tables are listed");
    assert!(tables.len() > 6, "{tables:?}");
    for table in tables {
        let query = format!("select count(*) from {table} as t where position('{text}' in t::text) > 0");
        assert_eq!(env.number(&query).await, 0, "{table} holds the secret");
    }
}

async fn assert_none(env: &TestEnv, what: &str, query: &str) {
    let list = format!("select coalesce(string_agg(q::text, ', '), '') from ({query}) as q");
    assert_eq!(env.text(&list).await, "", "{what}");
}

/// Each query gives the number of places where the books do not agree.
const FLAWS: &[(&str, &str)] = &[
    (
        "slices that are still open",
        "select count(*) from sync.slices where state = 'running'",
    ),
    (
        "rows beside those that the ledger says were inserted",
        concat!("select abs((select coalesce(sum(inserted), 0) from sync.slices) - (", rows!(), "))::bigint"),
    ),
    (
        "slices whose counts do not add up",
        "select count(*) from sync.slices
         where rows_seen <> inserted + updated + unchanged + duplicates + rejected or batch_count > request_count",
    ),
    ("calls that name what is not there", UNNAMED),
    (
        "rows that no slice of theirs has written",
        "select count(*) from (select slice_id, 'calls' as table_name from warehouse.calls
             union all select slice_id, 'recordings' from warehouse.recordings
             union all select slice_id, 'queues' from warehouse.queues
             union all select slice_id, 'agents' from warehouse.agents where content_hash <> '') as t
         where not exists (select from sync.slices as w join sync.streams as s using (source, stream, partition)
             where w.id = t.slice_id and t.table_name = any (s.fills))",
    ),
    (
        "streams whose coverage is not what their complete slices have read",
        "select count(*) from sync.coverage as c where since is not null and covered is distinct from
            (select coalesce(range_agg(tstzrange(s.since, s.until)), '{}') from sync.slices as s
             where (s.source, s.stream, s.partition, s.generation) = (c.source, c.stream, c.partition, c.generation)
               and s.state = 'complete')",
    ),
    (
        "streams with something settled that is not covered, or is younger than two days",
        "select count(*) from sync.coverage where not settled <@ covered
            or not settled <@ tstzmultirange(tstzrange(null, now() - interval '48 hours'))",
    ),
    (
        "recordings that no call lists, or that are listed and missing",
        "select count(*) from (select source, id, call_id from warehouse.recordings) as have
         full join (select source, item ->> 'recording_id' as id, calls.id as call_id
             from warehouse.calls, jsonb_array_elements(raw -> 'recording') as item) as listed
             using (source, id, call_id)
         where have is null or listed is null",
    ),
];

/// Checks that rows, ledger and coverage tell the same story.
pub(crate) async fn assert_books(env: &TestEnv) {
    for (what, query) in FLAWS {
        assert_eq!(env.number(query).await, 0, "{what}");
    }
}

/// What a sum over the slices of the calls is; `beyond` leaves out the slices up to that one.
pub(crate) async fn sum_of_calls(env: &TestEnv, sum: &str, beyond: i64) -> i64 {
    let query = format!(
        "select coalesce(sum({sum}), 0)::bigint from sync.slices
         where source = '{SOURCE}' and stream = 'calls' and id > {beyond}"
    );
    env.number(&query).await
}

/// The last slice so far.
pub(crate) async fn last_slice(env: &TestEnv) -> i64 {
    env.number("select coalesce(max(id), 0) from sync.slices").await
}

/// Changes the warehouse behind the engine's back.
pub(crate) async fn execute(env: &TestEnv, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(&env.pool)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// An account without calls of its own, whose whole history is one window, wherever in the day the test runs.
pub(crate) async fn quiet(days: u32) -> TestEnv {
    let mut env = TestEnv::with(|options| {
        options.days = days;
        options.calls_per_day = 0;
    })
    .await;
    // Windows are cut at its multiples, of which none lies near.
    env.stream("calls").max_span = Some(Duration::from_hours(24 * 40_000));
    env
}
