//! What differs between two readings of the settings, in words that show no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{Alerts, History, Limits, Retention, Server, Settings, Source, StreamSettings, Warehouse};

/// What differs between two readings of the settings.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    /// A line for each key that differs.
    pub lines: Vec<String>,
    /// The sources that have to be taken up anew, were added or are gone.
    pub sources: BTreeSet<String>,
    /// Keys that only the next start of the process takes up.
    pub for_restart: Vec<String>,
}

/// A value, for people or for comparison alone.
#[derive(PartialEq, Eq)]
enum Shown {
    Plain(String),
    Secret(String),
}

/// The values of all keys.
type Entries = BTreeMap<String, Shown>;

/// Compares what holds with what was read.
pub fn compare_settings(holding: &Settings, read: &Settings) -> Changes {
    let (before, after) = (list_entries(holding), list_entries(read));
    let mut changes = Changes::default();
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        if old == new {
            continue;
        }
        let source = key
            .strip_prefix("sources.")
            .map(|rest| rest.split('.').next().unwrap_or_default());
        match source {
            // One line says that a whole source came or went.
            Some(name) if !holding.sources.contains_key(name) || !read.sources.contains_key(name) => {
                if changes.sources.insert(name.to_owned()) {
                    let word = if read.sources.contains_key(name) {
                        "added"
                    } else {
                        "removed"
                    };
                    changes.lines.push(format!("sources.{name}: {word}"));
                }
                continue;
            }
            Some(name) => {
                changes.sources.insert(name.to_owned());
            }
            None if is_for_restart(key) => {
                changes.for_restart.push(key.clone());
            }
            // These shape how every source is read.
            None if key.starts_with("limits.") || key.starts_with("daemon.") => {
                changes.sources.extend(read.sources.keys().cloned());
            }
            None => (),
        }
        changes.lines.push(describe_change(key, old, new));
    }
    changes
}

/// True for what only the start of a process takes up.
fn is_for_restart(key: &str) -> bool {
    ["warehouse.", "server.", "history."]
        .iter()
        .any(|table| key.starts_with(table))
}

fn describe_change(key: &str, old: Option<&Shown>, new: Option<&Shown>) -> String {
    match (old, new) {
        (Some(Shown::Plain(old)), Some(Shown::Plain(new))) => format!("{key}: {old} is now {new}"),
        (Some(Shown::Plain(old)), None) => format!("{key}: {old} is left out now"),
        (_, Some(Shown::Secret(_))) => format!("{key}: changed"),
        (_, None) => format!("{key}: is left out now"),
        (_, Some(Shown::Plain(new))) => format!("{key}: is now {new}"),
    }
}

// Every field is named, so that a new one cannot be forgotten here.
fn list_entries(settings: &Settings) -> Entries {
    let Settings {
        warehouse,
        limits,
        lease,
        server,
        history,
        alerts,
        retention,
        sources,
    } = settings;
    let mut entries = Entries::new();
    add_warehouse(&mut entries, warehouse);
    add_limits(&mut entries, *limits);
    add(&mut entries, "daemon.lease", Some(lease));
    add_server(&mut entries, server);
    add_history(&mut entries, history);
    add_alerts(&mut entries, alerts);
    add_retention(&mut entries, *retention);
    for source in sources.values() {
        add_source(&mut entries, source);
    }
    entries
}

fn add(entries: &mut Entries, key: &str, value: Option<impl Debug>) {
    if let Some(value) = value {
        entries.insert(key.to_owned(), Shown::Plain(format!("{value:?}")));
    }
}

fn add_time(entries: &mut Entries, key: &str, value: Option<Duration>) {
    if let Some(value) = value {
        let text = humantime::format_duration(value).to_string();
        entries.insert(key.to_owned(), Shown::Plain(text));
    }
}

fn add_secret(entries: &mut Entries, key: String, secret: &SecretString) {
    entries.insert(key, Shown::Secret(secret.expose_secret().to_owned()));
}

fn add_warehouse(entries: &mut Entries, warehouse: &Warehouse) {
    let Warehouse {
        url,
        max_connections,
        pooler,
    } = warehouse;
    add_secret(entries, "warehouse.url".to_owned(), url);
    add(entries, "warehouse.max_connections", Some(max_connections));
    add(entries, "warehouse.pooler", Some(pooler));
}

fn add_server(entries: &mut Entries, server: &Server) {
    let Server { listen, token } = server;
    add(entries, "server.listen", Some(listen));
    if let Some(token) = token {
        add_secret(entries, "server.token".to_owned(), token);
    }
}

fn add_history(entries: &mut Entries, history: &History) {
    let History { keep, columns } = history;
    add_time(entries, "history.keep", Some(*keep));
    add(entries, "history.columns", Some(columns));
}

fn add_limits(entries: &mut Entries, limits: Limits) {
    let Limits {
        max_pages,
        max_bytes,
        max_slice_time,
        max_body_bytes,
    } = limits;
    add(entries, "limits.max_pages", Some(max_pages));
    add(entries, "limits.max_bytes", Some(max_bytes));
    add_time(entries, "limits.max_slice_time", Some(max_slice_time));
    add(entries, "limits.max_body_bytes", Some(max_body_bytes));
}

fn add_alerts(entries: &mut Entries, alerts: &Alerts) {
    let Alerts {
        webhook_url,
        attempts,
        reject_share,
        database_away,
    } = alerts;
    if let Some(url) = webhook_url {
        add_secret(entries, "alerts.webhook_url".to_owned(), url);
    }
    add(entries, "alerts.attempts", Some(attempts));
    add(entries, "alerts.reject_share", Some(reject_share));
    add_time(entries, "alerts.database_away", Some(*database_away));
}

fn add_retention(entries: &mut Entries, retention: Retention) {
    let Retention {
        ledger,
        events,
        rejects,
        field_faults,
    } = retention;
    add_time(entries, "retention.ledger", Some(ledger));
    add_time(entries, "retention.events", Some(events));
    add_time(entries, "retention.rejects", Some(rejects));
    add_time(entries, "retention.field_faults", Some(field_faults));
}

fn add_source(entries: &mut Entries, source: &Source) {
    let Source {
        name,
        vendor,
        base_url,
        allow_plain_http,
        secrets,
        options,
        time_zone,
        default_region,
        since,
        schedule,
        requests_per_minute,
        max_in_flight,
        timeout,
        streams,
    } = source;
    let key = |rest: &str| format!("sources.{name}.{rest}");
    add(entries, &key("vendor"), Some(vendor.name));
    add(entries, &key("base_url"), base_url.as_ref().map(url::Url::as_str));
    add(entries, &key("allow_plain_http"), Some(allow_plain_http));
    for (secret, value) in secrets {
        add_secret(entries, key(secret), value);
    }
    for (option, values) in options {
        add(entries, &key(option), Some(values));
    }
    add(entries, &key("time_zone"), time_zone.map(chrono_tz::Tz::name));
    add(entries, &key("default_region"), *default_region);
    add(entries, &key("since"), *since);
    add(entries, &key("schedule"), schedule.as_ref());
    add(entries, &key("requests_per_minute"), *requests_per_minute);
    add(entries, &key("max_in_flight"), *max_in_flight);
    add_time(entries, &key("timeout"), *timeout);
    for (stream, own) in streams {
        add_stream(entries, &key(&format!("streams.{stream}")), own);
    }
}

fn add_stream(entries: &mut Entries, path: &str, own: &StreamSettings) {
    let StreamSettings {
        enabled,
        schedule,
        max_span,
        lookback,
        delay,
        settle,
        reject_limit,
        delete_limit,
        lag_limit,
    } = own;
    let key = |rest: &str| format!("{path}.{rest}");
    add(entries, &key("enabled"), *enabled);
    add(entries, &key("schedule"), schedule.as_ref());
    add_time(entries, &key("max_span"), *max_span);
    add_time(entries, &key("lookback"), *lookback);
    add_time(entries, &key("delay"), *delay);
    add_time(entries, &key("settle"), *settle);
    add(entries, &key("reject_limit"), *reject_limit);
    add(entries, &key("delete_limit"), *delete_limit);
    add_time(entries, &key("lag_limit"), *lag_limit);
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Settings {
        let base = [
            ("CONVENE__SOURCES__A__VENDOR", "convoso"),
            ("CONVENE__SOURCES__A__TOKEN", "hush-one"),
            ("CONVENE__SOURCES__B__VENDOR", "convoso"),
            ("CONVENE__SOURCES__B__TOKEN", "hush-one"),
        ];
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in base.iter().chain(environment) {
            all.insert((*key).to_owned(), (*value).to_owned());
        }
        load(&[], all.into_iter(), connectors::vendors::VENDORS).expect("the settings are good")
    }

    #[test]
    fn what_has_changed_is_told_and_no_secret_is_shown() {
        let before = read(&[]);
        assert_eq!(compare_settings(&before, &read(&[])), Changes::default());
        let after = read(&[
            ("CONVENE__SOURCES__A__TOKEN", "hush-two"),
            ("CONVENE__SOURCES__A__STREAMS__CALLS__SCHEDULE", "0 * * * * *"),
            ("CONVENE__SOURCES__C__VENDOR", "convoso"),
            ("CONVENE__SOURCES__C__TOKEN", "hush-three"),
            ("CONVENE__WAREHOUSE__MAX_CONNECTIONS", "9"),
            ("CONVENE__ALERTS__WEBHOOK_URL", "https://hooks.example.com/hush"),
        ]);
        let changes = compare_settings(&before, &after);
        assert_eq!(
            changes.lines,
            [
                "alerts.webhook_url: changed",
                "sources.a.streams.calls.schedule: is now \"0 * * * * *\"",
                "sources.a.token: changed",
                "sources.c: added",
                "warehouse.max_connections: 8 is now 9",
            ]
        );
        assert_eq!(changes.sources, ["a".to_owned(), "c".to_owned()].into());
        assert_eq!(changes.for_restart, ["warehouse.max_connections"]);
        assert!(!format!("{:?}", changes.lines).contains("hush"));
        let back = compare_settings(&after, &before);
        assert!(back.lines.contains(&"sources.c: removed".to_owned()), "{back:?}");
        assert!(
            back.lines
                .contains(&"alerts.webhook_url: is left out now".to_owned()),
            "{back:?}"
        );
    }

    #[test]
    fn a_limit_concerns_every_source() {
        let changes = compare_settings(&read(&[]), &read(&[("CONVENE__LIMITS__MAX_PAGES", "7")]));
        assert_eq!(changes.sources, ["a".to_owned(), "b".to_owned()].into());
        assert_eq!(changes.lines, ["limits.max_pages: 20000 is now 7"]);
    }
}
