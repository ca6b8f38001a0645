//! An operator's word to the warehouse, whether a daemon holds the source or not.

use anyhow::{Context, bail};

use crate::settings::Settings;
use crate::warehouse::Warehouse;

/// Believes the deletions that are held of a source, or of one of its streams. Returns how many rows they are about.
pub async fn confirm_deletions(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &str,
) -> anyhow::Result<i64> {
    let (source, stream) = match name.split_once('.') {
        Some((source, stream)) => (source, Some(stream)),
        None => (name, None),
    };
    require_source(settings, source)?;
    let confirmed = warehouse.confirm_deletions(source, stream).await;
    confirmed.context("The confirmation cannot be written")
}

/// Takes the account that a source shows now, although it shares nothing with the one whose rows are stored. Returns false where
/// there was none to take.
pub async fn adopt_source(warehouse: &Warehouse, settings: &Settings, source: &str) -> anyhow::Result<bool> {
    require_source(settings, source)?;
    warehouse
        .adopt_source(source)
        .await
        .context("The adoption cannot be written")
}

fn require_source(settings: &Settings, source: &str) -> anyhow::Result<()> {
    if settings.sources.contains_key(source) {
        return Ok(());
    }
    let known: Vec<&str> = settings.sources.keys().map(String::as_str).collect();
    bail!("`{source}` is no source; there are: {}", known.join(", "))
}
