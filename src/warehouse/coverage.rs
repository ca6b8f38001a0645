//! What of each stream is safely loaded, and what has to be read.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Postgres, Transaction};

use connectors::schema::Table;
use connectors::source::{Trailing, Window};

use super::walk::{Earned, Reach, WalkId};
use super::{Lease, Warehouse, WarehouseError};

/// What the planner has to know of a stream that is read by windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Where the source's history begins.
    pub since: DateTime<Utc>,
    /// What was read completely, in order of time.
    pub covered: Vec<Window>,
    /// What has to be read again in the present rounds of the trailing re-reads, in order of time.
    pub pending: Vec<Window>,
}

/// What a stream stands on, as the settings and the vendor's defaults have it.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The tables it fills.
    pub tables: &'a [&'static Table],
    /// Where the settings let history begin; nothing keeps what was decided before.
    pub since: Option<DateTime<Utc>>,
    /// Where history begins when nothing was decided yet.
    pub default_since: DateTime<Utc>,
    /// How far each run steps back.
    pub overlap: TimeDelta,
    /// The trailing re-reads, the shortest first.
    pub trailing: &'a [Trailing],
}

impl Warehouse {
    /// Notes what the stream stands on, begins the rounds that are due, and tells what is covered.
    pub async fn coverage(
        &self,
        lease: &Lease,
        ground: &Ground<'_>,
        now: DateTime<Utc>,
    ) -> Result<Coverage, WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        feed(&mut transaction, lease.source(), ground.stream, ground.tables).await?;
        let since = sqlx::query_scalar(
            "insert into sync.coverage as c (source, stream, since) values ($1, $2, coalesce($3, $4))
             on conflict (source, stream) do update set since = coalesce($3, c.since, $4) returning since",
        )
        .bind(lease.source())
        .bind(ground.stream)
        .bind(ground.since)
        .bind(ground.default_since)
        .fetch_one(&mut *transaction)
        .await?;
        begin_rounds(&mut transaction, lease.source(), ground, now).await?;
        let covered = spans(&mut transaction, COVERED, lease.source(), ground.stream).await?;
        let pending = spans(&mut transaction, PENDING, lease.source(), ground.stream).await?;
        transaction.commit().await?;
        Ok(Coverage {
            since,
            covered,
            pending,
        })
    }

    /// Notes a stream without a time filter, and tells when it was last read.
    pub async fn list(
        &self,
        lease: &Lease,
        stream: &str,
        tables: &[&'static Table],
    ) -> Result<ListRead, WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        feed(&mut transaction, lease.source(), stream, tables).await?;
        sqlx::query("insert into sync.coverage (source, stream) values ($1, $2) on conflict do nothing")
            .bind(lease.source())
            .bind(stream)
            .execute(&mut *transaction)
            .await?;
        let (read_at, full_read_at) = sqlx::query_as(
            "select whole_read_at, full_read_at from sync.coverage where source = $1 and stream = $2",
        )
        .bind(lease.source())
        .bind(stream)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(ListRead {
            read_at,
            full_read_at,
        })
    }
}

/// When a list without a time filter was last read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRead {
    /// Start of the last complete walk.
    pub read_at: Option<DateTime<Utc>>,
    /// Start of the last complete walk to the list's end.
    pub full_read_at: Option<DateTime<Utc>>,
}

const COVERED: &str = "select lower(span), upper(span) from sync.coverage, unnest(covered) as span
     where source = $1 and stream = $2 order by 1";

/// Only what is still covered: a gap is read as a gap.
const PENDING: &str = "select lower(span), upper(span) from (
         select range_agg(part) as pending from sync.rereads, unnest(pending) as part where source = $1 and stream = $2
     ) as rounds, sync.coverage as c, unnest(rounds.pending * c.covered) as span
     where c.source = $1 and c.stream = $2 order by 1";

async fn spans(
    transaction: &mut Transaction<'static, Postgres>,
    statement: &'static str,
    source: &str,
    stream: &str,
) -> Result<Vec<Window>, WarehouseError> {
    let spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(statement)
        .bind(source)
        .bind(stream)
        .fetch_all(&mut **transaction)
        .await?;
    Ok(spans
        .into_iter()
        .map(|(since, until)| Window { since, until })
        .collect())
}

async fn feed(
    transaction: &mut Transaction<'static, Postgres>,
    source: &str,
    stream: &str,
    tables: &[&'static Table],
) -> Result<(), WarehouseError> {
    let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
    sqlx::query(
        "insert into sync.feeds (source, stream, table_name) select $1, $2, unnest($3::text[])
         on conflict do nothing",
    )
    .bind(source)
    .bind(stream)
    .bind(names)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// A round that is due takes up what is covered of its span, apart from what a shorter round, or each run, reads anyway.
async fn begin_rounds(
    transaction: &mut Transaction<'static, Postgres>,
    source: &str,
    ground: &Ground<'_>,
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let mut nearer = ground.overlap;
    for trailing in ground.trailing {
        sqlx::query(
            "insert into sync.rereads as r (source, stream, span, round_started_at)
             values ($1, $2, make_interval(secs => $3), $5)
             on conflict (source, stream, span) do update set round_started_at = $5, pending = (
                 select covered * tstzmultirange(tstzrange($5 - make_interval(secs => $3), $5 - make_interval(secs => $4)))
                 from sync.coverage where source = $1 and stream = $2)
             where r.round_started_at + make_interval(secs => $6) <= $5",
        )
        .bind(source)
        .bind(ground.stream)
        .bind(seconds(trailing.span))
        .bind(seconds(nearer))
        .bind(now)
        .bind(seconds(trailing.every))
        .execute(&mut **transaction)
        .await?;
        nearer = trailing.span;
    }
    Ok(())
}

/// Books what a complete walk earned: coverage, what of it is settled, and its part of the re-reads.
pub(super) async fn earn(
    transaction: &mut Transaction<'static, Postgres>,
    walk: WalkId,
    earned: &Earned<'_>,
) -> Result<(), WarehouseError> {
    let (reaches_start, is_full) = match earned.reach {
        Reach::Start { is_full } => (true, is_full),
        Reach::Window | Reach::Nowhere => (false, false),
    };
    sqlx::query(
        "update sync.coverage as c set last_complete_at = clock_timestamp(),
             whole_read_at = case when $3 then w.started_at else c.whole_read_at end,
             full_read_at = case when $4 then w.started_at else c.full_read_at end,
             -- Of a window that reaches into the future only the past is covered.
             covered = case when w.since < w.started_at
                            then c.covered + tstzmultirange(tstzrange(w.since, least(w.until, w.started_at)))
                            else c.covered end,
             -- What was read when it was old enough needs no further look.
             settled = case when w.since < w.started_at - make_interval(secs => $2)
                            then c.settled + tstzmultirange(
                                tstzrange(w.since, least(w.until, w.started_at - make_interval(secs => $2))))
                            else c.settled end
         from sync.walks as w where w.id = $1 and c.source = w.source and c.stream = w.stream",
    )
    .bind(walk)
    .bind(seconds(earned.settle))
    .bind(reaches_start)
    .bind(is_full)
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "update sync.rereads as r set pending = r.pending - tstzmultirange(tstzrange(w.since, w.until))
         from sync.walks as w where w.id = $1 and r.source = w.source and r.stream = w.stream and w.since is not null
         and r.pending && tstzrange(w.since, w.until)",
    )
    .bind(walk)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "spans are far below 2^52 seconds")]
fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}
