//! The simulated account: its state behind short locks, grown day by day as its clock goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use fastrand::Rng;

use super::calls::{Call, Calls};
use super::knobs::{Knobs, Ties};
use super::ledger::Ledger;
use super::office::Office;
use super::roster::Roster;
use super::scene::{Edit, Scene, number};
use super::schedule;
use crate::clock::Clock;
use crate::local;
use crate::options::Options;
use crate::people;

/// So many days are scheduled ahead.
const AHEAD: Days = Days::new(2);
/// Prose kept beyond the longest comment, so that comments differ.
const PROSE_BYTES: usize = 64 * 1024;

/// A simulated Convoso account.
pub struct World {
    clock: Arc<Clock>,
    token: String,
    zone: Tz,
    seed: u64,
    calls_per_day: u32,
    agents: usize,
    comment_bytes: usize,
    prose: String,
    knobs: RwLock<Knobs>,
    state: RwLock<State>,
    dice: Mutex<Rng>,
}

/// What changes about an account.
pub(super) struct State {
    pub(super) calls: Calls,
    pub(super) roster: Roster,
    pub(super) edits: HashMap<u32, Edit>,
    pub(super) office: Office,
    /// The number of the next call.
    pub(super) next: u32,
    /// The first local day without a schedule.
    horizon: NaiveDate,
}

impl World {
    pub(crate) fn new(options: &Options, clock: Arc<Clock>) -> Self {
        let now = options.now.timestamp();
        let today = local::day(options.time_zone, now);
        let first = today.checked_sub_days(Days::new(u64::from(options.days)));
        let first = first.expect("the simulation lies within the calendar");
        let agents = usize::try_from(options.agents.max(1)).expect("a count of agents fits memory");
        let world = Self {
            clock,
            token: options.token.clone(),
            zone: options.time_zone,
            seed: options.seed,
            calls_per_day: options.calls_per_day,
            agents,
            comment_bytes: options.comment_bytes,
            prose: people::prose(options.seed, options.comment_bytes + PROSE_BYTES),
            knobs: RwLock::default(),
            state: RwLock::new(State {
                calls: Calls::default(),
                roster: Roster::new(options.seed, options.time_zone, agents, now),
                edits: HashMap::new(),
                office: Office::new(options.seed, options.time_zone, first, now),
                next: 0,
                horizon: first,
            }),
            dice: Mutex::new(Rng::with_seed(options.seed)),
        };
        world.grow(now);
        world
    }

    /// Changes the vendor's habits.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.knobs.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&Knobs) -> T) -> T {
        at(&self.knobs.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// Dice for one answer, if calls of the same second shall change places.
    pub(super) fn dice(&self, ties: Ties) -> Option<Rng> {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        (ties == Ties::Random).then(|| dice.fork())
    }

    /// The state and the time, for reading.
    pub(super) fn read<T>(&self, read: impl FnOnce(&State, i64) -> T) -> T {
        let now = self.clock.now().timestamp();
        self.grow(now);
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner), now)
    }

    /// The state and the time, for changing.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut State, i64) -> T) -> T {
        let now = self.clock.now().timestamp();
        self.grow(now);
        write(
            &mut self.state.write().unwrap_or_else(PoisonError::into_inner),
            now,
        )
    }

    /// The leads, after all calls that are over, and the time.
    pub(super) fn leads<T>(&self, with: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        self.write(|state, now| {
            let ledger = &mut state.office.ledger;
            ledger.follow(&state.calls, &state.roster, self.agents, now);
            with(ledger, now)
        })
    }

    /// What rows look like now.
    pub(super) fn scene<T>(
        &self,
        state: &State,
        now: i64,
        with_recordings: bool,
        show: impl FnOnce(&Scene<'_>) -> T,
    ) -> T {
        let (is_dirty, broken) = self.look(|knobs| {
            (
                knobs.dirty_rows,
                knobs
                    .broken_rows
                    .iter()
                    .filter_map(|id| number(id))
                    .collect::<Vec<_>>(),
            )
        });
        show(&Scene {
            seed: self.seed,
            agents: self.agents,
            roster: &state.roster,
            edits: &state.edits,
            prose: &self.prose,
            comment_bytes: self.comment_bytes,
            now,
            is_dirty,
            broken: &broken,
            with_recordings,
        })
    }

    /// Schedules the days up to some days ahead of now.
    fn grow(&self, now: i64) {
        let today = local::day(self.zone, now);
        let last = today
            .checked_add_days(AHEAD)
            .expect("the simulation lies within the calendar");
        if self.state.read().unwrap_or_else(PoisonError::into_inner).horizon > last {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        while state.horizon <= last {
            let day = state.horizon;
            state.schedule(
                self.zone,
                schedule::day(self.seed, self.zone, day, self.calls_per_day),
            );
            state.horizon = local::next(day);
        }
    }
}

impl State {
    /// Gives the starts their numbers and places; returns the first number.
    pub(super) fn schedule(&mut self, zone: Tz, starts: Vec<i64>) -> u32 {
        let first = self.next;
        let count = u32::try_from(starts.len()).expect("a day has fewer calls");
        self.next = first
            .checked_add(count)
            .expect("the account has fewer calls than numbers");
        let offset = shared_offset(zone, &starts);
        self.calls.add((first..).zip(starts).map(|(number, start)| {
            let local = start + offset.unwrap_or_else(|| local::offset(zone, start));
            Call { local, number, start }
        }));
        first
    }
}

/// The offset from UTC that all of these ordered instants share, looked up only twice. A change and its
/// reversal lie months apart.
fn shared_offset(zone: Tz, instants: &[i64]) -> Option<i64> {
    let (&first, &last) = (instants.first()?, instants.last()?);
    let offset = local::offset(zone, first);
    (last - first < 30 * 86_400 && offset == local::offset(zone, last)).then_some(offset)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn world(seed: u64) -> (World, Arc<Clock>) {
        let now = "2026-02-03T20:00:00Z".parse().unwrap();
        let options = Options {
            seed,
            days: 2,
            ..Options::new(now)
        };
        let clock = Arc::new(Clock::new(now, false));
        (World::new(&options, Arc::clone(&clock)), clock)
    }

    #[test]
    fn one_seed_makes_one_account() {
        assert_eq!(world(7).0.truth_calls(), world(7).0.truth_calls());
        assert_eq!(world(7).0.truth_agents(), world(7).0.truth_agents());
        assert_ne!(world(7).0.truth_calls(), world(8).0.truth_calls());
    }

    #[test]
    fn calls_keep_coming_however_far_the_clock_moves() {
        let (world, clock) = world(7);
        clock.advance(Duration::days(20));
        let calls = world.truth_calls();
        let on = |day: &str| calls.iter().filter(|(_, record)| record.contains(day)).count();
        for day in ["2026-02-01 ", "2026-02-03 ", "2026-02-06 ", "2026-02-22 "] {
            assert_eq!(on(day), 400, "{day}");
        }
        let today = on("2026-02-23 ");
        assert!(today > 100 && today < 400, "the day of the clock is not over");
        assert_eq!(world.call_count(), 22 * 400 + today);
    }
}
