//! Progress of a long run: a line for the whole and a few for what runs now on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::engine::{Event, Observer, RunReport};

use super::output::{format_number, print_line};

/// How wide a line is at most: the narrowest terminal that people use.
const WIDTH: usize = 79;
/// How many streams are shown that run now. With the line for the whole and the rest, half of a small terminal stays free.
const MOST_SHOWN: usize = 8;
/// How wide the name of a stream is shown.
const NAME_WIDTH: usize = 32;
/// How wide a bar is.
const BAR_WIDTH: usize = 12;
/// What is said when somebody wants to stop.
const DRAINING: &str = "Stopping: the pages in hand are finished; Ctrl-C again ends at once";

/// An observer for a run that a person waits for. It says when `stop` is wanted.
pub(super) fn observe_progress(stop: &CancellationToken) -> Observer {
    if std::io::stderr().is_terminal() {
        show_board(stop.clone())
    } else {
        print_lines(stop.clone())
    }
}

/// How far the runs are.
#[derive(Debug, Default)]
struct Board {
    running: Vec<Running>,
    complete_count: usize,
    flawed_count: usize,
    row_count: i64,
    is_draining: bool,
}

/// A run that has not ended.
#[derive(Debug)]
struct Running {
    name: String,
    slice_count: usize,
    ended_slices: usize,
    row_count: i64,
}

impl Board {
    fn take_in(&mut self, event: Event<'_>) {
        match event {
            Event::RunPlanned {
                source,
                stream,
                slice_count,
            } => self.running.push(Running {
                name: stream_name(source, stream),
                slice_count,
                ended_slices: 0,
                row_count: 0,
            }),
            Event::BatchLoaded {
                source,
                stream,
                counts,
                ..
            } => {
                self.row_count += counts.seen();
                if let Some(running) = self.find(source, stream) {
                    running.row_count += counts.seen();
                }
            }
            Event::SliceEnded { source, stream, .. } => {
                if let Some(running) = self.find(source, stream) {
                    running.ended_slices += 1;
                }
            }
            Event::RequestEnded { .. } => (),
            Event::RunEnded(report) => {
                let name = stream_name(&report.source, &report.stream);
                self.running.retain(|running| running.name != name);
                if report.is_complete() {
                    self.complete_count += 1;
                } else {
                    self.flawed_count += 1;
                }
            }
        }
    }

    fn find(&mut self, source: &str, stream: &str) -> Option<&mut Running> {
        let name = stream_name(source, stream);
        self.running.iter_mut().find(|running| running.name == name)
    }

    /// One line for the whole.
    fn whole_line(&self) -> String {
        let ended = self.complete_count + self.flawed_count;
        let all = ended + self.running.len();
        let mut line = format!("{ended} of {all} streams done");
        if self.flawed_count > 0 {
            line = format!("{line}, {} of them NOT complete", self.flawed_count);
        }
        format!("{line}, {} rows", format_number(self.row_count))
    }

    /// The lines below it: those that run longest, and how many more there are.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if self.is_draining {
            lines.push(DRAINING.to_owned());
        }
        // What waits for its turn has nothing to show yet.
        let (busy, idle): (Vec<&Running>, Vec<&Running>) = self
            .running
            .iter()
            .partition(|running| running.row_count > 0 || running.ended_slices > 0);
        let shown = busy.iter().chain(&idle).take(MOST_SHOWN);
        lines.extend(shown.map(|running| running.line()));
        let more = self.running.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
        lines
    }
}

impl Running {
    fn line(&self) -> String {
        // The lookups of a run may end before anything was planned for them.
        let ended = self.ended_slices.min(self.slice_count);
        let filled = (ended * BAR_WIDTH).checked_div(self.slice_count).unwrap_or(0);
        let bar = format!("{}{}", "#".repeat(filled), "-".repeat(BAR_WIDTH - filled));
        let line = format!(
            "  {:<NAME_WIDTH$} {bar} {:>9} {:>16}",
            cut_name(&self.name),
            format!("{ended}/{}", self.slice_count),
            format!("{} rows", format_number(self.row_count)),
        );
        line.chars().take(WIDTH).collect()
    }
}

/// The name of a stream in the width that there is: of one that is too long, the end tells more.
fn cut_name(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_WIDTH {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length + 1 - NAME_WIDTH).collect();
    format!("…{end}")
}

/// The board on a terminal: a line for the whole, and places for the lines below it.
struct Screen {
    board: Board,
    all: MultiProgress,
    whole: ProgressBar,
    places: Vec<ProgressBar>,
}

impl Screen {
    fn open() -> Self {
        let all = MultiProgress::new();
        let whole = all.add(ProgressBar::new_spinner().with_style(line_style("{msg}, {elapsed}")));
        whole.enable_steady_tick(Duration::from_millis(500));
        Self {
            board: Board::default(),
            all,
            whole,
            places: Vec::new(),
        }
    }

    fn draw(&mut self) {
        self.whole.set_message(self.board.whole_line());
        let lines = self.board.lines();
        while self.places.len() < lines.len() {
            let place = ProgressBar::new_spinner().with_style(line_style("{msg}"));
            self.places.push(self.all.add(place));
        }
        while self.places.len() > lines.len() {
            if let Some(place) = self.places.pop() {
                place.finish_and_clear();
                self.all.remove(&place);
            }
        }
        for (place, line) in self.places.iter().zip(lines) {
            if place.message() != line {
                place.set_message(line);
            }
        }
    }
}

impl Drop for Screen {
    /// The bars go; what has become of the streams stays as one line.
    fn drop(&mut self) {
        for place in &self.places {
            place.finish_and_clear();
        }
        self.whole.finish_and_clear();
        if self.board.complete_count + self.board.flawed_count > 0 {
            print_line(&format!("{}.", self.board.whole_line()));
        }
    }
}

fn line_style(form: &str) -> ProgressStyle {
    ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn show_board(stop: CancellationToken) -> Observer {
    let screen = Arc::new(Mutex::new(Screen::open()));
    let draining = Arc::downgrade(&screen);
    tokio::spawn(async move {
        stop.cancelled().await;
        if let Some(screen) = draining.upgrade() {
            let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
            screen.board.is_draining = true;
            screen.draw();
        }
    });
    Arc::new(move |event| {
        let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.board.take_in(event);
        screen.draw();
    })
}

/// A line when a run begins, and one when it has ended.
fn print_lines(stop: CancellationToken) -> Observer {
    // One line at a time; and once the observer is gone there is nothing to drain.
    let printing = Arc::new(Mutex::new(()));
    let draining = Arc::downgrade(&printing);
    tokio::spawn(async move {
        stop.cancelled().await;
        if draining.upgrade().is_some() {
            print_line(DRAINING);
        }
    });
    Arc::new(move |event| {
        let _turn = printing.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
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
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::UnfinishedSlice;
    use crate::warehouse::Counts;
    use connectors::source::Remedy;

    fn planned(board: &mut Board, stream: &str, slice_count: usize) {
        board.take_in(Event::RunPlanned {
            source: "an_account_with_quite_a_long_name",
            stream,
            slice_count,
        });
    }

    #[test]
    fn thirty_one_streams_fit_a_small_terminal_and_no_line_wraps() {
        let mut board = Board::default();
        for number in 0..31 {
            planned(&mut board, &format!("followed_conversations_{number}"), 12_345);
        }
        let counts = Counts {
            unchanged: 123_456_789,
            ..Counts::default()
        };
        let (source, stream) = ("an_account_with_quite_a_long_name", "followed_conversations_30");
        board.take_in(Event::BatchLoaded {
            source,
            stream,
            counts,
            tables: &[],
            elapsed: Duration::ZERO,
        });
        board.is_draining = true;
        let lines = board.lines();
        assert!(lines.len() < 12, "{lines:#?}");
        assert!(
            lines.iter().all(|line| line.chars().count() <= WIDTH),
            "{lines:#?}"
        );
        assert!(lines[1].contains("conversations_30"), "what is busy comes first");
        assert_eq!(lines.last().map(String::as_str), Some("  and 23 more"));
        assert_eq!(board.whole_line(), "0 of 31 streams done, 123,456,789 rows");
    }

    #[test]
    fn a_bar_shows_what_has_ended_and_a_run_that_breaks_off_fills_none() {
        let mut board = Board::default();
        planned(&mut board, "calls", 4);
        board.take_in(Event::SliceEnded {
            source: "an_account_with_quite_a_long_name",
            stream: "calls",
            outcome: "complete",
        });
        assert!(board.lines()[0].contains("###--------- "), "{:?}", board.lines());
        let mut report = RunReport::begin("an_account_with_quite_a_long_name", "calls");
        report.unfinished.push(UnfinishedSlice {
            partition: String::new(),
            window: None,
            is_failed: true,
            is_waiting: false,
            reason: String::new(),
            remedy: Remedy::NextRun,
        });
        board.take_in(Event::RunEnded(&report));
        assert!(board.lines().is_empty());
        assert_eq!(
            board.whole_line(),
            "1 of 1 streams done, 1 of them NOT complete, 0 rows"
        );
    }
}
