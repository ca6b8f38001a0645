//! What was true when: the changes of chosen columns, written with the row that changes.
//!
//! A row that is inserted leaves nothing here, and one that is read again without a difference neither. A change is dated between
//! two readings. A reading that arrives after a later one does not become the row, and its place in history is found all the same,
//! so that the same readings give the same changes in whatever order they arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::{Kind, Rows, TABLES, Table, Values};

use super::WarehouseError;
use super::merge::Destination;
use super::named::may_be_named;
use super::transaction::Transaction;

/// The column by which rows go and come back. It is followed in the tables that are named below, whatever the settings.
const GONE: &str = "deleted_at";
/// Columns that are followed without any settings. Figures and events are no states, and are not followed at all.
const USUAL: [(&str, &[&str]); 18] = [
    (
        "calls",
        &[
            "agent_id",
            "disposition_code",
            "lead_id",
            "list_id",
            "campaign_id",
        ],
    ),
    (
        "conversations",
        &["status", "is_closed", "agent_id", "lead_id", "channel_id"],
    ),
    (
        "leads",
        &[
            "status",
            "agent_id",
            "owner_id",
            "list_id",
            "campaign_id",
            "archived_at",
            "removed_at",
        ],
    ),
    (
        "callbacks",
        &[
            "stage",
            "due_at",
            "disposition_code",
            "agent_id",
            "list_id",
            "campaign_id",
        ],
    ),
    ("agents", &["is_active", "team"]),
    ("campaigns", &["is_active"]),
    ("lists", &["is_active", "campaign_id"]),
    ("channels", &["is_active"]),
    ("tags", &["is_active"]),
    ("contacts", &[]),
    ("conversation_tags", &[]),
    ("conversation_channels", &[]),
    ("contact_notes", &[]),
    ("contact_tags", &[]),
    ("contact_attributes", &[]),
    ("do_not_contact", &[]),
    ("recordings", &[]),
    ("messages", &[]),
];

/// Which columns leave a trace when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed(BTreeMap<&'static str, BTreeSet<&'static str>>);

impl Default for Followed {
    fn default() -> Self {
        let tables = USUAL.iter();
        Self(
            tables
                .map(|(table, columns)| (*table, columns.iter().copied().collect()))
                .collect(),
        )
    }
}

impl Followed {
    /// The usual columns and these besides, each as `table.column`. What is no column is the error.
    pub fn with_columns<'a>(more: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut all = Self::default();
        for name in more {
            let (table, column) = find_column(name).ok_or(name)?;
            all.0.entry(table).or_default().insert(column);
        }
        Ok(all)
    }

    /// The followed columns of a table, without that of deletions; nothing where no column of it is followed, nor deletions.
    fn columns_of(&self, table: &Table) -> Option<Vec<FollowedColumn>> {
        let columns = self.0.get(table.name)?;
        let places = table.columns.iter().enumerate();
        let followed = places.filter(|(_, column)| columns.contains(column.name));
        Some(
            followed
                .map(|(place, column)| FollowedColumn {
                    place,
                    name: column.name,
                    kind: column.kind,
                })
                .collect(),
        )
    }
}

/// Whether rows of a table leave a trace when they go and when they come back.
fn is_state(table: &Table) -> bool {
    USUAL.iter().any(|(name, _)| *name == table.name)
}

/// A column of the common schema by its name with that of its table.
fn find_column(name: &str) -> Option<(&'static str, &'static str)> {
    let (table, column) = name.split_once('.')?;
    let table = TABLES.iter().find(|known| known.name == table)?;
    let column = table.columns.iter().find(|known| known.name == column)?;
    Some((table.name, column.name))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FollowedColumn {
    /// Its place among the typed columns of its table.
    place: usize,
    name: &'static str,
    kind: Kind,
}

/// The parts of a merge that write down what it changes: they read what is held in the same statement, from before it.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// What stands before the merge, in `with`.
    pub(super) held: String,
    /// What the merge must return, behind a comma.
    pub(super) returned: String,
    /// What stands behind the merge, which is called `merged`.
    pub(super) followed: String,
}

impl Traces {
    /// The parts for rows that a stream brings. The statement's first parameters are the source, the slice and the ids, and the
    /// sixth is when each row was read.
    pub(super) fn of(followed: &Followed, rows: &Rows) -> Self {
        let Some(mut columns) = followed.columns_of(rows.table()) else {
            return Self::default();
        };
        columns.retain(|column| rows.ownership().has(column.name));
        let is_whole = rows.ownership().has_record();
        let has_gone = is_whole && is_state(rows.table());
        if columns.is_empty() && !has_gone {
            return Self::default();
        }
        // Of a row that only others have told of nothing was read yet.
        let is_read = if is_whole && may_be_named(rows.table()) {
            " and t.content_hash <> ''"
        } else {
            ""
        };
        // What the owner of the record has read says nothing of the columns of others.
        let seen_after = if is_whole {
            "t.fetched_at"
        } else {
            "least(t.first_seen_at, u.fetched_at)"
        };
        let table = rows.table().name;
        let mut parts = Self::default();
        let (mut names, mut held, mut values) = (String::new(), String::new(), Vec::new());
        for FollowedColumn { name, .. } in &columns {
            let written = [
                write!(names, ", t.{name}"),
                write!(held, ", {name}"),
                write!(parts.returned, ", t.{name}"),
            ];
            debug_assert!(
                written.iter().all(Result::is_ok),
                "writing to a string cannot fail"
            );
            values.push(format!(
                "('{name}', h.{name}::text, n.{name}::text, h.seen_after)"
            ));
        }
        if has_gone {
            // Whoever comes back was gone at the latest by the reading that said so.
            values.push(format!(
                "('{GONE}', h.{GONE}::text, null, greatest(h.seen_after, h.{GONE}))"
            ));
        }
        // Made once: joined row by row it would be looked through for each of them.
        parts.held = format!(
            "held as materialized (
                 select t.id, u.fetched_at as seen_by, {seen_after} as seen_after, t.deleted_at{names}
                 from unnest($3::text[], $6::timestamptz[]) as u (id, fetched_at)
                 cross join lateral (
                     select t.id, t.fetched_at, t.first_seen_at, t.deleted_at{names} from warehouse.{table} as t
                     where t.source = $1 and t.id = u.id{is_read} limit 1
                 ) as t
             ), "
        );
        parts.returned.push_str(", t.id");
        parts.followed = format!(
            ", followed as (
                 insert into history.changes as c (source, table_name, id, \"column\", old, new, seen_after, seen_by, slice_id)
                 select $1, '{table}', h.id, v.name, v.old, v.new, v.seen_after, h.seen_by, $2
                 from merged as n join held as h on h.id = n.id
                 cross join lateral (values {}) as v (name, old, new, seen_after)
                 where v.old is distinct from v.new
                 {ON_CONFLICT}
             )",
            values.join(", ")
        );
        parts
    }
}

/// Two readings of one instant are one: the later arrival tells what came of it.
const ON_CONFLICT: &str = "on conflict (source, table_name, id, \"column\", seen_by) do update
                 set new = excluded.new, slice_id = excluded.slice_id";

/// The part of a deletion's statement that writes it down. `gone` has the rows as they were and `marked` those that were marked.
pub(super) fn trace_deletions(table: &Table) -> String {
    if !is_state(table) {
        return String::new();
    }
    format!(
        ", followed as (
             insert into history.changes as c (source, table_name, id, \"column\", old, new, seen_after, seen_by, slice_id)
             select $1, '{}', g.id, '{GONE}', null, g.at::text, g.fetched_at, g.at, $4 from gone as g join marked as m on m.id = g.id
             {ON_CONFLICT}
         )",
        table.name
    )
}

/// What a reading, or the row that is held, says of a column.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Point {
    id: String,
    column: String,
    at: DateTime<Utc>,
    value: Option<String>,
    slice_id: i64,
    /// True where it was not known before.
    is_late: bool,
    /// When the row was first seen, by what was known before.
    first_seen_at: DateTime<Utc>,
}

/// Finds the places in history of readings that are older than the row that is held.
///
/// All that is known of such a row is gathered as points, the ends of its changes among them, and the changes are made anew.
pub(super) async fn record_late_readings(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
) -> Result<(), WarehouseError> {
    let Some(columns) = to.followed.columns_of(rows.table()) else {
        return Ok(());
    };
    if !rows.ownership().has_record() {
        return Ok(());
    }
    let points = select_points(connection, to, rows, &columns).await?;
    if points.is_empty() {
        return Ok(());
    }
    let mut of_rows: BTreeMap<(&str, &str), Vec<Point>> = BTreeMap::new();
    for point in &points {
        let key = (point.id.as_str(), point.column.as_str());
        of_rows.entry(key).or_default().push(point.clone());
    }
    let ids: BTreeSet<&str> = of_rows.keys().map(|(id, _)| *id).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).chain([GONE]).collect();
    let changes: Vec<Change> = of_rows.into_values().flat_map(changes_between).collect();
    let all = ColumnsOfRows {
        table: rows.table(),
        ids: &ids,
        columns: &names,
    };
    replace_changes(connection, to, all, &changes).await?;
    let firsts = format!(
        "update warehouse.{} as t set first_seen_at = u.at from unnest($2::text[], $3::timestamptz[]) as u (id, at)
         where t.source = $1 and t.id = u.id and t.id = any($4) and t.first_seen_at > u.at",
        rows.table().name
    );
    sqlx::query(AssertSqlSafe(firsts))
        .bind(to.source)
        .bind(rows.ids())
        .bind(rows.fetched())
        .bind(&ids)
        .execute(connection)
        .await?;
    Ok(())
}

async fn select_points(
    connection: &mut Transaction,
    to: Destination<'_>,
    rows: &Rows,
    columns: &[FollowedColumn],
) -> Result<Vec<Point>, WarehouseError> {
    const FIRST: usize = 5;
    let (mut names, mut arrays) = (String::new(), String::new());
    let (mut late, mut held) = (vec![format!("('{GONE}', null::text)")], Vec::new());
    for (number, FollowedColumn { name, kind, .. }) in columns.iter().enumerate() {
        let carrier = if *kind == Kind::Decimal {
            "text"
        } else {
            kind.sql()
        };
        let written = [
            write!(names, ", {name}"),
            write!(arrays, ", ${}::{carrier}[]", FIRST + number),
        ];
        debug_assert!(
            written.iter().all(Result::is_ok),
            "writing to a string cannot fail"
        );
        late.push(format!("('{name}', l.{name}::text)"));
        held.push(format!("('{name}', t.{name}::text, t.fetched_at)"));
    }
    held.push(format!(
        "('{GONE}', null, t.fetched_at), ('{GONE}', t.{GONE}::text, t.{GONE})"
    ));
    let statement = format!(
        "with late as (
             select u.*, t.first_seen_at from unnest($3::text[], $4::timestamptz[]{arrays}) as u (id, fetched_at{names})
             join warehouse.{table} as t on t.source = $1 and t.id = u.id
             where t.content_hash <> '' and greatest(t.fetched_at, t.deleted_at) > u.fetched_at
         )
         select l.id, v.name as \"column\", l.fetched_at as at, v.value, $2::bigint as slice_id, true as is_late, l.first_seen_at
         from late as l cross join lateral (values {late}) as v (name, value)
         union all
         select t.id, v.name, v.at, v.value, t.slice_id, false, t.first_seen_at
         from late as l join warehouse.{table} as t on t.source = $1 and t.id = l.id
         cross join lateral (values {held}) as v (name, value, at) where v.at is not null
         union all
         select c.id, c.\"column\", v.at, v.value, c.slice_id, false, l.first_seen_at
         from late as l join history.changes as c on c.source = $1 and c.table_name = '{table}' and c.id = l.id
         cross join lateral (values (c.seen_after, c.old), (c.seen_by, c.new)) as v (at, value)",
        table = rows.table().name,
        late = late.join(", "),
        held = held.join(", "),
    );
    let mut query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(to.source)
        .bind(to.slice)
        .bind(rows.ids())
        .bind(rows.fetched());
    for column in columns {
        query = match &rows.columns()[column.place] {
            Values::Text(values) => query.bind(values.as_slice()),
            Values::Instant(values) => query.bind(values.as_slice()),
            Values::Integer(values) => query.bind(values.as_slice()),
            Values::Boolean(values) => query.bind(values.as_slice()),
            Values::Day(values) => query.bind(values.as_slice()),
        };
    }
    Ok(query.fetch_all(connection).await?)
}

/// A change between two readings.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    id: String,
    column: String,
    old: Option<String>,
    new: Option<String>,
    seen_after: DateTime<Utc>,
    seen_by: DateTime<Utc>,
    slice_id: i64,
}

/// The changes of one column of one row: where two points that follow each other differ.
fn changes_between(mut points: Vec<Point>) -> Vec<Change> {
    // What was known counts for more than what comes late, where both are of one instant.
    points.sort_by_key(|point| (point.at, !point.is_late));
    let first_known = points.iter().find(|point| !point.is_late).cloned();
    if let Some(known) = first_known
        && known.first_seen_at < known.at
    {
        points.push(Point {
            at: known.first_seen_at,
            ..known
        });
        points.sort_by_key(|point| (point.at, !point.is_late));
    }
    let mut changes: Vec<Change> = Vec::new();
    let mut points = points.into_iter();
    let Some(mut last) = points.next() else {
        return changes;
    };
    for point in points {
        if point.value != last.value {
            match changes.last_mut() {
                // Both are of one instant.
                Some(change) if change.seen_by == point.at => change.new.clone_from(&point.value),
                _ => changes.push(Change {
                    id: point.id.clone(),
                    column: point.column.clone(),
                    old: last.value.take(),
                    new: point.value.clone(),
                    seen_after: last.at,
                    seen_by: point.at,
                    slice_id: point.slice_id,
                }),
            }
        }
        last = point;
    }
    changes.retain(|change| change.old != change.new);
    changes
}

/// All that is told of these columns of these rows.
#[derive(Debug, Clone, Copy)]
struct ColumnsOfRows<'a> {
    table: &'static Table,
    ids: &'a [&'a str],
    columns: &'a [&'a str],
}

async fn replace_changes(
    connection: &mut Transaction,
    to: Destination<'_>,
    of: ColumnsOfRows<'_>,
    changes: &[Change],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "delete from history.changes where source = $1 and table_name = $2 and id = any($3) and \"column\" = any($4)",
    )
    .bind(to.source)
    .bind(of.table.name)
    .bind(of.ids)
    .bind(of.columns)
    .execute(&mut *connection)
    .await?;
    let text = |value: fn(&Change) -> &str| changes.iter().map(value).collect::<Vec<_>>();
    let option = |value: fn(&Change) -> Option<&str>| changes.iter().map(value).collect::<Vec<_>>();
    let time = |value: fn(&Change) -> DateTime<Utc>| changes.iter().map(value).collect::<Vec<_>>();
    sqlx::query(
        "insert into history.changes (source, table_name, id, \"column\", old, new, seen_after, seen_by, slice_id)
         select $1, $2, u.* from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::bigint[]) as u",
    )
    .bind(to.source)
    .bind(of.table.name)
    .bind(text(|change| &change.id))
    .bind(text(|change| &change.column))
    .bind(option(|change| change.old.as_deref()))
    .bind(option(|change| change.new.as_deref()))
    .bind(time(|change| change.seen_after))
    .bind(time(|change| change.seen_by))
    .bind(changes.iter().map(|change| change.slice_id).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, value: &str, is_late: bool) -> Point {
        let at = |second| DateTime::from_timestamp(second, 0).expect("it exists");
        Point {
            id: "1".to_owned(),
            column: "status".to_owned(),
            at: at(second),
            value: Some(value.to_owned()),
            slice_id: second,
            is_late,
            first_seen_at: at(1),
        }
    }

    fn told(points: Vec<Point>) -> Vec<(String, String, i64, i64)> {
        let text = |value: Option<String>| value.unwrap_or_default();
        changes_between(points)
            .into_iter()
            .map(|change| {
                let times = (change.seen_after.timestamp(), change.seen_by.timestamp());
                (text(change.old), text(change.new), times.0, times.1)
            })
            .collect()
    }

    fn change(old: &str, new: &str, seen_after: i64, seen_by: i64) -> (String, String, i64, i64) {
        (old.to_owned(), new.to_owned(), seen_after, seen_by)
    }

    #[test]
    fn changes_lie_where_two_points_that_follow_each_other_differ() {
        // Held: a from 1 on, b from 6 on. A reading of 3 splits the time between.
        let known = || vec![point(1, "a", false), point(6, "b", false), point(9, "b", false)];
        assert_eq!(told(known()), [change("a", "b", 1, 6)]);
        for (late, wanted) in [
            (
                point(3, "c", true),
                vec![change("a", "c", 1, 3), change("c", "b", 3, 6)],
            ),
            (point(3, "a", true), vec![change("a", "b", 3, 6)]),
            (point(3, "b", true), vec![change("a", "b", 1, 3)]),
            (
                point(0, "z", true),
                vec![change("z", "a", 0, 1), change("a", "b", 1, 6)],
            ),
            (point(6, "z", true), vec![change("a", "b", 1, 6)]),
        ] {
            let mut points = known();
            points.push(late);
            assert_eq!(told(points), wanted);
        }
    }

    #[test]
    fn what_a_row_was_first_is_known_since_it_was_first_seen() {
        let points = vec![point(5, "a", false), point(3, "b", true)];
        assert_eq!(told(points), [change("a", "b", 1, 3), change("b", "a", 3, 5)]);
    }

    #[test]
    fn settings_may_follow_more_columns_and_none_that_is_not_there() {
        let followed = Followed::with_columns(["leads.city", "report_metrics.value"]).expect("they exist");
        assert!(followed.0["leads"].contains("city") && followed.0["leads"].contains("status"));
        assert!(followed.0["report_metrics"].contains("value"));
        assert_eq!(Followed::with_columns(["leads.cities"]), Err("leads.cities"));
        for (table, columns) in USUAL {
            for column in columns {
                assert!(
                    find_column(&format!("{table}.{column}")).is_some(),
                    "{table}.{column}"
                );
            }
        }
    }
}
