//! The configured accounts of vendors, with what may be set for their streams.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use config::ValueKind;
use secrecy::SecretString;
use url::Url;

use super::nearest::hint;
use super::reader::Reader;
use super::{VendorKeys, forms, options, secret, times};

const LONGEST_NAME: usize = 40;
const NAME_FORM: &str = "must be a letter from a to z, then letters from a to z, digits and `_`, at most 40";

const ANY_DELAY: RangeInclusive<Duration> = Duration::ZERO..=DAYS_7;
const ANY_LOOK_BACK: RangeInclusive<Duration> = Duration::ZERO..=DAYS_366;
const ANY_WINDOW: RangeInclusive<Duration> = Duration::from_secs(1)..=DAYS_366;
// Reports that a vendor computes while we wait take minutes; longer waits belong to polling.
const ANY_TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(30);
const DAYS_7: Duration = Duration::from_hours(7 * 24);
const DAYS_366: Duration = Duration::from_hours(366 * 24);

/// One configured account of a vendor; what is absent has the vendor's default.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name the operator chose.
    pub name: String,
    /// The vendor's name.
    pub vendor: String,
    /// The address of the vendor's API.
    pub base_url: Option<Url>,
    /// Every secret the vendor asks for.
    pub secrets: BTreeMap<&'static str, SecretString>,
    /// What only this vendor asks for.
    pub options: BTreeMap<&'static str, Vec<String>>,
    /// The zone of the account's local times.
    pub time_zone: Option<Tz>,
    /// The country of phone numbers without a prefix, two capital letters.
    pub default_region: Option<String>,
    /// Where history starts.
    pub since: Option<Since>,
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

/// Where the history of a source starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The start of a day in the account's zone.
    Date(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
}

/// What is set for one stream; what is absent has the vendor's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamSettings {
    /// Whether it runs at all.
    pub enabled: Option<bool>,
    /// When it runs: six cron fields, seconds first.
    pub schedule: Option<String>,
    /// The longest window of one walk.
    pub widest: Option<Duration>,
    /// How far each run steps back.
    pub overlap: Option<Duration>,
    /// How young is too young to read.
    pub delay: Option<Duration>,
    /// How old a range must be before a second reading settles it.
    pub settle: Option<Duration>,
    /// The share of rejected items, 0 to 1, above which a walk fails.
    pub reject_limit: Option<f64>,
    /// The share of missing rows, 0 to 1, above which marking them deleted waits for an operator.
    pub delete_limit: Option<f64>,
}

/// Every source below `[sources]`.
pub(super) fn sources(root: &mut Reader<'_>, vendors: &[VendorKeys]) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    let Some(mut tables) = root.table("sources") else {
        return sources;
    };
    for name in tables.names() {
        if !is_name(&name) {
            tables.report(&name, NAME_FORM);
        }
        if let Some(table) = tables.table(&name) {
            sources.insert(name.clone(), source(name, table, vendors));
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

fn source(name: String, mut table: Reader<'_>, vendors: &[VendorKeys]) -> Source {
    let vendor = vendor(&mut table, vendors);
    let source = Source {
        name,
        // An unknown vendor is a problem, so that this source is never given out.
        vendor: vendor.map_or_else(String::new, |vendor| vendor.name.to_owned()),
        base_url: table.take("base_url", forms::base_url),
        secrets: secrets(&mut table, vendor, vendors),
        options: options::options(&mut table, vendor, vendors),
        time_zone: table.take("time_zone", times::time_zone),
        default_region: table.take("default_region", forms::region),
        since: table.take("since", times::since),
        schedule: table.take("schedule", times::schedule),
        requests_per_minute: table.take("requests_per_minute", forms::whole(1..=60_000)),
        max_in_flight: table.take("max_in_flight", forms::whole(1..=256)),
        timeout: table.take("timeout", times::duration(ANY_TIMEOUT)),
        streams: streams(&mut table, vendor),
    };
    table.close();
    source
}

fn vendor<'a>(table: &mut Reader<'_>, vendors: &'a [VendorKeys]) -> Option<&'a VendorKeys> {
    let names = || vendors.iter().map(|vendor| vendor.name);
    let known = names().collect::<Vec<_>>().join(", ");
    if !table.has("vendor") {
        table.missing("vendor", format!("is missing; give one of: {known}"));
    }
    table.take("vendor", |kind: &ValueKind| {
        let given = forms::text(kind)?;
        let vendor = vendors.iter().find(|vendor| vendor.name == given);
        vendor.ok_or_else(|| format!("must be one of: {known}{}", hint(given, names())))
    })
}

fn secrets(
    table: &mut Reader<'_>,
    vendor: Option<&VendorKeys>,
    vendors: &[VendorKeys],
) -> BTreeMap<&'static str, SecretString> {
    if let Some(vendor) = vendor {
        let taken = vendor.secrets.iter().map(|(key, is_required)| {
            let secret = if *is_required {
                secret::required(table, key)
            } else {
                secret::optional(table, key, secret::any)
            };
            (*key, secret)
        });
        return taken.filter_map(|(key, secret)| Some((key, secret?))).collect();
    }
    // Whose secrets they are is unknown, so none of them is called an unknown key.
    for (key, _) in vendors.iter().flat_map(|vendor| &vendor.secrets) {
        secret::skip(table, key);
    }
    BTreeMap::new()
}

fn streams(table: &mut Reader<'_>, vendor: Option<&VendorKeys>) -> BTreeMap<String, StreamSettings> {
    let mut streams = BTreeMap::new();
    let Some(mut tables) = table.table("streams") else {
        return streams;
    };
    for name in tables.names() {
        if let Some(vendor) = vendor.filter(|vendor| !vendor.streams.contains(&name.as_str())) {
            let (known, near) = (
                vendor.streams.join(", "),
                hint(&name, vendor.streams.iter().copied()),
            );
            tables.report(
                &name,
                format!("is not a stream of {}, which has: {known}{near}", vendor.name),
            );
        }
        if let Some(table) = tables.table(&name) {
            streams.insert(name, stream(table));
        }
    }
    streams
}

fn stream(mut table: Reader<'_>) -> StreamSettings {
    let stream = StreamSettings {
        enabled: table.take("enabled", forms::truth),
        schedule: table.take("schedule", times::schedule),
        widest: table.take("widest", times::duration(ANY_WINDOW)),
        overlap: table.take("overlap", times::duration(ANY_LOOK_BACK)),
        delay: table.take("delay", times::duration(ANY_DELAY)),
        settle: table.take("settle", times::duration(ANY_LOOK_BACK)),
        reject_limit: table.take("reject_limit", forms::share),
        delete_limit: table.take("delete_limit", forms::share),
    };
    table.close();
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
