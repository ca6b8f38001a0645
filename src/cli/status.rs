//! `convene status`: up to when each stream is complete.

use clap::Args;
use serde_json::{Value, json};

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::StreamStatus;

use super::COMPLETE;
use super::output::{format_duration, format_instant, format_number, print_line, print_table};

/// Up to when each stream is complete.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let streams = commands::connect_warehouse(settings).await?.streams().await?;
        if self.json {
            let all: Vec<Value> = streams.iter().map(json_value).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
        } else {
            print_streams(&streams);
        }
        Ok(COMPLETE)
    }
}

/// Prints how streams stand.
pub(super) fn print_streams(streams: &[StreamStatus]) {
    let header = [
        "stream",
        "complete through",
        "lag",
        "settled through",
        "last slice",
        "rows",
        "rejects",
    ];
    print_table(&header, streams.iter().map(table_row));
    for stream in streams.iter().filter(|stream| stream.reason.is_some()) {
        let reason = stream.reason.as_deref().unwrap_or_default();
        print_line(&format!("{}.{}: {reason}", stream.source, stream.stream));
    }
}

fn table_row(stream: &StreamStatus) -> Vec<String> {
    vec![
        format!("{}.{}", stream.source, stream.stream),
        format_instant(stream.complete_through),
        stream.lag_seconds.map_or_else(|| "-".to_owned(), format_duration),
        format_instant(stream.settled_through),
        stream.last_state.clone().unwrap_or_else(|| "-".to_owned()),
        format_number(stream.row_count),
        format_number(stream.reject_count),
    ]
}

fn json_value(stream: &StreamStatus) -> Value {
    let text = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339());
    json!({
        "source": stream.source,
        "stream": stream.stream,
        "complete_through": text(stream.complete_through),
        "settled_through": text(stream.settled_through),
        "lag_seconds": stream.lag_seconds,
        "last_slice": { "state": stream.last_state, "reason": stream.last_reason, "at": text(stream.last_at) },
        "row_count": stream.row_count,
        "reject_count": stream.reject_count,
        "held_deletions": stream.held_deletions,
    })
}
