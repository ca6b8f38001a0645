//! Records that could not be read: kept whole, once each, however often they come.

use sqlx::{Postgres, Transaction};
use xxhash_rust::xxh3::xxh3_128;

use connectors::schema::Rows;
use connectors::source::Reject;

use super::load::Load;
use super::{Lease, WarehouseError};

/// Keeps rejects. The order of keys lets two loaders wait for each other without a deadlock.
pub(super) async fn keep(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    load: &Load<'_>,
) -> Result<(), WarehouseError> {
    if load.rejects.is_empty() {
        return Ok(());
    }
    let rejects = &load.rejects;
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
    let reasons: Vec<&str> = rejects.iter().map(|reject| reject.reason.as_str()).collect();
    sqlx::query(
        "insert into sync.rejects as r
             (source, stream, record_hash, walk_id, position, reason, raw, first_seen_at, last_seen_at)
         select distinct on (u.record_hash) $1, $2, u.record_hash, $3, u.position, u.reason, u.raw, $8, $8
         from unnest($4::bytea[], $5::bigint[], $6::text[], $7::text[]) as u (record_hash, position, reason, raw)
         order by u.record_hash
         on conflict (source, stream, record_hash) do update
         set walk_id = excluded.walk_id, position = excluded.position, reason = excluded.reason,
             last_seen_at = excluded.last_seen_at",
    )
    .bind(lease.source())
    .bind(load.stream)
    .bind(load.walk)
    .bind(hashes)
    .bind(positions)
    .bind(reasons)
    .bind(&raws)
    .bind(load.at)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Takes the rows out whose record the server cannot store, and makes rejects of them.
pub(super) async fn divert(
    transaction: &mut Transaction<'static, Postgres>,
    rows: &mut Rows,
) -> Result<Vec<Reject>, WarehouseError> {
    let fits: Vec<bool> = sqlx::query_scalar(
        "select sync.is_jsonb(u.raw) from unnest($1::text[]) with ordinality as u (raw, place) order by u.place",
    )
    .bind(rows.raws())
    .fetch_all(&mut **transaction)
    .await?;
    let unfit = rows
        .raws()
        .iter()
        .zip(&fits)
        .enumerate()
        .filter(|(_, (_, fits))| !**fits);
    let reason = "The record cannot be stored as jsonb".to_owned();
    let rejects = unfit
        .map(|(position, (raw, _))| Reject {
            position,
            reason: reason.clone(),
            raw: raw.clone(),
        })
        .collect();
    rows.retain(&fits);
    Ok(rejects)
}
