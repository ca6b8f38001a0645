//! Reading one slice: a stack of lists, each read page by page to an end that carries its evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::schema::Table;
use crate::source::{
    Absence, Account, Context, Envelope, Evidence, Extent, Next, PageRows, Paging, ReadError, Request,
    Response, Scope, Slice, StreamDef, SyncMode, Whereabouts,
};
use crate::wire::body::Body;
use crate::wire::describe_shape;

use super::loop_guard::{LoopGuard, Pass};
use super::page::{ReadPage, fingerprint_page, read_records};
use super::recent_answers::RecentAnswers;
use super::tally::Tally;
use super::verdict::{Shortfall, Verdict};
use super::{EvidenceCount, ReadSlice, Reading, SeenIds, SliceLimits};

mod by_id;
mod ending;

use ending::mismatch_of;

/// How often a list is read whose rows do not agree with its total, each reading adding to what came before: rows of one
/// second that change places with every request are met within a few readings.
const LIST_READINGS: u32 = 12;
/// How often a position is asked for whose answers may be those of other requests, and say something else each time.
const DOUBTED_TIMES: u32 = 4;
/// The status that says by itself that there is nothing.
const NO_CONTENT: u16 = 204;

const BESIDE: &str = "Rows lie outside the time that was asked for; check `time_zone`, and for a cache on the way to the vendor";

/// How the vendor said that there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NoneSaid {
    /// It did not.
    Never,
    /// By a good answer that holds nothing, not even an empty list.
    ByNothing,
    /// By a code or a status that may as well be an error.
    ByCode,
}

/// The ids of a table that were met so far.
struct Gathered {
    table: &'static Table,
    ids: HashSet<String>,
}

impl Gathered {
    fn into_seen(self) -> SeenIds {
        SeenIds {
            table: self.table,
            ids: self.ids.into_iter().collect(),
        }
    }
}

/// A list that is waiting to be read.
#[derive(Debug, Clone)]
struct Waiting<P> {
    at: P,
    /// Lists that take the place of others belong to one lineage with them.
    lineage: usize,
}

/// The list that is being read.
#[derive(Debug)]
struct Current<P> {
    first: Waiting<P>,
    at: P,
    /// True for the request that has to confirm an answer which means "none" only perhaps.
    is_confirmation: bool,
    reading: u32,
    /// The records on the pages of the present reading.
    fingerprints: HashSet<u64>,
}

/// An answer that may be that of another request.
#[derive(Debug)]
struct Doubted<P> {
    at: P,
    sight: Sight,
    /// How many times in a row the position was asked for in vain.
    times: u32,
}

/// What two answers have in common that say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    whereabouts: Whereabouts,
    total: Option<u64>,
    rows: Option<u64>,
}

/// A slice that is being read.
pub(super) struct SliceReader<P: Paging + 'static> {
    paging: &'static P,
    stream: &'static StreamDef,
    account: Arc<Account>,
    slice: Slice,
    limits: SliceLimits,
    stack: Vec<Waiting<P::Position>>,
    current: Option<Current<P::Position>>,
    guard: LoopGuard<(P::Position, bool)>,
    pass: Pass,
    /// Rows met by each lineage of lists.
    lineage_rows: HashMap<usize, u64>,
    tally: Tally,
    /// The vendor's total of the present reading's first list.
    total: Option<u64>,
    is_first_page: bool,
    /// True where fewer rows came than the vendor counted at first, and rows may have left meanwhile: then its count of now decides.
    is_counted_again: bool,
    /// The first flaw of the present reading of the slice.
    shortfall: Option<Shortfall>,
    failure: Option<ReadError>,
    evidence: BTreeMap<&'static str, EvidenceCount>,
    /// How "none" was said in the present reading, where it was said.
    none_said: NoneSaid,
    /// True where an earlier reading met "none" after rows: then no "none" of a later one is believed.
    has_none_after_rows: bool,
    /// The last answer, where it may be that of another request.
    doubted: Option<Doubted<P::Position>>,
    answers: Arc<RecentAnswers>,
    page_count: u64,
    byte_count: u64,
    unread_id_count: u64,
    unread_ids_in_a_row: u64,
    seen: Vec<Gathered>,
    warnings: BTreeSet<&'static str>,
}

impl<P: Paging + 'static> SliceReader<P> {
    pub(super) fn new(
        paging: &'static P,
        stream: &'static StreamDef,
        account: Arc<Account>,
        slice: Slice,
        limits: SliceLimits,
    ) -> Self {
        let may_shrink = matches!(stream.mode, SyncMode::Incremental(_));
        let mut reader = Self {
            paging,
            stream,
            limits,
            stack: Vec::new(),
            current: None,
            guard: LoopGuard::default(),
            pass: Pass::default(),
            lineage_rows: HashMap::new(),
            tally: Tally::new(stream.fills[0], may_shrink),
            total: None,
            is_first_page: true,
            is_counted_again: false,
            shortfall: None,
            failure: None,
            evidence: BTreeMap::new(),
            none_said: NoneSaid::Never,
            has_none_after_rows: false,
            doubted: None,
            answers: Arc::default(),
            page_count: 0,
            byte_count: 0,
            unread_id_count: 0,
            unread_ids_in_a_row: 0,
            seen: tables_to_gather(stream, &slice),
            warnings: BTreeSet::new(),
            account,
            slice,
        };
        reader.begin_slice();
        reader
    }

    fn begin_slice(&mut self) {
        self.pass.slice += 1;
        self.total = None;
        self.is_first_page = true;
        self.shortfall = None;
        self.none_said = NoneSaid::Never;
        self.evidence.clear();
        let first = self.paging.first_positions(&self.scope());
        self.stack = self.new_lineages(first);
        self.begin_next_list();
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            slice: &self.slice,
            account: &self.account,
        }
    }

    fn new_lineages(&mut self, lists: Vec<P::Position>) -> Vec<Waiting<P::Position>> {
        let begin = |at| {
            let lineage = self.lineage_rows.len();
            self.lineage_rows.insert(lineage, 0);
            Waiting { at, lineage }
        };
        lists.into_iter().map(begin).collect()
    }

    fn begin_next_list(&mut self) {
        self.current = None;
        if let Some(first) = self.stack.pop() {
            self.tally.begin_list();
            self.pass.list += 1;
            self.begin_reading(first, 0);
        }
    }

    fn begin_reading(&mut self, first: Waiting<P::Position>, reading: u32) {
        self.pass.reading = reading;
        let at = first.at.clone();
        self.current = Some(Current {
            at: at.clone(),
            is_confirmation: false,
            fingerprints: HashSet::new(),
            reading,
            first,
        });
        self.admit_position(at, false);
    }

    /// Goes to a position, unless it has come before.
    fn admit_position(&mut self, at: P::Position, is_confirmation: bool) {
        let Some(current) = &mut self.current else { return };
        current.at = at.clone();
        current.is_confirmation = is_confirmation;
        if !self.guard.admit((at, is_confirmation), self.pass) {
            self.fail_slice(ReadError::PagingLoop);
        }
    }

    fn fail_slice(&mut self, error: ReadError) {
        self.failure = Some(error);
        self.current = None;
        self.stack.clear();
    }

    fn current(&self) -> Option<&Current<P::Position>> {
        self.current.as_ref()
    }

    fn is_wanted(&self, got: &Response) -> Result<(), ReadError> {
        if self.page_count >= self.limits.max_pages {
            return Err(ReadError::TooManyPages {
                pages: self.page_count,
            });
        }
        if self.byte_count + got.body.len() as u64 > self.limits.max_bytes {
            return Err(ReadError::TooManyBytes {
                bytes: self.limits.max_bytes,
            });
        }
        Ok(())
    }

    /// Reads an answer to the request of the present position.
    fn read_answer(
        &mut self,
        got: &Response,
        announce: &mut dyn FnMut(Request),
    ) -> Result<ReadPage, ReadError> {
        self.is_wanted(got)?;
        let Some(current) = self.current() else {
            return Ok(ReadPage::default());
        };
        let at = current.at.clone();
        if let Some(page) = self.read_plain(&at, got)? {
            return Ok(page);
        }
        let context = self.paging.context_of(&at, &self.scope());
        let (stream, body) = (self.stream, Body::new(&got.body));
        let opened = body.open(|text| (stream.envelope)(text, &context));
        let envelope = opened.map_err(|error| error.with_sight(|| describe_shape(&got.body)))?;
        if envelope.is_ambiguous_empty && envelope.records.is_empty() {
            self.count_page(got);
            self.warnings.extend(envelope.warning);
            let said = match envelope.total {
                Some(_) => NoneSaid::ByNothing,
                None => NoneSaid::ByCode,
            };
            return self.accept_perhaps_none(&at, said);
        }
        if !self.is_of_this_request(&at, &envelope, &got.body)? {
            self.count_page(got);
            return Ok(ReadPage::default());
        }
        let next = self.paging.position_after(&at, &envelope, &self.scope())?;
        self.warnings
            .extend(self.paging.warning_about(&at, &envelope, &self.scope()));
        self.count_page(got);
        if let Some(request) = self.certain_request(&next) {
            announce(request);
        }
        let is_first = self.is_first_page;
        let mut page = self.read_rows(&context, &envelope, &next);
        if let Some(id) = self.paging.asked_id(&at) {
            self.record_lookup(&mut page, id);
        }
        if is_first && self.is_all_there_now() {
            self.end_counted_again();
        } else {
            self.follow_next(next);
        }
        Ok(page)
    }

    /// Takes what an answer says by its status or its code alone; nothing where it has an envelope to be opened.
    fn read_plain(&mut self, at: &P::Position, got: &Response) -> Result<Option<ReadPage>, ReadError> {
        let id = self.paging.asked_id(at);
        if let Some(id) = id.filter(|_| (self.stream.says_gone)(got)) {
            let id = id.to_owned();
            return Ok(Some(self.accept_missing(&id)));
        }
        let said = if id.is_none() && got.status == NO_CONTENT && got.body.trim().is_empty() {
            Some(NoneSaid::ByNothing)
        } else {
            self.paging.says_none(at, got).then_some(NoneSaid::ByCode)
        };
        if let Some(said) = said {
            self.count_page(got);
            return self.accept_perhaps_none(at, said).map(Some);
        }
        if !(200..300).contains(&got.status) {
            return Err((self.stream.explain)(got));
        }
        Ok(None)
    }

    /// False where the same request is to be sent once more, because all rows lie beside what was asked for, or because nothing tells
    /// that the answer is not the one that another request had. The same twice in a row is believed: two that differ are no answer to one
    /// request, at least one of them.
    fn is_of_this_request(
        &mut self,
        at: &P::Position,
        got: &Envelope<'_>,
        body: &str,
    ) -> Result<bool, ReadError> {
        let mut whereabouts = self.paging.whereabouts_of(at, got, &self.scope());
        let request = self.paging.request_for(at, &self.scope());
        let is_of_others = self.answers.remember(&request, body);
        // Rows that lie where they should may still be those of a request for less.
        let is_told = self.stream.has_unmarked_rows || !got.records.is_empty();
        if is_of_others && is_told && whereabouts == Whereabouts::Asked {
            whereabouts = Whereabouts::Unsaid;
        }
        let before = self.doubted.take().filter(|doubted| doubted.at == *at);
        let sight = Sight {
            whereabouts,
            total: got.total,
            rows: fingerprint_page(got),
        };
        match whereabouts {
            Whereabouts::Elsewhere => return Err(ReadError::OtherAnswer),
            Whereabouts::Asked => return Ok(true),
            Whereabouts::Unsaid | Whereabouts::Beside => (),
        }
        match before {
            Some(doubted) if doubted.sight == sight => {
                if whereabouts == Whereabouts::Beside {
                    self.warnings.insert(BESIDE);
                }
                Ok(true)
            }
            Some(doubted) if doubted.times + 1 >= DOUBTED_TIMES => Err(ReadError::OtherAnswer),
            doubted => {
                self.doubted = Some(Doubted {
                    at: at.clone(),
                    sight,
                    times: doubted.map_or(1, |doubted| doubted.times + 1),
                });
                Ok(false)
            }
        }
    }

    /// The request of the next page, where it does not depend on what the records of this one become.
    fn certain_request(&self, next: &Next<P::Position>) -> Option<Request> {
        let Next::Page { page, before } = next else {
            return None;
        };
        let thing = (page.clone(), false);
        let is_allowed = before.is_empty()
            && self.page_count < self.limits.max_pages
            && self.guard.would_admit(&thing, self.pass);
        is_allowed.then(|| self.paging.request_for(page, &self.scope()))
    }

    fn count_page(&mut self, got: &Response) {
        self.page_count += 1;
        self.byte_count += got.body.len() as u64;
        self.unread_ids_in_a_row = 0;
    }

    /// Reads the rows of a page, unless others bring them again, and holds them against what was seen.
    fn read_rows(
        &mut self,
        context: &Context,
        envelope: &Envelope<'_>,
        next: &Next<P::Position>,
    ) -> ReadPage {
        self.warnings.extend(envelope.warning);
        if std::mem::take(&mut self.is_first_page) {
            self.total = envelope.total;
        }
        let row_count = envelope.records.len() as u64;
        let are_dropped = matches!(
            next,
            Next::Instead {
                rows: PageRows::Drop,
                ..
            }
        );
        if let Some(current) = &mut self.current {
            // Rows of a wider request that are not even read say nothing about the list.
            if !(current.is_confirmation && are_dropped) {
                *self.lineage_rows.entry(current.first.lineage).or_default() += row_count;
            }
            let is_new = fingerprint_page(envelope).is_none_or(|print| current.fingerprints.insert(print));
            if !is_new {
                self.failure = Some(ReadError::PagingLoop);
            }
        }
        if let Some(total) = envelope.total.filter(|total| *total < row_count) {
            self.doubt_slice(Shortfall::TotalTooSmall {
                counted: row_count,
                total,
            });
        }
        if are_dropped {
            return ReadPage::default();
        }
        let mut page = read_records(self.stream, &self.account, context, envelope);
        page.batch.set_context(context.to_json());
        self.gather_ids(&page);
        self.tally.add(&mut page, envelope.total);
        page
    }

    fn gather_ids(&mut self, page: &ReadPage) {
        for seen in &mut self.seen {
            let rows = page.batch.rows().iter().filter(|rows| rows.table() == seen.table);
            seen.ids.extend(rows.flat_map(|rows| rows.ids().iter().cloned()));
        }
    }

    /// Remembers the first flaw of a reading.
    fn doubt_slice(&mut self, shortfall: Shortfall) {
        self.shortfall = self.shortfall.or(Some(shortfall));
    }

    fn follow_next(&mut self, next: Next<P::Position>) {
        if self.failure.is_some() {
            self.current = None;
            self.stack.clear();
            return;
        }
        match next {
            Next::Page { page, before } => self.turn_page(page, before),
            Next::End { evidence, then } => self.end_list(evidence, then),
            Next::Instead { lists, .. } => {
                let lineage = self.current().map_or(0, |current| current.first.lineage);
                self.stack
                    .extend(lists.into_iter().map(|at| Waiting { at, lineage }));
                self.begin_next_list();
            }
        }
        if self.current.is_none() && self.failure.is_none() {
            self.end_reading();
        }
    }

    fn turn_page(&mut self, page: P::Position, before: Vec<P::Position>) {
        if before.is_empty() {
            return self.admit_position(page, false);
        }
        // The rest of the list waits until the single pages were read, and keeps its lineage.
        let lineage = self.current().map_or(0, |current| current.first.lineage);
        self.stack.push(Waiting { at: page, lineage });
        let before = self.new_lineages(before);
        self.stack.extend(before);
        self.begin_next_list();
    }

    /// Ends a list, or reads it again where its rows do not agree with its total.
    fn end_list(&mut self, evidence: Evidence, then: Vec<P::Position>) {
        let Some(current) = self.current.take() else {
            return;
        };
        if let Some(mismatch) = self.tally.list_lack().or(self.tally.list_excess()) {
            if current.reading + 1 < LIST_READINGS {
                self.tally.begin_reading();
                return self.begin_reading(current.first, current.reading + 1);
            }
            self.doubt_slice(mismatch_of(mismatch));
        }
        if let Evidence::Presumed(what) = evidence {
            self.doubt_slice(Shortfall::Presumed(what));
        }
        self.count_evidence(evidence);
        let then = self.new_lineages(then);
        self.stack.extend(then);
        self.begin_next_list();
    }

    fn count_evidence(&mut self, evidence: Evidence) {
        let count = self.evidence.entry(evidence.word()).or_insert(EvidenceCount {
            evidence,
            list_count: 0,
        });
        count.evidence = evidence;
        count.list_count += 1;
    }

    /// The vendor says "none", perhaps: a wider request has to confirm it, and a list that has shown rows is not empty. In doubt,
    /// as after a code, a list that no wider request can confirm is not complete; a good answer that holds nothing is believed
    /// the second time.
    fn accept_perhaps_none(&mut self, at: &P::Position, said: NoneSaid) -> Result<ReadPage, ReadError> {
        self.is_first_page = false;
        self.none_said = self.none_said.max(said);
        let Some(current) = self.current() else {
            return Ok(ReadPage::default());
        };
        if !current.is_confirmation {
            let at = self.paging.confirmation_of(at, &self.scope());
            self.admit_position(at, true);
            return Ok(ReadPage::default());
        }
        let has_rows = self
            .lineage_rows
            .get(&current.first.lineage)
            .is_some_and(|rows| *rows > 0);
        if has_rows || self.has_none_after_rows {
            self.has_none_after_rows = true;
            self.doubt_slice(Shortfall::NoneAfterRows);
        }
        // Now it is an empty page, and other lists may follow one.
        let then = match self
            .paging
            .position_after(at, &Envelope::default(), &self.scope())?
        {
            Next::End { then, .. } => then,
            Next::Page { .. } | Next::Instead { .. } => Vec::new(),
        };
        self.follow_next(Next::End {
            evidence: Evidence::NoneTwice,
            then,
        });
        Ok(ReadPage::default())
    }
}

impl<P: Paging + 'static> ReadSlice for SliceReader<P> {
    fn share_answers(&mut self, answers: Arc<RecentAnswers>) {
        self.answers = answers;
    }

    fn request(&mut self) -> Option<Request> {
        let current = self.current()?;
        Some(self.paging.request_for(&current.at, &self.scope()))
    }

    fn accept_early(
        &mut self,
        got: &Response,
        announce: &mut dyn FnMut(Request),
    ) -> Result<ReadPage, ReadError> {
        let is_by_id = self
            .current()
            .is_some_and(|current| self.paging.asked_id(&current.at).is_some());
        match self.read_answer(got, announce) {
            Err(error) if is_by_id => self.pass_over_id(error),
            read => read,
        }
    }

    fn finish(mut self: Box<Self>) -> Reading {
        let verdict = self.judge_slice();
        Reading {
            proves_absence: verdict == Verdict::Complete
                && self.tally.reject_count == 0
                && self.none_said == NoneSaid::Never,
            verdict,
            evidence: self.evidence.into_values().collect(),
            // Rows leave such a list, so that its total is none of what came.
            total: self
                .total
                .filter(|_| !matches!(self.stream.mode, SyncMode::Incremental(_))),
            record_count: self.tally.record_count,
            reject_count: self.tally.reject_count,
            page_count: self.page_count,
            seen: self.seen.into_iter().map(Gathered::into_seen).collect(),
            warnings: self.warnings,
        }
    }
}

/// The tables of which a complete slice tells what is gone.
fn tables_to_gather(stream: &StreamDef, slice: &Slice) -> Vec<Gathered> {
    let tables: Vec<&'static Table> = match (&stream.mode, stream.mode.absence()) {
        (SyncMode::Daily(_), _) => vec![stream.fills[0]],
        (_, Absence::Gone { tables, .. }) if matches!(slice.extent, Extent::List | Extent::Unfiltered) => {
            tables.to_vec()
        }
        _ => Vec::new(),
    };
    let gather = |table| Gathered {
        table,
        ids: HashSet::new(),
    };
    tables.into_iter().map(gather).collect()
}
