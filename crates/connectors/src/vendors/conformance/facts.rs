//! The facts of a vendor and of its streams fit together.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds};

use super::sample::{list_partitions, make_account};
use super::{Subject, subjects, vendors};
use crate::schema::{Region, TABLES, Table};
use crate::source::{Absence, Account, LookupPolicy, OptionForm, RowScope, SyncMode, Vendor};

/// A table that a vendor fills and no stream of it completes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Uncompleted {
    vendor: &'static str,
    table: &'static str,
}

/// All of them. Each is a decision: rows that come beside others, of which nobody can tell whether all of them came.
const UNCOMPLETED: &[Uncompleted] = &[];

fn require_names(names: impl IntoIterator<Item = &'static str>) {
    let mut seen = HashSet::new();
    for name in names {
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(
            name.split('_').all(is_word),
            "`{name}` is not in lower snake case"
        );
        assert!(seen.insert(name), "`{name}` occurs twice");
    }
}

#[test]
fn names_are_unique_and_in_lower_snake_case() {
    require_names(vendors().map(|vendor| vendor.name));
    for vendor in vendors() {
        require_names(vendor.streams.iter().map(|stream| stream.name));
        require_names(vendor.options.iter().map(|option| option.name));
        let main = vendor.hosts[0].url_key;
        for host in vendor.hosts {
            require_names([host.url_key, host.secret]);
            let is_option = |key: &str| has_option(vendor, key);
            // Settings know the main address and the secrets by themselves; any other address is an option.
            let is_main = host.url_key == main;
            assert_ne!(
                is_option(host.url_key),
                is_main,
                "{}: `{}`",
                vendor.name,
                host.url_key
            );
            assert!(!is_option(host.secret), "{}: `{}`", vendor.name, host.secret);
        }
    }
}

#[test]
fn a_vendor_has_streams_a_main_host_and_a_budget() {
    for vendor in vendors() {
        let name = vendor.name;
        assert!(!vendor.streams.is_empty(), "{name}");
        let hosts: Vec<&str> = vendor.hosts.iter().map(|host| host.name).collect();
        assert_eq!(
            hosts.first(),
            Some(&""),
            "{name}: the main host comes first and has no name"
        );
        assert_eq!(
            hosts.iter().collect::<HashSet<_>>().len(),
            hosts.len(),
            "{name}: {hosts:?}"
        );
        assert!(
            vendor.requests_per_minute > 0 && vendor.max_in_flight > 0,
            "{name}"
        );
        assert!(!vendor.timeout.is_zero(), "{name}");
    }
}

#[test]
fn what_a_vendor_names_of_itself_exists() {
    for vendor in vendors() {
        let name = vendor.name;
        let has_identity = match vendor.identified_by {
            "" => !vendor.account_options.is_empty(),
            stream => vendor.stream(stream).is_some(),
        };
        assert!(has_identity, "{name}: nothing tells its accounts apart");
        for key in vendor.account_options {
            assert!(has_option(vendor, key), "{name}: option `{key}`");
        }
    }
    for subject in subjects() {
        let Subject { vendor, stream } = subject;
        let has_host = vendor.hosts.iter().any(|host| host.name == stream.host);
        assert!(has_host, "{subject}: host `{}`", stream.host);
        if let Some(key) = stream.promoted_by {
            let mut options = vendor.options.iter();
            let names = options
                .find(|option| option.name == key)
                .map(|option| option.form);
            assert!(
                matches!(names, Some(OptionForm::Names)),
                "{subject}: option `{key}` names columns"
            );
        }
        for key in stream.shaped_by {
            assert!(has_option(vendor, key), "{subject}: option `{key}`");
            let is_twice = vendor.account_options.contains(key);
            assert!(!is_twice, "{subject}: `{key}` says whose account it is already");
        }
    }
}

fn has_option(vendor: &Vendor, key: &str) -> bool {
    vendor.options.iter().any(|option| option.name == key)
}

#[test]
fn schedules_have_six_fields_and_come_true() {
    let parser = CronParser::builder().seconds(Seconds::Required).build();
    let stream_schedules = subjects().filter_map(|subject| subject.stream.schedule);
    for schedule in vendors().map(|vendor| vendor.schedule).chain(stream_schedules) {
        assert_eq!(schedule.split_whitespace().count(), 6, "{schedule}");
        let cron = parser
            .parse(schedule)
            .unwrap_or_else(|error| panic!("{schedule}: {error}"));
        let next = cron.find_next_occurrence(&chrono::DateTime::UNIX_EPOCH, true);
        assert!(next.is_ok(), "{schedule} never comes");
    }
}

#[test]
fn a_stream_fills_known_tables_and_completes_some_of_them() {
    for subject in subjects() {
        let stream = subject.stream;
        assert!(!stream.fills.is_empty(), "{subject}");
        let filled: HashSet<&str> = stream.fills.iter().map(|table| table.name).collect();
        assert_eq!(
            filled.len(),
            stream.fills.len(),
            "{subject}: a table occurs twice"
        );
        assert!(
            stream.fills.iter().all(|table| TABLES.contains(table)),
            "{subject}"
        );
        for table in stream.completes {
            assert!(
                filled.contains(table.name),
                "{subject} completes `{}` unfilled",
                table.name
            );
        }
    }
}

#[test]
fn every_table_that_a_vendor_fills_is_completed_by_somebody_or_listed() {
    let mut uncompleted = HashSet::new();
    for vendor in vendors() {
        let streams = || vendor.streams.iter();
        let completed: HashSet<&str> = streams()
            .flat_map(|stream| stream.completes)
            .map(|table| table.name)
            .collect();
        let filled = streams().flat_map(|stream| stream.fills).map(|table| table.name);
        uncompleted.extend(
            filled
                .filter(|table| !completed.contains(table))
                .map(|table| Uncompleted {
                    vendor: vendor.name,
                    table,
                }),
        );
    }
    let listed: HashSet<&Uncompleted> = UNCOMPLETED.iter().collect();
    assert_eq!(uncompleted.iter().collect::<HashSet<_>>(), listed);
}

#[test]
fn a_lookup_completes_no_table_that_a_listing_completes() {
    for subject in subjects().filter(|subject| matches!(subject.stream.mode, SyncMode::Lookup(_))) {
        let others = subject.vendor.streams.iter();
        let listings = others.filter(|stream| !matches!(stream.mode, SyncMode::Lookup(_)));
        let listed: Vec<&str> = listings
            .flat_map(|stream| stream.completes)
            .map(|table| table.name)
            .collect();
        let completes = subject.stream.completes.iter();
        for table in completes {
            assert!(!listed.contains(&table.name), "{subject}: {}", table.name);
        }
    }
}

#[test]
fn the_measures_of_a_mode_name_what_exists() {
    for subject in subjects() {
        let stream = subject.stream;
        if let Some(policy) = stream.mode.window_policy() {
            assert!(policy.max_span > TimeDelta::zero(), "{subject}: `max_span`");
            let is_sorted = policy.rereads.is_sorted_by_key(|reread| reread.span);
            assert!(is_sorted, "{subject}: the shortest re-read comes first");
        }
        if let SyncMode::Daily(policy) = stream.mode {
            require_column(subject, stream.fills[0], Some(policy.day_column));
            require_column(subject, stream.fills[0], column_of(policy.only));
        }
        if let Absence::Gone { tables, times, only } = stream.mode.absence() {
            assert!(times > 0 && !tables.is_empty(), "{subject}");
            for table in tables {
                assert!(
                    stream.fills.contains(table),
                    "{subject} does not fill `{}`",
                    table.name
                );
                require_column(subject, table, column_of(only));
            }
        }
        if let SyncMode::Lookup(policy) = stream.mode {
            require_references(subject, &policy);
        }
    }
}

fn require_references(subject: Subject, policy: &LookupPolicy) {
    assert!(policy.budget > 0 && policy.times > 0, "{subject}");
    assert!(!policy.references.is_empty(), "{subject}: nothing names its ids");
    for reference in policy.references {
        require_column(subject, reference.table, Some(reference.column));
        require_column(subject, reference.table, Some(reference.newest_by));
        require_column(subject, reference.table, reference.unless);
    }
}

fn require_column(subject: Subject, table: &Table, column: Option<&str>) {
    let Some(name) = column else { return };
    let is_known = name == "id" || table.columns.iter().any(|column| column.name == name);
    assert!(is_known, "{subject}: {}.{name}", table.name);
}

fn column_of(scope: Option<RowScope>) -> Option<&'static str> {
    scope.map(|scope| match scope {
        RowScope::Value { column, .. } | RowScope::Partition { column } => column,
    })
}

#[test]
fn an_account_with_every_option_has_every_stream_and_one_without_a_host_lacks_its_streams() {
    for vendor in vendors() {
        let account = make_account(vendor);
        assert_eq!(
            vendor.streams_of(&account).count(),
            vendor.streams.len(),
            "{}",
            vendor.name
        );
        for host in vendor.hosts {
            let mut options = (*account.options).clone();
            options.hosts.remove(host.name);
            let poorer = Account {
                options: Arc::new(options),
                ..account.clone()
            };
            let mut left = vendor.streams_of(&poorer);
            assert!(
                left.all(|stream| stream.host != host.name),
                "{}: `{}`",
                vendor.name,
                host.name
            );
        }
    }
    for subject in subjects() {
        let partitions = list_partitions(subject);
        let distinct: HashSet<&String> = partitions.iter().collect();
        assert_eq!(distinct.len(), partitions.len(), "{subject}: {partitions:?}");
    }
}

#[test]
fn streams_of_several_partitions_do_not_take_the_rows_of_one_for_those_of_another() {
    for subject in subjects() {
        let is_marked = !subject.stream.has_unmarked_rows;
        assert!(!is_marked || list_partitions(subject).len() < 2, "{subject}");
    }
}

#[test]
fn coverage_has_another_identity_where_anything_differs_that_shapes_what_is_read() {
    for subject in subjects() {
        let Subject { vendor, stream } = subject;
        let account = make_account(vendor);
        let identity = |account: &Account, partition: &str| stream.identity(vendor.name, account, partition);
        let own = identity(&account, "");
        assert_eq!(own, identity(&account.clone(), ""), "{subject}");
        let mut all = vec![own.clone(), identity(&account, "another")];
        let other_zone: Tz = chrono_tz::Pacific::Chatham;
        all.push(identity(
            &Account {
                time_zone: other_zone,
                ..account.clone()
            },
            "",
        ));
        all.push(identity(
            &Account {
                region: Region::parse("DE").expect("a country"),
                ..account.clone()
            },
            "",
        ));
        all.push(stream.identity("another", &account, ""));
        for host in vendor.hosts {
            let mut options = (*account.options).clone();
            options
                .hosts
                .insert(host.name, "https://another.vendor.example".to_owned());
            all.push(identity(&with_options(&account, options), ""));
        }
        for option in vendor.options {
            let shapes = stream
                .shaped_by
                .iter()
                .chain(vendor.account_options)
                .any(|key| *key == option.name);
            for changed in [Some("another"), None] {
                let other = identity(&with_option(&account, option.name, changed), "");
                if shapes {
                    all.push(other);
                } else {
                    assert_eq!(other, own, "{subject}: `{}` shapes nothing", option.name);
                }
            }
        }
        let distinct: HashSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{subject}");
    }
}

fn with_options(account: &Account, options: crate::source::Options) -> Account {
    Account {
        options: Arc::new(options),
        ..account.clone()
    }
}

fn with_option(account: &Account, key: &'static str, value: Option<&str>) -> Account {
    let mut options = (*account.options).clone();
    match value {
        Some(value) => options.values.insert(key, vec![value.to_owned()]),
        None => options.values.remove(key),
    };
    with_options(account, options)
}
