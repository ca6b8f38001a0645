//! What to read next by windows: a pure function of what is covered, the stream's measures, and the time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::warehouse::{Purpose, RequestId};
use connectors::source::{Extent, Window, WindowPolicy};

/// One slice to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedSlice {
    /// The partition.
    pub(super) partition: String,
    /// The generation of its coverage.
    pub(super) generation: i32,
    /// Why.
    pub(super) purpose: Purpose,
    /// What is read.
    pub(super) extent: Extent,
    /// How urgent it is.
    pub(super) rank: Rank,
    /// True where no row of it is expected to be there yet.
    pub(super) skip_probe: bool,
    /// Ids that are due and that the slice leaves to later runs.
    pub(super) ids_left: IdsLeft,
    /// Whose wish for the past it serves; nothing where the stream itself wants it.
    pub(super) backfill: Option<RequestId>,
}

/// The ids that a slice leaves to later runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct IdsLeft {
    /// How many.
    pub(super) count: i64,
    /// The time of the oldest row that names one of them.
    pub(super) oldest: Option<DateTime<Utc>>,
}

/// How urgent a slice is: the newest data first, then history that was never read, then what is read again,
/// and at last what somebody wants of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Live,
    History,
    Reread,
    Backfill,
}

impl PlannedSlice {
    /// The window of the slice, where it has one.
    pub(super) fn window(&self) -> Option<Window> {
        match self.extent {
            Extent::Window { window, .. } => Some(window),
            _ => None,
        }
    }
}

/// What the planner has to know of a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Where history begins.
    pub(super) since: DateTime<Utc>,
    /// What was read completely, in order of time.
    pub(super) covered: &'a [Window],
    /// What of it was read late enough, in order of time.
    pub(super) settled: &'a [Window],
    /// What has to be read again, in order of time.
    pub(super) pending: &'a [Window],
}

/// A window to read, before its partition is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlannedWindow {
    pub(super) window: Window,
    pub(super) purpose: Purpose,
    pub(super) rank: Rank,
    pub(super) is_open: bool,
    pub(super) skip_probe: bool,
}

/// The windows to read, in order: the newest gap first together with a step back behind it, then the older gaps, then the
/// re-reads, each newest first. The present stays alone until it is old enough.
pub(super) fn plan_windows(
    known: &Known<'_>,
    policy: &WindowPolicy,
    now: DateTime<Utc>,
) -> Vec<PlannedWindow> {
    let end = (now - policy.delay).trunc_subsecs(0);
    let Some(history) = Window::new(known.since, end) else {
        return Vec::new();
    };
    let head = head_window(known, policy, history);
    let mut windows: Vec<PlannedWindow> = Vec::new();
    for gap in find_gaps(known.covered, history).into_iter().rev() {
        // The gap at the end takes the step back with it, in one window.
        let window = head
            .filter(|head| gap.until == end && gap.since >= head.since)
            .unwrap_or(gap);
        let pieces = cut_window(window, policy.max_span).into_iter();
        windows.extend(pieces.map(|window| plan_window(known, window, Purpose::Window, Rank::History)));
    }
    if windows.is_empty() {
        let again = head
            .into_iter()
            .flat_map(|head| cut_window(head, policy.max_span));
        windows.extend(again.map(|window| plan_window(known, window, Purpose::Reread, Rank::Live)));
    }
    for window in windows.iter_mut().filter(|planned| planned.window.until == end) {
        window.rank = Rank::Live;
        window.is_open = policy.open_end;
    }
    let reread_until = head.map_or(end, |head| head.since);
    for pending in known.pending.iter().rev() {
        let window = Window::new(pending.since.max(known.since), pending.until.min(reread_until));
        let pieces = window
            .into_iter()
            .flat_map(|window| cut_window(window, policy.max_span));
        windows.extend(pieces.map(|window| plan_window(known, window, Purpose::Reread, Rank::Reread)));
    }
    windows
}

/// The windows to read where nothing waits to be read again, in order, and nothing else about them: for those who try out plans.
pub fn plan_bare_windows(
    since: DateTime<Utc>,
    covered: &[Window],
    policy: &WindowPolicy,
    now: DateTime<Utc>,
) -> Vec<Window> {
    let known = Known {
        since,
        covered,
        settled: &[],
        pending: &[],
    };
    let planned = plan_windows(&known, policy, now).into_iter();
    planned.map(|planned| planned.window).collect()
}

/// What every run reads: from a step behind the end of what is covered, up to the end.
fn head_window(known: &Known<'_>, policy: &WindowPolicy, history: Window) -> Option<Window> {
    let ends = known.covered.iter().map(|window| window.until);
    let covered_until = ends.max()?.min(history.until);
    Window::new(
        (covered_until - policy.lookback).max(history.since),
        history.until,
    )
}

/// What of the history is not covered, in order of time.
pub(super) fn find_gaps(covered: &[Window], history: Window) -> Vec<Window> {
    let mut from = history.since;
    let mut gaps = Vec::new();
    for covered in covered {
        gaps.extend(Window::new(from, covered.since.min(history.until)));
        from = from.max(covered.until);
    }
    gaps.extend(Window::new(from, history.until));
    gaps
}

/// Cuts a window at whole multiples of the longest one, newest piece first, so that the same gap is cut at the same places in
/// every run.
pub(super) fn cut_window(window: Window, max_span: TimeDelta) -> Vec<Window> {
    let grid = max_span.num_seconds().max(1);
    let mut pieces = Vec::new();
    let mut until = window.until;
    while until > window.since {
        let whole =
            (until.timestamp() - i64::from(until.timestamp_subsec_nanos() == 0)).div_euclid(grid) * grid;
        let since = DateTime::from_timestamp(whole, 0)
            .unwrap_or(window.since)
            .max(window.since);
        pieces.push(Window { since, until });
        until = since;
    }
    pieces
}

pub(super) fn plan_window(known: &Known<'_>, window: Window, purpose: Purpose, rank: Rank) -> PlannedWindow {
    PlannedWindow {
        window,
        purpose,
        rank,
        is_open: false,
        skip_probe: !known.covered.iter().any(|covered| covered.touches(&window)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times are written `day hour:minute` of February 2026.
    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-02-{}:00Z", text.replace(' ', "T")).parse().unwrap()
    }

    fn windows(texts: &[[&str; 2]]) -> Vec<Window> {
        let window = |[since, until]: &[&str; 2]| Window {
            since: at(since),
            until: at(until),
        };
        texts.iter().map(window).collect()
    }

    fn story(covered: &[[&str; 2]], pending: &[[&str; 2]], now: &str) -> Vec<String> {
        let policy = WindowPolicy {
            max_span: TimeDelta::hours(6),
            lookback: TimeDelta::hours(2),
            delay: TimeDelta::minutes(1),
            settle: TimeDelta::hours(48),
            open_end: true,
            ..WindowPolicy::PLAIN
        };
        let known = Known {
            since: at("01 00:00"),
            covered: &windows(covered),
            settled: &[],
            pending: &windows(pending),
        };
        let text = |time: DateTime<Utc>| time.format("%d %H:%M").to_string();
        let line = |planned: &PlannedWindow| {
            let (since, until) = (text(planned.window.since), text(planned.window.until));
            let end = if planned.is_open { " and later" } else { "" };
            let new = if planned.skip_probe { " new" } else { "" };
            format!(
                "{:?} {:?} {since} - {until}{end}{new}",
                planned.rank, planned.purpose
            )
        };
        plan_windows(&known, &policy, at(now)).iter().map(line).collect()
    }

    #[test]
    fn a_first_sync_begins_with_the_last_hours() {
        assert_eq!(
            story(&[], &[], "01 13:31"),
            [
                "Live Window 01 12:00 - 01 13:30 and later new",
                "History Window 01 06:00 - 01 12:00 new",
                "History Window 01 00:00 - 01 06:00 new",
            ]
        );
    }

    #[test]
    fn a_run_steps_back_behind_what_is_covered() {
        assert_eq!(
            story(&[["01 00:00", "01 12:30"]], &[], "01 12:36"),
            [
                "Live Window 01 12:00 - 01 12:35 and later",
                "History Window 01 10:30 - 01 12:00",
            ]
        );
    }

    #[test]
    fn gaps_come_newest_first_and_are_cut_at_the_same_places() {
        assert_eq!(
            story(
                &[["01 02:00", "01 07:00"], ["01 15:00", "01 22:00"]],
                &[],
                "01 22:31"
            ),
            [
                "Live Window 01 20:00 - 01 22:30 and later",
                "History Window 01 12:00 - 01 15:00 new",
                "History Window 01 07:00 - 01 12:00 new",
                "History Window 01 00:00 - 01 02:00 new",
            ]
        );
    }

    #[test]
    fn what_is_covered_up_to_now_is_stepped_back_into_all_the_same() {
        for until in ["01 09:30", "01 10:00"] {
            assert_eq!(
                story(&[["01 00:00", until]], &[], "01 09:31"),
                ["Live Reread 01 07:30 - 01 09:30 and later"]
            );
        }
    }

    #[test]
    fn re_reads_follow_the_gaps_and_leave_out_what_was_just_read() {
        assert_eq!(
            story(
                &[["01 00:00", "03 09:00"]],
                &[["02 20:00", "03 08:00"]],
                "03 09:01"
            ),
            [
                "Live Reread 03 07:00 - 03 09:00 and later",
                "Reread Reread 03 06:00 - 03 07:00",
                "Reread Reread 03 00:00 - 03 06:00",
                "Reread Reread 02 20:00 - 03 00:00",
            ]
        );
    }

    #[test]
    fn nothing_is_planned_before_history_begins_or_while_it_is_too_young() {
        assert!(story(&[], &[], "01 00:01").is_empty());
    }

    #[test]
    fn the_windows_of_every_plan_cover_every_gap_exactly_up_to_the_end() {
        proptest::proptest!(|(edges in proptest::collection::btree_set(0_i64..4_000, 0..12), now in 1_i64..5_000)| {
            let minute = |minute: i64| at("01 00:00") + TimeDelta::minutes(minute);
            let edges: Vec<i64> = edges.into_iter().collect();
            let covered: Vec<Window> = edges.chunks_exact(2).map(|pair| Window { since: minute(pair[0]), until: minute(pair[1]) }).collect();
            let known = Known { since: minute(0), covered: &covered, settled: &[], pending: &[] };
            let policy = WindowPolicy { max_span: TimeDelta::minutes(90), lookback: TimeDelta::minutes(45), ..WindowPolicy::PLAIN };
            let planned = plan_windows(&known, &policy, minute(now));
            let holds = |windows: &[Window], at| windows.iter().any(|window| window.since <= at && at < window.until);
            let read: Vec<Window> = planned.iter().map(|planned| planned.window).collect();
            for place in 0..now {
                let at = minute(place);
                proptest::prop_assert!(holds(&covered, at) || holds(&read, at), "minute {place} is neither covered nor read");
            }
            for planned in &planned {
                proptest::prop_assert!(planned.window.span() <= policy.max_span && planned.window.until <= minute(now));
            }
        });
    }
}
