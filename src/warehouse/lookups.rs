//! Rows that exist by id only: which ids are due to be asked for, and that they were.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::reader::Lookup;
use connectors::source::{LookupPolicy, Reference};

use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// The ids that are due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueIds {
    /// As many as the budget allows: those never asked for first, then those of the newest rows.
    pub ids: Vec<String>,
    /// How many are due besides.
    pub left: i64,
    /// Since when the oldest of these is due: the first row that names it, or its last lookup.
    pub oldest_left: Option<DateTime<Utc>>,
}

impl Warehouse {
    /// The ids that rows of the source refer to, and that were never asked for, or too long ago, or that the vendor says it does
    /// not have while this is not believed yet.
    pub async fn due_ids(
        &self,
        lease: &Lease,
        stream: &str,
        policy: &LookupPolicy,
        now: DateTime<Utc>,
    ) -> Result<DueIds, WarehouseError> {
        let statement = format!(
            "with wanted as ({}),
             due as (
                 select w.id, max(w.newest) as newest, max(l.looked_up_at) as looked_up_at,
                     coalesce(max(l.looked_up_at), min(w.oldest)) as due_since
                 from wanted as w
                 left join sync.lookups as l on l.source = $1 and l.stream = $2 and l.id = w.id
                 where l.id is null or l.looked_up_at < $3 or (l.missing_count > 0 and not l.is_missing)
                 group by w.id
             ),
             placed as (
                 select *, row_number() over (order by looked_up_at nulls first, newest desc nulls last, id) as place from due
             )
             select array(select id from placed where place <= $4 order by place),
                 (select count(*) from placed where place > $4), (select min(due_since) from placed where place > $4)",
            wanted_ids(policy.references)
        );
        let mut transaction = self.begin().await?;
        let (ids, left, oldest_left) = sqlx::query_as(AssertSqlSafe(statement))
            .bind(lease.source())
            .bind(stream)
            .bind(now - policy.renew_after)
            .bind(i64::from(policy.budget))
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(DueIds {
            ids,
            left,
            oldest_left,
        })
    }
}

/// The ids that the columns name, each with the times of its newest and its oldest row.
fn wanted_ids(references: &[Reference]) -> String {
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
            "{union}select t.{column} as id, max(t.{newest_by}) as newest, min(coalesce(t.{newest_by}, t.first_seen_at)) as oldest
             from warehouse.{} as t
             where t.source = $1 and t.{column} is not null and t.deleted_at is null{} group by t.{column}",
            table.name,
            filter.unwrap_or_default()
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    statement
}

/// Notes that ids were asked for.
pub(super) async fn record_lookups(
    connection: &mut Transaction,
    lease: &Lease,
    stream: &str,
    lookups: &[Lookup],
    at: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    if lookups.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = lookups.iter().map(|lookup| lookup.id.as_str()).collect();
    let missing: Vec<bool> = lookups.iter().map(|lookup| lookup.is_missing).collect();
    sqlx::query(
        "insert into sync.lookups as l (source, stream, id, looked_up_at, is_missing, missing_count)
         select distinct on (u.id) $1, $2, u.id, $5, false, u.is_missing::integer
         from unnest($3::text[], $4::boolean[]) as u (id, is_missing) order by u.id
         on conflict (source, stream, id) do update set looked_up_at = excluded.looked_up_at,
             is_missing = l.is_missing and excluded.missing_count > 0,
             missing_count = case when excluded.missing_count > 0 then l.missing_count + 1 else 0 end
         where l.looked_up_at <= excluded.looked_up_at",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(ids)
    .bind(missing)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}
