//! What must hold at any moment, whatever has gone wrong before.

use chrono_tz::Tz;
use sandbox::Options;

use crate::field::{Field, SOURCE};

/// A field of busy hours, so that most windows have several pages, in a zone whose times name one instant each.
pub(crate) async fn busy_field(days: u32, calls_per_day: u32) -> Field {
    busy_field_with(days, calls_per_day, |_| ()).await
}

/// Like `busy_field`, with other options of the sandbox.
pub(crate) async fn busy_field_with(
    days: u32,
    calls_per_day: u32,
    change: impl FnOnce(&mut Options),
) -> Field {
    let mut field = Field::with(|options| {
        options.days = days;
        options.calls_per_day = calls_per_day;
        options.time_zone = Tz::UTC;
        change(options);
    })
    .await;
    field.source().time_zone = Some(Tz::UTC);
    field
}

/// The ledger adds up, every row was inserted by exactly one walk, and nothing is covered but what complete walks read.
pub(crate) async fn assert_ledger(field: &Field) {
    assert_none(
        field,
        "walks that do not add up",
        "select id from sync.walks where rows_seen <> inserted + updated + unchanged + duplicates + rejected
         or (state = 'running') <> (ended_at is null) or (state in ('incomplete', 'failed')) <> (reason is not null)",
    )
    .await;
    assert_none(
        field,
        "checks of the ledger that are gone or not enforced",
        "select name from unnest('{walks_add_up,walks_end,walks_give_a_reason,walks_have_a_window}'::text[]) as name
         where not exists (select from pg_constraint where conname = name and convalidated)",
    )
    .await;
    assert_none(
        field,
        "streams whose coverage is not what complete walks read",
        "select c.stream from sync.coverage as c
         where c.covered <> coalesce((select range_agg(tstzrange(w.since, w.until)) from sync.walks as w
                 where w.source = c.source and w.stream = c.stream and w.state = 'complete' and w.since is not null), '{}')
            or (c.whole_read_at is not null) <> (c.stream = 'agents' and exists (
                 select from sync.walks as w where w.stream = c.stream and w.state = 'complete'))",
    )
    .await;
    let rows = "select (select count(*) from warehouse.calls) + (select count(*) from warehouse.recordings)
                     + (select count(*) from warehouse.agents)";
    let booked = "select coalesce(sum(inserted), 0)::bigint from sync.walks";
    assert_eq!(
        field.number(booked).await,
        field.number(rows).await,
        "rows that the ledger knows, and rows"
    );
}

/// Besides the ledger: every call of the covered time is there, and no call is there that the vendor does not have.
pub(crate) async fn assert_proof(field: &Field) {
    assert_ledger(field).await;
    let (ids, records): (Vec<String>, Vec<String>) =
        field.sandbox.convoso().snapshot("calls").into_iter().unzip();
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
    .fetch_all(&field.pool)
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
pub(crate) async fn assert_absent(field: &Field, text: &str) {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('sync', 'warehouse')",
    )
    .fetch_all(&field.pool)
    .await
    .expect("the tables are listed");
    assert!(tables.len() > 6, "{tables:?}");
    for table in tables {
        let query = format!("select count(*) from {table} as t where position('{text}' in t::text) > 0");
        assert_eq!(field.number(&query).await, 0, "{table} holds the secret");
    }
}

async fn assert_none(field: &Field, what: &str, query: &str) {
    let list = format!("select coalesce(string_agg(q::text, ', '), '') from ({query}) as q");
    assert_eq!(field.text(&list).await, "", "{what}");
}
