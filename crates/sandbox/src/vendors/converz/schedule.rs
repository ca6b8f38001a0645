//! When calls begin. Nothing is stored: the calls of a day follow from its number, so that a day of a million costs nothing.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::local;

/// So many numbers are set aside for the calls of one day.
const PER_DAY: u64 = 10_000_000;
/// The day whose calls have the smallest numbers.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a date");
const HOUR: u64 = 3_600;
/// The share of each hour of the day. Tenants work around the world, so that no hour is silent.
const CURVE: [u64; 24] = [
    10, 8, 7, 6, 6, 8, 14, 30, 50, 70, 80, 78, 66, 68, 80, 82, 74, 62, 46, 34, 26, 20, 16, 12,
];

/// One call; everything else about it follows from its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) id: u64,
    /// Its start in UTC.
    pub(super) start: i64,
    /// Its start is known to nobody who asks.
    pub(super) is_timeless: bool,
}

impl Call {
    pub(super) fn new(id: u64, start: i64) -> Self {
        Self {
            id,
            start,
            is_timeless: false,
        }
    }
}

/// The calls of one local day, in order of their starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    midnight: i64,
    length: u64,
    first: u64,
    count: u64,
}

impl Day {
    pub(super) fn of(zone: Tz, date: NaiveDate, count: u32) -> Self {
        let midnight = local::midnight_of(zone, date);
        let length = local::midnight_of(zone, local::next(date)) - midnight;
        let number = (date - FIRST_DAY).num_days();
        Self {
            midnight,
            length: u64::try_from(length).expect("a day has a length"),
            first: u64::try_from(number).expect("the simulation begins later") * PER_DAY,
            count: u64::from(count),
        }
    }

    /// The calls that begin in a stretch of time; both ends belong to it.
    pub(super) fn between(self, since: i64, until: i64) -> impl Iterator<Item = Call> {
        let from = self.place(since);
        let to = self.place(until.saturating_add(1)).max(from);
        (from..to).map(move |place| Call::new(self.first + place, self.start(place)))
    }

    /// How many calls begin before an instant.
    fn place(self, instant: i64) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.start(middle) < instant {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn start(self, place: u64) -> i64 {
        let hours = self.length.div_ceil(HOUR);
        let weight = |hour: u64| CURVE[usize::try_from(hour.min(23)).expect("an hour of a day")];
        let total: u64 = (0..hours).map(weight).sum();
        let mut left = (2 * place + 1) * total * HOUR / (2 * self.count);
        let mut second = 0;
        for hour in 0..hours {
            if left < weight(hour) * HOUR {
                second += left / weight(hour);
                break;
            }
            left -= weight(hour) * HOUR;
            second += HOUR;
        }
        let second = second.min(self.length - 1);
        self.midnight + i64::try_from(second).expect("a day has fewer seconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_number_of_calls_in_order_on_any_day() {
        let zone = Tz::America__Los_Angeles;
        for date in ["2026-03-08", "2026-06-01", "2026-11-01"] {
            let date: NaiveDate = date.parse().unwrap();
            let day = Day::of(zone, date, 2_000);
            let calls: Vec<Call> = day.between(i64::MIN, i64::MAX - 1).collect();
            assert_eq!(calls.len(), 2_000);
            assert!(calls.is_sorted_by_key(|call| call.start));
            assert!(calls.iter().all(|call| local::day_at(zone, call.start) == date));
        }
    }
}
