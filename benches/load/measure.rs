//! Figures: time, processor time and memory, as the system tells them.

use std::time::{Duration, Instant};

/// Ticks of processor time in a second, which Linux has fixed for its programs.
const TICKS: f64 = 100.0;

/// What one measurement gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) rows: i64,
    pub(crate) seconds: f64,
    /// What came after the rows were loaded: persons, and days of the marts.
    pub(crate) derive_seconds: f64,
    pub(crate) cost: Cost,
}

/// What it took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Peak memory of our process.
    pub(crate) peak_mib: f64,
    /// Processor time of our process.
    pub(crate) own_seconds: f64,
    /// Processor time of all processes of the server.
    pub(crate) server_seconds: f64,
}

impl Figure {
    /// Rows in a second.
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    /// Seconds for a million rows.
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
    pub(crate) fn per_million(&self, of: impl Fn(&Cost) -> f64) -> f64 {
        of(&self.cost) * 1e6 / self.rows as f64
    }
}

/// The value in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of a process and of its children that have ended.
struct Times {
    own: f64,
    ended_children: f64,
    parent: u32,
}

fn times(process: u32) -> Option<Times> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program may hold anything, but ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Times {
        parent: fields.get(1)?.parse().ok()?,
        own: (ticks(11)? + ticks(12)?) / TICKS,
        ended_children: (ticks(13)? + ticks(14)?) / TICKS,
    })
}

/// The parent of a process.
pub(crate) fn parent_of(process: u32) -> Option<u32> {
    times(process).map(|times| times.parent)
}

/// Processor time of a process so far.
pub(crate) fn seconds_of(process: u32) -> f64 {
    times(process).map_or(0.0, |times| times.own)
}

/// Processor time of a server: of its first process, and of all others, which are that one's children.
pub(crate) fn seconds_of_server(first: u32) -> f64 {
    let Some(own) = times(first) else { return 0.0 };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = numbers.filter_map(times).filter(|times| times.parent == first);
    own.own + own.ended_children + children.map(|times| times.own).sum::<f64>()
}

/// Waits for a process of ours; its peak memory and its processor time. `good` are the exit codes that it may end with.
pub(crate) async fn watch(mut process: std::process::Child, good: &[i32]) -> anyhow::Result<(f64, Cost)> {
    let begin = Instant::now();
    let before = times(std::process::id()).map_or(0.0, |times| times.ended_children);
    let mut peak_mib = 0.0;
    let ended = loop {
        peak_mib = peak(process.id()).unwrap_or(peak_mib);
        match process.try_wait()? {
            Some(ended) => break ended,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let seconds = begin.elapsed().as_secs_f64();
    let is_good = ended.code().is_some_and(|code| good.contains(&code));
    anyhow::ensure!(is_good, "the command ended with {ended}");
    let after = times(std::process::id()).map_or(0.0, |times| times.ended_children);
    let cost = Cost {
        peak_mib,
        own_seconds: after - before,
        server_seconds: 0.0,
    };
    Ok((seconds, cost))
}

/// Peak memory of a process in MiB.
fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
