//! The one loader of all tables: a probe for what is already there, and a merge that writes only differences.

use std::collections::HashMap;
use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Postgres, Transaction};

use connectors::schema::{Kind, Rows, Table, Values};

use super::WarehouseError;
use super::walk::WalkId;

/// Drops the rows that the table already holds, and returns how many. They cost a look at the index and no write.
pub(super) async fn drop_unchanged(
    transaction: &mut Transaction<'static, Postgres>,
    source: &str,
    rows: &mut Rows,
) -> Result<i64, WarehouseError> {
    let statement = format!(
        // The limit keeps the planner, which knows little of a young table, from reading all of it instead of the index.
        "select u.id, t.content_hash from unnest($2::text[]) as u (id)
         cross join lateral (
             select t.content_hash from warehouse.{} as t
             where t.source = $1 and t.id = u.id and t.deleted_at is null limit 1
         ) as t",
        rows.table().name
    );
    let held: Vec<(String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(source)
        .bind(rows.ids())
        .fetch_all(&mut **transaction)
        .await?;
    let held: HashMap<&str, &[u8]> = held
        .iter()
        .map(|(id, hash)| (id.as_str(), hash.as_slice()))
        .collect();
    let is_wanted = |(id, hash): (&String, &[u8; 16])| match held.get(id.as_str()) {
        Some(held) => !rows.fills_gaps() && *held != hash.as_slice(),
        None => true,
    };
    let keep: Vec<bool> = rows.ids().iter().zip(rows.hashes()).map(is_wanted).collect();
    let before = rows.len();
    rows.retain(&keep);
    Ok(i64::try_from(before - rows.len()).unwrap_or(i64::MAX))
}

/// Merges rows that are sorted by their ids, which differ. Returns how many were inserted, and how many were written in all.
pub(super) async fn merge(
    transaction: &mut Transaction<'static, Postgres>,
    source: &str,
    walk: WalkId,
    rows: &Rows,
) -> Result<(i64, i64), WarehouseError> {
    write(transaction, merge_statement(rows), (source, walk), rows).await
}

/// Inserts rows that are expected not to be there: one that is makes the server refuse them all. Sorted and counted like `merge`.
pub(super) async fn insert(
    transaction: &mut Transaction<'static, Postgres>,
    source: &str,
    walk: WalkId,
    rows: &Rows,
) -> Result<(i64, i64), WarehouseError> {
    let statement = insert_statement(rows.table(), &Parts::of(rows.table()));
    let statement =
        format!("with inserted as ({statement} returning 1) select count(*), count(*) from inserted");
    write(transaction, statement, (source, walk), rows).await
}

async fn write(
    transaction: &mut Transaction<'static, Postgres>,
    statement: String,
    (source, walk): (&str, WalkId),
    rows: &Rows,
) -> Result<(i64, i64), WarehouseError> {
    if rows.is_empty() {
        return Ok((0, 0));
    }
    let mut query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(source)
        .bind(walk)
        .bind(rows.ids())
        .bind(rows.raws())
        .bind(rows.hashes())
        .bind(rows.fetched());
    for column in rows.columns() {
        query = match column {
            Values::Text(values) => query.bind(values.as_slice()),
            Values::Instant(values) => query.bind(values.as_slice()),
            Values::Integer(values) => query.bind(values.as_slice()),
            Values::Boolean(values) => query.bind(values.as_slice()),
            Values::Day(values) => query.bind(values.as_slice()),
        };
    }
    Ok(query.fetch_one(&mut **transaction).await?)
}

/// The rows come in the order of their keys and are locked in it, so that loaders wait for each other but never deadlock.
fn insert_statement(table: &Table, parts: &Parts) -> String {
    let Parts {
        names,
        fields,
        arrays,
        ..
    } = parts;
    format!(
        "insert into warehouse.{table} as t
             (source, id, raw, content_hash, fetched_at, first_seen_at, changed_at, walk_id{names})
         select $1, u.id, u.raw::jsonb, u.content_hash, u.fetched_at, u.fetched_at, now(), $2{fields}
         from unnest($3::text[], $4::text[], $5::bytea[], $6::timestamptz[]{arrays})
             as u (id, raw, content_hash, fetched_at{names})",
        table = table.name
    )
}

/// The latest reading wins; sameness is not written; and a row that comes back is revived. Rows that only fill gaps revive and
/// change nothing.
fn merge_statement(rows: &Rows) -> String {
    let parts = Parts::of(rows.table());
    let (insert, updates) = (insert_statement(rows.table(), &parts), parts.updates);
    if rows.fills_gaps() {
        return format!(
            "with merged as ({insert} on conflict (source, id) do nothing returning 1) select count(*), count(*) from merged"
        );
    }
    format!(
        "with merged as (
             {insert}
             on conflict (source, id) do update set
                 raw = excluded.raw, content_hash = excluded.content_hash, fetched_at = excluded.fetched_at,
                 changed_at = excluded.changed_at, deleted_at = null, walk_id = excluded.walk_id{updates}
             where (t.content_hash is distinct from excluded.content_hash or t.deleted_at is not null)
                 and t.fetched_at <= excluded.fetched_at
             returning xmax = 0 as is_new
         )
         select count(*) filter (where is_new), count(*) from merged"
    )
}

/// The lists of a merge that depend on the table's columns; each item begins with a comma.
#[derive(Default)]
struct Parts {
    names: String,
    fields: String,
    arrays: String,
    updates: String,
}

impl Parts {
    fn of(table: &Table) -> Self {
        let mut parts = Self::default();
        for (place, column) in table.columns.iter().enumerate() {
            parts.add(column.name, column.kind, place + 7);
        }
        parts
    }

    fn add(&mut self, name: &str, kind: Kind, place: usize) {
        // Decimals travel as text.
        let (carrier, cast) = if kind == Kind::Decimal {
            ("text", "::numeric")
        } else {
            (kind.sql(), "")
        };
        let parts = [
            write!(self.names, ", {name}"),
            write!(self.fields, ", u.{name}{cast}"),
            write!(self.arrays, ", ${place}::{carrier}[]"),
            write!(self.updates, ", {name} = excluded.{name}"),
        ];
        debug_assert!(parts.iter().all(Result::is_ok), "writing to a string cannot fail");
    }
}
