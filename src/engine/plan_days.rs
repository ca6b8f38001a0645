//! What to read next of figures by local day, week, month or quarter: a pure function of what is covered and the time.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::warehouse::Purpose;
use connectors::source::{Period, Window, window_of_days};

use super::plan::{Known, PlannedWindow, Rank, find_gaps, plan_window};

/// How the days of a partition are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayRules {
    /// How many days, the present one included, each run reads again.
    pub(super) reread_days: u32,
    /// How long a slice is.
    pub(super) period: Period,
    /// The zone of the days.
    pub(super) zone: Tz,
}

impl DayRules {
    /// How old a period must be when it is read for the reading to count as settled: it is read for the last time on the last
    /// of the days that are read again.
    pub(super) fn settle(self) -> TimeDelta {
        TimeDelta::days(i64::from(self.reread_days.max(2)) - 2)
    }
}

/// The periods to read, the newest first: the last days' always, the older ones where something of them is not covered or not
/// settled.
pub(super) fn plan_days(known: &Known<'_>, rules: DayRules, now: DateTime<Utc>) -> Vec<PlannedWindow> {
    let Some(history) = Window::new(known.since, now) else {
        return Vec::new();
    };
    let gaps = find_gaps(known.covered, history);
    // Where no run came in time to read a day for the last time, a later one does.
    let old = Window::new(known.since, now - rules.settle());
    let unsettled = old.map_or_else(Vec::new, |old| find_gaps(known.settled, old));
    let local = |at: DateTime<Utc>| at.with_timezone(&rules.zone).date_naive();
    let (first, today) = (local(history.since), local(now));
    let always_from = today - Days::new(u64::from(rules.reread_days.max(1)) - 1);
    let newest = rules.period.first_day(today);
    let before = |day: &NaiveDate| Some(rules.period.first_day(day.pred_opt()?));
    let periods = std::iter::successors(Some(newest), before);
    let periods = periods.take_while(|day| *day >= rules.period.first_day(first));
    let windows = periods.filter_map(|day| {
        let end = rules.period.next_first_day(day);
        let whole = window_of_days(day, end, rules.zone)?;
        // The present period ends for us now.
        let window = Window::new(whole.since, whole.until.min(now))?;
        let touches = |other: &Window| other.touches(&window);
        let is_missing = gaps.iter().any(touches);
        let is_unsettled = unsettled.iter().any(touches);
        let is_asked = known.pending.iter().any(touches);
        let is_live = end > always_from;
        let purpose = if is_missing {
            Purpose::Window
        } else {
            Purpose::Reread
        };
        let is_due = is_missing || is_unsettled || is_live;
        let rank = match is_due {
            _ if day == newest => Rank::Live,
            true => Rank::History,
            false => Rank::Reread,
        };
        (is_due || is_asked).then(|| plan_window(known, window, purpose, rank))
    });
    windows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn story(covered: &[[&str; 2]], since: &str, now: &str, period: Period) -> Vec<String> {
        let window = |[since, until]: &[&str; 2]| Window {
            since: at(since),
            until: at(until),
        };
        let covered: Vec<Window> = covered.iter().map(window).collect();
        let known = Known {
            since: at(since),
            covered: &covered,
            settled: &covered,
            pending: &[],
        };
        let rules = DayRules {
            reread_days: 2,
            period,
            zone: chrono_tz::America::Los_Angeles,
        };
        let planned = plan_days(&known, rules, at(now));
        planned
            .iter()
            .map(|planned| format!("{:?} {}", planned.purpose, planned.window))
            .collect()
    }

    #[test]
    fn a_first_sync_reads_every_day_and_begins_with_the_present_one() {
        assert_eq!(
            story(&[], "2026-02-01T20:00:00Z", "2026-02-03T20:00:00Z", Period::Day),
            [
                "Window 2026-02-03T08:00:00Z to 2026-02-03T20:00:00Z",
                "Window 2026-02-02T08:00:00Z to 2026-02-03T08:00:00Z",
                "Window 2026-02-01T08:00:00Z to 2026-02-02T08:00:00Z",
            ]
        );
    }

    #[test]
    fn the_last_days_are_read_again_and_an_older_one_only_where_a_part_of_it_is_missing() {
        let covered = [
            ["2026-01-01T08:00:00Z", "2026-01-30T20:00:00Z"],
            ["2026-01-31T08:00:00Z", "2026-02-03T18:00:00Z"],
        ];
        assert_eq!(
            story(
                &covered,
                "2026-01-01T08:00:00Z",
                "2026-02-03T20:00:00Z",
                Period::Day
            ),
            [
                "Window 2026-02-03T08:00:00Z to 2026-02-03T20:00:00Z",
                "Reread 2026-02-02T08:00:00Z to 2026-02-03T08:00:00Z",
                "Window 2026-01-30T08:00:00Z to 2026-01-31T08:00:00Z",
            ]
        );
    }

    #[test]
    fn weeks_are_read_whole() {
        assert_eq!(
            story(&[], "2026-02-01T20:00:00Z", "2026-02-03T20:00:00Z", Period::Week),
            [
                "Window 2026-02-02T08:00:00Z to 2026-02-03T20:00:00Z",
                "Window 2026-01-26T08:00:00Z to 2026-02-02T08:00:00Z",
            ]
        );
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let now = "2026-03-09T07:00:00Z";
        let covered = [["2026-03-01T08:00:00Z", now]];
        let told = story(
            &covered,
            "2026-03-07T08:00:00Z",
            "2026-03-09T07:30:00Z",
            Period::Day,
        );
        assert_eq!(told[1], "Reread 2026-03-08T08:00:00Z to 2026-03-09T07:00:00Z");
        assert!(story(&[], now, now, Period::Day).is_empty());
    }

    #[test]
    fn a_day_is_settled_by_its_last_regular_reading() {
        for (reread_days, settle_days) in [(1, 0), (2, 0), (3, 1), (35, 33)] {
            let rules = DayRules {
                reread_days,
                period: Period::Day,
                zone: Tz::UTC,
            };
            assert_eq!(rules.settle(), TimeDelta::days(settle_days));
            // The last run that reads the day again, just after midnight, is late enough.
            let day_end = at("2026-02-02T00:00:00Z");
            let last_reading = day_end + TimeDelta::days(i64::from(reread_days) - 2) + TimeDelta::minutes(1);
            if reread_days >= 2 {
                assert!(last_reading - rules.settle() >= day_end, "{reread_days}");
            }
        }
    }
}
