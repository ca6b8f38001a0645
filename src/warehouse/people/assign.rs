//! Names for persons: the same one for as long as any record stays, the older one where two become one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use super::super::WarehouseError;
use super::super::transaction::Transaction;
use super::graph::Graph;

/// Names the person of each member, and books who has come, who has ended and into whom.
///
/// A person takes the oldest of the names that its records had and that no earlier person of the step has taken; else it is named
/// after its first record. So a name outlives the record it came from, two persons that become one have the older's name, and of
/// two that part the one with the first record keeps it.
pub(super) async fn assign_persons(
    connection: &mut Transaction,
    graph: &Graph,
) -> Result<Vec<String>, WarehouseError> {
    let former = graph.members.iter().chain(&graph.gone);
    let former: BTreeSet<&str> = former
        .map(|member| member.person_id.as_str())
        .filter(|person| !person.is_empty())
        .collect();
    let ages = select_ages(connection, &former).await?;
    let persons = graph.persons();
    let mut names: Vec<Option<String>> = vec![None; persons.len()];
    let mut taken = BTreeSet::new();
    for (person, name) in persons.iter().zip(&mut names) {
        let own = person
            .iter()
            .map(|place| graph.members[*place].person_id.as_str());
        let free = own.filter(|own| ages.contains_key(*own) && !taken.contains(*own));
        if let Some(oldest) = free.min_by_key(|own| (ages[*own], *own)) {
            taken.insert(oldest.to_owned());
            *name = Some(oldest.to_owned());
        }
    }
    let first_name = |person: &[usize]| {
        let record = &graph.members[person[0]].record;
        format!("{}:{}:{}", record.kind, record.source, record.id)
    };
    let nameless: Vec<String> = persons
        .iter()
        .zip(&names)
        .filter(|(_, name)| name.is_none())
        .map(|(person, _)| first_name(person))
        .collect();
    // Names that nobody of this step has kept are free again.
    let mut used = select_used(connection, &nameless).await?;
    used.retain(|name| !former.contains(name.as_str()));
    used.extend(taken);
    let mut all = vec![String::new(); graph.members.len()];
    let mut booked = Vec::new();
    for (person, name) in persons.iter().zip(names) {
        let name = name.unwrap_or_else(|| free_name(&first_name(person), &used));
        used.insert(name.clone());
        booked.push((name.clone(), graph.members[person[0]].first_seen_at));
        for place in person {
            all[*place].clone_from(&name);
        }
    }
    record_persons(connection, &booked).await?;
    let mut ended: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let there: BTreeSet<&str> = booked.iter().map(|(name, _)| name.as_str()).collect();
    ended.extend(former.difference(&there).map(|person| (*person, None)));
    for person in &persons {
        for place in person {
            if let Some(into) = ended.get_mut(graph.members[*place].person_id.as_str()) {
                into.get_or_insert(&all[*place]);
            }
        }
    }
    end_persons(connection, &ended).await?;
    Ok(all)
}

/// The name, with a number behind it where it is used.
fn free_name(name: &str, used: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}#{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names
        .find(|name| !used.contains(name))
        .unwrap_or_else(|| name.to_owned())
}

async fn select_ages(
    connection: &mut Transaction,
    persons: &BTreeSet<&str>,
) -> Result<BTreeMap<String, DateTime<Utc>>, WarehouseError> {
    let rows: Vec<(String, DateTime<Utc>)> =
        sqlx::query_as("select person_id, first_seen_at from people.persons where person_id = any($1)")
            .bind(persons.iter().copied().collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

/// Of these names, those that somebody has, and for each of these the same with numbers.
async fn select_used(
    connection: &mut Transaction,
    names: &[String],
) -> Result<BTreeSet<String>, WarehouseError> {
    let mut used: Vec<String> = sqlx::query_scalar(
        "select p.person_id from unnest($1::text[]) as u (name)
         join people.persons as p on p.person_id = u.name and p.ended_at is null",
    )
    .bind(names)
    .fetch_all(&mut *connection)
    .await?;
    if used.is_empty() {
        return Ok(BTreeSet::new());
    }
    let numbered: Vec<String> = sqlx::query_scalar(
        "select p.person_id from unnest($1::text[]) as u (name)
         join people.persons as p on p.person_id > u.name || '#' and p.person_id < u.name || '$' and p.ended_at is null",
    )
    .bind(&used)
    .fetch_all(connection)
    .await?;
    used.extend(numbered);
    Ok(used.into_iter().collect())
}

/// Books persons that there are. One that had ended is there again.
async fn record_persons(
    connection: &mut Transaction,
    persons: &[(String, DateTime<Utc>)],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "insert into people.persons as p (person_id, first_seen_at)
         select * from unnest($1::text[], $2::timestamptz[]) as u (person_id, first_seen_at)
         on conflict (person_id) do update set ended_at = null, merged_into = null, decided_at = now() where p.ended_at is not null",
    )
    .bind(persons.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    .bind(persons.iter().map(|(_, at)| *at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Books persons that have ended. Those that had ended in them lead on.
async fn end_persons(
    connection: &mut Transaction,
    persons: &BTreeMap<&str, Option<&str>>,
) -> Result<(), WarehouseError> {
    if persons.is_empty() {
        return Ok(());
    }
    // One condition for both would have every person compared with all of these.
    for key in ["person_id", "merged_into"] {
        let statement = format!(
            "update people.persons as p set ended_at = coalesce(p.ended_at, now()), merged_into = u.merged_into, decided_at = now()
             from unnest($1::text[], $2::text[]) as u (person_id, merged_into) where p.{key} = u.person_id"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(persons.keys().copied().collect::<Vec<_>>())
            .bind(persons.values().copied().collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
