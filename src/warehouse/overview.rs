//! How everything stands, for pages and machines that look often: every question here is answered from indexes, within limits.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use super::ledger_records::{RunRecord, SliceRecord, run_columns, run_sums, slice_columns};
use super::status::StreamStatus;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// Who works on a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct SourceLease {
    /// The source.
    pub source: String,
    /// Host and process of whoever took it last.
    pub holder: String,
    /// Grows with every change of holder.
    pub epoch: i64,
    /// Until when it is held, unless it is renewed.
    pub expires_at: DateTime<Utc>,
    /// True where somebody holds it now.
    pub is_held: bool,
}

/// A source, and who works on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct SourceOverview {
    /// The source.
    pub source: String,
    /// Its vendor.
    pub vendor: String,
    /// The zone of its account.
    pub time_zone: String,
    /// ok, adopted or refused.
    pub state: String,
    /// Why it is refused.
    pub reason: Option<String>,
    /// Who works on it now.
    pub holder: Option<String>,
    /// How long nobody has worked on it; nothing where somebody does, or nobody ever did.
    pub idle_seconds: Option<i64>,
    /// Requests that it has sent within the last minutes.
    pub recent_requests: i64,
}

/// A span that is covered, in a partition that the settings want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct CoveredSpan {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// True where it has settled.
    pub is_settled: bool,
    /// Where it begins.
    pub since: DateTime<Utc>,
    /// Where it ends.
    pub until: DateTime<Utc>,
}

/// A partition that the settings want, as its coverage is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct PartitionOverview {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// complete, incomplete, never read or refused.
    pub state: String,
    /// Why it is not further.
    pub reason: Option<String>,
    /// Where its history begins.
    pub complete_since: Option<DateTime<Utc>>,
    /// Everything before this instant is loaded.
    pub complete_through: Option<DateTime<Utc>>,
    /// Everything before this instant was read again.
    pub settled_through: Option<DateTime<Utc>>,
    /// Ids that are due and were not looked up yet.
    pub ids_left: i64,
    /// Rows that it has brought in.
    pub row_count: i64,
    /// Requests that it has sent.
    pub request_count: i64,
}

/// A slice that is not complete and is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct FailingSlice {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// What it is for.
    pub purpose: String,
    /// Where its window begins.
    pub since: Option<DateTime<Utc>>,
    /// Where its window ends.
    pub until: Option<DateTime<Utc>>,
    /// How often it was tried in vain.
    pub attempts: i32,
    /// When it failed first.
    pub first_failed_at: DateTime<Utc>,
    /// When it is tried again.
    pub next_attempt_at: DateTime<Utc>,
    /// Why it failed.
    pub reason: String,
    /// What mends it.
    pub remedy: String,
    /// The vendor's own words.
    pub said: Option<String>,
}

/// Deletions that wait for an operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct HeldOverview {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The table.
    pub table_name: String,
    /// How many rows.
    pub row_count: i64,
    /// Of how many living ones.
    pub of_count: i64,
    /// Since when.
    pub held_since: DateTime<Utc>,
    /// Why they are held.
    pub reason: String,
}

/// A field that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct FaultOverview {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The vendor's name of the field.
    pub field: String,
    /// What was wrong.
    pub kind: String,
    /// How often.
    pub fault_count: i64,
    /// When it was last met.
    pub last_seen_at: DateTime<Utc>,
}

/// A field that appeared at a vendor, or vanished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct DriftOverview {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The table.
    pub table_name: String,
    /// The field.
    pub field: String,
    /// True where it appeared, false where it vanished.
    pub is_new: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// A source or stream that is left alone for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct PauseOverview {
    /// The source.
    pub source: String,
    /// The stream; empty where it is the whole source.
    pub stream: String,
    /// operator or daemon.
    pub paused_by: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; nothing where it waits for somebody to resume it.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// What mends it.
    pub remedy: Option<String>,
    /// How often in a row the source has failed.
    pub failure_count: i32,
}

/// When a stream runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct ScheduleOverview {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// Its cron pattern.
    pub schedule: String,
    /// When its schedule wakes it next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// How far its completeness may be behind, in seconds.
    pub lag_limit_seconds: i64,
}

/// A daemon that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct InstanceOverview {
    /// Host and process.
    pub instance: String,
    /// Its version.
    pub version: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was last seen.
    pub seen_at: DateTime<Utc>,
    /// The sources that it works on.
    pub held: Vec<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct EventRecord {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: String,
    /// The source; empty where it is about a whole instance.
    pub source: String,
    /// The stream; empty where it is about a whole source.
    pub stream: String,
    /// What happened.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// When it happened, or began.
    pub at: DateTime<Utc>,
    /// When it was over; nothing while it lasts.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What people asked for and is not done yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct OpenRequest {
    /// Its number.
    pub id: i64,
    /// sync or backfill.
    pub kind: String,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// Where its range begins.
    pub since: Option<DateTime<Utc>>,
    /// Where its range ends.
    pub until: Option<DateTime<Utc>>,
    /// waiting or running.
    pub state: String,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// How many slices its run has before it.
    pub slice_count: i64,
    /// How many of them have ended.
    pub ended_slices: i64,
}

/// How everything stood at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// When, by the database's clock.
    pub at: DateTime<Utc>,
    /// The sources.
    pub sources: Vec<SourceOverview>,
    /// The streams.
    pub streams: Vec<StreamStatus>,
    /// The partitions that the settings want.
    pub partitions: Vec<PartitionOverview>,
    /// What is covered, the latest spans of each partition.
    pub spans: Vec<CoveredSpan>,
    /// Slices that are tried again.
    pub failing: Vec<FailingSlice>,
    /// Slices that run.
    pub running: Vec<SliceRecord>,
    /// The last run of each stream.
    pub runs: Vec<RunRecord>,
    /// Deletions that wait for a word.
    pub held: Vec<HeldOverview>,
    /// Fields that could not be read.
    pub faults: Vec<FaultOverview>,
    /// Fields that appeared or vanished.
    pub drift: Vec<DriftOverview>,
    /// Who is left alone.
    pub pauses: Vec<PauseOverview>,
    /// When each stream runs.
    pub schedules: Vec<ScheduleOverview>,
    /// The daemons.
    pub instances: Vec<InstanceOverview>,
    /// What lasts, and what happened last.
    pub events: Vec<EventRecord>,
    /// What people asked for and is not done yet.
    pub requests: Vec<OpenRequest>,
}

const SOURCES: &str = "
    select s.source, s.vendor, s.time_zone, s.state, s.reason,
        case when l.expires_at > clock_timestamp() then l.holder end as holder,
        case when l.expires_at <= clock_timestamp() and isfinite(l.expires_at)
            then extract(epoch from clock_timestamp() - l.expires_at)::bigint end as idle_seconds,
        coalesce((
            select sum(t.request_count) from (select distinct stream from sync.streams as w where w.source = s.source) as n
            cross join lateral (
                select request_count, coalesce(ended_at, clock_timestamp()) as ended_at from sync.slices as i
                where i.source = s.source and i.stream = n.stream order by started_at desc, id desc limit 40
            ) as t where t.ended_at > clock_timestamp() - interval '10 minutes'
        ), 0)::bigint as recent_requests
    from sync.sources as s left join sync.leases as l using (source) order by 1";
const PARTITIONS: &str = "
    select source, stream, partition, state, reason, complete_since, complete_through, settled_through, ids_left, row_count, request_count
    from sync.completeness where is_enabled order by 1, 2, 3 limit 2000";
const SPANS: &str = "
    select c.source, c.stream, c.partition, r.is_settled, greatest(lower(r.span), c.since, '1970-01-01') as since,
        least(upper(r.span), clock_timestamp() + interval '1 year') as until
    from sync.coverage as c
    join sync.streams as s using (source, stream, partition)
    cross join lateral (
        (select false as is_settled, span from unnest(c.covered) as span order by span desc limit 100)
        union all
        (select true, span from unnest(c.settled) as span order by span desc limit 100)
    ) as r
    where s.is_enabled and c.generation = s.generation and c.since is not null
    order by 1, 2, 3, 4, 5 limit 20000";
const FAILING: &str = "
    select source, stream, partition, purpose, case when isfinite(since) then since end as since,
        case when isfinite(until) then until end as until, attempts, first_failed_at, next_attempt_at, reason, remedy, said
    from sync.retries as r
    where exists (select from sync.streams as s where s.source = r.source and s.stream = r.stream and s.partition = r.partition and s.is_enabled)
    order by attempts desc, source, stream, r.since limit 200";
const HELD: &str = "
    select source, stream, table_name, row_count, of_count, held_since, reason from sync.held_deletions order by 1, 2, 3 limit 200";
const FAULTS: &str = "
    select source, stream, field, kind, fault_count, last_seen_at from sync.field_faults order by fault_count desc, 1, 2, 3 limit 500";
const DRIFT: &str = "
    select source, stream, table_name, field, gone_since is null as is_new, coalesce(gone_since, first_seen_at) as at
    from sync.drift where is_new or gone_since is not null order by at desc, 1, 2, 3, 4 limit 500";
const PAUSES: &str = "
    select source, stream, paused_by, since, until, reason, remedy, failure_count from sync.pauses
    where until is null or until > clock_timestamp() - interval '1 hour' order by 1, 2, 3 limit 500";
const SCHEDULES: &str = "
    select source, stream, schedule, next_run_at, extract(epoch from lag_limit)::bigint as lag_limit_seconds from sync.schedules order by 1, 2";
const INSTANCES: &str = "
    select i.instance, i.version, i.started_at, i.seen_at,
        array(select l.source from sync.leases as l where l.holder = i.instance and l.expires_at > clock_timestamp() order by 1) as held
    from sync.instances as i where i.expires_at > clock_timestamp() order by 1 limit 100";
const EVENTS: &str = "
    (select id, kind, source, stream, text, remedy, at, ended_at from sync.events where ended_at is null order by id desc limit 100)
    union
    (select id, kind, source, stream, text, remedy, at, ended_at from sync.events order by id desc limit 20)
    order by id desc";
const REQUESTS: &str = "
    select r.id, r.kind, r.source, r.stream, r.since, r.until, r.state, r.asked_at, r.slice_count,
        greatest(r.ended_slices, s.ended_slices) as ended_slices
    from sync.requests as r
    cross join lateral (select count(ended_at) as ended_slices from sync.slices where run_id = r.run_id) as s
    where r.ended_at is null order by r.id limit 100";
const RUNNING: &str = concat!(
    "select ",
    slice_columns!(),
    " from sync.slices where state = 'running' order by source, stream, id limit 200"
);
const LAST_RUNS: &str = concat!(
    "select ",
    run_columns!(),
    " from (select distinct source, stream from sync.streams) as s
     cross join lateral (select * from sync.runs where source = s.source and stream = s.stream order by started_at desc, id desc limit 1) as r ",
    run_sums!("limit 1000"),
    " order by r.source, r.stream"
);

impl Warehouse {
    /// Who works on which source.
    pub async fn source_leases(&self) -> Result<Vec<SourceLease>, WarehouseError> {
        self.query_list(
            "select source, holder, epoch, greatest(expires_at, '0001-01-01') as expires_at, expires_at > clock_timestamp() as is_held
             from sync.leases order by source",
        )
        .await
    }

    /// How everything stands.
    pub async fn read_overview(&self) -> Result<Overview, WarehouseError> {
        let mut transaction = self.begin().await?;
        let connection = &mut transaction;
        let at: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&mut *connection)
            .await?;
        let overview = Overview {
            at,
            sources: fetch_list(connection, SOURCES).await?,
            streams: fetch_list(connection, include_str!("status.sql")).await?,
            partitions: fetch_list(connection, PARTITIONS).await?,
            spans: fetch_list(connection, SPANS).await?,
            failing: fetch_list(connection, FAILING).await?,
            running: fetch_list(connection, RUNNING).await?,
            runs: fetch_list(connection, LAST_RUNS).await?,
            held: fetch_list(connection, HELD).await?,
            faults: fetch_list(connection, FAULTS).await?,
            drift: fetch_list(connection, DRIFT).await?,
            pauses: fetch_list(connection, PAUSES).await?,
            schedules: fetch_list(connection, SCHEDULES).await?,
            instances: fetch_list(connection, INSTANCES).await?,
            events: fetch_list(connection, EVENTS).await?,
            requests: fetch_list(connection, REQUESTS).await?,
        };
        transaction.commit().await?;
        Ok(overview)
    }
}

async fn fetch_list<T>(connection: &mut Transaction, query: &'static str) -> Result<Vec<T>, WarehouseError>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    Ok(sqlx::query_as(query).fetch_all(connection).await?)
}
