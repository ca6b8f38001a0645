//! Conversations that change between two pages: thousands of orders of events against a small model of the vendor's list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use fastrand::Rng;

use super::streams::CONVERSATIONS;
use super::testing::{account, slice_of};
use crate::reader::{SliceLimits, Verdict};
use crate::source::{Extent, Request, Response, Window};

/// Rows of a page; the vendor's own limit would need too many rows.
const PAGE: usize = 5;
/// The first second of the window.
const BEGIN: i64 = 1_770_076_800;
/// Seconds of the window.
const LENGTH: i64 = 40;
/// How many orders of events are tried.
const ORDERS: u64 = 2_000;

#[derive(Clone, Copy)]
struct Row {
    at: i64,
    is_priority: bool,
    /// True where it was not changed, so that it may not be lost.
    is_still: bool,
}

/// The vendor's list: sorted by time and id, with links that begin at the last time and skip what came of it.
struct Model {
    rows: BTreeMap<u32, Row>,
    dice: Rng,
    /// True where the last page with rows links to an empty one.
    links_from_last_page: bool,
}

impl Model {
    fn new(seed: u64) -> Self {
        let dice = Rng::with_seed(seed);
        let mut model = Self {
            rows: BTreeMap::new(),
            dice,
            links_from_last_page: false,
        };
        for id in 1..=model.dice.u32(5..40) {
            let row = Row {
                at: model.second(LENGTH),
                is_priority: model.dice.u8(..4) == 0,
                is_still: true,
            };
            model.rows.insert(id, row);
        }
        model
    }

    /// A second that would not fill a page: those can only be passed by the vendor's own skip, which counts rows.
    fn second(&mut self, length: i64) -> i64 {
        loop {
            let at = BEGIN + self.dice.i64(0..length);
            if self.rows.values().filter(|row| row.at == at).count() + 1 < PAGE {
                return at;
            }
        }
    }

    /// What happens between two pages.
    fn change(&mut self) {
        for _ in 0..self.dice.u8(..4) {
            let last = u32::try_from(self.rows.len()).expect("a few rows") + 2;
            let (id, at) = (self.dice.u32(1..last), self.second(LENGTH + 10));
            let what = self.dice.u8(..4);
            match (self.rows.get_mut(&id), what) {
                (Some(row), 0) => (row.is_priority, row.is_still) = (!row.is_priority, false),
                (Some(row), 1) => (row.at, row.is_still) = (at, false),
                (Some(_), 2) => drop(self.rows.remove(&id)),
                _ => {
                    let id = 1_000 + self.dice.u32(..1_000_000);
                    let is_priority = self.dice.bool();
                    let row = Row {
                        at,
                        is_priority,
                        is_still: false,
                    };
                    self.rows.insert(id, row);
                }
            }
        }
    }

    fn answer(&self, request: &Request) -> String {
        let query = request.path.split_once('?').map_or("", |(_, query)| query);
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        let own = request
            .params()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let asked: BTreeMap<String, String> = pairs.chain(own).collect();
        let time = |name: &str| {
            format!("{}Z", asked[name])
                .parse::<DateTime<chrono::Utc>>()
                .unwrap()
                .timestamp()
        };
        let (from, until) = (time("oldest_sort_date_gte"), time("oldest_sort_date_lt"));
        let skip: usize = asked.get("skip").map_or(0, |text| text.parse().unwrap());
        let mut listed: Vec<(i64, u32)> = self
            .rows
            .iter()
            .filter(|(_, row)| row.is_priority.to_string() == asked["is_priority"])
            .filter(|(_, row)| row.at >= from && row.at < until)
            .map(|(id, row)| (row.at, *id))
            .collect();
        listed.sort_unstable();
        let page = listed.get(skip..).unwrap_or_default();
        let is_last = page.len() <= PAGE && !self.links_from_last_page;
        let page = &page[..page.len().min(PAGE)];
        let records: Vec<String> = page
            .iter()
            .map(|(at, id)| format!(r#"{{"id":"{id}","content_ids":[],"oldest_sort_date":{at}}}"#))
            .collect();
        let link = page.last().filter(|_| !is_last).map_or("null".to_owned(), |(last, _)| {
            let came = page.iter().filter(|(at, _)| at == last).count() + if *last == from { skip } else { 0 };
            let from = DateTime::from_timestamp(*last, 0).unwrap().format("%Y-%m-%dT%H%%3A%M%%3A%S");
            format!(
                r#""https://a.example/c?is_priority={}&oldest_sort_date_gte={from}&oldest_sort_date_lt={}&skip={came}""#,
                asked["is_priority"], asked["oldest_sort_date_lt"]
            )
        });
        format!(
            r#"{{"conversations":[{}],"content":[],"paging":{{"next_page":{link}}}}}"#,
            records.join(",")
        )
    }
}

/// What reading a window came to.
struct Outcome {
    met: BTreeSet<u32>,
    verdict: Verdict,
}

/// Reads the window while the list changes before each request, or while it does not.
fn read(model: &mut Model, changes: bool) -> Outcome {
    let since = DateTime::from_timestamp(BEGIN, 0).unwrap();
    let window = Window {
        since,
        until: since + TimeDelta::seconds(LENGTH),
    };
    let slice = slice_of(Extent::Window {
        window,
        is_open: false,
    });
    let mut reader = CONVERSATIONS.open(Arc::new(account()), slice, SliceLimits::default());
    let mut met = BTreeSet::new();
    while let Some(request) = reader.request() {
        if changes {
            model.change();
        }
        let body = model.answer(&request);
        let page = reader.accept(&Response { status: 200, body }).unwrap();
        assert!(page.rejects.is_empty());
        let rows = page
            .batch
            .rows()
            .iter()
            .filter(|rows| rows.table().name == "conversations");
        met.extend(rows.flat_map(|rows| rows.ids().iter().map(|id| id.parse::<u32>().unwrap())));
    }
    let verdict = reader.finish().verdict;
    Outcome { met, verdict }
}

#[test]
fn a_conversation_that_stays_is_never_lost_whatever_changes_around_it() {
    for seed in 0..ORDERS {
        let mut model = Model::new(seed);
        let Outcome { met, verdict } = read(&mut model, true);
        assert_eq!(verdict, Verdict::Complete, "seed {seed}");
        let still = model.rows.iter().filter(|(_, row)| row.is_still);
        let lost: Vec<&u32> = still.map(|(id, _)| id).filter(|id| !met.contains(id)).collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?}");
    }
}

#[test]
fn what_moved_while_it_was_read_comes_with_the_next_slice() {
    for seed in 0..ORDERS / 10 {
        let mut model = Model::new(seed);
        read(&mut model, true);
        let Outcome { met, verdict } = read(&mut model, false);
        assert_eq!(verdict, Verdict::Complete, "seed {seed}");
        let there = model.rows.iter().filter(|(_, row)| row.at < BEGIN + LENGTH);
        let there: BTreeSet<u32> = there.map(|(id, _)| *id).collect();
        assert_eq!(met, there, "seed {seed}");
    }
}

#[test]
fn a_second_with_more_rows_than_a_page_is_passed_wherever_it_lies() {
    for (first, count) in [(0, 5), (0, 12), (0, 23), (7, 5), (7, 12), (7, 23), (7, 41)] {
        let mut model = Model::new(0);
        model.rows.clear();
        for id in 1..=count {
            let row = Row {
                at: BEGIN + first + i64::from(id / 20),
                is_priority: false,
                is_still: true,
            };
            model.rows.insert(id, row);
        }
        let Outcome { met, verdict } = read(&mut model, false);
        assert_eq!(met.len(), count as usize, "{first} {count}");
        assert_eq!(verdict, Verdict::Complete, "{first} {count}");
    }
}

#[test]
fn a_list_that_links_on_from_its_last_page_ends_where_there_is_no_link() {
    for seed in 0..ORDERS / 10 {
        let mut model = Model::new(seed);
        model.links_from_last_page = true;
        let Outcome { met, verdict } = read(&mut model, false);
        let there: BTreeSet<u32> = model.rows.keys().copied().collect();
        assert_eq!((met, verdict), (there, Verdict::Complete), "seed {seed}");
    }
}
