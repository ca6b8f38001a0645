//! Who stands behind a record, and why: what `explain person` shows.

use chrono::{DateTime, Utc};

use super::super::{Warehouse, WarehouseError};
use super::RecordKey;

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
