//! What the commands do: settings become sources, sources become streams, and streams run once or on schedule.

mod check;
mod configuration;
mod daemon;
mod demo;
mod derive;
mod dictionary;
mod explain;
mod names;
mod once;
mod operate;
mod replay;
mod sandbox;
mod serve;
mod sources;
mod verify;

use std::path::PathBuf;

use anyhow::{Context, anyhow};

pub use crate::server::{Question, Server};
use crate::settings::{self, Problems, Settings};
use crate::warehouse::{Followed, PoolOptions, Warehouse};
use connectors::vendors::VENDORS;

pub use check::{Checked, Trial, check_sources, check_warehouse};
pub use configuration::list_configuration;
pub use daemon::run_daemon;
pub use demo::{Demo, EXAMPLES, Example};
pub use derive::{derive_once, start_deriving};
pub use dictionary::render_dictionary;
pub use embedded::Fetched;
pub use explain::{Explanation, RowFault, explain_row};
pub use names::{Name, resolve_name};
pub use once::{Once, Selection, SelectionError, sync_once};
pub use operate::{adopt_source, confirm_deletions};
pub use replay::{ReplayOutcome, RetryOutcome, StreamMapping, list_mappings, replay_rows, retry_records};
pub use sandbox::{SandboxOptions, Simulated, start_sandbox};
pub use serve::{ask_health, start_demo_server, start_server};
pub use sources::{ConfiguredStream, Source, build_sources};
pub use verify::{SourceVerified, VerifyOptions, VerifyOutcome, verify_streams, watch_verification};

/// The settings files that are read when none is named: the defaults, and the operator's own.
const DEFAULT_FILES: [&str; 2] = ["config/default.toml", "config/local.toml"];

/// Reads the settings from these files, or from the default ones that exist, and from the environment.
pub fn load_settings(files: &[PathBuf]) -> Result<Settings, Problems> {
    settings::load(&settings_files(files), environment(), VENDORS)
}

/// These files, or the default ones that exist.
fn settings_files(files: &[PathBuf]) -> Vec<PathBuf> {
    if !files.is_empty() {
        return files.to_vec();
    }
    let files = DEFAULT_FILES.iter().map(PathBuf::from);
    files.filter(|file| file.exists()).collect()
}

/// The environment. A name that is not Unicode cannot be ours; a value that is not is told by what it is for.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

/// Connects to the warehouse of the settings.
pub async fn connect_warehouse(settings: &Settings) -> anyhow::Result<Warehouse> {
    let warehouse = &settings.warehouse;
    let options = PoolOptions {
        max_connections: warehouse.max_connections,
        is_pooled: warehouse.pooler,
    };
    let followed = Followed::with_columns(settings.history.columns.iter().map(String::as_str));
    let followed = followed.map_err(|name| anyhow!("history.columns: `{name}` is no column"))?;
    let warehouse = Warehouse::connect(&warehouse.url, options)
        .await
        .context("No warehouse")?;
    Ok(warehouse.following(followed))
}
