//! What a table holds against what the vendor has: windows that count as complete are asked for again, and what is missing is loaded.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::transport::Priority;
use crate::warehouse::{Coverage, Purpose, RunEnd, RunId, RunState};
use connectors::source::{Extent, Period, Remedy, Slice, SyncMode, Window, window_of_days};

use super::SyncError;
use super::plan::{IdsLeft, PlannedSlice, Rank, cut_window};
use super::run_plan::prepare_partition;
use super::session::Session;
use super::slice::run_slice;
use super::stream_spec::StreamSpec;

/// What is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompareScope {
    /// Only what lies at or after this instant.
    pub since: Option<DateTime<Utc>>,
    /// Only what lies before this instant.
    pub until: Option<DateTime<Utc>>,
    /// How many windows of each partition, chosen by chance besides the newest and the oldest; all of them without a number.
    pub sample: Option<usize>,
}

/// A window, or a whole list, that was held against the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The partition; empty where there is only one.
    pub partition: String,
    /// The window; nothing for a whole list.
    pub window: Option<Window>,
    /// How many rows the vendor counts, where one request told that the table has them all.
    pub counted: Option<u64>,
    /// Rows that the vendor has and the table had not.
    pub missing: i64,
    /// Rows that were different.
    pub different: i64,
    /// Rows that are gone at the vendor.
    pub gone: i64,
    /// Why it could not be compared.
    pub flaw: Option<String>,
}

/// What the comparison of a stream came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// What was compared, the newest first.
    pub compared: Vec<Compared>,
    /// How many windows there are to compare.
    pub window_count: usize,
    /// True where its rows are read by their ids, which only counting can compare.
    pub is_by_id: bool,
}

/// Holds a stream against its vendor. What is missing, or different, is loaded; `on_compared` hears of each window.
pub async fn compare_stream(
    spec: &StreamSpec,
    session: &Session,
    scope: CompareScope,
    mut on_compared: impl FnMut(&StreamSpec, &Compared),
) -> Result<Comparison, SyncError> {
    let mut comparison = Comparison {
        source: spec.source.clone(),
        stream: spec.name().to_owned(),
        compared: Vec::new(),
        window_count: 0,
        is_by_id: matches!(spec.mode, SyncMode::Lookup(_)),
    };
    if comparison.is_by_id {
        return Ok(comparison);
    }
    let now = session.clock.now();
    let mut planned = Vec::new();
    for partition in spec.partitions() {
        let coverage = prepare_partition(spec, session, &partition, now).await?;
        let whole = CompareScope {
            sample: None,
            ..scope
        };
        let all = windows_to_compare(spec, &partition, &coverage.covered, whole, now);
        comparison.window_count += all.map_or(1, |windows| windows.len());
        planned.extend(covered_slices(spec, &partition, &coverage, scope, now));
    }
    let run = session
        .warehouse
        .begin_run(&session.lease, spec.name(), now)
        .await?;
    let mut outcome = Ok(());
    for planned in &planned {
        if session.stop.is_cancelled() {
            break;
        }
        match compare_slice(spec, session, run, planned).await {
            Ok(compared) => {
                on_compared(spec, &compared);
                comparison.compared.push(compared);
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    end_comparison(session, run, &comparison, outcome.is_ok()).await?;
    outcome.map(|()| comparison)
}

/// By counting where that proves it, else by reading.
async fn compare_slice(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    planned: &PlannedSlice,
) -> Result<Compared, SyncError> {
    match count_window(spec, session, planned).await {
        Some(counted) => Ok(Compared {
            counted: Some(counted),
            ..untouched(planned)
        }),
        None => read_again(spec, session, run, planned).await,
    }
}

async fn end_comparison(
    session: &Session,
    run: RunId,
    comparison: &Comparison,
    is_whole: bool,
) -> Result<(), SyncError> {
    let mut flaws = comparison.compared.iter().filter_map(|one| one.flaw.as_deref());
    let flaw = flaws.next();
    let end = RunEnd {
        state: if flaw.is_none() && is_whole {
            RunState::Complete
        } else {
            RunState::Incomplete
        },
        reason: flaw,
        remedy: flaw.map(|_| Remedy::NextRun),
    };
    Ok(session.warehouse.end_run(&session.lease, run, &end).await?)
}

fn untouched(planned: &PlannedSlice) -> Compared {
    Compared {
        partition: planned.partition.clone(),
        window: planned.window(),
        counted: None,
        missing: 0,
        different: 0,
        gone: 0,
        flaw: None,
    }
}

async fn read_again(
    spec: &StreamSpec,
    session: &Session,
    run: RunId,
    planned: &PlannedSlice,
) -> Result<Compared, SyncError> {
    let slice = run_slice(spec, session, run, planned).await?;
    Ok(Compared {
        missing: slice.counts.inserted,
        different: slice.counts.updated,
        gone: slice.counts.deleted,
        flaw: slice.flaw.map(|flaw| flaw.reason),
        ..untouched(planned)
    })
}

/// The vendor's total of a window, where it says one, and the table holds as many rows of that time. One request tells.
async fn count_window(spec: &StreamSpec, session: &Session, planned: &PlannedSlice) -> Option<u64> {
    let (column, window) = (spec.stream.dated_by?, planned.window()?);
    let slice = Slice {
        partition: planned.partition.clone(),
        extent: planned.extent.clone(),
        started_at: session.clock.now(),
    };
    let mut reader = spec.open(slice);
    let request = reader.request()?;
    // What goes wrong here goes wrong again when the window is read, which then says why.
    let reply = spec.client.send_request(&request, Priority::History).await.ok()?;
    reader.accept(&reply.response).ok()?;
    let total = reader.finish().total?;
    let held = session
        .warehouse
        .count_window(spec.stream.fills[0], &spec.source, column, window)
        .await
        .ok()?;
    // Some vendors count the last instant of a window with it.
    let total_rows = i64::try_from(total).ok()?;
    (held.within <= total_rows && total_rows <= held.with_end).then_some(total)
}

/// What counts as complete, in slices, the newest first.
fn covered_slices(
    spec: &StreamSpec,
    partition: &str,
    coverage: &Coverage,
    scope: CompareScope,
    now: DateTime<Utc>,
) -> Vec<PlannedSlice> {
    let slice = |extent: Extent, purpose: Purpose| PlannedSlice {
        partition: partition.to_owned(),
        generation: coverage.generation,
        purpose,
        extent,
        rank: Rank::Reread,
        skip_probe: false,
        ids_left: IdsLeft::default(),
        backfill: None,
    };
    let Some(windows) = windows_to_compare(spec, partition, &coverage.covered, scope, now) else {
        return vec![slice(Extent::List, Purpose::Full)];
    };
    let windowed = |window| {
        let extent = Extent::Window {
            window,
            is_open: false,
        };
        slice(extent, Purpose::Reread)
    };
    windows.into_iter().map(windowed).collect()
}

/// The windows to compare of what is covered, the newest first; nothing where the stream is one list, to be compared as a whole.
pub fn windows_to_compare(
    spec: &StreamSpec,
    partition: &str,
    covered: &[Window],
    scope: CompareScope,
    now: DateTime<Utc>,
) -> Option<Vec<Window>> {
    let within = |window: &Window| {
        Window::new(
            scope.since.map_or(window.since, |since| since.max(window.since)),
            scope.until.map_or(window.until, |until| until.min(window.until)),
        )
    };
    let covered = covered.iter().filter_map(within);
    let mut windows: Vec<Window> = match &spec.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => covered
            .flat_map(|window| cut_window(window, policy.max_span))
            .collect(),
        SyncMode::Daily(policy) => {
            let (period, zone) = ((policy.period)(partition), spec.account.time_zone);
            covered
                .flat_map(|covered| whole_periods(covered, period, zone))
                .filter_map(|whole| Window::new(whole.since, whole.until.min(now)))
                .collect()
        }
        SyncMode::FullRefresh(_) | SyncMode::NewestFirst(_) => return None,
        SyncMode::Lookup(_) => Vec::new(),
    };
    windows.sort_by_key(|window| std::cmp::Reverse(window.since));
    windows.dedup();
    if let Some(count) = scope.sample {
        choose_sample(&mut windows, count);
    }
    Some(windows)
}

/// The periods that a window touches: the figures of a period are read as a whole.
fn whole_periods(window: Window, period: Period, zone: Tz) -> Vec<Window> {
    let first = period.first_day(window.since.with_timezone(&zone).date_naive());
    let days = std::iter::successors(Some(first), |day| Some(period.next_first_day(*day)));
    days.map_while(|day| window_of_days(day, period.next_first_day(day), zone))
        .take_while(|whole| whole.since < window.until)
        .collect()
}

/// Keeps the newest, the oldest, and some between by chance; their order stays.
fn choose_sample(windows: &mut Vec<Window>, count: usize) {
    let len = windows.len();
    if len <= count.max(2) {
        return;
    }
    let mut between: Vec<usize> = (1..len - 1).collect();
    fastrand::shuffle(&mut between);
    between.truncate(count.saturating_sub(2));
    let mut place = 0;
    windows.retain(|_| {
        let is_kept = place == 0 || place == len - 1 || between.contains(&place);
        place += 1;
        is_kept
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour)
    }

    #[test]
    fn a_sample_has_the_newest_and_the_oldest_and_as_many_as_are_wanted() {
        let window = |place: i64| Window {
            since: hour(place),
            until: hour(place + 1),
        };
        for (all, wanted, kept) in [(1, 3, 1), (2, 1, 2), (3, 3, 3), (50, 5, 5), (50, 0, 2)] {
            let mut windows: Vec<Window> = (0..all).map(window).collect();
            choose_sample(&mut windows, wanted);
            assert_eq!(windows.len(), kept, "{all} {wanted}");
            assert!(windows.is_sorted_by_key(|window| window.since), "{windows:?}");
            assert_eq!((windows[0], windows[kept - 1]), (window(0), window(all - 1)));
        }
    }

    #[test]
    fn figures_of_a_period_are_compared_as_a_whole() {
        let window = Window {
            since: hour(30),
            until: hour(60),
        };
        let days = whole_periods(window, Period::Day, Tz::UTC);
        let starts: Vec<DateTime<Utc>> = days.iter().map(|day| day.since).collect();
        assert_eq!(starts, [hour(24), hour(48)]);
    }
}
