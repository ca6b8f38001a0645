//! Converz's values: minutes in filters, and records whose columns nobody knows beforehand.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::schema::Decimal;
use crate::source::{Account, Faults, MapError, Window};
use crate::wire::{Field, MemberName};

/// The form of times in filters: minutes, local to the tenant, without seconds and without a zone (documented).
pub(super) const MINUTE: &str = "%Y-%m-%d %H:%M";

/// The first and the last local minute of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalMinutes {
    pub(super) first: NaiveDateTime,
    pub(super) last: NaiveDateTime,
}

impl LocalMinutes {
    /// In the autumn hour that happens twice a local time names two instants, so both ends step out of it: reading more than
    /// the window does no harm.
    pub(super) fn of(window: &Window, account: &Account) -> Self {
        let last = account.local(window.until - TimeDelta::nanoseconds(1));
        Self {
            first: first_minute(window.since, account),
            last: minute_of(last + account.repeats(last).unwrap_or_default()),
        }
    }
}

/// The local minute of an instant, before an hour that happens twice.
pub(super) fn first_minute(at: DateTime<Utc>, account: &Account) -> NaiveDateTime {
    let local = account.local(at);
    minute_of(local - account.repeats(local).unwrap_or_default())
}

/// The minute that a time lies in.
pub(super) fn minute_of(time: NaiveDateTime) -> NaiveDateTime {
    time.with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .expect("every minute has a second 0")
}

/// The members of an object, in order, each as received.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(MemberName<'a>, &'a str)>);

impl<'a> Members<'a> {
    /// Reads a record whose columns are not known beforehand.
    pub(super) fn read(record: &'a str) -> Result<Self, MapError> {
        serde_json::from_str(record).map_err(|error| MapError::json(&error))
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The JSON of a member; of one that comes twice the last.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let named = self.0.iter().rev().find(|(own, _)| own.as_str() == name);
        named.map(|(_, value)| *value)
    }

    /// The text of a member. Its form may change from number to text, so that ids are made of this and not of the JSON.
    pub(super) fn text(&self, name: &str, faults: &Faults) -> Option<String> {
        let field = Field::new("group", self.get(name)?);
        field.unwrap_list_of_one().owned(faults)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(MemberName<'de>, &'de str)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((name, value)) = members.next_entry::<MemberName<'de>, &RawValue>()? {
            all.push((name, value.get()));
        }
        Ok(all)
    }
}

/// A measure: a number, or one as text. Not-a-number and infinity are no values.
pub(super) fn read_measure(json: Option<&str>, faults: &Faults) -> Option<Decimal> {
    let field = Field::new("metric", json?).unwrap_list_of_one();
    let text = field.text(faults)?.to_ascii_lowercase();
    let word = text.trim_start_matches(['-', '+']);
    if matches!(word, "nan" | "inf" | "infinity") {
        return None;
    }
    field.decimal(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

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
            let minutes = LocalMinutes::of(&window, &account);
            let text = |minute: NaiveDateTime| minute.format(MINUTE).to_string();
            assert_eq!(
                [text(minutes.first), text(minutes.last)],
                [first, last],
                "{window}"
            );
        }
    }

    #[test]
    fn only_numbers_are_measures() {
        for (json, wanted, is_fault) in [
            ("0.5", Some("0.5"), false),
            ("-0.010000000000000009", Some("-0.010000000000000009"), false),
            (r#""12""#, Some("12"), false),
            ("[3]", Some("3"), false),
            ("true", Some("1"), false),
            ("null", None, false),
            (r#""NaN""#, None, false),
            (r#""-Inf""#, None, false),
            (r#""calm""#, None, true),
            ("[1, 2]", None, true),
        ] {
            let faults = Faults::new();
            let value = read_measure(Some(json), &faults);
            assert_eq!(value, wanted.and_then(Decimal::parse), "{json}");
            assert_eq!(!faults.is_empty(), is_fault, "{json}");
        }
    }
}
