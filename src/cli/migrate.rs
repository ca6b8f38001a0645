//! `convene migrate`: the schema brought up to date.

use clap::Args;

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::list_placements;

use super::COMPLETE;
use super::output::print_line;

/// Bring the schema of the warehouse up to date.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Print how the tables are laid out on a distributed Postgres, and lay them out where the server is Citus
    #[arg(long)]
    distributed: bool,
}

impl Migrate {
    /// Applies the migrations that are missing.
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.migrate().await?;
        print_line("The schema is up to date.");
        if self.distributed {
            for placement in list_placements() {
                print_line(&format!("{};", placement.statement));
            }
            match warehouse.distribute_tables().await? {
                Some(count) => print_line(&format!(
                    "-- {count} tables were laid out; the others were already."
                )),
                None => print_line("-- The server is not Citus, so nothing was laid out."),
            }
        }
        Ok(COMPLETE)
    }
}
