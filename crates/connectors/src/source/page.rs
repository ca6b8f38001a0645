//! A question, and what its answer held.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::schema::Batch;

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
    /// The stage of the walk that it belongs to: the same request may come once in each.
    pub stage: u8,
    /// A time that the stream remembers from the answers before.
    pub mark: Option<DateTime<Utc>>,
}

impl Ask {
    /// A first question.
    pub fn first(request: Request, window: Window) -> Self {
        Self {
            request,
            window,
            wait: Duration::ZERO,
            continues: false,
            stage: 0,
            mark: None,
        }
    }

    /// The same list, further on.
    #[must_use]
    pub fn followed_by(&self, request: Request) -> Self {
        Self {
            request,
            wait: Duration::ZERO,
            continues: true,
            ..self.clone()
        }
    }

    /// Another list that takes over a part of this one, with a total of its own.
    #[must_use]
    pub fn narrowed_to(&self, request: Request) -> Self {
        Self {
            stage: self.stage,
            ..Self::first(request, self.window)
        }
    }

    /// The same list from its beginning, in a later stage of the walk.
    #[must_use]
    pub fn again(&self, request: Request, stage: u8) -> Self {
        Self {
            stage,
            ..Self::first(request, self.window)
        }
    }

    /// The same question with a time to remember.
    #[must_use]
    pub fn marked(self, mark: DateTime<Utc>) -> Self {
        Self {
            mark: Some(mark),
            ..self
        }
    }

    /// The same question after a wait.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { wait, ..self }
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
    /// What an operator should know about the vendor's answer.
    pub warning: Option<&'static str>,
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
