//! Trying every stream of every source with its smallest request.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::engine::{StreamSpec, SyncError, WarehouseBudget};
use crate::settings::Settings;
use crate::transport::{InMemoryBudget, Priority, RequestBudget};
use crate::warehouse::{Warehouse, WarehouseError};
use connectors::source::{DailyPolicy, Extent, ReadError, Slice, SyncMode, Window, window_of_days};

use super::once::{Selection, SelectionError};
use super::sources::{Source, build_sources};

/// How long the window of a trial request is.
const TRIAL: TimeDelta = TimeDelta::minutes(1);

/// What became of a trial.
#[derive(Debug)]
pub struct Checked {
    /// The source.
    pub source: String,
    /// Its vendor.
    pub vendor: &'static str,
    /// The stream.
    pub stream: String,
    /// What came of it.
    pub outcome: Trial,
}

/// What came of a trial.
#[derive(Debug)]
pub enum Trial {
    /// The vendor answers.
    Well,
    /// It cannot be tried without an id that the warehouse knows.
    NotTried,
    /// Its API host failed before, for a reason that holds for this stream too.
    Skipped,
    /// What is wrong.
    Failed {
        /// The partition, where the stream has several.
        partition: String,
        /// The error.
        error: SyncError,
    },
}

impl Trial {
    /// True where nothing is known to be wrong.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Well | Self::NotTried)
    }
}

/// Sends one request for each partition of each stream, and loads nothing. `on_checked` hears of each stream as it is done.
pub async fn check_sources(
    warehouse: &Warehouse,
    settings: &Settings,
    mut on_checked: impl FnMut(&Checked),
) -> anyhow::Result<Vec<Checked>> {
    let now = warehouse.now().await?;
    let sources = build_sources(settings, find_budget(warehouse).await?)?;
    if sources.is_empty() {
        return Err(SelectionError::NoSource.into());
    }
    Selection::default().check(&sources)?;
    let mut all = Vec::new();
    for source in &sources {
        check_source(source, now, &mut all, &mut on_checked).await;
    }
    Ok(all)
}

/// The budget that all share; where the schema was never made nobody shares it yet, and it lasts as long as the check.
async fn find_budget(warehouse: &Warehouse) -> Result<Arc<dyn RequestBudget>, WarehouseError> {
    Ok(if warehouse.has_budgets().await? {
        Arc::new(WarehouseBudget::new(warehouse.clone()))
    } else {
        Arc::new(InMemoryBudget::default())
    })
}

/// What keeps the database from taking what the settings want, in words.
pub async fn check_warehouse(warehouse: &Warehouse, settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut flaws = warehouse.check_rights().await?;
    let sources = build_sources(settings, Arc::new(InMemoryBudget::default()))?;
    for stream in sources.iter().flat_map(|source| &source.streams) {
        let spec = &stream.spec;
        if spec.promoted.is_empty() {
            continue;
        }
        let table = spec.stream.fills[0];
        flaws.extend(
            warehouse
                .check_view_rights(table, &spec.source, &spec.promoted)
                .await?,
        );
    }
    Ok(flaws)
}

async fn check_source(
    source: &Source,
    now: DateTime<Utc>,
    all: &mut Vec<Checked>,
    on_checked: &mut impl FnMut(&Checked),
) {
    let mut hosts_down = BTreeSet::new();
    for stream in &source.streams {
        let host = stream.spec.stream.host;
        let outcome = if hosts_down.contains(host) {
            Trial::Skipped
        } else {
            try_stream(&stream.spec, now).await
        };
        if matches!(&outcome, Trial::Failed { error, .. } if is_of_host(error)) {
            hosts_down.insert(host);
        }
        let checked = Checked {
            source: source.name.clone(),
            vendor: source.vendor.name,
            stream: stream.spec.name().to_owned(),
            outcome,
        };
        on_checked(&checked);
        all.push(checked);
    }
}

/// True where every stream of the API host would fail for the same reason. What an answer refuses may be one list alone.
fn is_of_host(error: &SyncError) -> bool {
    error.is_of_source() && !matches!(error, SyncError::Read(ReadError::Refused { .. }))
}

/// Tries every partition: each may name something that the vendor does not know.
async fn try_stream(spec: &StreamSpec, now: DateTime<Utc>) -> Trial {
    for partition in spec.partitions() {
        let Some(extent) = smallest_extent(spec, &partition, now) else {
            return Trial::NotTried;
        };
        let slice = Slice {
            partition: partition.clone(),
            extent,
            started_at: now,
        };
        if let Err(error) = try_first_page(spec, slice).await {
            return Trial::Failed { partition, error };
        }
    }
    Trial::Well
}

async fn try_first_page(spec: &StreamSpec, slice: Slice) -> Result<(), SyncError> {
    let mut reader = spec.open(slice);
    if let Some(request) = reader.request() {
        let reply = spec.client.send_once(&request, Priority::Live).await?;
        reader.accept(&reply.response)?;
    }
    Ok(())
}

/// The smallest extent that a partition can be read by; none where that takes an id.
fn smallest_extent(spec: &StreamSpec, partition: &str, now: DateTime<Utc>) -> Option<Extent> {
    let window = |window| Extent::Window {
        window,
        is_open: false,
    };
    let trial = |until: DateTime<Utc>| Window {
        since: until - TRIAL,
        until,
    };
    Some(match &spec.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => window(trial(now - policy.delay)),
        SyncMode::Daily(policy) => {
            window(present_period(spec, policy, partition, now).unwrap_or_else(|| trial(now)))
        }
        SyncMode::NewestFirst(_) => Extent::Recent { since: now - TRIAL },
        SyncMode::FullRefresh(_) => Extent::List,
        SyncMode::Lookup(_) => return None,
    })
}

/// The present day, or whatever the figures of a partition are by, up to now.
fn present_period(
    spec: &StreamSpec,
    policy: &DailyPolicy,
    partition: &str,
    now: DateTime<Utc>,
) -> Option<Window> {
    let period = (policy.period)(partition);
    let today = spec.account.local(now).date();
    let (first, end) = (period.first_day(today), period.next_first_day(today));
    let whole = window_of_days(first, end, spec.account.time_zone)?;
    Window::new(whole.since, now)
}
