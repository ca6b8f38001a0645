//! The keys of records: as the warehouse has them now, as they were when persons were last decided, and who else has them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::super::WarehouseError;
use super::super::transaction::Transaction;
use super::members::Member;
use super::{Arrays, MAX_RECORDS_OF_KEY, RecordKey};

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
pub(super) type Key = (String, String);

/// What the warehouse says of records that are there: when they were first seen, and their keys.
pub(super) async fn read_records(
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
pub(super) async fn read_known_keys(
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
pub(super) async fn write_keys(
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

/// The keys of members, in the order of the members.
pub(super) async fn member_keys(
    connection: &mut Transaction,
    members: &[Member],
) -> Result<Vec<(RecordKey, Key)>, WarehouseError> {
    let arrays = Arrays::of(members.iter().map(|member| &member.record));
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
        "select k.kind, k.source, k.id, k.key_kind, k.key
         from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id)
         join people.keys as k on k.kind = u.kind and k.source = u.source and k.id = u.id
         order by 1, 2, 3, 4, 5",
    )
    .bind(arrays.kinds)
    .bind(arrays.sources)
    .bind(arrays.ids)
    .fetch_all(connection)
    .await?;
    let row = |(kind, source, id, key_kind, key)| (RecordKey { kind, source, id }, (key_kind, key));
    Ok(rows.into_iter().map(row).collect())
}

/// How many have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holders {
    /// Records; one more than those that may share a key where there are more.
    pub(super) record_count: i64,
    /// Addresses of all these records, where the key is a number that so many may share.
    pub(super) email_count: i64,
}

impl Holders {
    /// Whether somebody else may have the key, by their count.
    pub(super) fn are_few(self) -> bool {
        self.record_count <= MAX_RECORDS_OF_KEY
    }
}

/// Who has these keys.
pub(super) async fn count_holders(
    connection: &mut Transaction,
    keys: &BTreeSet<Key>,
) -> Result<HashMap<Key, Holders>, WarehouseError> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select u.key_kind, u.key, c.record_count, case when u.key_kind = 'number' and c.record_count between 2 and $3 then (
                 select count(distinct e.key) from people.keys as n
                 join people.keys as e on e.kind = n.kind and e.source = n.source and e.id = n.id and e.key_kind = 'email'
                 where n.key_kind = 'number' and n.key = u.key
             ) else 0 end as email_count
         from unnest($1::text[], $2::text[]) as u (key_kind, key)
         cross join lateral (
             select count(*) as record_count from (
                 select from people.keys as k where k.key_kind = u.key_kind and k.key = u.key limit $3 + 1
             ) as c
         ) as c",
    )
    .bind(keys.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>())
    .bind(MAX_RECORDS_OF_KEY)
    .fetch_all(connection)
    .await?;
    let row = |(kind, key, record_count, email_count)| {
        let holders = Holders {
            record_count,
            email_count,
        };
        ((kind, key), holders)
    };
    Ok(rows.into_iter().map(row).collect())
}
