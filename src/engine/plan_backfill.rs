//! A range of the past that somebody wants: which slices read it, what it costs, and what of it every partition has read.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Days, SubsecRound, Utc};
use thiserror::Error;

use crate::warehouse::{Density, RequestId};
use connectors::source::{SyncMode, Window, window_of_days};

use super::plan::{PlannedSlice, cut_window};
use super::stream_spec::StreamSpec;

/// Why a range cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BackfillError {
    /// The stream is not read by time.
    #[error("`{stream}` is not read by time ({mode}): each of its runs reads all that there is")]
    NotByTime {
        /// The stream.
        stream: &'static str,
        /// The word for how it moves.
        mode: &'static str,
    },
    /// Nothing of it is in the past.
    #[error("nothing of it is old enough to be read")]
    NotPast,
}

/// What a backfill costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Slices.
    pub slice_count: u64,
    /// Requests, about.
    pub request_count: u64,
    /// Rows, about; nothing where the stream has no history to take it from.
    pub row_count: Option<u64>,
    /// How long the requests take at least, by the credential's budget.
    pub time: Duration,
}

/// What reading a range costs, by what the ledger knows of the stream.
pub fn price_backfill(
    spec: &StreamSpec,
    range: Window,
    density: Density,
    requests_per_minute: u32,
    now: DateTime<Utc>,
) -> Result<Price, BackfillError> {
    if spec.mode.window_policy().is_none() && !matches!(spec.mode, SyncMode::Daily(_)) {
        return Err(BackfillError::NotByTime {
            stream: spec.name(),
            mode: spec.mode.word(),
        });
    }
    let windows: Vec<Window> = spec
        .partitions()
        .iter()
        .flat_map(|partition| plan_range(spec, partition, range, now))
        .collect();
    if windows.is_empty() {
        return Err(BackfillError::NotPast);
    }
    Ok(estimate(&windows, density, requests_per_minute))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate for people"
)]
fn estimate(windows: &[Window], density: Density, requests_per_minute: u32) -> Price {
    let slice_count = windows.len() as u64;
    let seconds: f64 = windows
        .iter()
        .map(|window| window.span().num_seconds() as f64)
        .sum();
    let is_known = density.slice_count > 0 && density.seconds > 0.0;
    let scaled = |count: i64| (count as f64 * seconds / density.seconds).ceil() as u64;
    // Each slice takes a request at least, however little there is.
    let request_count = if is_known {
        scaled(density.request_count).max(slice_count)
    } else {
        slice_count
    };
    Price {
        slice_count,
        request_count,
        row_count: is_known.then(|| scaled(density.row_count)),
        time: Duration::from_secs_f64(request_count as f64 * 60.0 / f64::from(requests_per_minute.max(1))),
    }
}

/// The windows that read a range, the newest first, as far as it is old enough to be read.
pub(super) fn plan_range(
    spec: &StreamSpec,
    partition: &str,
    range: Window,
    now: DateTime<Utc>,
) -> Vec<Window> {
    if let SyncMode::Daily(policy) = &spec.mode {
        let period = (policy.period)(partition);
        let zone = spec.account.time_zone;
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let last = local(range.until - chrono::TimeDelta::seconds(1));
        let first = period.first_day(local(range.since));
        let before = |day: &chrono::NaiveDate| Some(period.first_day(day.checked_sub_days(Days::new(1))?));
        return std::iter::successors(Some(period.first_day(last)), before)
            .take_while(|day| *day >= first)
            .filter_map(|day| {
                let whole = window_of_days(day, period.next_first_day(day), zone)?;
                Window::new(whole.since, whole.until.min(now))
            })
            .collect();
    }
    let Some(policy) = spec.mode.window_policy() else {
        return Vec::new();
    };
    let end = range.until.min((now - policy.delay).trunc_subsecs(0));
    let window = Window::new(range.since, end);
    window
        .into_iter()
        .flat_map(|window| cut_window(window, policy.max_span))
        .collect()
}

/// What of each backfill the partitions of a stream have read within one run.
#[derive(Debug, Default)]
pub(super) struct BackfillTally {
    read: BTreeMap<(i64, String), Vec<Window>>,
}

impl BackfillTally {
    /// What a run has before it.
    pub(super) fn of(slices: &[PlannedSlice]) -> Self {
        let parts = slices.iter().filter_map(|slice| {
            let id = slice.backfill?;
            Some(((id.0, slice.partition.clone()), Vec::new()))
        });
        Self {
            read: parts.collect(),
        }
    }

    /// Takes in a window that a partition has read completely; gives back what of it every partition has read now.
    pub(super) fn add(&mut self, id: RequestId, partition: &str, window: Window) -> Vec<Window> {
        let own = self.read.entry((id.0, partition.to_owned())).or_default();
        own.push(window);
        let others = self
            .read
            .iter()
            .filter(|((other, name), _)| *other == id.0 && name != partition);
        others.fold(vec![window], |left, (_, read)| intersect(&left, read))
    }
}

fn intersect(one: &[Window], other: &[Window]) -> Vec<Window> {
    one.iter()
        .flat_map(|one| other.iter().filter_map(|other| one.intersect(other)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: i64, until: i64) -> Window {
        let at = |hour| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour);
        Window {
            since: at(since),
            until: at(until),
        }
    }

    #[test]
    fn a_price_follows_the_density_of_the_stream_and_the_budget() {
        let density = Density {
            slice_count: 10,
            seconds: 36_000.0,
            request_count: 20,
            row_count: 500,
        };
        let price = estimate(&[window(0, 24), window(24, 48)], density, 60);
        let wanted = Price {
            slice_count: 2,
            request_count: 96,
            row_count: Some(2_400),
            time: Duration::from_secs(96),
        };
        assert_eq!(price, wanted);
        let sparse = Density {
            request_count: 0,
            ..density
        };
        assert_eq!(estimate(&[window(0, 1)], sparse, 60).request_count, 1);
        let unknown = Density {
            slice_count: 0,
            seconds: 0.0,
            ..density
        };
        let price = estimate(&[window(0, 1)], unknown, 30);
        assert_eq!(
            (price.request_count, price.row_count, price.time),
            (1, None, Duration::from_secs(2))
        );
    }

    #[test]
    fn a_part_counts_when_every_partition_has_read_it() {
        let id = RequestId(7);
        let mut tally = BackfillTally::default();
        for partition in ["a", "b"] {
            tally.read.insert((id.0, partition.to_owned()), Vec::new());
        }
        assert_eq!(tally.add(id, "a", window(0, 24)), []);
        assert_eq!(tally.add(id, "b", window(12, 36)), [window(12, 24)]);
        assert_eq!(tally.add(id, "a", window(24, 48)), [window(24, 36)]);
        let mut single = BackfillTally::default();
        single.read.insert((id.0, String::new()), Vec::new());
        assert_eq!(single.add(id, "", window(1, 2)), [window(1, 2)]);
    }
}
