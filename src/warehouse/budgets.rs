//! One budget for each credential, whoever uses it: sources, instances, `check`, and commands beside the daemon.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::pool::repeated;
use super::{Warehouse, WarehouseError};

impl Warehouse {
    /// Takes the next places in the queue of a credential, `interval` apart. Returns how long to wait before the first request.
    /// The credential is named by a hash.
    pub async fn reserve_requests(
        &self,
        credential: &str,
        interval: Duration,
        count: u32,
    ) -> Result<Duration, WarehouseError> {
        repeated(|| async {
            let mut transaction = self.begin().await?;
            let wait: f64 = sqlx::query_scalar(
                "with taken as (
                     insert into sync.budgets as b (credential, next_at)
                     values ($1, clock_timestamp() + make_interval(secs => $2 * $3))
                     on conflict (credential) do update
                     set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $2 * $3)
                     returning next_at
                 )
                 select greatest(0, extract(epoch from next_at - make_interval(secs => $2 * $3) - clock_timestamp()))::float8 from taken",
            )
            .bind(credential)
            .bind(interval.as_secs_f64())
            .bind(f64::from(count))
            .fetch_one(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(Duration::try_from_secs_f64(wait).unwrap_or(Duration::ZERO))
        })
        .await
    }

    /// Lets nobody use a credential before this instant: its vendor has asked for patience.
    pub async fn postpone_requests(
        &self,
        credential: &str,
        until: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        repeated(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(
                "insert into sync.budgets as b (credential, next_at) values ($1, $2)
                 on conflict (credential) do update set next_at = excluded.next_at where b.next_at < excluded.next_at",
            )
            .bind(credential)
            .bind(until)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }
}
