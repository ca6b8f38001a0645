//! What vendors say themselves of rows that are gone: kept until the slice that brought it is complete, and judged then.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::{Batch, TABLES, Table};

use super::completion::{Completion, SliceOutcome};
use super::deletions::{Gone, Guarded, Proof, STATED_SHARE};
use super::ledger::{LedgerSlice, SliceId};
use super::transaction::Transaction;
use super::{Lease, WarehouseError};

/// Keeps the tombstones of a batch until their slice is judged. A batch alone cannot tell whether they are too many.
pub(super) async fn store_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    batch: &Batch,
) -> Result<(), WarehouseError> {
    if batch.tombstones().is_empty() {
        return Ok(());
    }
    let stones = || batch.tombstones().iter();
    let tables: Vec<&str> = stones().map(|stone| stone.table.name).collect();
    let ids: Vec<&str> = stones().map(|stone| stone.id.as_str()).collect();
    let proofs: Vec<&str> = stones().map(|stone| Proof::from(stone.proof).word()).collect();
    let times: Vec<DateTime<Utc>> = stones()
        .map(|stone| stone.at.unwrap_or(slice.started_at))
        .collect();
    sqlx::query(
        "insert into sync.tombstones as t (source, stream, partition, table_name, id, proof, at, slice_id)
         select distinct on (u.table_name, u.id) $1, $2, $3, u.table_name, u.id, u.proof, u.at, $4
         from unnest($5::text[], $6::text[], $7::text[], $8::timestamptz[]) as u (table_name, id, proof, at)
         order by u.table_name, u.id, u.at desc
         on conflict (source, stream, partition, table_name, id) do update
         set proof = excluded.proof, at = greatest(t.at, excluded.at), slice_id = excluded.slice_id",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.id)
    .bind(tables)
    .bind(ids)
    .bind(proofs)
    .bind(times)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what a slice that is not complete has said of deletions: its tombstones, and that rows were absent in a row.
pub(super) async fn forget_unproved(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
) -> Result<(), WarehouseError> {
    let left = Unproved {
        stream: &slice.stream,
        partition: &slice.partition,
        slice: slice.id,
    };
    forget_left(connection, lease, left).await
}

/// A slice of which only this is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unproved<'a> {
    /// Its stream.
    pub(super) stream: &'a str,
    /// Its partition.
    pub(super) partition: &'a str,
    /// Its number.
    pub(super) slice: SliceId,
}

/// The same for a slice that a dead process left.
pub(super) async fn forget_left(
    connection: &mut Transaction,
    lease: &Lease,
    left: Unproved<'_>,
) -> Result<(), WarehouseError> {
    sqlx::query(
        "delete from sync.tombstones where source = $1 and stream = $2 and partition = $3 and slice_id = $4 and not is_held",
    )
    .bind(lease.source())
    .bind(left.stream)
    .bind(left.partition)
    .bind(left.slice)
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from sync.absences where source = $1 and stream = $2 and partition = $3")
        .bind(lease.source())
        .bind(left.stream)
        .bind(left.partition)
        .execute(connection)
        .await?;
    Ok(())
}

/// The tombstones of a partition that wait, of one table and one proof.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    table_name: String,
    proof: String,
}

/// Judges the tombstones that a complete slice has brought, together with those that were held before.
pub(super) async fn judge_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
) -> Result<SliceOutcome, WarehouseError> {
    let waiting: Vec<Waiting> = sqlx::query_as(
        "select distinct table_name, proof from sync.tombstones
         where source = $1 and stream = $2 and partition = $3 and (slice_id = $4 or is_held) order by 1, 2",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.id)
    .fetch_all(&mut *connection)
    .await?;
    let mut outcome = SliceOutcome::default();
    for table in TABLES {
        for proof in [Proof::Stated, Proof::NotFound] {
            if !waiting
                .iter()
                .any(|waits| waits.table_name == table.name && waits.proof == proof.word())
            {
                continue;
            }
            let judged = judge_waiting(connection, lease, slice, completion, table, proof).await?;
            outcome.deleted += judged.deleted;
            outcome.held += judged.held;
        }
    }
    Ok(outcome)
}

async fn judge_waiting(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
    table: &'static Table,
    proof: Proof,
) -> Result<SliceOutcome, WarehouseError> {
    let statement = format!(
        "select s.id, s.at, t.id is not null from sync.tombstones as s
         left join warehouse.{} as t on t.source = s.source and t.id = s.id and t.deleted_at is null and t.fetched_at <= s.at
         where s.source = $1 and s.stream = $2 and s.partition = $3 and (s.slice_id = $4 or s.is_held)
             and s.table_name = $5 and s.proof = $6 order by s.id",
        table.name
    );
    let stones: Vec<(String, DateTime<Utc>, bool)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(&slice.stream)
        .bind(&slice.partition)
        .bind(slice.id)
        .bind(table.name)
        .bind(proof.word())
        .fetch_all(&mut *connection)
        .await?;
    let mut gone = Gone::default();
    let mut needless = Vec::new();
    for (id, at, is_alive) in stones {
        if is_alive {
            gone.ids.push(id);
            gone.at.push(at);
        } else {
            needless.push(id);
        }
    }
    if proof == Proof::NotFound {
        needless.extend(
            retain_often_missing(connection, lease, slice, completion.not_found_times, &mut gone).await?,
        );
    }
    let share = if proof == Proof::Stated {
        STATED_SHARE
    } else {
        completion.delete_share
    };
    let guarded = Guarded {
        slice,
        table,
        proof,
        share,
        only: &[],
        belongings: completion.belongings,
    };
    let outcome = guarded.judge_rows(connection, lease, &gone, None).await?;
    if outcome.held == 0 {
        needless.append(&mut gone.ids);
        if proof == Proof::NotFound {
            believe_missing(connection, lease, slice, completion.not_found_times, &needless).await?;
        }
    }
    settle_tombstones(connection, lease, slice, table, &needless).await?;
    Ok(outcome)
}

/// Removes the tombstones that have had their effect; the others of the partition are held.
async fn settle_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    table: &'static Table,
    done: &[String],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "delete from sync.tombstones where source = $1 and stream = $2 and partition = $3 and table_name = $4 and id = any($5)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(table.name)
    .bind(done)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update sync.tombstones set is_held = true
         where source = $1 and stream = $2 and partition = $3 and table_name = $4 and slice_id = $5 and not is_held",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(table.name)
    .bind(slice.id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes out the ids that were not missing often enough, and returns them: they stay due.
async fn retain_often_missing(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    times: u32,
    gone: &mut Gone,
) -> Result<Vec<String>, WarehouseError> {
    let seldom: Vec<String> = sqlx::query_scalar(
        "select id from sync.lookups where source = $1 and stream = $2 and id = any($3) and missing_count < $4",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&gone.ids)
    .bind(i32::try_from(times).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    let ids = std::mem::take(&mut gone.ids);
    let at = std::mem::take(&mut gone.at);
    for (id, at) in ids.into_iter().zip(at) {
        if !seldom.contains(&id) {
            gone.ids.push(id);
            gone.at.push(at);
        }
    }
    Ok(seldom)
}

/// Ids whose rows are gone, or were never there, and that were missing often enough need not be asked for at each run.
async fn believe_missing(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    times: u32,
    ids: &[String],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "update sync.lookups set is_missing = true
         where source = $1 and stream = $2 and id = any($3) and missing_count >= greatest($4, 1)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(ids)
    .bind(i32::try_from(times).unwrap_or(i32::MAX))
    .execute(connection)
    .await?;
    Ok(())
}
