//! Trying every stream of every source with its smallest question.

use chrono::TimeDelta;

use crate::engine::{Job, SyncError};
use crate::settings::Settings;
use crate::transport::Priority;
use crate::warehouse::Warehouse;
use connectors::source::{Ask, Window};

use super::sources::sources;

/// How long the window of a trial question is.
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
    /// What is wrong.
    pub error: Option<SyncError>,
}

/// Asks one question of each stream and loads nothing.
pub async fn check(warehouse: &Warehouse, settings: &Settings) -> anyhow::Result<Vec<Checked>> {
    let now = warehouse.now().await?;
    let mut all = Vec::new();
    for source in sources(settings)? {
        for (job, _) in source.jobs {
            let delay = job
                .cursor
                .windowing()
                .map_or(TimeDelta::zero(), |windowing| windowing.delay);
            let window = Window {
                since: now - delay - TRIAL,
                until: now - delay,
            };
            let error = try_one(&job, window).await.err();
            let stream = job.stream.name().to_owned();
            all.push(Checked {
                source: source.name.clone(),
                vendor: source.vendor,
                stream,
                error,
            });
        }
    }
    Ok(all)
}

async fn try_one(job: &Job, window: Window) -> Result<(), SyncError> {
    let ask = Ask::first(job.stream.first(&window), window);
    let reply = job.api.send_once(&ask.request, Priority::Live).await?;
    SyncError::require_good(reply.response.status)?;
    job.stream.read(&ask, &reply.response)?;
    Ok(())
}
