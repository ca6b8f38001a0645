//! How everything stands, put together: what the page shows and the JSON tells.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::warehouse::{
    DriftOverview, EventRecord, FailingSlice, FaultOverview, HeldOverview, InstanceOverview, OpenRequest,
    Overview, PartitionOverview, PauseOverview, RunRecord, SliceRecord, SourceOverview, StreamStatus,
};

use super::coverage::{Coverage, cover_partitions};
use super::snapshot::DatabaseState;
use super::verdict::{Verdict, judge_report};

/// A source of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSource {
    /// Its name.
    pub name: String,
    /// Its vendor.
    pub vendor: String,
    /// How many requests a minute its credential may send.
    pub requests_per_minute: u32,
}

/// How something stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    /// Everything is there.
    Complete,
    /// The settings do not want it.
    Disabled,
    /// It is being read, and not all is there yet.
    Reading,
    /// It waits for its first run.
    Unread,
    /// Something is known to be missing.
    Incomplete,
    /// An operator has paused it.
    Paused,
    /// Deletions wait for an operator's word.
    Held,
    /// It is further behind than it may be.
    Behind,
    /// A slice of it fails.
    Failing,
    /// The daemon leaves it alone for a while.
    LeftAlone,
    /// The account is another one.
    Refused,
}

/// How everything stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    /// The whole in one sentence.
    pub verdict: Verdict,
    /// When this was so, by the database's clock; nothing before the database has answered.
    pub at: Option<DateTime<Utc>>,
    /// Whether the database answers.
    pub database: DatabaseState,
    /// The version of this instance.
    pub version: &'static str,
    /// The daemons that run.
    pub instances: Vec<InstanceOverview>,
    /// The sources and their streams.
    pub sources: Vec<SourceReport>,
    /// What people asked for and is not done yet.
    pub requests: Vec<OpenRequest>,
    /// What lasts, and what happened last.
    pub events: Vec<EventRecord>,
}

/// How a source stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SourceReport {
    /// Its name.
    pub source: String,
    /// Its vendor.
    pub vendor: String,
    /// The zone of its account; nothing before it was taken.
    pub time_zone: Option<String>,
    /// In one word: the worst of its streams.
    pub condition: Condition,
    /// True where these settings name it.
    pub is_configured: bool,
    /// Why it is refused.
    pub reason: Option<String>,
    /// Who works on it.
    pub holder: Option<String>,
    /// How long nobody has worked on it.
    pub idle_seconds: Option<i64>,
    /// Requests of the last ten minutes, for each minute.
    pub requests_per_minute: f64,
    /// How many its credential may send; nothing where these settings do not name it.
    pub requests_per_minute_limit: Option<u32>,
    /// Why it is left alone as a whole.
    pub pauses: Vec<PauseOverview>,
    /// Its streams.
    pub streams: Vec<StreamReport>,
}

/// How a stream stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StreamReport {
    /// What its partitions say together.
    #[serde(flatten)]
    pub status: StreamStatus,
    /// In one word.
    pub condition: Condition,
    /// Its cron pattern.
    pub schedule: Option<String>,
    /// When its schedule wakes it next.
    pub next_run_at: Option<DateTime<Utc>>,
    /// How far behind it may be.
    pub lag_limit_seconds: Option<i64>,
    /// What is covered.
    pub coverage: Option<Coverage>,
    /// Its partitions.
    pub partitions: Vec<PartitionOverview>,
    /// Its slices that are tried again.
    pub failing: Vec<FailingSlice>,
    /// Its slices that run.
    pub running: Vec<SliceRecord>,
    /// Its last run.
    pub last_run: Option<RunRecord>,
    /// Why it alone is left alone.
    pub pauses: Vec<PauseOverview>,
    /// Its deletions that wait.
    pub held: Vec<HeldOverview>,
    /// Its fields that could not be read.
    pub faults: Vec<FaultOverview>,
    /// Its fields that appeared or vanished.
    pub drift: Vec<DriftOverview>,
    /// What people asked of it.
    pub requests: Vec<OpenRequest>,
}

impl StreamReport {
    /// `SOURCE.STREAM`.
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.status.source, self.status.stream)
    }

    /// How often fields could not be read.
    pub(super) fn fault_count(&self) -> i64 {
        self.faults.iter().map(|fault| fault.fault_count).sum()
    }
}

impl Report {
    /// The streams that the settings want.
    pub(super) fn wanted_streams(&self) -> impl Iterator<Item = &StreamReport> {
        let streams = self.sources.iter().flat_map(|source| &source.streams);
        streams.filter(|stream| stream.status.is_enabled)
    }

    /// A stream by its names.
    pub(super) fn find_stream(&self, source: &str, stream: &str) -> Option<&StreamReport> {
        let mut streams = self.sources.iter().flat_map(|source| &source.streams);
        streams.find(|found| found.status.source == source && found.status.stream == stream)
    }
}

/// Puts the report together. Without an overview it tells what is known all the same.
pub(super) fn build_report(
    overview: Option<&Overview>,
    database: DatabaseState,
    known: &[KnownSource],
) -> Report {
    let mut sources: Vec<SourceReport> = overview.map_or_else(Vec::new, |overview| {
        let sources = overview.sources.iter();
        sources
            .map(|source| source_report(overview, source, known))
            .collect()
    });
    for source in known {
        if !sources.iter().any(|there| there.source == source.name) {
            sources.push(untaken_source(source));
        }
    }
    sources
        .sort_by(|one, other| (!one.is_configured, &one.source).cmp(&(!other.is_configured, &other.source)));
    let mut report = Report {
        verdict: Verdict::unknown(),
        at: overview.map(|overview| overview.at),
        database,
        version: env!("CARGO_PKG_VERSION"),
        instances: overview.map_or_else(Vec::new, |overview| overview.instances.clone()),
        sources,
        requests: overview.map_or_else(Vec::new, |overview| overview.requests.clone()),
        events: overview.map_or_else(Vec::new, |overview| overview.events.clone()),
    };
    report.verdict = judge_report(&report);
    report
}

fn untaken_source(known: &KnownSource) -> SourceReport {
    SourceReport {
        source: known.name.clone(),
        vendor: known.vendor.clone(),
        time_zone: None,
        condition: Condition::Unread,
        is_configured: true,
        reason: None,
        holder: None,
        idle_seconds: None,
        requests_per_minute: 0.0,
        requests_per_minute_limit: Some(known.requests_per_minute),
        pauses: Vec::new(),
        streams: Vec::new(),
    }
}

fn source_report(overview: &Overview, source: &SourceOverview, known: &[KnownSource]) -> SourceReport {
    let name = source.source.as_str();
    let configured = known.iter().find(|known| known.name == name);
    let pauses: Vec<PauseOverview> = overview
        .pauses
        .iter()
        .filter(|pause| pause.source == name && pause.stream.is_empty())
        .cloned()
        .collect();
    let streams = overview.streams.iter().filter(|stream| stream.source == name);
    let streams: Vec<StreamReport> = streams
        .map(|status| stream_report(overview, source, status, &pauses))
        .collect();
    let worst = streams.iter().map(|stream| stream.condition).max();
    #[expect(clippy::cast_precision_loss, reason = "requests of ten minutes are few")]
    let requests_per_minute = source.recent_requests as f64 / 10.0;
    SourceReport {
        source: source.source.clone(),
        vendor: source.vendor.clone(),
        time_zone: Some(source.time_zone.clone()),
        condition: if source.state == "refused" {
            Condition::Refused
        } else {
            worst.unwrap_or(Condition::Unread)
        },
        is_configured: configured.is_some(),
        reason: source.reason.clone(),
        holder: source.holder.clone(),
        idle_seconds: source.idle_seconds,
        requests_per_minute,
        requests_per_minute_limit: configured.map(|known| known.requests_per_minute),
        pauses,
        streams,
    }
}

fn stream_report(
    overview: &Overview,
    source: &SourceOverview,
    status: &StreamStatus,
    source_pauses: &[PauseOverview],
) -> StreamReport {
    let names = (status.source.as_str(), status.stream.as_str());
    macro_rules! own {
        ($list:ident) => {
            overview
                .$list
                .iter()
                .filter(|item| (item.source.as_str(), item.stream.as_str()) == names)
                .cloned()
                .collect::<Vec<_>>()
        };
    }
    let schedule = overview
        .schedules
        .iter()
        .find(|schedule| (schedule.source.as_str(), schedule.stream.as_str()) == names);
    let partitions = own!(partitions);
    let failing = own!(failing);
    let running = own!(running);
    let spans = own!(spans);
    let mut report = StreamReport {
        status: status.clone(),
        condition: Condition::Complete,
        schedule: schedule.map(|schedule| schedule.schedule.clone()),
        next_run_at: schedule.and_then(|schedule| schedule.next_run_at),
        lag_limit_seconds: schedule.map(|schedule| schedule.lag_limit_seconds),
        coverage: cover_partitions(&partitions, &spans, &failing, &running, overview.at),
        partitions,
        failing,
        running,
        last_run: own!(runs).pop(),
        pauses: own!(pauses),
        held: own!(held),
        faults: own!(faults),
        drift: own!(drift),
        requests: own!(requests),
    };
    report.condition = judge_stream(&report, source, source_pauses);
    report
}

fn judge_stream(
    stream: &StreamReport,
    source: &SourceOverview,
    source_pauses: &[PauseOverview],
) -> Condition {
    let status = &stream.status;
    let paused_by = |who: &str| {
        let mut pauses = source_pauses.iter().chain(&stream.pauses);
        pauses.any(|pause| pause.paused_by == who)
    };
    let is_behind = status
        .lag_seconds
        .zip(stream.lag_limit_seconds)
        .is_some_and(|(lag, limit)| lag > limit);
    if !status.is_enabled {
        Condition::Disabled
    } else if source.state == "refused" || status.state == "refused" {
        Condition::Refused
    } else if paused_by("operator") {
        Condition::Paused
    } else if paused_by("daemon") {
        Condition::LeftAlone
    } else if !stream.failing.is_empty() {
        Condition::Failing
    } else if !stream.held.is_empty() {
        Condition::Held
    } else if status.state == "complete" {
        if is_behind {
            Condition::Behind
        } else {
            Condition::Complete
        }
    } else if !stream.running.is_empty() {
        Condition::Reading
    } else if status.state == "never read" {
        Condition::Unread
    } else if is_behind {
        Condition::Behind
    } else {
        Condition::Incomplete
    }
}
