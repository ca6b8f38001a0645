//! `convene migrate`: the schema brought up to date.

use crate::commands;
use crate::settings::Settings;

use super::COMPLETE;
use super::output::print_line;

/// Applies the migrations that are missing.
pub(super) async fn migrate_schema(settings: &Settings) -> anyhow::Result<u8> {
    let warehouse = commands::connect_warehouse(settings).await?;
    warehouse.migrate().await?;
    print_line("The schema is up to date.");
    Ok(COMPLETE)
}
