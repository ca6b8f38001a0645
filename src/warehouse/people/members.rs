//! The records whose persons are decided together, and what is written of them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::WarehouseError;
use super::super::transaction::Transaction;
use super::graph::{Decision, Graph};
use super::keys::{Holders, Key};
use super::{Arrays, MAX_RECORDS_OF_KEY, RecordKey};

/// A record whose person is to be decided, with the person that it stood for before; empty where it is new.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Member {
    #[sqlx(flatten)]
    pub(super) record: RecordKey,
    pub(super) first_seen_at: DateTime<Utc>,
    pub(super) person_id: String,
    pub(super) rule: String,
    /// As JSON.
    pub(super) evidence: String,
}

/// The records that a change may concern: those that changed, those that share a key that one of them has or had, and everybody
/// who was one person with any of these. Records with other keys keep what they had: nothing of it has changed.
pub(super) async fn touched_records(
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

/// Writes who stands behind each member, where it is not what is known, and forgets the records that are gone. Returns how many
/// were written.
pub(super) async fn write_identities(
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

/// Writes which persons share a number that joins nobody. Of the numbers that were looked at nothing else is left.
pub(super) async fn write_candidates(
    connection: &mut Transaction,
    holders: &HashMap<Key, Holders>,
) -> Result<(), WarehouseError> {
    let numbers = || holders.iter().filter(|((kind, _), _)| kind == "number");
    sqlx::query("delete from people.candidates where phone_e164 = any($1)")
        .bind(
            numbers()
                .map(|((_, number), _)| number.as_str())
                .collect::<Vec<_>>(),
        )
        .execute(&mut *connection)
        .await?;
    let shared = || numbers().filter(|(_, holders)| holders.are_few() && holders.email_count > 1);
    sqlx::query(
        "insert into people.candidates (phone_e164, person_id, evidence, first_seen_at)
         select u.key, i.person_id, jsonb_build_object('emails', u.email_count, 'records', u.record_count), min(i.first_seen_at)
         from unnest($1::text[], $2::bigint[], $3::bigint[]) as u (key, email_count, record_count)
         join people.keys as n on n.key_kind = 'number' and n.key = u.key
         join people.identities as i on i.kind = n.kind and i.source = n.source and i.id = n.id
         group by u.key, i.person_id, u.email_count, u.record_count",
    )
    .bind(shared().map(|((_, number), _)| number.as_str()).collect::<Vec<_>>())
    .bind(shared().map(|(_, holders)| holders.email_count).collect::<Vec<_>>())
    .bind(shared().map(|(_, holders)| holders.record_count).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
