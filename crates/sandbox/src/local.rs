//! Local time of an account, as whole seconds on its wall clock.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

use super::json::push_number;

/// What the wall clock shows at an instant, both as seconds since 1970 of their own scale.
pub(super) fn wall_clock(zone: Tz, instant: i64) -> i64 {
    instant + offset(zone, instant)
}

/// Seconds to add to UTC at an instant.
pub(super) fn offset(zone: Tz, instant: i64) -> i64 {
    let utc = moment(instant);
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// The local day of an instant.
pub(super) fn day(zone: Tz, instant: i64) -> NaiveDate {
    moment(wall_clock(zone, instant)).date()
}

/// The first instant of a local day.
pub(super) fn midnight(zone: Tz, day: NaiveDate) -> i64 {
    let start = day.and_time(NaiveTime::MIN);
    // Some zones change at midnight, so that the day begins an hour later.
    let found = (0..=3).find_map(|hours| {
        zone.from_local_datetime(&(start + chrono::Duration::hours(hours)))
            .earliest()
    });
    found.expect("no clock leaps over three hours").timestamp()
}

/// The day after.
pub(super) fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1))
        .expect("the simulation ends before the calendar does")
}

/// Seconds of a wall-clock text with a blank or a `T` between date and time; nothing else is understood.
pub(super) fn parse(text: &str) -> Option<i64> {
    let parse = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let read = parse("%Y-%m-%d %H:%M:%S").or_else(|| parse("%Y-%m-%dT%H:%M:%S"))?;
    Some(read.and_utc().timestamp())
}

/// Appends `2026-02-03 14:05:09`.
pub(super) fn push(out: &mut String, local: i64) {
    let at = moment(local);
    push_number(out, u64::from(at.year().unsigned_abs()));
    for (mark, part) in [
        ('-', at.month()),
        ('-', at.day()),
        (' ', at.hour()),
        (':', at.minute()),
        (':', at.second()),
    ] {
        out.push(mark);
        if part < 10 {
            out.push('0');
        }
        push_number(out, u64::from(part));
    }
}

/// The calendar view of seconds since 1970.
pub(super) fn moment(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0)
        .expect("the simulation ends before the calendar does")
        .naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACIFIC: Tz = Tz::America__Los_Angeles;

    #[test]
    fn a_written_time_reads_back() {
        let mut text = String::new();
        let local = parse("2026-02-03T04:05:09").unwrap();
        push(&mut text, local);
        assert_eq!(text, "2026-02-03 04:05:09");
        assert_eq!(parse(&text), Some(local));
    }

    #[test]
    fn other_forms_of_time_are_not_understood() {
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
    fn days_with_a_clock_change_are_shorter_or_longer() {
        let length = |text: &str| {
            let date: NaiveDate = text.parse().unwrap();
            (midnight(PACIFIC, next(date)) - midnight(PACIFIC, date)) / 3600
        };
        assert_eq!(
            [length("2026-03-08"), length("2026-03-09"), length("2026-11-01")],
            [23, 24, 25]
        );
    }

    #[test]
    fn a_day_without_midnight_begins_an_hour_later() {
        let date: NaiveDate = "2018-11-04".parse().unwrap();
        let start = midnight(Tz::America__Sao_Paulo, date);
        assert_eq!(
            wall_clock(Tz::America__Sao_Paulo, start),
            parse("2018-11-04 01:00:00").unwrap()
        );
    }
}
