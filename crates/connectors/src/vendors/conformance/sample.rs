//! A sample account of a vendor, and the slices of its streams that the recorded pages belong to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};

use super::Subject;
use crate::schema::Region;
use crate::source::{
    Account, Extent, OptionDef, OptionForm, Options, Slice, SyncMode, Vendor, Window, window_of_days,
};

/// The first id of streams that are read by id.
const FIRST_ID: &str = "t:9911223344";

/// An account that has every option and every API host of its vendor.
pub(super) fn make_account(vendor: &Vendor) -> Account {
    let value = |option: &OptionDef| match option.form {
        OptionForm::Text | OptionForm::List | OptionForm::Names | OptionForm::Lines(_) => "sample".to_owned(),
        OptionForm::Choice(words) => words[0].to_owned(),
        OptionForm::Number(least, _) => least.to_string(),
        OptionForm::Url => "https://side.vendor.example".to_owned(),
    };
    let options = vendor.options.iter();
    let hosts = vendor.hosts.iter();
    Account {
        options: Arc::new(Options {
            values: options.map(|option| (option.name, vec![value(option)])).collect(),
            hosts: hosts
                .map(|host| (host.name, format!("https://{}api.vendor.example", host.name)))
                .collect::<BTreeMap<_, _>>(),
            identity: vendor.account_options,
        }),
        ..Account::new(vendor.fixed_time_zone.unwrap_or(vendor.time_zone), Region::US)
    }
}

/// Six hours around the one that US clocks repeat.
pub(super) fn recorded_window() -> Window {
    // 2026-11-01, midnight in Los Angeles.
    let since = DateTime::from_timestamp(1_793_516_400, 0).expect("a time");
    Window {
        since,
        until: since + TimeDelta::hours(6),
    }
}

/// The partitions of a stream in the sample account.
pub(super) fn list_partitions(subject: Subject) -> Vec<String> {
    (subject.stream.partitions)(&make_account(subject.vendor))
}

/// The slice whose pages are recorded: one window, one day, the beginning of a list that begins
/// with the newest, a whole list, or so many ids, of the first partition.
pub(super) fn make_slice(subject: Subject, id_count: usize) -> Slice {
    let partition = list_partitions(subject).into_iter().next();
    let partition = partition.unwrap_or_else(|| panic!("{subject} has no partition"));
    Slice {
        extent: extent(subject, &partition, id_count),
        partition,
        started_at: recorded_window().until,
    }
}

/// A slice of each kind that a stream may be asked for; the recorded one first.
pub(super) fn make_slices(subject: Subject, id_count: usize) -> Vec<Slice> {
    let recorded = make_slice(subject, id_count);
    let others = match &subject.stream.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => {
            let open = Extent::Window {
                window: recorded_window(),
                is_open: true,
            };
            let unfiltered = policy.unfiltered_every.map(|_| Extent::Unfiltered);
            Some(open)
                .filter(|_| policy.open_end)
                .into_iter()
                .chain(unfiltered)
                .collect()
        }
        SyncMode::NewestFirst(_) => vec![Extent::List],
        _ => Vec::new(),
    };
    let others = others.into_iter().map(|extent| Slice {
        extent,
        ..recorded.clone()
    });
    std::iter::once(recorded.clone()).chain(others).collect()
}

fn extent(subject: Subject, partition: &str, id_count: usize) -> Extent {
    match &subject.stream.mode {
        SyncMode::Windowed(_) | SyncMode::Incremental(_) => closed_extent(recorded_window()),
        SyncMode::Daily(policy) => {
            let zone = make_account(subject.vendor).time_zone;
            let period = (policy.period)(partition);
            let day = recorded_window().since.with_timezone(&zone).date_naive();
            let (first, end) = (period.first_day(day), period.next_first_day(day));
            closed_extent(window_of_days(first, end, zone).expect("days that exist"))
        }
        SyncMode::NewestFirst(_) => Extent::Recent {
            since: recorded_window().since,
        },
        SyncMode::FullRefresh(_) => Extent::List,
        SyncMode::Lookup(_) => Extent::Ids((0..id_count).map(id).collect()),
    }
}

/// A window whose page requests have an upper bound.
pub(super) fn closed_extent(window: Window) -> Extent {
    Extent::Window {
        window,
        is_open: false,
    }
}

fn id(place: usize) -> String {
    match place {
        0 => FIRST_ID.to_owned(),
        place => format!("{FIRST_ID}{place}"),
    }
}
