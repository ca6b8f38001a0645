//! What vendor code has to know of the account it reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::schema::{self, Region};

/// Years that a vendor's time may lie in; anything else is a slip or a filler.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

/// One configured account of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The zone of times that carry no offset.
    pub time_zone: Tz,
    /// The country whose national phone numbers the account writes.
    pub region: Region,
    /// What only this vendor asks for.
    pub options: Arc<Options>,
}

/// What only one vendor asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The vendor's own settings, by their keys.
    pub values: BTreeMap<&'static str, Vec<String>>,
    /// The API hosts whose address and credential are known, with their addresses.
    pub hosts: BTreeMap<&'static str, String>,
    /// Keys of the settings that say whose account it is.
    pub identity: &'static [&'static str],
}

impl Account {
    /// An account without settings of the vendor's own.
    pub fn new(time_zone: Tz, region: Region) -> Self {
        Self {
            time_zone,
            region,
            options: Arc::default(),
        }
    }

    /// The single value of a setting of the vendor's own.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.list(key).first().map(String::as_str)
    }

    /// All values of a setting of the vendor's own.
    pub fn list(&self, key: &str) -> &[String] {
        self.options.values.get(key).map_or(&[], Vec::as_slice)
    }

    /// True where requests can be sent to this API host.
    pub fn has_host(&self, host: &str) -> bool {
        self.options.hosts.contains_key(host)
    }

    /// The whole number that a setting of the vendor's own holds.
    pub fn number(&self, key: &str) -> Option<u32> {
        self.option(key)?.parse().ok()
    }

    /// The instant of a local time. A time that happens twice is taken as the first; a time that the clocks skip is
    /// read as if they had not been put forward yet.
    pub fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        instant(local, self.time_zone)
    }

    /// The local time of an instant.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.time_zone).naive_local()
    }

    /// How far apart the two instants of a local time are that happens twice.
    pub fn repeats(&self, local: NaiveDateTime) -> Option<TimeDelta> {
        match local.and_local_timezone(self.time_zone) {
            LocalResult::Ambiguous(first, second) => Some(second.to_utc() - first.to_utc()),
            _ => None,
        }
    }

    /// A phone number in E.164.
    pub fn e164(&self, number: &str) -> Option<String> {
        schema::e164(number, self.region)
    }
}

/// The instant of a local time of a zone.
pub(super) fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    if !YEARS.contains(&local.year()) {
        return None;
    }
    match local.and_local_timezone(zone) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => {
            let before = (local - TimeDelta::hours(3))
                .and_local_timezone(zone)
                .earliest()?;
            Some(before.to_utc() + TimeDelta::hours(3))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_on_both_daylight_saving_days() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        for (local, instant) in [
            ("2026-02-03T14:05:09", Some("2026-02-03T22:05:09Z")),
            ("2026-07-03T14:05:09", Some("2026-07-03T21:05:09Z")),
            ("2026-03-08T02:30:00", Some("2026-03-08T10:30:00Z")), // skipped
            ("2026-11-01T01:30:00", Some("2026-11-01T08:30:00Z")), // twice: the first
            ("0001-01-01T00:00:00", None),
        ] {
            let read = account.instant(local.parse().unwrap());
            assert_eq!(read, instant.map(|text| text.parse().unwrap()), "{local}");
        }
        let hour = Some(TimeDelta::hours(1));
        assert_eq!(account.repeats("2026-11-01T01:30:00".parse().unwrap()), hour);
        assert_eq!(account.repeats("2026-11-01T02:00:00".parse().unwrap()), None);
    }
}
