//! Who is left alone, until when and why.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::pool::repeat_transaction;
use super::words::{LONGEST_REASON, cut_to_fit};
use super::{CHANNEL, Lease, Warehouse, WarehouseError};

/// A source or a stream that is left alone.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Pause {
    /// The source.
    pub source: String,
    /// The stream; empty where the whole source is left alone.
    pub stream: String,
    /// `operator` or `daemon`.
    pub paused_by: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it is tried again; nothing where it waits for an operator.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// What mends it.
    pub remedy: Option<String>,
    /// How many times in a row the source has failed.
    pub failure_count: i32,
}

impl Pause {
    /// True where an operator has said it.
    pub fn is_of_operator(&self) -> bool {
        self.paused_by == "operator"
    }

    /// True where this stream is meant, by itself or with its source.
    pub fn concerns(&self, source: &str, stream: &str) -> bool {
        self.source == source && (self.stream.is_empty() || self.stream == stream)
    }
}

/// A pause that the daemon decides on, after a source has failed as a whole.
#[derive(Debug, Clone, Copy)]
pub struct NewPause<'a> {
    /// How long.
    pub wait: Duration,
    /// Why.
    pub reason: &'a str,
    /// What mends it.
    pub remedy: Option<&'a str>,
    /// How many times in a row the source has failed.
    pub failure_count: u32,
}

impl Warehouse {
    /// Everything that is left alone.
    pub async fn list_pauses(&self) -> Result<Vec<Pause>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let pauses = sqlx::query_as(
            "select source, stream, paused_by, since, until, reason, remedy, failure_count from sync.pauses order by 1, 2, 3",
        )
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(pauses)
    }

    /// Takes an operator's word that a source, or one of its streams, is to be left alone. False where it was already.
    pub async fn pause_source(
        &self,
        source: &str,
        stream: Option<&str>,
        reason: &str,
    ) -> Result<bool, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let paused = sqlx::query(
                "insert into sync.pauses (source, stream, paused_by, reason) values ($1, coalesce($2, ''), 'operator', $3)
                 on conflict do nothing",
            )
            .bind(source)
            .bind(stream)
            .bind(cut_to_fit(reason, LONGEST_REASON))
            .execute(&mut transaction)
            .await?;
            notify_instances(&mut transaction, "pause", source).await?;
            transaction.commit_durably().await?;
            Ok(paused.rows_affected() > 0)
        })
        .await
    }

    /// Takes an operator's word that a source with all its streams, or one stream, is to be read again. What the daemon decided
    /// ends too: the source is tried at once. Returns how many pauses that were.
    pub async fn resume_source(&self, source: &str, stream: Option<&str>) -> Result<u64, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let of_operator = sqlx::query(
                "delete from sync.pauses where source = $1 and paused_by = 'operator' and ($2::text is null or stream = $2)",
            )
            .bind(source)
            .bind(stream)
            .execute(&mut transaction)
            .await?;
            // Who holds the source looks at the time, tries it, and takes the line away when it answers.
            let of_daemon = sqlx::query(
                "update sync.pauses set until = clock_timestamp() where source = $1 and paused_by = 'daemon' and until > clock_timestamp()",
            )
            .bind(source)
            .execute(&mut transaction)
            .await?;
            sqlx::query(
                "delete from sync.pauses as p where p.source = $1 and p.paused_by = 'daemon' and not exists (
                     select from sync.leases as l where l.source = p.source and l.expires_at > clock_timestamp())",
            )
            .bind(source)
            .execute(&mut transaction)
            .await?;
            notify_instances(&mut transaction, "resume", source).await?;
            transaction.commit_durably().await?;
            Ok(of_operator.rows_affected() + of_daemon.rows_affected())
        })
        .await
    }

    /// Writes down that a source is left alone after a failure.
    pub async fn record_pause(&self, lease: &Lease, pause: &NewPause<'_>) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "insert into sync.pauses as p (source, paused_by, until, reason, remedy, failure_count)
                 values ($1, 'daemon', clock_timestamp() + make_interval(secs => $2), $3, $4, $5)
                 on conflict (source, stream, paused_by) do update set until = excluded.until, reason = excluded.reason,
                     remedy = excluded.remedy, failure_count = excluded.failure_count",
            )
            .bind(lease.source())
            .bind(pause.wait.as_secs_f64())
            .bind(cut_to_fit(pause.reason, LONGEST_REASON))
            .bind(pause.remedy)
            .bind(i32::try_from(pause.failure_count).unwrap_or(i32::MAX))
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// Takes over what an instance before this one has decided: the pause lasts until the source answers, whoever holds it, but its
    /// time is up. Returns how many times in a row the source has failed; nothing where it had not.
    pub async fn inherit_pause(&self, lease: &Lease) -> Result<Option<u32>, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            let failure_count: Option<i32> = sqlx::query_scalar(
                "update sync.pauses set until = clock_timestamp() where source = $1 and paused_by = 'daemon' returning failure_count",
            )
            .bind(lease.source())
            .fetch_optional(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(failure_count.and_then(|count| u32::try_from(count).ok()))
        })
        .await
    }

    /// Takes away what the daemon had decided: the source answers.
    pub async fn clear_pause(&self, lease: &Lease) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query("delete from sync.pauses where source = $1 and paused_by = 'daemon'")
                .bind(lease.source())
                .execute(&mut transaction)
                .await?;
            transaction.commit().await
        })
        .await
    }
}

/// Wakes the instances that listen.
pub(super) async fn notify_instances(
    connection: &mut super::transaction::Transaction,
    word: &'static str,
    source: &str,
) -> Result<(), WarehouseError> {
    sqlx::query("select pg_notify($1, $2 || ' ' || $3)")
        .bind(CHANNEL)
        .bind(word)
        .bind(source)
        .execute(connection)
        .await?;
    Ok(())
}
