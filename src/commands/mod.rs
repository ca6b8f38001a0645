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

use crate::settings::{self, OptionForm, Settings, VendorKeys};
use connectors::vendors::{self, VENDORS, Vendor};

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
    // Variables that are not Unicode cannot be ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let keys: Vec<VendorKeys> = VENDORS.iter().map(|vendor| keys(vendor)).collect();
    settings::load(&files, environment, &keys)
}

/// The words of a vendor, as the settings want them. The credential of the main door is required, and so is what it needs.
fn keys(vendor: &Vendor) -> VendorKeys {
    let mut secrets: Vec<(&'static str, bool)> = Vec::new();
    for (place, door) in vendor.doors.iter().enumerate() {
        if !secrets.iter().any(|(key, _)| *key == door.secret) {
            secrets.push((door.secret, place == 0));
        }
    }
    let form = |form| match form {
        vendors::OptionForm::Text => OptionForm::Text,
        vendors::OptionForm::List => OptionForm::List,
        vendors::OptionForm::Lines(check) => OptionForm::Lines(check),
        vendors::OptionForm::Number(least, most) => OptionForm::Number(least, most),
        vendors::OptionForm::Url => OptionForm::Url,
    };
    let options = vendor.options.iter();
    VendorKeys {
        name: vendor.name,
        secrets,
        options: options
            .map(|key| (key.name, form(key.form), key.is_required))
            .collect(),
        streams: vendor.stream_names,
    }
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
