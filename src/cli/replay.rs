//! `convene replay`: typed columns made again from what is stored, without a request.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::commands::{self, Name, ReplayOutcome, StreamMapping};
use crate::settings::Settings;
use crate::warehouse::{MappingState, ReplayCounts, Warehouse};

use super::columns::{print_columns, print_text};
use super::output::{format_instant, format_number, print_error, print_line};
use super::{COMPLETE, INCOMPLETE};

/// How often the instance is looked at that was asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After how many records a line tells how far it is, where nobody sees bars.
const TOLD_EVERY: i64 = 100_000;

/// Makes typed columns again from `raw` and `context`, after an upgrade with a mended mapping. It asks nothing of the vendor.
///
/// Without a stream it shows which rows may be stale. It can be broken off at any time and goes on where it was. Where a daemon holds
/// the source, it is asked to do it, and is followed.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// SOURCE.STREAM to make again; SOURCE or nothing shows how the rows stand
    name: Option<String>,
    /// Every stream whose rows may be stale
    #[arg(long)]
    stale: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = commands::resolve_name(&warehouse, settings, self.name.as_deref()).await?;
        let known = commands::list_mappings(&warehouse, settings, &name).await?;
        if !self.stale && name.stream.is_none() {
            self.print_states(&known)?;
            return Ok(COMPLETE);
        }
        let mut names = vec![name.clone()];
        if self.stale {
            names = known.iter().filter(|known| known.is_stale).map(name_of).collect();
        }
        let mut code = COMPLETE;
        for name in &names {
            if let Err(error) = self.replay_one(&warehouse, settings, name, stop).await {
                print_error(&format!("{}: {error:#}", text_of(name)));
                code = INCOMPLETE;
            }
        }
        if names.is_empty() {
            print_line("No rows are stale.");
        }
        Ok(code)
    }

    fn print_states(&self, known: &[StreamMapping]) -> anyhow::Result<()> {
        if self.json {
            let all: Vec<Value> = known.iter().map(state_value).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
            return Ok(());
        }
        let rows: Vec<Vec<String>> = known.iter().map(table_row).collect();
        print_columns(&["stream", "rows are", "made again (UTC)", "changed"], &rows);
        if known.iter().any(|known| known.is_stale) {
            print_text(
                "\n`convene replay --stale` makes those again that may be stale; it asks nothing of the vendors.",
            );
        }
        Ok(())
    }

    async fn replay_one(
        &self,
        warehouse: &Warehouse,
        settings: &Settings,
        name: &Name,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let is_quiet = self.json || !std::io::stdout().is_terminal();
        let mut told = 0;
        let outcome = commands::replay_rows(warehouse, settings, name, stop, |counts| {
            if !is_quiet && counts.row_count - told >= TOLD_EVERY {
                told = counts.row_count;
                print_line(&format!("{}: {} records", text_of(name), format_number(told)));
            }
        });
        let counts = match outcome.await? {
            ReplayOutcome::Done(counts) => counts,
            ReplayOutcome::Asked { holder } => {
                if !self.json {
                    print_text(&format!(
                        "{} is held by {holder}, which was asked.",
                        text_of(name)
                    ));
                }
                follow_holder(warehouse, settings, name, stop).await?
            }
        };
        if self.json {
            let value = json!({
                "source": name.source, "stream": name.stream, "row_count": counts.row_count, "changed": counts.changed,
                "added": counts.added, "unreadable": counts.unreadable,
            });
            print_line(&serde_json::to_string_pretty(&value)?);
        } else {
            print_text(&format!("{}: {}", text_of(name), counts_text(counts)));
        }
        Ok(())
    }
}

/// Waits until the instance that was asked is done.
async fn follow_holder(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &Name,
    stop: &CancellationToken,
) -> anyhow::Result<ReplayCounts> {
    loop {
        let known = commands::list_mappings(warehouse, settings, name).await?;
        if let Some(StreamMapping { state, .. }) = known.first()
            && !state.is_wanted
        {
            return Ok(counts_of(state));
        }
        tokio::select! {
            () = stop.cancelled() => anyhow::bail!("The instance goes on without us"),
            () = tokio::time::sleep(LOOK_EVERY) => (),
        }
    }
}

fn counts_of(state: &MappingState) -> ReplayCounts {
    ReplayCounts {
        row_count: state.row_count,
        changed: state.changed,
        added: state.added,
        unreadable: state.unreadable,
    }
}

fn counts_text(counts: ReplayCounts) -> String {
    let mut text = format!(
        "{} records mapped again, {} rows changed",
        format_number(counts.row_count),
        format_number(counts.changed)
    );
    for (count, word) in [
        (counts.added, "added"),
        (counts.unreadable, "unreadable; these rows stay as they were"),
    ] {
        if count > 0 {
            text = format!("{text}, {} {word}", format_number(count));
        }
    }
    text
}

fn name_of(known: &StreamMapping) -> Name {
    Name {
        source: Some(known.state.source.clone()),
        stream: Some(known.state.stream.clone()),
    }
}

fn text_of(name: &Name) -> String {
    format!(
        "{}.{}",
        name.source.as_deref().unwrap_or_default(),
        name.stream.as_deref().unwrap_or_default()
    )
}

fn state_word(known: &StreamMapping) -> &'static str {
    match known {
        StreamMapping { state, .. } if state.replaying.is_some() => "being made again",
        StreamMapping { is_stale: true, .. } => "perhaps stale",
        StreamMapping { .. } => "fresh",
    }
}

fn table_row(known: &StreamMapping) -> Vec<String> {
    let state = &known.state;
    vec![
        format!("{}.{}", state.source, state.stream),
        state_word(known).to_owned(),
        format_instant(state.replayed_at),
        format_number(state.changed),
    ]
}

fn state_value(known: &StreamMapping) -> Value {
    let state = &known.state;
    json!({
        "source": state.source,
        "stream": state.stream,
        "state": state_word(known),
        "is_stale": known.is_stale,
        "mapping": state.mapping,
        "replayed_at": state.replayed_at.map(|at| at.to_rfc3339()),
        "row_count": state.row_count,
        "changed": state.changed,
        "added": state.added,
        "unreadable": state.unreadable,
    })
}
