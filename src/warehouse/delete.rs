//! Marking rows as deleted: by the vendor's tombstones, and by absence from a complete list.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::model::Table;

use super::walk::{Deletions, WalkId};
use super::{Lease, WarehouseError};

/// Marks these rows, unless a newer version of them was read since. Returns how many were not marked before.
pub(super) async fn mark(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    walk: WalkId,
    table: &'static Table,
    (ids, at): (&[String], DateTime<Utc>),
) -> Result<i64, WarehouseError> {
    let statement = format!(
        "with gone as (
             select t.source, t.id from warehouse.{} as t
             where t.source = $1 and t.id = any($2) and t.deleted_at is null and t.fetched_at <= $3
             order by t.id for update
         )
         update warehouse.{} as t set deleted_at = $3, changed_at = clock_timestamp(), walk_id = $4
         from gone where t.source = gone.source and t.id = gone.id",
        table.name, table.name
    );
    let marked = sqlx::query(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(ids)
        .bind(at)
        .bind(walk)
        .execute(&mut **transaction)
        .await?;
    Ok(i64::try_from(marked.rows_affected()).unwrap_or(i64::MAX))
}

/// Marks the rows that a complete walk did not meet. Returns how many were marked, and how many were held instead because
/// too many are missing at once: then something is more likely wrong with the list than with the rows.
pub(super) async fn missing(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    walk: WalkId,
    deletions: Deletions<'_>,
) -> Result<(i64, i64), WarehouseError> {
    let statement = format!(
        "select t.id, t.id = any($2) from warehouse.{} as t where t.source = $1 and t.deleted_at is null",
        deletions.table.name
    );
    let known: Vec<(String, bool)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(deletions.seen)
        .fetch_all(&mut **transaction)
        .await?;
    let all = known.len();
    let gone: Vec<String> = known
        .into_iter()
        .filter(|(_, seen)| !seen)
        .map(|(id, _)| id)
        .collect();
    if is_suspicious(gone.len(), all, deletions.limit) {
        return Ok((0, i64::try_from(gone.len()).unwrap_or(i64::MAX)));
    }
    let at = sqlx::query_scalar("select started_at from sync.walks where id = $1")
        .bind(walk)
        .fetch_one(&mut **transaction)
        .await?;
    Ok((
        mark(transaction, lease, walk, deletions.table, (&gone, at)).await?,
        0,
    ))
}

/// More than the limit's share, and in a small table more than one row; all rows at once always are, unless the limit is 1.
#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn is_suspicious(gone: usize, all: usize, limit: f64) -> bool {
    let is_many = gone > 1 && gone as f64 > all as f64 * limit;
    limit < 1.0 && gone > 0 && (gone == all || is_many)
}

#[cfg(test)]
mod tests {
    use super::is_suspicious;

    #[test]
    fn a_few_missing_rows_are_believed_and_many_are_not() {
        for (gone, all, wanted) in [
            (0, 0, false),
            (0, 10, false),
            (1, 5, false),
            (1, 100, false),
            (10, 100, false),
            (11, 100, true),
            (2, 10, true),
            (1, 1, true),
            (10, 10, true),
        ] {
            assert_eq!(is_suspicious(gone, all, 0.1), wanted, "{gone} of {all}");
        }
        assert!(!is_suspicious(100, 100, 1.0), "an operator has confirmed");
    }
}
