//! `convene demo`: the main job on a fresh machine, from nothing to tables.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use connectors::schema::TABLES;

use crate::commands::{self, EXAMPLES, Fetched, Once, Selection, Server};
use crate::engine::{Event, Observer, RunReport, no_observer};

use super::output::{format_instant, format_number, print_line, print_table};
use super::{COMPLETE, progress, sync};

/// Own Postgres, simulated vendors, a sync of everything, and the tables to look at.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after the sync instead of keeping the warehouse in step
    #[arg(long)]
    exit: bool,
}

impl Demo {
    pub(super) async fn run(&self, stop: &CancellationToken) -> anyhow::Result<u8> {
        print_line("Starting Postgres and the simulated vendors ...");
        let given = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        let demo = commands::Demo::start(given, &show_fetching()).await?;
        print_line(&format!("Postgres: {}", demo.postgres));
        let vendors = demo.simulated.sources.iter().map(|source| source.vendor.name);
        print_line(&format!(
            "Simulated vendors: {}\n",
            vendors.collect::<Vec<_>>().join(", ")
        ));
        let code = match self.show_demo(&demo, stop).await {
            Ok(code) => code,
            Err(error) => {
                demo.stop().await?;
                return Err(error);
            }
        };
        demo.stop().await?;
        print_line("Stopped; nothing is left running.");
        Ok(code)
    }

    async fn show_demo(&self, demo: &commands::Demo, stop: &CancellationToken) -> anyhow::Result<u8> {
        let begin = Instant::now();
        let server = self.start_page(demo, stop).await;
        let page = server.as_ref().map_or_else(no_observer, Server::observer);
        let selection = Selection::default();
        let once = Once {
            selection: &selection,
            stop,
            observer: observe_by_both(page.clone(), progress::observe_progress(stop)),
        };
        let mut reports = commands::sync_once(&demo.warehouse, &demo.settings, once).await?;
        while look_up_rest(demo, stop, &mut reports).await? {}
        let code = sync::report_runs(&reports);
        let seconds = begin.elapsed().as_secs_f64();
        if stop.is_cancelled() {
            return Ok(code);
        }
        print_tables(demo, &reports, seconds).await?;
        print_examples(demo).await?;
        print_line(&format!("\nConnect:   psql '{}'", demo.database_url));
        print_line("Query:     select * from warehouse.freshness;");
        if self.exit {
            return Ok(code);
        }
        print_line(
            "\nThe simulated vendors go on living, and the warehouse follows them every 10 seconds. Ctrl-C stops everything.",
        );
        let deriving = commands::start_deriving(&demo.warehouse, &demo.settings, stop);
        let observer = observe_by_both(page, observe_changes());
        let reload = commands::Reload::never(demo.settings.clone());
        commands::run_daemon(&demo.warehouse, &demo.settings, stop, observer, reload).await?;
        deriving.await?;
        Ok(COMPLETE)
    }

    /// Serves the status page to whoever stays to look at it.
    async fn start_page(&self, demo: &commands::Demo, stop: &CancellationToken) -> Option<Server> {
        if self.exit {
            return None;
        }
        let server = commands::start_demo_server(&demo.warehouse, &demo.settings, stop).await?;
        print_line(&format!("Status page: http://{}/\n", server.address()));
        Some(server)
    }
}

/// Both hear everything.
fn observe_by_both(one: Observer, other: Observer) -> Observer {
    Arc::new(move |event| {
        one(event);
        other(event);
    })
}

/// A line when Postgres is being fetched, and on a terminal a bar.
fn show_fetching() -> impl Fn(Fetched) + Sync {
    let bar = ProgressBar::hidden();
    move |fetched| {
        if fetched.byte_count == 0 {
            print_line("No PostgreSQL is on this machine: fetching it once, for the next time too ...");
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.set_style(fetching_style());
            bar.set_length(fetched.total);
        }
        bar.set_position(fetched.byte_count);
        if fetched.byte_count == fetched.total {
            bar.finish_and_clear();
        }
    }
}

fn fetching_style() -> ProgressStyle {
    ProgressStyle::with_template("  {bar:30} {bytes} of {total_bytes}").expect("a valid template")
}

/// Runs those streams again that left ids to later runs. True where that brought them closer to the end.
async fn look_up_rest(
    demo: &commands::Demo,
    stop: &CancellationToken,
    reports: &mut [anyhow::Result<RunReport>],
) -> anyhow::Result<bool> {
    let left = |reports: &[anyhow::Result<RunReport>]| -> i64 {
        let read = reports.iter().flatten();
        read.map(|report| report.ids_left).sum()
    };
    let before = left(reports);
    if before == 0 || stop.is_cancelled() {
        return Ok(false);
    }
    let unfinished = reports.iter().flatten().filter(|report| report.ids_left > 0);
    let selection = Selection(
        unfinished
            .map(|report| format!("{}.{}", report.source, report.stream))
            .collect(),
    );
    let once = Once {
        selection: &selection,
        stop,
        observer: progress::observe_progress(stop),
    };
    for next in commands::sync_once(&demo.warehouse, &demo.settings, once).await? {
        let next = next?;
        let earlier = reports
            .iter_mut()
            .flatten()
            .find(|report| (&report.source, &report.stream) == (&next.source, &next.stream));
        if let Some(earlier) = earlier {
            earlier.continue_with(next);
        }
    }
    Ok(left(reports) < before)
}

/// The tables with their rows, and up to when they are complete.
async fn print_tables(
    demo: &commands::Demo,
    reports: &[anyhow::Result<RunReport>],
    seconds: f64,
) -> anyhow::Result<()> {
    let freshness = demo.warehouse.list_freshness().await?;
    let mut rows = Vec::new();
    for known in TABLES {
        for count in demo.warehouse.count_rows(known).await? {
            let fresh = freshness
                .iter()
                .find(|fresh| fresh.table_name == known.name && fresh.source == count.source);
            let complete_through = format_instant(fresh.and_then(|fresh| fresh.complete_through));
            rows.push(vec![
                format!("warehouse.{}", known.name),
                count.source,
                format_number(count.live),
                complete_through,
            ]);
        }
    }
    print_line("");
    print_table(&["table", "source", "rows", "complete through"], rows);
    let seen: i64 = reports.iter().flatten().map(|report| report.counts.seen()).sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a rate for people"
    )]
    let rate = (seen as f64 / seconds.max(0.001)) as i64;
    print_line(&format!(
        "{} rows in {seconds:.1} s: {} rows/s",
        format_number(seen),
        format_number(rate)
    ));
    Ok(())
}

async fn print_examples(demo: &commands::Demo) -> anyhow::Result<()> {
    for example in EXAMPLES {
        print_line(&format!("\n{}\n\n{}", example.question, example.query));
        let mut rows = demo.warehouse.run_example(example.query).await?.into_iter();
        let header = rows.next().unwrap_or_default();
        print_table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows);
    }
    Ok(())
}

/// A line for each run that changed something; on a terminal also a sign of life for the others.
fn observe_changes() -> Observer {
    let is_terminal = std::io::stdout().is_terminal();
    Arc::new(move |event| {
        let Event::RunEnded(report) = event else { return };
        let counts = report.counts;
        if is_terminal || !report.is_complete() || counts.inserted + counts.updated + counts.deleted > 0 {
            print_line(&progress::summarize_run(report));
        }
    })
}
