//! Which fields the vendors' records have, so that new ones and vanished ones can be seen.

use sqlx::{Postgres, Transaction};

use super::WarehouseError;
use super::walk::{Earned, WalkId};

/// Fewer records say nothing about a field that is rare.
const TELLING_COUNT: u64 = 100;

/// Books the fields that a complete walk met.
pub(super) async fn book(
    transaction: &mut Transaction<'static, Postgres>,
    walk: WalkId,
    earned: &Earned<'_>,
) -> Result<(), WarehouseError> {
    for (table, fields) in earned.fields {
        sqlx::query(
            "insert into sync.drift as d (source, stream, table_name, field, first_seen_at, last_seen_at, is_new)
             select w.source, w.stream, $2, u.field, w.started_at, w.started_at, exists (
                 select from sync.drift as o where o.source = w.source and o.stream = w.stream and o.table_name = $2
             )
             from sync.walks as w, unnest($3::text[]) as u (field) where w.id = $1
             on conflict (source, stream, table_name, field) do update
             set last_seen_at = excluded.last_seen_at, gone_since = null
             -- Not with each walk: the table would be written more often than the rows it tells about.
             where d.gone_since is not null or d.last_seen_at < excluded.last_seen_at - interval '1 hour'",
        )
        .bind(walk)
        .bind(table)
        .bind(fields)
        .execute(&mut **transaction)
        .await?;
        if earned.record_count < TELLING_COUNT {
            continue;
        }
        sqlx::query(
            "update sync.drift as d set gone_since = w.started_at from sync.walks as w
             where w.id = $1 and d.source = w.source and d.stream = w.stream and d.table_name = $2
                 and d.gone_since is null and d.field <> all($3)",
        )
        .bind(walk)
        .bind(table)
        .bind(fields)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
