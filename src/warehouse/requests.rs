//! What people ask of the instance that holds a source: a run now, or a range of the past read again.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use connectors::source::{Remedy, Window};

use super::ledger::RunId;
use super::load::Counts;
use super::pauses::notify_instances;
use super::pool::repeat_transaction;
use super::words::{LONGEST_REASON, cut_to_fit};
use super::{Lease, Warehouse, WarehouseError};

/// A request's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct RequestId(pub i64);

/// A request that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRequest {
    /// Its number.
    pub id: RequestId,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// True where no run works for it yet.
    pub is_waiting: bool,
    /// What is to be read again; nothing where a run is wanted.
    pub backfill: Option<Backfill>,
}

/// A range of the past that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The range.
    pub range: Window,
    /// What of it is not read yet, in order of time.
    pub left: Vec<Window>,
}

/// How a request stands.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct RequestStatus {
    /// Its number.
    pub id: RequestId,
    /// `sync` or `backfill`.
    pub kind: String,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// waiting, running, complete, incomplete or cancelled.
    pub state: String,
    /// First instant of the range of a backfill.
    pub since: Option<DateTime<Utc>>,
    /// First instant after it.
    pub until: Option<DateTime<Utc>>,
    /// The latest run that works for it.
    pub run_id: Option<RunId>,
    /// How many slices that run has before it.
    pub slice_count: i64,
    /// How many of them have ended.
    pub ended_slices: i64,
    /// How much of the range of a backfill is read, 0 to 1.
    pub done_share: f64,
    /// How many of those are complete.
    pub complete_slices: i64,
    /// Rows that are new.
    pub inserted: i64,
    /// Rows that have changed.
    pub updated: i64,
    /// Rows that are as they were.
    pub unchanged: i64,
    /// Records that could not be read.
    pub rejected: i64,
    /// Rows that are gone.
    pub deleted: i64,
    /// What is missing.
    pub result: Option<String>,
}

impl RequestStatus {
    /// True where nothing more is done about it.
    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "waiting" | "running")
    }

    /// How many slices are before it: those of its run, or the hundredths of a range, which takes several runs.
    pub fn slices_before(&self) -> i64 {
        if self.since.is_some() {
            100
        } else {
            self.slice_count
        }
    }

    /// How many of them have ended.
    pub fn slices_ended(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "hundredths")]
        let hundredths = (self.done_share * 100.0) as i64;
        if self.since.is_some() {
            hundredths
        } else {
            self.ended_slices
        }
    }

    /// What became of the rows of its run.
    pub fn counts(&self) -> Counts {
        Counts {
            inserted: self.inserted,
            updated: self.updated,
            unchanged: self.unchanged,
            rejected: self.rejected,
            deleted: self.deleted,
            ..Counts::default()
        }
    }
}

/// A slice of a run that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FlawedSlice {
    /// The partition.
    pub partition: String,
    /// First instant of its window.
    pub since: Option<DateTime<Utc>>,
    /// First instant after it.
    pub until: Option<DateTime<Utc>>,
    /// incomplete or failed.
    pub state: String,
    /// Why.
    pub reason: String,
    /// What mends it.
    pub remedy: Option<String>,
}

impl FlawedSlice {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        let known = [
            Remedy::Again,
            Remedy::NextRun,
            Remedy::Operator,
            Remedy::Developer,
        ];
        let word = self.remedy.as_deref();
        known
            .into_iter()
            .find(|remedy| Some(remedy.word()) == word)
            .unwrap_or(Remedy::NextRun)
    }
}

/// How dense a stream is, from its last complete slices with a window.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct Density {
    /// Slices that it is taken from.
    pub slice_count: i64,
    /// Seconds of source time that they read.
    pub seconds: f64,
    /// Requests that they took.
    pub request_count: i64,
    /// Rows that they met.
    pub row_count: i64,
}

#[derive(Debug, FromRow)]
struct BookedRequest {
    id: RequestId,
    source: String,
    stream: String,
    state: String,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    left_since: Vec<DateTime<Utc>>,
    left_until: Vec<DateTime<Utc>>,
}

impl From<BookedRequest> for PendingRequest {
    fn from(booked: BookedRequest) -> Self {
        let range = booked
            .since
            .zip(booked.until)
            .and_then(|(since, until)| Window::new(since, until));
        let left = booked.left_since.into_iter().zip(booked.left_until);
        let left = left.map(|(since, until)| Window { since, until }).collect();
        Self {
            id: booked.id,
            source: booked.source,
            stream: booked.stream,
            is_waiting: booked.state == "waiting",
            backfill: range.map(|range| Backfill { range, left }),
        }
    }
}

impl Warehouse {
    /// Wishes for a run of a stream now. Returns the request that waits already, where one does.
    pub async fn request_run(
        &self,
        source: &str,
        stream: &str,
        asked_by: &str,
    ) -> Result<RequestId, WarehouseError> {
        self.request(source, stream, asked_by, None).await
    }

    /// Wishes for a range of the past to be read, whether it was read before or not.
    pub async fn request_backfill(
        &self,
        source: &str,
        stream: &str,
        asked_by: &str,
        range: Window,
    ) -> Result<RequestId, WarehouseError> {
        self.request(source, stream, asked_by, Some(range)).await
    }

    async fn request(
        &self,
        source: &str,
        stream: &str,
        asked_by: &str,
        range: Option<Window>,
    ) -> Result<RequestId, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let id = sqlx::query_scalar(
                "with waiting as (
                     select id from sync.requests where source = $1 and stream = $2 and kind = $3 and ended_at is null
                         and (kind = 'backfill' or state = 'waiting') and (since, until) is not distinct from ($4, $5) order by id limit 1
                 ),
                 added as (
                     insert into sync.requests (source, stream, kind, since, until, asked_by)
                     select $1, $2, $3, $4, $5, $6 where not exists (select from waiting) returning id
                 )
                 select id from waiting union all select id from added",
            )
            .bind(source)
            .bind(stream)
            .bind(if range.is_some() { "backfill" } else { "sync" })
            .bind(range.map(|range| range.since))
            .bind(range.map(|range| range.until))
            .bind(asked_by)
            .fetch_one(&mut transaction)
            .await?;
            notify_instances(&mut transaction, "request", source).await?;
            transaction.commit_durably().await?;
            Ok(id)
        })
        .await
    }

    /// Takes back requests on which no run works yet, or where `also_running` says so. Returns how many.
    pub async fn cancel_requests(
        &self,
        ids: &[RequestId],
        also_running: bool,
    ) -> Result<u64, WarehouseError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let mut transaction = self.begin().await?;
        let cancelled = sqlx::query(
            "update sync.requests set state = 'cancelled', ended_at = clock_timestamp()
             where id = any ($1) and ended_at is null and (state = 'waiting' or $2)",
        )
        .bind(ids)
        .bind(also_running)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(cancelled.rows_affected())
    }

    /// Takes back what is asked of a stream's past. What failed of it and belongs to no history is not tried again. Returns how many
    /// backfills that were.
    pub async fn cancel_backfills(&self, source: &str, stream: &str) -> Result<u64, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let cancelled = sqlx::query(
                "update sync.requests set state = 'cancelled', ended_at = clock_timestamp()
                 where source = $1 and stream = $2 and kind = 'backfill' and ended_at is null",
            )
            .bind(source)
            .bind(stream)
            .execute(&mut transaction)
            .await?;
            sqlx::query(
                "delete from sync.retries as r using sync.coverage as c
                 where r.source = $1 and r.stream = $2 and isfinite(r.since) and r.until <= c.since
                     and (c.source, c.stream, c.partition) = (r.source, r.stream, r.partition)",
            )
            .bind(source)
            .bind(stream)
            .execute(&mut transaction)
            .await?;
            notify_instances(&mut transaction, "request", source).await?;
            transaction.commit_durably().await?;
            Ok(cancelled.rows_affected())
        })
        .await
    }

    /// What is asked and not done, the oldest first.
    pub async fn open_requests(&self) -> Result<Vec<PendingRequest>, WarehouseError> {
        self.find_requests(None, None).await
    }

    /// What is asked of a stream and not done, the oldest first.
    pub async fn open_requests_of(
        &self,
        source: &str,
        stream: &str,
    ) -> Result<Vec<PendingRequest>, WarehouseError> {
        self.find_requests(Some(source), Some(stream)).await
    }

    async fn find_requests(
        &self,
        source: Option<&str>,
        stream: Option<&str>,
    ) -> Result<Vec<PendingRequest>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let booked: Vec<BookedRequest> = sqlx::query_as(
            "select id, source, stream, state, since, until,
                 array(select lower(part) from unnest(span.whole - done) as part order by 1) as left_since,
                 array(select upper(part) from unnest(span.whole - done) as part order by 1) as left_until
             from sync.requests,
                 -- A wish for a run has no range; one without ends would be all of time.
                 lateral (select case when since is null then '{}' else tstzmultirange(tstzrange(since, until)) end as whole) as span
             where ended_at is null and ($1::text is null or (source = $1 and stream = $2)) order by id",
        )
        .bind(source)
        .bind(stream)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(booked.into_iter().map(PendingRequest::from).collect())
    }

    /// Notes that a run, with so many slices before it, works for everything that is asked of its stream.
    pub async fn take_requests(
        &self,
        lease: &Lease,
        stream: &str,
        run: RunId,
        slice_count: usize,
    ) -> Result<(), WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        sqlx::query(
            "update sync.requests set state = 'running', run_id = $3, slice_count = $4,
                 started_at = coalesce(started_at, clock_timestamp())
             where source = $1 and stream = $2 and ended_at is null",
        )
        .bind(lease.source())
        .bind(stream)
        .bind(run)
        .bind(i64::try_from(slice_count).unwrap_or(i64::MAX))
        .execute(&mut transaction)
        .await?;
        transaction.commit().await
    }

    /// Ends the wishes for a run that this run has worked for. A backfill ends by itself, once all of it is read.
    pub async fn end_requests(
        &self,
        lease: &Lease,
        run: RunId,
        missing: Option<&str>,
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "update sync.requests set state = case when $3::text is null then 'complete' else 'incomplete' end, result = $3,
                     ended_at = clock_timestamp(),
                     ended_slices = (select count(*) from sync.slices where run_id = $2 and ended_at is not null)
                 where source = $1 and run_id = $2 and kind = 'sync' and ended_at is null",
            )
            .bind(lease.source())
            .bind(run)
            .bind(missing.map(|missing| cut_to_fit(missing, LONGEST_REASON)))
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// Notes that a part of a backfill has been read completely, in every partition of its stream.
    pub async fn record_backfilled(
        &self,
        lease: &Lease,
        id: RequestId,
        part: Window,
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "update sync.requests as r set done = n.done,
                     state = case when n.is_whole then 'complete' else r.state end,
                     ended_at = case when n.is_whole then clock_timestamp() end
                 from (select id, done + tstzmultirange(tstzrange($2, $3)) as done,
                           tstzrange(since, until) <@ (done + tstzmultirange(tstzrange($2, $3))) as is_whole
                       from sync.requests where id = $1 for update) as n
                 where r.id = n.id and r.ended_at is null",
            )
            .bind(id)
            .bind(part.since)
            .bind(part.until)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// How requests stand, each with what its run has done so far.
    pub async fn request_statuses(&self, ids: &[RequestId]) -> Result<Vec<RequestStatus>, WarehouseError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.read_statuses("r.id = any ($1)", ids).await
    }

    /// How the requests stand that are not done.
    pub async fn open_request_statuses(&self) -> Result<Vec<RequestStatus>, WarehouseError> {
        self.read_statuses("r.ended_at is null and $1 is not null", Vec::new())
            .await
    }

    async fn read_statuses(
        &self,
        condition: &'static str,
        ids: Vec<i64>,
    ) -> Result<Vec<RequestStatus>, WarehouseError> {
        let statement = format!(
            "select r.id, r.kind, r.source, r.stream, r.state, r.since, r.until, r.run_id, r.slice_count, s.ended_slices, s.complete_slices,
                 coalesce((select extract(epoch from sum(upper(part) - lower(part)))
                           from unnest(r.done * tstzmultirange(tstzrange(r.since, r.until))) as part)
                     / extract(epoch from r.until - r.since), 0)::float8 as done_share,
                 s.inserted, s.updated, s.unchanged, s.rejected, s.deleted, r.result
             from sync.requests as r
             cross join lateral (
                 select count(ended_at) as ended_slices, count(*) filter (where state = 'complete') as complete_slices,
                     coalesce(sum(inserted), 0)::bigint as inserted, coalesce(sum(updated), 0)::bigint as updated,
                     coalesce(sum(unchanged), 0)::bigint as unchanged, coalesce(sum(rejected), 0)::bigint as rejected,
                     coalesce(sum(deleted), 0)::bigint as deleted
                 from sync.slices where run_id = r.run_id
             ) as s
             where {condition} order by r.id"
        );
        let mut transaction = self.begin().await?;
        let statuses = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(ids)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(statuses)
    }

    /// The slices of a run that are not complete.
    pub async fn flawed_slices(&self, run: RunId) -> Result<Vec<FlawedSlice>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let flawed = sqlx::query_as(
            "select partition, since, until, state, coalesce(reason, '') as reason, remedy from sync.slices
             where run_id = $1 and state in ('incomplete', 'failed') order by id limit 100",
        )
        .bind(run)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(flawed)
    }

    /// How dense a stream is, from its last hundred complete slices with a window.
    pub async fn measure_density(&self, source: &str, stream: &str) -> Result<Density, WarehouseError> {
        let mut transaction = self.begin().await?;
        let density = sqlx::query_as(
            "select count(*) as slice_count, coalesce(extract(epoch from sum(until - since)), 0)::float8 as seconds,
                 coalesce(sum(request_count), 0)::bigint as request_count, coalesce(sum(rows_seen), 0)::bigint as row_count
             from (
                 select since, until, request_count, rows_seen from (
                     select state, since, until, request_count, rows_seen from sync.slices
                     where source = $1 and stream = $2 order by started_at desc, id desc limit 1000
                 ) as last
                 where state = 'complete' and since is not null limit 100
             ) as telling",
        )
        .bind(source)
        .bind(stream)
        .fetch_one(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(density)
    }
}
