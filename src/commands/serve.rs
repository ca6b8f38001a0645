//! The daemon's answers about itself, where the settings want them, and asking for them.

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::server::{KnownSource, Question, Readiness, Server, ServerOptions, ask_daemon};
use crate::settings::{Listen, Settings, Source};
use crate::warehouse::Warehouse;

/// Any port of this machine that is free.
const ANY_PORT: &str = "127.0.0.1:0";

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
        sources: settings.sources.values().map(known_source).collect(),
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

/// Tells a server of the sources of settings that were read again.
pub fn follow_settings(server: &Server) -> impl Fn(&Settings) + Send + Sync + use<> {
    let known = server.known_sources();
    move |settings| {
        let sources: Vec<KnownSource> = settings.sources.values().map(known_source).collect();
        known.send_replace(sources.into());
    }
}

/// Answers for a demo: at the usual port of this machine, or at any that is free. Nothing where neither can be had.
pub async fn start_demo_server(
    warehouse: &Warehouse,
    settings: &Settings,
    stop: &CancellationToken,
) -> Option<Server> {
    let usual = crate::settings::Server::default().address();
    for address in usual.into_iter().chain([ANY_PORT.to_owned()]) {
        let options = ServerOptions {
            address,
            token: None,
            sources: settings.sources.values().map(known_source).collect(),
        };
        if let Ok(server) = Server::start(warehouse.clone(), options, stop.clone()).await {
            return Some(server);
        }
    }
    None
}

/// Puts the question to the daemon that runs with these settings.
pub async fn ask_health(settings: &Settings, question: Question) -> anyhow::Result<Readiness> {
    let address = settings.server.address();
    let address = address.context("`server.listen` is off, so the daemon cannot be asked")?;
    Ok(ask_daemon(&address, settings.server.token.as_ref(), question).await?)
}

fn known_source(source: &Source) -> KnownSource {
    KnownSource {
        name: source.name.clone(),
        vendor: source.vendor.name.to_owned(),
        requests_per_minute: source
            .requests_per_minute
            .unwrap_or(source.vendor.requests_per_minute),
    }
}
