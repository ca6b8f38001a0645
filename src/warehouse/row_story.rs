//! What the warehouse knows of one row: its versions, who wrote it, and whether it is gone.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::Table;

use super::{Warehouse, WarehouseError};

/// How many changes of a row are told.
const MOST_CHANGES: i64 = 100;

/// A row without its typed columns.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RowStory {
    /// Start of the request that brought the first version.
    pub first_seen_at: DateTime<Utc>,
    /// Start of the request that brought this version.
    pub fetched_at: DateTime<Utc>,
    /// When a difference was last written.
    pub changed_at: DateTime<Utc>,
    /// When it was found to be gone at the vendor.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The slice that wrote this version.
    pub slice_id: i64,
    /// The generation under which it was read last.
    pub generation: i32,
    /// True where only a second-hand list has shown it.
    pub is_second_hand: bool,
    /// What of the page request its mapping needs, as JSON.
    pub context: Option<String>,
    /// The vendor's record.
    pub raw: String,
    /// The row with its typed columns, as JSON.
    pub typed: String,
}

// A derived form would show the record.
impl std::fmt::Debug for RowStory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowStory")
            .field("slice_id", &self.slice_id)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// What is known of an id besides its row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdStory {
    /// What has changed in its row, the newest first, as far as history keeps it.
    pub changes: Vec<ChangeStory>,
    /// Each time it was asked for by its id.
    pub lookups: Vec<LookupStory>,
    /// Why it seems to be gone, and whether that waits for an operator's word.
    pub gone: Vec<GoneStory>,
    /// Fields of the stream that could not be read, with this row as the example.
    pub faults: Vec<FaultStory>,
}

/// That an id was asked for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LookupStory {
    /// The stream.
    pub stream: String,
    /// When it was last asked for.
    pub looked_up_at: DateTime<Utc>,
    /// How many times in a row the vendor said that there is no such row.
    pub missing_count: i32,
}

/// That a row seems to be gone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct GoneStory {
    /// The stream.
    pub stream: String,
    /// stated, not found or absent.
    pub proof: String,
    /// True where it waits for an operator's word.
    pub is_held: bool,
}

/// That a column of a row got another value.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangeStory {
    /// The column; `deleted_at` where the row went or came back.
    pub column: String,
    /// What it held before.
    pub old: Option<String>,
    /// What it has held since.
    pub new: Option<String>,
    /// The last reading that is known to have shown the old value.
    pub seen_after: DateTime<Utc>,
    /// The first reading that showed the new one.
    pub seen_by: DateTime<Utc>,
    /// The slice that brought it.
    pub slice_id: i64,
}

// A derived form would show the values.
impl std::fmt::Debug for ChangeStory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangeStory")
            .field("column", &self.column)
            .field("seen_by", &self.seen_by)
            .finish_non_exhaustive()
    }
}

/// A field that could not be read in a row.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FaultStory {
    /// The stream.
    pub stream: String,
    /// The field.
    pub field: String,
    /// What was wrong.
    pub kind: String,
}

impl Warehouse {
    /// A row of a table.
    pub async fn find_row(
        &self,
        table: &'static Table,
        source: &str,
        id: &str,
    ) -> Result<Option<RowStory>, WarehouseError> {
        let typed: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let mut transaction = self.begin().await?;
        let row = sqlx::query_as(AssertSqlSafe(format!(
            "select first_seen_at, fetched_at, changed_at, deleted_at, slice_id, generation, content_hash = '' as is_second_hand,
                 context::text as context, raw::text as raw,
                 (select row_to_json(r)::text from (select {}) as r) as typed
             from warehouse.{} where source = $1 and id = $2",
            typed.join(", "),
            table.name
        )))
        .bind(source)
        .bind(id)
        .fetch_optional(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// What is known of an id besides its row.
    pub async fn find_id(
        &self,
        table: &'static Table,
        source: &str,
        id: &str,
    ) -> Result<IdStory, WarehouseError> {
        let mut transaction = self.begin().await?;
        let changes = sqlx::query_as(
            "select \"column\", old, new, seen_after, seen_by, slice_id from history.changes
             where source = $1 and id = $2 and table_name = $3 order by seen_by desc, \"column\" limit $4",
        )
        .bind(source)
        .bind(id)
        .bind(table.name)
        .bind(MOST_CHANGES)
        .fetch_all(&mut transaction)
        .await?;
        let lookups = sqlx::query_as(
            "select l.stream, l.looked_up_at, l.missing_count from sync.lookups as l
             where l.source = $1 and l.id = $2 and exists (
                 select from sync.streams as s where s.source = l.source and s.stream = l.stream and s.fills[1] = $3)
             order by l.looked_up_at desc",
        )
        .bind(source)
        .bind(id)
        .bind(table.name)
        .fetch_all(&mut transaction)
        .await?;
        let gone = sqlx::query_as(
            "select stream, proof, is_held from sync.tombstones where source = $1 and id = $2 and table_name = $3 order by stream",
        )
        .bind(source)
        .bind(id)
        .bind(table.name)
        .fetch_all(&mut transaction)
        .await?;
        let faults = sqlx::query_as(
            "select f.stream, f.field, f.kind from sync.field_faults as f
             where f.source = $1 and f.example_id = $2 and exists (
                 select from sync.streams as s where s.source = f.source and s.stream = f.stream and $3 = any (s.fills))
             order by f.stream, f.field, f.kind",
        )
        .bind(source)
        .bind(id)
        .bind(table.name)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(IdStory {
            changes,
            lookups,
            gone,
            faults,
        })
    }
}
