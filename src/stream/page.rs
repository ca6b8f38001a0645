//! A question, and what its answer held.

use std::time::Duration;

use crate::model::Batch;

use super::{Request, Window};

/// A question to the vendor.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// What is asked.
    pub request: Request,
    /// The window of source time that it serves.
    pub window: Window,
    /// How long to wait before asking.
    pub wait: Duration,
    /// True when it goes on with the list that the question before it began, so that both count towards one total.
    pub continues: bool,
}

impl Ask {
    /// A first question.
    pub fn first(request: Request, window: Window) -> Self {
        Self {
            request,
            window,
            wait: Duration::ZERO,
            continues: false,
        }
    }

    /// The same list, further on.
    #[must_use]
    pub fn followed_by(&self, request: Request) -> Self {
        Self {
            request,
            window: self.window,
            wait: Duration::ZERO,
            continues: true,
        }
    }

    /// Another list that takes over a part of this one, with a total of its own.
    #[must_use]
    pub fn narrowed_to(&self, request: Request) -> Self {
        Self {
            request,
            window: self.window,
            wait: Duration::ZERO,
            continues: false,
        }
    }
}

/// What one answer held.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows.
    pub batch: Batch,
    /// The records that could not be read.
    pub rejects: Vec<Reject>,
    /// How many rows the vendor says the question has in all.
    pub total: Option<u64>,
    /// True where the vendor's answer means "nothing" only perhaps; no deletion is inferred from it.
    pub is_doubtful: bool,
    /// The next questions; the last is asked first.
    pub then: Vec<Ask>,
}

/// A record that could not be read. It is kept whole, so that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The record's place on its page, from 0.
    pub position: usize,
    /// What was wrong: names a field, never a value.
    pub reason: String,
    /// The vendor's record.
    pub raw: String,
}
