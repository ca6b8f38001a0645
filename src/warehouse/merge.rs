//! The one loader of all tables: a probe for what is already there, and a merge that writes only differences.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{AssertSqlSafe, Postgres};

use connectors::schema::{Kind, Rows, Values};

use super::WarehouseError;
use super::history::{Followed, Traces, record_late_readings};
use super::ledger::SliceId;
use super::named::may_be_named;
use super::transaction::Transaction;

/// The first parameter of a merge that carries a typed column.
const FIRST_OF_MERGE: usize = 9;
/// The same of a probe.
const FIRST_OF_PROBE: usize = 3;

/// Where rows go, and what their engine columns say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'a> {
    /// The source.
    pub(super) source: &'a str,
    /// The slice that writes them.
    pub(super) slice: SliceId,
    /// The generation under which they were read.
    pub(super) generation: i32,
    /// The columns whose changes leave a trace.
    pub(super) followed: &'a Followed,
}

/// How many rows a statement has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Written {
    /// Rows that were not there.
    pub(super) inserted: i64,
    /// These, and those that only others have named until now: to their list they are new.
    pub(super) first_read: i64,
    /// New and changed rows.
    pub(super) written: i64,
}

/// Drops the rows that the table already holds, and returns how many. They cost a look at the index and no write.
pub(super) async fn drop_unchanged(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &mut Rows,
) -> Result<i64, WarehouseError> {
    let keep = if rows.ownership().has_record() {
        differ_by_hash(connection, to, rows).await?
    } else {
        differ_by_value(connection, to, rows).await?
    };
    let before = rows.len();
    rows.retain(&keep);
    Ok(i64::try_from(before - rows.len()).unwrap_or(i64::MAX))
}

/// For each row, whether it differs from what the table holds, or is held from before the present generation.
async fn differ_by_hash(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<Vec<bool>, WarehouseError> {
    let statement = format!(
        // The limit keeps the planner, which knows little of a young table, from reading all of it instead of the index.
        // A reading that is older than the row passes: history has a place for it.
        "select u.id, t.content_hash from unnest($2::text[], $4::timestamptz[]) as u (id, fetched_at)
         cross join lateral (
             select t.content_hash from warehouse.{} as t
             where t.source = $1 and t.id = u.id and t.deleted_at is null and t.generation >= $3 and t.fetched_at <= u.fetched_at
             limit 1
         ) as t",
        rows.table().name
    );
    let held: Vec<(String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(to.source)
        .bind(rows.ids())
        .bind(to.generation)
        .bind(rows.fetched())
        .fetch_all(connection)
        .await?;
    let held: HashMap<&str, &[u8]> = held
        .iter()
        .map(|(id, hash)| (id.as_str(), hash.as_slice()))
        .collect();
    let differs =
        |(id, hash): (&String, &[u8; 16])| held.get(id.as_str()).is_none_or(|held| *held != hash.as_slice());
    Ok(rows.ids().iter().zip(rows.hashes()).map(differs).collect())
}

/// The same for rows of which only some columns are ours: they have no hash of their own in the table.
async fn differ_by_value(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<Vec<bool>, WarehouseError> {
    let parts = Parts::of(rows, FIRST_OF_PROBE);
    let same = if parts.owned.is_empty() {
        String::new()
    } else {
        format!(
            " and row({}) is not distinct from row({})",
            parts.held_hashes(),
            parts.brought_rows()
        )
    };
    let statement = format!(
        "select u.id from unnest($2::text[]{}) as u (id{})
         cross join lateral (
             select 1 from warehouse.{} as t where t.source = $1 and t.id = u.id{same} limit 1
         ) as t",
        parts.arrays,
        parts.names,
        rows.table().name
    );
    let query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(to.source)
        .bind(rows.ids());
    let same: Vec<(String,)> = bind_columns(query, rows).fetch_all(connection).await?;
    let same: HashSet<&str> = same.iter().map(|(id,)| id.as_str()).collect();
    Ok(rows.ids().iter().map(|id| !same.contains(id.as_str())).collect())
}

/// Merges rows that are sorted by their ids, which differ.
pub(super) async fn merge_rows(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<Written, WarehouseError> {
    let written = write_rows(connection, merge_statement(to.followed, rows), to, rows).await?;
    if usize::try_from(written.written).is_ok_and(|written| written < rows.len()) {
        record_late_readings(connection, to, rows).await?;
    }
    Ok(written)
}

async fn write_rows(
    connection: &mut Transaction,
    statement: String,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<Written, WarehouseError> {
    if rows.is_empty() {
        return Ok(Written::default());
    }
    let contexts: Vec<Option<&str>> = (0..rows.len())
        .map(|place| rows.contexts().get(place).and_then(|context| context.as_deref()))
        .collect();
    let query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(to.source)
        .bind(to.slice)
        .bind(rows.ids())
        .bind(rows.raws())
        .bind(rows.hashes())
        .bind(rows.fetched())
        .bind(contexts)
        .bind(to.generation);
    Ok(bind_columns(query, rows).fetch_one(connection).await?)
}

/// Binds a parameter for each typed column.
pub(super) fn bind_columns<'q, O>(
    mut query: QueryAs<'q, Postgres, O, PgArguments>,
    rows: &'q Rows,
) -> QueryAs<'q, Postgres, O, PgArguments> {
    for column in rows.columns() {
        query = match column {
            Values::Text(values) => query.bind(values.as_slice()),
            Values::Instant(values) => query.bind(values.as_slice()),
            Values::Integer(values) => query.bind(values.as_slice()),
            Values::Boolean(values) => query.bind(values.as_slice()),
            Values::Day(values) => query.bind(values.as_slice()),
        };
    }
    query
}

/// The rows come in the order of their keys and are locked in it, so that loaders wait for each other but never deadlock.
fn insert_statement(rows: &Rows, parts: &Parts) -> String {
    let Parts {
        names,
        fields,
        arrays,
        ..
    } = parts;
    // A row whose record nobody owns yet gives way to the owner's, whichever was read first.
    let hash = if rows.ownership().has_record() {
        "u.content_hash"
    } else {
        "''::bytea"
    };
    format!(
        "insert into warehouse.{table} as t
             (source, id, raw, context, content_hash, fetched_at, first_seen_at, changed_at, slice_id, generation{names})
         select $1, u.id, u.raw::jsonb, u.context::jsonb, {hash}, u.fetched_at, u.fetched_at, now(), $2, $8{fields}
         from unnest($3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::text[]{arrays})
             as u (id, raw, content_hash, fetched_at, context{names})",
        table = rows.table().name
    )
}

/// The latest reading wins, a deletion being a reading too; sameness is not written; and a row that comes back is revived.
fn merge_statement(followed: &Followed, rows: &Rows) -> String {
    let parts = Parts::of(rows, FIRST_OF_MERGE);
    let Traces {
        held,
        returned,
        followed,
    } = Traces::of(followed, rows);
    let insert = insert_statement(rows, &parts);
    let counts =
        "select count(*) filter (where is_new) as inserted, count(*) filter (where is_first) as first_read,
                 count(*) as written from merged";
    let updates = parts.update_list();
    if rows.ownership().has_record() {
        let (first_seen_at, is_first) = if may_be_named(rows.table()) {
            (
                ", first_seen_at = case when t.content_hash = '' then excluded.first_seen_at else t.first_seen_at end",
                "xmax = 0 or t.first_seen_at = t.fetched_at",
            )
        } else {
            ("", "xmax = 0")
        };
        return format!(
            "with {held}merged as (
                 {insert}
                 on conflict (source, id) do update set
                     raw = excluded.raw, context = excluded.context, content_hash = excluded.content_hash,
                     fetched_at = excluded.fetched_at, changed_at = excluded.changed_at, deleted_at = null,
                     slice_id = excluded.slice_id, generation = greatest(t.generation, excluded.generation){first_seen_at}{updates}
                 where (t.content_hash is distinct from excluded.content_hash or t.deleted_at is not null
                         or t.generation < excluded.generation)
                     and (greatest(t.fetched_at, t.deleted_at) <= excluded.fetched_at
                         or (t.content_hash = '' and t.deleted_at is null))
                 returning xmax = 0 as is_new, {is_first} as is_first{returned}
             ){followed}
             {counts}"
        );
    }
    if parts.owned.is_empty() {
        return format!(
            "with merged as ({insert} on conflict (source, id) do nothing returning true as is_new, true as is_first) {counts}"
        );
    }
    format!(
        "with {held}merged as (
             {insert}
             on conflict (source, id) do update set changed_at = excluded.changed_at, slice_id = excluded.slice_id{updates}
             where row({}) is distinct from row({})
             returning xmax = 0 as is_new, xmax = 0 as is_first{returned}
         ){followed}
         {counts}",
        parts.held_hashes(),
        parts.excluded_list()
    )
}

/// The lists of a statement that depend on the table's columns; each item of the texts begins with a comma.
#[derive(Default)]
pub(super) struct Parts {
    names: String,
    fields: String,
    arrays: String,
    /// The columns that may be set in rows that are there, each with the cast of what is brought.
    owned: Vec<Owned>,
}

struct Owned {
    name: &'static str,
    cast: &'static str,
}

impl Parts {
    /// The lists of a statement whose first typed column is this parameter.
    pub(super) fn of(rows: &Rows, first: usize) -> Self {
        let mut parts = Self::default();
        for (place, column) in rows.table().columns.iter().enumerate() {
            // Decimals travel as text.
            let (carrier, cast) = if column.kind == Kind::Decimal {
                ("text", "::numeric")
            } else {
                (column.kind.sql(), "")
            };
            let name = column.name;
            let written = [
                write!(parts.names, ", {name}"),
                write!(parts.fields, ", u.{name}{cast}"),
                write!(parts.arrays, ", ${}::{carrier}[]", first + place),
            ];
            debug_assert!(
                written.iter().all(Result::is_ok),
                "writing to a string cannot fail"
            );
            if rows.ownership().has(name) {
                parts.owned.push(Owned { name, cast });
            }
        }
        parts
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> &str {
        &self.names
    }

    /// What is inserted into them.
    pub(super) fn fields(&self) -> &str {
        &self.fields
    }

    /// The parameters that carry them.
    pub(super) fn arrays(&self) -> &str {
        &self.arrays
    }

    /// The settings of an update from `u`; nothing where no column is owned.
    pub(super) fn set_list(&self) -> Option<String> {
        let settings = self
            .owned
            .iter()
            .map(|Owned { name, cast }| format!("{name} = u.{name}{cast}"));
        (!self.owned.is_empty()).then(|| settings.collect::<Vec<_>>().join(", "))
    }

    fn update_list(&self) -> String {
        let updates = self
            .owned
            .iter()
            .map(|Owned { name, .. }| format!(", {name} = excluded.{name}"));
        updates.collect()
    }

    pub(super) fn held_hashes(&self) -> String {
        self.list(|Owned { name, .. }| format!("t.{name}"))
    }

    pub(super) fn brought_rows(&self) -> String {
        self.list(|Owned { name, cast }| format!("u.{name}{cast}"))
    }

    fn excluded_list(&self) -> String {
        self.list(|Owned { name, .. }| format!("excluded.{name}"))
    }

    fn list(&self, item: impl Fn(&Owned) -> String) -> String {
        self.owned.iter().map(item).collect::<Vec<_>>().join(", ")
    }
}
