//! When a stream runs: a cron pattern in UTC, read by the scheduler's own parser.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// How many times a schedule is looked ahead for its longest pause.
const LOOK_AHEAD: usize = 64;
/// A stream may be behind by so many of its longest pauses, unless the settings say otherwise.
const PAUSES: i32 = 3;
/// And by so much at least: a run takes its time.
const SHORTEST_LIMIT: TimeDelta = TimeDelta::minutes(15);

/// When a stream runs.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    cron: Cron,
}

impl Schedule {
    /// Reads a pattern of six fields, seconds first.
    pub(super) fn parse(pattern: &str) -> anyhow::Result<Self> {
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .dom_and_dow(true)
            .build();
        let cron = parser
            .parse(pattern)
            .with_context(|| format!("`{pattern}` is no schedule"))?;
        Ok(Self { cron })
    }

    /// When it comes round next.
    pub(super) fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&now, false).ok()
    }

    /// How far a stream may be behind that is read by it, and is left alone for `delay`.
    pub(super) fn lag_limit(&self, delay: TimeDelta, now: DateTime<Utc>) -> TimeDelta {
        let mut times = std::iter::successors(self.next_after(now), |at| self.next_after(*at));
        let mut longest = TimeDelta::zero();
        if let Some(first) = times.next() {
            let mut before = first;
            for at in times.take(LOOK_AHEAD) {
                longest = longest.max(at - before);
                before = at;
            }
        }
        (longest * PAUSES).max(SHORTEST_LIMIT) + delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_may_be_behind_by_some_of_its_pauses() {
        let now = DateTime::UNIX_EPOCH;
        for (pattern, delay, minutes) in [
            ("0 * * * * *", 1, 16),
            ("*/10 * * * * *", 60, 75),
            ("0 */10 * * * *", 1, 31),
            ("0 0 * * * *", 0, 180),
            ("0 0 6 * * *", 0, 3 * 24 * 60),
            // Nights are long where it runs by day.
            ("0 0 8-20 * * *", 0, 36 * 60),
        ] {
            let schedule = Schedule::parse(pattern).expect(pattern);
            let limit = schedule.lag_limit(TimeDelta::minutes(delay), now);
            assert_eq!(limit, TimeDelta::minutes(minutes), "{pattern}");
        }
    }

    #[test]
    fn the_next_time_lies_in_the_future() {
        let schedule = Schedule::parse("0 0 * * * *").expect("it has a form");
        let hour = |count| DateTime::UNIX_EPOCH + TimeDelta::hours(count);
        assert_eq!(schedule.next_after(hour(1)), Some(hour(2)));
        assert!(Schedule::parse("soon").is_err());
    }
}
