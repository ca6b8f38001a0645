//! One batch, one transaction: rows, tombstones, rejects and the ledger, behind the fence.

use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use connectors::schema::{Batch, Table};
use connectors::source::Reject;

use super::keys::Lookup;
use super::walk::WalkId;
use super::{Lease, Warehouse, WarehouseError, delete, keys, merge, reject};

/// A batch to be loaded.
#[derive(Debug)]
pub struct Load<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The walk.
    pub walk: WalkId,
    /// Which batch of the walk it is, from 1.
    pub sequence: i64,
    /// When the first of its requests began.
    pub at: DateTime<Utc>,
    /// Rows and tombstones.
    pub batch: Batch,
    /// Records that could not be read.
    pub rejects: Vec<Reject>,
    /// Rows that the walk had met before, and that were left out of the batch.
    pub duplicates: i64,
    /// True where no row of the batch is expected to be there yet; then none is looked up first.
    pub is_new_ground: bool,
    /// Requests that brought it.
    pub request_count: i64,
    /// Bytes that brought it.
    pub body_bytes: i64,
    /// Ids that were asked for.
    pub lookups: Vec<Lookup>,
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
    /// Rows that the walk had met before.
    pub duplicates: i64,
    /// Records that could not be read.
    pub rejected: i64,
    /// Rows marked as deleted.
    pub deleted: i64,
}

impl Counts {
    /// Rows read.
    pub fn seen(&self) -> i64 {
        self.inserted + self.updated + self.unchanged + self.duplicates + self.rejected
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

impl Warehouse {
    /// Loads a batch whole or not at all. The batch must be stamped.
    ///
    /// On new ground rows are inserted without a look; where one is there after all, the batch takes the careful way. A record that the server refuses becomes a reject, and the rest lands.
    pub async fn load(&self, lease: &Lease, mut load: Load<'_>) -> Result<Counts, WarehouseError> {
        let mut counts = Counts {
            duplicates: load.duplicates,
            ..Counts::default()
        };
        for rows in load.batch.rows_mut() {
            let before = rows.len();
            rows.retain(&rows.last_of_each_id());
            counts.duplicates += count(before - rows.len());
            rows.sort();
        }
        if load.is_new_ground {
            match self.commit(lease, &mut load, counts).await {
                Err(WarehouseError::Present) => load.is_new_ground = false,
                outcome => return outcome,
            }
        }
        self.commit(lease, &mut load, counts).await
    }

    async fn commit(
        &self,
        lease: &Lease,
        load: &mut Load<'_>,
        mut counts: Counts,
    ) -> Result<Counts, WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        if !load.is_new_ground {
            // Within the transaction: a row that it leaves out was committed before it, and is not lost without it.
            for rows in load.batch.rows_mut() {
                counts.unchanged += merge::drop_unchanged(&mut transaction, lease.source(), rows).await?;
            }
        }
        let counts = write_or_divert(&mut transaction, lease, load, counts).await?;
        match transaction.commit().await {
            Ok(()) => Ok(counts),
            // A connection lost during the commit says nothing about the commit; the ledger does.
            Err(error) => {
                if self.has_landed(load).await? {
                    Ok(counts)
                } else {
                    Err(error.into())
                }
            }
        }
    }

    async fn has_landed(&self, load: &Load<'_>) -> Result<bool, WarehouseError> {
        let batches: i64 = sqlx::query_scalar("select batch_count from sync.walks where id = $1")
            .bind(load.walk)
            .fetch_one(&self.pool)
            .await?;
        Ok(batches >= load.sequence)
    }
}

/// Writes the batch; where the server refuses a value, the records that it cannot store are taken out first.
async fn write_or_divert(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    load: &mut Load<'_>,
    counts: Counts,
) -> Result<Counts, WarehouseError> {
    let has_rows = !load.batch.is_empty();
    if has_rows {
        sqlx::query("savepoint written")
            .execute(&mut **transaction)
            .await?;
    }
    match write(transaction, lease, load, counts).await {
        Err(WarehouseError::Data { code }) if has_rows => {
            sqlx::query("rollback to savepoint written")
                .execute(&mut **transaction)
                .await?;
            divert_unfit(transaction, load, code).await?;
            write(transaction, lease, load, counts).await
        }
        outcome => outcome,
    }
}

async fn divert_unfit(
    transaction: &mut Transaction<'static, Postgres>,
    load: &mut Load<'_>,
    code: String,
) -> Result<(), WarehouseError> {
    let before = load.rejects.len();
    for rows in load.batch.rows_mut() {
        load.rejects.extend(reject::divert(transaction, rows).await?);
    }
    if load.rejects.len() == before {
        Err(WarehouseError::Data { code })
    } else {
        Ok(())
    }
}

async fn write(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    load: &Load<'_>,
    mut counts: Counts,
) -> Result<Counts, WarehouseError> {
    for rows in load.batch.rows() {
        let (inserted, written) = if load.is_new_ground {
            merge::insert(transaction, lease.source(), load.walk, rows).await?
        } else {
            merge::merge(transaction, lease.source(), load.walk, rows).await?
        };
        counts.inserted += inserted;
        counts.updated += written - inserted;
        counts.unchanged += count(rows.len()) - written;
    }
    for (table, ids) in tombstones(&load.batch) {
        counts.deleted += delete::mark(transaction, lease, load.walk, table, (&ids, load.at)).await?;
    }
    let children = load.batch.children();
    counts.deleted += delete::orphans(transaction, lease, load.walk, children, load.at).await?;
    keys::note(transaction, lease, load.stream, (&load.lookups, load.at)).await?;
    reject::keep(transaction, lease, load).await?;
    counts.rejected = count(load.rejects.len());
    book(transaction, load, counts).await?;
    Ok(counts)
}

/// The tombstones, a table at a time.
fn tombstones(batch: &Batch) -> Vec<(&'static Table, Vec<String>)> {
    let mut tables: Vec<(&'static Table, Vec<String>)> = Vec::new();
    for (table, id) in batch.tombstones() {
        match tables.iter_mut().find(|(known, _)| known == table) {
            Some((_, ids)) => ids.push(id.clone()),
            None => tables.push((table, vec![id.clone()])),
        }
    }
    tables
}

/// Books the batch, which must be the next of its walk: none of those before may have been lost.
async fn book(
    transaction: &mut Transaction<'static, Postgres>,
    load: &Load<'_>,
    counts: Counts,
) -> Result<(), WarehouseError> {
    let booked = sqlx::query(
        "update sync.walks set batch_count = $2, request_count = request_count + $3, body_bytes = body_bytes + $4,
             rows_seen = rows_seen + $5, inserted = inserted + $6, updated = updated + $7, unchanged = unchanged + $8,
             duplicates = duplicates + $9, rejected = rejected + $10, deleted = deleted + $11
         where id = $1 and batch_count = $2 - 1",
    )
    .bind(load.walk)
    .bind(load.sequence)
    .bind(load.request_count)
    .bind(load.body_bytes)
    .bind(counts.seen())
    .bind(counts.inserted)
    .bind(counts.updated)
    .bind(counts.unchanged)
    .bind(counts.duplicates)
    .bind(counts.rejected)
    .bind(counts.deleted)
    .execute(&mut **transaction)
    .await?;
    if booked.rows_affected() == 1 {
        Ok(())
    } else {
        Err(WarehouseError::Lost)
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
