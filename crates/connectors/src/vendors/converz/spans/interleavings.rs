//! Thousands of slices of a tenant whose calls change between any two page requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use fastrand::Rng;

use crate::reader::{SliceLimits, Verdict};
use crate::schema::{Call, Entity as _, Region};
use crate::source::{Account, Extent, Options, Request, Response, Slice, StreamDef, Window};
use crate::vendors::converz::page_size;
use crate::vendors::converz::streams::calls::CALLS;
use crate::vendors::converz::values::{MINUTE, minute_of};

const SEEDS: u64 = 2_000;
/// Smaller than settings allow, so that few rows are many pages.
const PAGE: usize = 24;

static STREAM: StreamDef = CALLS;

/// How a vendor says that a span has no calls.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nothing {
    EmptyArray,
    EmptyColumns,
    NoContent,
    NotFound,
}

/// A tenant as small as can be: calls by id with their start.
struct Tenant {
    dice: Rng,
    calls: BTreeMap<u64, TenantCall>,
    /// Whether the seconds of a start count when it is compared with the end of a span.
    compares_seconds: bool,
    shows_seconds: bool,
    none: Nothing,
    next: u64,
}

struct TenantCall {
    start: Option<NaiveDateTime>,
    edit: u64,
}

fn window() -> Window {
    let since = DateTime::from_timestamp(1_770_098_400, 0).unwrap();
    Window {
        since,
        until: since + TimeDelta::hours(6),
    }
}

impl Tenant {
    fn new(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let nones = [
            Nothing::EmptyArray,
            Nothing::EmptyColumns,
            Nothing::NoContent,
            Nothing::NotFound,
        ];
        let mut tenant = Self {
            compares_seconds: dice.u8(..3) == 0,
            shows_seconds: dice.u8(..3) > 0,
            none: nones[dice.usize(..4)],
            calls: BTreeMap::new(),
            next: 1,
            dice,
        };
        let count = [0, 5, 20, 70][tenant.dice.usize(..4)];
        (0..count).for_each(|_| tenant.insert());
        tenant
    }

    /// A call anywhere in the window, often in one of few crowded minutes, rarely in the future or without a start.
    fn insert(&mut self) {
        let second = match self.dice.u8(..20) {
            0 => 7 * 3_600 + self.dice.i64(0..99_999),
            1..7 => 60 * (100 + self.dice.i64(0..3)) + self.dice.i64(0..60),
            _ => self.dice.i64(0..6 * 3_600),
        };
        let start = window().since.naive_utc() + TimeDelta::seconds(second);
        let start = (self.dice.u8(..20) > 0).then_some(start);
        self.calls.insert(self.next, TenantCall { start, edit: 0 });
        self.next += 1;
    }

    /// What other people do between two requests.
    fn change(&mut self) {
        for _ in 0..self.dice.u8(..4) {
            let ids: Vec<u64> = self.calls.keys().copied().collect();
            let id = self.dice.choice(ids);
            match (self.dice.u8(..4), id) {
                (0, Some(id)) => drop(self.calls.remove(&id)),
                (1, Some(id)) => self.calls.get_mut(&id).expect("a call").edit += 1,
                _ => self.insert(),
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Response {
        let bound = |name| {
            let text = request.param(name)?;
            Some(NaiveDateTime::parse_from_str(text, MINUTE).unwrap())
        };
        let (after, before) = (bound("after"), bound("before"));
        let is_in = |call: &TenantCall| {
            let Some(start) = call.start else {
                return after.is_none() && before.is_none();
            };
            let start = if self.compares_seconds {
                start
            } else {
                minute_of(start)
            };
            after.is_none_or(|after| after <= start) && before.is_none_or(|before| start <= before)
        };
        let found = self.calls.iter().filter(|(_, call)| is_in(call));
        let mut rows: Vec<String> = found.map(|(id, call)| self.record(*id, call)).collect();
        self.dice.shuffle(&mut rows);
        let number = |name| request.param(name).unwrap().parse::<usize>().unwrap();
        let (room, page) = (number("n_per_page"), number("page"));
        let rows: Vec<String> = rows.into_iter().skip((page - 1) * room).take(room).collect();
        // A page behind the last one is an empty array in every dialect.
        if rows.is_empty() && page == 1 {
            self.say_none()
        } else {
            good(&format!("[{}]", rows.join(",")))
        }
    }

    fn record(&self, id: u64, call: &TenantCall) -> String {
        let form = if self.shows_seconds {
            "%Y-%m-%d %H:%M:%S"
        } else {
            MINUTE
        };
        let start = call.start.map(|start| format!("\"{}\"", start.format(form)));
        let start = start.as_deref().unwrap_or("null");
        format!(r#"{{"call_id":{id},"start_time":{start},"edit":{}}}"#, call.edit)
    }

    fn say_none(&self) -> Response {
        match self.none {
            Nothing::EmptyArray => good("[]"),
            Nothing::EmptyColumns => good(r#"{"call_id": [], "start_time": []}"#),
            Nothing::NoContent => Response {
                status: 204,
                body: String::new(),
            },
            Nothing::NotFound => Response {
                status: 404,
                body: r#"{"error": "no calls", "code": "not_found"}"#.to_owned(),
            },
        }
    }
}

fn good(body: &str) -> Response {
    Response {
        status: 200,
        body: body.to_owned(),
    }
}

fn account() -> Arc<Account> {
    let options = Options {
        values: [(page_size::OPTION, vec![PAGE.to_string()])].into(),
        ..Options::default()
    };
    Arc::new(Account {
        options: Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    })
}

struct Reading {
    came: BTreeSet<u64>,
    verdict: Verdict,
    request_count: usize,
}

/// Reads a slice once.
fn read(tenant: &mut Tenant, extent: Extent, mut watch: impl FnMut(&mut Tenant)) -> Reading {
    let slice = Slice {
        partition: String::new(),
        extent,
        started_at: window().until + TimeDelta::minutes(2),
    };
    let mut reader = STREAM.open(account(), slice, SliceLimits::default());
    let (mut came, mut request_count) = (BTreeSet::new(), 0);
    while let Some(request) = reader.request() {
        request_count += 1;
        let Ok(page) = reader.accept(&tenant.answer(&request)) else {
            break;
        };
        assert!(page.rejects.is_empty());
        for rows in page.batch.rows() {
            assert_eq!(rows.table(), Call::TABLE);
            came.extend(rows.ids().iter().map(|id| id.parse::<u64>().unwrap()));
        }
        tenant.change();
        watch(tenant);
    }
    Reading {
        came,
        verdict: reader.finish().verdict,
        request_count,
    }
}

#[test]
fn no_call_that_exists_throughout_a_slice_is_lost_whatever_changes_between_its_requests() {
    let (mut most, mut complete_count) = (0, 0);
    for seed in 1..=SEEDS {
        let mut tenant = Tenant::new(seed);
        let is_open = seed % 2 == 0;
        let belongs = |call: &TenantCall| {
            let until = window().until.naive_utc();
            // Those between the window and the start of the slice are too young.
            let is_future = |start| start > until + TimeDelta::minutes(2);
            call.start
                .is_some_and(|start| start < until || (is_open && is_future(start)))
        };
        let of = |tenant: &Tenant| -> BTreeSet<u64> {
            let calls = tenant.calls.iter().filter(|(_, call)| belongs(call));
            calls.map(|(id, _)| *id).collect()
        };
        let mut throughout = of(&tenant);
        let extent = Extent::Window {
            window: window(),
            is_open,
        };
        let reading = read(&mut tenant, extent, |tenant| {
            throughout.retain(|id| tenant.calls.contains_key(id));
        });
        let lost: Vec<_> = throughout.difference(&reading.came).collect();
        let is_complete = reading.verdict == Verdict::Complete;
        assert!(
            lost.is_empty() || !is_complete,
            "seed {seed}: {lost:?} of {} are lost",
            throughout.len()
        );
        complete_count += u64::from(is_complete);
        most = most.max(reading.request_count);
    }
    // Most slices had to divide their window, or they would prove nothing.
    assert!((10..400).contains(&most), "{most} requests at most");
    assert!(complete_count > SEEDS * 8 / 10, "{complete_count} are complete");
}

#[test]
fn a_reading_without_the_filter_brings_the_calls_without_a_start() {
    for seed in 1..=200 {
        let mut tenant = Tenant::new(seed);
        if tenant.none != Nothing::EmptyArray {
            continue;
        }
        let mut throughout: BTreeSet<u64> = tenant.calls.keys().copied().collect();
        let reading = read(&mut tenant, Extent::Unfiltered, |tenant| {
            throughout.retain(|id| tenant.calls.contains_key(id));
        });
        assert_eq!(reading.verdict, Verdict::Complete, "seed {seed}");
        assert!(throughout.is_subset(&reading.came), "seed {seed}");
    }
}

/// A tenant that is not there: everything is answered by a 404 in JSON.
#[test]
fn a_vendor_that_says_404_of_everything_has_not_said_that_there_are_no_calls() {
    let slice = Slice {
        partition: String::new(),
        extent: Extent::Window {
            window: window(),
            is_open: false,
        },
        started_at: window().until,
    };
    let mut reader = STREAM.open(account(), slice, SliceLimits::default());
    let answer = Response {
        status: 404,
        body: r#"{"error": "Cannot GET /calls"}"#.to_owned(),
    };
    assert!(reader.request().is_some());
    assert!(reader.accept(&answer).is_ok());
    assert_eq!(reader.request().unwrap().param("after"), None);
    let error = reader.accept(&answer).unwrap_err();
    assert!(error.to_string().contains("404: Cannot GET /calls"), "{error}");
    assert_ne!(reader.finish().verdict, Verdict::Complete);
}
