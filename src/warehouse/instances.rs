//! The daemons that are running, so that they share the sources, and when each stream runs.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::ledger::seconds_of;
use super::pool::repeat_transaction;
use super::{Lease, Warehouse, WarehouseError};

/// A daemon that is running.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Instance {
    /// Host and process.
    pub instance: String,
    /// Its version.
    pub version: String,
    /// The sources of its settings.
    pub sources: Vec<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// Who holds a source.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Holder {
    /// The source.
    pub source: String,
    /// Host and process.
    pub holder: String,
    /// Until when, unless it is renewed.
    pub expires_at: DateTime<Utc>,
    /// True where it is a daemon, and not a command that runs once.
    pub is_daemon: bool,
}

/// When a stream runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSchedule<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The cron pattern.
    pub schedule: &'a str,
    /// When it wakes the stream next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// How far the stream may be behind before it counts as lagging.
    pub lag_limit: TimeDelta,
}

impl Warehouse {
    /// Renews the line of a daemon, removes those that ran out, and lists all that are running, the oldest first.
    pub async fn renew_instance(
        &self,
        instance: &str,
        version: &str,
        sources: &[String],
        period: Duration,
    ) -> Result<Vec<Instance>, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query("delete from sync.instances where expires_at < clock_timestamp() and instance <> $1")
                .bind(instance)
                .execute(&mut transaction)
                .await?;
            sqlx::query(
                "insert into sync.instances (instance, version, sources, started_at, seen_at, expires_at)
                 values ($1, $2, $3, clock_timestamp(), clock_timestamp(), clock_timestamp() + make_interval(secs => $4))
                 on conflict (instance) do update set version = excluded.version, sources = excluded.sources,
                     seen_at = excluded.seen_at, expires_at = excluded.expires_at",
            )
            .bind(instance)
            .bind(version)
            .bind(sources)
            .bind(period.as_secs_f64())
            .execute(&mut transaction)
            .await?;
            let instances = sqlx::query_as(
                "select instance, version, sources, started_at from sync.instances order by started_at, instance",
            )
            .fetch_all(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(instances)
        })
        .await
    }

    /// Takes away the line of a daemon that stops.
    pub async fn remove_instance(&self, instance: &str) -> Result<(), WarehouseError> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from sync.instances where instance = $1")
            .bind(instance)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// Who holds which source at this moment.
    pub async fn list_holders(&self) -> Result<Vec<Holder>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let holders = sqlx::query_as(
            "select l.source, l.holder, l.expires_at,
                 exists (select from sync.instances as i where i.instance = l.holder and i.expires_at > clock_timestamp()) as is_daemon
             from sync.leases as l where l.expires_at > clock_timestamp() order by 1",
        )
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(holders)
    }

    /// Writes down when the streams of a source run; those that are not named run no more.
    pub async fn record_schedules(
        &self,
        lease: &Lease,
        schedules: &[StreamSchedule<'_>],
    ) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            let streams: Vec<&str> = schedules.iter().map(|one| one.stream).collect();
            sqlx::query("delete from sync.schedules where source = $1 and not stream = any ($2)")
                .bind(lease.source())
                .bind(&streams)
                .execute(&mut transaction)
                .await?;
            for one in schedules {
                sqlx::query(
                    "insert into sync.schedules (source, stream, schedule, next_run_at, lag_limit)
                     values ($1, $2, $3, $4, make_interval(secs => $5))
                     on conflict (source, stream) do update set schedule = excluded.schedule, next_run_at = excluded.next_run_at,
                         lag_limit = excluded.lag_limit",
                )
                .bind(lease.source())
                .bind(one.stream)
                .bind(one.schedule)
                .bind(one.next_run_at)
                .bind(seconds_of(one.lag_limit))
                .execute(&mut transaction)
                .await?;
            }
            transaction.commit().await
        })
        .await
    }

    /// The streams of a source that a daemon keeps in step.
    pub async fn kept_streams(&self, source: &str) -> Result<Vec<String>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let streams = sqlx::query_scalar(
            "select stream from sync.schedules where source = $1 and next_run_at is not null order by 1",
        )
        .bind(source)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(streams)
    }

    /// Writes down when a stream runs next.
    pub async fn record_next_run(
        &self,
        lease: &Lease,
        stream: &str,
        next_run_at: Option<DateTime<Utc>>,
    ) -> Result<(), WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        sqlx::query("update sync.schedules set next_run_at = $3 where source = $1 and stream = $2")
            .bind(lease.source())
            .bind(stream)
            .bind(next_run_at)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// No daemon keeps the streams of a source any more.
    pub async fn clear_schedules(&self, lease: &Lease) -> Result<(), WarehouseError> {
        let mut transaction = self.begin_fenced(lease).await?;
        sqlx::query("update sync.schedules set next_run_at = null where source = $1")
            .bind(lease.source())
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }
}
