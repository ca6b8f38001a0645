//! The configured accounts of vendors, with what may be set for their streams.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use config::ValueKind;
use connectors::schema::Region;
use connectors::source::{ApiHost, Auth, Vendor};
use secrecy::SecretString;
use url::Url;

use super::nearest::hint_at;
use super::reader::{Reader, Renamed};
use super::{forms, hosts, options, secret, times};

const LONGEST_NAME: usize = 40;
const NAME_FORM: &str = "must be a letter from a to z, then letters from a to z, digits and `_`, at most 40";

const ANY_DELAY: RangeInclusive<Duration> = Duration::ZERO..=DAYS_7;
const ANY_LOOKBACK: RangeInclusive<Duration> = Duration::ZERO..=DAYS_366;
const ANY_SPAN: RangeInclusive<Duration> = Duration::from_secs(1)..=DAYS_366;
// Reports that a vendor computes while we wait take minutes; longer waits belong to polling.
const ANY_TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(30);
const DAYS_7: Duration = Duration::from_hours(7 * 24);
const DAYS_366: Duration = Duration::from_hours(366 * 24);

/// Keys that files of operators may still hold.
const RENAMED: &[Renamed] = &[
    Renamed {
        from: "widest",
        to: "max_span",
    },
    Renamed {
        from: "overlap",
        to: "lookback",
    },
];

/// One configured account of a vendor; what is absent has the vendor's default.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name the operator chose.
    pub name: String,
    /// Its vendor.
    pub vendor: &'static Vendor,
    /// The address of the vendor's API.
    pub base_url: Option<Url>,
    /// True where plain http may be spoken to other machines.
    pub allow_plain_http: bool,
    /// Every secret the vendor asks for.
    pub secrets: BTreeMap<&'static str, SecretString>,
    /// What only this vendor asks for.
    pub options: BTreeMap<&'static str, Vec<String>>,
    /// The zone of the account's local times.
    pub time_zone: Option<Tz>,
    /// The country of phone numbers without a prefix.
    pub default_region: Option<Region>,
    /// Where history starts; a day is its first instant in the account's zone.
    pub since: Option<DateTime<Utc>>,
    /// When its streams run: six cron fields, seconds first.
    pub schedule: Option<String>,
    /// The credential's budget.
    pub requests_per_minute: Option<u32>,
    /// How many requests may be open at once.
    pub max_in_flight: Option<usize>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// What is set for single streams, by their names.
    pub streams: BTreeMap<String, StreamSettings>,
}

/// What is set for one stream; what is absent has the vendor's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamSettings {
    /// Whether it runs at all.
    pub enabled: Option<bool>,
    /// When it runs: six cron fields, seconds first.
    pub schedule: Option<String>,
    /// The longest window of one slice.
    pub max_span: Option<Duration>,
    /// How far each run steps back.
    pub lookback: Option<Duration>,
    /// How young is too young to read.
    pub delay: Option<Duration>,
    /// How old a range must be before a second reading settles it.
    pub settle: Option<Duration>,
    /// The share of unreadable records, 0 to 1, above which a slice is not complete.
    pub reject_limit: Option<f64>,
    /// The share of missing rows, 0 to 1, above which marking them deleted waits for an operator.
    pub delete_limit: Option<f64>,
    /// How far the stream may be behind before it counts as lagging.
    pub lag_limit: Option<Duration>,
}

impl Source {
    /// The zone of the account's local times: the one that is set, unless the vendor's times are in one zone for all.
    pub fn account_zone(&self) -> Tz {
        zone_of(self.vendor, self.time_zone)
    }
}

fn zone_of(vendor: &Vendor, own: Option<Tz>) -> Tz {
    vendor.fixed_time_zone.or(own).unwrap_or(vendor.time_zone)
}

/// Every source below `[sources]`.
pub(super) fn read_sources(root: &mut Reader<'_>, vendors: &[&'static Vendor]) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    let Some(mut tables) = root.take_table("sources") else {
        return sources;
    };
    for name in tables.key_names() {
        if !is_name(&name) {
            tables.report_key(&name, NAME_FORM);
        }
        if let Some(table) = tables.take_table(&name) {
            let source = read_source(&name, table, vendors);
            sources.extend(source.map(|source| (name, source)));
        }
    }
    sources
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|sign: char| sign.is_ascii_lowercase())
        && name
            .chars()
            .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_')
}

/// A source, unless its vendor is unknown.
fn read_source(name: &str, mut table: Reader<'_>, vendors: &[&'static Vendor]) -> Option<Source> {
    let vendor = take_vendor(&mut table, vendors);
    match vendor {
        Some(vendor) => hosts::require_main_host(&mut table, vendor),
        None => skip_own_keys(&mut table, vendors),
    }
    let source = take_source(name, &mut table, vendor);
    table.close_table();
    source
}

fn take_source(name: &str, table: &mut Reader<'_>, vendor: Option<&'static Vendor>) -> Option<Source> {
    let allow_plain_http = table.take_value("allow_plain_http", forms::parse_truth) == Some(true);
    let time_zone = table.take_value("time_zone", times::parse_time_zone);
    let zone = vendor.map_or(Tz::UTC, |vendor| zone_of(vendor, time_zone));
    Some(Source {
        name: name.to_owned(),
        base_url: table.take_value("base_url", forms::parse_base_url(allow_plain_http)),
        allow_plain_http,
        secrets: vendor.map_or_else(BTreeMap::new, |vendor| take_secrets(table, vendor)),
        options: vendor.map_or_else(BTreeMap::new, |vendor| {
            options::take_options(table, vendor, allow_plain_http)
        }),
        time_zone,
        default_region: table.take_value("default_region", forms::parse_region),
        since: table.take_value("since", times::parse_since(zone)),
        schedule: table.take_value("schedule", times::parse_schedule),
        requests_per_minute: table.take_value("requests_per_minute", forms::parse_number(1..=60_000)),
        max_in_flight: table.take_value("max_in_flight", forms::parse_number(1..=256)),
        timeout: table.take_value("timeout", times::parse_duration(ANY_TIMEOUT)),
        streams: read_streams(table, vendor),
        // At last, so that what is wrong with the other keys is found whoever the vendor is.
        vendor: vendor?,
    })
}

fn take_vendor(table: &mut Reader<'_>, vendors: &[&'static Vendor]) -> Option<&'static Vendor> {
    let names = || vendors.iter().map(|vendor| vendor.name);
    let known = names().collect::<Vec<_>>().join(", ");
    if !table.has_key("vendor") {
        table.report_missing("vendor", format!("is missing; give one of: {known}"));
    }
    table.take_value("vendor", |kind: &ValueKind| {
        let given = forms::parse_text(kind)?;
        let vendor = vendors.iter().find(|vendor| vendor.name == given).copied();
        vendor.ok_or_else(|| format!("must be one of: {known}{}", hint_at(given, names())))
    })
}

/// Takes what any vendor could ask for: whose keys they are is unknown, so none of them is called an unknown key.
fn skip_own_keys(table: &mut Reader<'_>, vendors: &[&'static Vendor]) {
    for vendor in vendors {
        for host in vendor.hosts {
            secret::skip_secret(table, host.secret);
        }
        for option in vendor.options {
            table.take_raw(option.name);
        }
    }
}

/// The credentials of the vendor's hosts. The main host's must be there, and what goes into a header must fit one.
fn take_secrets(table: &mut Reader<'_>, vendor: &Vendor) -> BTreeMap<&'static str, SecretString> {
    let main = vendor.hosts.first().map(|host| host.secret);
    let mut secrets = BTreeMap::new();
    let keys: BTreeSet<&'static str> = vendor.hosts.iter().map(|host| host.secret).collect();
    for key in keys {
        let is_in_header = |host: &ApiHost| {
            host.secret == key && matches!(host.auth, Auth::Header { .. } | Auth::Headers(_))
        };
        let check: secret::Check = if vendor.hosts.iter().any(is_in_header) {
            secret::parse_header_secret
        } else {
            secret::parse_secret
        };
        let secret = if main == Some(key) {
            secret::require_secret(table, key, check)
        } else {
            secret::take_secret(table, key, check)
        };
        secrets.extend(secret.map(|secret| (key, secret)));
    }
    secrets
}

fn read_streams(table: &mut Reader<'_>, vendor: Option<&Vendor>) -> BTreeMap<String, StreamSettings> {
    let mut streams = BTreeMap::new();
    let Some(mut tables) = table.take_table("streams") else {
        return streams;
    };
    for name in tables.key_names() {
        if let Some(vendor) = vendor.filter(|vendor| vendor.stream(&name).is_none()) {
            let known: Vec<&str> = vendor.streams.iter().map(|stream| stream.name).collect();
            let (near, known) = (hint_at(&name, known.iter().copied()), known.join(", "));
            tables.report_key(
                &name,
                format!("is not a stream of {}, which has: {known}{near}", vendor.name),
            );
        }
        if let Some(table) = tables.take_table(&name) {
            streams.insert(name, read_stream(table));
        }
    }
    streams
}

fn read_stream(mut table: Reader<'_>) -> StreamSettings {
    table.expect_renamed(RENAMED);
    let stream = StreamSettings {
        enabled: table.take_value("enabled", forms::parse_truth),
        schedule: table.take_value("schedule", times::parse_schedule),
        max_span: table.take_value("max_span", times::parse_duration(ANY_SPAN)),
        lookback: table.take_value("lookback", times::parse_duration(ANY_LOOKBACK)),
        delay: table.take_value("delay", times::parse_duration(ANY_DELAY)),
        settle: table.take_value("settle", times::parse_duration(ANY_LOOKBACK)),
        reject_limit: table.take_value("reject_limit", forms::parse_share),
        delete_limit: table.take_value("delete_limit", forms::parse_share),
        lag_limit: table.take_value("lag_limit", times::parse_duration(ANY_SPAN)),
    };
    table.close_table();
    stream
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["a", "convoso_us", "a2", &"x".repeat(40)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2a", "_a", "A", "a-b", "a.b", "é", &"x".repeat(41)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
