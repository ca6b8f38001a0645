//! Trying every stream of every source with its smallest request.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::engine::{StreamSpec, SyncError, WarehouseBudget};
use crate::settings::Settings;
use crate::transport::Priority;
use crate::warehouse::Warehouse;
use connectors::source::{Extent, Slice, SyncMode, Window};

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
    /// The source failed before, for a reason that holds for this stream too.
    Skipped,
    /// What is wrong.
    Failed(SyncError),
}

/// Sends one request for each stream and loads nothing. `on_checked` hears of each as it is done.
pub async fn check_sources(
    warehouse: &Warehouse,
    settings: &Settings,
    mut on_checked: impl FnMut(&Checked),
) -> anyhow::Result<Vec<Checked>> {
    let now = warehouse.now().await?;
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
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

async fn check_source(
    source: &Source,
    now: DateTime<Utc>,
    all: &mut Vec<Checked>,
    on_checked: &mut impl FnMut(&Checked),
) {
    let mut is_down = false;
    for stream in &source.streams {
        let outcome = if is_down {
            Trial::Skipped
        } else {
            try_stream(&stream.spec, now).await
        };
        is_down |= matches!(&outcome, Trial::Failed(error) if error.is_of_source());
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

async fn try_stream(spec: &StreamSpec, now: DateTime<Utc>) -> Trial {
    match try_first_page(spec, now).await {
        Ok(outcome) => outcome,
        Err(error) => Trial::Failed(error),
    }
}

async fn try_first_page(spec: &StreamSpec, now: DateTime<Utc>) -> Result<Trial, SyncError> {
    let Some(extent) = smallest_extent(&spec.mode, now) else {
        return Ok(Trial::NotTried);
    };
    let slice = Slice {
        partition: spec.partitions().into_iter().next().unwrap_or_default(),
        extent,
        started_at: now,
    };
    let mut reader = spec.stream.open(spec.account.clone(), slice, spec.limits.slice);
    if let Some(request) = reader.request() {
        let reply = spec.client.send_once(&request, Priority::Live).await?;
        reader.accept(&reply.response)?;
    }
    Ok(Trial::Well)
}

/// The smallest extent that a stream can be read by; none where that takes an id.
fn smallest_extent(mode: &SyncMode, now: DateTime<Utc>) -> Option<Extent> {
    let window = |delay: TimeDelta| Extent::Window {
        window: Window {
            since: now - delay - TRIAL,
            until: now - delay,
        },
        is_open: false,
    };
    Some(match mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => window(policy.delay),
        SyncMode::Daily(_) => window(TimeDelta::zero()),
        SyncMode::NewestFirst(_) => Extent::Recent { since: now - TRIAL },
        SyncMode::FullRefresh(_) => Extent::List,
        SyncMode::Lookup(_) => return None,
    })
}
