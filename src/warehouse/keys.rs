//! Rows that exist by id only: which ids are due to be asked for, and that they were.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use connectors::source::{Keys, Reference};

use super::{Lease, Warehouse, WarehouseError};

/// The ids that are due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueKeys {
    /// As many as the budget allows: those never asked for first, then those of the newest rows.
    pub ids: Vec<String>,
    /// How many are due besides.
    pub left: i64,
}

/// That an id was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The id.
    pub id: String,
    /// True where the vendor has no such row.
    pub is_missing: bool,
}

impl Warehouse {
    /// The ids that rows of the source refer to, and that were never asked for, or too long ago.
    pub async fn due_keys(
        &self,
        lease: &Lease,
        stream: &str,
        keys: &Keys,
        now: DateTime<Utc>,
    ) -> Result<DueKeys, WarehouseError> {
        let statement = format!(
            "with wanted as ({}),
             due as (
                 select w.id, max(w.newest) as newest, max(l.looked_up_at) as looked_up_at from wanted as w
                 left join sync.lookups as l on l.source = $1 and l.stream = $2 and l.id = w.id
                 where l.id is null or l.looked_up_at < $3
                 group by w.id
             )
             select id, count(*) over () from due order by looked_up_at nulls first, newest desc nulls last, id limit $4",
            wanted(keys.references)
        );
        let due: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(lease.source())
            .bind(stream)
            .bind(now - keys.renew_after)
            .bind(i64::from(keys.budget))
            .fetch_all(&self.pool)
            .await?;
        let all = due.first().map_or(0, |(_, all)| *all);
        let ids: Vec<String> = due.into_iter().map(|(id, _)| id).collect();
        let left = all - i64::try_from(ids.len()).unwrap_or(i64::MAX);
        Ok(DueKeys { ids, left })
    }
}

/// The ids that the columns name, each with the time of its newest row.
fn wanted(references: &[Reference]) -> String {
    let mut statement = String::new();
    for reference in references {
        let Reference {
            table,
            column,
            newest_by,
            unless,
        } = reference;
        let union = if statement.is_empty() { "" } else { " union all " };
        let filter = unless.map(|column| format!(" and t.{column} is not true"));
        let written = write!(
            statement,
            "{union}select t.{column} as id, max(t.{newest_by}) as newest from warehouse.{} as t
             where t.source = $1 and t.{column} is not null and t.deleted_at is null{} group by t.{column}",
            table.name,
            filter.unwrap_or_default()
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    statement
}

/// Notes that ids were asked for.
pub(super) async fn note(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    stream: &str,
    (lookups, at): (&[Lookup], DateTime<Utc>),
) -> Result<(), WarehouseError> {
    if lookups.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = lookups.iter().map(|lookup| lookup.id.as_str()).collect();
    let missing: Vec<bool> = lookups.iter().map(|lookup| lookup.is_missing).collect();
    sqlx::query(
        "insert into sync.lookups as l (source, stream, id, looked_up_at, is_missing)
         select $1, $2, u.id, $5, u.is_missing from unnest($3::text[], $4::boolean[]) as u (id, is_missing) order by u.id
         on conflict (source, stream, id) do update
         set looked_up_at = excluded.looked_up_at, is_missing = excluded.is_missing
         where l.looked_up_at <= excluded.looked_up_at",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(ids)
    .bind(missing)
    .bind(at)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
