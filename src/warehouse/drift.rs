//! Which fields the vendors' records have, so that new ones and vanished ones can be seen.

use super::completion::Completion;
use super::ledger::LedgerSlice;
use super::transaction::Transaction;
use super::words::{LONGEST_WORDS, cut_to_fit};
use super::{Lease, WarehouseError};

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

/// Books the fields that a complete slice met.
pub(super) async fn book_fields(
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
