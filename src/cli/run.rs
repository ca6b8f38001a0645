//! `convene run`: the daemon.

use tokio_util::sync::CancellationToken;

use crate::commands;
use crate::engine::no_observer;
use crate::settings::Settings;

use super::COMPLETE;

/// Brings the schema up to date and keeps the warehouse in step until stopped.
pub(super) async fn run_daemon(settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
    let warehouse = commands::connect_warehouse(settings).await?;
    // Before the schema is brought up to date, which may take its time: who looks shall see why nothing runs yet.
    let server = commands::start_server(&warehouse, settings, stop).await?;
    warehouse.migrate().await?;
    let observer = server
        .as_ref()
        .map_or_else(no_observer, commands::Server::observer);
    let deriving = commands::start_deriving(&warehouse, settings, stop);
    commands::run_daemon(&warehouse, settings, stop, observer).await?;
    deriving.await?;
    if let Some(server) = server {
        server.wait_for_end().await;
    }
    warehouse.close().await;
    Ok(COMPLETE)
}
