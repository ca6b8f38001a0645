//! The ledger: a row for each walk, from its first question to its end.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use crate::model::Table;
use crate::stream::Window;

use super::pool::commit_durably;
use super::{Lease, Warehouse, WarehouseError};

/// A walk's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct WalkId(pub i64);

/// Why a walk is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The window, or a part of it, was never read completely.
    Gap,
    /// The window is read again for late changes.
    Reread,
    /// A list without a time filter.
    Whole,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Reread => "reread",
            Self::Whole => "whole",
        }
    }
}

/// A walk that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewWalk<'a> {
    /// The stream.
    pub stream: &'a str,
    /// Why.
    pub purpose: Purpose,
    /// What is read; nothing for a whole list.
    pub window: Option<Window>,
    /// When it begins.
    pub started_at: DateTime<Utc>,
}

/// How a walk ends.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    /// Everything was read, and this is proved. What that earns is booked in the same transaction.
    Complete {
        /// How old a range must be when it is read to count as settled.
        settle: chrono::TimeDelta,
        /// What may be marked as deleted.
        deletions: Option<Deletions<'a>>,
    },
    /// It came to its end, but not everything is proved to be there.
    Incomplete(&'a str),
    /// It broke off.
    Failed(&'a str),
}

/// Rows that a complete walk of a whole list did not meet are gone, unless suspiciously many are.
#[derive(Debug, Clone, Copy)]
pub struct Deletions<'a> {
    /// The table.
    pub table: &'static Table,
    /// The ids that the walk met.
    pub seen: &'a [String],
    /// The largest share that is believed, 0 to 1.
    pub limit: f64,
}

impl Warehouse {
    /// Opens a walk in the ledger. A walk of the stream that is still open belongs to a process that died.
    /// The number of the walk is durable, so that it is never given twice.
    pub async fn begin_walk(&self, lease: &Lease, new: &NewWalk<'_>) -> Result<WalkId, WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        sqlx::query(
            "update sync.walks set state = 'failed', ended_at = clock_timestamp(), reason = 'the process ended before the walk did'
             where source = $1 and stream = $2 and state = 'running'",
        )
        .bind(lease.source())
        .bind(new.stream)
        .execute(&mut *transaction)
        .await?;
        let id = sqlx::query_scalar(
            "insert into sync.walks (source, stream, purpose, since, until, epoch, started_at)
             values ($1, $2, $3, $4, $5, $6, $7) returning id",
        )
        .bind(lease.source())
        .bind(new.stream)
        .bind(new.purpose.word())
        .bind(new.window.map(|window| window.since))
        .bind(new.window.map(|window| window.until))
        .bind(lease.epoch())
        .bind(new.started_at)
        .fetch_one(&mut *transaction)
        .await?;
        commit_durably(transaction).await?;
        Ok(id)
    }

    /// Closes a walk that has loaded so many batches, and durably books what it earned, unless one of the batches is lost.
    /// Returns how many rows were marked as deleted, and how many were held.
    pub async fn end_walk(
        &self,
        lease: &Lease,
        walk: WalkId,
        (batch_count, vendor_total): (i64, Option<i64>),
        end: End<'_>,
    ) -> Result<(i64, i64), WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        let mut deleted = (0, 0);
        let (state, reason) = match end {
            End::Complete { settle, deletions } => {
                find_all(&mut transaction, walk, batch_count).await?;
                if let Some(deletions) = deletions {
                    deleted = super::delete::missing(&mut transaction, lease, walk, deletions).await?;
                }
                super::coverage::earn(&mut transaction, walk, settle).await?;
                ("complete", None)
            }
            End::Incomplete(reason) => ("incomplete", Some(reason)),
            End::Failed(reason) => ("failed", Some(reason)),
        };
        close(&mut transaction, walk, vendor_total, (state, reason), deleted).await?;
        commit_durably(transaction).await?;
        Ok(deleted)
    }
}

/// Makes sure that every batch of the walk is there.
async fn find_all(
    transaction: &mut Transaction<'static, Postgres>,
    walk: WalkId,
    batch_count: i64,
) -> Result<(), WarehouseError> {
    let found = sqlx::query("select 1 from sync.walks where id = $1 and batch_count = $2")
        .bind(walk)
        .bind(batch_count)
        .fetch_optional(&mut **transaction)
        .await?;
    found.map(|_| ()).ok_or(WarehouseError::Lost)
}

async fn close(
    transaction: &mut Transaction<'static, Postgres>,
    walk: WalkId,
    vendor_total: Option<i64>,
    (state, reason): (&str, Option<&str>),
    (deleted, held): (i64, i64),
) -> Result<(), WarehouseError> {
    sqlx::query(
        "update sync.walks set state = $2, reason = $3, vendor_total = $4, deleted = deleted + $5, held_deletions = $6,
         ended_at = clock_timestamp() where id = $1",
    )
    .bind(walk)
    .bind(state)
    .bind(reason)
    .bind(vendor_total)
    .bind(deleted)
    .bind(held)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
