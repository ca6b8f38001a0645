//! `convene top`: what runs now, again and again.

use std::io::IsTerminal;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::{RunFilter, RunRecord, SliceRecord, StreamStatus, Warehouse};

use super::COMPLETE;
use super::columns::{cut_line, print_columns};
use super::output::{format_duration, format_number, print_line};
use super::runs::slice_value;

/// How many running slices are shown; the others are counted.
const MOST_RUNNING: usize = 8;
/// How many streams are shown that are not complete.
const MOST_FLAWS: usize = 4;
/// How many ended runs are shown.
const MOST_ENDED: u32 = 4;
/// Moves to the upper left corner and clears what is below.
const CLEAR: &str = "\u{1b}[H\u{1b}[J";

/// What runs now. On a terminal it stays and looks again, until Ctrl-C; elsewhere it looks once.
#[derive(Debug, Args)]
pub(super) struct Top {
    /// How many seconds between two looks
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// Look once
    #[arg(long)]
    once: bool,
    /// Look once and print JSON
    #[arg(long)]
    json: bool,
}

/// What there is to see at one moment.
struct Sight {
    at: DateTime<Utc>,
    running: Vec<SliceRecord>,
    streams: Vec<StreamStatus>,
    ended: Vec<RunRecord>,
}

impl Top {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let stays = std::io::stdout().is_terminal() && !self.once && !self.json;
        loop {
            let sight = look_around(&warehouse).await?;
            if self.json {
                print_line(&serde_json::to_string_pretty(&sight_value(&sight))?);
                return Ok(COMPLETE);
            }
            if stays {
                print_line(CLEAR);
            }
            print_sight(&sight);
            if !stays {
                return Ok(COMPLETE);
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(COMPLETE),
                () = tokio::time::sleep(Duration::from_secs(self.interval)) => (),
            }
        }
    }
}

async fn look_around(warehouse: &Warehouse) -> anyhow::Result<Sight> {
    let ended = RunFilter {
        source: None,
        stream: None,
        is_unfinished: false,
        limit: MOST_ENDED * 4,
    };
    let mut runs = warehouse.list_runs(&ended).await?;
    runs.retain(|run| run.ended_at.is_some());
    runs.truncate(MOST_ENDED as usize);
    Ok(Sight {
        at: warehouse.now().await?,
        running: warehouse.running_slices().await?,
        streams: warehouse.list_streams().await?,
        ended: runs,
    })
}

fn print_sight(sight: &Sight) {
    let wanted: Vec<&StreamStatus> = sight.streams.iter().filter(|stream| stream.is_enabled).collect();
    let (complete, flawed): (Vec<&StreamStatus>, Vec<&StreamStatus>) = wanted
        .iter()
        .copied()
        .partition(|stream| stream.state == "complete");
    print_line(&format!(
        "{}   {} of {} streams complete, {} slices are being read",
        sight.at.format("%Y-%m-%d %H:%M:%S UTC"),
        complete.len(),
        wanted.len(),
        sight.running.len()
    ));
    if !sight.running.is_empty() {
        print_line("");
        let rows: Vec<Vec<String>> = sight
            .running
            .iter()
            .take(MOST_RUNNING)
            .map(|slice| running_row(slice, sight.at))
            .collect();
        print_columns(&["reading", "what", "for", "requests", "rows"], &rows);
        print_rest(sight.running.len(), MOST_RUNNING);
    }
    if !flawed.is_empty() {
        print_line("\nnot complete");
        for stream in flawed.iter().take(MOST_FLAWS) {
            let reason = stream.reason.as_deref().unwrap_or(&stream.state);
            print_line(&cut_line(&format!(
                "{}.{}: {reason}",
                stream.source, stream.stream
            )));
        }
        print_rest(flawed.len(), MOST_FLAWS);
    }
    if !sight.ended.is_empty() {
        print_line("");
        let rows: Vec<Vec<String>> = sight.ended.iter().map(|run| ended_row(run, sight.at)).collect();
        print_columns(&["last runs", "state", "ended", "new", "changed"], &rows);
    }
}

fn print_rest(count: usize, shown: usize) {
    if count > shown {
        print_line(&format!("and {} more", count - shown));
    }
}

fn running_row(slice: &SliceRecord, now: DateTime<Utc>) -> Vec<String> {
    let what = match (slice.since, slice.until) {
        (Some(since), Some(_)) => format!("{} {}", slice.purpose, since.format("%m-%d %H:%M")),
        _ => slice.purpose.clone(),
    };
    let rows = slice.inserted + slice.updated + slice.unchanged + slice.duplicates;
    vec![
        format!("{}.{}", slice.source, slice.stream),
        what,
        format_duration((now - slice.started_at).num_seconds()),
        format_number(slice.request_count),
        format_number(rows),
    ]
}

fn ended_row(run: &RunRecord, now: DateTime<Utc>) -> Vec<String> {
    let ago = run.ended_at.map_or_else(String::new, |at| {
        format!("{} ago", format_duration((now - at).num_seconds()))
    });
    vec![
        format!("{}.{}", run.source, run.stream),
        run.state.clone(),
        ago,
        format_number(run.inserted),
        format_number(run.updated),
    ]
}

fn sight_value(sight: &Sight) -> Value {
    let wanted = || sight.streams.iter().filter(|stream| stream.is_enabled);
    let flawed: Vec<Value> = wanted()
        .filter(|stream| stream.state != "complete")
        .map(|stream| json!({ "source": stream.source, "stream": stream.stream, "state": stream.state, "reason": stream.reason }))
        .collect();
    json!({
        "at": sight.at.to_rfc3339(),
        "stream_count": wanted().count(),
        "running": sight.running.iter().map(slice_value).collect::<Vec<_>>(),
        "not_complete": flawed,
    })
}
