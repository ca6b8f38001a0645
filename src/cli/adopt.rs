//! `convene adopt`: an operator takes another account under a source's name.

use clap::Args;

use crate::commands;
use crate::settings::Settings;

use super::COMPLETE;
use super::output::print_line;

/// Take the account that a source shows now.
#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// The source
    source: String,
}

impl Adopt {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let source = &self.source;
        print_line(&if commands::adopt_source(&warehouse, settings, source).await? {
            format!(
                "{source} is read anew; the rows of the account before stay, and are stale until they are read again."
            )
        } else {
            format!("{source} shows no account that was refused.")
        });
        Ok(COMPLETE)
    }
}
