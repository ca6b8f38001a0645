//! Making typed columns again from stored records.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::engine::{
    LeaseWait, RetryCounts, StreamSpec, WarehouseBudget, no_observer, open_source, replay_stream,
    retry_rejects,
};
use crate::settings::Settings;
use crate::warehouse::{MappingState, ReplayCounts, Warehouse, WarehouseError};
use connectors::vendors::mapping_of;

use super::names::Name;
use super::sources::{Source, build_sources};

/// How the rows of a stream stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMapping {
    /// What is written down.
    pub state: MappingState,
    /// True where rows may have been made by another mapping than the present one.
    pub is_stale: bool,
}

/// By which mappings the rows were made.
pub async fn list_mappings(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &Name,
) -> anyhow::Result<Vec<StreamMapping>> {
    let is_meant = |state: &MappingState| {
        name.source.as_ref().is_none_or(|source| *source == state.source)
            && name.stream.as_ref().is_none_or(|stream| *stream == state.stream)
    };
    let states = warehouse.list_mappings().await?.into_iter().filter(is_meant);
    let known = states.filter_map(|state| {
        let vendor = settings.sources.get(&state.source)?.vendor;
        let is_stale = state.mapping != mapping_of(vendor.name);
        Some(StreamMapping { state, is_stale })
    });
    Ok(known.collect())
}

/// What became of the replay of a stream.
#[derive(Debug)]
pub enum ReplayOutcome {
    /// This command has made the rows again.
    Done(ReplayCounts),
    /// The instance that holds the source was asked to.
    Asked {
        /// Who holds it.
        holder: String,
    },
}

/// What became of records that could not be read.
#[derive(Debug)]
pub enum RetryOutcome {
    /// This command has tried them.
    Done(RetryCounts),
    /// The instance that holds the source was asked to; it makes the rows of the stream again as well.
    Asked {
        /// Who holds it.
        holder: String,
    },
}

/// Maps records of a stream again that could not be read, or asks the instance that holds its source.
pub async fn retry_records(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &Name,
    record: Option<&str>,
    stop: &CancellationToken,
) -> anyhow::Result<RetryOutcome> {
    let (source, stream) = (
        name.source.as_deref().unwrap_or(""),
        name.stream.as_deref().unwrap_or(""),
    );
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    let spec = find_spec(&sources, source, stream)?;
    let wait = LeaseWait::OnePeriod;
    match open_source(warehouse, source, settings.lease, wait, stop, no_observer()).await {
        Err(WarehouseError::Held { holder, .. }) => {
            warehouse.request_replay(source, stream).await?;
            Ok(RetryOutcome::Asked { holder })
        }
        Err(error) => Err(error.into()),
        Ok(held) => {
            let done = retry_rejects(spec, &held.session, record).await;
            held.release().await;
            Ok(RetryOutcome::Done(done?))
        }
    }
}

fn find_spec<'a>(sources: &'a [Source], source: &str, stream: &str) -> anyhow::Result<&'a StreamSpec> {
    let streams = sources
        .iter()
        .filter(|known| known.name == source)
        .flat_map(|known| &known.streams);
    let mut specs = streams.map(|known| &known.spec);
    let found = specs.find(|spec| spec.name() == stream);
    found.ok_or_else(|| {
        anyhow::anyhow!(
            "`{source}.{stream}` is switched off in the settings; its records can be mapped once it is on"
        )
    })
}

/// Makes the rows of a stream again, or asks the instance that holds its source. `on_step` hears how far it is.
pub async fn replay_rows(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &Name,
    stop: &CancellationToken,
    on_step: impl FnMut(ReplayCounts),
) -> anyhow::Result<ReplayOutcome> {
    let (source, stream) = (
        name.source.as_deref().unwrap_or(""),
        name.stream.as_deref().unwrap_or(""),
    );
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    let spec = find_spec(&sources, source, stream)?;
    let wait = LeaseWait::OnePeriod;
    match open_source(warehouse, source, settings.lease, wait, stop, no_observer()).await {
        Err(WarehouseError::Held { holder, .. }) => {
            warehouse.request_replay(source, stream).await?;
            Ok(ReplayOutcome::Asked { holder })
        }
        Err(error) => Err(error.into()),
        Ok(held) => {
            let done = replay_stream(spec, &held.session, on_step).await;
            held.release().await;
            Ok(ReplayOutcome::Done(done?))
        }
    }
}
