//! The slices of a run: what the warehouse holds of each partition, and what the stream's mode makes of it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::warehouse::{Coverage, PartitionSpec, PendingRequest, Purpose, Retry};
use connectors::source::{Extent, FeedPolicy, History, LookupPolicy, SyncMode, WindowPolicy};

use super::SyncError;
use super::plan::{IdsLeft, Known, PlannedSlice, PlannedWindow, Rank, find_gaps, plan_windows};
use super::plan_backfill::plan_range;
use super::plan_days::{DayRules, plan_days};
use super::session::Session;
use super::stream_spec::StreamSpec;

/// Where history begins when nobody says.
const DEFAULT_HISTORY: TimeDelta = TimeDelta::days(30);

/// The slices of a run, in order, and those that are left alone for now.
#[derive(Debug, Default)]
pub(super) struct RunPlan {
    /// What is read.
    pub(super) slices: Vec<PlannedSlice>,
    /// What failed before and waits for its next attempt.
    pub(super) waiting: Vec<WaitingSlice>,
    /// Ids that are due and were left to later runs.
    pub(super) ids_left: i64,
}

/// A slice that failed before, and waits for its next attempt.
#[derive(Debug)]
pub(super) struct WaitingSlice {
    /// The slice.
    pub(super) slice: PlannedSlice,
    /// Why it is left alone.
    pub(super) retry: Retry,
}

/// Plans a run over all partitions of a stream: the newest data of each first. `ignores_retries` tries those too that wait;
/// `wishes` are what people want of the stream's past.
pub(super) async fn plan_run(
    spec: &StreamSpec,
    session: &Session,
    ignores_retries: bool,
    wishes: &[PendingRequest],
) -> Result<RunPlan, SyncError> {
    let now = session.clock.now();
    let mut plan = RunPlan::default();
    let mut failed: Vec<PlannedSlice> = Vec::new();
    for partition in spec.partitions() {
        let coverage = prepare_partition(spec, session, &partition, now).await?;
        let mut planned = plan_partition(spec, session, &partition, &coverage, now).await?;
        planned.extend(plan_wishes(spec, &partition, &coverage, wishes, now));
        for slice in planned {
            plan.ids_left += slice.ids_left.count;
            if waits_for(&slice, &coverage.retries, DateTime::<Utc>::MIN_UTC).is_some() {
                failed.push(slice.clone());
            }
            match waits_for(&slice, &coverage.retries, now).filter(|_| !ignores_retries) {
                Some(retry) => plan.waiting.push(WaitingSlice {
                    slice,
                    retry: retry.clone(),
                }),
                None => plan.slices.push(slice),
            }
        }
    }
    // The order within a partition stays: the sort is stable. What failed before comes last, so that it delays only itself.
    plan.slices
        .sort_by_key(|slice| (slice.rank, failed.contains(slice)));
    Ok(plan)
}

/// The failure that a slice still waits for.
fn waits_for<'a>(slice: &PlannedSlice, retries: &'a [Retry], now: DateTime<Utc>) -> Option<&'a Retry> {
    retries.iter().find(|retry| {
        let is_same_window = match (slice.window(), retry.window) {
            (Some(one), Some(other)) => one.touches(&other),
            (None, None) => true,
            _ => false,
        };
        retry.purpose == slice.purpose && is_same_window && now < retry.next_attempt_at
    })
}

/// Begins what is due of a partition, and tells what is known of it.
pub(super) async fn prepare_partition(
    spec: &StreamSpec,
    session: &Session,
    partition: &str,
    now: DateTime<Utc>,
) -> Result<Coverage, SyncError> {
    let policy = spec.mode.window_policy();
    let begins = match (&spec.mode, policy.map(|policy| policy.history)) {
        (_, Some(History::Everything)) => Begins {
            since: Some(History::BEGINNING),
            default_since: None,
        },
        (SyncMode::Windowed(_) | SyncMode::Incremental(_) | SyncMode::Daily(_), _) => Begins {
            since: spec.since,
            default_since: Some(now - DEFAULT_HISTORY),
        },
        _ => Begins::default(),
    };
    let partition = PartitionSpec {
        stream: spec.name(),
        partition,
        since: begins.since,
        default_since: begins.default_since,
        lookback: policy.map_or(TimeDelta::zero(), |policy| policy.lookback),
        rereads: policy.map_or(&[], |policy| policy.rereads),
    };
    Ok(session
        .warehouse
        .prepare_partition(&session.lease, &partition, now)
        .await?)
}

/// Where the history of a partition begins.
#[derive(Default)]
struct Begins {
    since: Option<DateTime<Utc>>,
    default_since: Option<DateTime<Utc>>,
}

async fn plan_partition(
    spec: &StreamSpec,
    session: &Session,
    partition: &str,
    coverage: &Coverage,
    now: DateTime<Utc>,
) -> Result<Vec<PlannedSlice>, SyncError> {
    let known = Known {
        since: coverage.since.unwrap_or(now),
        covered: &coverage.covered,
        settled: &coverage.settled,
        pending: &coverage.pending,
    };
    let slice = |extent: Extent, purpose: Purpose, rank: Rank| PlannedSlice {
        partition: partition.to_owned(),
        generation: coverage.generation,
        purpose,
        extent,
        rank,
        skip_probe: false,
        ids_left: IdsLeft::default(),
        backfill: None,
    };
    let windowed = |planned: PlannedWindow| PlannedSlice {
        skip_probe: planned.skip_probe,
        ..slice(
            Extent::Window {
                window: planned.window,
                is_open: planned.is_open,
            },
            planned.purpose,
            planned.rank,
        )
    };
    Ok(match &spec.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => {
            let mut slices: Vec<PlannedSlice> = plan_windows(&known, policy, now)
                .into_iter()
                .map(windowed)
                .collect();
            if is_unfiltered_due(policy, coverage, now) {
                slices.push(slice(Extent::Unfiltered, Purpose::Unfiltered, Rank::Reread));
            }
            slices
        }
        SyncMode::Daily(policy) => {
            let rules = DayRules {
                reread_days: policy.reread_days,
                period: (policy.period)(partition),
                zone: spec.account.time_zone,
            };
            plan_days(&known, rules, now).into_iter().map(windowed).collect()
        }
        SyncMode::FullRefresh(_) => vec![slice(Extent::List, Purpose::Full, Rank::Live)],
        SyncMode::NewestFirst(policy) => match recent_since(policy, coverage, now) {
            Some(since) => vec![slice(Extent::Recent { since }, Purpose::Recent, Rank::Live)],
            None => vec![slice(Extent::List, Purpose::Full, Rank::Live)],
        },
        SyncMode::Lookup(policy) => vec![plan_lookup(spec, session, policy, now, slice).await?],
    })
}

/// The slices of what people want of the past and was not read since.
fn plan_wishes(
    spec: &StreamSpec,
    partition: &str,
    coverage: &Coverage,
    wishes: &[PendingRequest],
    now: DateTime<Utc>,
) -> Vec<PlannedSlice> {
    let mut slices = Vec::new();
    for wish in wishes {
        let Some(backfill) = &wish.backfill else { continue };
        for left in backfill.left.iter().rev() {
            let windows = plan_range(spec, partition, *left, now);
            slices.extend(windows.into_iter().map(|window| PlannedSlice {
                partition: partition.to_owned(),
                generation: coverage.generation,
                purpose: if find_gaps(&coverage.covered, window).is_empty() {
                    Purpose::Reread
                } else {
                    Purpose::Window
                },
                extent: Extent::Window {
                    window,
                    is_open: false,
                },
                rank: Rank::Backfill,
                skip_probe: !coverage.covered.iter().any(|covered| covered.touches(&window)),
                ids_left: IdsLeft::default(),
                backfill: Some(wish.id),
            }));
        }
    }
    slices
}

async fn plan_lookup(
    spec: &StreamSpec,
    session: &Session,
    policy: &LookupPolicy,
    now: DateTime<Utc>,
    slice: impl FnOnce(Extent, Purpose, Rank) -> PlannedSlice,
) -> Result<PlannedSlice, SyncError> {
    let due = session
        .warehouse
        .due_ids(&session.lease, spec.name(), policy, now)
        .await?;
    Ok(PlannedSlice {
        ids_left: IdsLeft {
            count: due.left,
            oldest: due.oldest_left,
        },
        ..slice(Extent::Ids(due.ids), Purpose::Lookup, Rank::History)
    })
}

fn is_unfiltered_due(policy: &WindowPolicy, coverage: &Coverage, now: DateTime<Utc>) -> bool {
    let is_due = |every| coverage.unfiltered_read_at.is_none_or(|at| at + every <= now);
    policy.unfiltered_every.is_some_and(is_due)
}

/// Where a quick slice may stop: behind the start of the slice before. None where the list has to be read to its end.
fn recent_since(policy: &FeedPolicy, coverage: &Coverage, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let is_full_due = coverage
        .full_read_at
        .is_none_or(|at| at + policy.full_every <= now);
    coverage
        .whole_read_at
        .filter(|_| !is_full_due)
        .map(|at| at - policy.lookback)
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectors::source::{Absence, Window};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_feed_is_read_to_its_end_when_that_is_due_and_back_to_the_slice_before_otherwise() {
        let policy = FeedPolicy {
            lookback: TimeDelta::minutes(15),
            full_every: TimeDelta::days(1),
            absence: Absence::ProvesNothing,
        };
        let now = at("2026-02-03T12:00:00Z");
        for (read, full, since) in [
            (None, None, None),
            (
                Some("2026-02-03T11:55:00Z"),
                Some("2026-02-02T13:00:00Z"),
                Some("2026-02-03T11:40:00Z"),
            ),
            (Some("2026-02-03T11:55:00Z"), Some("2026-02-02T12:00:00Z"), None),
            (Some("2026-02-03T11:55:00Z"), None, None),
        ] {
            let coverage = Coverage {
                whole_read_at: read.map(at),
                full_read_at: full.map(at),
                ..Coverage::default()
            };
            assert_eq!(
                recent_since(&policy, &coverage, now),
                since.map(at),
                "{read:?} {full:?}"
            );
        }
    }

    #[test]
    fn a_poisoned_window_delays_only_itself() {
        let window = |since, until| Window {
            since: at(since),
            until: at(until),
        };
        let retry = Retry {
            purpose: Purpose::Window,
            window: Some(window("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")),
            attempts: 1,
            next_attempt_at: at("2026-02-03T12:05:00Z"),
            reason: String::new(),
        };
        let slice = |since, until| PlannedSlice {
            partition: String::new(),
            generation: 1,
            purpose: Purpose::Window,
            extent: Extent::Window {
                window: window(since, until),
                is_open: false,
            },
            rank: Rank::History,
            skip_probe: true,
            ids_left: IdsLeft::default(),
            backfill: None,
        };
        let waits = |since, until, now| {
            let retries = std::slice::from_ref(&retry);
            waits_for(&slice(since, until), retries, at(now)).is_some()
        };
        assert!(waits(
            "2026-02-01T00:00:00Z",
            "2026-02-02T00:00:00Z",
            "2026-02-03T12:00:00Z"
        ));
        assert!(!waits(
            "2026-02-01T00:00:00Z",
            "2026-02-02T00:00:00Z",
            "2026-02-03T12:05:00Z"
        ));
        assert!(!waits(
            "2026-01-31T00:00:00Z",
            "2026-02-01T00:00:00Z",
            "2026-02-03T12:00:00Z"
        ));
        assert!(!waits(
            "2026-02-02T00:00:00Z",
            "2026-02-03T00:00:00Z",
            "2026-02-03T12:00:00Z"
        ));
    }
}
