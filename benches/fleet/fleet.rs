//! The instances: their leases, their shares, and the death of one.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use convene::engine::share_sources;
use convene::warehouse::{Holder, Instance};

use crate::source::{Moment, SimulatedSource};

/// How long a lease lasts that is not renewed, as by default.
const LEASE: i64 = 30;
/// How often an instance shows that it is there.
const BEAT: i64 = 10;
/// When the first instance dies.
const DEATH: i64 = 6 * 3_600;
/// When all of it ends.
const END: i64 = 10 * 3_600;
/// When the simulation begins.
const BEGIN: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).expect("2027 exists");

/// What a fleet came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Sources of the instance that has the fewest, before the death.
    pub(crate) fewest: usize,
    /// Sources of the one that has the most.
    pub(crate) most: usize,
    /// Minutes until the last source had all of its history.
    pub(crate) history_minutes: i64,
    /// Seconds from the death until the last source had another holder; nothing where there is none.
    pub(crate) take_over_seconds: Option<i64>,
    /// The greatest lag in the hour before the death, in seconds.
    pub(crate) lag_before: i64,
    /// The greatest in the hour after it.
    pub(crate) lag_at_death: i64,
    /// The greatest in the last hour.
    pub(crate) lag_at_end: i64,
    /// Requests, of those that the budgets allowed.
    pub(crate) budget_share: f64,
}

/// Instances that share sources.
pub(crate) struct Fleet {
    sources: Vec<SimulatedSource>,
    /// Until when each instance is seen, in seconds.
    seen_until: Vec<i64>,
    begin: Moment,
}

impl Fleet {
    /// Instances that know all sources, and hold none yet.
    pub(crate) fn new(source_count: usize, instance_count: usize) -> Self {
        let begin = Moment {
            now: BEGIN,
            clock: Instant::now(),
            second: 0,
        };
        Self {
            sources: (0..source_count)
                .map(|number| SimulatedSource::new(number, begin))
                .collect(),
            seen_until: vec![LEASE; instance_count],
            begin,
        }
    }

    fn moment(&self, second: i64) -> Moment {
        Moment {
            now: self.begin.now + TimeDelta::seconds(second),
            clock: self.begin.clock + Duration::from_secs(second.unsigned_abs()),
            second,
        }
    }

    fn lives(&self, instance: usize, second: i64) -> bool {
        instance != 0 || second < DEATH || self.seen_until.len() == 1
    }

    /// Ten hours of it.
    pub(crate) fn run(mut self) -> Outcome {
        let mut outcome = Outcome {
            fewest: 0,
            most: 0,
            history_minutes: 0,
            take_over_seconds: None,
            lag_before: 0,
            lag_at_death: 0,
            lag_at_end: 0,
            budget_share: 0.0,
        };
        for second in 0..END {
            let at = self.moment(second);
            for instance in 0..self.seen_until.len() {
                // Each one at a second of its own.
                let is_due = (second + i64::try_from(instance).unwrap_or(0)) % BEAT == 0;
                if is_due && self.lives(instance, second) {
                    self.beat(instance, second);
                }
            }
            self.work(at);
            self.watch(at, &mut outcome);
        }
        let sent: u64 = self.sources.iter().map(|source| source.request_count).sum();
        // One request a second and source.
        let allowed = self.sources.len() as u64 * END.unsigned_abs();
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let share = sent as f64 / allowed as f64;
        Outcome {
            budget_share: share,
            ..outcome
        }
    }

    /// Shows that an instance is there, and takes, keeps and gives back leases by its share.
    fn beat(&mut self, instance: usize, second: i64) {
        self.seen_until[instance] = second + LEASE;
        let mine = share_sources(&name_of(instance), &self.instances(second), &self.holders(second));
        let is_mine: std::collections::HashSet<&str> = mine.iter().map(String::as_str).collect();
        for source in &mut self.sources {
            let is_free = source.expires <= second;
            let is_held = source.holder == Some(instance) && !is_free;
            match (is_mine.contains(source.name.as_str()), is_held) {
                (true, true) => source.expires = second + LEASE,
                (true, false) if is_free => {
                    source.drop_work();
                    source.holder = Some(instance);
                    source.expires = second + LEASE;
                }
                (false, true) => source.expires = second,
                _ => (),
            }
        }
    }

    fn instances(&self, second: i64) -> Vec<Instance> {
        let all: Vec<String> = self.sources.iter().map(|source| source.name.clone()).collect();
        let seen = (0..self.seen_until.len()).filter(|instance| self.seen_until[*instance] > second);
        seen.map(|instance| Instance {
            instance: name_of(instance),
            version: String::new(),
            sources: all.clone(),
            started_at: BEGIN,
        })
        .collect()
    }

    fn holders(&self, second: i64) -> Vec<Holder> {
        let held = self.sources.iter().filter(|source| source.expires > second);
        held.filter_map(|source| {
            Some(Holder {
                source: source.name.clone(),
                holder: name_of(source.holder?),
                expires_at: self.moment(source.expires).now,
                is_daemon: true,
            })
        })
        .collect()
    }

    fn work(&mut self, at: Moment) {
        let alive: Vec<bool> = (0..self.seen_until.len())
            .map(|instance| self.lives(instance, at.second))
            .collect();
        for source in &mut self.sources {
            let is_held = source.expires > at.second && source.holder.is_some_and(|holder| alive[holder]);
            if is_held {
                source.work(at);
            }
        }
    }

    fn watch(&self, at: Moment, outcome: &mut Outcome) {
        let lag = || {
            self.sources
                .iter()
                .map(|source| source.lag(at.now))
                .max()
                .unwrap_or(0)
        };
        if at.second == DEATH - 1 {
            let count = |instance| {
                self.sources
                    .iter()
                    .filter(|source| source.holder == Some(instance))
                    .count()
            };
            let counts: Vec<usize> = (0..self.seen_until.len()).map(count).collect();
            outcome.fewest = counts.iter().min().copied().unwrap_or(0);
            outcome.most = counts.iter().max().copied().unwrap_or(0);
        }
        match at.second {
            second if (DEATH - 3_600..DEATH).contains(&second) => {
                outcome.lag_before = outcome.lag_before.max(lag());
            }
            second if (DEATH..DEATH + 3_600).contains(&second) => {
                outcome.lag_at_death = outcome.lag_at_death.max(lag());
                if self.seen_until.len() > 1 && self.sources.iter().any(|source| source.holder == Some(0)) {
                    outcome.take_over_seconds = Some(second - DEATH + 1);
                }
            }
            second if second >= END - 3_600 => outcome.lag_at_end = outcome.lag_at_end.max(lag()),
            _ => (),
        }
        let is_unread = !self.sources.iter().all(SimulatedSource::is_whole);
        if is_unread {
            outcome.history_minutes = at.second / 60 + 1;
        }
    }
}

fn name_of(instance: usize) -> String {
    format!("instance_{instance}")
}
