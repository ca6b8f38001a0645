//! Thousands of walks over a tenant whose calls change between any two requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta};

use super::calls;
use super::time::{MINUTE, minute};
use crate::schema::{Call, Entity as _, Region};
use crate::source::{Account, Ask, Options, Response, Stream as _, Window};

const SEEDS: u64 = 2_000;
/// Smaller than settings allow, so that few rows are many pages.
const PAGE: usize = 24;

/// Repeatable dice.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// A tenant as small as can be: calls by id with their start.
struct Tenant {
    dice: Dice,
    calls: BTreeMap<u64, (NaiveDateTime, u64)>,
    /// Whether the seconds of a start count when it is compared with the end of a span.
    compares_seconds: bool,
    shows_seconds: bool,
    next: u64,
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
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (compares_seconds, shows_seconds) = (dice.below(3) == 0, dice.below(3) > 0);
        let mut tenant = Self {
            dice,
            calls: BTreeMap::new(),
            compares_seconds,
            shows_seconds,
            next: 1,
        };
        let count = [0, 5, 20, 70][usize::try_from(tenant.dice.below(4)).unwrap()];
        (0..count).for_each(|_| tenant.insert());
        tenant
    }

    /// A call anywhere in the window, often in one of few crowded minutes.
    fn insert(&mut self) {
        let second = match self.dice.below(3) {
            0 => 60 * (100 + self.dice.below(3)) + self.dice.below(60),
            _ => self.dice.below(6 * 3_600),
        };
        let start = window().since.naive_utc() + TimeDelta::seconds(second.cast_signed());
        self.calls.insert(self.next, (start, 0));
        self.next += 1;
    }

    /// What other people do between two requests.
    fn change(&mut self) {
        for _ in 0..self.dice.below(4) {
            let ids: Vec<u64> = self.calls.keys().copied().collect();
            let any = ids
                .get(usize::try_from(self.dice.below(ids.len().max(1) as u64)).unwrap())
                .copied();
            match (self.dice.below(4), any) {
                (0, Some(id)) => drop(self.calls.remove(&id)),
                (1, Some(id)) => self.calls.get_mut(&id).expect("a call").1 += 1,
                _ => self.insert(),
            }
        }
    }

    fn answer(&mut self, ask: &Ask) -> Response {
        let param = |name| ask.request.param(name).unwrap();
        let bound = |name| NaiveDateTime::parse_from_str(param(name), MINUTE).unwrap();
        let (after, before) = (bound("after"), bound("before"));
        let compared = |start| {
            if self.compares_seconds {
                start
            } else {
                minute(start)
            }
        };
        let found = self
            .calls
            .iter()
            .filter(|(_, (start, _))| (after..=before).contains(&compared(*start)));
        let mut rows: Vec<String> = found
            .map(|(id, (start, edit))| {
                let form = if self.shows_seconds {
                    "%Y-%m-%d %H:%M:%S"
                } else {
                    MINUTE
                };
                let start = start.format(form);
                format!(r#"{{"call_id":{id},"start_time":"{start}","edit":{edit}}}"#)
            })
            .collect();
        for place in (1..rows.len()).rev() {
            let other = usize::try_from(self.dice.below(place as u64 + 1)).unwrap();
            rows.swap(place, other);
        }
        let number = |name| param(name).parse::<usize>().unwrap();
        let (room, page) = (number("n_per_page"), number("page"));
        let rows: Vec<String> = rows.into_iter().skip((page - 1) * room).take(room).collect();
        Response {
            status: 200,
            body: format!("[{}]", rows.join(",")),
        }
    }
}

fn account() -> Account {
    let options = Options {
        values: [("page_size", vec![PAGE.to_string()])].into(),
        ..Options::default()
    };
    Account {
        options: Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    }
}

/// Walks through the window once; the ids that came, and how many questions that took.
fn walk(tenant: &mut Tenant, mut watch: impl FnMut(&mut Tenant)) -> (BTreeSet<u64>, usize) {
    let stream = calls(&account());
    let mut stack = vec![Ask::first(stream.first(&window()), window())];
    let (mut came, mut asked) = (BTreeSet::new(), BTreeSet::new());
    while let Some(ask) = stack.pop() {
        assert!(
            asked.insert(format!("{:?}", ask.request.params())),
            "a question is asked twice"
        );
        let page = stream.read(&ask, &tenant.answer(&ask)).unwrap();
        assert!(page.rejects.is_empty());
        for rows in page.batch.rows() {
            assert_eq!(rows.table(), Call::TABLE);
            came.extend(rows.ids().iter().map(|id| id.parse::<u64>().unwrap()));
        }
        stack.extend(page.then);
        tenant.change();
        watch(tenant);
    }
    (came, asked.len())
}

#[test]
fn no_call_that_exists_throughout_a_walk_is_lost_whatever_changes_between_its_questions() {
    let mut most = 0;
    for seed in 1..=SEEDS {
        let mut tenant = Tenant::new(seed);
        let mut throughout: BTreeSet<u64> = tenant.calls.keys().copied().collect();
        let (came, questions) = walk(&mut tenant, |tenant| {
            throughout.retain(|id| tenant.calls.contains_key(id));
        });
        let lost: Vec<_> = throughout.difference(&came).collect();
        assert!(
            lost.is_empty(),
            "seed {seed}: {lost:?} of {} are lost",
            throughout.len()
        );
        most = most.max(questions);
    }
    // Most walks had to divide their window, or they would prove nothing.
    assert!((10..300).contains(&most), "{most} questions at most");
}
