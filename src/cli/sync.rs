//! `convene sync`: one run now.

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::commands::{self, Once, Selection};
use crate::engine::{RunReport, UnfinishedSlice};
use crate::settings::Settings;
use crate::warehouse::{Freshness, Warehouse};

use super::output::{format_number, print_error, print_line};
use super::{COMPLETE, INCOMPLETE, progress};

/// One run now.
#[derive(Debug, Args)]
pub(super) struct Sync {
    /// What to run: SOURCE or SOURCE.STREAM; everything by default
    streams: Vec<String>,
}

impl Sync {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.migrate().await?;
        let selection = Selection(self.streams.clone());
        let once = Once {
            selection: &selection,
            stop,
            observer: progress::observe_progress(stop),
        };
        let reports = commands::sync_once(&warehouse, settings, once).await?;
        let code = report_runs(&reports);
        report_tables(&warehouse, &reports).await?;
        warehouse.close().await;
        Ok(code)
    }
}

/// Prints what is not complete, and why. Returns the exit code.
pub(super) fn report_runs(reports: &[anyhow::Result<RunReport>]) -> u8 {
    let mut code = COMPLETE;
    for report in reports {
        match report {
            Ok(report) => {
                if !report.is_complete() {
                    code = INCOMPLETE;
                }
                report_run(report);
            }
            Err(error) => {
                code = INCOMPLETE;
                print_error(&format!("{error:#}"));
            }
        }
    }
    if code == COMPLETE {
        print_line("Every slice was complete.");
    }
    code
}

fn report_run(report: &RunReport) {
    let name = format!("{}.{}", report.source, report.stream);
    for slice in &report.unfinished {
        print_error(&format!("{name}: {}", describe_unfinished(slice)));
    }
    for warning in &report.warnings {
        print_error(&format!("{name}: {warning}"));
    }
    if report.ids_left > 0 {
        print_error(&format!(
            "{name}: {} ids to go; the next runs look them up",
            format_number(report.ids_left)
        ));
    }
    if report.held_deletions > 0 {
        print_error(&format!(
            "{name}: {} rows vanished at once and were not marked as deleted; if they are really gone, run `convene confirm-deletions {name}`",
            format_number(report.held_deletions)
        ));
    }
}

fn describe_unfinished(slice: &UnfinishedSlice) -> String {
    let word = if slice.is_failed { "failed" } else { "incomplete" };
    let partition = if slice.partition.is_empty() {
        String::new()
    } else {
        format!("`{}`, ", slice.partition)
    };
    let window = slice
        .window
        .map_or_else(|| "the whole list".to_owned(), |window| window.to_string());
    format!(
        "{partition}{window} is {word}: {} (mended by: {})",
        slice.reason,
        slice.remedy.word()
    )
}

/// Prints for each table of the sources that ran why it is not complete.
async fn report_tables(warehouse: &Warehouse, reports: &[anyhow::Result<RunReport>]) -> anyhow::Result<()> {
    let ran = |fresh: &&Freshness| {
        reports
            .iter()
            .flatten()
            .any(|report| report.source == fresh.source)
    };
    let freshness = warehouse.list_freshness().await?;
    for fresh in freshness
        .iter()
        .filter(ran)
        .filter(|fresh| fresh.complete_through.is_none())
    {
        let reason = fresh.reason.as_deref().unwrap_or("it was never read");
        print_line(&format!(
            "{} of {} is not complete: {reason}",
            fresh.table_name, fresh.source
        ));
    }
    Ok(())
}
