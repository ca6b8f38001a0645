//! What the settings want: the streams and partitions of a source, each with the identity of what it reads.

use connectors::schema::Table;

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// A stream's partition, as the settings want it.
#[derive(Debug, Clone, Copy)]
pub struct StreamEntry<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The partition; empty where there is only one.
    pub partition: &'a str,
    /// The word for how it moves.
    pub mode: &'a str,
    /// The tables that it writes to.
    pub fills: &'a [&'static Table],
    /// The tables that are complete only where it is.
    pub completes: &'a [&'static Table],
    /// The tables whose rows name the ids that it looks up.
    pub depends_on: &'a [&'static Table],
    /// Hash of everything that shapes what is read.
    pub identity: &'a str,
}

/// What is known of the names of streams.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KnownStream {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// The generation of its coverage.
    pub generation: i32,
    /// True where something has changed that shapes what is read: everything is read anew.
    pub is_new_generation: bool,
}

impl Warehouse {
    /// Every stream that the settings have ever wanted.
    pub async fn known_streams(&self) -> Result<Vec<KnownStream>, WarehouseError> {
        self.query_list("select distinct source, stream from sync.streams order by 1, 2")
            .await
    }

    /// Writes down what the settings want of a source; everything else of it is marked as not wanted, and no longer counts.
    ///
    /// Where the identity of a partition differs from what is written, a new generation begins: its coverage is empty, and rows
    /// of the old one are stale until they are read again.
    pub async fn register_streams(
        &self,
        lease: &Lease,
        entries: &[StreamEntry<'_>],
    ) -> Result<Vec<Registered>, WarehouseError> {
        repeat_transaction(|| self.try_register(lease, entries)).await
    }

    async fn try_register(
        &self,
        lease: &Lease,
        entries: &[StreamEntry<'_>],
    ) -> Result<Vec<Registered>, WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        // Counted per source, so that rows which several streams read can be compared.
        let newest: i32 =
            sqlx::query_scalar("select coalesce(max(generation), 1) from sync.streams where source = $1")
                .bind(lease.source())
                .fetch_one(&mut transaction)
                .await?;
        let mut registered = Vec::with_capacity(entries.len());
        for entry in entries {
            let known: Option<(i32, Option<String>)> = sqlx::query_as(
                "select generation, identity from sync.streams where source = $1 and stream = $2 and partition = $3",
            )
            .bind(lease.source())
            .bind(entry.stream)
            .bind(entry.partition)
            .fetch_optional(&mut transaction)
            .await?;
            let is_new_generation = known.as_ref().is_some_and(|(_, identity)| {
                identity
                    .as_ref()
                    .is_some_and(|identity| identity != entry.identity)
            });
            let generation = match known {
                _ if is_new_generation => newest + 1,
                Some((generation, _)) => generation,
                None => newest,
            };
            write_entry(&mut transaction, lease, entry, generation).await?;
            if is_new_generation {
                begin_generation(&mut transaction, lease, entry, generation).await?;
            }
            registered.push(Registered {
                stream: entry.stream.to_owned(),
                partition: entry.partition.to_owned(),
                generation,
                is_new_generation,
            });
        }
        disable_others(&mut transaction, lease, entries).await?;
        transaction.commit_durably().await?;
        Ok(registered)
    }
}

async fn write_entry(
    connection: &mut Transaction,
    lease: &Lease,
    entry: &StreamEntry<'_>,
    generation: i32,
) -> Result<(), WarehouseError> {
    let names =
        |tables: &[&'static Table]| -> Vec<&'static str> { tables.iter().map(|table| table.name).collect() };
    sqlx::query(
        "insert into sync.streams as s (source, stream, partition, is_enabled, mode, fills, completes, depends_on, identity, generation)
         values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9)
         on conflict (source, stream, partition) do update set is_enabled = true, mode = excluded.mode, fills = excluded.fills,
             completes = excluded.completes, depends_on = excluded.depends_on, identity = excluded.identity,
             generation = excluded.generation, registered_at = now()
         where (s.is_enabled, s.mode, s.fills, s.completes, s.depends_on, s.identity, s.generation) is distinct from
             (true, excluded.mode, excluded.fills, excluded.completes, excluded.depends_on, excluded.identity, excluded.generation)",
    )
    .bind(lease.source())
    .bind(entry.stream)
    .bind(entry.partition)
    .bind(entry.mode)
    .bind(names(entry.fills))
    .bind(names(entry.completes))
    .bind(names(entry.depends_on))
    .bind(entry.identity)
    .bind(generation)
    .execute(connection)
    .await?;
    Ok(())
}

/// Empties what is known of a partition; its totals stay.
async fn begin_generation(
    connection: &mut Transaction,
    lease: &Lease,
    entry: &StreamEntry<'_>,
    generation: i32,
) -> Result<(), WarehouseError> {
    sqlx::query(
        "update sync.coverage set generation = $4, covered = '{}', settled = '{}', whole_read_at = null, full_read_at = null,
             unfiltered_read_at = null, complete_until = null, ids_left = 0, last_complete_at = null
         where source = $1 and stream = $2 and partition = $3",
    )
    .bind(lease.source())
    .bind(entry.stream)
    .bind(entry.partition)
    .bind(generation)
    .execute(&mut *connection)
    .await?;
    for statement in [
        "delete from sync.rereads where source = $1 and stream = $2 and partition = $3",
        "delete from sync.retries where source = $1 and stream = $2 and partition = $3",
        "delete from sync.doubts where source = $1 and stream = $2 and partition = $3",
        "delete from sync.absences where source = $1 and stream = $2 and partition = $3",
        "delete from sync.tombstones where source = $1 and stream = $2 and partition = $3",
        "delete from sync.held_deletions where source = $1 and stream = $2 and partition = $3",
        "delete from sync.confirmations where source = $1 and stream = $2 and partition = $3",
    ] {
        sqlx::query(statement)
            .bind(lease.source())
            .bind(entry.stream)
            .bind(entry.partition)
            .execute(&mut *connection)
            .await?;
    }
    // Ids are not divided into partitions.
    sqlx::query("delete from sync.lookups where source = $1 and stream = $2")
        .bind(lease.source())
        .bind(entry.stream)
        .execute(connection)
        .await?;
    Ok(())
}

async fn disable_others(
    connection: &mut Transaction,
    lease: &Lease,
    entries: &[StreamEntry<'_>],
) -> Result<(), WarehouseError> {
    let streams: Vec<&str> = entries.iter().map(|entry| entry.stream).collect();
    let partitions: Vec<&str> = entries.iter().map(|entry| entry.partition).collect();
    sqlx::query(
        "update sync.streams as s set is_enabled = false, registered_at = now()
         where s.source = $1 and s.is_enabled and not exists (
             select from unnest($2::text[], $3::text[]) as u (stream, partition)
             where u.stream = s.stream and u.partition = s.partition)",
    )
    .bind(lease.source())
    .bind(streams)
    .bind(partitions)
    .execute(connection)
    .await?;
    Ok(())
}
