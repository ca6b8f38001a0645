//! What the warehouse tells people about itself.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow};

use connectors::schema::Table;

use super::{Warehouse, WarehouseError};

/// Up to when a table is complete, per source.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Freshness {
    /// The table.
    pub table_name: String,
    /// The source.
    pub source: String,
    /// Where the loaded history begins; nothing where it has no beginning.
    pub complete_since: Option<DateTime<Utc>>,
    /// Everything before this instant is loaded.
    pub complete_through: Option<DateTime<Utc>>,
    /// Everything before this instant was read again after late corrections had had their time.
    pub settled_through: Option<DateTime<Utc>>,
    /// complete, incomplete, never read, disabled or refused.
    pub state: String,
    /// Why it is not further.
    pub reason: Option<String>,
}

/// How a stream stands, all its partitions together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, FromRow)]
pub struct StreamStatus {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The word for how it moves.
    pub mode: String,
    /// False where the settings no longer want it.
    pub is_enabled: bool,
    /// complete, incomplete, never read, disabled or refused.
    pub state: String,
    /// Why it is not further.
    pub reason: Option<String>,
    /// Everything before this instant is loaded.
    pub complete_through: Option<DateTime<Utc>>,
    /// Everything before this instant was read again after late corrections had had their time.
    pub settled_through: Option<DateTime<Utc>>,
    /// How far `complete_through` is behind now.
    pub lag_seconds: Option<i64>,
    /// State of the last slice.
    pub last_state: Option<String>,
    /// Why the last slice is not complete.
    pub last_reason: Option<String>,
    /// When the last slice ended, or began where it still runs.
    pub last_at: Option<DateTime<Utc>>,
    /// Rows that the stream has brought in.
    pub row_count: i64,
    /// Records of the stream that could not be read.
    pub reject_count: i64,
    /// Rows that seem to be gone at the vendor and wait for an operator's word.
    pub held_deletions: i64,
    /// How many partitions it has.
    pub partition_count: i64,
    /// How far `settled_through` is behind now.
    pub settled_lag_seconds: Option<i64>,
    /// How far `complete_through` may be behind now; nothing where no daemon has said so.
    pub lag_limit_seconds: Option<i64>,
    /// When its schedule wakes it next; nothing where no daemon keeps it.
    pub next_run_at: Option<DateTime<Utc>>,
    /// When the first of its failing slices is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// How many of its slices fail and wait for their next attempt.
    pub failing_slices: i64,
    /// `operator` or `daemon`, where it is left alone.
    pub paused_by: Option<String>,
    /// When it is tried again; nothing where that takes an operator.
    pub paused_until: Option<DateTime<Utc>>,
    /// Why it is left alone.
    pub pause_reason: Option<String>,
    /// Who holds its source at this moment.
    pub holder: Option<String>,
}

impl StreamStatus {
    /// Why it is not further, for places that have named the stream already.
    pub fn bare_reason(&self) -> Option<&str> {
        let reason = self.reason.as_deref().filter(|reason| !reason.is_empty())?;
        let rest = reason.strip_prefix(&self.stream);
        Some(rest.map_or(reason, |rest| rest.trim_start_matches([':', ' '])))
    }
}

impl StreamStatus {
    /// True where it is further behind than it may be.
    pub fn is_lagging(&self) -> bool {
        self.is_enabled
            && self
                .lag_seconds
                .zip(self.lag_limit_seconds)
                .is_some_and(|(lag, limit)| lag > limit)
    }

    /// True where there is nothing that anybody should look at: it is complete and up to date, nothing of it fails, waits for a
    /// word or is left alone. What the settings do not want is well.
    pub fn is_well(&self) -> bool {
        !self.is_enabled
            || (self.state == "complete"
                && !self.is_lagging()
                && self.failing_slices == 0
                && self.held_deletions == 0
                && self.paused_by.is_none())
    }
}

/// How many rows a table holds of a source.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TableCount {
    /// The source.
    pub source: String,
    /// Rows that exist at the vendor.
    pub live: i64,
    /// Rows that are gone at the vendor.
    pub deleted: i64,
}

impl Warehouse {
    /// Up to when each table is complete, and why not further.
    pub async fn list_freshness(&self) -> Result<Vec<Freshness>, WarehouseError> {
        self.query_list(
            "select table_name, source, complete_since, complete_through, settled_through, state, reason
             from warehouse.freshness order by 1, 2",
        )
        .await
    }

    /// How each stream stands.
    pub async fn list_streams(&self) -> Result<Vec<StreamStatus>, WarehouseError> {
        self.query_list(include_str!("status.sql")).await
    }

    /// How many rows a table holds, per source. It reads the whole table.
    pub async fn count_rows(&self, table: &'static Table) -> Result<Vec<TableCount>, WarehouseError> {
        self.query_list(AssertSqlSafe(format!(
            "select source, count(*) filter (where deleted_at is null) as live, count(deleted_at) as deleted
             from warehouse.{} group by source order by source",
            table.name
        )))
        .await
    }

    /// Runs one of our own example queries and returns its rows as text, the column names first.
    pub async fn run_example(&self, query: &'static str) -> Result<Vec<Vec<String>>, WarehouseError> {
        let wrapped = format!(
            "select array(select coalesce(value, '') from json_each_text(row_to_json(q)) with ordinality order by ordinality),
                    array(select key from json_each_text(row_to_json(q)) with ordinality order by ordinality)
             from ({query}) as q"
        );
        let rows: Vec<(Vec<String>, Vec<String>)> = self.query_list(AssertSqlSafe(wrapped)).await?;
        let names = rows.first().map(|(_, names)| names.clone()).unwrap_or_default();
        Ok(std::iter::once(names)
            .chain(rows.into_iter().map(|(values, _)| values))
            .collect())
    }

    pub(super) async fn query_list<T>(&self, query: impl sqlx::SqlSafeStr) -> Result<Vec<T>, WarehouseError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut transaction = self.begin().await?;
        let list = sqlx::query_as(query).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(list)
    }
}
