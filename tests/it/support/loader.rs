//! A warehouse whose one source is ours, to load rows into without any vendor.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{Batch, Conversation, Entity as _, Table};
use connectors::source::{Remedy, Window};
use convene::warehouse::{
    Completion, Coverage, Flaw, Lease, LedgerSlice, Load, NewSlice, PartitionSpec, Purpose, Reach,
    RetryDelay, SliceEnd, SliceVerdict, SourceEntry, StreamEntry, Traffic, WarehouseError,
};
use convene::warehouse::{Counts, Warehouse};
use sqlx::PgPool;

use crate::support::postgres::Database;

/// The stream.
pub(crate) const STREAM: &str = "conversations";
/// How many sessions of the warehouse there are; those of a test have no name.
const SESSIONS: &str = "select count(*)::text from pg_stat_activity where datname = current_database() and application_name = 'convene'";
/// How many rows of the ledger were read by sessions that have ended, by its indexes and past them.
const LEDGER_ROWS_READ: &str =
    "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::text from pg_stat_user_tables
     where schemaname = 'sync' and relname in ('slices', 'runs')";

/// A warehouse whose one source is ours, to load rows into without any vendor.
pub(crate) struct TestLoader {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// The right to the source.
    pub lease: Lease,
    /// A pool for the test's own questions.
    pub pool: PgPool,
    /// The database; dropped last.
    pub database: Database,
}

/// A list that fills and completes one table.
pub(crate) fn entry(stream: &'static str, table: &'static [&'static Table]) -> StreamEntry<'static> {
    StreamEntry {
        stream,
        partition: "",
        mode: "full refresh",
        fills: table,
        completes: table,
        depends_on: &[],
        identity: "one",
    }
}

/// A list, or rows that are read by id, without anything of its own.
pub(crate) fn spec(stream: &str) -> PartitionSpec<'_> {
    PartitionSpec {
        stream,
        partition: "",
        since: None,
        default_since: None,
        lookback: TimeDelta::zero(),
        rereads: &[],
    }
}

impl TestLoader {
    /// A warehouse with nothing in it.
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let warehouse = open_warehouse(&database).await;
        let period = Duration::from_mins(10);
        let lease = warehouse
            .acquire_lease("social", "test", period)
            .await
            .expect("nobody holds it");
        let loader = Self {
            pool: database.pool().await,
            warehouse,
            lease,
            database,
        };
        loader.register(&[entry(STREAM, &[Conversation::TABLE])]).await;
        loader.prepare(&spec(STREAM)).await;
        loader
    }

    /// Says what the settings want. Returns the generations.
    pub(crate) async fn register(&self, entries: &[StreamEntry<'_>]) -> Vec<i32> {
        let registered = self.warehouse.register_streams(&self.lease, entries).await;
        let registered = registered.expect("it is registered");
        registered.iter().map(|one| one.generation).collect()
    }

    /// Prepares a partition for planning.
    pub(crate) async fn prepare(&self, spec: &PartitionSpec<'_>) -> Coverage {
        let prepared = self
            .warehouse
            .prepare_partition(&self.lease, spec, self.now().await);
        prepared.await.expect("it is prepared")
    }

    /// Says in which zone the days of the source begin.
    pub(crate) async fn of_zone(&self, zone: &str) {
        let entry = SourceEntry {
            vendor: "conversocial",
            time_zone: zone,
            account: "a",
            outcome_classes: &[],
        };
        let recorded = self.warehouse.record_source(&self.lease, &entry).await;
        recorded.expect("it is recorded");
    }

    /// The server's time.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        self.warehouse.now().await.expect("the server tells the time")
    }

    /// Opens a slice of a run of its own.
    pub(crate) async fn begin(&self, purpose: Purpose, window: Option<Window>) -> LedgerSlice {
        self.begin_of(STREAM, "", purpose, window).await
    }

    /// Opens a slice of a partition.
    pub(crate) async fn begin_of(
        &self,
        stream: &str,
        partition: &str,
        purpose: Purpose,
        window: Option<Window>,
    ) -> LedgerSlice {
        let started_at = self.now().await;
        let run = self.warehouse.begin_run(&self.lease, stream, started_at).await;
        let generation = "select generation from sync.streams where stream = $1 and partition = $2";
        let generation: i32 = sqlx::query_scalar(generation)
            .bind(stream)
            .bind(partition)
            .fetch_one(&self.pool)
            .await
            .expect("the stream is registered");
        let new = NewSlice {
            run: run.expect("the run begins"),
            stream,
            partition,
            generation,
            purpose,
            window,
            started_at,
        };
        let begun = self.warehouse.begin_slice(&self.lease, &new).await;
        begun.expect("the slice begins")
    }

    /// Loads a batch as the first of a slice.
    pub(crate) async fn load(
        &self,
        slice: &LedgerSlice,
        batch: Batch,
        change: impl FnOnce(&mut Load<'_>),
    ) -> Result<Counts, WarehouseError> {
        let at = self.now().await;
        let mut load = load(slice, batch, at);
        change(&mut load);
        load.batch.stamp(load.at);
        self.warehouse.load_batch(&self.lease, load).await
    }

    /// Ends a slice that has loaded so many batches. Returns how many rows were deleted and how many held.
    pub(crate) async fn end(
        &self,
        slice: &LedgerSlice,
        batch_count: i64,
        verdict: SliceVerdict<'_>,
    ) -> (i64, i64) {
        let end = end(batch_count, verdict);
        let ended = self.warehouse.end_slice(&self.lease, slice, end).await;
        let outcome = ended.expect("it ends");
        (outcome.deleted, outcome.held)
    }

    /// Loads one batch as a slice of its own, and ends it complete.
    pub(crate) async fn slice(
        &self,
        batch: Batch,
        change: impl FnOnce(&mut Load<'_>, &mut Completion<'_>),
    ) -> Counts {
        let slice = self.begin(Purpose::Full, None).await;
        self.fill(&slice, batch, change).await
    }

    /// Loads one batch into a slice, and ends it complete.
    pub(crate) async fn fill(
        &self,
        slice: &LedgerSlice,
        batch: Batch,
        change: impl FnOnce(&mut Load<'_>, &mut Completion<'_>),
    ) -> Counts {
        let mut completion = completion();
        let loaded = self
            .load(slice, batch, |load| change(load, &mut completion))
            .await;
        let mut counts = loaded.expect("it lands");
        counts.deleted += self.end(slice, 1, SliceVerdict::Complete(completion)).await.0;
        counts
    }

    /// The texts that a query gives.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_all(&self.pool)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// How many rows of the ledger somebody has read. The server counts those of a session when it ends, so the warehouse is closed
    /// and opened again.
    pub(crate) async fn ledger_rows_read(&mut self, act: impl AsyncFnOnce(&Self)) -> i64 {
        let before = self.reopen_warehouse().await;
        act(self).await;
        self.reopen_warehouse().await - before
    }

    /// Returns how many rows of the ledger all sessions have read that ended.
    async fn reopen_warehouse(&mut self) -> i64 {
        self.warehouse.close().await;
        while self.texts(SESSIONS).await != ["0"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.warehouse = open_warehouse(&self.database).await;
        let read = self.texts(LEDGER_ROWS_READ).await;
        read[0].parse().expect("a number")
    }

    /// Does something behind the warehouse's back.
    pub(crate) async fn execute(&self, statement: &str) {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&self.pool)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

async fn open_warehouse(database: &Database) -> Warehouse {
    let warehouse = Warehouse::connect(&database.secret(), 3).await;
    warehouse.expect("it answers")
}

/// The first batch of a slice.
pub(crate) fn load(slice: &LedgerSlice, batch: Batch, at: DateTime<Utc>) -> Load<'_> {
    Load {
        slice,
        sequence: 1,
        at,
        batch,
        rejects: Vec::new(),
        faults: Vec::new(),
        duplicate_count: 0,
        is_new_ground: false,
        traffic: Traffic {
            request_count: 1,
            body_bytes: 1,
        },
        lookups: Vec::new(),
        system_agents: &[],
    }
}

/// An end without any extras.
pub(crate) fn end(batch_count: i64, verdict: SliceVerdict<'_>) -> SliceEnd<'_> {
    SliceEnd {
        batch_count,
        traffic: Traffic {
            request_count: 1,
            body_bytes: 1,
        },
        vendor_total: None,
        evidence: Vec::new(),
        verdict,
    }
}

/// What a slice to the end of a list is worth.
pub(crate) fn completion() -> Completion<'static> {
    Completion {
        reach: Reach::Start { is_full: true },
        settle: TimeDelta::zero(),
        delete_share: 0.1,
        absences: Vec::new(),
        not_found_times: 1,
        belongings: &[],
        fields: &[],
        record_count: 0,
    }
}

/// A failure that is tried again after a minute, and then after longer.
pub(crate) fn flaw(reason: &str) -> Flaw<'_> {
    Flaw {
        reason,
        remedy: Remedy::NextRun,
        said: None,
        retry: Some(RetryDelay {
            first: TimeDelta::minutes(1),
            longest: TimeDelta::minutes(5),
            not_before: None,
        }),
    }
}
