//! `convene health`: whether the daemon that runs with these settings is well.

use clap::Args;

use crate::commands::{self, Question};
use crate::settings::Settings;

use super::output::{print_error, print_line};
use super::{COMPLETE, INCOMPLETE};

/// Whether the running daemon is well; exit code 0 only if it is.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Look only whether the process is alive, whatever the database does
    #[arg(long)]
    live: bool,
}

impl Health {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let question = if self.live {
            Question::IsAlive
        } else {
            Question::IsReady
        };
        let readiness = commands::ask_health(settings, question).await?;
        if readiness.ready {
            print_line(if self.live { "alive" } else { "ready" });
            return Ok(COMPLETE);
        }
        for check in readiness.checks.iter().filter(|check| !check.ok) {
            print_error(&format!("not ready: {}: {}", check.name, check.detail));
        }
        Ok(INCOMPLETE)
    }
}
