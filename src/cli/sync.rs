//! `convene sync`: one run now.

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::commands::{self, Once, RunReport, Selection};
use crate::settings::Settings;

use super::output::{complain, number, say};
use super::{COMPLETE, INCOMPLETE, progress};

/// One run now.
#[derive(Debug, Args)]
pub(super) struct Sync {
    /// What to run: SOURCE or SOURCE.STREAM; everything by default
    streams: Vec<String>,
    /// Confirm that rows which vanished from a whole list are gone, however many there are
    #[arg(long)]
    confirm_deletions: bool,
}

impl Sync {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect(settings).await?;
        warehouse.migrate().await?;
        let selection = Selection(self.streams.clone());
        let (confirm_deletions, watch) = (self.confirm_deletions, progress::watch());
        let once = Once {
            selection: &selection,
            confirm_deletions,
            stop,
            watch,
        };
        let reports = commands::once(&warehouse, settings, once).await?;
        warehouse.close().await;
        Ok(tell(&reports))
    }
}

/// Prints what is not complete, and why. Returns the exit code.
pub(super) fn tell(reports: &[anyhow::Result<RunReport>]) -> u8 {
    let mut code = COMPLETE;
    for report in reports {
        match report {
            Ok(report) => {
                if !report.is_complete() {
                    code = INCOMPLETE;
                }
                explain(report);
            }
            Err(error) => {
                code = INCOMPLETE;
                complain(&format!("{error:#}"));
            }
        }
    }
    if code == COMPLETE {
        say("Every walk was complete.");
    }
    code
}

fn explain(report: &RunReport) {
    let name = format!("{}.{}", report.source, report.stream);
    for flaw in &report.unfinished {
        let word = if flaw.is_failed { "failed" } else { "incomplete" };
        let window = flaw
            .window
            .map_or_else(|| "the whole list".to_owned(), |window| window.to_string());
        complain(&format!(
            "{name}: {window} is {word}: {} (mended by: {})",
            flaw.reason,
            flaw.remedy.word()
        ));
    }
    if report.held_deletions > 0 {
        complain(&format!(
            "{name}: {} rows vanished at once and were not marked as deleted; if they are really gone, run `convene sync {name} --confirm-deletions`",
            number(report.held_deletions)
        ));
    }
}
