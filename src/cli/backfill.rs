//! `convene backfill`: a range of the past, with its price.

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::commands::{self, BackfillPlan};
use crate::settings::Settings;

use super::output::{format_duration, format_number, print_line};
use super::{COMPLETE, progress, sync};

/// Read a range of the past.
#[derive(Debug, Args)]
pub(super) struct Backfill {
    /// Which stream: SOURCE.STREAM
    name: String,
    /// From when: a day of the account's zone, or a time with its offset
    #[arg(long, value_name = "WHEN", required_unless_present = "cancel")]
    from: Option<String>,
    /// Until when, in the same forms; default: now
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
    /// Say what it costs, and read nothing
    #[arg(long)]
    plan: bool,
    /// Take back the backfills of the stream that are not done
    #[arg(long, conflicts_with_all = ["from", "to", "plan"])]
    cancel: bool,
}

impl Backfill {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let Some(from) = self.from.as_deref().filter(|_| !self.cancel) else {
            let count = commands::cancel_backfills(&warehouse, settings, &self.name).await?;
            print_line(&format!("{count} backfills of {} are taken back.", self.name));
            return Ok(COMPLETE);
        };
        let to = self.to.as_deref();
        let plan = commands::plan_backfill(&warehouse, settings, &self.name, from, to).await?;
        print_price(&self.name, &plan);
        if self.plan {
            return Ok(COMPLETE);
        }
        let observer = progress::observe_progress(stop);
        let report = commands::run_backfill(&warehouse, settings, &plan, stop, observer).await?;
        let code = sync::report_runs(&[Ok(report)]);
        warehouse.close().await;
        Ok(code)
    }
}

fn print_price(name: &str, plan: &BackfillPlan) {
    let price = &plan.price;
    let number = |count: u64| format_number(i64::try_from(count).unwrap_or(i64::MAX));
    print_line(&format!("{name} {}", plan.range));
    print_line(&format!("  slices     {}", number(price.slice_count)));
    print_line(&format!("  requests   about {}", number(price.request_count)));
    print_line(&match price.row_count {
        Some(rows) => format!("  rows       about {}", number(rows)),
        None => "  rows       unknown: nothing of the stream was read yet".to_owned(),
    });
    print_line(&format!(
        "  time       {} at least, at {} requests a minute",
        format_duration(i64::try_from(price.time.as_secs().max(1)).unwrap_or(i64::MAX)),
        plan.requests_per_minute
    ));
}
