//! The ledger: a row for each walk, from its first question to its end.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Postgres, Transaction};

use connectors::source::Window;

use super::absence::Absences;
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
    /// A list without a time filter, to its end.
    Whole,
    /// A list without a time filter, from its newest row back to what was read before.
    Recent,
    /// Single rows by their ids.
    Keys,
}

impl Purpose {
    /// True where the walk reads a window.
    pub fn has_window(self) -> bool {
        matches!(self, Self::Gap | Self::Reread)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Reread => "reread",
            Self::Whole => "whole",
            Self::Recent => "recent",
            Self::Keys => "keys",
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
#[derive(Debug, Clone)]
pub enum End<'a> {
    /// Everything was read, and this is proved. What that earns is booked in the same transaction.
    Complete(Earned<'a>),
    /// It came to its end, but not everything is proved to be there.
    Incomplete(&'a str),
    /// It broke off.
    Failed(&'a str),
}

/// What a complete walk earns.
#[derive(Debug, Clone)]
pub struct Earned<'a> {
    /// How far the stream is complete now.
    pub reach: Reach,
    /// How old a range must be when it is read to count as settled.
    pub settle: TimeDelta,
    /// What may be marked as deleted.
    pub absences: Vec<Absences<'a>>,
    /// The fields of the records that it met, by table.
    pub fields: &'a [(&'static str, Vec<String>)],
    /// How many records it met.
    pub record_count: u64,
}

/// How far a complete walk makes its stream complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over its window.
    Window,
    /// Up to its start; settled too where it went to the end of the list.
    Start {
        /// True where it went to the end of the list.
        is_full: bool,
    },
    /// No further: more is known to be missing.
    Nowhere,
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
            End::Complete(earned) => {
                find_all(&mut transaction, walk, batch_count).await?;
                for absences in &earned.absences {
                    let (gone, held) = super::absence::book(&mut transaction, lease, walk, absences).await?;
                    deleted = (deleted.0 + gone, deleted.1 + held);
                }
                super::coverage::earn(&mut transaction, walk, &earned).await?;
                super::drift::book(&mut transaction, walk, &earned).await?;
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
