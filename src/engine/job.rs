//! What the engine works on, and with.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;

use crate::transport::ApiClient;
use crate::warehouse::{Lease, Warehouse};
use connectors::source::{Cursor, Stream};

use super::clock::Clock;
use super::report::Watch;

/// One stream of one source, with the settings applied.
pub struct Job {
    /// The source.
    pub source: String,
    /// Its vendor's name.
    pub vendor: &'static str,
    /// The zone of the account's days.
    pub time_zone: Tz,
    /// Fields of the records of the first table that a view shows as columns.
    pub promoted: Vec<String>,
    /// The stream.
    pub stream: Box<dyn Stream>,
    /// How it moves through time: the vendor's defaults with the settings on top.
    pub cursor: Cursor,
    /// The way to the vendor, shared by all streams of the source.
    pub api: Arc<ApiClient>,
    /// Where the settings let history begin.
    pub since: Option<DateTime<Utc>>,
    /// When a walk is not believed.
    pub limits: Limits,
}

/// When a walk is not believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The share of records, 0 to 1, that may be unreadable.
    pub reject_share: f64,
    /// The share of rows, 0 to 1, that may vanish from a whole list at once.
    pub delete_share: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reject_share: 0.05,
            delete_share: 0.1,
        }
    }
}

/// What a run works with: the right to the source, and the world around it.
#[derive(Clone)]
pub struct Session {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// The right to work on the source.
    pub lease: Lease,
    /// The time.
    pub clock: Clock,
    /// Says when to stop.
    pub stop: CancellationToken,
    /// Hears what happens.
    pub watch: Watch,
}
