//! The lease of a source, and the fence that keeps a late instance from writing.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::named::RememberedRows;
use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// The right to work on a source, as long as it is renewed.
#[derive(Debug, Clone)]
pub struct Lease {
    source: String,
    epoch: i64,
    remembered_rows: RememberedRows,
}

impl Lease {
    /// The source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Grows with every change of holder.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// What its holder knows to be there.
    pub(super) fn remembered_rows(&self) -> &RememberedRows {
        &self.remembered_rows
    }
}

impl Warehouse {
    /// Takes the lease of a source that nobody holds, or whose holder has let it run out. No crash gives the epoch out twice.
    pub async fn acquire_lease(
        &self,
        source: &str,
        holder: &str,
        period: Duration,
    ) -> Result<Lease, WarehouseError> {
        repeat_transaction(|| self.try_lease(source, holder, period)).await
    }

    async fn try_lease(&self, source: &str, holder: &str, period: Duration) -> Result<Lease, WarehouseError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "insert into sync.leases (source, holder, epoch, expires_at) values ($1, $2, 0, '-infinity') on conflict do nothing",
        )
        .bind(source)
        .bind(holder)
        .execute(&mut transaction)
        .await?;
        // Waits until the holder's transactions have ended, which is not worth it while it is alive.
        let taken: Option<i64> = sqlx::query_scalar(
            "with free as (
                 select source from sync.leases where source = $1 and expires_at <= clock_timestamp() for update
             )
             update sync.leases as l
             set holder = $2, epoch = l.epoch + 1, expires_at = clock_timestamp() + make_interval(secs => $3)
             from free where l.source = free.source returning l.epoch",
        )
        .bind(source)
        .bind(holder)
        .bind(period.as_secs_f64())
        .fetch_optional(&mut transaction)
        .await?;
        if let Some(epoch) = taken {
            transaction.commit_durably().await?;
            let source = source.to_owned();
            return Ok(Lease {
                source,
                epoch,
                remembered_rows: RememberedRows::default(),
            });
        }
        let (holder, until): (String, DateTime<Utc>) =
            sqlx::query_as("select holder, expires_at from sync.leases where source = $1")
                .bind(source)
                .fetch_one(&mut transaction)
                .await?;
        transaction.commit().await?;
        Err(WarehouseError::Held {
            source_name: source.to_owned(),
            holder,
            until,
        })
    }

    /// Holds the lease for another period, and tells the time by the server's clock. No batch stands in its way.
    pub async fn renew_lease(
        &self,
        lease: &Lease,
        period: Duration,
    ) -> Result<DateTime<Utc>, WarehouseError> {
        let mut transaction = self.begin_for_lease().await?;
        let renewed: Option<DateTime<Utc>> = sqlx::query_scalar(
            "update sync.leases set expires_at = clock_timestamp() + make_interval(secs => $3)
             where source = $1 and epoch = $2 returning clock_timestamp()",
        )
        .bind(&lease.source)
        .bind(lease.epoch)
        .bind(period.as_secs_f64())
        .fetch_optional(&mut transaction)
        .await?;
        transaction.commit().await?;
        renewed.ok_or_else(|| fenced(lease))
    }

    /// Gives the source back, so that the next instance need not wait.
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), WarehouseError> {
        let mut transaction = self.begin_for_lease().await?;
        sqlx::query("update sync.leases set expires_at = clock_timestamp() where source = $1 and epoch = $2")
            .bind(&lease.source)
            .bind(lease.epoch)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// Begins a transaction that nobody else's work on the source can overtake: the lease cannot change hands before it ends,
    /// though it can be renewed.
    pub(super) async fn begin_fenced(&self, lease: &Lease) -> Result<Transaction, WarehouseError> {
        self.begin_behind_fence(
            lease,
            "select 1 from sync.leases where source = $1 and epoch = $2 for key share",
        )
        .await
    }

    /// The same; its commit waits until the disk has it and everything that was committed before.
    pub(super) async fn begin_fenced_durably(&self, lease: &Lease) -> Result<Transaction, WarehouseError> {
        self.begin_behind_fence(
            lease,
            "select set_config('synchronous_commit', 'on', true) from sync.leases where source = $1 and epoch = $2 for key share",
        )
        .await
    }

    async fn begin_behind_fence(
        &self,
        lease: &Lease,
        fence: &'static str,
    ) -> Result<Transaction, WarehouseError> {
        let mut transaction = self.begin().await?;
        let holds = sqlx::query(fence)
            .bind(&lease.source)
            .bind(lease.epoch)
            .fetch_optional(&mut transaction)
            .await?;
        if holds.is_some() {
            return Ok(transaction);
        }
        transaction.commit().await?;
        Err(fenced(lease))
    }
}

fn fenced(lease: &Lease) -> WarehouseError {
    WarehouseError::Fenced {
        source_name: lease.source.clone(),
    }
}
