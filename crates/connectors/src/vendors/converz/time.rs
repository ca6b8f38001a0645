//! Converz's times: minutes in filters; in rows minutes or seconds, with or without an offset.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use crate::source::{Account, Window};
use crate::vendors::lenient::{instant, local};

/// The form of times in filters: minutes, local to the tenant, without seconds and without a zone (documented).
pub(super) const MINUTE: &str = "%Y-%m-%d %H:%M";

/// The instant of a row's time. An offset wins; without one the time is local to the account.
pub(super) fn at(text: &str, account: &Account) -> Option<DateTime<Utc>> {
    instant(&with_seconds(text), account)
}

/// The local time of a row's time.
pub(super) fn wall_clock(text: &str, account: &Account) -> Option<NaiveDateTime> {
    let text = with_seconds(text);
    local(&text).or_else(|| instant(&text, account).map(|at| account.local(at)))
}

/// The same time with seconds: the vendor's own examples have none.
fn with_seconds(text: &str) -> Cow<'_, str> {
    match (text.get(..16), text.get(16..)) {
        (Some(minute), Some(rest)) if minute.as_bytes()[13] == b':' && !rest.starts_with(':') => {
            Cow::Owned(format!("{minute}:00{rest}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The first and the last local minute of a window. In the autumn hour that happens twice a local time names two instants, so
/// both step out of it: reading more than the window does no harm.
pub(super) fn minutes(window: &Window, account: &Account) -> (NaiveDateTime, NaiveDateTime) {
    let first = account.local(window.since);
    let last = account.local(window.until - TimeDelta::nanoseconds(1));
    let step = |time| account.repeats(time).unwrap_or_default();
    (minute(first - step(first)), minute(last + step(last)))
}

/// The minute that a time lies in.
pub(super) fn minute(time: NaiveDateTime) -> NaiveDateTime {
    time.with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .expect("every minute has a second 0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    #[test]
    fn times_have_minutes_or_seconds_and_an_offset_wins() {
        let account = Account::new(chrono_tz::America::New_York, Region::US);
        for (text, instant, local) in [
            (
                "2026-02-03 14:05",
                Some("2026-02-03T19:05:00Z"),
                Some("2026-02-03T14:05:00"),
            ),
            (
                "2026-02-03T14:05",
                Some("2026-02-03T19:05:00Z"),
                Some("2026-02-03T14:05:00"),
            ),
            (
                "2026-02-03 14:05:09",
                Some("2026-02-03T19:05:09Z"),
                Some("2026-02-03T14:05:09"),
            ),
            (
                "2026-02-03 14:05:09.5",
                Some("2026-02-03T19:05:09.5Z"),
                Some("2026-02-03T14:05:09.5"),
            ),
            (
                "2026-02-03T14:05Z",
                Some("2026-02-03T14:05:00Z"),
                Some("2026-02-03T09:05:00"),
            ),
            (
                "2026-02-03 14:05:09+02:00",
                Some("2026-02-03T12:05:09Z"),
                Some("2026-02-03T07:05:09"),
            ),
            ("2026-02-03", None, None),
            ("2026-02-03 14", None, None),
            ("14:05", None, None),
            ("yesterday at noon", None, None),
            ("2026-02-03 14é05:09", None, None),
        ] {
            assert_eq!(
                at(text, &account),
                instant.map(|text| text.parse().unwrap()),
                "{text}"
            );
            let wanted = local.map(|text| text.parse().unwrap());
            assert_eq!(wall_clock(text, &account), wanted, "{text}");
        }
    }

    #[test]
    fn windows_become_whole_local_minutes_outside_the_repeated_hour() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        for (since, until, first, last) in [
            (
                "2026-02-03T08:00:00Z",
                "2026-02-03T09:00:00Z",
                "2026-02-03 00:00",
                "2026-02-03 00:59",
            ),
            (
                "2026-02-03T08:00:59Z",
                "2026-02-03T09:00:01Z",
                "2026-02-03 00:00",
                "2026-02-03 01:00",
            ),
            (
                "2026-03-08T09:00:00Z",
                "2026-03-08T11:00:00Z",
                "2026-03-08 01:00",
                "2026-03-08 03:59",
            ),
            (
                "2026-11-01T08:30:00Z",
                "2026-11-01T09:30:00Z",
                "2026-11-01 00:30",
                "2026-11-01 02:29",
            ),
            (
                "2026-11-01T10:00:00Z",
                "2026-11-01T11:00:00Z",
                "2026-11-01 02:00",
                "2026-11-01 02:59",
            ),
        ] {
            let window = Window {
                since: since.parse().unwrap(),
                until: until.parse().unwrap(),
            };
            let (from, to) = minutes(&window, &account);
            let got = (from.format(MINUTE).to_string(), to.format(MINUTE).to_string());
            assert_eq!(got, (first.to_owned(), last.to_owned()), "{window}");
        }
    }
}
