//! What Convoso writes in ways of its own: spans of local time, dates with their zone, numbers beside their country code.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::schema::{self, Region};
use crate::source::{Account, FaultKind, Faults, LocalSpan, Scope};
use crate::wire::{Field, wire_record};

/// The first and last local second that a slice asks for.
///
/// Whether the ends of the vendor's filter are inclusive is not documented; both are assumed to be. In the autumn hour that
/// happens twice a local time names two instants, so the bounds step out of it: reading more than the window does no harm.
pub(super) fn local_span(scope: &Scope<'_>) -> LocalSpan {
    let Scope { slice, account } = scope;
    let first = local_second(slice.window().since, account);
    let last = local_second(slice.requested_until() - TimeDelta::nanoseconds(1), account);
    let step = |time| account.repeats(time).unwrap_or_default();
    LocalSpan {
        first: first - step(first),
        last: last + step(last),
    }
}

/// The local second in which an instant lies.
pub(super) fn local_second(at: DateTime<Utc>, account: &Account) -> NaiveDateTime {
    whole_second(account.local(at))
}

/// A local time without its fraction, by which the vendor neither sorts nor filters.
pub(super) fn whole_second(time: NaiveDateTime) -> NaiveDateTime {
    time.with_nanosecond(0).unwrap_or(time)
}

wire_record! {
    /// A date object as PHP writes it, with a zone of its own (second SDK).
    struct Zoned { date, timezone }
}

/// The instant of a date object; or of a text, which one table of the documentation has instead.
pub(super) fn read_zoned(field: &Field<'_>, faults: &Faults, account: &Account) -> Option<DateTime<Utc>> {
    if !field.is_object() {
        return field.instant(faults, account);
    }
    let inner = Faults::new();
    let zoned = Zoned::read_nested(field, &inner);
    let at = match zoned.timezone.text(&inner) {
        Some(zone) => at_zone(&zoned.date, &zone, &inner),
        None => zoned.date.instant(&inner, account),
    };
    if inner.is_empty() {
        at
    } else {
        field.fault(faults, FaultKind::Unreadable)
    }
}

/// The instant of a local time of a zone that has a name, or an offset for its name.
fn at_zone(date: &Field<'_>, zone: &str, faults: &Faults) -> Option<DateTime<Utc>> {
    if let Ok(zone) = zone.parse::<Tz>() {
        return date.instant(faults, &Account::new(zone, Region::US));
    }
    let Ok(offset) = zone.parse::<FixedOffset>() else {
        return date.fault(faults, FaultKind::Unreadable);
    };
    let at = date.instant(faults, &Account::new(Tz::UTC, Region::US))?;
    Some(at - TimeDelta::seconds(offset.local_minus_utc().into()))
}

/// A telephone number in E.164. The country code is that of the number itself, where it is given; otherwise the account's
/// country decides.
pub(super) fn read_e164(
    number: &Field<'_>,
    country_code: &Field<'_>,
    faults: &Faults,
    account: &Account,
) -> Option<String> {
    let number = number.text(faults)?;
    let code: Option<Cow<'_, str>> = country_code.text(faults).filter(|_| !number.starts_with('+'));
    match code.as_deref() {
        // Numbers of North America come with and without their prefix (seen in client programs).
        Some("1") => schema::e164(&number, Region::US),
        Some(code) if code.bytes().all(|b| b.is_ascii_digit()) => {
            schema::e164(&format!("+{code}{number}"), Region::US)
        }
        _ => account.e164(&number),
    }
}

/// Two texts with a blank between them, or the one that is there.
pub(super) fn join_texts(first: &Field<'_>, last: &Field<'_>, faults: &Faults) -> Option<String> {
    let parts = [first.text(faults), last.text(faults)];
    let parts: Vec<Cow<'_, str>> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// An e-mail address in lower case, by which people are told apart.
pub(super) fn read_email(field: &Field<'_>, faults: &Faults) -> Option<String> {
    field.text(faults).map(|email| email.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Extent, Slice, Window};

    fn los_angeles() -> Account {
        Account::new(chrono_tz::America::Los_Angeles, Region::US)
    }

    #[test]
    fn windows_become_inclusive_local_seconds() {
        for (since, until, first, last) in [
            (
                "2026-02-03T08:00:00Z",
                "2026-02-03T09:00:00Z",
                "2026-02-03T00:00:00",
                "2026-02-03T00:59:59",
            ),
            (
                "2026-02-03T08:00:00.2Z",
                "2026-02-03T08:00:00.5Z",
                "2026-02-03T00:00:00",
                "2026-02-03T00:00:00",
            ),
            // Spring: 02:00 to 03:00 does not happen.
            (
                "2026-03-08T09:00:00Z",
                "2026-03-08T11:00:00Z",
                "2026-03-08T01:00:00",
                "2026-03-08T03:59:59",
            ),
            // Autumn: 01:00 to 02:00 happens twice, and a window that cuts it takes all of it.
            (
                "2026-11-01T08:30:00Z",
                "2026-11-01T09:30:00Z",
                "2026-11-01T00:30:00",
                "2026-11-01T02:29:59",
            ),
            (
                "2026-11-01T07:00:00Z",
                "2026-11-01T08:00:00Z",
                "2026-11-01T00:00:00",
                "2026-11-01T00:59:59",
            ),
            (
                "2026-11-01T10:00:00Z",
                "2026-11-01T11:00:00Z",
                "2026-11-01T02:00:00",
                "2026-11-01T02:59:59",
            ),
        ] {
            let window = Window {
                since: since.parse().unwrap(),
                until: until.parse().unwrap(),
            };
            let slice = Slice {
                partition: String::new(),
                extent: Extent::Window {
                    window,
                    is_open: false,
                },
                started_at: window.until,
            };
            let account = los_angeles();
            let span = local_span(&Scope {
                slice: &slice,
                account: &account,
            });
            let wanted = LocalSpan {
                first: first.parse().unwrap(),
                last: last.parse().unwrap(),
            };
            assert_eq!(span, wanted, "{window}");
        }
    }

    #[test]
    fn a_date_is_read_in_the_zone_that_comes_with_it() {
        let account = los_angeles();
        let at = |text: &str| (Some(text.parse().unwrap()), false);
        let (none, fault) = ((None, false), (None, true));
        let object = |date: &str, zone: &str| {
            format!(r#"{{"date": "{date}", "timezone_type": 3, "timezone": "{zone}"}}"#)
        };
        for (value, wanted) in [
            (
                object("2026-02-03 14:05:11.000000", "America/Los_Angeles"),
                at("2026-02-03T22:05:11Z"),
            ),
            (
                object("2026-02-03 14:05:11.250000", "America/New_York"),
                at("2026-02-03T19:05:11.25Z"),
            ),
            (object("2026-02-03 14:05:11", "UTC"), at("2026-02-03T14:05:11Z")),
            (
                object("2026-02-03 14:05:11", "-05:00"),
                at("2026-02-03T19:05:11Z"),
            ),
            (object("0000-00-00 00:00:00", "UTC"), none),
            (object("-0001-11-30 00:00:00.000000", "UTC"), none),
            (object("2026-02-03 14:05:11", "Mars/Olympus"), fault),
            (object("soon", "UTC"), fault),
            (
                r#"{"date": "2026-02-03 14:05:11"}"#.to_owned(),
                at("2026-02-03T22:05:11Z"),
            ),
            ("\"2026-02-03 14:05:11\"".to_owned(), at("2026-02-03T22:05:11Z")),
            ("null".to_owned(), none),
            ("\"\"".to_owned(), none),
            ("[]".to_owned(), none),
            ("{}".to_owned(), none),
            ("[7]".to_owned(), fault),
        ] {
            let faults = Faults::new();
            let read = read_zoned(&Field::new("t", &value), &faults, &account);
            assert_eq!((read, !faults.is_empty()), wanted, "{value}");
            assert!(faults.into_list().iter().all(|fault| fault.field == "t"));
        }
    }

    #[test]
    fn a_number_is_read_with_its_own_country_code() {
        let gb = Account::new(chrono_tz::UTC, Region::parse("GB").unwrap());
        for (number, code, wanted) in [
            (r#""2135550142""#, r#""1""#, Some("+12135550142")),
            ("12135550142", "1", Some("+12135550142")),
            (r#""7946001801""#, r#""44""#, Some("+447946001801")),
            (r#""7911123456""#, r#""44""#, Some("+447911123456")),
            (r#""+12135550142""#, r#""44""#, Some("+12135550142")),
            (r#""02079460018""#, "null", Some("+442079460018")),
            (r#""02079460018""#, r#""UK""#, Some("+442079460018")),
            (r#""withheld""#, "1", None),
            (r#""""#, "1", None),
        ] {
            let (number, code) = (Field::new("n", number), Field::new("c", code));
            let read = read_e164(&number, &code, &Faults::new(), &gb);
            assert_eq!(read.as_deref(), wanted, "{number:?} {code:?}");
        }
    }
}
