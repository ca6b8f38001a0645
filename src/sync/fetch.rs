//! The asking half of a walk: a stack of questions, worked off until none is left.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::Sender;
use tracing::debug;

use crate::http::Reply;
use crate::model::Batch;
use crate::stream::{Ask, Page, Reject, Remedy, Request, Window};

use super::SyncError;
use super::job::{Job, Session};
use super::once::{Once, Turn};
use super::tally::{Lack, Tally};

/// How often a list is read again whose rows do not add up to its total, each time adding to what came before: rows of one
/// second that change places with every request are met within a few passes.
const LIST_PASSES: u32 = 12;
/// How often a whole window is read again for the same reason.
const WINDOW_PASSES: u32 = 2;
/// How often a question is asked again whose answer ends in the middle.
const CUT_ATTEMPTS: u32 = 4;
/// First wait after an answer that ends in the middle; it doubles.
const CUT_WAIT: Duration = Duration::from_millis(250);

/// A page on its way to the warehouse.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) at: DateTime<Utc>,
    pub(super) batch: Batch,
    pub(super) rejects: Vec<Reject>,
    pub(super) duplicates: i64,
    pub(super) request_count: i64,
    pub(super) body_bytes: i64,
}

/// What the asking half came to.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Why it broke off.
    pub(super) error: Option<SyncError>,
    /// How far the rows fall short of the vendor's total.
    pub(super) lack: Option<Lack>,
    /// The vendor's total for the window.
    pub(super) total: Option<u64>,
    /// How many records came, those that came again included.
    pub(super) record_count: u64,
    /// True where an answer meant "nothing" only perhaps.
    pub(super) is_doubtful: bool,
    /// The ids of the first table, for lists without a time filter.
    pub(super) ids: Vec<String>,
}

/// Asks all questions of a window and sends the pages on.
pub(super) async fn fetch(job: &Job, session: &Session, window: Window, pieces: Sender<Piece>) -> Fetched {
    let mut walk = Asking::new(job, session, pieces);
    let mut fetched = Fetched {
        error: None,
        lack: None,
        total: None,
        record_count: 0,
        is_doubtful: false,
        ids: Vec::new(),
    };
    for _ in 0..WINDOW_PASSES {
        fetched.error = walk.pass(window).await.err();
        fetched.lack = walk.lack.take().or_else(|| walk.tally.walk_lack(walk.total));
        if fetched.error.is_some() || fetched.lack.is_none() {
            break;
        }
    }
    Fetched {
        total: walk.total,
        record_count: walk.tally.readings(),
        is_doubtful: walk.is_doubtful,
        ids: walk.ids,
        ..fetched
    }
}

/// The state of the asking half.
struct Asking<'a> {
    job: &'a Job,
    session: &'a Session,
    pieces: Sender<Piece>,
    tally: Tally,
    /// The vendor's total for the whole window, from its first answer.
    total: Option<u64>,
    /// The worst list that did not add up.
    lack: Option<Lack>,
    is_doubtful: bool,
    ids: Vec<String>,
    /// Questions and pages of the present pass; none may come twice.
    asked: Once<Request>,
    seen: Once<u64>,
    turn: Turn,
}

impl<'a> Asking<'a> {
    fn new(job: &'a Job, session: &'a Session, pieces: Sender<Piece>) -> Self {
        let tally = Tally::new(job.stream.tables()[0]);
        Self {
            job,
            session,
            pieces,
            tally,
            total: None,
            lack: None,
            is_doubtful: false,
            ids: Vec::new(),
            asked: Once::default(),
            seen: Once::default(),
            turn: Turn::default(),
        }
    }

    /// Reads the window once, its first question first.
    async fn pass(&mut self, window: Window) -> Result<(), SyncError> {
        self.turn.window += 1;
        self.total = None;
        let mut stack = vec![Ask::first(self.job.stream.first(&window), window)];
        let mut is_first = true;
        while let Some(ask) = stack.pop() {
            let mut then = self.list(ask, &mut is_first).await?;
            stack.append(&mut then);
        }
        Ok(())
    }

    /// Reads a list to its end, again while its rows do not add up to its total, or until other questions take over.
    async fn list(&mut self, first: Ask, is_first: &mut bool) -> Result<Vec<Ask>, SyncError> {
        self.tally.begin_list();
        self.turn = Turn {
            list: self.turn.list + 1,
            reading: 0,
            ..self.turn
        };
        for _ in 0..LIST_PASSES {
            let mut ask = first.clone();
            let then = loop {
                let page_then = self.page(&ask, is_first).await?;
                match page_then.as_slice() {
                    [next] if next.continues => ask = next.clone(),
                    _ => break page_then,
                }
            };
            // Questions that took over have totals of their own; an empty stack means that this list is at its end.
            if !then.is_empty() || self.tally.list_lack().is_none() {
                return Ok(then);
            }
            debug!("The rows of a list do not add up to its total; reading it again");
            self.turn.reading += 1;
        }
        self.lack = self.lack.or(self.tally.list_lack());
        Ok(Vec::new())
    }

    /// Asks one question and sends its page on; returns the questions that follow.
    async fn page(&mut self, ask: &Ask, is_first: &mut bool) -> Result<Vec<Ask>, SyncError> {
        if ask.wait.is_zero() && !self.asked.is_new(ask.request.clone(), self.turn) {
            return Err(SyncError::Circle);
        }
        let (reply, mut page) = self.answer(ask).await?;
        if std::mem::take(is_first) {
            self.total = page.total;
        }
        self.is_doubtful |= page.is_doubtful;
        if matches!(self.job.cursor, crate::stream::Cursor::Whole(_)) {
            let first = page
                .batch
                .rows()
                .iter()
                .filter(|rows| rows.table() == self.job.stream.tables()[0]);
            self.ids.extend(first.flat_map(|rows| rows.ids().iter().cloned()));
        }
        let added = self.tally.add(&mut page);
        if ask.continues
            && added
                .fingerprint
                .is_some_and(|print| !self.seen.is_new(print, self.turn))
        {
            return Err(SyncError::Circle);
        }
        let then = std::mem::take(&mut page.then);
        self.send(reply, page, added.duplicates).await?;
        Ok(then)
    }

    async fn send(&self, reply: Reply, page: Page, duplicates: i64) -> Result<(), SyncError> {
        let at = self.session.clock.at(reply.began);
        let mut batch = page.batch;
        batch.stamp(at);
        let piece = Piece {
            at,
            batch,
            rejects: page.rejects,
            duplicates,
            request_count: i64::from(reply.attempts),
            body_bytes: i64::try_from(reply.response.body.len()).unwrap_or(i64::MAX),
        };
        // The loading half is gone only after an error of its own, which is the one to be told.
        self.pieces.send(piece).await.map_err(|_| SyncError::Stopped)
    }

    /// The answer to a question, read; an answer that ends in the middle is asked for again.
    async fn answer(&self, ask: &Ask) -> Result<(Reply, Page), SyncError> {
        self.pause(ask.wait).await?;
        let (mut attempt, mut sent) = (1, 0);
        loop {
            let mut reply = self
                .unless_stopped(async { Ok(self.job.connection.send(&ask.request).await?) })
                .await?;
            sent += reply.attempts;
            reply.attempts = sent;
            match self.job.stream.read(ask, &reply.response) {
                Ok(page) => return Ok((reply, page)),
                Err(error) if error.remedy() == Remedy::Again && attempt < CUT_ATTEMPTS => {
                    let wait = CUT_WAIT * 2_u32.pow(attempt - 1);
                    self.pause(wait).await?;
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn pause(&self, time: Duration) -> Result<(), SyncError> {
        self.unless_stopped(async {
            tokio::time::sleep(time).await;
            Ok(())
        })
        .await
    }

    async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, SyncError>>,
    ) -> Result<T, SyncError> {
        tokio::select! {
            biased;
            () = self.session.stop.cancelled() => Err(SyncError::Stopped),
            done = work => done,
        }
    }
}
