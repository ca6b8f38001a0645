//! From settings to jobs: the vendor's defaults with the settings on top.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use url::Url;

use crate::engine::{Job, Limits};
use crate::settings::{self, Settings, Since, StreamSettings};
use crate::transport::{ApiClient, ApiLimits, HostAccess, HttpClient, InMemoryBudget, MAX_BODY_BYTES};
use connectors::schema::Region;
use connectors::source::{Account, Auth, Cursor, Door, Endpoint, Options, Stream};
use connectors::vendors::{Vendor, vendor};

/// The setting that names custom fields of leads, and the stream whose records have them.
const LEAD_FIELDS: (&str, &str) = ("lead_fields", "leads");

/// Under which key credentials have their names in the budget.
const NAME_KEY: &[u8] = b"convene";

/// A source that is ready to be read.
pub struct Source {
    /// Its name in the settings.
    pub name: String,
    /// Its vendor's name.
    pub vendor: &'static str,
    /// Its streams that are not switched off, each with its schedule.
    pub jobs: Vec<(Job, String)>,
}

/// All sources of the settings.
pub fn sources(settings: &Settings) -> anyhow::Result<Vec<Source>> {
    let client = HttpClient::new(Arc::new(InMemoryBudget::default()), NAME_KEY)?;
    settings
        .sources
        .values()
        .map(|source| build(source, &client))
        .collect()
}

fn build(source: &settings::Source, client: &HttpClient) -> anyhow::Result<Source> {
    let name = &source.name;
    let vendor = vendor(&source.vendor).ok_or_else(|| anyhow!("sources.{name}.vendor: is unknown"))?;
    let hosts = hosts(source, vendor)?;
    let account = account(source, vendor, hosts.keys().copied())?;
    let api = Arc::new(client.open_api(vendor.name, hosts, limits(source, vendor))?);
    let since = source.since.map(|since| instant(since, &account)).transpose()?;
    let promoted = promoted(source)?;
    let job = |endpoint: Endpoint| Job {
        vendor: vendor.name,
        promoted: if endpoint.name == LEAD_FIELDS.1 {
            promoted.clone()
        } else {
            Vec::new()
        },
        ..job(source, endpoint, api.clone(), since)
    };
    let endpoints = (vendor.streams)(&account).into_iter();
    let enabled = endpoints.filter(|endpoint| is_on(source, vendor, endpoint.name()));
    let jobs = enabled.map(|endpoint| {
        let schedule = schedule(source, vendor, endpoint.name());
        (job(endpoint), schedule)
    });
    Ok(Source {
        name: name.clone(),
        vendor: vendor.name,
        jobs: jobs.collect(),
    })
}

fn account(
    source: &settings::Source,
    vendor: &Vendor,
    doors: impl Iterator<Item = &'static str>,
) -> anyhow::Result<Account> {
    let region = source
        .default_region
        .as_deref()
        .map_or(Some(Region::US), Region::parse);
    let region = region.ok_or_else(|| anyhow!("sources.{}.default_region: is no country", source.name))?;
    Ok(Account {
        time_zone: source.time_zone.unwrap_or(vendor.time_zone),
        region,
        options: Arc::new(Options {
            values: source.options.clone(),
            doors: doors.collect(),
        }),
    })
}

/// The hosts whose address and credential are known; the main one must be.
fn hosts(source: &settings::Source, vendor: &Vendor) -> anyhow::Result<BTreeMap<&'static str, HostAccess>> {
    let name = &source.name;
    let mut hosts = BTreeMap::new();
    for (place, door) in vendor.doors.iter().enumerate() {
        match (address(source, door), source.secrets.get(door.secret)) {
            (Some(base_url), Some(secret)) => {
                let user = match door.auth {
                    Auth::Basic { name } => source
                        .options
                        .get(name)
                        .and_then(|values| values.first())
                        .cloned(),
                    _ => None,
                };
                let access = HostAccess {
                    base_url,
                    auth: door.auth,
                    user,
                    secret: secret.clone(),
                };
                hosts.insert(door.name, access);
            }
            (None, _) if place == 0 => return Err(anyhow!("sources.{name}.{}: is missing", door.url_key)),
            (_, None) if place == 0 => return Err(anyhow!("sources.{name}.{}: is missing", door.secret)),
            _ => (),
        }
    }
    Ok(hosts)
}

/// The address of a door. One that shares its key with the main door shares the address.
fn address(source: &settings::Source, door: &Door) -> Option<Url> {
    let own = source.options.get(door.url_key).and_then(|values| values.first());
    let own = own.and_then(|url| url.parse().ok());
    let main = source.base_url.clone().filter(|_| door.url_key == "base_url");
    let default = || door.default_url.and_then(|url| url.parse().ok());
    own.or(main).or_else(default)
}

/// The custom fields that a view shall show; they become names of columns.
fn promoted(source: &settings::Source) -> anyhow::Result<Vec<String>> {
    let (key, _) = LEAD_FIELDS;
    let fields = source.options.get(key).cloned().unwrap_or_default();
    let is_plain = |field: &String| {
        let plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
        (1..=63).contains(&field.len())
            && field.chars().all(plain)
            && !["source", "id"].contains(&field.as_str())
    };
    if fields.iter().all(is_plain) {
        return Ok(fields);
    }
    let name = &source.name;
    Err(anyhow!(
        "sources.{name}.{key}: must be names of fields, of letters from a to z, digits and `_`"
    ))
}

fn limits(source: &settings::Source, vendor: &Vendor) -> ApiLimits {
    ApiLimits {
        requests_per_minute: source.requests_per_minute.unwrap_or(vendor.requests_per_minute),
        max_in_flight: source.max_in_flight.unwrap_or(vendor.max_in_flight),
        timeout: source.timeout.unwrap_or(vendor.timeout),
        max_body_bytes: MAX_BODY_BYTES,
        allow_plain_http: false,
    }
}

fn instant(since: Since, account: &Account) -> anyhow::Result<DateTime<Utc>> {
    match since {
        Since::Instant(at) => Ok(at),
        Since::Date(day) => account
            .instant(day.and_time(NaiveTime::MIN))
            .context("`since` is out of range"),
    }
}

fn job(
    source: &settings::Source,
    endpoint: Endpoint,
    api: Arc<ApiClient>,
    since: Option<DateTime<Utc>>,
) -> Job {
    let own = of(source, endpoint.name());
    let usual = Limits::default();
    Job {
        source: source.name.clone(),
        vendor: "",
        promoted: Vec::new(),
        time_zone: endpoint.account.time_zone,
        cursor: cursor(endpoint.cursor().clone(), &own),
        stream: Box::new(endpoint),
        api,
        since,
        limits: Limits {
            reject_share: own.reject_limit.unwrap_or(usual.reject_share),
            delete_share: own.delete_limit.unwrap_or(usual.delete_share),
        },
    }
}

/// The vendor's measures with the settings on top.
fn cursor(mut cursor: Cursor, own: &StreamSettings) -> Cursor {
    if let Some(windowing) = cursor.windowing_mut() {
        set(&mut windowing.widest, own.widest);
        set(&mut windowing.overlap, own.overlap);
        set(&mut windowing.delay, own.delay);
        set(&mut windowing.settle, own.settle);
    }
    cursor
}

fn set(measure: &mut TimeDelta, own: Option<Duration>) {
    if let Some(own) = own.and_then(|own| TimeDelta::from_std(own).ok()) {
        *measure = own;
    }
}

fn schedule(source: &settings::Source, vendor: &Vendor, stream: &str) -> String {
    let own = of(source, stream).schedule;
    own.or_else(|| source.schedule.clone())
        .unwrap_or_else(|| vendor.schedule_of(stream).to_owned())
}

fn is_on(source: &settings::Source, vendor: &Vendor, stream: &str) -> bool {
    of(source, stream).enabled.unwrap_or_else(|| vendor.is_on(stream))
}

fn of(source: &settings::Source, stream: &str) -> StreamSettings {
    source.streams.get(stream).cloned().unwrap_or_default()
}
