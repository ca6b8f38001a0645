//! The simulated tenant: what follows from the seed, and what was changed by hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use fastrand::Rng;
use serde_json::{Map, Value};

use super::calls::{Call, Day};
use super::knobs::Knobs;
use crate::clock::Clock;
use crate::convoso::{self, Link};
use crate::local;
use crate::options::Options;
use crate::people;

/// Calls that were brought over from Convoso have ids from here on.
const FIRST_LINKED: u64 = 2_000_000_000_000;
/// Calls that were added by hand have ids from here on.
const FIRST_ADDED: u64 = 1_000_000_000_000;
/// Prose kept beyond the longest summary, so that summaries differ.
const PROSE_BYTES: usize = 64 * 1024;

/// A row, or what was changed about one.
pub(super) type Row = Map<String, Value>;
/// What is done before each request, with the number of the request.
type Hook = Box<dyn FnMut(&World, usize) + Send>;

/// A simulated Converz tenant.
pub struct World {
    clock: Arc<Clock>,
    key: String,
    convoso: Arc<convoso::World>,
    pub(super) zone: Tz,
    pub(super) seed: u64,
    pub(super) agents: usize,
    pub(super) summary_bytes: usize,
    pub(super) prose: String,
    calls_per_day: u32,
    first_day: NaiveDate,
    knobs: RwLock<Knobs>,
    state: RwLock<State>,
    dice: Mutex<Rng>,
    hook: Mutex<(usize, Option<Hook>)>,
}

/// What was changed by hand.
#[derive(Default)]
pub(super) struct State {
    /// Calls besides those of the schedule, by id.
    pub(super) added: BTreeMap<u64, i64>,
    pub(super) deleted: HashSet<u64>,
    pub(super) edits: HashMap<u64, Row>,
    pub(super) rep_edits: HashMap<String, Row>,
    pub(super) removed_reps: HashSet<String>,
}

impl World {
    pub(crate) fn new(options: &Options, clock: Arc<Clock>, convoso: Arc<convoso::World>) -> Self {
        let zone = options.converz_time_zone;
        let today = local::day(zone, options.now.timestamp());
        let first_day = today.checked_sub_days(Days::new(u64::from(options.days)));
        Self {
            clock,
            key: options.token.clone(),
            convoso,
            zone,
            seed: people::scatter(options.seed, 0xC0_4E_52),
            agents: usize::try_from(options.agents.max(1)).expect("a count of agents fits memory"),
            summary_bytes: options.comment_bytes,
            prose: people::prose(options.seed, options.comment_bytes + PROSE_BYTES),
            calls_per_day: options.converz_calls_per_day,
            first_day: first_day.expect("the simulation lies within the calendar"),
            knobs: RwLock::default(),
            state: RwLock::default(),
            dice: Mutex::new(Rng::with_seed(options.seed)),
            hook: Mutex::default(),
        }
    }

    /// Changes the vendor's habits.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.knobs.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Does something before each request from now on: it gets the tenant and the number of the request, from 1.
    pub fn before_each_request(&self, hook: impl FnMut(&Self, usize) + Send + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = (0, Some(Box::new(hook)));
    }

    pub(super) fn before_request(&self) {
        let mut hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, hook) = &mut *hook;
        if let Some(hook) = hook {
            *count += 1;
            hook(self, *count);
        }
    }

    pub(super) fn manner(&self) -> Knobs {
        self.knobs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    pub(super) fn dice(&self) -> Rng {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write<T>(&self, write: impl FnOnce(&mut State) -> T) -> T {
        write(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The calls that have begun within a stretch of time, by id; both ends belong to it.
    pub(super) fn calls(&self, since: i64, until: i64) -> Vec<Call> {
        let until = until.min(self.now());
        let mut calls: Vec<Call> = Vec::new();
        let mut date = local::day(self.zone, self.clamped(since)).max(self.first_day);
        let last = local::day(self.zone, until);
        while date <= last {
            let day = Day::of(self.zone, date, self.calls_per_day);
            calls.extend(day.between(since, until));
            date = local::next(date);
        }
        self.read(|state| {
            let added = state.added.iter().map(|(&id, &start)| Call { id, start });
            calls.extend(added.filter(|call| (since..=until).contains(&call.start)));
            calls.extend(self.links(since, until).into_iter().map(|(call, _)| call));
            if !state.deleted.is_empty() {
                calls.retain(|call| !state.deleted.contains(&call.id));
            }
        });
        calls
    }

    /// The calls that were brought over from Convoso.
    pub(super) fn links(&self, since: i64, until: i64) -> Vec<(Call, Link)> {
        let links = self.convoso.links(self.clamped(since), until).into_iter();
        let call = |link: &Link| Call {
            id: FIRST_LINKED + u64::from(link.number),
            start: link.start,
        };
        links.map(|link| (call(&link), link)).collect()
    }

    /// No call is older than the first day.
    fn clamped(&self, instant: i64) -> i64 {
        instant.max(local::midnight(self.zone, self.first_day))
    }

    /// The link that a call stands for, if it was brought over.
    pub(super) fn link(&self, call: Call) -> Option<Link> {
        if call.id < FIRST_LINKED {
            return None;
        }
        let links = self.links(call.start, call.start).into_iter();
        links
            .into_iter()
            .find(|(own, _)| *own == call)
            .map(|(_, link)| link)
    }

    pub(super) fn next_id(state: &State) -> u64 {
        state.added.keys().next_back().map_or(FIRST_ADDED, |id| id + 1)
    }
}
