//! One simulated source: a stream of windows under a budget, and what of it was read.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use connectors::source::{SyncMode, Window, WindowPolicy};
use convene::engine::plan_bare_windows;
use convene::transport::{Slot, SlotAccount};

/// How often the stream runs.
const EVERY: i64 = 300;
/// What a day of its history takes.
const REQUESTS_PER_DAY: i64 = 20;
/// How long an answer takes.
const ANSWER: Duration = Duration::from_secs(1);
/// How far apart its requests lie at least.
const INTERVAL: Duration = Duration::from_secs(1);
/// How far its history reaches back.
pub(crate) const HISTORY: TimeDelta = TimeDelta::days(30);

/// The moments of the simulation, by both clocks that the decisions know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The calendar.
    pub(crate) now: DateTime<Utc>,
    /// The clock of budgets.
    pub(crate) clock: Instant,
    /// Seconds since the beginning.
    pub(crate) second: i64,
}

/// A window that is being read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    window: Window,
    requests_left: i64,
    /// When the answer to the last request comes, or the next one may be sent.
    next: Instant,
}

/// The source.
#[derive(Debug)]
pub(crate) struct SimulatedSource {
    pub(crate) name: String,
    /// The instance that holds its lease.
    pub(crate) holder: Option<usize>,
    /// When the lease runs out, in seconds.
    pub(crate) expires: i64,
    pub(crate) request_count: u64,
    since: DateTime<Utc>,
    covered: Vec<Window>,
    account: SlotAccount,
    next_run: i64,
    planned: Vec<Window>,
    reading: Option<Reading>,
}

impl SimulatedSource {
    pub(crate) fn new(number: usize, begin: Moment) -> Self {
        Self {
            name: format!("source_{number:04}"),
            holder: None,
            expires: i64::MIN,
            request_count: 0,
            since: begin.now - HISTORY,
            covered: Vec::new(),
            account: SlotAccount::open(begin.clock, INTERVAL),
            // Operators do not begin everything in one second, and schedules are drawn apart.
            next_run: i64::try_from(number).unwrap_or(0) % EVERY,
            planned: Vec::new(),
            reading: None,
        }
    }

    /// What a dead holder leaves: a slice that was not read to its end covers nothing.
    pub(crate) fn drop_work(&mut self) {
        self.planned.clear();
        self.reading = None;
    }

    /// A second of its holder's work.
    pub(crate) fn work(&mut self, at: Moment) {
        if at.second >= self.next_run {
            // A tick in the middle of a run lets the newest data come first again.
            self.next_run = at.second + EVERY;
            self.planned = plan_bare_windows(self.since, &self.covered, &policy(), at.now);
            self.planned.reverse();
        }
        let Some(reading) = &mut self.reading else {
            self.reading = self.planned.pop().map(|window| begin_reading(window, at.clock));
            return;
        };
        if reading.next > at.clock {
            return;
        }
        if reading.requests_left > 0 {
            let Slot::After(wait) = self.account.reserve_next(INTERVAL, at.clock) else {
                return;
            };
            reading.requests_left -= 1;
            reading.next = at.clock + wait + ANSWER;
            self.request_count += 1;
            return;
        }
        let window = reading.window;
        self.reading = None;
        self.cover(window);
    }

    fn cover(&mut self, window: Window) {
        self.covered.push(window);
        self.covered.sort_by_key(|window| window.since);
        let mut merged: Vec<Window> = Vec::with_capacity(self.covered.len());
        for next in self.covered.drain(..) {
            match merged.last_mut() {
                Some(last) if next.since <= last.until => last.until = last.until.max(next.until),
                _ => merged.push(next),
            }
        }
        self.covered = merged;
    }

    /// How far the newest data are behind, in seconds; all of history where nothing was read.
    pub(crate) fn lag(&self, now: DateTime<Utc>) -> i64 {
        let newest = self.covered.last().map_or(self.since, |window| window.until);
        (now - newest).num_seconds()
    }

    /// True where its history has no gap.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.covered.as_slice(), [only] if only.since <= self.since)
    }
}

fn begin_reading(window: Window, clock: Instant) -> Reading {
    let hours = window.span().num_hours();
    Reading {
        window,
        requests_left: (hours * REQUESTS_PER_DAY / 24).max(1),
        next: clock,
    }
}

/// The measures of the call log of Convoso.
fn policy() -> WindowPolicy {
    let convoso = connectors::vendors::find_vendor("convoso").expect("it is a vendor");
    let calls = convoso.streams.iter().find(|stream| stream.name == "calls");
    match calls.expect("it has calls").mode {
        SyncMode::Windowed(policy) => policy,
        _ => unreachable!("calls are read by windows"),
    }
}
