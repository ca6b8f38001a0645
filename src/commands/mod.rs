//! What the commands do: settings become sources, sources become streams, and streams run once or on schedule.

mod alerts;
mod backfill;
mod check;
mod configuration;
mod daemon;
mod demo;
mod derive;
mod dictionary;
mod explain;
mod follow;
mod names;
mod once;
mod operate;
mod replay;
mod sandbox;
mod schedule;
mod serve;
mod sources;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use crate::server::{Question, Server};
use crate::settings::{self, Problems, Settings};
use crate::warehouse::{Followed, PoolOptions, Warehouse};
use connectors::vendors::VENDORS;

pub use backfill::{BackfillPlan, cancel_backfills, plan_backfill, run_backfill};
pub use check::{Checked, Trial, check_sources, check_warehouse};
pub use configuration::list_configuration;
pub use daemon::{Reload, run_daemon};
pub use demo::{Demo, EXAMPLES, Example};
pub use derive::{derive_once, start_deriving};
pub use dictionary::render_dictionary;
pub use embedded::Fetched;
pub use explain::{Explanation, RowFault, explain_row};
pub use names::{Name, resolve_name};
pub use once::{Once, Selection, SelectionError, sync_once};
pub use operate::{adopt_source, confirm_deletions, pause_reading, resume_reading};
pub use replay::{ReplayOutcome, RetryOutcome, StreamMapping, list_mappings, replay_rows, retry_records};
pub use sandbox::{SandboxOptions, Simulated, start_sandbox};
pub use serve::{ask_health, follow_settings, start_demo_server, start_server};
pub use sources::{ConfiguredStream, Source, build_sources};
pub use verify::{SourceVerified, VerifyOptions, VerifyOutcome, verify_streams, watch_verification};

/// The settings files that are read when none is named: the defaults, and the operator's own.
const DEFAULT_FILES: [&str; 2] = ["config/default.toml", "config/local.toml"];

/// How long a daemon waits before it looks again for a warehouse that is away.
const CONNECT_AGAIN: Duration = Duration::from_secs(3);

/// The files that settings are read from: those that are named, or the default ones that exist.
pub fn find_settings(named: &[PathBuf]) -> Vec<PathBuf> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let files = DEFAULT_FILES.iter().map(PathBuf::from);
    files.filter(|file| file.exists()).collect()
}

/// Reads the settings from these files, or from the default ones that exist, and from the environment.
pub fn load_settings(files: &[PathBuf]) -> Result<Settings, Problems> {
    settings::load(&find_settings(files), environment(), VENDORS)
}

/// The environment. A name that is not Unicode cannot be ours; a value that is not is told by what it is for.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

/// An error with every cause behind it.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let texts = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
    texts.collect::<Vec<_>>().join(": ")
}

/// Connects to the warehouse of the settings. Where it is away it is waited for, and said so. Nothing where it is to stop before.
pub async fn connect_patiently(
    settings: &Settings,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Warehouse>> {
    let followed = followed_columns(settings)?;
    let mut is_told = false;
    loop {
        match Warehouse::connect(&settings.warehouse.url, pool_options(settings)).await {
            Ok(warehouse) => return Ok(Some(warehouse.following(followed))),
            Err(error) if error.is_passing() => {
                if !is_told {
                    warn!(error = %describe(&error), "The warehouse cannot be used yet; waiting for it");
                }
                is_told = true;
            }
            Err(error) => return Err(anyhow::Error::new(error).context("No warehouse")),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(CONNECT_AGAIN) => (),
        }
    }
}

/// The columns whose changes are kept.
fn followed_columns(settings: &Settings) -> anyhow::Result<Followed> {
    let followed = Followed::with_columns(settings.history.columns.iter().map(String::as_str));
    followed.map_err(|name| anyhow!("history.columns: `{name}` is no column"))
}

fn pool_options(settings: &Settings) -> PoolOptions {
    PoolOptions {
        max_connections: settings.warehouse.max_connections,
        is_pooled: settings.warehouse.pooler,
    }
}

/// Connects to the warehouse of the settings.
pub async fn connect_warehouse(settings: &Settings) -> anyhow::Result<Warehouse> {
    let followed = followed_columns(settings)?;
    let warehouse = Warehouse::connect(&settings.warehouse.url, pool_options(settings))
        .await
        .context("No warehouse")?;
    Ok(warehouse.following(followed))
}
