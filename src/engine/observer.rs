//! What the engine reports while it works and afterwards.

use std::sync::Arc;
use std::time::Duration;

use crate::transport::AttemptRecord;
use crate::warehouse::{Counts, RunState, TableCounts};
use connectors::source::{Remedy, Window};

use super::SyncError;

/// Hears what happens. It must not block.
pub type Observer = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// Hears nothing.
pub fn no_observer() -> Observer {
    Arc::new(|_| ())
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A run knows how many slices are before it.
    RunPlanned {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// How many slices.
        slice_count: usize,
    },
    /// A batch has landed.
    BatchLoaded {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// What became of its rows.
        counts: Counts,
        /// The same, table by table; what belongs to none counts for the first table of the stream.
        tables: &'a [TableCounts],
        /// How long it took.
        elapsed: Duration,
    },
    /// An attempt at a request has ended.
    RequestEnded {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// What it came to.
        attempt: AttemptRecord,
    },
    /// A slice has ended, complete or not.
    SliceEnded {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// complete, incomplete or failed.
        outcome: &'static str,
    },
    /// A run has ended.
    RunEnded(&'a RunReport),
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// How many slices ended complete.
    pub complete_count: usize,
    /// The slices that did not.
    pub unfinished: Vec<UnfinishedSlice>,
    /// What became of the rows.
    pub counts: Counts,
    /// Rows that are missing at the vendor and wait for an operator's word.
    pub held_deletions: i64,
    /// Ids that are due and were left to later runs.
    pub ids_left: i64,
    /// Rows that had been missing in the warehouse and are there again.
    pub restored: i64,
    /// Rows of the source that are missing in the warehouse still.
    pub lost: i64,
    /// What an operator should know about the vendor's answers.
    pub warnings: Vec<&'static str>,
    /// How long it took.
    pub elapsed: Duration,
    /// True where ticks have asked for the next run before this one came to its end.
    pub is_cut_short: bool,
    /// True where the source itself failed, so that other streams would fail too.
    pub is_source_failure: bool,
}

impl RunReport {
    /// A run that has done nothing yet.
    pub fn begin(source: &str, stream: &str) -> Self {
        Self {
            source: source.to_owned(),
            stream: stream.to_owned(),
            complete_count: 0,
            unfinished: Vec::new(),
            counts: Counts::default(),
            held_deletions: 0,
            ids_left: 0,
            restored: 0,
            lost: 0,
            warnings: Vec::new(),
            elapsed: Duration::ZERO,
            is_cut_short: false,
            is_source_failure: false,
        }
    }

    /// True where every slice was complete and nothing is left to later runs.
    pub fn is_complete(&self) -> bool {
        self.unfinished.is_empty() && self.ids_left == 0 && self.lost == 0
    }

    /// True where it had something to ask the vendor for, and the source as a whole did not fail.
    pub(crate) fn has_answers(&self) -> bool {
        let has_asked = self.complete_count > 0 || self.unfinished.iter().any(|slice| !slice.is_waiting);
        has_asked && !self.is_source_failure
    }

    /// What it came to, by the first of its flaws: that is the one of which the ledger tells.
    pub(crate) fn state(&self) -> RunState {
        if self.is_complete() {
            RunState::Complete
        } else if self.unfinished.first().is_some_and(|slice| slice.is_failed) {
            RunState::Failed
        } else {
            RunState::Incomplete
        }
    }

    /// Takes down that the run itself broke off, which is graver than what became of its slices.
    pub(super) fn break_off(&mut self, error: &SyncError) {
        self.is_source_failure |= error.is_of_source();
        let broken_off = UnfinishedSlice {
            partition: String::new(),
            window: None,
            is_failed: true,
            is_waiting: false,
            reason: error.describe_causes(),
            remedy: error.remedy(),
        };
        self.unfinished.insert(0, broken_off);
    }

    /// Takes in the run that followed this one and read what this one had left.
    pub(crate) fn continue_with(&mut self, next: Self) {
        self.complete_count += next.complete_count;
        self.unfinished = next.unfinished;
        self.counts += next.counts;
        self.held_deletions = next.held_deletions;
        self.ids_left = next.ids_left;
        self.restored += next.restored;
        self.lost = next.lost;
        self.warnings.extend(next.warnings);
        self.warnings.sort_unstable();
        self.warnings.dedup();
        self.elapsed += next.elapsed;
        self.is_source_failure = next.is_source_failure;
    }

    /// The gravest remedy that its slices need.
    pub fn remedy(&self) -> Option<Remedy> {
        let of = |remedy| {
            self.unfinished
                .iter()
                .any(|slice| slice.remedy == remedy)
                .then_some(remedy)
        };
        of(Remedy::Operator)
            .or_else(|| of(Remedy::Developer))
            .or_else(|| of(Remedy::NextRun))
    }
}

/// A slice that did not prove that everything is there.
#[derive(Debug, Clone)]
pub struct UnfinishedSlice {
    /// Its partition, where its stream has several.
    pub partition: String,
    /// Its window; nothing for a whole list.
    pub window: Option<Window>,
    /// True where it broke off, false where it came to its end with something missing.
    pub is_failed: bool,
    /// True where it failed in an earlier run, and waits for its next attempt.
    pub is_waiting: bool,
    /// Why.
    pub reason: String,
    /// What mends it.
    pub remedy: Remedy,
}
