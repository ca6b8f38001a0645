//! Events: what happened, and what lasts, for people, pages and alerts.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::ledger::seconds_of;
use super::pool::repeat_transaction;
use super::words::{LONGEST_REASON, cut_to_fit};
use super::{Warehouse, WarehouseError};

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A daemon has started.
    Started,
    /// A daemon has stopped.
    Stopped,
    /// A daemon has read its settings again, or refused them.
    Reloaded,
    /// An operator has ended a pause.
    Resumed,
    /// The database could not be reached.
    DatabaseAway,
}

impl EventKind {
    /// The word for it in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Reloaded => "reloaded",
            Self::Resumed => "resumed",
            Self::DatabaseAway => "database away",
        }
    }
}

/// The kinds of which the webhook hears. The others are for the page and the table.
pub(super) const ALERTED_KINDS: [&str; 8] = [
    "paused",
    "poisoned",
    "lagging",
    "rejects",
    "drift",
    "deletions held",
    "refused",
    "database away",
];

/// Something that has happened.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent<'a> {
    /// What it is.
    pub kind: EventKind,
    /// The source; empty where it is about the whole instance.
    pub source: &'a str,
    /// The stream; empty where it is about more than one.
    pub stream: &'a str,
    /// What happened, for people.
    pub text: &'a str,
    /// The instance that noticed it.
    pub instance: &'a str,
    /// For how long it had lasted when it was over.
    pub lasted: TimeDelta,
}

/// When something counts as an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventLimits {
    /// After how many attempts a slice counts as poisoned.
    pub attempts: i32,
    /// Above which share of unreadable records, 0 to 1, a stream is told of.
    pub reject_share: f64,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            attempts: 5,
            reject_share: 0.01,
        }
    }
}

/// An alert that nobody has delivered yet.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Alert {
    /// The event.
    pub id: i64,
    /// What it is.
    pub kind: String,
    /// The source; may be empty.
    pub source: String,
    /// The stream; may be empty.
    pub stream: String,
    /// What happened.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// When it began.
    pub at: DateTime<Utc>,
    /// When it was over, for what does not last the same as `at`.
    pub ended_at: Option<DateTime<Utc>>,
    /// True where its end is to be told, false where its beginning is.
    pub is_end: bool,
}

impl Warehouse {
    /// Writes down what has happened and does not last, or is over already.
    pub async fn record_event(&self, event: &NewEvent<'_>) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(
                "insert into sync.events (kind, source, stream, text, instance, at, ended_at)
                 select $1, $2, $3, $4, $5, n - make_interval(secs => $6), n from clock_timestamp() as n",
            )
            .bind(event.kind.word())
            .bind(event.source)
            .bind(event.stream)
            .bind(cut_to_fit(event.text, LONGEST_REASON))
            .bind(event.instance)
            .bind(seconds_of(event.lasted))
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// Compares what lasts at this moment, such as pauses, failures and held deletions, with the events that are open: opens
    /// those that are missing, and ends those that are over.
    pub async fn settle_events(&self, instance: &str, limits: EventLimits) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(include_str!("events.sql"))
                .bind(instance)
                .bind(limits.attempts)
                .bind(limits.reject_share)
                .execute(&mut transaction)
                .await?;
            transaction.commit().await
        })
        .await
    }

    /// Takes alerts that are to be delivered, so that no other instance delivers them within `patience`. What was over before
    /// anybody could be told is not worth an alert, unless it never lasts.
    pub async fn take_alerts(&self, patience: TimeDelta, limit: u32) -> Result<Vec<Alert>, WarehouseError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update sync.events set told_at = coalesce(told_at, clock_timestamp()), told_end_at = clock_timestamp()
             where (told_at is null or told_end_at is null)
                 and (not kind = any ($1) or (told_at is null and ended_at > at) or (told_at is not null and ended_at = at))",
        )
        .bind(ALERTED_KINDS)
        .execute(&mut transaction)
        .await?;
        let alerts = sqlx::query_as(
            "update sync.events as e set next_try_at = clock_timestamp() + make_interval(secs => $1)
             from (
                 select id from sync.events
                 where (told_at is null or (told_end_at is null and ended_at is not null))
                     and (next_try_at is null or next_try_at <= clock_timestamp())
                 order by id limit $2 for update skip locked
             ) as due
             where e.id = due.id
             returning e.id, e.kind, e.source, e.stream, e.text, e.remedy, e.at, e.ended_at, e.told_at is not null as is_end",
        )
        .bind(seconds_of(patience))
        .bind(i64::from(limit))
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(alerts)
    }

    /// Lets nobody be told any more of what is over: there is nobody to tell.
    pub async fn skip_alerts(&self) -> Result<(), WarehouseError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update sync.events set told_at = coalesce(told_at, clock_timestamp()), told_end_at = clock_timestamp()
             where (told_at is null or told_end_at is null) and ended_at is not null",
        )
        .execute(&mut transaction)
        .await?;
        transaction.commit().await
    }

    /// Notes that an alert was delivered.
    pub async fn record_delivery(&self, alert: &Alert) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query(
                "update sync.events set told_at = coalesce(told_at, clock_timestamp()), next_try_at = null,
                     told_end_at = case when $2 then clock_timestamp() else told_end_at end
                 where id = $1",
            )
            .bind(alert.id)
            .bind(alert.is_end)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }
}
