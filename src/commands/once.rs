//! One run of some streams, now.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{
    LeaseWait, Observer, RunOptions, RunReport, Session, StreamSpec, WarehouseBudget, open_source,
    prepare_source, run_stream,
};
use crate::settings::Settings;
use crate::warehouse::Warehouse;
use connectors::source::SyncMode;

use super::derive::derive_once;
use super::follow::{Followed, Follower, find_daemon};
use super::operate::settle_events;
use super::sources::{ConfiguredStream, Source, build_sources};

/// Which streams are meant: `SOURCE` or `SOURCE.STREAM`; none means all.
#[derive(Debug, Clone, Default)]
pub struct Selection(pub Vec<String>);

/// Why there is nothing to run.
#[derive(Debug, Error)]
pub enum SelectionError {
    /// The settings have no source.
    #[error("No source is configured; config/example.toml shows how")]
    NoSource,
    /// A name means nothing.
    #[error("`{wanted}` is neither a source nor an enabled stream; there are: {known}")]
    Unknown {
        /// The name.
        wanted: String,
        /// What could have been meant.
        known: String,
    },
    /// A name means nothing, neither to the settings nor to the warehouse.
    #[error("`{wanted}` is neither a source nor a stream{hint}; there are: {known}")]
    NoSuchName {
        /// The name.
        wanted: String,
        /// What was probably meant.
        hint: String,
        /// What could have been meant.
        known: String,
    },
    /// What was asked for by its name or number is not there.
    #[error("{0}")]
    Nothing(String),
}

/// What to run, and how.
pub struct Once<'a> {
    /// Which streams.
    pub selection: &'a Selection,
    /// Says when to stop.
    pub stop: &'a CancellationToken,
    /// Hears what happens.
    pub observer: Observer,
}

/// Runs the selected streams once, all sources side by side, and reports on each. An error says what is wrong with a source
/// that could not be run at all.
pub async fn sync_once(
    warehouse: &Warehouse,
    settings: &Settings,
    once: Once<'_>,
) -> anyhow::Result<Vec<anyhow::Result<RunReport>>> {
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    once.selection.check(&sources)?;
    let mut tasks = JoinSet::new();
    for source in sources {
        let wanted: Vec<&'static str> = once.selection.streams_of(&source);
        if wanted.is_empty() {
            continue;
        }
        let (warehouse, period) = (warehouse.clone(), settings.lease);
        let (stop, observer) = (once.stop.clone(), once.observer.clone());
        tasks.spawn(async move {
            let synced = sync_or_ask(&warehouse, source, wanted, period, &stop, observer).await;
            synced.unwrap_or_else(|error| vec![Err(error)])
        });
    }
    let mut reports: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    // What the runs did is told whatever becomes of the rest.
    let derived = derive_once(warehouse, settings.history.keep).await;
    let settled = settle_events(warehouse, settings).await;
    reports.extend([derived, settled].into_iter().filter_map(Result::err).map(Err));
    reports.sort_by_key(|report| {
        let report = report.as_ref().ok();
        report.map(|report| (report.source.clone(), report.stream.clone()))
    });
    Ok(reports)
}

/// Lets the daemon that holds a source do the runs, and follows them; runs them here where no daemon does, or it goes away.
async fn sync_or_ask(
    warehouse: &Warehouse,
    source: Source,
    wanted: Vec<&'static str>,
    period: Duration,
    stop: &CancellationToken,
    observer: Observer,
) -> anyhow::Result<Vec<anyhow::Result<RunReport>>> {
    let mut reports = Vec::new();
    let mut left = wanted;
    let follower = Follower {
        warehouse,
        source: &source.name,
        stop,
        observer: &observer,
    };
    follower.refuse_paused(&left).await?;
    if find_daemon(warehouse, &source.name).await?.is_some() {
        // What is asked for by id is named by the rows of the others.
        for is_by_id in [false, true] {
            let streams: Vec<&str> = left
                .iter()
                .copied()
                .filter(|name| is_read_by_id(&source, name) == is_by_id)
                .collect();
            if streams.is_empty() {
                continue;
            }
            let (done, orphaned) = match follower.ask_for_runs(&streams).await? {
                Followed::Done(done) => (done, Vec::new()),
                Followed::Orphaned { done, left } => (done, left),
            };
            let ended: Vec<String> = done.iter().map(|report| report.stream.clone()).collect();
            left.retain(|name| !ended.iter().any(|ended| ended == name));
            reports.extend(done.into_iter().map(Ok));
            if !orphaned.is_empty() {
                break;
            }
        }
        if left.is_empty() || stop.is_cancelled() {
            return Ok(reports);
        }
    }
    let wait = LeaseWait::OnePeriod;
    let held = open_source(warehouse, &source.name, period, wait, stop, observer.clone()).await?;
    reports.extend(sync_source(source, &left, &held.session).await);
    held.release().await;
    Ok(reports)
}

fn is_read_by_id(source: &Source, name: &str) -> bool {
    let mut streams = source.streams.iter();
    streams.any(|stream| stream.spec.name() == name && matches!(stream.spec.mode, SyncMode::Lookup(_)))
}

/// Runs some streams of a source that is held. What the settings want of the others is written down all the same: a table is
/// complete only with all of its streams.
async fn sync_source(
    source: Source,
    wanted: &[&'static str],
    session: &Session,
) -> Vec<anyhow::Result<RunReport>> {
    let specs: Vec<&StreamSpec> = source.streams.iter().map(|stream| &stream.spec).collect();
    if let Err(error) = prepare_source(&specs, session).await {
        return vec![Err(error.into())];
    }
    let streams = source
        .streams
        .into_iter()
        .filter(|stream| wanted.contains(&stream.spec.name()));
    // What is asked for by id is named by the rows of the others.
    let (by_id, first): (Vec<ConfiguredStream>, Vec<ConfiguredStream>) =
        streams.partition(|stream| matches!(stream.spec.mode, SyncMode::Lookup(_)));
    let mut reports = run_side_by_side(first, session).await;
    reports.extend(run_side_by_side(by_id, session).await);
    let has_answers = reports.iter().any(RunReport::has_answers);
    let mut reports: Vec<_> = reports.into_iter().map(Ok).collect();
    // A daemon that left the source alone is gone, and the source answers.
    if has_answers && let Err(error) = session.warehouse.clear_pause(&session.lease).await {
        reports.push(Err(error.into()));
    }
    reports
}

async fn run_side_by_side(streams: Vec<ConfiguredStream>, session: &Session) -> Vec<RunReport> {
    let mut runs = JoinSet::new();
    let options = RunOptions {
        ignores_retries: true,
    };
    for stream in streams {
        let session = session.clone();
        // A stop is met by the next slice, which then tells what was not read.
        runs.spawn(async move { run_stream(&stream.spec, &session, options, || false).await });
    }
    runs.join_all().await
}

impl Selection {
    /// A name that means nothing is an error that lists what could have been meant.
    pub(super) fn check(&self, sources: &[Source]) -> Result<(), SelectionError> {
        if sources.is_empty() {
            return Err(SelectionError::NoSource);
        }
        let names = |source: &Source| -> Vec<String> {
            let streams = source.streams.iter();
            streams
                .map(|stream| format!("{}.{}", source.name, stream.spec.name()))
                .collect()
        };
        for wanted in &self.0 {
            let mut known = sources.iter().flat_map(names);
            if !known.any(|name| name == *wanted) && !sources.iter().any(|source| source.name == *wanted) {
                return Err(SelectionError::Unknown {
                    wanted: wanted.clone(),
                    known: sources.iter().flat_map(names).collect::<Vec<_>>().join(", "),
                });
            }
        }
        Ok(())
    }

    /// The streams of a source that are selected.
    fn streams_of(&self, source: &Source) -> Vec<&'static str> {
        let is_whole = self.0.is_empty() || self.0.contains(&source.name);
        let names = source.streams.iter().map(|stream| stream.spec.name());
        names
            .filter(|name| is_whole || self.0.contains(&format!("{}.{name}", source.name)))
            .collect()
    }
}
