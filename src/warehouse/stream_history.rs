//! The past of one stream, for its page: its last runs and slices, its traffic, how late its rows came.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use super::ledger_records::{RunRecord, SliceRecord, run_columns, run_sums, slice_columns};
use super::overview::EventRecord;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// The past of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHistory {
    /// When this was so, by the database's clock.
    pub at: DateTime<Utc>,
    /// Its last runs, the newest first.
    pub runs: Vec<RunRecord>,
    /// Its last slices, the newest first.
    pub slices: Vec<SliceRecord>,
    /// Its traffic of the last hours.
    pub traffic: Vec<HourlyTraffic>,
    /// How late its rows came.
    pub lateness: Vec<Lateness>,
    /// What happened to it.
    pub events: Vec<EventRecord>,
}

/// Requests of one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct HourlyTraffic {
    /// When the hour begins.
    pub hour: DateTime<Utc>,
    /// Requests.
    pub request_count: i64,
    /// Rows read.
    pub rows_seen: i64,
    /// Slices that were not complete.
    pub flawed: i64,
}

/// How late rows came: what rereads of one age of windows found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct Lateness {
    /// The least age of the windows, in hours, when they were read again.
    pub from_hours: i64,
    /// How many slices.
    pub slice_count: i64,
    /// Rows that they read.
    pub rows_seen: i64,
    /// Rows that had come since.
    pub inserted: i64,
    /// Rows that had changed since.
    pub updated: i64,
}

const STREAM_RUNS: &str = concat!(
    "select ",
    run_columns!(),
    " from (select * from sync.runs where source = $1 and stream = $2 order by started_at desc, id desc limit 15) as r ",
    run_sums!("limit 1000"),
    " order by r.id desc"
);
const STREAM_SLICES: &str = concat!(
    "select ",
    slice_columns!(),
    " from sync.slices where source = $1 and stream = $2 order by started_at desc, id desc limit 40"
);
const STREAM_TRAFFIC: &str = "
    select date_trunc('hour', started_at) as hour, sum(request_count)::bigint as request_count, sum(rows_seen)::bigint as rows_seen,
        count(*) filter (where state in ('incomplete', 'failed')) as flawed
    from (
        select started_at, request_count, rows_seen, state from sync.slices where source = $1 and stream = $2 order by started_at desc, id desc limit 3000
    ) as s
    where started_at > clock_timestamp() - interval '48 hours' group by 1 order by 1";
const STREAM_LATENESS: &str = "
    select a.from_hours, count(*) as slice_count, sum(rows_seen)::bigint as rows_seen, sum(inserted)::bigint as inserted,
        sum(updated)::bigint as updated
    from (
        select started_at, until, rows_seen, inserted, updated, purpose, state from sync.slices
        where source = $1 and stream = $2 order by started_at desc, id desc limit 3000
    ) as s
    cross join lateral (
        select max(h)::bigint as from_hours from unnest(array[0, 1, 6, 24, 72, 168, 720]) as h
        where s.started_at - s.until >= make_interval(hours => h)
    ) as a
    where s.purpose = 'reread' and s.state = 'complete' and a.from_hours is not null group by 1 order by 1";
const STREAM_EVENTS: &str = "
    select id, kind, source, stream, text, remedy, at, ended_at from (
        select * from sync.events order by id desc limit 2000
    ) as e where source = $1 and stream in ('', $2) order by id desc limit 20";

impl Warehouse {
    /// The past of one stream.
    pub async fn stream_history(&self, source: &str, stream: &str) -> Result<StreamHistory, WarehouseError> {
        let mut transaction = self.begin().await?;
        let connection = &mut transaction;
        let at: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&mut *connection)
            .await?;
        let history = StreamHistory {
            at,
            runs: fetch_of_stream(connection, STREAM_RUNS, source, stream).await?,
            slices: fetch_of_stream(connection, STREAM_SLICES, source, stream).await?,
            traffic: fetch_of_stream(connection, STREAM_TRAFFIC, source, stream).await?,
            lateness: fetch_of_stream(connection, STREAM_LATENESS, source, stream).await?,
            events: fetch_of_stream(connection, STREAM_EVENTS, source, stream).await?,
        };
        transaction.commit().await?;
        Ok(history)
    }
}

async fn fetch_of_stream<T>(
    connection: &mut Transaction,
    query: &'static str,
    source: &str,
    stream: &str,
) -> Result<Vec<T>, WarehouseError>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let rows = sqlx::query_as(query).bind(source).bind(stream);
    Ok(rows.fetch_all(connection).await?)
}
