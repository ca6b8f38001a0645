//! Marking rows as deleted: by the vendor's tombstones, and because their parent no longer has them.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use connectors::schema::{Children, Table};

use super::walk::WalkId;
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

/// Marks the children of these parents that are not among their children now. Returns how many were not marked before.
pub(super) async fn orphans(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    walk: WalkId,
    sets: &[Children],
    at: DateTime<Utc>,
) -> Result<i64, WarehouseError> {
    let mut marked = 0;
    let mut done: Vec<(&str, &str)> = Vec::new();
    for Children { table, column, .. } in sets {
        if done.contains(&(table.name, column)) {
            continue;
        }
        done.push((table.name, column));
        let same = || {
            sets.iter()
                .filter(|set| set.table == *table && set.column == *column)
        };
        let parents: Vec<&str> = same().map(|set| set.parent.as_str()).collect();
        let ids: Vec<&str> = same()
            .flat_map(|set| set.ids.iter().map(String::as_str))
            .collect();
        let statement = format!(
            "select t.id from warehouse.{} as t where t.source = $1 and t.{column} = any($2) and t.deleted_at is null
             and t.id <> all($3)",
            table.name
        );
        let gone: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(lease.source())
            .bind(&parents)
            .bind(&ids)
            .fetch_all(&mut **transaction)
            .await?;
        if !gone.is_empty() {
            marked += mark(transaction, lease, walk, table, (&gone, at)).await?;
        }
    }
    Ok(marked)
}
