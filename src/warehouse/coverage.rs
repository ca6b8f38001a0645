//! What of each partition is safely loaded, and what has to be read again.

use chrono::{DateTime, TimeDelta, Utc};

use connectors::source::{Reread, Window};

use super::ledger::{Purpose, seconds_of};
use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// A partition that is about to be planned.
#[derive(Debug, Clone, Copy)]
pub struct PartitionSpec<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The partition.
    pub partition: &'a str,
    /// Where history begins; nothing that was decided before stands against it.
    pub since: Option<DateTime<Utc>>,
    /// Where history begins when nothing was decided yet. Neither is known of lists and of rows that are read by id.
    pub default_since: Option<DateTime<Utc>>,
    /// How far each run steps back.
    pub lookback: TimeDelta,
    /// What is read again, the shortest span first.
    pub rereads: &'a [Reread],
}

/// What the planner has to know of a partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The generation that it is about.
    pub generation: i32,
    /// Where history begins; nothing for lists and for rows that are read by id.
    pub since: Option<DateTime<Utc>>,
    /// What was read completely, in order of time.
    pub covered: Vec<Window>,
    /// What of it was read after late corrections had had their time, in order of time.
    pub settled: Vec<Window>,
    /// What has to be read again in the present rounds of the re-reads, in order of time.
    pub pending: Vec<Window>,
    /// Start of the last complete slice of a list.
    pub whole_read_at: Option<DateTime<Utc>>,
    /// Start of the last complete slice to the list's end.
    pub full_read_at: Option<DateTime<Utc>>,
    /// Start of the last complete slice without the time filter.
    pub unfiltered_read_at: Option<DateTime<Utc>>,
    /// What has failed, and is left alone for a while.
    pub retries: Vec<Retry>,
    /// True where the source is refused: nothing may be read before an operator adopts it.
    pub is_refused: bool,
}

/// A slice that has failed, and when it may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// What it is for.
    pub purpose: Purpose,
    /// What it reads, where it reads a window.
    pub window: Option<Window>,
    /// How many times in a row it was tried.
    pub attempts: i32,
    /// When it may be tried again.
    pub next_attempt_at: DateTime<Utc>,
    /// Why it has failed.
    pub reason: String,
}

#[derive(Debug, sqlx::FromRow)]
struct Booked {
    generation: i32,
    since: Option<DateTime<Utc>>,
    whole_read_at: Option<DateTime<Utc>>,
    full_read_at: Option<DateTime<Utc>>,
    unfiltered_read_at: Option<DateTime<Utc>>,
    is_refused: bool,
}

impl Warehouse {
    /// Notes where the history of a partition begins, begins the rounds of re-reads that are due, and tells what is covered.
    pub async fn prepare_partition(
        &self,
        lease: &Lease,
        spec: &PartitionSpec<'_>,
        now: DateTime<Utc>,
    ) -> Result<Coverage, WarehouseError> {
        repeat_transaction(|| self.try_prepare(lease, spec, now)).await
    }

    async fn try_prepare(
        &self,
        lease: &Lease,
        spec: &PartitionSpec<'_>,
        now: DateTime<Utc>,
    ) -> Result<Coverage, WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        let booked = prepare_row(&mut transaction, lease, spec).await?;
        begin_rounds(&mut transaction, lease, spec, now).await?;
        let covered = select_spans(&mut transaction, COVERED, lease, spec).await?;
        let settled = select_spans(&mut transaction, SETTLED, lease, spec).await?;
        let pending = select_spans(&mut transaction, PENDING, lease, spec).await?;
        let retries = select_retries(&mut transaction, lease, spec).await?;
        transaction.commit().await?;
        Ok(Coverage {
            generation: booked.generation,
            since: booked.since,
            covered,
            settled,
            pending,
            whole_read_at: booked.whole_read_at,
            full_read_at: booked.full_read_at,
            unfiltered_read_at: booked.unfiltered_read_at,
            retries,
            is_refused: booked.is_refused,
        })
    }
}

async fn prepare_row(
    connection: &mut Transaction,
    lease: &Lease,
    spec: &PartitionSpec<'_>,
) -> Result<Booked, WarehouseError> {
    sqlx::query(
        "insert into sync.coverage as c (source, stream, partition, generation, since)
         values ($1, $2, $3, coalesce(
             (select generation from sync.streams where source = $1 and stream = $2 and partition = $3), 1), coalesce($4, $5))
         on conflict (source, stream, partition) do update set since = coalesce($4, c.since, $5)
         where c.since is distinct from coalesce($4, c.since, $5)",
    )
    .bind(lease.source())
    .bind(spec.stream)
    .bind(spec.partition)
    .bind(spec.since)
    .bind(spec.default_since)
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_as(
        "select c.generation, c.since, c.whole_read_at, c.full_read_at, c.unfiltered_read_at,
             exists (select from sync.sources as s where s.source = c.source and s.state = 'refused') as is_refused
         from sync.coverage as c where c.source = $1 and c.stream = $2 and c.partition = $3",
    )
    .bind(lease.source())
    .bind(spec.stream)
    .bind(spec.partition)
    .fetch_one(connection)
    .await?)
}

const SETTLED: &str = "select lower(span), upper(span) from sync.coverage, unnest(settled) as span
     where source = $1 and stream = $2 and partition = $3 order by 1";

const COVERED: &str = "select lower(span), upper(span) from sync.coverage, unnest(covered) as span
     where source = $1 and stream = $2 and partition = $3 order by 1";

/// Only what is still covered: a gap is read as a gap.
const PENDING: &str = "select lower(span), upper(span) from (
         select range_agg(part) as pending from sync.rereads, unnest(pending) as part
         where source = $1 and stream = $2 and partition = $3
     ) as rounds, sync.coverage as c, unnest(rounds.pending * c.covered) as span
     where c.source = $1 and c.stream = $2 and c.partition = $3 order by 1";

async fn select_spans(
    connection: &mut Transaction,
    statement: &'static str,
    lease: &Lease,
    spec: &PartitionSpec<'_>,
) -> Result<Vec<Window>, WarehouseError> {
    let spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(statement)
        .bind(lease.source())
        .bind(spec.stream)
        .bind(spec.partition)
        .fetch_all(connection)
        .await?;
    Ok(spans
        .into_iter()
        .map(|(since, until)| Window { since, until })
        .collect())
}

#[derive(Debug, sqlx::FromRow)]
struct BookedRetry {
    purpose: String,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    attempts: i32,
    next_attempt_at: DateTime<Utc>,
    reason: String,
}

async fn select_retries(
    connection: &mut Transaction,
    lease: &Lease,
    spec: &PartitionSpec<'_>,
) -> Result<Vec<Retry>, WarehouseError> {
    let booked: Vec<BookedRetry> = sqlx::query_as(
        "select purpose, case when isfinite(since) then since end as since, case when isfinite(until) then until end as until,
             attempts, next_attempt_at, reason
         from sync.retries where source = $1 and stream = $2 and partition = $3 order by since",
    )
    .bind(lease.source())
    .bind(spec.stream)
    .bind(spec.partition)
    .fetch_all(connection)
    .await?;
    let retry = |booked: BookedRetry| {
        Some(Retry {
            purpose: Purpose::of_word(&booked.purpose)?,
            window: booked
                .since
                .zip(booked.until)
                .and_then(|(since, until)| Window::new(since, until)),
            attempts: booked.attempts,
            next_attempt_at: booked.next_attempt_at,
            reason: booked.reason,
        })
    };
    Ok(booked.into_iter().filter_map(retry).collect())
}

/// A round that is due takes up what is covered of its span, apart from what a shorter round, or each run, reads anyway.
async fn begin_rounds(
    connection: &mut Transaction,
    lease: &Lease,
    spec: &PartitionSpec<'_>,
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let mut nearer = spec.lookback;
    for reread in spec.rereads {
        sqlx::query(
            "insert into sync.rereads as r (source, stream, partition, span, round_started_at)
             values ($1, $2, $3, make_interval(secs => $4), $6)
             on conflict (source, stream, partition, span) do update set round_started_at = $6, pending = (
                 select covered * tstzmultirange(tstzrange($6 - make_interval(secs => $4), $6 - make_interval(secs => $5)))
                 from sync.coverage where source = $1 and stream = $2 and partition = $3)
             where r.round_started_at + make_interval(secs => $7) <= $6",
        )
        .bind(lease.source())
        .bind(spec.stream)
        .bind(spec.partition)
        .bind(seconds_of(reread.span))
        .bind(seconds_of(nearer))
        .bind(now)
        .bind(seconds_of(reread.every))
        .execute(&mut *connection)
        .await?;
        nearer = reread.span;
    }
    Ok(())
}
