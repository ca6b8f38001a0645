//! Records that could not be read or stored: kept whole, once each, however often they come.

use xxhash_rust::xxh3::xxh3_128;

use connectors::source::Reject;

use super::load::Load;
use super::transaction::Transaction;
use super::words::{LONGEST_REASON, cut_to_fit};
use super::{Lease, WarehouseError};

/// Keeps rejects. The order of keys lets two loaders wait for each other without a deadlock.
pub(super) async fn store_rejects(
    connection: &mut Transaction,
    lease: &Lease,
    load: &Load<'_>,
    rejects: &[&Reject],
) -> Result<(), WarehouseError> {
    if rejects.is_empty() {
        return Ok(());
    }
    let raws: Vec<String> = rejects
        .iter()
        .map(|reject| reject.raw.replace('\0', "\u{fffd}"))
        .collect();
    let hashes: Vec<[u8; 16]> = raws
        .iter()
        .map(|raw| xxh3_128(raw.as_bytes()).to_be_bytes())
        .collect();
    let positions: Vec<i64> = rejects
        .iter()
        .map(|reject| i64::try_from(reject.position).unwrap_or(-1))
        .collect();
    let reasons: Vec<String> = rejects
        .iter()
        .map(|reject| cut_to_fit(&reject.reason, LONGEST_REASON))
        .collect();
    let contexts: Vec<Option<&str>> = rejects.iter().map(|reject| reject.context.as_deref()).collect();
    sqlx::query(
        "insert into sync.rejects as r
             (source, stream, record_hash, slice_id, position, reason, raw, first_seen_at, last_seen_at, context, partition, generation)
         select distinct on (u.record_hash) $1, $2, u.record_hash, $3, u.position, u.reason, u.raw, $8, $8, u.context, $10, $11
         from unnest($4::bytea[], $5::bigint[], $6::text[], $7::text[], $9::text[])
             as u (record_hash, position, reason, raw, context)
         order by u.record_hash
         on conflict (source, stream, record_hash) do update
         set slice_id = excluded.slice_id, position = excluded.position, reason = excluded.reason,
             last_seen_at = excluded.last_seen_at, context = excluded.context, partition = excluded.partition,
             generation = excluded.generation",
    )
    .bind(lease.source())
    .bind(&load.slice.stream)
    .bind(load.slice.id)
    .bind(hashes)
    .bind(positions)
    .bind(reasons)
    .bind(&raws)
    .bind(load.at)
    .bind(contexts)
    .bind(&load.slice.partition)
    .bind(load.slice.generation)
    .execute(connection)
    .await?;
    Ok(())
}
