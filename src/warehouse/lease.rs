//! The lease of a source, and the fence that keeps a late instance from writing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::pool::commit_durably;
use super::{Warehouse, WarehouseError};

/// The right to work on a source, as long as it is renewed.
#[derive(Debug, Clone)]
pub struct Lease {
    source: String,
    epoch: i64,
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
}

impl Warehouse {
    /// Takes the lease of a source that nobody holds, or whose holder has let it run out. No crash gives the epoch out twice.
    pub async fn lease(&self, source: &str, holder: &str, period: Duration) -> Result<Lease, WarehouseError> {
        let mut transaction = self.pool.begin().await?;
        let taken: Option<i64> = sqlx::query_scalar(
            "insert into sync.leases as l (source, holder, epoch, expires_at)
             values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
             on conflict (source) do update
             set holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at
             where l.expires_at <= clock_timestamp()
             returning epoch",
        )
        .bind(source)
        .bind(holder)
        .bind(period.as_secs_f64())
        .fetch_optional(&mut *transaction)
        .await?;
        commit_durably(transaction).await?;
        match taken {
            Some(epoch) => Ok(Lease {
                source: source.to_owned(),
                epoch,
            }),
            None => Err(self.held(source).await?),
        }
    }

    /// Holds the lease for another period.
    pub async fn renew(&self, lease: &Lease, period: Duration) -> Result<(), WarehouseError> {
        let renewed = sqlx::query(
            "update sync.leases set expires_at = clock_timestamp() + make_interval(secs => $3)
             where source = $1 and epoch = $2",
        )
        .bind(&lease.source)
        .bind(lease.epoch)
        .bind(period.as_secs_f64())
        .execute(&self.pool)
        .await?;
        if renewed.rows_affected() == 0 {
            Err(fenced(lease))
        } else {
            Ok(())
        }
    }

    /// Gives the source back, so that the next instance need not wait.
    pub async fn release(&self, lease: &Lease) -> Result<(), WarehouseError> {
        sqlx::query("update sync.leases set expires_at = clock_timestamp() where source = $1 and epoch = $2")
            .bind(&lease.source)
            .bind(lease.epoch)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Begins a transaction that nobody else's work on the source can overtake: the lease cannot change hands before it ends.
    pub(super) async fn fenced(
        &self,
        lease: &Lease,
    ) -> Result<Transaction<'static, Postgres>, WarehouseError> {
        let mut transaction = self.pool.begin().await?;
        let holds = sqlx::query("select 1 from sync.leases where source = $1 and epoch = $2 for share")
            .bind(&lease.source)
            .bind(lease.epoch)
            .fetch_optional(&mut *transaction)
            .await?;
        if holds.is_none() {
            Err(fenced(lease))
        } else {
            Ok(transaction)
        }
    }

    async fn held(&self, source: &str) -> Result<WarehouseError, WarehouseError> {
        let (holder, until): (String, DateTime<Utc>) =
            sqlx::query_as("select holder, expires_at from sync.leases where source = $1")
                .bind(source)
                .fetch_one(&self.pool)
                .await?;
        Ok(WarehouseError::Held {
            source_name: source.to_owned(),
            holder,
            until,
        })
    }
}

fn fenced(lease: &Lease) -> WarehouseError {
    WarehouseError::Fenced {
        source_name: lease.source.clone(),
    }
}
