//! What analysts have to know of a source to read its rows.

use super::{Lease, Warehouse, WarehouseError};

impl Warehouse {
    /// Notes whose account the source is, and in which zone its days begin.
    pub async fn note_source(
        &self,
        lease: &Lease,
        vendor: &str,
        time_zone: &str,
    ) -> Result<(), WarehouseError> {
        let mut transaction = self.fenced(lease).await?;
        sqlx::query(
            "insert into sync.sources as s (source, vendor, time_zone) values ($1, $2, $3)
             on conflict (source) do update set vendor = excluded.vendor, time_zone = excluded.time_zone
             where (s.vendor, s.time_zone) is distinct from (excluded.vendor, excluded.time_zone)",
        )
        .bind(lease.source())
        .bind(vendor)
        .bind(time_zone)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
