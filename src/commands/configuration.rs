//! The settings that are in effect, with what the vendors say where nobody has set anything.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;

use crate::engine::Limits;
use crate::settings::{self, GivenValue, Origin, Settings};
use connectors::source::StreamDef;
use connectors::vendors::VENDORS;

use super::{environment, find_settings};

/// Every setting in effect by its key, secrets hidden: those of these files and of the environment, and the defaults.
pub fn list_configuration(files: &[PathBuf], settings: &Settings) -> Vec<GivenValue> {
    let given = settings::list_given(&find_settings(files), environment(), VENDORS);
    let mut all: BTreeMap<String, GivenValue> = given
        .into_iter()
        .map(|given| (given.key.clone(), given))
        .collect();
    for source in settings.sources.values() {
        let mut own = Own { all: &mut all };
        own.add_source(source);
        for stream in source.vendor.streams {
            own.add_stream(source, stream);
        }
    }
    let mut all: Vec<GivenValue> = all.into_values().collect();
    // The keys of a table stand together, and before those of the tables below it.
    all.sort_by(|one, other| split_key(&one.key).cmp(&split_key(&other.key)));
    all
}

fn split_key(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// Adds what was not given.
struct Own<'a> {
    all: &'a mut BTreeMap<String, GivenValue>,
}

impl Own<'_> {
    fn add(&mut self, key: String, value: impl ToString, origin: Origin) {
        self.all.entry(key.clone()).or_insert_with(|| GivenValue {
            key,
            value: value.to_string(),
            origin,
        });
    }

    fn add_source(&mut self, source: &settings::Source) {
        let vendor = source.vendor;
        let key = |name: &str| format!("sources.{}.{name}", source.name);
        let vendors = |value: String| (value, Origin::Vendor);
        let facts = [
            ("allow_plain_http", ("false".to_owned(), Origin::Default)),
            ("default_region", ("US".to_owned(), Origin::Default)),
            (
                "since",
                ("30 days before the first run".to_owned(), Origin::Default),
            ),
            ("schedule", vendors(vendor.schedule.to_owned())),
            ("time_zone", vendors(source.account_zone().name().to_owned())),
            (
                "requests_per_minute",
                vendors(vendor.requests_per_minute.to_string()),
            ),
            ("max_in_flight", vendors(vendor.max_in_flight.to_string())),
            ("timeout", vendors(duration_text(vendor.timeout))),
        ];
        for (name, (value, origin)) in facts {
            self.add(key(name), value, origin);
        }
        for host in vendor.hosts {
            if let Some(url) = host.default_url {
                self.add(key(host.url_key), url, Origin::Vendor);
            }
        }
    }

    fn add_stream(&mut self, source: &settings::Source, stream: &StreamDef) {
        let key = |name: &str| format!("sources.{}.streams.{}.{name}", source.name, stream.name);
        self.add(key("enabled"), stream.is_on, Origin::Vendor);
        match &source.schedule {
            Some(schedule) => {
                let origin = Origin::Key(format!("sources.{}.schedule", source.name));
                self.add(key("schedule"), schedule, origin);
            }
            None => self.add(key("schedule"), source.vendor.schedule_of(stream), Origin::Vendor),
        }
        let limits = Limits::default();
        self.add(key("reject_limit"), limits.slice.reject_share, Origin::Default);
        self.add(key("delete_limit"), limits.delete_share, Origin::Default);
        if let Some(policy) = stream.mode.window_policy() {
            for (name, measure) in [
                ("max_span", policy.max_span),
                ("lookback", policy.lookback),
                ("delay", policy.delay),
                ("settle", policy.settle),
            ] {
                self.add(key(name), delta_text(measure), Origin::Vendor);
            }
        }
    }
}

fn delta_text(delta: TimeDelta) -> String {
    delta.to_std().map(duration_text).unwrap_or_default()
}

fn duration_text(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}
