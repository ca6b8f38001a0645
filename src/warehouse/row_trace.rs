//! Which rows have an id, and which slices wrote them.

use chrono::{DateTime, Utc};
use connectors::schema::TABLES;
use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};

use super::{Warehouse, WarehouseError};

/// Where a row is, and which slice wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct RowTrace {
    /// The table.
    pub table_name: String,
    /// The source.
    pub source: String,
    /// The slice that wrote it last.
    pub slice_id: Option<i64>,
    /// The run of that slice; nothing where the ledger no longer has it.
    pub run_id: Option<i64>,
    /// The stream of that slice.
    pub stream: Option<String>,
    /// When it was first read.
    pub first_seen_at: DateTime<Utc>,
    /// When it last changed here.
    pub changed_at: DateTime<Utc>,
    /// When it was found to be gone.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Warehouse {
    /// The rows of all tables and sources that have this id, exactly so or without the blanks around it.
    pub async fn find_rows(&self, id: &str) -> Result<Vec<RowTrace>, WarehouseError> {
        let tables: Vec<String> = TABLES
            .iter()
            .map(|table| {
                format!(
                    "select '{0}' as table_name, source, slice_id, first_seen_at, changed_at, deleted_at from warehouse.{0}
                     where id in ($1, btrim($1)) and source = any (array(select source from sync.sources))",
                    table.name
                )
            })
            .collect();
        let query = format!(
            "select r.*, s.run_id, s.stream from ({}) as r left join sync.slices as s on s.id = r.slice_id order by 1, 2 limit 200",
            tables.join(" union all ")
        );
        let mut transaction = self.begin().await?;
        let found = sqlx::query_as(AssertSqlSafe(query))
            .bind(id)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(found)
    }
}
