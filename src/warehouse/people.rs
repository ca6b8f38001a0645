//! Who stands behind which record: incremental, and the same whatever the order in which records came.
//!
//! A record has keys: the vendor's own profile, an e-mail address, a number. Records that share a key that joins are one person; so
//! the persons are the connected parts of a graph, a function of the keys alone. A change of some records can touch only the
//! persons of those that share one of their keys, before or after the change; these are taken apart and put together anew.

mod assign;
mod graph;
mod keys;
mod members;
mod sheet;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use self::assign::assign_persons;
use self::graph::Graph;
use self::keys::{Key, count_holders, member_keys, read_known_keys, read_records, write_keys};
use self::members::{Member, touched_records, write_candidates, write_identities};

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

pub use self::sheet::{PersonCandidate, PersonRecord, PersonSheet};

/// Rows of a table that are looked at in one transaction.
const STEP_ROWS: i64 = 5_000;
/// A key that more records carry says nothing of who they are: the number of a switchboard, an address made up to pass a form.
const MAX_RECORDS_OF_KEY: i64 = 500;
/// Number of the lock by which instances wait for each other.
const LOCK: i64 = 2_667_365;

/// What stands for a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::FromRow)]
pub struct RecordKey {
    /// `lead` or `contact`.
    pub kind: String,
    /// The source.
    pub source: String,
    /// The record's id in its table.
    pub id: String,
}

/// What a round of looking has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleCounts {
    /// Rows that were looked at.
    pub looked_at: usize,
    /// Records whose keys had changed, or that came or went.
    pub changed: usize,
    /// Records that got another person than before, or their first.
    pub decided: usize,
}

/// The tables whose rows say who a record stands for: name, condition, and the records that a row is about.
const TABLES: [(&str, &str); 6] = [
    (
        "leads",
        "select t.changed_at, t.source, t.id, 'lead' as kind, t.id as record from warehouse.leads as t where true",
    ),
    (
        "contacts",
        "select t.changed_at, t.source, t.id, 'contact' as kind, t.id as record from warehouse.contacts as t where true",
    ),
    (
        "conversations",
        "select t.changed_at, t.source, t.id, 'lead' as kind, t.lead_id as record from warehouse.conversations as t
         where t.lead_id is not null and t.contact_id is not null",
    ),
    (
        "contact_notes",
        "select t.changed_at, t.source, t.id, 'contact' as kind, t.contact_id as record from warehouse.contact_notes as t
         where t.person_id is not null",
    ),
    (
        "contact_tags",
        "select t.changed_at, t.source, t.id, 'contact' as kind, t.contact_id as record from warehouse.contact_tags as t
         where t.person_id is not null",
    ),
    (
        "contact_attributes",
        "select t.changed_at, t.source, t.id, 'contact' as kind, t.contact_id as record from warehouse.contact_attributes as t
         where t.person_id is not null",
    ),
];

impl Warehouse {
    /// Looks at the rows that have changed since the last time, and decides anew for whom their records stand. One instance does
    /// it at a time; another one finds nothing to do.
    pub async fn refresh_people(&self) -> Result<PeopleCounts, WarehouseError> {
        let mut all = PeopleCounts::default();
        for (table, _) in TABLES {
            loop {
                let step = repeat_transaction(|| self.try_step(table)).await?;
                all.looked_at += step.looked_at;
                all.changed += step.changed;
                all.decided += step.decided;
                if i64::try_from(step.looked_at).unwrap_or(i64::MAX) < STEP_ROWS {
                    break;
                }
            }
        }
        Ok(all)
    }

    async fn try_step(&self, table: &'static str) -> Result<PeopleCounts, WarehouseError> {
        let mut transaction = self.begin().await?;
        let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut transaction)
            .await?;
        let mut counts = PeopleCounts::default();
        if is_ours {
            let rows = select_changed(&mut transaction, table).await?;
            counts.looked_at = rows.len();
            if let Some(last) = rows.last() {
                let last = last.clone();
                let records: BTreeSet<RecordKey> = rows.into_iter().filter_map(Looked::record).collect();
                let decided = decide_records(&mut transaction, &records).await?;
                (counts.changed, counts.decided) = decided;
                record_progress(&mut transaction, table, &last).await?;
            }
        }
        transaction.commit().await?;
        Ok(counts)
    }
}

/// A row that has changed.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Looked {
    changed_at: DateTime<Utc>,
    source: String,
    id: String,
    kind: String,
    record: Option<String>,
}

impl Looked {
    fn record(self) -> Option<RecordKey> {
        Some(RecordKey {
            kind: self.kind,
            source: self.source,
            id: self.record?,
        })
    }
}

/// The next rows behind what was looked at.
///
/// A row carries the time at which its transaction began, and becomes visible when that ends; so we look only as far as the
/// oldest transaction of ours that is still open.
async fn select_changed(connection: &mut Transaction, table: &str) -> Result<Vec<Looked>, WarehouseError> {
    let (_, rows) = TABLES
        .iter()
        .find(|(name, _)| *name == table)
        .expect("it is called with one of them");
    let statement = format!(
        "with seen as (
             select coalesce(max(changed_at), '-infinity') as changed_at, coalesce(max(source), '') as source, coalesce(max(id), '') as id
             from people.progress where table_name = $1
         ),
         open as (
             select coalesce(min(xact_start), 'infinity') as since from pg_stat_activity
             where datname = current_database() and application_name = 'convene' and pid <> pg_backend_pid()
         )
         select r.changed_at, r.source, r.id, r.kind, r.record from seen, open, lateral (
             {rows} and t.changed_at >= seen.changed_at
                 and (t.changed_at, t.source, t.id) > (seen.changed_at, seen.source, seen.id)
                 and t.changed_at < least(open.since, now())
             order by t.changed_at, t.source, t.id limit $2
         ) as r order by r.changed_at, r.source, r.id"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(table)
        .bind(STEP_ROWS)
        .fetch_all(connection)
        .await?)
}

async fn record_progress(
    connection: &mut Transaction,
    table: &str,
    last: &Looked,
) -> Result<(), WarehouseError> {
    sqlx::query(
        "insert into people.progress (table_name, changed_at, source, id) values ($1, $2, $3, $4)
         on conflict (table_name) do update set changed_at = excluded.changed_at, source = excluded.source, id = excluded.id",
    )
    .bind(table)
    .bind(last.changed_at)
    .bind(&last.source)
    .bind(&last.id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records as the parameters of a statement.
struct Arrays<'a> {
    kinds: Vec<&'a str>,
    sources: Vec<&'a str>,
    ids: Vec<&'a str>,
}

impl<'a> Arrays<'a> {
    fn of(records: impl Iterator<Item = &'a RecordKey>) -> Self {
        let records: Vec<&RecordKey> = records.collect();
        Self {
            kinds: records.iter().map(|record| record.kind.as_str()).collect(),
            sources: records.iter().map(|record| record.source.as_str()).collect(),
            ids: records.iter().map(|record| record.id.as_str()).collect(),
        }
    }
}

/// Decides for whom these records stand, and for whom those stand that share a key with them. Returns how many had changed and
/// how many were decided otherwise than before.
async fn decide_records(
    connection: &mut Transaction,
    records: &BTreeSet<RecordKey>,
) -> Result<(usize, usize), WarehouseError> {
    let now = read_records(connection, records).await?;
    let before = read_known_keys(connection, records).await?;
    let empty = BTreeSet::new();
    let (mut changed, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        let (was, is) = (before.get(record), now.get(record).map(|(_, keys)| keys));
        if was != is {
            changed.insert(record.clone());
            keys.extend(was.unwrap_or(&empty).iter().chain(is.unwrap_or(&empty)).cloned());
        }
    }
    if changed.is_empty() {
        return Ok((0, 0));
    }
    write_keys(connection, &changed, &now).await?;
    let members = touched_records(connection, &changed, &keys).await?;
    let is_gone = |member: &Member| changed.contains(&member.record) && !now.contains_key(&member.record);
    let (gone, members): (Vec<Member>, Vec<Member>) = members.into_iter().partition(is_gone);
    let own = member_keys(connection, &members).await?;
    // The numbers of before too: who shared them may share them no more.
    let all: BTreeSet<Key> = own.iter().map(|(_, key)| key.clone()).chain(keys).collect();
    let holders = count_holders(connection, &all).await?;
    let graph = Graph::of(members, gone, own, &holders);
    let persons = assign_persons(connection, &graph).await?;
    let decided = write_identities(connection, &graph, &persons).await?;
    write_candidates(connection, &holders).await?;
    Ok((changed.len(), decided))
}
