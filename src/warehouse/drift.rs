//! Which fields the vendors' records have, so that new ones and vanished ones can be seen.

use chrono::{DateTime, Utc};

use super::completion::Completion;
use super::ledger::LedgerSlice;
use super::transaction::Transaction;
use super::words::{LONGEST_WORDS, cut_to_fit};
use super::{Lease, Warehouse, WarehouseError};

/// Fewer records say nothing about a field that is rare.
const TELLING_COUNT: u64 = 100;

/// The fields of the records that go to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFields {
    /// The table.
    pub table: &'static str,
    /// The names of the fields at the top of the records.
    pub fields: Vec<String>,
}

/// A field of a vendor's records, and whether it is new or gone.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DriftEntry {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The table.
    pub table_name: String,
    /// The field.
    pub field: String,
    /// When it was first met.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last met.
    pub last_seen_at: DateTime<Utc>,
    /// True where records had been read before without it.
    pub is_new: bool,
    /// Since when it is missing.
    pub gone_since: Option<DateTime<Utc>>,
}

impl DriftEntry {
    /// gone, new or usual.
    pub fn state(&self) -> &'static str {
        match (self.gone_since, self.is_new) {
            (Some(_), _) => "gone",
            (None, true) => "new",
            (None, false) => "usual",
        }
    }

    /// Since when that is so.
    pub fn since(&self) -> DateTime<Utc> {
        self.gone_since.unwrap_or(self.first_seen_at)
    }
}

impl Warehouse {
    /// The fields that appeared or vanished, or all of them, the latest change first.
    pub async fn list_drift(
        &self,
        source: Option<&str>,
        stream: Option<&str>,
        all: bool,
    ) -> Result<Vec<DriftEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let fields = sqlx::query_as(
            "select source, stream, table_name, field, first_seen_at, last_seen_at, is_new, gone_since from sync.drift
             where ($1::text is null or source = $1) and ($2::text is null or stream = $2)
                 and ($3 or is_new or gone_since is not null)
             order by coalesce(gone_since, first_seen_at) desc, 1, 2, 3, 4",
        )
        .bind(source)
        .bind(stream)
        .bind(all)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(fields)
    }
}

/// Books the fields that a complete slice met.
pub(super) async fn record_fields(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
) -> Result<(), WarehouseError> {
    for TableFields { table, fields } in completion.fields {
        let mut fields: Vec<String> = fields
            .iter()
            .map(|field| cut_to_fit(field, LONGEST_WORDS))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        sqlx::query(
            "insert into sync.drift as d (source, stream, table_name, field, first_seen_at, last_seen_at, is_new)
             select $1, $2, $3, u.field, $5, $5, exists (
                 select from sync.drift as o where o.source = $1 and o.stream = $2 and o.table_name = $3
             )
             from unnest($4::text[]) as u (field)
             on conflict (source, stream, table_name, field) do update
             set last_seen_at = excluded.last_seen_at, gone_since = null
             -- Not with each slice: the table would be written more often than the rows it tells about.
             where d.gone_since is not null or d.last_seen_at < excluded.last_seen_at - interval '1 hour'",
        )
        .bind(lease.source())
        .bind(&slice.stream)
        .bind(table)
        .bind(&fields)
        .bind(slice.started_at)
        .execute(&mut *connection)
        .await?;
        if completion.record_count < TELLING_COUNT {
            continue;
        }
        sqlx::query(
            "update sync.drift set gone_since = $5
             where source = $1 and stream = $2 and table_name = $3 and gone_since is null and field <> all($4)",
        )
        .bind(lease.source())
        .bind(&slice.stream)
        .bind(table)
        .bind(&fields)
        .bind(slice.started_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
