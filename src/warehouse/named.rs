//! Rows of short lists that loaded rows name by their id. Each has to exist where what names it does, whether a list ever brings it or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AssertSqlSafe;

use connectors::schema::{Agent, Entity as _, NAMINGS, NamedRow, NamedRows, Table};

use super::load::Load;
use super::transaction::Transaction;
use super::{Lease, WarehouseError};

/// How many ids are remembered. They are few; an account that has more pays for a look now and then.
const MOST_KNOWN: usize = 50_000;

/// What the holder of a lease knows to be there already.
#[derive(Debug, Clone, Default)]
pub(super) struct RememberedRows(Arc<Mutex<HashMap<&'static str, HashMap<String, Knowledge>>>>);

/// What is known of a row that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    /// Only its id was told so far.
    Id,
    /// Its name was told too.
    Name,
}

impl RememberedRows {
    /// True where a row is there, with its name where that is told.
    pub(super) fn has(&self, table: &Table, row: NamedRow<'_>) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(table.name).and_then(|rows| rows.get(row.id)) {
            Some(Knowledge::Name) => true,
            Some(Knowledge::Id) => row.name.is_none(),
            None => false,
        }
    }

    /// Knows nothing any more: a crash of the server may have lost what was committed last.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Notes that these are there, once that is committed.
    pub(super) fn add(&self, named: &[NamedRows<'_>]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for NamedRows { table, rows } in named {
            let known = known.entry(table.name).or_default();
            if known.len() > MOST_KNOWN {
                known.clear();
            }
            for row in rows {
                let knowledge = row.name.map_or(Knowledge::Id, |_| Knowledge::Name);
                known.insert(row.id.to_owned(), knowledge);
            }
        }
    }
}

/// Adds the rows that are not there, by their ids and names, until a list brings them, and returns how many. One that only others have
/// told of may still learn its name.
pub(super) async fn insert_named(
    connection: &mut Transaction,
    lease: &Lease,
    load: &Load<'_>,
    NamedRows { table, rows }: &NamedRows<'_>,
) -> Result<i64, WarehouseError> {
    let brought = format!(
        "select u.id, u.name, $5::timestamptz as fetched_at, $6::bigint as slice_id, $7::int as generation
         from unnest($3::text[], $4::text[]) as u (id, name)
         where not exists (
             select from warehouse.{} as t
             where t.source = $1 and t.id = u.id and (u.name is null or t.name is not null or t.content_hash <> '')
         )",
        table.name
    );
    let ids: Vec<&str> = rows.iter().map(|row| row.id).collect();
    let names: Vec<Option<&str>> = rows.iter().map(|row| row.name).collect();
    let query = sqlx::query_scalar(AssertSqlSafe(insert_statement(table, &brought)))
        .bind(lease.source())
        .bind(load.system_agents)
        .bind(ids)
        .bind(names)
        .bind(load.at)
        .bind(load.slice.id)
        .bind(load.slice.generation);
    Ok(query.fetch_one(connection).await?)
}

/// True where rows of a table may be there because others name them.
pub(super) fn may_be_named(table: &Table) -> bool {
    NAMINGS.iter().any(|naming| naming.parent == table)
}

/// Adds the rows of a table that others name and that somebody has removed, and returns how many.
pub(super) async fn restore_named(
    connection: &mut Transaction,
    lease: &Lease,
    table: &Table,
    system_agents: &[&str],
) -> Result<i64, WarehouseError> {
    let mut row_count = 0;
    for naming in NAMINGS.iter().filter(|naming| naming.parent == table) {
        let name = match naming.name_column {
            Some(name) => format!("min(n.{name})"),
            None => "null::text".to_owned(),
        };
        let brought = format!(
            "select n.{column} as id, {name} as name, min(n.fetched_at) as fetched_at, max(n.slice_id) as slice_id,
                 max(n.generation) as generation
             from warehouse.{naming} as n
             where n.source = $1 and n.{column} is not null
                 and not exists (select from warehouse.{parent} as t where t.source = $1 and t.id = n.{column})
             group by 1",
            column = naming.column,
            naming = naming.table.name,
            parent = table.name
        );
        let query = sqlx::query_scalar(AssertSqlSafe(insert_statement(table, &brought)))
            .bind(lease.source())
            .bind(system_agents);
        let inserted: i64 = query.fetch_one(&mut *connection).await?;
        row_count += inserted;
    }
    Ok(row_count)
}

/// The statement that adds what a query brings: ids, names, and when and by which slice they were read. Its first parameters are the
/// source and the agents who are no people.
fn insert_statement(table: &Table, brought: &str) -> String {
    let (column, value) = if table == Agent::TABLE {
        (
            ", is_system",
            ", case when cardinality($2::text[]) > 0 then b.id = any ($2) end",
        )
    } else {
        ("", "")
    };
    format!(
        "with brought as ({brought}),
         written as (
             insert into warehouse.{table} as t
                 (source, id, raw, content_hash, fetched_at, first_seen_at, changed_at, slice_id, generation, name{column})
             select $1, b.id, jsonb_build_object('id', b.id, 'name', b.name), '', b.fetched_at, b.fetched_at, now(), b.slice_id,
                 b.generation, b.name{value}
             from brought as b order by b.id
             on conflict (source, id) do update set name = excluded.name, raw = excluded.raw, changed_at = excluded.changed_at
             where t.name is null and t.content_hash = ''
             returning xmax = 0 as is_new
         )
         select count(*) filter (where is_new) from written",
        table = table.name
    )
}
