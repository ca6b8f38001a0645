//! Removing what is old from our own books, in small steps. Rows of the warehouse are never removed.

use std::time::Duration;

use super::{Warehouse, WarehouseError};

/// How many rows are removed in one transaction.
const PRUNED_AT_ONCE: i64 = 1_000;

/// How long our own books are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs and slices.
    pub ledger: Duration,
    /// Events, and requests that are done.
    pub events: Duration,
    /// Records that could not be read, since they were last met.
    pub rejects: Duration,
    /// Counts of fields that could not be read, since they were last met.
    pub field_faults: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |count: u64| Duration::from_hours(24 * count);
        Self {
            ledger: days(90),
            events: days(90),
            rejects: days(180),
            field_faults: days(180),
        }
    }
}

/// How many rows are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Slices.
    pub slices: u64,
    /// Events and requests.
    pub events: u64,
    /// Rejects.
    pub rejects: u64,
    /// Field faults.
    pub field_faults: u64,
}

impl Pruned {
    /// All of them together.
    pub fn total(&self) -> u64 {
        self.runs + self.slices + self.events + self.rejects + self.field_faults
    }
}

// Numbers grow with time: only the oldest are looked at, so that a look where nothing is old costs next to nothing.
const RUNS: &str = "delete from sync.runs where id in (
    select id from (select id, ended_at from sync.runs order by id limit $2) as oldest
    where ended_at < clock_timestamp() - make_interval(secs => $1))";
const SLICES: &str = "delete from sync.slices where id in (
    select id from (select id, ended_at from sync.slices order by id limit $2) as oldest
    where ended_at < clock_timestamp() - make_interval(secs => $1))";
const EVENTS: &str = "delete from sync.events where id in (
    select id from sync.events where ended_at < clock_timestamp() - make_interval(secs => $1) order by id limit $2)";
const REQUESTS: &str = "delete from sync.requests where id in (
    select id from sync.requests where ended_at < clock_timestamp() - make_interval(secs => $1) order by id limit $2)";
const REJECTS: &str = "delete from sync.rejects where ctid = any (array(
    select ctid from sync.rejects where last_seen_at < clock_timestamp() - make_interval(secs => $1) limit $2 for update skip locked))";
const FIELD_FAULTS: &str = "delete from sync.field_faults where ctid = any (array(
    select ctid from sync.field_faults where last_seen_at < clock_timestamp() - make_interval(secs => $1) limit $2 for update skip locked))";

impl Warehouse {
    /// Removes what is older than it is to be kept. Rows keep the numbers of the slices that wrote them.
    pub async fn prune_books(&self, keep: &Retention) -> Result<Pruned, WarehouseError> {
        Ok(Pruned {
            runs: self.prune_table(RUNS, keep.ledger).await?,
            slices: self.prune_table(SLICES, keep.ledger).await?,
            events: self.prune_table(EVENTS, keep.events).await?
                + self.prune_table(REQUESTS, keep.events).await?,
            rejects: self.prune_table(REJECTS, keep.rejects).await?,
            field_faults: self.prune_table(FIELD_FAULTS, keep.field_faults).await?,
        })
    }

    async fn prune_table(&self, statement: &'static str, keep: Duration) -> Result<u64, WarehouseError> {
        let mut all = 0;
        loop {
            let mut transaction = self.begin().await?;
            let deleted = sqlx::query(statement)
                .bind(keep.as_secs_f64())
                .bind(PRUNED_AT_ONCE)
                .execute(&mut transaction)
                .await?
                .rows_affected();
            transaction.commit().await?;
            all += deleted;
            if deleted == 0 {
                return Ok(all);
            }
        }
    }
}
