//! What the marts keep of calls by day is what the calls say, at every moment, whatever becomes of them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{Batch, Call, Entity as _};
use convene::warehouse::Marked;
use sqlx::AssertSqlSafe;

use crate::support::loader::TestLoader;

/// Long enough for whatever these tests make.
const LONG: Duration = Duration::from_mins(1);

fn call(id: u32, day: u32, minute: u32) -> Call {
    let midnight: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().expect("a time");
    let started_at = midnight + TimeDelta::days(i64::from(day)) + TimeDelta::minutes(i64::from(minute));
    Call {
        id: id.to_string(),
        started_at: Some(started_at),
        local_day: Some(started_at.date_naive()),
        duration_seconds: Some(i64::from(id)),
        direction: Some("outbound".to_owned()),
        agent_id: Some(format!("a{}", id % 2)),
        lead_id: Some(format!("l{}", id % 3)),
        list_id: Some("7".to_owned()),
        to_e164: Some(format!("+1213555014{}", id % 3)),
        from_e164: Some("+13235550100".to_owned()),
        disposition_code: Some("SALE".to_owned()),
        is_final: Some(true),
        ..Call::default()
    }
}

fn batch(calls: impl IntoIterator<Item = Call>) -> Batch {
    let mut batch = Batch::default();
    for call in calls {
        batch.push(call, "{}");
    }
    batch
}

/// Calls whose count along their number or lead is another than what comes of looking at each other call.
const WRONG_COUNTS: &str = "
    select 'dials ' || d::text from sync.now_dials as d
    cross join lateral (
        select count(*) filter (where p.started_at >= d.started_at - interval '24 hours') as dials_24h, count(*) as dials_7d
        from sync.made_calls as p
        where p.source = d.source and p.customer_e164 = d.customer_e164 and p.direction = 'outbound'
            and p.started_at between d.started_at - interval '7 days' and d.started_at
    ) as n
    where d.dials_24h <> n.dials_24h or d.dials_7d <> n.dials_7d
    union all
    select 'attempts ' || a::text || ' ' || c.id from sync.made_calls as c
    join warehouse.calls as own on own.source = c.source and own.id = c.id
    cross join lateral (
        select count(*) as attempt_seq from warehouse.calls as p
        where p.source = c.source and p.lead_id = c.lead_id and p.direction = 'outbound' and p.deleted_at is null
            and (p.started_at, p.id) <= (c.started_at, c.id)
    ) as a
    where c.direction = 'outbound' and c.lead_id is not null and c.started_at is not null and c.is_final
        and not exists (
            select from sync.now_attempts as n
            where n.source = c.source and n.local_day = c.local_day and n.attempt_seq = a.attempt_seq
                and n.disposition_code is not distinct from c.disposition_code
        )";

/// How many rows differ between what is served and what follows from the calls.
async fn differences(loader: &TestLoader) -> Vec<String> {
    let mut all = Vec::new();
    for (kept, columns) in [
        (
            "calls",
            "source, coalesce(local_day, '-infinity') as local_day, id, started_at, customer_e164, disposition_code",
        ),
        (
            "attempts",
            "source, local_day, list_id, attempt_seq, disposition_code",
        ),
        ("dials", "source, local_day, id, dials_24h, dials_7d"),
        ("agents", "source, local_day, agent_id, call_count, talk_seconds"),
    ] {
        let query = format!(
            "(select 'served ' || t::text from (select {columns} from sync.now_{kept} except all select {columns} from sync.made_{kept}) as t)
             union all
             (select 'missing ' || t::text from (select {columns} from sync.made_{kept} except all select {columns} from sync.now_{kept}) as t)"
        );
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_all(&loader.pool)
            .await
            .expect("it is asked");
        all.extend(rows.into_iter().map(|row| format!("{kept}: {row}")));
    }
    all.extend(loader.texts(WRONG_COUNTS).await);
    all
}

async fn run(loader: &TestLoader, statement: &'static str) {
    sqlx::raw_sql(statement)
        .execute(&loader.pool)
        .await
        .expect("it runs");
}

/// Right before the days are made, and after.
async fn is_right_now_and_later(loader: &TestLoader, what: &str) {
    assert_eq!(differences(loader).await, Vec::<String>::new(), "{what}, marked");
    let made = loader
        .warehouse
        .make_kept_days(Marked::All, LONG)
        .await
        .expect("they are made");
    assert!(made.made > 0 && !made.is_unfinished, "{what}: nothing was marked");
    let marks = "select count(*)::text from sync.changed_days where isfinite(day)";
    assert_eq!(loader.texts(marks).await, ["0"], "{what}");
    assert_eq!(differences(loader).await, Vec::<String>::new(), "{what}, made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_follows_every_change_of_calls() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    loader
        .slice(batch((100..130).map(|id| call(id, id % 12, id))), |_, _| ())
        .await;
    is_right_now_and_later(&loader, "first calls").await;

    // They come before all others, so that every later attempt is another one.
    loader
        .slice(batch((1..7).map(|id| call(id, 0, id))), |_, _| ())
        .await;
    is_right_now_and_later(&loader, "earlier calls").await;

    let corrected = Call {
        disposition_code: Some("NI".to_owned()),
        ..call(105, 105 % 12, 105)
    };
    loader.slice(batch([corrected]), |_, _| ()).await;
    is_right_now_and_later(&loader, "a correction").await;

    loader.slice(batch([call(106, 1, 5)]), |_, _| ()).await;
    is_right_now_and_later(&loader, "a call that moves to another day").await;

    let mut gone = Batch::default();
    gone.delete(Call::TABLE, "101".to_owned());
    loader.slice(gone, |_, _| ()).await;
    is_right_now_and_later(&loader, "a deletion").await;

    loader.slice(batch([call(101, 101 % 12, 101)]), |_, _| ()).await;
    is_right_now_and_later(&loader, "a call that comes back").await;

    run(&loader, "delete from warehouse.calls where id = '102'").await;
    is_right_now_and_later(&loader, "a row that somebody removes").await;

    let dateless = Call {
        started_at: None,
        local_day: None,
        ..call(400, 0, 0)
    };
    loader.slice(batch([dateless]), |_, _| ()).await;
    assert_eq!(
        differences(&loader).await,
        Vec::<String>::new(),
        "a call without a start"
    );

    run(&loader, "truncate warehouse.calls").await;
    assert_eq!(differences(&loader).await, Vec::<String>::new(), "nothing at all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_counts_as_long_as_the_call_itself_is_not_there() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    run(
        &loader,
        "insert into sync.sources (source, vendor, time_zone) values ('dialer', 'convoso', 'UTC'), ('voice', 'converz', 'UTC');
         insert into warehouse.calls (source, id, started_at, local_day, direction, agent_id, is_final, origin_system, origin_call_id,
             raw, content_hash, fetched_at, first_seen_at, slice_id)
         values ('voice', 'z', '2026-03-04T10:00:00Z', '2026-03-04', 'outbound', 'r', true, 'convoso', '9', '{}', '', now(), now(), 1)",
    )
    .await;
    is_right_now_and_later(&loader, "the copy").await;
    let counted = "select source || ' ' || id from marts.calls order by 1";
    assert_eq!(loader.texts(counted).await, ["voice z"]);

    run(
        &loader,
        "insert into warehouse.calls (source, id, started_at, local_day, direction, agent_id, is_final,
             raw, content_hash, fetched_at, first_seen_at, slice_id)
         values ('dialer', '9', '2026-03-07T10:00:00Z', '2026-03-07', 'outbound', 'a', true, '{}', '', now(), now(), 1)",
    )
    .await;
    assert_eq!(loader.texts(counted).await, ["dialer 9"]);
    is_right_now_and_later(&loader, "the call itself").await;
    assert_eq!(loader.texts(counted).await, ["dialer 9"]);

    run(
        &loader,
        "update warehouse.calls set deleted_at = now() where id = '9'",
    )
    .await;
    is_right_now_and_later(&loader, "a call that goes").await;
    assert_eq!(loader.texts(counted).await, ["voice z"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_kept_can_be_made_again() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    loader
        .slice(batch((1..20).map(|id| call(id, id % 5, id))), |_, _| ())
        .await;
    is_right_now_and_later(&loader, "calls").await;
    run(
        &loader,
        "delete from sync.kept_calls where local_day = '2026-03-02'",
    )
    .await;
    assert_ne!(
        differences(&loader).await,
        Vec::<String>::new(),
        "the test sees what is wrong"
    );
    assert_eq!(
        loader
            .warehouse
            .mark_all_days(None)
            .await
            .expect("they are marked"),
        5
    );
    is_right_now_and_later(&loader, "all days").await;
}
