//! The asking half of a walk: a stack of questions, worked off until none is left.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tracing::debug;

use crate::transport::{Priority, Reply};
use crate::warehouse::Lookup;
use connectors::schema::Batch;
use connectors::source::{Ask, Cursor, Page, Remedy, Request};

use super::SyncError;
use super::errand::{Errand, Fetched, Piece};
use super::fields::Fields;
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

/// Asks all questions of an errand and sends the pages on.
pub(super) async fn fetch(
    job: &Job,
    session: &Session,
    errand: Errand<'_>,
    pieces: Sender<Piece>,
) -> Fetched {
    let mut walk = Asking::new(job, session, errand, pieces);
    let mut fetched = Fetched::default();
    for _ in 0..WINDOW_PASSES {
        fetched.error = walk.pass().await.err();
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
        fields: walk.fields.into_sorted(),
        warnings: walk.warnings,
        ..fetched
    }
}

/// The state of the asking half.
struct Asking<'a> {
    job: &'a Job,
    session: &'a Session,
    errand: Errand<'a>,
    pieces: Sender<Piece>,
    tally: Tally,
    /// The vendor's total for the whole window, from its first answer.
    total: Option<u64>,
    /// The worst list that did not add up.
    lack: Option<Lack>,
    is_doubtful: bool,
    ids: Vec<Vec<String>>,
    fields: Fields,
    warnings: BTreeSet<&'static str>,
    /// Which id a question is about.
    about: HashMap<Request, String>,
    /// Questions and pages of the present pass; none may come twice.
    asked: Once<(Request, u8)>,
    seen: Once<u64>,
    turn: Turn,
}

impl<'a> Asking<'a> {
    fn new(job: &'a Job, session: &'a Session, errand: Errand<'a>, pieces: Sender<Piece>) -> Self {
        Self {
            job,
            session,
            errand,
            pieces,
            tally: match job.cursor {
                Cursor::KeySet(_) => Tally::of_shrinking_lists(job.stream.tables()[0]),
                _ => Tally::new(job.stream.tables()[0]),
            },
            total: None,
            lack: None,
            is_doubtful: false,
            ids: vec![Vec::new(); errand.gathered.len()],
            fields: Fields::default(),
            warnings: BTreeSet::new(),
            about: HashMap::new(),
            asked: Once::default(),
            seen: Once::default(),
            turn: Turn::default(),
        }
    }

    /// Asks everything once, the first question first.
    async fn pass(&mut self) -> Result<(), SyncError> {
        self.turn.window += 1;
        self.total = None;
        let mut stack = self.first();
        let mut is_first = true;
        while let Some(ask) = stack.pop() {
            let mut then = self.list(ask, &mut is_first).await?;
            stack.append(&mut then);
        }
        Ok(())
    }

    /// The first questions, the last to be asked first.
    fn first(&mut self) -> Vec<Ask> {
        let (stream, window) = (&self.job.stream, self.errand.window);
        if !matches!(self.job.cursor, Cursor::Keys(_)) {
            return vec![Ask::first(stream.first(&window), window)];
        }
        let mut asks = Vec::new();
        for id in self.errand.keys.iter().rev() {
            if let Some(request) = stream.about(id) {
                self.about.insert(request.clone(), id.clone());
                asks.push(Ask::first(request, window));
            }
        }
        asks
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
        let question = (ask.request.clone(), ask.stage);
        if ask.wait.is_zero() && !self.asked.is_new(question, self.turn) {
            return Err(SyncError::Circle);
        }
        let id = self.about.get(&ask.request).cloned();
        let (reply, mut page) = match self.answer(ask).await {
            Err(SyncError::Missing { .. }) if id.is_some() => {
                self.send_missing(id.unwrap_or_default()).await?;
                return Ok(Vec::new());
            }
            answered => answered?,
        };
        // Rows leave a list whose time moves with them, so that its first total is no promise.
        if std::mem::take(is_first) && !matches!(self.job.cursor, Cursor::KeySet(_)) {
            self.total = page.total;
        }
        self.is_doubtful |= page.is_doubtful;
        self.warnings.extend(page.warning);
        self.gather(&page.batch);
        let added = self.tally.add(&mut page);
        if ask.continues
            && added
                .fingerprint
                .is_some_and(|print| !self.seen.is_new(print, self.turn))
        {
            return Err(SyncError::Circle);
        }
        self.fields.note(&page.batch);
        let then = std::mem::take(&mut page.then);
        let is_missing = false;
        let lookups = id.map(|id| Lookup { id, is_missing }).into_iter().collect();
        let piece = self.piece(&reply, page, (added.duplicates, lookups));
        self.send(piece).await?;
        Ok(then)
    }

    /// Notes the ids that an end may be judged by.
    fn gather(&mut self, batch: &Batch) {
        for (place, table) in self.errand.gathered.iter().enumerate() {
            let rows = batch.rows().iter().filter(|rows| rows.table() == *table);
            self.ids[place].extend(rows.flat_map(|rows| rows.ids().iter().cloned()));
        }
    }

    fn piece(&self, reply: &Reply, page: Page, (duplicates, lookups): (i64, Vec<Lookup>)) -> Piece {
        let at = self.session.clock.at(reply.began);
        let mut batch = page.batch;
        batch.stamp(at);
        Piece {
            at,
            batch,
            rejects: page.rejects,
            duplicates,
            request_count: i64::from(reply.attempts),
            body_bytes: i64::try_from(reply.response.body.len()).unwrap_or(i64::MAX),
            lookups,
        }
    }

    /// The vendor has no row of this id: one that we hold is gone.
    async fn send_missing(&self, id: String) -> Result<(), SyncError> {
        let mut batch = Batch::default();
        batch.delete(self.job.stream.tables()[0], id.clone());
        let piece = Piece {
            at: self.session.clock.now(),
            batch,
            rejects: Vec::new(),
            duplicates: 0,
            request_count: 1,
            body_bytes: 0,
            lookups: vec![Lookup { id, is_missing: true }],
        };
        self.send(piece).await
    }

    async fn send(&self, piece: Piece) -> Result<(), SyncError> {
        // The loading half is gone only after an error of its own, which is the one to be told.
        self.pieces.send(piece).await.map_err(|_| SyncError::Stopped)
    }

    /// The answer to a question, read; an answer that ends in the middle is asked for again.
    async fn answer(&self, ask: &Ask) -> Result<(Reply, Page), SyncError> {
        self.pause(ask.wait).await?;
        let (mut attempt, mut sent) = (1, 0);
        loop {
            let mut reply = self
                .unless_stopped(async { Ok(self.job.api.send_request(&ask.request, Priority::Live).await?) })
                .await?;
            sent += reply.attempts;
            reply.attempts = sent;
            SyncError::require_good(reply.response.status)?;
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
