//! `convene run`: the daemon.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::commands::{self, Reload};
use crate::engine::no_observer;
use crate::settings::Settings;

use super::COMPLETE;

/// Brings the schema up to date and keeps the warehouse in step until stopped. SIGHUP reads the settings again.
pub(super) async fn run_daemon(
    settings: &Settings,
    files: &[PathBuf],
    stop: &CancellationToken,
) -> anyhow::Result<u8> {
    // At once: a signal that nobody expects would end the process.
    let mut reload = reload_on_hangup(files)?;
    let Some(warehouse) = commands::connect_patiently(settings, stop).await? else {
        return Ok(COMPLETE);
    };
    // Before the schema is brought up to date, which may take its time: who looks shall see why nothing runs yet.
    let server = commands::start_server(&warehouse, settings, stop).await?;
    if let Some(server) = &server {
        reload.tell = Box::new(commands::follow_settings(server));
    }
    warehouse.migrate().await?;
    let observer = server
        .as_ref()
        .map_or_else(no_observer, commands::Server::observer);
    let deriving = commands::start_deriving(&warehouse, settings, stop);
    let outcome = commands::run_daemon(&warehouse, settings, stop, observer, reload).await;
    // The daemon may have ended by itself; the page goes with it.
    stop.cancel();
    deriving.await?;
    if let Some(server) = server {
        server.wait_for_end().await;
    }
    warehouse.close().await;
    outcome.map(|()| COMPLETE)
}

fn reload_on_hangup(files: &[PathBuf]) -> anyhow::Result<Reload> {
    let wanted = Arc::new(Notify::new());
    let told = wanted.clone();
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            told.notify_one();
        }
    });
    let named = files.to_vec();
    Ok(Reload {
        wanted,
        tell: Box::new(|_| ()),
        files: commands::find_settings(files),
        read: Box::new(move || commands::load_settings(&named)),
    })
}
