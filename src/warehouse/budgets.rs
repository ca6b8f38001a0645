//! One budget for each credential, whoever uses it: sources, instances, `check`, and commands beside the daemon.

use std::time::Duration;

use super::pool::repeat_transaction;
use super::{Warehouse, WarehouseError};

/// A place in the queue of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The request may be sent after this wait.
    After(Duration),
    /// The vendor wants to be left alone for so much longer; no place was taken.
    Paused(Duration),
}

impl Warehouse {
    /// True where the schema has a place for budgets.
    pub async fn has_budgets(&self) -> Result<bool, WarehouseError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query_scalar(
            "select exists (
                 select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                 where n.nspname = 'sync' and c.relname = 'budgets'
             )",
        );
        let is_there = query.fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(is_there)
    }

    /// Takes the next place in the queue of a credential, unless its vendor wants to be left alone for longer than `patience`.
    /// The credential is named by a hash.
    pub async fn reserve_request(
        &self,
        credential: &str,
        interval: Duration,
        patience: Duration,
    ) -> Result<Reservation, WarehouseError> {
        repeat_transaction(|| async {
            let query = sqlx::query_as(
                "with taken as (
                     insert into sync.budgets as b (credential, next_at)
                     values ($1, clock_timestamp() + make_interval(secs => $2))
                     on conflict (credential) do update set next_at =
                         case when b.paused_until > clock_timestamp() + make_interval(secs => $3) then b.next_at
                              else greatest(b.next_at, b.paused_until, clock_timestamp()) + make_interval(secs => $2) end
                     returning next_at, paused_until
                 )
                 select greatest(0, extract(epoch from next_at - make_interval(secs => $2) - clock_timestamp()))::float8,
                     greatest(0, extract(epoch from paused_until - clock_timestamp()))::float8
                 from taken",
            )
            .bind(credential)
            .bind(interval.as_secs_f64())
            .bind(patience.as_secs_f64());
            let (wait, pause): (f64, f64) = self.fetch_alone(query).await?;
            let duration = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
            Ok(if duration(pause) > patience {
                Reservation::Paused(duration(pause))
            } else {
                Reservation::After(duration(wait))
            })
        })
        .await
    }

    /// Lets nobody use a credential for so long: its vendor has asked for patience. A pause that ends later stays as it is.
    pub async fn postpone_requests(&self, credential: &str, pause: Duration) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let query = sqlx::query_as(
                "insert into sync.budgets as b (credential, next_at, paused_until)
                 values ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2))
                 on conflict (credential) do update set paused_until = greatest(b.paused_until, excluded.paused_until)
                 returning true",
            )
            .bind(credential)
            .bind(pause.as_secs_f64());
            let (_,): (bool,) = self.fetch_alone(query).await?;
            Ok(())
        })
        .await
    }
}
