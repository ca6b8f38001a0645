//! What the engine works on: one stream of one source, with the settings applied.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::transport::ApiClient;
use connectors::reader::{ReadSlice, RecentAnswers, SliceLimits};
use connectors::source::{Account, Slice, StreamDef, SyncMode, Vendor};

/// One stream of one source, with the settings applied.
pub struct StreamSpec {
    /// The source.
    pub source: String,
    /// Its vendor.
    pub vendor: &'static Vendor,
    /// The stream.
    pub stream: &'static StreamDef,
    /// How it moves: the vendor's defaults with the settings on top.
    pub mode: SyncMode,
    /// The account.
    pub account: Arc<Account>,
    /// The way to the vendor, shared by all streams of the source.
    pub client: Arc<ApiClient>,
    /// What the vendor answered last, shared by all streams of the source.
    pub answers: Arc<RecentAnswers>,
    /// Where the settings let history begin.
    pub since: Option<DateTime<Utc>>,
    /// When a slice is not believed.
    pub limits: Limits,
    /// Fields of the records of the first table that a view shows as columns.
    pub promoted: Vec<String>,
}

/// When a slice is not believed, and how much of it is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Pages, bytes and unreadable records.
    pub slice: SliceLimits,
    /// The share of rows, 0 to 1, that may vanish from a whole list at once.
    pub delete_share: f64,
    /// How long the reading of a slice may take.
    pub max_slice_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            slice: SliceLimits::default(),
            delete_share: 0.1,
            max_slice_time: Duration::from_hours(6),
        }
    }
}

impl StreamSpec {
    /// The stream's name.
    pub fn name(&self) -> &'static str {
        self.stream.name
    }

    /// Begins to read a slice.
    pub fn open(&self, slice: Slice) -> Box<dyn ReadSlice> {
        let mut reader = self.stream.open(self.account.clone(), slice, self.limits.slice);
        reader.share_answers(self.answers.clone());
        reader
    }

    /// The stream's partitions.
    pub fn partitions(&self) -> Vec<String> {
        (self.stream.partitions)(&self.account)
    }
}
