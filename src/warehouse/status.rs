//! What the warehouse tells people about itself.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::Table;

use super::{Warehouse, WarehouseError};

/// Up to when a table is complete, per source.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Freshness {
    /// The table.
    pub table_name: String,
    /// The source.
    pub source: String,
    /// Everything before this instant is loaded.
    pub complete_through: Option<DateTime<Utc>>,
    /// Everything before this instant was read again after late corrections had had their time.
    pub settled_through: Option<DateTime<Utc>>,
}

/// How a stream stands.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StreamStatus {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// Everything before this instant is loaded.
    pub complete_through: Option<DateTime<Utc>>,
    /// Everything before this instant was read again after late corrections had had their time.
    pub settled_through: Option<DateTime<Utc>>,
    /// How far `complete_through` is behind now.
    pub lag_seconds: Option<i64>,
    /// State of the last walk.
    pub last_state: Option<String>,
    /// Why the last walk is not complete.
    pub last_reason: Option<String>,
    /// When the last walk ended, or began where it still runs.
    pub last_at: Option<DateTime<Utc>>,
    /// Rows that the stream has brought in.
    pub row_count: i64,
    /// Records of the stream that could not be read.
    pub reject_count: i64,
    /// Rows that are missing at the vendor and wait for an operator's word.
    pub held_deletions: i64,
}

/// How many rows a table holds of a source.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TableCount {
    /// The source.
    pub source: String,
    /// Rows that exist at the vendor.
    pub live: i64,
    /// Rows that are gone at the vendor.
    pub deleted: i64,
}

impl Warehouse {
    /// Up to when each table is complete.
    pub async fn freshness(&self) -> Result<Vec<Freshness>, WarehouseError> {
        Ok(sqlx::query_as(
            "select table_name, source, complete_through, settled_through from warehouse.freshness order by 1, 2",
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// How each stream stands.
    pub async fn streams(&self) -> Result<Vec<StreamStatus>, WarehouseError> {
        Ok(sqlx::query_as(include_str!("status.sql"))
            .fetch_all(&self.pool)
            .await?)
    }

    /// How many rows a table holds, per source. It reads the whole table.
    pub async fn count(&self, table: &'static Table) -> Result<Vec<TableCount>, WarehouseError> {
        let statement = format!(
            "select source, count(*) filter (where deleted_at is null) as live, count(deleted_at) as deleted
             from warehouse.{} group by source order by source",
            table.name
        );
        Ok(sqlx::query_as(AssertSqlSafe(statement))
            .fetch_all(&self.pool)
            .await?)
    }

    /// Runs one of our own example queries and returns its rows as text, the column names first.
    pub async fn example(&self, query: &'static str) -> Result<Vec<Vec<String>>, WarehouseError> {
        let wrapped = format!(
            "select array(select coalesce(value, '') from json_each_text(row_to_json(q)) with ordinality order by ordinality),
                    array(select key from json_each_text(row_to_json(q)) with ordinality order by ordinality)
             from ({query}) as q"
        );
        let rows: Vec<(Vec<String>, Vec<String>)> = sqlx::query_as(AssertSqlSafe(wrapped))
            .fetch_all(&self.pool)
            .await?;
        let names = rows.first().map(|(_, names)| names.clone()).unwrap_or_default();
        Ok(std::iter::once(names)
            .chain(rows.into_iter().map(|(values, _)| values))
            .collect())
    }
}
