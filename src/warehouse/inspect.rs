//! What the ledger tells people of single runs and slices.

use chrono::{DateTime, Utc};

use super::{Warehouse, WarehouseError};

/// Which runs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFilter<'a> {
    /// Of this source only.
    pub source: Option<&'a str>,
    /// Of this stream only.
    pub stream: Option<&'a str>,
    /// Only those that ended otherwise than complete.
    pub is_unfinished: bool,
    /// How many, the newest first.
    pub limit: u32,
}

/// A run with what its slices have done.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RunEntry {
    /// Its number.
    pub id: i64,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// running, complete, incomplete or failed.
    pub state: String,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// What mends it.
    pub remedy: Option<String>,
    /// How many slices it has begun.
    pub slice_count: i64,
    /// Requests that its slices have sent.
    pub request_count: i64,
    /// Rows that were new.
    pub inserted: i64,
    /// Rows that had changed.
    pub updated: i64,
    /// Rows that were the same.
    pub unchanged: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
    /// Records that could not be read.
    pub rejected: i64,
}

/// A slice, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SliceEntry {
    /// Its number.
    pub id: i64,
    /// Its run; nothing where it is from before there were runs.
    pub run_id: Option<i64>,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The partition; empty where there is only one.
    pub partition: String,
    /// The generation of the partition's coverage.
    pub generation: i32,
    /// What it is for.
    pub purpose: String,
    /// First instant of its window.
    pub since: Option<DateTime<Utc>>,
    /// First instant after its window.
    pub until: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// running, complete, incomplete or failed.
    pub state: String,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// What mends it.
    pub remedy: Option<String>,
    /// The vendor's own words.
    pub said: Option<String>,
    /// How the ends of its lists were known, as JSON.
    pub evidence: String,
    /// How many rows the vendor says there are.
    pub vendor_total: Option<i64>,
    /// How many times in a row it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Requests sent.
    pub request_count: i64,
    /// Bytes of the answers.
    pub body_bytes: i64,
    /// Rows that were new.
    pub inserted: i64,
    /// Rows that had changed.
    pub updated: i64,
    /// Rows that were the same.
    pub unchanged: i64,
    /// Rows that the slice had met before.
    pub duplicates: i64,
    /// Records that could not be read.
    pub rejected: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
    /// Rows that seem to be gone and wait for an operator's word.
    pub held_deletions: i64,
}

/// What is known of the names of streams.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KnownStream {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
}

/// The columns of a run, with the sums over its slices.
const RUN: &str = "select r.id, r.source, r.stream, r.started_at, r.ended_at, r.state, r.reason, r.remedy, r.slice_count,
         s.request_count, s.inserted, s.updated, s.unchanged, s.deleted, s.rejected
     from sync.runs as r
     cross join lateral (
         select coalesce(sum(request_count), 0)::bigint as request_count, coalesce(sum(inserted), 0)::bigint as inserted,
             coalesce(sum(updated), 0)::bigint as updated, coalesce(sum(unchanged), 0)::bigint as unchanged,
             coalesce(sum(deleted), 0)::bigint as deleted, coalesce(sum(rejected), 0)::bigint as rejected
         from sync.slices where run_id = r.id
     ) as s";

/// The columns of a slice.
const SLICE: &str = "select id, run_id, source, stream, partition, generation, purpose, since, until, started_at, ended_at, state,
         reason, remedy, said, evidence::text as evidence, vendor_total, attempts, next_attempt_at, request_count, body_bytes,
         inserted, updated, unchanged, duplicates, rejected, deleted, held_deletions
     from sync.slices";

impl Warehouse {
    /// The last runs, the newest first, each with what its slices have done.
    pub async fn list_runs(&self, filter: &RunFilter<'_>) -> Result<Vec<RunEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let runs = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{RUN} where r.id in (
                 select id from sync.runs
                 where ($1::text is null or source = $1) and ($2::text is null or stream = $2)
                     and (not $3 or state in ('incomplete', 'failed'))
                 order by id desc limit $4)
             order by r.id desc"
        )))
        .bind(filter.source)
        .bind(filter.stream)
        .bind(filter.is_unfinished)
        .bind(i64::from(filter.limit))
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(runs)
    }

    /// A run by its number.
    pub async fn find_run(&self, id: i64) -> Result<Option<RunEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let run = sqlx::query_as(sqlx::AssertSqlSafe(format!("{RUN} where r.id = $1")))
            .bind(id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(run)
    }

    /// The slices of a run, in the order in which they began.
    pub async fn list_slices(&self, run: i64) -> Result<Vec<SliceEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let slices = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{SLICE} where run_id = $1 order by id"
        )))
        .bind(run)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(slices)
    }

    /// The slices that are being read, the oldest first.
    pub async fn running_slices(&self) -> Result<Vec<SliceEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let slices = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "{SLICE} where state = 'running' order by id"
        )))
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(slices)
    }

    /// A slice by its number, unless the ledger has let go of it.
    pub async fn find_slice(&self, id: i64) -> Result<Option<SliceEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let slice = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SLICE} where id = $1")))
            .bind(id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(slice)
    }

    /// Every stream that the settings have ever wanted.
    pub async fn known_streams(&self) -> Result<Vec<KnownStream>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let known = sqlx::query_as("select distinct source, stream from sync.streams order by 1, 2")
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(known)
    }
}
