//! `convene run`: the daemon.

use tokio_util::sync::CancellationToken;

use crate::commands::{self, SelectionError};
use crate::engine::no_observer;
use crate::settings::Settings;

use super::COMPLETE;

/// Brings the schema up to date and keeps the warehouse in step until stopped.
pub(super) async fn run_daemon(settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
    anyhow::ensure!(!settings.sources.is_empty(), SelectionError::NoSource);
    let warehouse = commands::connect_warehouse(settings).await?;
    warehouse.migrate().await?;
    commands::run_daemon(&warehouse, settings, stop, no_observer()).await?;
    warehouse.close().await;
    Ok(COMPLETE)
}
