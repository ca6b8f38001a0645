//! One run of some streams, now.

use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{Job, Limits, Patience, RunReport, Session, Watch, hold, run};
use crate::settings::Settings;
use crate::warehouse::Warehouse;
use connectors::source::Cursor;

use super::sources::{Source, sources};

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
}

/// What to run, and how.
pub struct Once<'a> {
    /// Which streams.
    pub selection: &'a Selection,
    /// True where an operator has confirmed that rows which vanished are gone.
    pub confirm_deletions: bool,
    /// Says when to stop.
    pub stop: &'a CancellationToken,
    /// Hears what happens.
    pub watch: Watch,
}

/// Runs the selected streams once, all sources side by side, and reports on each. An error says what is wrong with a source
/// that could not be run at all.
pub async fn once(
    warehouse: &Warehouse,
    settings: &Settings,
    once: Once<'_>,
) -> anyhow::Result<Vec<anyhow::Result<RunReport>>> {
    let chosen = once.selection.choose(sources(settings)?)?;
    let mut tasks = JoinSet::new();
    for source in chosen {
        let jobs = prepared(source.jobs, once.confirm_deletions);
        let (warehouse, period) = (warehouse.clone(), settings.lease);
        let (stop, watch) = (once.stop.clone(), once.watch.clone());
        tasks.spawn(async move {
            let hold = match hold(
                &warehouse,
                &source.name,
                period,
                Patience::OnePeriod,
                (&stop, watch),
            )
            .await
            {
                Ok(hold) => hold,
                Err(error) => return vec![Err(error.into())],
            };
            // What is asked for by id is named by the rows of the others.
            let (by_id, first): (Vec<Job>, Vec<Job>) = jobs
                .into_iter()
                .partition(|job| matches!(job.cursor, Cursor::Keys(_)));
            let mut reports = side_by_side(first, &hold.session).await;
            reports.extend(side_by_side(by_id, &hold.session).await);
            hold.release().await;
            reports.into_iter().map(Ok).collect()
        });
    }
    let mut reports: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    reports.sort_by_key(|report| {
        report
            .as_ref()
            .ok()
            .map(|report| (report.source.clone(), report.stream.clone()))
    });
    Ok(reports)
}

async fn side_by_side(jobs: Vec<Job>, session: &Session) -> Vec<RunReport> {
    let mut runs = JoinSet::new();
    for job in jobs {
        let session = session.clone();
        // A stop is met by the next walk, which then tells what was not read.
        runs.spawn(async move { run(&job, &session, || false).await });
    }
    runs.join_all().await
}

/// The jobs of a run, which believes any number of deletions where an operator has confirmed them.
fn prepared(jobs: Vec<(Job, String)>, confirm_deletions: bool) -> Vec<Job> {
    let confirmed = |limits| {
        if confirm_deletions {
            Limits {
                delete_share: 1.0,
                ..limits
            }
        } else {
            limits
        }
    };
    jobs.into_iter()
        .map(|(job, _)| Job {
            limits: confirmed(job.limits),
            ..job
        })
        .collect()
}

impl Selection {
    /// Keeps what is selected; a name that means nothing is an error that lists what could have been meant.
    fn choose(&self, mut sources: Vec<Source>) -> Result<Vec<Source>, SelectionError> {
        if sources.is_empty() {
            return Err(SelectionError::NoSource);
        }
        if self.0.is_empty() {
            return Ok(sources);
        }
        let name = |source: &Source, job: &Job| format!("{}.{}", source.name, job.stream.name());
        for wanted in &self.0 {
            let is_known = sources.iter().any(|source| {
                source.name == *wanted || source.jobs.iter().any(|(job, _)| name(source, job) == *wanted)
            });
            if !is_known {
                let known = sources
                    .iter()
                    .flat_map(|source| source.jobs.iter().map(|(job, _)| name(source, job)));
                return Err(SelectionError::Unknown {
                    wanted: wanted.clone(),
                    known: known.collect::<Vec<_>>().join(", "),
                });
            }
        }
        for source in &mut sources {
            let names: Vec<String> = source.jobs.iter().map(|(job, _)| name(source, job)).collect();
            let mut names = names.iter();
            let is_whole = self.0.contains(&source.name);
            source
                .jobs
                .retain(|_| names.next().is_some_and(|name| is_whole || self.0.contains(name)));
        }
        sources.retain(|source| !source.jobs.is_empty());
        Ok(sources)
    }
}
