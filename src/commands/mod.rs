//! The only wiring: settings become sources, sources become jobs, and jobs run once or on schedule.

mod check;
mod daemon;
mod demo;
mod once;
mod sandbox;
mod sources;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use crate::settings::{self, Settings};
use connectors::vendors::VENDORS;

pub use crate::engine::{Event, RunReport, Unfinished, Watch};
pub use crate::settings::Problems;
pub use crate::telemetry::{LogFormat, start as start_logs};
pub use crate::warehouse::{Counts, Freshness, StreamStatus, TableCount, Warehouse};
pub use check::{Checked, check};
pub use connectors::schema::TABLES;
pub use daemon::daemon;
pub use demo::{Demo, EXAMPLES, Example};
pub use once::{Once, Selection, SelectionError, once};
pub use sandbox::{SandboxOptions, Simulated, sandbox};
pub use sources::{Source, sources};

/// The settings files that are read when none is named: the defaults, and the operator's own.
const DEFAULT_FILES: [&str; 2] = ["config/default.toml", "config/local.toml"];

/// Reads the settings from these files, or from the default ones that exist, and from the environment.
pub fn load_settings(files: &[PathBuf]) -> Result<Settings, Problems> {
    let defaults = || {
        DEFAULT_FILES
            .iter()
            .map(PathBuf::from)
            .filter(|file| file.exists())
            .collect()
    };
    let files = if files.is_empty() {
        defaults()
    } else {
        files.to_vec()
    };
    // A name that is not Unicode cannot be ours; a value that is not is told by what it is for.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    settings::load(&files, environment, VENDORS)
}

/// Connects to the warehouse of the settings.
pub async fn connect(settings: &Settings) -> anyhow::Result<Warehouse> {
    let warehouse = &settings.warehouse;
    Warehouse::connect(&warehouse.url, warehouse.max_connections)
        .await
        .context("No warehouse")
}

/// Hears nothing.
pub fn deaf() -> Watch {
    Arc::new(|_| ())
}
