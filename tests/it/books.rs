//! What must hold of rows, ledger and coverage after every run, whatever happened before.

use std::time::Duration;

use crate::field::{Field, SOURCE};

/// Each query gives the number of places where the books do not agree.
const FLAWS: &[(&str, &str)] = &[
    (
        "walks that are still open",
        "select count(*) from sync.walks where state = 'running'",
    ),
    (
        "rows beside those that the ledger says were inserted",
        "select abs((select coalesce(sum(inserted), 0) from sync.walks) - (select count(*) from warehouse.agents)
            - (select count(*) from warehouse.calls) - (select count(*) from warehouse.recordings))::bigint",
    ),
    (
        "walks whose counts do not add up",
        "select count(*) from sync.walks
         where rows_seen <> inserted + updated + unchanged + duplicates + rejected or batch_count > request_count",
    ),
    (
        "rows that no walk of theirs has written",
        "select count(*) from (select walk_id, 'calls' as stream from warehouse.calls
             union all select walk_id, 'calls' from warehouse.recordings
             union all select walk_id, 'agents' from warehouse.agents) as t
         left join sync.walks as w on w.id = t.walk_id and w.stream = t.stream where w.id is null",
    ),
    (
        "streams whose coverage is not what their complete walks have read",
        "select count(*) from sync.coverage as c where since is not null and covered is distinct from
            (select coalesce(range_agg(tstzrange(w.since, w.until)), '{}') from sync.walks as w
             where w.source = c.source and w.stream = c.stream and w.state = 'complete')",
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
pub(crate) async fn assert_books(field: &Field) {
    for (what, query) in FLAWS {
        assert_eq!(field.number(query).await, 0, "{what}");
    }
}

/// What a sum over the walks of the calls is; `beyond` leaves out the walks up to that one.
pub(crate) async fn sum_of_calls(field: &Field, sum: &str, beyond: i64) -> i64 {
    let query = format!(
        "select coalesce(sum({sum}), 0)::bigint from sync.walks
         where source = '{SOURCE}' and stream = 'calls' and id > {beyond}"
    );
    field.number(&query).await
}

/// The last walk so far.
pub(crate) async fn last_walk(field: &Field) -> i64 {
    field.number("select coalesce(max(id), 0) from sync.walks").await
}

/// Changes the warehouse behind the engine's back.
pub(crate) async fn execute(field: &Field, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(&field.pool)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// An account without calls of its own, whose whole history is one window, wherever in the day the test runs.
pub(crate) async fn quiet(days: u32) -> Field {
    let mut field = Field::with(|options| {
        options.days = days;
        options.calls_per_day = 0;
    })
    .await;
    // Windows are cut at its multiples, of which none lies near.
    field.stream("calls").widest = Some(Duration::from_hours(24 * 40_000));
    field
}
