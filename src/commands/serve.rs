//! The daemon's answers about itself, where the settings want them, and asking for them.

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::server::{Question, Readiness, Server, ServerOptions, ask_daemon};
use crate::settings::{Listen, Settings};
use crate::warehouse::Warehouse;

/// Starts to answer at `server.listen`. Nothing where the settings want none, or where the usual port is taken and nobody asked
/// for it.
pub async fn start_server(
    warehouse: &Warehouse,
    settings: &Settings,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Server>> {
    let Some(address) = settings.server.address() else {
        return Ok(None);
    };
    let options = ServerOptions {
        address: address.clone(),
        token: settings.server.token.clone(),
        sources: settings.sources.keys().cloned().collect(),
    };
    let has_token = options.token.is_some();
    match Server::start(warehouse.clone(), options, stop.clone()).await {
        Ok(server) => {
            let address = server.address();
            if !has_token && !address.ip().is_loopback() {
                warn!(address = %address, "Everybody who reaches the address may look; `server.token` limits that");
            }
            info!("The status page is at http://{address}/");
            Ok(Some(server))
        }
        Err(error) if settings.server.listen == Listen::Usual => {
            error!(
                address,
                error = %error,
                "No status page, metrics or health: the usual port cannot be had; set `server.listen` to another one, or to \"off\""
            );
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| {
            format!("Nothing can listen at {address}; set `server.listen` to an address of this machine with a free port, or to \"off\"")
        }),
    }
}

/// Puts the question to the daemon that runs with these settings.
pub async fn ask_health(settings: &Settings, question: Question) -> anyhow::Result<Readiness> {
    let address = settings.server.address();
    let address = address.context("`server.listen` is off, so the daemon cannot be asked")?;
    Ok(ask_daemon(&address, settings.server.token.as_ref(), question).await?)
}
