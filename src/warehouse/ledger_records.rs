//! Runs and slices, as the ledger has them: for people, for pages and for machines.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;

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

/// A slice, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct SliceRecord {
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
    /// Where its window begins.
    pub since: Option<DateTime<Utc>>,
    /// Where its window ends.
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
    /// How the ends of its lists were known, in words.
    pub evidence: String,
    /// The same, as JSON.
    #[serde(skip)]
    pub evidence_json: String,
    /// How many times in a row it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Requests sent.
    pub request_count: i64,
    /// Bytes of the answers.
    pub body_bytes: i64,
    /// How many rows the vendor said there are.
    pub vendor_total: Option<i64>,
    /// Rows read.
    pub rows_seen: i64,
    /// Rows that were new.
    pub inserted: i64,
    /// Rows that had changed.
    pub updated: i64,
    /// Rows that were the same.
    pub unchanged: i64,
    /// Rows that it had met before.
    pub duplicates: i64,
    /// Records that could not be read.
    pub rejected: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
    /// Rows that seem to be gone and are held.
    pub held_deletions: i64,
}

/// A run, with what its slices did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct RunRecord {
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
    /// Requests sent.
    pub request_count: i64,
    /// Bytes of the answers.
    pub body_bytes: i64,
    /// Rows read.
    pub rows_seen: i64,
    /// Rows that were new.
    pub inserted: i64,
    /// Rows that had changed.
    pub updated: i64,
    /// Rows that were the same.
    pub unchanged: i64,
    /// Records that could not be read.
    pub rejected: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
}

/// The columns of a slice.
macro_rules! slice_columns {
    () => {
        "id, run_id, source, stream, partition, generation, purpose, since, until, started_at, ended_at, state, reason, remedy, said,
         (select coalesce(string_agg(distinct concat(coalesce(e ->> 'text', e ->> 'kind'),
              case when e ->> 'count' <> '1' then concat(' (', e ->> 'count', ' lists)') end), '; '), '')
          from jsonb_array_elements(evidence) as e) as evidence, evidence::text as evidence_json, attempts, next_attempt_at,
         request_count, body_bytes, vendor_total, rows_seen, inserted, updated, unchanged, duplicates, rejected, deleted, held_deletions"
    };
}

/// The columns of a run, with the sums over its slices: see `run_sums`.
macro_rules! run_columns {
    () => {
        "r.id, r.source, r.stream, r.started_at, r.ended_at, r.state, r.reason, r.remedy, r.slice_count, x.request_count, x.body_bytes,
         x.rows_seen, x.inserted, x.updated, x.unchanged, x.rejected, x.deleted"
    };
}

/// The sums over a run's slices; or, where that has to be quick, over some of them.
macro_rules! run_sums {
    () => {
        run_sums!("")
    };
    ($limit:literal) => {
        concat!(
            "cross join lateral (
                 select coalesce(sum(request_count), 0)::bigint as request_count, coalesce(sum(body_bytes), 0)::bigint as body_bytes,
                     coalesce(sum(rows_seen), 0)::bigint as rows_seen, coalesce(sum(inserted), 0)::bigint as inserted,
                     coalesce(sum(updated), 0)::bigint as updated, coalesce(sum(unchanged), 0)::bigint as unchanged,
                     coalesce(sum(rejected), 0)::bigint as rejected, coalesce(sum(deleted), 0)::bigint as deleted
                 from (select * from sync.slices where run_id = r.id ",
            $limit,
            ") as s
             ) as x"
        )
    };
}

pub(super) use {run_columns, run_sums, slice_columns};

const RUNS: &str = concat!(
    "select ",
    run_columns!(),
    " from (
         select * from sync.runs
         where ($1::text is null or source = $1) and ($2::text is null or stream = $2)
             and (not $3 or state in ('incomplete', 'failed'))
         order by id desc limit $4
     ) as r ",
    run_sums!(),
    " order by r.id desc"
);
const RUN: &str = concat!(
    "select ",
    run_columns!(),
    " from sync.runs as r ",
    run_sums!(),
    " where r.id = $1"
);
const SLICES_OF_RUN: &str = concat!(
    "select ",
    slice_columns!(),
    " from sync.slices where run_id = $1 order by id desc limit $2"
);
const RUNNING_SLICES: &str = concat!(
    "select ",
    slice_columns!(),
    " from sync.slices where state = 'running' order by id"
);
const SLICE: &str = concat!("select ", slice_columns!(), " from sync.slices where id = $1");

impl Warehouse {
    /// The last runs, the newest first, each with what its slices have done.
    pub async fn list_runs(&self, filter: &RunFilter<'_>) -> Result<Vec<RunRecord>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let runs = sqlx::query_as(RUNS)
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
    pub async fn find_run(&self, id: i64) -> Result<Option<RunRecord>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let run = sqlx::query_as(RUN)
            .bind(id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(run)
    }

    /// The slices of a run, the newest first, no more than so many.
    pub async fn list_slices(
        &self,
        run: i64,
        limit: Option<i64>,
    ) -> Result<Vec<SliceRecord>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let slices = sqlx::query_as(SLICES_OF_RUN)
            .bind(run)
            .bind(limit)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(slices)
    }

    /// The slices that are being read, the oldest first.
    pub async fn running_slices(&self) -> Result<Vec<SliceRecord>, WarehouseError> {
        self.query_list(RUNNING_SLICES).await
    }

    /// A slice by its number, unless the ledger has let go of it.
    pub async fn find_slice(&self, id: i64) -> Result<Option<SliceRecord>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let slice = sqlx::query_as(SLICE)
            .bind(id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(slice)
    }
}
