//! The records that could not be read, for the operator who looks at them.

use chrono::{DateTime, Utc};

use super::ledger::SliceId;
use super::pool::repeat_transaction;
use super::{Lease, Warehouse, WarehouseError};

/// Records of one stream that could not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RejectGroup {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// What was wrong; names a field, never a value.
    pub reason: String,
    /// How many records.
    pub reject_count: i64,
    /// When the first of them was first met.
    pub first_seen_at: DateTime<Utc>,
    /// When one of them was last met.
    pub last_seen_at: DateTime<Utc>,
    /// The name of the one that was met last.
    pub example: String,
}

/// A record that could not be read. It is shown to people only where they ask for it: it is a customer's.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RejectEntry {
    /// Its name: its hash in hexadecimal digits.
    pub name: String,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The slice that met it last.
    pub slice_id: i64,
    /// Its place on its page, from 0.
    pub position: i64,
    /// What was wrong; names a field, never a value.
    pub reason: String,
    /// The vendor's record.
    pub raw: String,
    /// What of the page request its mapping needs, as JSON.
    pub context: Option<String>,
    /// The partition that it was met in.
    pub partition: String,
    /// The generation under which it was met.
    pub generation: i32,
    /// When it was first met.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last met.
    pub last_seen_at: DateTime<Utc>,
}

// A derived form would show the record.
impl std::fmt::Debug for RejectEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectEntry")
            .field("name", &self.name)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// A field that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FaultEntry {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The field.
    pub field: String,
    /// What was wrong with it.
    pub kind: String,
    /// How often.
    pub fault_count: i64,
    /// The id of a row that has it.
    pub example_id: Option<String>,
    /// When it was first met.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last met.
    pub last_seen_at: DateTime<Utc>,
}

impl Warehouse {
    /// The records that could not be read, by stream and reason, the latest first.
    pub async fn list_rejects(
        &self,
        source: Option<&str>,
        stream: Option<&str>,
    ) -> Result<Vec<RejectGroup>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let groups = sqlx::query_as(
            "select source, stream, reason, count(*) as reject_count, min(first_seen_at) as first_seen_at,
                 max(last_seen_at) as last_seen_at,
                 left(encode((array_agg(record_hash order by last_seen_at desc, record_hash))[1], 'hex'), 12) as example
             from sync.rejects where ($1::text is null or source = $1) and ($2::text is null or stream = $2)
             group by 1, 2, 3 order by last_seen_at desc, 1, 2, 3",
        )
        .bind(source)
        .bind(stream)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(groups)
    }

    /// The records whose names begin like this, at most so many.
    pub async fn find_rejects(&self, name: &str, limit: u32) -> Result<Vec<RejectEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query_as(
            "select encode(record_hash, 'hex') as name, source, stream, slice_id, position, reason, raw, context, partition,
                 generation, first_seen_at, last_seen_at
             from sync.rejects where starts_with(encode(record_hash, 'hex'), lower($1)) order by 1, 2, 3 limit $2",
        )
        .bind(name)
        .bind(i64::from(limit))
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// The next records of a stream that could not be read, in the order of their names: behind one of them, all or those whose
    /// names begin like `name`.
    pub async fn stored_rejects(
        &self,
        source: &str,
        stream: &str,
        name: Option<&str>,
        behind: &str,
        limit: u32,
    ) -> Result<Vec<RejectEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query_as(
            "select encode(record_hash, 'hex') as name, source, stream, slice_id, position, reason, raw, context, partition,
                 generation, first_seen_at, last_seen_at
             from sync.rejects
             where source = $1 and stream = $2 and record_hash > decode($4, 'hex')
                 and ($3::text is null or starts_with(encode(record_hash, 'hex'), lower($3)))
             order by record_hash limit $5",
        )
        .bind(source)
        .bind(stream)
        .bind(name)
        .bind(behind)
        .bind(i64::from(limit))
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Forgets records that have landed. One that was met again since stays.
    pub async fn forget_rejects(
        &self,
        lease: &Lease,
        stream: &str,
        names: &[&str],
        landed_in: SliceId,
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "delete from sync.rejects where source = $1 and stream = $2 and slice_id < $4
                     and record_hash = any (select decode(u.name, 'hex') from unnest($3::text[]) as u (name))",
            )
            .bind(lease.source())
            .bind(stream)
            .bind(names)
            .bind(landed_in)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// The fields that could not be read, the latest first.
    pub async fn list_faults(
        &self,
        source: Option<&str>,
        stream: Option<&str>,
    ) -> Result<Vec<FaultEntry>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let faults = sqlx::query_as(
            "select source, stream, field, kind, fault_count, example_id, first_seen_at, last_seen_at from sync.field_faults
             where ($1::text is null or source = $1) and ($2::text is null or stream = $2)
             order by last_seen_at desc, 1, 2, 3, 4",
        )
        .bind(source)
        .bind(stream)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(faults)
    }
}
