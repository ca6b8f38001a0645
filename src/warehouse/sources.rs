//! What has to be known of a source: its vendor, its zone, and whose account it is.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::Table;
use connectors::source::OutcomeClass;

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{CHANNEL, Lease, Warehouse, WarehouseError};

/// A source, as the settings have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceEntry<'a> {
    /// The vendor's name.
    pub vendor: &'a str,
    /// Zone of the account's days.
    pub time_zone: &'a str,
    /// Hash of whose account it is: vendor, addresses, and the options that name the account.
    pub account: &'a str,
    /// What outcomes of calls mean, where the settings say otherwise than the vendor's defaults.
    pub outcome_classes: &'a [OutcomeClass<'a>],
}

/// Whether a source is still the one that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// It was never read.
    New,
    /// It is the same account.
    Known,
    /// An operator has adopted it, and nothing of it may be stored yet.
    Adopted,
    /// It may be another account: whoever finds that it shares rows with what is stored accepts it, or else refuses it.
    Changed,
    /// It is another account, and nobody has adopted it.
    Refused {
        /// Why it is refused.
        reason: String,
    },
}

/// How many of some ids a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct IdCount {
    /// Those of the ids that are held.
    pub known: i64,
    /// Living rows of the source.
    pub held: i64,
    /// Those of them that stood on the vendor's list, not only in other records.
    pub listed: i64,
}

/// When a partition of a list was read as a whole for the last time.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PartitionRead {
    /// The partition.
    pub partition: String,
    /// When that began.
    pub read_at: DateTime<Utc>,
}

#[derive(Debug, sqlx::FromRow)]
struct Booked {
    account: Option<String>,
    state: String,
    reason: Option<String>,
    refused_account: Option<String>,
}

impl Warehouse {
    /// Notes whose account the source is, and in which zone its days begin; unless it may be another one than before.
    pub async fn record_source(
        &self,
        lease: &Lease,
        entry: &SourceEntry<'_>,
    ) -> Result<SourceState, WarehouseError> {
        repeat_transaction(|| self.try_record(lease, entry)).await
    }

    async fn try_record(
        &self,
        lease: &Lease,
        entry: &SourceEntry<'_>,
    ) -> Result<SourceState, WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        let booked: Option<Booked> = sqlx::query_as(
            "select account, state, reason, refused_account from sync.sources where source = $1 for update",
        )
        .bind(lease.source())
        .fetch_optional(&mut transaction)
        .await?;
        let state = match booked {
            None => SourceState::New,
            Some(Booked { account: None, .. }) => SourceState::Known,
            Some(Booked {
                account: Some(account),
                state,
                ..
            }) if state == "adopted" && account == entry.account => SourceState::Adopted,
            // The operator went back to the account that is stored.
            Some(Booked {
                account: Some(account),
                ..
            }) if account == entry.account => SourceState::Known,
            Some(Booked {
                state,
                reason,
                refused_account,
                ..
            }) if state == "refused" && refused_account.as_deref() == Some(entry.account) => {
                let reason = reason.unwrap_or_default();
                SourceState::Refused { reason }
            }
            Some(_) => SourceState::Changed,
        };
        if matches!(state, SourceState::New | SourceState::Known) {
            write_source(&mut transaction, lease, entry).await?;
        }
        transaction.commit().await?;
        Ok(state)
    }

    /// Takes what the settings name now as the account of the source: it shares rows with what is stored.
    pub async fn accept_account(&self, lease: &Lease, entry: &SourceEntry<'_>) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            write_source(&mut transaction, lease, entry).await?;
            transaction.commit().await
        })
        .await
    }

    /// Refuses the account: it shares nothing with what is stored. Nothing else happens until somebody adopts the source.
    pub async fn refuse_source(
        &self,
        lease: &Lease,
        account: &str,
        reason: &str,
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query("update sync.sources set state = 'refused', reason = $3, refused_account = $2 where source = $1")
                .bind(lease.source())
                .bind(account)
                .bind(reason)
                .execute(&mut transaction)
                .await?;
            transaction.commit().await
        })
        .await
    }

    /// Takes an operator's word that the refused account is the one that is wanted. Returns false where none is refused. It needs
    /// no lease. The rows of the other account stay; they are of an older generation.
    pub async fn adopt_source(&self, source: &str) -> Result<bool, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let adopted = sqlx::query(
                "update sync.sources set state = 'adopted', reason = null, account = refused_account, refused_account = null
                 where source = $1 and state = 'refused'",
            )
            .bind(source)
            .execute(&mut transaction)
            .await?;
            if adopted.rows_affected() > 0 {
                // The address may be the same as before, and only the credential another: everything is read anew.
                sqlx::query("update sync.streams set identity = 'another account' where source = $1")
                    .bind(source)
                    .execute(&mut transaction)
                    .await?;
            }
            sqlx::query("select pg_notify($1, 'adopt ' || $2)")
                .bind(CHANNEL)
                .bind(source)
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await?;
            Ok(adopted.rows_affected() > 0)
        })
        .await
    }

    /// The partitions of a list that were read as a whole, and when.
    pub async fn read_partitions(
        &self,
        source: &str,
        stream: &str,
    ) -> Result<Vec<PartitionRead>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let reads = sqlx::query_as(
            "select partition, whole_read_at as read_at from sync.coverage
             where source = $1 and stream = $2 and whole_read_at is not null order by partition",
        )
        .bind(source)
        .bind(stream)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(reads)
    }

    /// How many of these ids a table holds of a source, and how many rows it holds of it in all.
    pub async fn count_known_ids(
        &self,
        source: &str,
        table: &'static Table,
        ids: &[String],
    ) -> Result<IdCount, WarehouseError> {
        // What only other rows have named may be on no list, and an agent on none any more.
        let is_listed = if table.name == "agents" {
            "t.is_listed"
        } else {
            "t.content_hash <> ''"
        };
        let statement = format!(
            "select count(*) filter (where t.id = any($2)) as known, count(*) as held, count(*) filter (where {is_listed}) as listed
             from warehouse.{} as t where t.source = $1 and t.deleted_at is null",
            table.name
        );
        let mut transaction = self.begin().await?;
        let count = sqlx::query_as(AssertSqlSafe(statement))
            .bind(source)
            .bind(ids)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(count)
    }
}

async fn write_source(
    connection: &mut Transaction,
    lease: &Lease,
    entry: &SourceEntry<'_>,
) -> Result<(), WarehouseError> {
    sqlx::query(
        "insert into sync.sources as s (source, vendor, time_zone, account) values ($1, $2, $3, $4)
         on conflict (source) do update set vendor = excluded.vendor, time_zone = excluded.time_zone, account = excluded.account,
             state = 'ok', reason = null, refused_account = null
         where (s.vendor, s.time_zone, s.account, s.state)
             is distinct from (excluded.vendor, excluded.time_zone, excluded.account, 'ok')",
    )
    .bind(lease.source())
    .bind(entry.vendor)
    .bind(entry.time_zone)
    .bind(entry.account)
    .execute(&mut *connection)
    .await?;
    write_outcome_classes(connection, lease, entry).await
}

/// Makes the overrides of a source those that the settings have; what is there already is not written.
async fn write_outcome_classes(
    connection: &mut Transaction,
    lease: &Lease,
    entry: &SourceEntry<'_>,
) -> Result<(), WarehouseError> {
    let codes: Vec<&str> = entry.outcome_classes.iter().map(|own| own.code).collect();
    let classes: Vec<Option<&str>> = entry.outcome_classes.iter().map(|own| own.class).collect();
    sqlx::query("delete from sync.outcome_classes where source = $1 and (vendor <> $2 or code <> all ($3))")
        .bind(lease.source())
        .bind(entry.vendor)
        .bind(&codes)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "insert into sync.outcome_classes as o (vendor, source, code, class)
         select distinct on (u.code) $2, $1, u.code, u.class
         from unnest($3::text[], $4::text[]) with ordinality as u (code, class, place) order by u.code, u.place desc
         on conflict (vendor, source, code) do update set class = excluded.class where o.class is distinct from excluded.class",
    )
    .bind(lease.source())
    .bind(entry.vendor)
    .bind(&codes)
    .bind(&classes)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
