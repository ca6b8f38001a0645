//! Progress of a long run: bars on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::engine::{Event, Observer, RunReport};

use super::output::{format_number, print_line};

/// An observer for a run that a person waits for.
pub(super) fn observe_progress() -> Observer {
    if std::io::stderr().is_terminal() {
        show_bars()
    } else {
        print_lines()
    }
}

/// One bar for each stream, which counts slices and rows.
fn show_bars() -> Observer {
    let all = MultiProgress::new();
    let bars: Mutex<HashMap<String, (ProgressBar, i64)>> = Mutex::new(HashMap::new());
    Arc::new(move |event| {
        let mut bars = bars.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunPlanned {
                source,
                stream,
                slice_count,
            } => {
                let bar = all.add(ProgressBar::new(slice_count as u64).with_style(bar_style()));
                bar.set_prefix(stream_name(source, stream));
                bars.insert(stream_name(source, stream), (bar, 0));
            }
            Event::BatchLoaded {
                source,
                stream,
                counts,
                ..
            } => {
                if let Some((bar, rows)) = bars.get_mut(&stream_name(source, stream)) {
                    *rows += counts.seen();
                    bar.set_message(format!("{} rows", format_number(*rows)));
                }
            }
            Event::SliceEnded { source, stream, .. } => {
                if let Some((bar, _)) = bars.get(&stream_name(source, stream)) {
                    bar.inc(1);
                }
            }
            Event::RequestEnded { .. } => (),
            Event::RunEnded(report) => {
                if let Some((bar, _)) = bars.get(&stream_name(&report.source, &report.stream)) {
                    bar.finish();
                }
            }
        }
    })
}

fn bar_style() -> ProgressStyle {
    let form = "{prefix:30} {bar:30} {pos}/{len} slices  {msg}  {elapsed}";
    ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A line when a run begins, and one when it has ended.
fn print_lines() -> Observer {
    Arc::new(|event| match event {
        Event::RunPlanned {
            source,
            stream,
            slice_count,
        } => {
            print_line(&format!(
                "{}: {slice_count} slices to read",
                stream_name(source, stream)
            ));
        }
        Event::RunEnded(report) => print_line(&summarize_run(report)),
        Event::BatchLoaded { .. } | Event::RequestEnded { .. } | Event::SliceEnded { .. } => (),
    })
}

/// What a run did, in one line.
pub(super) fn summarize_run(report: &RunReport) -> String {
    let counts = &report.counts;
    let state = if report.is_complete() {
        "complete"
    } else {
        "NOT complete"
    };
    let mut line = format!(
        "{}: {state}, {} new, {} changed, {} unchanged",
        stream_name(&report.source, &report.stream),
        format_number(counts.inserted),
        format_number(counts.updated),
        format_number(counts.unchanged),
    );
    for (count, word) in [
        (counts.deleted, "deleted"),
        (report.restored, "had been missing in the warehouse"),
        (report.lost, "are missing still"),
        (counts.rejected, "unreadable (see sync.rejects)"),
    ] {
        if count > 0 {
            line = format!("{line}, {} {word}", format_number(count));
        }
    }
    line
}

fn stream_name(source: &str, stream: &str) -> String {
    format!("{source}.{stream}")
}
