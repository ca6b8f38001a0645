//! The forms of time: durations, schedules, zones and starts of history.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use config::ValueKind;
use croner::parser::{CronParser, Seconds};

use super::forms::text;
use super::nearest::hint;
use super::source::Since;

// Contact centres had no API before, and a year beyond is a typing slip.
const YEARS: RangeInclusive<i32> = 2000..=2099;

const SCHEDULE_FORM: &str = "must be a cron pattern of six fields, seconds first, such as \"0 */5 * * * *\" \
                             (five are read as at second 0)";

/// A length of time within bounds.
pub(super) fn duration(
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
pub(super) fn schedule(kind: &ValueKind) -> Result<String, String> {
    let mut fields: Vec<&str> = text(kind)?.split_whitespace().collect();
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
pub(super) fn time_zone(kind: &ValueKind) -> Result<Tz, String> {
    let name = text(kind)?;
    name.parse().map_err(|_| {
        let near = hint(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        format!("must be the IANA name of a time zone, such as \"America/Los_Angeles\" or \"UTC\"{near}")
    })
}

/// A local day or an instant.
pub(super) fn since(kind: &ValueKind) -> Result<Since, String> {
    let text = text(kind)?;
    let day = text.parse::<NaiveDate>().ok().map(Since::Date);
    let since = day.or_else(|| {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Since::Instant(instant.to_utc()))
    });
    since
        .filter(|since| YEARS.contains(&year(*since)))
        .ok_or_else(|| {
            "must be a date such as \"2025-01-01\", or a time with its offset such as \
         \"2025-01-01T00:00:00-08:00\", from 2000 to 2099"
                .to_owned()
        })
}

fn year(since: Since) -> i32 {
    match since {
        Since::Date(day) => day.year(),
        Since::Instant(instant) => instant.year(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::tests::check;
    use super::*;

    #[test]
    fn durations_need_a_unit_and_keep_their_bounds() {
        let form = |kind: &ValueKind| duration(Duration::from_secs(1)..=Duration::from_hours(72))(kind);
        check(
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
        check(
            schedule,
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
        check(
            time_zone,
            &[("Europe/Paris".into(), "Europe/Paris")],
            &["Mars/Olympus".into(), "".into(), 8.into()],
        );
        let problem = time_zone(&"america/los angeles".into()).expect_err("misspelt");
        assert!(
            problem.ends_with("; did you mean `America/Los_Angeles`?"),
            "{problem}"
        );
    }

    #[test]
    fn histories_begin_at_a_day_or_an_instant() {
        check(
            since,
            &[
                ("2025-01-01".into(), "Date(2025-01-01)"),
                (
                    "2025-01-01T00:00:00-08:00".into(),
                    "Instant(2025-01-01T08:00:00Z)",
                ),
                ("2025-01-01T00:00:00Z".into(), "Instant(2025-01-01T00:00:00Z)"),
            ],
            &[
                "2025-02-30".into(),
                "1025-01-01".into(),
                "2025-01-01T00:00:00".into(),
                "yesterday".into(),
                2025.into(),
            ],
        );
    }
}
