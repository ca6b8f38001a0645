//! Typed columns made again from stored records: what is read, what is written, and how far it has come.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::Rows;
use connectors::source::StreamDef;

use super::merge::{Parts, bind_columns};
use super::pool::repeat_transaction;
use super::{Lease, Warehouse, WarehouseError};

/// The first parameter of an update that carries a typed column.
const FIRST_OF_UPDATE: usize = 4;
/// The same of an insert.
const FIRST_OF_INSERT: usize = 9;

/// By which mapping the rows of a stream were made.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MappingState {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// Fingerprint of the oldest mapping that rows may be made by.
    pub mapping: String,
    /// Fingerprint of the mapping by which they are being made again.
    pub replaying: Option<String>,
    /// True where somebody waits for it.
    pub is_wanted: bool,
    /// When they were last made again.
    pub replayed_at: Option<DateTime<Utc>>,
    /// How many records were mapped.
    pub row_count: i64,
    /// How many rows came out different.
    pub changed: i64,
    /// How many rows came besides.
    pub added: i64,
    /// How many records could not be read.
    pub unreadable: i64,
}

/// A record, as it is stored.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredRow {
    /// The row's id.
    pub id: String,
    /// The vendor's record.
    pub raw: String,
    /// What of the page request its mapping needs, as JSON.
    pub context: Option<String>,
    /// Start of the request that brought it.
    pub fetched_at: DateTime<Utc>,
    /// The slice that wrote it.
    pub slice_id: i64,
    /// The generation under which it was read.
    pub generation: i32,
    /// True where it is gone at the vendor.
    pub is_deleted: bool,
    /// The records of the rows that belong to it, where the stream's records are stored in parts.
    pub parts: Vec<String>,
}

// A derived form would show the record.
impl std::fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRow")
            .field("slice_id", &self.slice_id)
            .finish_non_exhaustive()
    }
}

/// Rows that were made from stored records, all of one table.
#[derive(Debug)]
pub struct Replayed {
    /// The rows, each with the time of the reading that its record is from.
    pub rows: Rows,
    /// The slice of each.
    pub slices: Vec<i64>,
    /// The generation of each.
    pub generations: Vec<i32>,
    /// True where rows that are not there are added.
    pub may_add: bool,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    /// How many records were mapped.
    pub row_count: i64,
    /// How many rows came out different.
    pub changed: i64,
    /// How many rows came besides.
    pub added: i64,
    /// How many records could not be read.
    pub unreadable: i64,
}

impl std::ops::AddAssign for ReplayCounts {
    fn add_assign(&mut self, more: Self) {
        self.row_count += more.row_count;
        self.changed += more.changed;
        self.added += more.added;
        self.unreadable += more.unreadable;
    }
}

/// A step of a replay: the rows of some records, and where it ends.
#[derive(Debug)]
pub struct ReplayStep<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The rows.
    pub replayed: Vec<Replayed>,
    /// The last id of its records.
    pub to: &'a str,
    /// What is known of it already.
    pub counts: ReplayCounts,
}

impl Warehouse {
    /// Notes by which mapping the rows of a new stream are made. What is known of an old one stays.
    pub async fn record_mapping(
        &self,
        lease: &Lease,
        stream: &str,
        mapping: &str,
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "insert into sync.mappings (source, stream, mapping) values ($1, $2, $3) on conflict (source, stream) do nothing",
            )
            .bind(lease.source())
            .bind(stream)
            .bind(mapping)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// By which mappings the rows of all streams were made.
    pub async fn list_mappings(&self) -> Result<Vec<MappingState>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let states = sqlx::query_as(
            "select source, stream, mapping, replaying, wanted_at is not null as is_wanted, replayed_at, row_count, changed, added,
                 unreadable
             from sync.mappings order by 1, 2",
        )
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(states)
    }

    /// Has whoever holds the source make the rows of a stream again. It needs no lease.
    pub async fn request_replay(&self, source: &str, stream: &str) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(
                "insert into sync.mappings (source, stream, mapping, wanted_at) values ($1, $2, '', clock_timestamp())
                 on conflict (source, stream) do update set wanted_at = clock_timestamp()",
            )
            .bind(source)
            .bind(stream)
            .execute(&mut transaction)
            .await?;
            transaction.commit_durably().await
        })
        .await
    }

    /// The streams of a source whose rows somebody wants to be made again.
    pub async fn wanted_replays(&self, source: &str) -> Result<Vec<String>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let wanted = sqlx::query_scalar(
            "select stream from sync.mappings where source = $1 and wanted_at is not null order by wanted_at",
        )
        .bind(source)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(wanted)
    }

    /// Begins a replay, or goes on with one by the same mapping. Returns the last id that was done.
    pub async fn begin_replay(
        &self,
        lease: &Lease,
        stream: &str,
        mapping: &str,
    ) -> Result<Option<String>, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            let to = sqlx::query_scalar(
                "insert into sync.mappings as m (source, stream, mapping, replaying) values ($1, $2, '', $3)
                 on conflict (source, stream) do update set replaying = $3,
                     replayed_to = case when m.replaying = $3 then m.replayed_to end,
                     row_count = case when m.replaying = $3 then m.row_count else 0 end,
                     changed = case when m.replaying = $3 then m.changed else 0 end,
                     added = case when m.replaying = $3 then m.added else 0 end,
                     unreadable = case when m.replaying = $3 then m.unreadable else 0 end
                 returning replayed_to",
            )
            .bind(lease.source())
            .bind(stream)
            .bind(mapping)
            .fetch_one(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(to)
        })
        .await
    }

    /// The next records of a stream behind an id: rows of its first table that it has written itself, as far as that is known.
    pub async fn stored_rows(
        &self,
        source: &str,
        stream: &StreamDef,
        behind: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredRow>, WarehouseError> {
        let table = stream.fills[0].name;
        let parts = stream.put_together.map_or_else(
            || "'{}'::text[]".to_owned(),
            |parts| {
                format!(
                    "array(select p.raw::text from warehouse.{} as p where p.source = t.source and p.{} = t.id order by p.id)",
                    parts.table.name, parts.column
                )
            },
        );
        let mut transaction = self.begin().await?;
        let rows = sqlx::query_as(AssertSqlSafe(format!(
            "with fillers as (
                 select distinct stream, '{table}' = any (completes) as is_completing from sync.streams
                 where source = $1 and is_enabled and fills[1] = '{table}'
             )
             select t.id, t.raw::text as raw, t.context::text as context, t.fetched_at, t.slice_id, t.generation,
                 t.deleted_at is not null as is_deleted, {parts} as parts
             from warehouse.{table} as t
             left join sync.slices as s on s.id = t.slice_id and s.stream in (select stream from fillers)
             where t.source = $1 and ($3::text is null or t.id > $3) and t.content_hash <> ''
                 -- A row that none of them wrote last, as far as the ledger knows, is taken for one of the stream that completes the table.
                 and coalesce(s.stream, (select stream from fillers order by is_completing desc, stream limit 1)) = $2
             order by t.id limit $4"
        )))
        .bind(source)
        .bind(stream.name)
        .bind(behind)
        .bind(limit)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(rows)
    }

    /// Writes what came out different, and what came besides, and notes how far the replay is.
    pub async fn write_replayed(
        &self,
        lease: &Lease,
        step: &ReplayStep<'_>,
    ) -> Result<ReplayCounts, WarehouseError> {
        repeat_transaction(|| self.try_replay(lease, step)).await
    }

    async fn try_replay(&self, lease: &Lease, step: &ReplayStep<'_>) -> Result<ReplayCounts, WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        let mut counts = step.counts;
        for replayed in &step.replayed {
            let rows = &replayed.rows;
            if let Some(statement) = update_statement(rows) {
                let query = sqlx::query_as(AssertSqlSafe(statement))
                    .bind(lease.source())
                    .bind(rows.ids())
                    .bind(rows.fetched());
                let (changed,): (i64,) = bind_columns(query, rows).fetch_one(&mut transaction).await?;
                counts.changed += changed;
            }
            if replayed.may_add {
                let contexts: Vec<Option<&str>> = (0..rows.len())
                    .map(|place| rows.contexts().get(place).and_then(|context| context.as_deref()))
                    .collect();
                let query = sqlx::query_as(AssertSqlSafe(add_statement(rows)))
                    .bind(lease.source())
                    .bind(rows.ids())
                    .bind(rows.raws())
                    .bind(rows.hashes())
                    .bind(rows.fetched())
                    .bind(contexts)
                    .bind(&replayed.slices)
                    .bind(&replayed.generations);
                let (added,): (i64,) = bind_columns(query, rows).fetch_one(&mut transaction).await?;
                counts.added += added;
            }
        }
        sqlx::query(
            "update sync.mappings set replayed_to = $3, row_count = row_count + $4, changed = changed + $5, added = added + $6,
                 unreadable = unreadable + $7
             where source = $1 and stream = $2",
        )
        .bind(lease.source())
        .bind(step.stream)
        .bind(step.to)
        .bind(counts.row_count)
        .bind(counts.changed)
        .bind(counts.added)
        .bind(counts.unreadable)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(counts)
    }

    /// Ends a replay: every row is made by this mapping now.
    pub async fn end_replay(&self, lease: &Lease, stream: &str, mapping: &str) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "update sync.mappings set mapping = $3, replaying = null, replayed_to = null, wanted_at = null,
                     replayed_at = clock_timestamp()
                 where source = $1 and stream = $2",
            )
            .bind(lease.source())
            .bind(stream)
            .bind(mapping)
            .execute(&mut transaction)
            .await?;
            transaction.commit_durably().await
        })
        .await
    }
}

/// Sets the columns that the stream owns where they differ; a later reading stays as it is. Nothing where it owns none.
fn update_statement(rows: &Rows) -> Option<String> {
    let parts = Parts::of(rows, FIRST_OF_UPDATE);
    let settings = parts.set_list()?;
    Some(format!(
        "with changed as (
             update warehouse.{table} as t set {settings}, changed_at = now()
             from unnest($2::text[], $3::timestamptz[]{arrays}) as u (id, fetched_at{names})
             where t.source = $1 and t.id = u.id and t.fetched_at <= u.fetched_at and t.content_hash <> ''
                 and row({held}) is distinct from row({brought})
             returning 1
         )
         select count(*) from changed",
        table = rows.table().name,
        arrays = parts.arrays(),
        names = parts.names(),
        held = parts.held_hashes(),
        brought = parts.brought_rows(),
    ))
}

/// Adds the rows that are not there.
fn add_statement(rows: &Rows) -> String {
    let parts = Parts::of(rows, FIRST_OF_INSERT);
    let hash = if rows.ownership().has_record() {
        "u.content_hash"
    } else {
        "''::bytea"
    };
    format!(
        "with added as (
             insert into warehouse.{table} as t
                 (source, id, raw, context, content_hash, fetched_at, first_seen_at, changed_at, slice_id, generation{names})
             select $1, u.id, u.raw::jsonb, u.context::jsonb, {hash}, u.fetched_at, u.fetched_at, now(), u.slice_id, u.generation{fields}
             from unnest($2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[], $7::bigint[], $8::integer[]{arrays})
                 as u (id, raw, content_hash, fetched_at, context, slice_id, generation{names})
             on conflict (source, id) do nothing
             returning 1
         )
         select count(*) from added",
        table = rows.table().name,
        names = parts.names(),
        fields = parts.fields(),
        arrays = parts.arrays(),
    )
}
