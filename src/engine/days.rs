//! What to read next of figures by local day: a pure function of what is covered and the time.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::warehouse::{Coverage, Purpose};
use connectors::source::{Daily, Window};

use super::plan::{Step, gaps, step};

/// The days to read, the newest first: the last ones always, the older ones where something of them is not covered.
pub(super) fn plan_days(coverage: &Coverage, daily: &Daily, now: DateTime<Utc>) -> Vec<Step> {
    let Some(history) = Window::new(coverage.since, now) else {
        return Vec::new();
    };
    let gaps = gaps(coverage, history);
    let (first, today) = (daily.day(history.since), daily.day(now));
    let always_from = today - Days::new(u64::from(daily.again.max(1)) - 1);
    let days = std::iter::successors(Some(today), NaiveDate::pred_opt).take_while(|day| *day >= first);
    let steps = days.filter_map(|day| {
        let whole = daily.window(day)?;
        // The present day ends for us now.
        let window = Window::new(whole.since, whole.until.min(now))?;
        let is_missing = gaps
            .iter()
            .any(|gap| gap.since < window.until && window.since < gap.until);
        let purpose = if is_missing { Purpose::Gap } else { Purpose::Reread };
        (is_missing || day >= always_from).then(|| step(coverage, window, purpose))
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn story(covered: &[(&str, &str)], since: &str, now: &str) -> Vec<String> {
        let coverage = Coverage {
            since: at(since),
            covered: covered
                .iter()
                .map(|(since, until)| Window {
                    since: at(since),
                    until: at(until),
                })
                .collect(),
            pending: Vec::new(),
        };
        let daily = Daily {
            again: 2,
            column: "day",
            zone: chrono_tz::America::Los_Angeles,
        };
        plan_days(&coverage, &daily, at(now))
            .iter()
            .map(|step| format!("{:?} {}", step.purpose, step.window))
            .collect()
    }

    #[test]
    fn a_first_sync_reads_every_day_and_begins_with_the_present_one() {
        assert_eq!(
            story(&[], "2026-02-01T20:00:00Z", "2026-02-03T20:00:00Z"),
            [
                "Gap 2026-02-03T08:00:00Z to 2026-02-03T20:00:00Z",
                "Gap 2026-02-02T08:00:00Z to 2026-02-03T08:00:00Z",
                "Gap 2026-02-01T08:00:00Z to 2026-02-02T08:00:00Z",
            ]
        );
    }

    #[test]
    fn the_last_days_are_read_again_and_an_older_one_only_where_a_part_of_it_is_missing() {
        let covered = [
            ("2026-01-01T08:00:00Z", "2026-01-30T20:00:00Z"),
            ("2026-01-31T08:00:00Z", "2026-02-03T18:00:00Z"),
        ];
        assert_eq!(
            story(&covered, "2026-01-01T08:00:00Z", "2026-02-03T20:00:00Z"),
            [
                "Gap 2026-02-03T08:00:00Z to 2026-02-03T20:00:00Z",
                "Reread 2026-02-02T08:00:00Z to 2026-02-03T08:00:00Z",
                "Gap 2026-01-30T08:00:00Z to 2026-01-31T08:00:00Z",
            ]
        );
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let now = "2026-03-09T07:00:00Z";
        let spring = "Reread 2026-03-08T08:00:00Z to 2026-03-09T07:00:00Z";
        let covered = [("2026-03-01T08:00:00Z", now)];
        assert_eq!(
            story(&covered, "2026-03-07T08:00:00Z", "2026-03-09T07:30:00Z")[1],
            spring
        );
        assert!(story(&[], now, now).is_empty());
    }
}
