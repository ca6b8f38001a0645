//! `convene pause` and `convene resume`: an operator leaves a source or a stream alone, and reads it again.

use clap::Args;

use crate::commands;
use crate::settings::Settings;

use super::COMPLETE;
use super::output::print_line;

/// Leave a source or a stream alone.
#[derive(Debug, Args)]
pub(super) struct Pause {
    /// Which: SOURCE or SOURCE.STREAM
    name: String,
    /// Why, for those who wonder later
    #[arg(long, default_value = "paused by an operator")]
    reason: String,
}

impl Pause {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = &self.name;
        let is_new = commands::pause_reading(&warehouse, settings, name, &self.reason).await?;
        print_line(&if is_new {
            format!("{name} is left alone; `convene resume {name}` ends that.")
        } else {
            format!("{name} is left alone already; `convene resume {name}` ends that.")
        });
        Ok(COMPLETE)
    }
}

/// Read a source or a stream again.
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// Which: SOURCE, with all its streams, or SOURCE.STREAM
    name: String,
}

impl Resume {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = &self.name;
        print_line(
            &match commands::resume_reading(&warehouse, settings, name).await? {
                0 => format!("{name} is not paused."),
                _ => format!("{name} is read again."),
            },
        );
        Ok(COMPLETE)
    }
}
