//! A slice: what is read page by page, and judged at its end.

use chrono::{DateTime, Utc};

use super::{Account, Window};

/// One window, whole list or set of ids of one partition of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The partition; a stream that has only one calls it "".
    pub partition: String,
    /// What is read.
    pub extent: Extent,
    /// When the reading begins.
    pub started_at: DateTime<Utc>,
}

/// How much of a partition a slice reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// A window of source time.
    Window {
        /// The window.
        window: Window,
        /// True where the page requests have no upper bound: rows dated in the future land too.
        is_open: bool,
    },
    /// The whole list.
    List,
    /// The list from its newest row back to this activity.
    Recent {
        /// Where it may stop.
        since: DateTime<Utc>,
    },
    /// Single rows.
    Ids(Vec<String>),
    /// The list without its time filter, for rows without that time.
    Unfiltered,
}

/// Where an open slice ends in a page request: no vendor dates a row later.
const FAR_FUTURE: DateTime<Utc> = DateTime::from_timestamp(4_102_444_800, 0).expect("2100-01-01 exists");

impl Slice {
    /// The span of source time that it reads: from the beginning of time where there is no filter.
    pub fn window(&self) -> Window {
        match &self.extent {
            Extent::Window { window, .. } => *window,
            Extent::Recent { since } => Window {
                since: *since,
                until: self.started_at,
            },
            Extent::List | Extent::Ids(_) | Extent::Unfiltered => Window {
                since: DateTime::UNIX_EPOCH,
                until: self.started_at,
            },
        }
    }

    /// The first instant after those that are asked for; beyond the window where that is open.
    pub fn requested_until(&self) -> DateTime<Utc> {
        match self.extent {
            Extent::Window { is_open: true, .. } => FAR_FUTURE,
            _ => self.window().until,
        }
    }

    /// True where rows dated after the window are asked for too.
    pub fn is_open(&self) -> bool {
        matches!(self.extent, Extent::Window { is_open: true, .. })
    }

    /// True where the time filter is used.
    pub fn has_filter(&self) -> bool {
        matches!(self.extent, Extent::Window { .. })
    }
}

/// What a page request is made for: the slice, and whose account it is read from.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The slice.
    pub slice: &'a Slice,
    /// The account.
    pub account: &'a Account,
}
