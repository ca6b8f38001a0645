//! The forms of time: durations, schedules, zones and starts of history.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use config::ValueKind;
use croner::parser::{CronParser, Seconds};

use super::forms::parse_text;
use super::nearest::hint_at;

use connectors::source::window_of_days;

// Contact centres had no API before, and a year beyond is a typing slip.
const YEARS: RangeInclusive<i32> = 2000..=2099;

const SCHEDULE_FORM: &str = "must be a cron pattern of six fields, seconds first, such as \"0 */5 * * * *\" \
                             (five are read as at second 0)";

const SINCE_FORM: &str = "must be a date such as \"2025-01-01\", or a time with its offset such as \
                          \"2025-01-01T00:00:00-08:00\", from 2000 to 2099";

/// A length of time within bounds.
pub(super) fn parse_duration(
    bounds: RangeInclusive<Duration>,
) -> impl FnOnce(&ValueKind) -> Result<Duration, String> {
    move |kind| {
        let duration = match kind {
            ValueKind::String(text) => humantime::parse_duration(text.trim()).ok(),
            _ => None,
        };
        duration
            .filter(|duration| bounds.contains(duration))
            .ok_or_else(|| {
                let (from, to) = (in_words(*bounds.start()), in_words(*bounds.end()));
                format!(
                    "must be a duration with its unit, such as \"90s\", \"2h\" or \"3d\", from {from} to {to}"
                )
            })
    }
}

// `humantime` counts years and months in fractions of days and would write our bounds oddly.
fn in_words(bound: Duration) -> String {
    let seconds = bound.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units
        .into_iter()
        .find(|(length, _)| seconds > 0 && seconds.is_multiple_of(*length));
    unit.map_or_else(
        || format!("{seconds}s"),
        |(length, sign)| format!("{}{sign}", seconds / length),
    )
}

/// A cron pattern, always given out with six fields, seconds first.
pub(super) fn parse_schedule(kind: &ValueKind) -> Result<String, String> {
    let mut fields: Vec<&str> = parse_text(kind)?.split_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let schedule = fields.join(" ");
    // The same parser as the scheduler's, which wants both the day of the month and the weekday to hold.
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .dom_and_dow(true)
        .build();
    let cron = match parser.parse(&schedule) {
        Ok(cron) if fields.len() == 6 => cron,
        _ => return Err(SCHEDULE_FORM.to_owned()),
    };
    // Without a field for years, what never comes after one instant never comes at all.
    match cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, true) {
        Ok(_) => Ok(schedule),
        Err(_) => Err("is a cron pattern for a day that never comes".to_owned()),
    }
}

/// A time zone by its IANA name.
pub(super) fn parse_time_zone(kind: &ValueKind) -> Result<Tz, String> {
    let name = parse_text(kind)?;
    name.parse().map_err(|_| {
        let near = hint_at(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        format!("must be the IANA name of a time zone, such as \"America/Los_Angeles\" or \"UTC\"{near}")
    })
}

/// The first instant of a local day of the zone, or an instant.
pub(super) fn parse_since(zone: Tz) -> impl Fn(&ValueKind) -> Result<DateTime<Utc>, String> {
    move |kind| {
        let text = parse_text(kind)?;
        let since = match text.parse::<NaiveDate>() {
            Ok(day) => first_instant(day, zone),
            Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        };
        since
            .filter(|since| YEARS.contains(&since.year()))
            .ok_or_else(|| SINCE_FORM.to_owned())
    }
}

/// An instant as an operator types it: a day of the zone, which is its first instant, or a time with its offset.
pub fn parse_instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    parse_since(zone)(&ValueKind::String(text.to_owned()))
}

fn first_instant(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    // Two days, since one may have been left out when a zone moved across the date line.
    let end = day.checked_add_days(Days::new(2))?;
    window_of_days(day, end, zone).map(|window| window.since)
}

#[cfg(test)]
mod tests {
    use super::super::forms::tests::check_form;
    use super::*;

    #[test]
    fn durations_need_a_unit_and_keep_their_bounds() {
        let form = |kind: &ValueKind| parse_duration(Duration::from_secs(1)..=Duration::from_hours(72))(kind);
        check_form(
            form,
            &[
                ("1s".into(), "1s"),
                ("2h 30m".into(), "9000s"),
                ("3 days".into(), "259200s"),
            ],
            &[
                "".into(),
                "30".into(),
                30.into(),
                "0s".into(),
                "10ms".into(),
                "4d".into(),
                "soon".into(),
                "-1s".into(),
            ],
        );
        let problem = form(&"soon".into()).expect_err("not a duration");
        assert!(problem.ends_with("from 1s to 3d"), "{problem}");
    }

    #[test]
    fn schedules_have_five_or_six_fields_and_come_round() {
        check_form(
            parse_schedule,
            &[
                ("0 */5 * * * *".into(), "\"0 */5 * * * *\""),
                (" */5  * * * * ".into(), "\"0 */5 * * * *\""),
                ("0 0 6 * * MON-FRI".into(), "\"0 0 6 * * MON-FRI\""),
                ("0 0 0 29 2 *".into(), "\"0 0 0 29 2 *\""),
            ],
            &[
                "".into(),
                "@daily".into(),
                "* * * *".into(),
                "0 0 0 * * * 2030".into(),
                "61 * * * * *".into(),
                "0 */0 * * * *".into(),
                "every hour on the hour please".into(),
                "0 0 0 30 2 *".into(),
                5.into(),
            ],
        );
    }

    #[test]
    fn time_zones_are_known_names() {
        check_form(
            parse_time_zone,
            &[("Europe/Paris".into(), "Europe/Paris")],
            &["Mars/Olympus".into(), "".into(), 8.into()],
        );
        let problem = parse_time_zone(&"america/los angeles".into()).expect_err("misspelt");
        assert!(
            problem.ends_with("; did you mean `America/Los_Angeles`?"),
            "{problem}"
        );
    }

    #[test]
    fn histories_begin_at_a_day_of_the_account_or_at_an_instant() {
        check_form(
            parse_since(chrono_tz::America::Los_Angeles),
            &[
                ("2025-01-01".into(), "2025-01-01T08:00:00Z"),
                ("2000-01-01".into(), "2000-01-01T08:00:00Z"),
                ("2025-01-01T00:00:00-03:00".into(), "2025-01-01T03:00:00Z"),
                ("2025-01-01T00:00:00Z".into(), "2025-01-01T00:00:00Z"),
            ],
            &[
                "2025-02-30".into(),
                "1025-01-01".into(),
                "1999-12-31".into(),
                "2100-01-01".into(),
                "2025-01-01T00:00:00".into(),
                "yesterday".into(),
                2025.into(),
            ],
        );
    }

    #[test]
    fn a_day_that_has_no_midnight_begins_all_the_same() {
        // The clocks of Santiago skipped from midnight to one o'clock, and Apia left out the whole day.
        for (zone, day, first) in [
            (chrono_tz::America::Santiago, "2024-09-08", "2024-09-08T04:00:00Z"),
            (chrono_tz::Pacific::Apia, "2011-12-30", "2011-12-30T10:00:00Z"),
        ] {
            let since = parse_since(zone)(&day.into()).expect(day);
            assert_eq!(since, first.parse::<DateTime<Utc>>().expect(first), "{day}");
        }
    }
}
