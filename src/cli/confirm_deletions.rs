//! `convene confirm-deletions`: an operator believes that rows which vanished at once are gone.

use clap::Args;

use crate::commands;
use crate::settings::Settings;

use super::COMPLETE;
use super::output::{format_number, print_line};

/// Believe the deletions that are held.
#[derive(Debug, Args)]
pub(super) struct ConfirmDeletions {
    /// Of which source or stream: SOURCE or SOURCE.STREAM
    name: String,
}

impl ConfirmDeletions {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = &self.name;
        match commands::confirm_deletions(&warehouse, settings, name).await? {
            0 => print_line(&format!("No deletions of {name} are held.")),
            count => print_line(&format!(
                "{} rows of {name} are marked as deleted by the next run, if it misses them again.",
                format_number(count)
            )),
        }
        Ok(COMPLETE)
    }
}
