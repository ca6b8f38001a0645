//! Fields that could not be read: counted with the batch that brought them.

use chrono::{DateTime, Utc};

use connectors::source::FieldFault;

use super::transaction::Transaction;
use super::words::{LONGEST_WORDS, cut_to_fit};
use super::{Lease, WarehouseError};

/// Counts the faults of a batch.
pub(super) async fn store_faults(
    connection: &mut Transaction,
    lease: &Lease,
    stream: &str,
    faults: &[FieldFault],
    at: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    if faults.is_empty() {
        return Ok(());
    }
    let fields: Vec<String> = faults
        .iter()
        .map(|fault| cut_to_fit(fault.field, LONGEST_WORDS))
        .collect();
    let kinds: Vec<&str> = faults.iter().map(|fault| fault.kind.word()).collect();
    let counts: Vec<i64> = faults
        .iter()
        .map(|fault| i64::try_from(fault.count).unwrap_or(i64::MAX))
        .collect();
    let example = |fault: &FieldFault| fault.example.as_deref().map(|id| cut_to_fit(id, LONGEST_WORDS));
    let examples: Vec<Option<String>> = faults.iter().map(example).collect();
    sqlx::query(
        "insert into sync.field_faults as f (source, stream, field, kind, fault_count, example_id, first_seen_at, last_seen_at)
         select $1, $2, u.field, u.kind, sum(u.fault_count), min(u.example_id), $7, $7
         from unnest($3::text[], $4::text[], $5::bigint[], $6::text[]) as u (field, kind, fault_count, example_id)
         group by u.field, u.kind order by u.field, u.kind
         on conflict (source, stream, field, kind) do update set fault_count = f.fault_count + excluded.fault_count,
             example_id = coalesce(excluded.example_id, f.example_id), last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at)",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(fields)
    .bind(kinds)
    .bind(counts)
    .bind(examples)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}
