//! From settings to streams: the vendor's defaults with the settings on top.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;

use crate::engine::{Limits, StreamSpec};
use crate::settings::{self, Settings, SourceHost, StreamSettings};
use crate::transport::{ApiClient, ApiLimits, HostAccess, HttpClient, RequestBudget};
use connectors::reader::{RecentAnswers, SliceLimits};
use connectors::schema::Region;
use connectors::source::{Account, Options, StreamDef, SyncMode, Vendor};

/// Under which key credentials have their names in the budget.
const CREDENTIAL_KEY: &[u8] = b"convene";

/// A source that is ready to be read.
pub struct Source {
    /// Its name in the settings.
    pub name: String,
    /// Its vendor.
    pub vendor: &'static Vendor,
    /// Its streams that are not switched off.
    pub streams: Vec<ConfiguredStream>,
}

/// A stream and when it runs.
pub struct ConfiguredStream {
    /// The stream.
    pub spec: StreamSpec,
    /// Its schedule; cron with seconds.
    pub schedule: String,
    /// How far it may be behind before it counts as lagging; nothing where the settings leave that to the schedule.
    pub lag_limit: Option<Duration>,
}

/// All sources of the settings, on one budget.
pub fn build_sources(settings: &Settings, budget: Arc<dyn RequestBudget>) -> anyhow::Result<Vec<Source>> {
    let client = HttpClient::new(budget, CREDENTIAL_KEY)?;
    let sources = settings.sources.values();
    sources
        .map(|source| build_source(settings, source, &client))
        .collect()
}

fn build_source(
    settings: &Settings,
    source: &settings::Source,
    client: &HttpClient,
) -> anyhow::Result<Source> {
    let name = &source.name;
    let hosts = open_hosts(source);
    let account = Arc::new(build_account(source, &hosts));
    let api = client.open_api(source.vendor.name, hosts, api_limits(settings, source));
    let builder = SpecBuilder {
        settings,
        source,
        client: Arc::new(api.with_context(|| format!("sources.{name}"))?),
        account,
        answers: Arc::default(),
    };
    let streams = source.vendor.streams_of(&builder.account);
    let enabled = streams.filter(|stream| builder.is_on(stream));
    Ok(Source {
        name: name.clone(),
        vendor: source.vendor,
        streams: enabled.map(|stream| builder.configure_stream(stream)).collect(),
    })
}

/// The account of a source, with everything that mappings have to know of it.
pub(super) fn build_account_of(source: &settings::Source) -> Arc<Account> {
    Arc::new(build_account(source, &open_hosts(source)))
}

fn build_account(source: &settings::Source, hosts: &BTreeMap<&'static str, HostAccess>) -> Account {
    let addresses = hosts
        .iter()
        .map(|(name, access)| (*name, access.base_url.to_string()));
    Account {
        time_zone: source.account_zone(),
        region: source.default_region.unwrap_or(Region::US),
        options: Arc::new(Options {
            values: source.options.clone(),
            hosts: addresses.collect(),
            identity: source.vendor.account_options,
        }),
    }
}

fn open_hosts(source: &settings::Source) -> BTreeMap<&'static str, HostAccess> {
    let access = |known: SourceHost| HostAccess {
        base_url: known.base_url,
        auth: known.host.auth,
        user: known.user,
        secret: known.secret,
    };
    let hosts = source.known_hosts().into_iter();
    hosts.map(|known| (known.host.name, access(known))).collect()
}

fn api_limits(settings: &Settings, source: &settings::Source) -> ApiLimits {
    let vendor = source.vendor;
    ApiLimits {
        requests_per_minute: source.requests_per_minute.unwrap_or(vendor.requests_per_minute),
        max_in_flight: source.max_in_flight.unwrap_or(vendor.max_in_flight),
        timeout: source.timeout.unwrap_or(vendor.timeout),
        max_body_bytes: settings.limits.max_body_bytes,
        allow_plain_http: source.allow_plain_http,
    }
}

/// What the streams of one source have in common.
struct SpecBuilder<'a> {
    settings: &'a Settings,
    source: &'a settings::Source,
    account: Arc<Account>,
    client: Arc<ApiClient>,
    answers: Arc<RecentAnswers>,
}

impl SpecBuilder<'_> {
    fn own_settings(&self, stream: &StreamDef) -> StreamSettings {
        self.source.streams.get(stream.name).cloned().unwrap_or_default()
    }

    fn is_on(&self, stream: &StreamDef) -> bool {
        self.own_settings(stream).enabled.unwrap_or(stream.is_on)
    }

    fn configure_stream(&self, stream: &'static StreamDef) -> ConfiguredStream {
        let own = self.own_settings(stream);
        let schedule = own.schedule.clone().or_else(|| self.source.schedule.clone());
        ConfiguredStream {
            lag_limit: own.lag_limit,
            schedule: schedule.unwrap_or_else(|| self.source.vendor.schedule_of(stream).to_owned()),
            spec: StreamSpec {
                source: self.source.name.clone(),
                vendor: self.source.vendor,
                stream,
                mode: adjust_mode(stream.mode, &own),
                account: self.account.clone(),
                client: self.client.clone(),
                answers: self.answers.clone(),
                since: self.source.since,
                limits: self.stream_limits(&own),
                promoted: self.promoted_fields(stream),
            },
        }
    }

    fn stream_limits(&self, own: &StreamSettings) -> Limits {
        let (usual, global) = (Limits::default(), &self.settings.limits);
        Limits {
            slice: SliceLimits {
                max_pages: global.max_pages,
                max_bytes: global.max_bytes,
                reject_share: own.reject_limit.unwrap_or(usual.slice.reject_share),
            },
            delete_share: own.delete_limit.unwrap_or(usual.delete_share),
            max_slice_time: global.max_slice_time,
        }
    }

    /// The fields of the stream's records that a view shall show.
    fn promoted_fields(&self, stream: &StreamDef) -> Vec<String> {
        let key = stream.promoted_by.unwrap_or_default();
        self.source.options.get(key).cloned().unwrap_or_default()
    }
}

/// The vendor's measures with the settings on top.
fn adjust_mode(mut mode: SyncMode, own: &StreamSettings) -> SyncMode {
    if let Some(policy) = mode.window_policy_mut() {
        set_measure(&mut policy.max_span, own.max_span);
        set_measure(&mut policy.lookback, own.lookback);
        set_measure(&mut policy.delay, own.delay);
        set_measure(&mut policy.settle, own.settle);
    }
    mode
}

fn set_measure(measure: &mut TimeDelta, own: Option<Duration>) {
    if let Some(own) = own.and_then(|own| TimeDelta::from_std(own).ok()) {
        *measure = own;
    }
}
