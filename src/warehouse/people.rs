//! Who stands behind which record: incremental, and the same whatever the order in which records came.
//!
//! A record has keys: the vendor's own profile, an e-mail address, a number. Records that share a key that joins are one person; so
//! the persons are the connected parts of a graph, a function of the keys alone. A change of some records can touch only the
//! persons of those that share one of their keys, before or after the change; these are taken apart and put together anew.

mod assign;
mod graph;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::assign::assign_persons;
use self::graph::{Decision, Graph};

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

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

/// One key of a record; the record itself where there is none.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct KeyRow {
    #[sqlx(flatten)]
    record: RecordKey,
    first_seen_at: DateTime<Utc>,
    key_kind: Option<String>,
    key: Option<String>,
}

/// A key: its kind and its value.
type Key = (String, String);

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
    let before = known_keys(connection, records).await?;
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
    let own = read_keys(connection, &members).await?;
    let graph = Graph::of(members, gone, own);
    let persons = assign_persons(connection, &graph).await?;
    let decided = write_identities(connection, &graph, &persons).await?;
    let mut numbers: BTreeSet<&str> = graph.numbers().collect();
    numbers.extend(
        keys.iter()
            .filter(|(kind, _)| kind == "number")
            .map(|(_, number)| number.as_str()),
    );
    write_candidates(connection, numbers).await?;
    Ok((changed.len(), decided))
}

/// What the warehouse says of records that are there: when they were first seen, and their keys.
async fn read_records(
    connection: &mut Transaction,
    records: &BTreeSet<RecordKey>,
) -> Result<BTreeMap<RecordKey, (DateTime<Utc>, BTreeSet<Key>)>, WarehouseError> {
    let arrays = Arrays::of(records.iter());
    let rows: Vec<KeyRow> = sqlx::query_as(
        "with wanted as (select * from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)),
         noted as (
             select w.kind, w.source, w.id, n.person_id, n.first_seen_at from wanted as w
             cross join lateral (
                 select t.person_id, t.first_seen_at from warehouse.contact_notes as t
                 where t.source = w.source and t.contact_id = w.id and t.person_id is not null and t.deleted_at is null
                 union all select t.person_id, t.first_seen_at from warehouse.contact_tags as t
                 where t.source = w.source and t.contact_id = w.id and t.person_id is not null and t.deleted_at is null
                 union all select t.person_id, t.first_seen_at from warehouse.contact_attributes as t
                 where t.source = w.source and t.contact_id = w.id and t.person_id is not null and t.deleted_at is null
             ) as n where w.kind = 'contact'
         ),
         there as (
             select w.kind, w.source, w.id, t.first_seen_at, t.email, t.phone_e164, null as person_id
             from wanted as w join warehouse.leads as t on t.source = w.source and t.id = w.id
             where w.kind = 'lead' and t.deleted_at is null
             union all
             select w.kind, w.source, w.id, t.first_seen_at, t.email, t.phone_e164, t.person_id
             from wanted as w join warehouse.contacts as t on t.source = w.source and t.id = w.id
             where w.kind = 'contact' and t.deleted_at is null
             -- Notes may be all that the vendor shows of a contact.
             union all
             select n.kind, n.source, n.id, min(n.first_seen_at), null, null, n.person_id
             from noted as n group by n.kind, n.source, n.id, n.person_id
         )
         select distinct on (t.kind, t.source, t.id, k.key_kind, k.key)
             t.kind, t.source, t.id, min(t.first_seen_at) over (partition by t.kind, t.source, t.id) as first_seen_at, k.key_kind, k.key
         from there as t
         left join lateral (
             select 'email' as key_kind, lower(btrim(t.email)) as key where t.email like '%_@_%' and length(t.email) <= 320
             union all select 'number', t.phone_e164 where t.phone_e164 <> ''
             union all select 'profile', t.source || ':' || t.person_id where t.person_id <> ''
             union all select 'record', t.source || ':' || t.id where t.kind = 'contact'
             union all
             select 'record', c.source || ':' || c.contact_id from warehouse.conversations as c
             where t.kind = 'lead' and c.source = t.source and c.lead_id = t.id and c.contact_id <> '' and c.deleted_at is null
         ) as k on length(k.key) <= 1000",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .fetch_all(connection)
    .await?;
    let mut all = BTreeMap::new();
    for row in rows {
        let (_, keys) = all
            .entry(row.record)
            .or_insert_with(|| (row.first_seen_at, BTreeSet::new()));
        keys.extend(row.key_kind.zip(row.key));
    }
    Ok(all)
}

/// The keys by which records were decided that have a person.
async fn known_keys(
    connection: &mut Transaction,
    records: &BTreeSet<RecordKey>,
) -> Result<BTreeMap<RecordKey, BTreeSet<Key>>, WarehouseError> {
    let arrays = Arrays::of(records.iter());
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select i.kind, i.source, i.id, i.first_seen_at, k.key_kind, k.key
         from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
         join people.identities as i on i.kind = u.kind and i.source = u.source and i.id = u.id
         left join people.keys as k on k.kind = i.kind and k.source = i.source and k.id = i.id",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .fetch_all(connection)
    .await?;
    let mut all: BTreeMap<RecordKey, BTreeSet<Key>> = BTreeMap::new();
    for row in rows {
        let keys = all.entry(row.record).or_default();
        keys.extend(row.key_kind.zip(row.key));
    }
    Ok(all)
}

/// Writes the keys of records that have changed; those that are gone have none, and no person either.
async fn write_keys(
    connection: &mut Transaction,
    changed: &BTreeSet<RecordKey>,
    now: &BTreeMap<RecordKey, (DateTime<Utc>, BTreeSet<Key>)>,
) -> Result<(), WarehouseError> {
    let arrays = Arrays::of(changed.iter());
    sqlx::query(
        "delete from people.keys as k using unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
         where k.kind = u.kind and k.source = u.source and k.id = u.id",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .execute(&mut *connection)
    .await?;
    let there = || {
        changed
            .iter()
            .filter_map(|record| Some((record, now.get(record)?)))
    };
    let each = || there().flat_map(|(record, (_, keys))| keys.iter().map(move |key| (record, key)));
    let arrays = Arrays::of(each().map(|(record, _)| record));
    sqlx::query(
        "insert into people.keys (kind, source, id, key_kind, key)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .bind(each().map(|(_, (kind, _))| kind.as_str()).collect::<Vec<_>>())
    .bind(each().map(|(_, (_, key))| key.as_str()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    // A record that is new stands for nobody yet.
    let arrays = Arrays::of(there().map(|(record, _)| record));
    sqlx::query(
        "insert into people.identities (kind, source, id, person_id, rule, confidence, first_seen_at)
         select u.kind, u.source, u.id, '', 'same_record', 1, u.first_seen_at
         from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as u (kind, source, id, first_seen_at)
         on conflict (kind, source, id) do update set first_seen_at = excluded.first_seen_at",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .bind(there().map(|(_, (first_seen_at, _))| *first_seen_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A record whose person is to be decided, with the person that it stood for before; empty where it is new.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Member {
    #[sqlx(flatten)]
    record: RecordKey,
    first_seen_at: DateTime<Utc>,
    person_id: String,
    rule: String,
    /// As JSON.
    evidence: String,
}

/// The records that a change may concern: those that changed, those that share a key that one of them has or had, and everybody
/// who was one person with any of these. Records with other keys keep what they had: nothing of it has changed.
async fn touched_records(
    connection: &mut Transaction,
    changed: &BTreeSet<RecordKey>,
    keys: &BTreeSet<Key>,
) -> Result<Vec<Member>, WarehouseError> {
    let arrays = Arrays::of(changed.iter());
    // A key that far too many carry joined nobody before, and joins nobody now.
    let bound = MAX_RECORDS_OF_KEY + i64::try_from(changed.len()).unwrap_or(i64::MAX);
    Ok(sqlx::query_as(
        "with wanted as (
             select u.key_kind, u.key from unnest($4::text[], $5::text[]) as u (key_kind, key)
             where (select count(*) from (
                 select from people.keys as k where k.key_kind = u.key_kind and k.key = u.key limit $6 + 1) as c) <= $6
         ),
         near as (
             select * from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
             union
             select k.kind, k.source, k.id from wanted as w join people.keys as k on k.key_kind = w.key_kind and k.key = w.key
         ),
         persons as (
             select distinct i.person_id from near as n
             join people.identities as i on i.kind = n.kind and i.source = n.source and i.id = n.id where i.person_id <> ''
         )
         select i.kind, i.source, i.id, i.first_seen_at, i.person_id, i.rule, i.evidence::text as evidence
         from persons as p join people.identities as i on i.person_id = p.person_id
         union
         select i.kind, i.source, i.id, i.first_seen_at, i.person_id, i.rule, i.evidence::text as evidence
         from near as n join people.identities as i on i.kind = n.kind and i.source = n.source and i.id = n.id
         order by 1, 2, 3",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .bind(keys.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>())
    .bind(bound)
    .fetch_all(connection)
    .await?)
}

/// A key of a member, and how many records and addresses it has among all.
#[derive(Debug, Clone, sqlx::FromRow)]
struct MemberKey {
    #[sqlx(flatten)]
    record: RecordKey,
    key_kind: String,
    key: String,
    record_count: i64,
    email_count: i64,
}

/// The keys of members, and whether they join.
async fn read_keys(
    connection: &mut Transaction,
    members: &[Member],
) -> Result<Vec<MemberKey>, WarehouseError> {
    let arrays = Arrays::of(members.iter().map(|member| &member.record));
    Ok(sqlx::query_as(
        "with own as (
             select k.* from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
             join people.keys as k on k.kind = u.kind and k.source = u.source and k.id = u.id
         ),
         facts as (
             select o.key_kind, o.key, c.record_count, case when o.key_kind = 'number' and c.record_count <= $4 then (
                     select count(distinct e.key) from people.keys as n
                     join people.keys as e on e.kind = n.kind and e.source = n.source and e.id = n.id and e.key_kind = 'email'
                     where n.key_kind = 'number' and n.key = o.key
                 ) else 0 end as email_count
             from (select distinct key_kind, key from own) as o
             cross join lateral (
                 select count(*) as record_count from (
                     select from people.keys as k where k.key_kind = o.key_kind and k.key = o.key limit $4 + 1
                 ) as c
             ) as c
         )
         select o.kind, o.source, o.id, o.key_kind, o.key, f.record_count, f.email_count
         from own as o join facts as f on f.key_kind = o.key_kind and f.key = o.key
         order by 1, 2, 3, 4, 5",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .bind(MAX_RECORDS_OF_KEY)
    .fetch_all(connection)
    .await?)
}

/// Writes who stands behind each member, where it is not what is known, and forgets the records that are gone. Returns how many
/// were written.
async fn write_identities(
    connection: &mut Transaction,
    graph: &Graph,
    persons: &[String],
) -> Result<usize, WarehouseError> {
    let mut written: Vec<(&Member, &str, Decision)> = Vec::new();
    for (place, member) in graph.members.iter().enumerate() {
        let decision = graph.decide(place);
        let is_same = member.person_id == persons[place]
            && member.rule == decision.rule
            && is_evidence(&member.evidence, &decision);
        if !is_same {
            written.push((member, &persons[place], decision));
        }
    }
    let arrays = Arrays::of(written.iter().map(|(member, ..)| &member.record));
    sqlx::query(
        "update people.identities as i set person_id = u.person_id, rule = u.rule, confidence = u.confidence::numeric,
             evidence = u.evidence::jsonb, decided_at = now()
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             as u (kind, source, id, person_id, rule, confidence, evidence)
         where i.kind = u.kind and i.source = u.source and i.id = u.id",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .bind(written.iter().map(|(_, person, _)| *person).collect::<Vec<_>>())
    .bind(written.iter().map(|(.., decision)| decision.rule).collect::<Vec<_>>())
    .bind(written.iter().map(|(.., decision)| decision.confidence).collect::<Vec<_>>())
    .bind(written.iter().map(|(.., decision)| decision.evidence.to_string()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let arrays = Arrays::of(graph.gone.iter().map(|member| &member.record));
    sqlx::query(
        "delete from people.identities as i using unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
         where i.kind = u.kind and i.source = u.source and i.id = u.id",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .execute(connection)
    .await?;
    Ok(written.len())
}

/// Whether what is written of the evidence says the same as a decision.
fn is_evidence(written: &str, decision: &Decision) -> bool {
    serde_json::from_str::<Value>(written).is_ok_and(|written| written == decision.evidence)
}

/// Writes which persons share these numbers, where the numbers join nobody.
async fn write_candidates(
    connection: &mut Transaction,
    numbers: BTreeSet<&str>,
) -> Result<(), WarehouseError> {
    let numbers: Vec<&str> = numbers.into_iter().collect();
    sqlx::query("delete from people.candidates where phone_e164 = any($1)")
        .bind(&numbers)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "with held as (
             select n.key, n.kind, n.source, n.id, i.person_id, i.first_seen_at
             from unnest($1::text[]) as u (key)
             join people.keys as n on n.key_kind = 'number' and n.key = u.key
             join people.identities as i on i.kind = n.kind and i.source = n.source and i.id = n.id
         ),
         facts as (
             select h.key, count(distinct e.key) as email_count, count(distinct (h.kind, h.source, h.id)) as record_count
             from held as h left join people.keys as e on e.kind = h.kind and e.source = h.source and e.id = h.id and e.key_kind = 'email'
             group by h.key having count(distinct e.key) > 1 and count(distinct (h.kind, h.source, h.id)) <= $2
         )
         insert into people.candidates (phone_e164, person_id, evidence, first_seen_at)
         select h.key, h.person_id, jsonb_build_object('emails', min(f.email_count), 'records', min(f.record_count)), min(h.first_seen_at)
         from held as h join facts as f on f.key = h.key group by h.key, h.person_id",
    )
    .bind(&numbers)
    .bind(MAX_RECORDS_OF_KEY)
    .execute(connection)
    .await?;
    Ok(())
}

/// Who stands behind a record, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonSheet {
    /// The person.
    pub person_id: String,
    /// The records of the person, the one that was seen first before the others.
    pub records: Vec<PersonRecord>,
    /// Persons that share a number with this one and may be the same.
    pub candidates: Vec<PersonCandidate>,
    /// Former names: persons that have become this one.
    pub former: Vec<String>,
}

/// A record of a person.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct PersonRecord {
    /// The record.
    #[sqlx(flatten)]
    pub record: RecordKey,
    /// The rule that ties it to the others.
    pub rule: String,
    /// How sure the rule is.
    pub confidence: String,
    /// What the rule saw, as JSON.
    pub evidence: String,
    /// When it was first seen.
    pub first_seen_at: DateTime<Utc>,
}

/// A person that may be the same.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct PersonCandidate {
    /// The person.
    pub person_id: String,
    /// The number that both have.
    pub phone_e164: String,
    /// How sure it is that they are one.
    pub confidence: String,
}

impl Warehouse {
    /// Who stands behind a record; nothing where it has no person (yet).
    pub async fn find_person(&self, record: &RecordKey) -> Result<Option<PersonSheet>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let person: Option<String> = sqlx::query_scalar(
            "select person_id from people.identities where kind = $1 and source = $2 and id = $3",
        )
        .bind(&record.kind)
        .bind(&record.source)
        .bind(&record.id)
        .fetch_optional(&mut transaction)
        .await?;
        let Some(person_id) = person else {
            transaction.commit().await?;
            return Ok(None);
        };
        let records = sqlx::query_as(
            "select kind, source, id, rule, confidence::text as confidence, evidence::text as evidence, first_seen_at
             from people.identities where person_id = $1 order by first_seen_at, kind, source, id",
        )
        .bind(&person_id)
        .fetch_all(&mut transaction)
        .await?;
        let candidates = sqlx::query_as(
            "select o.person_id, o.phone_e164, o.confidence::text as confidence from people.candidates as c
             join people.candidates as o on o.phone_e164 = c.phone_e164 and o.person_id <> c.person_id
             where c.person_id = $1 order by 1, 2",
        )
        .bind(&person_id)
        .fetch_all(&mut transaction)
        .await?;
        let former =
            sqlx::query_scalar("select person_id from people.persons where merged_into = $1 order by 1")
                .bind(&person_id)
                .fetch_all(&mut transaction)
                .await?;
        transaction.commit().await?;
        Ok(Some(PersonSheet {
            person_id,
            records,
            candidates,
            former,
        }))
    }
}
