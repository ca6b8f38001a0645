//! The last overview of the database, shared by everybody who asks: one question at a time, and none that nobody waits for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::DateTime;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;
use xxhash_rust::xxh3::xxh3_64;

use crate::warehouse::{Overview, Warehouse};

/// An overview of this age is shown as it is.
const FRESH: Duration = Duration::from_millis(900);
/// How long somebody waits while the database is known to be away.
const NO_PATIENCE: Duration = Duration::from_millis(30);
/// How long somebody waits for a new one who could be shown an old one.
const SHORT_PATIENCE: Duration = Duration::from_millis(700);
/// How long somebody waits who has nothing to see otherwise; longer than the database gets.
const LONG_PATIENCE: Duration = Duration::from_secs(4);
/// What is older than this is worth waiting for a newer one.
const YOUNG: Duration = Duration::from_secs(10);
/// A question that has waited so long for its answer is late.
const LATE: Duration = Duration::from_secs(3);
/// How long the database may take before it counts as gone.
const DATABASE_PATIENCE: Duration = Duration::from_secs(5);
/// After a failure the database is asked again at the earliest after this time.
const FAILURE_PAUSE: Duration = Duration::from_millis(1_500);

/// Whether the database answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DatabaseState {
    /// True where it answered the last question.
    pub ok: bool,
    /// Why it did not.
    pub error: Option<String>,
    /// How long ago it answered last; nothing where it never did.
    pub answered_seconds_ago: Option<u64>,
}

/// What is known of the database.
#[derive(Debug, Clone, Default)]
struct Known {
    overview: Option<Arc<Overview>>,
    answered_at: Option<Instant>,
    failed_at: Option<Instant>,
    error: Option<String>,
    /// Since when it is being asked.
    asking_since: Option<Instant>,
}

/// The last overview, renewed when somebody asks for it.
#[derive(Clone)]
pub(super) struct Snapshots {
    warehouse: Warehouse,
    known: Arc<Mutex<Known>>,
    rounds: watch::Sender<u64>,
}

impl Snapshots {
    pub(super) fn new(warehouse: Warehouse) -> Self {
        Self {
            warehouse,
            known: Arc::default(),
            rounds: watch::Sender::new(0),
        }
    }

    /// The overview, as new as may be had within a moment, and whether the database answers.
    pub(super) async fn current(&self) -> (Option<Arc<Overview>>, DatabaseState) {
        let mut rounds = self.rounds.subscribe();
        if self.begin_round() {
            tokio::spawn(self.clone().ask_database());
        }
        let patience = self.lock_known().describe_patience();
        if let Some(patience) = patience {
            // What is there already is shown to whoever waits too long.
            let _ = timeout(patience, rounds.changed()).await;
        }
        let known = self.lock_known();
        (known.overview.clone(), known.describe_state())
    }

    /// True where the caller is to ask the database.
    fn begin_round(&self) -> bool {
        let mut known = self.lock_known();
        let is_recent = |at: Option<Instant>, age: Duration| at.is_some_and(|at| at.elapsed() < age);
        if known.asking_since.is_some()
            || is_recent(known.answered_at, FRESH)
            || is_recent(known.failed_at, FAILURE_PAUSE)
        {
            return false;
        }
        known.asking_since = Some(Instant::now());
        true
    }

    async fn ask_database(self) {
        let outcome = timeout(DATABASE_PATIENCE, self.warehouse.read_overview()).await;
        {
            let mut known = self.lock_known();
            known.asking_since = None;
            match outcome {
                Ok(Ok(overview)) => {
                    known.overview = Some(Arc::new(overview));
                    known.answered_at = Some(Instant::now());
                    known.failed_at = None;
                    known.error = None;
                }
                Ok(Err(error)) => known.record_failure(error.to_string()),
                Err(_) => known.record_failure(format!("No answer within {} s", DATABASE_PATIENCE.as_secs())),
            }
        }
        self.rounds.send_modify(|round| *round += 1);
    }

    fn lock_known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn record_failure(&mut self, error: String) {
        self.failed_at = Some(Instant::now());
        self.error = Some(error);
    }

    /// How long somebody waits for the question that is on its way; nothing where there is none.
    fn describe_patience(&self) -> Option<Duration> {
        self.asking_since?;
        let is_young = self.answered_at.is_some_and(|at| at.elapsed() < YOUNG);
        Some(if self.error.is_some() && self.overview.is_some() {
            // Who has already been told that the database is away learns nothing by waiting.
            NO_PATIENCE
        } else if is_young {
            SHORT_PATIENCE
        } else {
            LONG_PATIENCE
        })
    }

    fn describe_state(&self) -> DatabaseState {
        let is_late = self.asking_since.is_some_and(|since| since.elapsed() > LATE);
        let error = self
            .error
            .clone()
            .or_else(|| is_late.then(|| "a query waits for its answer".to_owned()));
        DatabaseState {
            ok: error.is_none(),
            error,
            answered_seconds_ago: self.answered_at.map(|at| at.elapsed().as_secs()),
        }
    }
}

/// A number that changes with what an overview shows, but for its time and what follows from the time alone.
pub(super) fn mark_of(overview: Option<&Overview>, is_answering: bool) -> u64 {
    let Some(overview) = overview else {
        return u64::from(is_answering);
    };
    let mut still = overview.clone();
    still.at = DateTime::UNIX_EPOCH;
    for stream in &mut still.streams {
        stream.lag_seconds = None;
    }
    for instance in &mut still.instances {
        instance.seen_at = DateTime::UNIX_EPOCH;
    }
    xxh3_64(format!("{is_answering}{still:?}").as_bytes())
}
