//! What is to be held against the vendor by whoever holds the source: ranges that are read again although nothing says they should.

use chrono::{DateTime, TimeDelta, Utc};

use connectors::source::Window;

use super::ledger::seconds_of;
use super::pool::repeat_transaction;
use super::{CHANNEL, Lease, Warehouse, WarehouseError};

/// The rounds of the planner have a span; what is read again to be compared has none.
const NO_SPAN: &str = "interval '0'";

/// What is being held against the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Verifying {
    /// How many ranges are to be read still.
    pub left: i64,
    /// Rows that were missing, since the comparison was asked for.
    pub missing: i64,
    /// Rows that were different.
    pub different: i64,
}

impl Warehouse {
    /// Has whoever holds the source read windows of a partition again. It needs no lease.
    pub async fn request_verification(
        &self,
        source: &str,
        stream: &str,
        partition: &str,
        windows: &[Window],
    ) -> Result<(), WarehouseError> {
        let since: Vec<DateTime<Utc>> = windows.iter().map(|window| window.since).collect();
        let until: Vec<DateTime<Utc>> = windows.iter().map(|window| window.until).collect();
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(sqlx::AssertSqlSafe(format!(
                "insert into sync.rereads as r (source, stream, partition, span, round_started_at, pending)
                 select $1, $2, $3, {NO_SPAN}, clock_timestamp(), range_agg(tstzrange(u.since, u.until))
                 from unnest($4::timestamptz[], $5::timestamptz[]) as u (since, until)
                 having count(*) > 0
                 on conflict (source, stream, partition, span) do update set pending = r.pending + excluded.pending,
                     round_started_at = excluded.round_started_at"
            )))
            .bind(source)
            .bind(stream)
            .bind(partition)
            .bind(&since)
            .bind(&until)
            .execute(&mut transaction)
            .await?;
            sqlx::query("select pg_catalog.pg_notify($1, 'verify ' || $2)")
                .bind(CHANNEL)
                .bind(source)
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await
        })
        .await
    }

    /// Has whoever holds the source read a list to its end with the next run. It needs no lease.
    pub async fn request_full_reading(&self, source: &str, stream: &str) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query("update sync.coverage set full_read_at = null where source = $1 and stream = $2")
                .bind(source)
                .bind(stream)
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await
        })
        .await
    }

    /// How far the comparison of a stream has come, and what it has found since it was asked for.
    pub async fn watch_verification(
        &self,
        source: &str,
        stream: &str,
        since: DateTime<Utc>,
    ) -> Result<Verifying, WarehouseError> {
        let statement = format!(
            "select
                 (select count(*) from sync.rereads as r, unnest(r.pending) where r.source = $1 and r.stream = $2 and r.span = {NO_SPAN})
                 + (select count(*) from sync.coverage as c join sync.streams as s using (source, stream, partition)
                    where c.source = $1 and c.stream = $2 and s.is_enabled and s.mode in ('full refresh', 'newest first')
                        and (c.full_read_at is null or c.full_read_at < $3))
                 + (select count(*) from sync.tallies where source = $1 and counted_at is null)
                 + (select count(*) from sync.losses as l where l.source = $1 and exists (
                        select from sync.streams as s where s.source = $1 and s.stream = $2 and l.table_name = any (s.fills))) as left,
                 coalesce(sum(inserted), 0)::bigint as missing, coalesce(sum(updated), 0)::bigint as different
             from sync.slices where source = $1 and stream = $2 and purpose in ('window', 'reread', 'full') and started_at >= $3"
        );
        let mut transaction = self.begin().await?;
        let verifying = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(source)
            .bind(stream)
            .bind(since)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(verifying)
    }

    /// What of a partition counts as complete, in order of time. Nothing is begun.
    pub async fn covered_windows(
        &self,
        source: &str,
        stream: &str,
        partition: &str,
    ) -> Result<Vec<Window>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let spans: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
            "select lower(span), upper(span) from sync.coverage, unnest(covered) as span
             where source = $1 and stream = $2 and partition = $3 order by 1",
        )
        .bind(source)
        .bind(stream)
        .bind(partition)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        let window = |(since, until)| Window { since, until };
        Ok(spans.into_iter().map(window).collect())
    }

    /// Chooses by chance what of a stream's settled past is read again, a window of each partition, unless that was done lately
    /// or is still to be done. Returns how many windows were chosen.
    pub async fn sample_settled(
        &self,
        lease: &Lease,
        stream: &str,
        span: TimeDelta,
        every: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<u64, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            // A span is chosen by its length, and an instant within it.
            let chosen = sqlx::query(sqlx::AssertSqlSafe(format!(
                "insert into sync.rereads as r (source, stream, partition, span, round_started_at, pending)
                 select c.source, c.stream, c.partition, {NO_SPAN}, $3,
                     c.settled * tstzmultirange(tstzrange(s.at, s.at + make_interval(secs => $4)))
                 from sync.coverage as c
                 join sync.streams as w using (source, stream, partition)
                 cross join lateral (
                     select lower(span) + random() * (upper(span) - lower(span)) as at from unnest(c.settled) as span
                     order by random() ^ (1 / greatest(extract(epoch from upper(span) - lower(span)), 1)::float8) desc limit 1
                 ) as s
                 where c.source = $1 and c.stream = $2 and w.is_enabled
                 on conflict (source, stream, partition, span) do update set pending = excluded.pending,
                     round_started_at = excluded.round_started_at
                 where isempty(r.pending) and r.round_started_at + make_interval(secs => $5) <= $3"
            )))
            .bind(lease.source())
            .bind(stream)
            .bind(now)
            .bind(seconds_of(span))
            .bind(seconds_of(every))
            .execute(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(chosen.rows_affected())
        })
        .await
    }
}
