//! `convene remake`: what the marts keep of calls, made again from the calls.

use std::time::Duration;

use clap::Args;

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::Marked;

use super::COMPLETE;
use super::output::{format_number, print_line};

/// How long days are made before a line tells how many.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Makes what the marts keep of calls again, day by day. Nothing is asked of the vendors, and answers stay right meanwhile: days that
/// are still to be made are read from the calls.
#[derive(Debug, Args)]
pub(super) struct Remake {
    /// The source; all of them where none is named
    source: Option<String>,
}

impl Remake {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = commands::resolve_name(&warehouse, settings, self.source.as_deref()).await?;
        let days = warehouse.mark_all_days(name.source.as_deref()).await?;
        print_line(&format!("{} days of calls are made again.", format_number(days)));
        let mut made = 0;
        loop {
            let step = warehouse.make_kept_days(Marked::All, TOLD_EVERY).await?;
            made += step.made;
            if !step.is_unfinished {
                break;
            }
            print_line(&format!(
                "{} days of the kept tables are made.",
                format_number(i64::try_from(made)?)
            ));
        }
        print_line("Everything is made.");
        Ok(COMPLETE)
    }
}
