//! One batch, one transaction: rows, tombstones, rejects, faults and the ledger, behind the fence.

use std::ops::AddAssign;

use chrono::{DateTime, Utc};

use connectors::reader::Lookup;
use connectors::schema::{Batch, NamedRows, Ownership, Rows, TABLES};
use connectors::source::{FieldFault, Reject};

use super::copy::copy_rows;
use super::deletions::delete_orphans;
use super::faults::store_faults;
use super::history::Followed;
use super::ledger::{LedgerSlice, Traffic};
use super::lookups::record_lookups;
use super::merge::{Destination, Written, drop_unchanged, merge_rows};
use super::named::insert_named;
use super::pool::Repeats;
use super::rejects::store_rejects;
use super::tallies::{Inserted, add_to_tallies};
use super::tombstones::store_tombstones;
use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// A batch to be loaded.
#[derive(Debug)]
pub struct Load<'a> {
    /// The slice.
    pub slice: &'a LedgerSlice,
    /// Which batch of the slice it is, from 1.
    pub sequence: i64,
    /// When the first of its requests began.
    pub at: DateTime<Utc>,
    /// Rows and tombstones, stamped.
    pub batch: Batch,
    /// Records that could not be read.
    pub rejects: Vec<Reject>,
    /// Fields that could not be read.
    pub faults: Vec<FieldFault>,
    /// Rows that the slice had met before, and that were left out of the batch.
    pub duplicate_count: i64,
    /// True where no row of the batch is expected to be there yet, apart from second-hand ones; then none is looked up first.
    pub is_new_ground: bool,
    /// What brought it.
    pub traffic: Traffic,
    /// Ids that were asked for.
    pub lookups: Vec<Lookup>,
    /// Ids of agents who are not people, but the vendor's own.
    pub system_agents: &'static [&'static str],
}

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were new.
    pub inserted: i64,
    /// Rows that had changed.
    pub updated: i64,
    /// Rows that were the same and were not written.
    pub unchanged: i64,
    /// Rows that the slice had met before.
    pub duplicates: i64,
    /// Records that could not be read, or not be stored.
    pub rejected: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
}

impl Counts {
    /// Rows read.
    pub fn seen(&self) -> i64 {
        self.inserted + self.updated + self.unchanged + self.duplicates + self.rejected
    }

    /// What is left of them without these.
    #[must_use]
    pub fn less(&self, known: Self) -> Self {
        Self {
            inserted: self.inserted - known.inserted,
            updated: self.updated - known.updated,
            unchanged: self.unchanged - known.unchanged,
            duplicates: self.duplicates - known.duplicates,
            rejected: self.rejected - known.rejected,
            deleted: self.deleted - known.deleted,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.inserted += more.inserted;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.duplicates += more.duplicates;
        self.rejected += more.rejected;
        self.deleted += more.deleted;
    }
}

/// What became of a batch, table by table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Landed {
    /// All of it. It has more than the tables together: a record that cannot be read belongs to none.
    pub counts: Counts,
    /// The rows of each table.
    pub tables: Vec<TableCounts>,
    /// True where none of them was there before, as was expected.
    pub was_new_ground: bool,
}

/// What became of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCounts {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub counts: Counts,
}

impl Landed {
    fn add_to_table(&mut self, table: &'static str, more: Counts) {
        self.counts += more;
        match self.tables.iter_mut().find(|known| known.table == table) {
            Some(known) => known.counts += more,
            None => self.tables.push(TableCounts { table, counts: more }),
        }
    }
}

impl Warehouse {
    /// Loads a batch whole or not at all, and tells what became of it as a whole.
    pub async fn load_batch(&self, lease: &Lease, load: Load<'_>) -> Result<Counts, WarehouseError> {
        Ok(self.load_by_table(lease, load).await?.counts)
    }

    /// Loads a batch whole or not at all.
    ///
    /// On new ground rows are copied in without a look; where one is there after all, the batch takes the careful way. A row that
    /// the server refuses becomes a reject, and the rest lands.
    pub async fn load_by_table(&self, lease: &Lease, mut load: Load<'_>) -> Result<Landed, WarehouseError> {
        let mut before = Landed::default();
        before.counts.duplicates = load.duplicate_count;
        arrange_rows(&mut load.batch, &mut before);
        let mut repeats = Repeats::new();
        loop {
            match self.try_load(lease, &mut load, &mut before).await {
                Err(WarehouseError::Present) if load.is_new_ground => load.is_new_ground = false,
                Err(error) if repeats.wait_after(&error).await => (),
                Err(error) => {
                    lease.remembered_rows().forget();
                    return Err(error);
                }
                Ok(landed) => {
                    return Ok(Landed {
                        was_new_ground: load.is_new_ground,
                        ..landed
                    });
                }
            }
        }
    }

    /// `before` counts what was left out of the batch, also by an attempt that came to nothing.
    async fn try_load(
        &self,
        lease: &Lease,
        load: &mut Load<'_>,
        before: &mut Landed,
    ) -> Result<Landed, WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        let (to, is_new_ground) = (destination_of(lease, load, self.followed()), load.is_new_ground);
        // Within the transaction: a row that it leaves out was committed before it, and is not lost without it.
        for rows in load.batch.rows_mut() {
            if !rows.is_empty() && !is_new(rows, is_new_ground) {
                let unchanged = drop_unchanged(&mut transaction, to, rows).await?;
                let more = Counts {
                    unchanged,
                    ..Counts::default()
                };
                before.add_to_table(rows.table().name, more);
            }
        }
        let to = destination_of(lease, load, self.followed());
        // What is left of the batch: rows that are there as they come were loaded with all that they name.
        let named = load
            .batch
            .named_rows(|table, row| lease.remembered_rows().has(table, row));
        let landed = match write_batch(&mut transaction, lease, load, to, &named, before.clone()).await {
            Err(error @ WarehouseError::Present) => {
                transaction.abandon();
                return Err(error);
            }
            written => written?,
        };
        if let Err(error) = transaction.commit().await {
            // A connection lost during the commit says nothing about the commit; the ledger does.
            if !self.has_landed(load).await? {
                return Err(error);
            }
        }
        lease.remembered_rows().add(&named);
        Ok(landed)
    }

    async fn has_landed(&self, load: &Load<'_>) -> Result<bool, WarehouseError> {
        let mut transaction = self.begin().await?;
        let batches: i64 = sqlx::query_scalar("select batch_count from sync.slices where id = $1")
            .bind(load.slice.id)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(batches >= load.sequence)
    }
}

/// Puts rows and tables in the order in which every transaction writes them, and leaves out all but the last of each id.
fn arrange_rows(batch: &mut Batch, landed: &mut Landed) {
    for rows in batch.rows_mut() {
        let before = rows.len();
        rows.retain(&rows.last_of_each_id());
        let more = Counts {
            duplicates: count_of(before - rows.len()),
            ..Counts::default()
        };
        landed.add_to_table(rows.table().name, more);
        rows.sort();
    }
    let place = |rows: &Rows| TABLES.iter().position(|table| *table == rows.table());
    let is_partial = |rows: &Rows| rows.ownership() != Ownership::Whole;
    batch
        .rows_mut()
        .sort_by_key(|rows| (place(rows), is_partial(rows)));
}

/// True where rows are not looked up: on new ground, unless they are second-hand, which come with many pages.
fn is_new(rows: &Rows, is_new_ground: bool) -> bool {
    is_new_ground && rows.ownership().has_record()
}

fn destination_of<'a>(lease: &'a Lease, load: &Load<'_>, followed: &'a Followed) -> Destination<'a> {
    Destination {
        source: lease.source(),
        slice: load.slice.id,
        generation: load.slice.generation,
        followed,
    }
}

async fn write_batch(
    connection: &mut Transaction,
    lease: &Lease,
    load: &Load<'_>,
    to: Destination<'_>,
    named: &[NamedRows<'_>],
    mut landed: Landed,
) -> Result<Landed, WarehouseError> {
    let mut refused = Vec::new();
    let mut born = Vec::new();
    for table in TABLES {
        let mut row_count = 0;
        if let Some(named) = named.iter().find(|rows| rows.table == *table) {
            row_count += insert_named(connection, lease, load, named).await?;
        }
        let rows = load.batch.rows().iter().filter(|rows| rows.table() == *table);
        for rows in rows.filter(|rows| !rows.is_empty()) {
            let refused_before = refused.len();
            let is_new = is_new(rows, load.is_new_ground);
            let written = write_table(connection, to, rows, is_new, &mut refused).await?;
            let refused = count_of(refused.len() - refused_before);
            let more = Counts {
                inserted: written.first_read,
                updated: written.written - written.first_read,
                unchanged: count_of(rows.len()) - written.written - refused,
                ..Counts::default()
            };
            landed.add_to_table(table.name, more);
            row_count += written.inserted;
        }
        if row_count > 0 {
            born.push(Inserted {
                table: table.name,
                row_count,
            });
        }
    }
    let counts = &mut landed.counts;
    store_tombstones(connection, lease, load.slice, &load.batch).await?;
    counts.deleted += delete_orphans(connection, lease, load.slice, load.batch.children(), load.at).await?;
    record_lookups(connection, lease, &load.slice.stream, &load.lookups, load.at).await?;
    store_faults(connection, lease, &load.slice.stream, &load.faults, load.at).await?;
    let rejects: Vec<&Reject> = load.rejects.iter().chain(&refused).collect();
    store_rejects(connection, lease, load, &rejects).await?;
    counts.rejected = count_of(rejects.len());
    add_to_tallies(connection, lease.source(), &born).await?;
    record_batch(connection, load, *counts).await?;
    Ok(landed)
}

/// Writes the rows of a table. Where the server refuses a value, the row that has it is found by halves and becomes a reject.
async fn write_table(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
    are_new: bool,
    refused: &mut Vec<Reject>,
) -> Result<Written, WarehouseError> {
    match try_write(connection, to, rows, are_new).await {
        Err(WarehouseError::Data { .. }) => (),
        outcome => return outcome,
    }
    let mut all = Written::default();
    let mut parts = split_halves(rows.clone());
    while let Some(mut part) = parts.pop() {
        match try_write(connection, to, &part, are_new).await {
            Ok(written) => {
                all.inserted += written.inserted;
                all.first_read += written.first_read;
                all.written += written.written;
            }
            // One number in a field that nobody reads shall not cost the row.
            Err(WarehouseError::Data { .. }) if part.len() == 1 && part.quote_far_numbers() => {
                parts.push(part);
            }
            Err(WarehouseError::Data { code }) if part.len() == 1 => refused.push(Reject {
                position: refused.len(),
                reason: format!("The warehouse refuses a value of the row (SQLSTATE {code})"),
                raw: part.raws()[0].clone(),
                context: part
                    .contexts()
                    .first()
                    .and_then(|context| context.as_deref().map(str::to_owned)),
            }),
            Err(WarehouseError::Data { .. }) => parts.append(&mut split_halves(part)),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The two halves of rows, the first one last; a single row as it is.
fn split_halves(mut rows: Rows) -> Vec<Rows> {
    if rows.len() < 2 {
        return vec![rows];
    }
    let second = rows.split_off(rows.len() / 2);
    vec![second, rows]
}

/// Writes rows, or leaves the transaction as it was.
async fn try_write(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
    are_new: bool,
) -> Result<Written, WarehouseError> {
    sqlx::query("savepoint rows").execute(&mut *connection).await?;
    let written = if are_new {
        copy_rows(connection, to, rows).await
    } else {
        merge_rows(connection, to, rows).await
    };
    if matches!(written, Err(WarehouseError::Data { .. })) {
        sqlx::query("rollback to savepoint rows")
            .execute(&mut *connection)
            .await?;
    }
    written
}

/// Books the batch, which must be the next of its slice: none of those before may have been lost.
async fn record_batch(
    connection: &mut Transaction,
    load: &Load<'_>,
    counts: Counts,
) -> Result<(), WarehouseError> {
    let booked = sqlx::query(
        "update sync.slices set batch_count = $2, request_count = request_count + $3, body_bytes = body_bytes + $4,
             rows_seen = rows_seen + $5, inserted = inserted + $6, updated = updated + $7, unchanged = unchanged + $8,
             duplicates = duplicates + $9, rejected = rejected + $10, deleted = deleted + $11
         where id = $1 and batch_count = $2 - 1 and state = 'running'",
    )
    .bind(load.slice.id)
    .bind(load.sequence)
    .bind(load.traffic.request_count)
    .bind(load.traffic.body_bytes)
    .bind(counts.seen())
    .bind(counts.inserted)
    .bind(counts.updated)
    .bind(counts.unchanged)
    .bind(counts.duplicates)
    .bind(counts.rejected)
    .bind(counts.deleted)
    .execute(connection)
    .await?;
    if booked.rows_affected() == 1 {
        Ok(())
    } else {
        Err(WarehouseError::Lost)
    }
}

fn count_of(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
