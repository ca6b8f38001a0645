//! How everything stands, for pages and machines that look often: every question here is answered from indexes, within limits.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Warehouse, WarehouseError};

/// Who works on a source.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SourceLease {
    /// The source.
    pub source: String,
    /// Host and process of whoever took it last.
    pub holder: String,
    /// Grows with every change of holder.
    pub epoch: i64,
    /// Until when it is held, unless it is renewed.
    pub expires_at: DateTime<Utc>,
    /// True where somebody holds it now.
    pub is_held: bool,
}

impl Warehouse {
    /// Who works on which source.
    pub async fn source_leases(&self) -> Result<Vec<SourceLease>, WarehouseError> {
        self.list(
            "select source, holder, epoch, greatest(expires_at, '0001-01-01') as expires_at, expires_at > clock_timestamp() as is_held
             from sync.leases order by source",
        )
        .await
    }
}
