//! What the engine tells while it works and afterwards.

use std::sync::Arc;
use std::time::Duration;

use crate::warehouse::Counts;
use connectors::source::{Remedy, Window};

/// Hears what happens. It must not block.
pub type Watch = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A run knows how many walks are before it.
    Planned {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// How many walks.
        walk_count: usize,
    },
    /// A batch has landed.
    Loaded {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
        /// What became of its rows.
        counts: Counts,
    },
    /// A walk has ended, complete or not.
    Walked {
        /// The source.
        source: &'a str,
        /// The stream.
        stream: &'a str,
    },
    /// A run has ended.
    Ran(&'a RunReport),
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// How many walks ended complete.
    pub complete_count: usize,
    /// The walks that did not.
    pub unfinished: Vec<Unfinished>,
    /// What became of the rows.
    pub counts: Counts,
    /// Rows that are missing at the vendor and wait for an operator's word.
    pub held_deletions: i64,
    /// How long it took.
    pub elapsed: Duration,
    /// True where ticks have asked for the next run before this one came to its end.
    pub is_cut_short: bool,
}

impl RunReport {
    /// True where every walk was complete.
    pub fn is_complete(&self) -> bool {
        self.unfinished.is_empty()
    }
}

/// A walk that did not prove that everything is there.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Its window; nothing for a whole list.
    pub window: Option<Window>,
    /// True where it broke off, false where it came to its end with something missing.
    pub is_failed: bool,
    /// Why.
    pub reason: String,
    /// What mends it.
    pub remedy: Remedy,
}
