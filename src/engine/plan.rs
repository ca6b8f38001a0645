//! What to read next: a pure function of what is covered, the stream's measures, and the time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::warehouse::{Coverage, Purpose};
use connectors::source::{Window, Windowing};

/// One walk to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// What is read.
    pub(super) window: Window,
    /// Why.
    pub(super) purpose: Purpose,
    /// True where nothing of it was ever covered.
    pub(super) is_new_ground: bool,
}

/// The walks to make, in order: the newest gap first together with a step back behind it, then the older gaps, then the
/// trailing re-reads, each newest first. The present stays alone until it is old enough.
pub(super) fn plan(coverage: &Coverage, windowing: &Windowing, now: DateTime<Utc>) -> Vec<Step> {
    let end = (now - windowing.delay + windowing.ahead).trunc_subsecs(0);
    let Some(history) = Window::new(coverage.since, end) else {
        return Vec::new();
    };
    let head = head(coverage, windowing, history);
    let mut steps: Vec<Step> = Vec::new();
    for gap in gaps(coverage, history).into_iter().rev() {
        // The gap at the end takes the step back with it, in one window.
        let window = head
            .filter(|head| gap.until == end && gap.since >= head.since)
            .unwrap_or(gap);
        steps.extend(
            cut(window, windowing.widest)
                .into_iter()
                .map(|window| step(coverage, window, Purpose::Gap)),
        );
    }
    if steps.is_empty() {
        let again = head.into_iter().flat_map(|head| cut(head, windowing.widest));
        steps.extend(again.map(|window| step(coverage, window, Purpose::Reread)));
    }
    if windowing.ahead > TimeDelta::zero() {
        // What lies in the future is never covered, but was read before all the same.
        for step in &mut steps {
            step.is_new_ground = false;
        }
    }
    let settled_anew = head.map_or(end, |head| head.since);
    for pending in coverage.pending.iter().rev() {
        let Some(window) = Window::new(pending.since.max(coverage.since), pending.until.min(settled_anew))
        else {
            continue;
        };
        steps.extend(
            cut(window, windowing.widest)
                .into_iter()
                .map(|window| step(coverage, window, Purpose::Reread)),
        );
    }
    steps
}

/// What every run reads: from a step behind the end of what is covered, up to the end.
fn head(coverage: &Coverage, windowing: &Windowing, history: Window) -> Option<Window> {
    let covered_until = coverage
        .covered
        .iter()
        .map(|window| window.until)
        .max()?
        .min(history.until);
    Window::new(
        (covered_until - windowing.overlap).max(history.since),
        history.until,
    )
}

/// What of the history is not covered, in order of time.
pub(super) fn gaps(coverage: &Coverage, history: Window) -> Vec<Window> {
    let mut from = history.since;
    let mut gaps = Vec::new();
    for covered in &coverage.covered {
        gaps.extend(Window::new(from, covered.since.min(history.until)));
        from = from.max(covered.until);
    }
    gaps.extend(Window::new(from, history.until));
    gaps
}

/// Cuts a window at whole multiples of the widest one, newest piece first, so that the same gap is cut at the same places
/// in every run.
fn cut(window: Window, widest: TimeDelta) -> Vec<Window> {
    let grid = widest.num_seconds().max(1);
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

pub(super) fn step(coverage: &Coverage, window: Window, purpose: Purpose) -> Step {
    let touches = |covered: &Window| covered.since < window.until && window.since < covered.until;
    Step {
        window,
        purpose,
        is_new_ground: !coverage.covered.iter().any(touches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times are written `day hour:minute` of February 2026.
    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-02-{}:00Z", text.replace(' ', "T")).parse().unwrap()
    }

    fn windows(texts: &[(&str, &str)]) -> Vec<Window> {
        texts
            .iter()
            .map(|(since, until)| Window {
                since: at(since),
                until: at(until),
            })
            .collect()
    }

    fn story(covered: &[(&str, &str)], pending: &[(&str, &str)], now: &str) -> Vec<String> {
        let coverage = Coverage {
            since: at("01 00:00"),
            covered: windows(covered),
            pending: windows(pending),
        };
        let windowing = Windowing {
            widest: TimeDelta::hours(6),
            overlap: TimeDelta::hours(2),
            delay: TimeDelta::minutes(1),
            ahead: TimeDelta::zero(),
            settle: TimeDelta::hours(48),
            trailing: Vec::new(),
        };
        let text = |time: DateTime<Utc>| time.format("%d %H:%M").to_string();
        plan(&coverage, &windowing, at(now))
            .iter()
            .map(|step| {
                let (since, until) = (text(step.window.since), text(step.window.until));
                format!(
                    "{:?} {since} - {until}{}",
                    step.purpose,
                    if step.is_new_ground { " new" } else { "" }
                )
            })
            .collect()
    }

    #[test]
    fn a_first_sync_begins_with_the_last_hours() {
        assert_eq!(
            story(&[], &[], "01 13:31"),
            [
                "Gap 01 12:00 - 01 13:30 new",
                "Gap 01 06:00 - 01 12:00 new",
                "Gap 01 00:00 - 01 06:00 new",
            ]
        );
    }

    #[test]
    fn a_run_steps_back_behind_what_is_covered() {
        assert_eq!(
            story(&[("01 00:00", "01 12:30")], &[], "01 12:36"),
            ["Gap 01 10:30 - 01 12:00", "Gap 01 12:00 - 01 12:35"]
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn gaps_come_newest_first_and_are_cut_at_the_same_places() {
        assert_eq!(
            story(
                &[("01 02:00", "01 07:00"), ("01 15:00", "01 22:00")],
                &[],
                "01 22:31"
            ),
            [
                "Gap 01 20:00 - 01 22:30",
                "Gap 01 12:00 - 01 15:00 new",
                "Gap 01 07:00 - 01 12:00 new",
                "Gap 01 00:00 - 01 02:00 new",
            ]
        );
    }

    #[test]
    fn what_is_covered_up_to_now_is_stepped_back_into_all_the_same() {
        assert_eq!(
            story(&[("01 00:00", "01 09:30")], &[], "01 09:31"),
            ["Reread 01 07:30 - 01 09:30"]
        );
        assert_eq!(
            story(&[("01 00:00", "01 10:00")], &[], "01 09:31"),
            ["Reread 01 07:30 - 01 09:30"]
        );
    }

    #[test]
    fn re_reads_follow_the_gaps_and_leave_out_what_was_just_read() {
        assert_eq!(
            story(
                &[("01 00:00", "03 09:00")],
                &[("02 20:00", "03 08:00")],
                "03 09:01"
            ),
            [
                "Reread 03 07:00 - 03 09:00",
                "Reread 03 06:00 - 03 07:00",
                "Reread 03 00:00 - 03 06:00",
                "Reread 02 20:00 - 03 00:00",
            ]
        );
    }

    #[test]
    fn nothing_is_planned_before_history_begins_or_while_it_is_too_young() {
        assert!(story(&[], &[], "01 00:01").is_empty());
    }

    #[test]
    fn steps_of_every_plan_cover_every_gap_exactly_up_to_the_end() {
        proptest::proptest!(|(edges in proptest::collection::btree_set(0_i64..4_000, 0..12), now in 1_i64..5_000)| {
            let minute = |minute: i64| at("01 00:00") + TimeDelta::minutes(minute);
            let edges: Vec<i64> = edges.into_iter().collect();
            let covered: Vec<Window> = edges.chunks_exact(2).map(|pair| Window { since: minute(pair[0]), until: minute(pair[1]) }).collect();
            let coverage = Coverage { since: minute(0), covered, pending: Vec::new() };
            let windowing = Windowing { widest: TimeDelta::minutes(90), overlap: TimeDelta::minutes(45), delay: TimeDelta::zero(), ahead: TimeDelta::zero(), settle: TimeDelta::zero(), trailing: Vec::new() };
            let steps = plan(&coverage, &windowing, minute(now));
            let holds = |windows: &[Window], at| windows.iter().any(|window| window.since <= at && at < window.until);
            let read: Vec<Window> = steps.iter().map(|step| step.window).collect();
            for place in 0..now {
                let at = minute(place);
                let known = holds(&coverage.covered, at);
                let is_read = holds(&read, at);
                proptest::prop_assert!(known || is_read, "minute {place} is neither covered nor read");
            }
            for step in &steps {
                proptest::prop_assert!(step.window.span() <= windowing.widest && step.window.until <= minute(now));
            }
        });
    }
}
