//! Local time of an account, as whole seconds on its wall clock.

use std::fmt::{self, Display};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3_600;
/// Seconds of a day.
pub(crate) const DAY: i64 = 24 * HOUR;

/// What the wall clock shows at an instant, both as seconds since 1970 of their own scale.
pub(crate) fn wall_clock(zone: Tz, instant: i64) -> i64 {
    instant + offset_at(zone, instant)
}

/// Seconds to add to UTC at an instant.
pub(crate) fn offset_at(zone: Tz, instant: i64) -> i64 {
    let utc = moment_of(instant);
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// The local day of an instant.
pub(crate) fn day_at(zone: Tz, instant: i64) -> NaiveDate {
    moment_of(wall_clock(zone, instant)).date()
}

/// The first instant of a local day.
pub(crate) fn midnight_of(zone: Tz, day: NaiveDate) -> i64 {
    let start = day.and_time(NaiveTime::MIN);
    // Some zones change at midnight, so that the day begins an hour later.
    let found = (0..=3).find_map(|hours| {
        zone.from_local_datetime(&(start + chrono::Duration::hours(hours)))
            .earliest()
    });
    found.expect("no clock leaps over three hours").timestamp()
}

/// The day after.
pub(crate) fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1))
        .expect("the simulation ends before the calendar does")
}

/// So many days before.
pub(crate) fn days_before(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(count)))
        .expect("the simulation lies within the calendar")
}

/// Seconds of a wall-clock text with a blank or a `T` between date and time; nothing else is understood.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let parse = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let read = parse("%Y-%m-%d %H:%M:%S").or_else(|| parse("%Y-%m-%dT%H:%M:%S"))?;
    Some(read.and_utc().timestamp())
}

/// Seconds of the midnight of a date, `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    (text.len() == 10)
        .then(|| parse(&format!("{text} 00:00:00")))
        .flatten()
}

/// Seconds of a wall clock as vendors write them: `2026-02-03 14:05:09`. Pages of rows must cost next to nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallText(pub(crate) i64);

impl Display for WallText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = moment_of(self.0);
        let mut text = *b"0000-00-00 00:00:00";
        for (place, length, part) in [
            (0, 4, at.year().unsigned_abs()),
            (5, 2, at.month()),
            (8, 2, at.day()),
            (11, 2, at.hour()),
            (14, 2, at.minute()),
            (17, 2, at.second()),
        ] {
            let mut left = part;
            for digit in text[place..place + length].iter_mut().rev() {
                *digit = b'0' + u8::try_from(left % 10).expect("a digit");
                left /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

/// The same as a text of its own.
pub(crate) fn wall_text(wall_clock: i64) -> String {
    WallText(wall_clock).to_string()
}

/// `2024-05-01T08:00:00-0700`: an offset without a colon.
pub(crate) fn offset_text(zone: Tz, instant: i64) -> String {
    zone.from_utc_datetime(&moment_of(instant))
        .format("%Y-%m-%dT%H:%M:%S%z")
        .to_string()
}

/// The calendar view of seconds since 1970.
pub(crate) fn moment_of(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0)
        .expect("the simulation ends before the calendar does")
        .naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACIFIC: Tz = Tz::America__Los_Angeles;

    #[test]
    fn a_written_time_reads_back_and_other_forms_are_not_understood() {
        let local = parse("2026-02-03T04:05:09").unwrap();
        assert_eq!(wall_text(local), "2026-02-03 04:05:09");
        assert_eq!(parse(&wall_text(local)), Some(local));
        for text in [
            "2026-02-03",
            "2026-02-03 04:05:09Z",
            "2026-02-03 04:05:09-0800",
            "yesterday",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_with_a_clock_change_are_shorter_or_longer_and_some_have_no_midnight() {
        let length = |text: &str| {
            let date: NaiveDate = text.parse().unwrap();
            (midnight_of(PACIFIC, next(date)) - midnight_of(PACIFIC, date)) / HOUR
        };
        assert_eq!(
            [length("2026-03-08"), length("2026-03-09"), length("2026-11-01")],
            [23, 24, 25]
        );
        let paulista = Tz::America__Sao_Paulo;
        let start = midnight_of(paulista, "2018-11-04".parse().unwrap());
        assert_eq!(wall_text(wall_clock(paulista, start)), "2018-11-04 01:00:00");
    }
}
