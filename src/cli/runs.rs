//! `convene runs`: what ran, and one run with its slices and their evidence.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::{self, SelectionError};
use crate::settings::Settings;
use crate::warehouse::{RunFilter, RunRecord, SliceRecord, Warehouse};

use super::COMPLETE;
use super::columns::{print_columns, print_facts, print_text};
use super::output::{format_duration, format_instant, format_number, print_line};

/// What ran.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// SOURCE or SOURCE.STREAM; or the number of a run, to see its slices and what proves them
    what: Option<String>,
    /// How many runs, the newest first
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Only runs that are not complete
    #[arg(long)]
    failed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Runs {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        match self.what.as_deref().map(|what| (what, what.parse::<i64>())) {
            Some((_, Ok(id))) => self.show_run(&warehouse, id).await,
            what => {
                self.list_runs(&warehouse, settings, what.map(|(what, _)| what))
                    .await
            }
        }
    }

    async fn list_runs(
        &self,
        warehouse: &Warehouse,
        settings: &Settings,
        what: Option<&str>,
    ) -> anyhow::Result<u8> {
        let name = commands::resolve_name(warehouse, settings, what).await?;
        let filter = RunFilter {
            source: name.source.as_deref(),
            stream: name.stream.as_deref(),
            is_unfinished: self.failed,
            limit: self.limit,
        };
        let runs = warehouse.list_runs(&filter).await?;
        if self.json {
            let all: Vec<Value> = runs.iter().map(run_value).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
        } else if runs.is_empty() {
            print_line("No run is in the ledger.");
        } else {
            print_runs(&runs);
        }
        Ok(COMPLETE)
    }

    async fn show_run(&self, warehouse: &Warehouse, id: i64) -> anyhow::Result<u8> {
        let Some(run) = warehouse.find_run(id).await? else {
            let text = format!("There is no run {id}; the ledger may have let go of it");
            return Err(SelectionError::Nothing(text).into());
        };
        let mut slices = warehouse.list_slices(id, None).await?;
        slices.reverse();
        if self.json {
            let mut value = run_value(&run);
            value["slices"] = slices.iter().map(slice_value).collect();
            print_line(&serde_json::to_string_pretty(&value)?);
        } else {
            print_run(&run);
            slices.iter().for_each(print_slice);
        }
        Ok(COMPLETE)
    }
}

fn print_runs(runs: &[RunRecord]) {
    let rows: Vec<Vec<String>> = runs.iter().map(table_row).collect();
    print_columns(
        &[
            "run",
            "stream",
            "began (UTC)",
            "took",
            "state",
            "requests",
            "new",
            "changed",
        ],
        &rows,
    );
    for run in runs {
        if let Some(reason) = &run.reason {
            print_text(&format!(
                "\n{}: {}",
                run.id,
                with_remedy(reason, run.remedy.as_deref())
            ));
        }
    }
}

fn table_row(run: &RunRecord) -> Vec<String> {
    vec![
        run.id.to_string(),
        format!("{}.{}", run.source, run.stream),
        run.started_at.format("%m-%d %H:%M:%S").to_string(),
        run.ended_at.map_or_else(String::new, |end| {
            format_duration((end - run.started_at).num_seconds())
        }),
        run.state.clone(),
        format_number(run.request_count),
        format_number(run.inserted),
        format_number(run.updated),
    ]
}

fn print_run(run: &RunRecord) {
    print_facts(&[
        ("run", format!("{} of {}.{}", run.id, run.source, run.stream)),
        ("began", format_instant(Some(run.started_at))),
        ("ended", format_instant(run.ended_at)),
        ("state", run.state.clone()),
        (
            "reason",
            run.reason
                .as_deref()
                .map_or_else(String::new, |reason| with_remedy(reason, run.remedy.as_deref())),
        ),
        ("slices", format_number(run.slice_count)),
    ]);
}

fn print_slice(slice: &SliceRecord) {
    print_line("");
    print_facts(&slice_facts(slice));
}

/// A slice in words: what it read, what came, and why it is known to be everything.
pub(super) fn slice_facts(slice: &SliceRecord) -> Vec<(&'static str, String)> {
    let partition = if slice.partition.is_empty() {
        String::new()
    } else {
        format!(" of `{}`", slice.partition)
    };
    let counts = [
        (slice.inserted, "new"),
        (slice.updated, "changed"),
        (slice.unchanged, "unchanged"),
        (slice.duplicates, "met twice"),
        (slice.rejected, "unreadable"),
        (slice.deleted, "deleted"),
        (slice.held_deletions, "held deletions"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", format_number(*count)))
        .collect();
    vec![
        ("slice", format!("{}: {}{partition}", slice.id, slice.purpose)),
        ("window", window_text(slice)),
        (
            "read",
            format!(
                "{} to {}",
                format_instant(Some(slice.started_at)),
                format_instant(slice.ended_at)
            ),
        ),
        (
            "state",
            if slice.attempts > 1 {
                format!("{}, attempt {}", slice.state, slice.attempts)
            } else {
                slice.state.clone()
            },
        ),
        (
            "reason",
            slice
                .reason
                .as_deref()
                .map_or_else(String::new, |reason| with_remedy(reason, slice.remedy.as_deref())),
        ),
        ("vendor says", slice.said.clone().unwrap_or_default()),
        (
            "next try",
            slice
                .next_attempt_at
                .map_or_else(String::new, |at| format_instant(Some(at))),
        ),
        ("evidence", slice.evidence.clone()),
        (
            "vendor total",
            slice.vendor_total.map_or_else(String::new, format_number),
        ),
        (
            "asked",
            format!(
                "{} requests, {} bytes of answers",
                format_number(slice.request_count),
                format_number(slice.body_bytes)
            ),
        ),
        (
            "rows",
            if counts.is_empty() {
                "none".to_owned()
            } else {
                counts.join(", ")
            },
        ),
    ]
}

fn window_text(slice: &SliceRecord) -> String {
    match (slice.since, slice.until) {
        (Some(since), Some(until)) => {
            format!(
                "{} to {}",
                format_instant(Some(since)),
                format_instant(Some(until))
            )
        }
        _ => String::new(),
    }
}

fn with_remedy(reason: &str, remedy: Option<&str>) -> String {
    match remedy {
        Some(remedy) => format!("{reason} (mended by: {remedy})"),
        None => reason.to_owned(),
    }
}

fn run_value(run: &RunRecord) -> Value {
    json!({
        "id": run.id,
        "source": run.source,
        "stream": run.stream,
        "started_at": run.started_at.to_rfc3339(),
        "ended_at": run.ended_at.map(|at| at.to_rfc3339()),
        "state": run.state,
        "reason": run.reason,
        "remedy": run.remedy,
        "slice_count": run.slice_count,
        "request_count": run.request_count,
        "inserted": run.inserted,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "deleted": run.deleted,
        "rejected": run.rejected,
    })
}

/// A slice for programs.
pub(super) fn slice_value(slice: &SliceRecord) -> Value {
    let text = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339());
    json!({
        "id": slice.id,
        "run_id": slice.run_id,
        "source": slice.source,
        "stream": slice.stream,
        "partition": slice.partition,
        "generation": slice.generation,
        "purpose": slice.purpose,
        "since": text(slice.since),
        "until": text(slice.until),
        "started_at": slice.started_at.to_rfc3339(),
        "ended_at": text(slice.ended_at),
        "state": slice.state,
        "reason": slice.reason,
        "remedy": slice.remedy,
        "said": slice.said,
        "evidence": serde_json::from_str::<Value>(&slice.evidence_json).unwrap_or_default(),
        "vendor_total": slice.vendor_total,
        "attempts": slice.attempts,
        "next_attempt_at": text(slice.next_attempt_at),
        "request_count": slice.request_count,
        "body_bytes": slice.body_bytes,
        "inserted": slice.inserted,
        "updated": slice.updated,
        "unchanged": slice.unchanged,
        "duplicates": slice.duplicates,
        "rejected": slice.rejected,
        "deleted": slice.deleted,
        "held_deletions": slice.held_deletions,
    })
}
