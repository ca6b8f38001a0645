//! An operator's word to the warehouse, whether a daemon holds the source or not.

use anyhow::{Context, bail};
use chrono::TimeDelta;

use crate::engine::instance_name;
use crate::settings::Settings;
use crate::warehouse::{EventKind, EventLimits, NewEvent, Warehouse};

/// Believes the deletions that are held of a source, or of one of its streams. Returns how many rows they are about.
pub async fn confirm_deletions(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &str,
) -> anyhow::Result<i64> {
    let (source, stream) = split_name(name);
    require_source(settings, source)?;
    let confirmed = warehouse.confirm_deletions(source, stream).await;
    confirmed.context("The confirmation cannot be written")
}

/// Takes the account that a source shows now, although it shares nothing with the one whose rows are stored. Returns false where
/// there was none to take.
pub async fn adopt_source(warehouse: &Warehouse, settings: &Settings, source: &str) -> anyhow::Result<bool> {
    require_source(settings, source)?;
    warehouse
        .adopt_source(source)
        .await
        .context("The adoption cannot be written")
}

/// Leaves a source, or one of its streams, alone until somebody resumes it. False where it was left alone already.
pub async fn pause_reading(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &str,
    reason: &str,
) -> anyhow::Result<bool> {
    let (source, stream) = require_name(settings, name)?;
    let paused = warehouse
        .pause_source(source, stream, reason)
        .await
        .context("The pause cannot be written")?;
    settle_events(warehouse, settings).await?;
    Ok(paused)
}

/// Reads a source, or one of its streams, again: an operator's pause ends, and a source that failed is tried at once. Returns how
/// many pauses that were.
pub async fn resume_reading(warehouse: &Warehouse, settings: &Settings, name: &str) -> anyhow::Result<u64> {
    let (source, stream) = require_name(settings, name)?;
    let resumed = warehouse
        .resume_source(source, stream)
        .await
        .context("The end of the pause cannot be written")?;
    if resumed > 0 {
        let event = NewEvent {
            kind: EventKind::Resumed,
            source,
            stream: stream.unwrap_or_default(),
            text: "an operator has ended the pause",
            instance: &instance_name(),
            lasted: TimeDelta::zero(),
        };
        warehouse.record_event(&event).await?;
    }
    settle_events(warehouse, settings).await?;
    Ok(resumed)
}

/// Compares the events with what lasts now.
pub(super) async fn settle_events(warehouse: &Warehouse, settings: &Settings) -> anyhow::Result<()> {
    let limits = EventLimits {
        attempts: settings.alerts.attempts,
        reject_share: settings.alerts.reject_share,
    };
    warehouse
        .settle_events(&instance_name(), limits)
        .await
        .context("The events cannot be kept up to date")
}

fn split_name(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((source, stream)) => (source, Some(stream)),
        None => (name, None),
    }
}

/// The source and the stream of a name, which must mean something.
fn require_name<'a>(settings: &Settings, name: &'a str) -> anyhow::Result<(&'a str, Option<&'a str>)> {
    let (source, stream) = split_name(name);
    require_source(settings, source)?;
    let streams = settings.sources[source].vendor.streams;
    if let Some(stream) = stream.filter(|stream| streams.iter().all(|known| known.name != *stream)) {
        let known: Vec<&str> = streams.iter().map(|known| known.name).collect();
        bail!(
            "`{stream}` is no stream of `{source}`; there are: {}",
            known.join(", ")
        );
    }
    Ok((source, stream))
}

fn require_source(settings: &Settings, source: &str) -> anyhow::Result<()> {
    if settings.sources.contains_key(source) {
        return Ok(());
    }
    let known: Vec<&str> = settings.sources.keys().map(String::as_str).collect();
    bail!("`{source}` is no source; there are: {}", known.join(", "))
}
