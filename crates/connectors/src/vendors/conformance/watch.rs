//! Watches what becomes of each record between the envelope and the page, whatever machine reads them.

use std::cell::RefCell;
use std::sync::Arc;

use super::Subject;
use super::sample::make_account;
use crate::reader::{ReadPage, ReadSlice, Reading, SliceLimits};
use crate::schema::Batch;
use crate::source::{Context, Envelope, Item, MapError, ReadError, Request, Response, Slice, StreamDef};

/// What became of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// Rows of any table.
    pub(super) row_count: usize,
    /// Rows that are gone by what it says.
    pub(super) tombstone_count: usize,
    /// Sets of children that it names.
    pub(super) children_count: usize,
    /// True where it could not be read.
    pub(super) is_reject: bool,
}

impl Fate {
    fn is_lost(self) -> bool {
        self == Self::default()
    }
}

/// What the envelope of an answer said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    /// How many records it held.
    pub(super) record_count: usize,
    /// The vendor's total.
    pub(super) total: Option<u64>,
}

/// What was seen of one answer.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// The envelope, where it could be opened.
    pub(super) opened: Option<Opened>,
    /// The records that were read, in order.
    pub(super) fates: Vec<Fate>,
}

thread_local! {
    static SIGHT: RefCell<Sight> = RefCell::default();
    static WATCHED: RefCell<Option<&'static StreamDef>> = const { RefCell::new(None) };
}

/// A stream that reads like another one and is watched while it does.
#[derive(Clone, Copy)]
pub(super) struct WatchedStream {
    stream: &'static StreamDef,
    twin: &'static StreamDef,
}

/// A slice of a watched stream that is being read.
pub(super) struct WatchedSlice {
    stream: &'static StreamDef,
    reader: Box<dyn ReadSlice>,
}

impl WatchedStream {
    /// The stream of the subject, watched.
    pub(super) fn of(subject: Subject) -> Self {
        let stream = subject.stream;
        let twin = Box::leak(Box::new(StreamDef {
            envelope: open_watched,
            map: map_watched,
            ..*stream
        }));
        Self { stream, twin }
    }

    /// Begins to read a slice.
    pub(super) fn open(self, subject: Subject, slice: Slice, limits: SliceLimits) -> WatchedSlice {
        WatchedSlice {
            stream: self.stream,
            reader: self
                .twin
                .open(Arc::new(make_account(subject.vendor)), slice, limits),
        }
    }
}

impl WatchedSlice {
    /// The page request that is due.
    pub(super) fn request(&mut self) -> Option<Request> {
        self.reader.request()
    }

    /// Takes the answer, and checks that no record of it is lost without a trace.
    pub(super) fn accept(&mut self, got: &Response) -> Seen {
        WATCHED.set(Some(self.stream));
        SIGHT.take();
        let read = self.reader.accept(got);
        let sight = SIGHT.take();
        if let Ok(page) = &read {
            require_balance(self.stream, &got.body, page, &sight);
        }
        Seen { read, sight }
    }

    /// What the slice came to.
    pub(super) fn finish(self) -> Reading {
        self.reader.finish()
    }
}

/// What the machine made of an answer, and what was seen meanwhile.
pub(super) struct Seen {
    /// The page, or why there is none.
    pub(super) read: Result<ReadPage, ReadError>,
    /// What was seen.
    pub(super) sight: Sight,
}

/// Records in = rows + duplicates + tombstones + rejects. A page whose records other lists bring again has none of them.
fn require_balance(stream: &StreamDef, body: &str, page: &ReadPage, sight: &Sight) {
    let name = stream.name;
    let sum = |count: fn(&Fate) -> usize| sight.fates.iter().map(count).sum::<usize>();
    for (place, fate) in sight.fates.iter().enumerate() {
        assert!(
            !fate.is_lost(),
            "{name}: record {place} is lost without a trace in\n{body}"
        );
    }
    let record_count = sight.opened.map_or(0, |opened| opened.record_count);
    let is_read = !sight.fates.is_empty();
    assert!(
        !is_read || sight.fates.len() == record_count,
        "{name}: records are passed over"
    );
    let duplicate_count = usize::try_from(page.duplicate_count).expect("few rows");
    assert_eq!(
        sum(|fate| fate.row_count),
        page.batch.len() + duplicate_count,
        "{name}: rows"
    );
    assert_eq!(
        sum(|fate| usize::from(fate.is_reject)),
        page.rejects.len(),
        "{name}: rejects"
    );
    let is_missing = page.lookup.as_ref().is_some_and(|lookup| lookup.is_missing);
    let tombstone_count = page.batch.tombstones().len() - usize::from(is_missing);
    assert_eq!(
        sum(|fate| fate.tombstone_count),
        tombstone_count,
        "{name}: tombstones"
    );
    let children_count = page.batch.children().len();
    assert_eq!(
        sum(|fate| fate.children_count),
        children_count,
        "{name}: children"
    );
}

fn watched() -> &'static StreamDef {
    WATCHED.with_borrow(|stream| stream.expect("a watched slice is being read"))
}

fn open_watched<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    let envelope = (watched().envelope)(body, context)?;
    let opened = Opened {
        record_count: envelope.records.len(),
        total: envelope.total,
    };
    SIGHT.with_borrow_mut(|sight| sight.opened = Some(opened));
    Ok(envelope)
}

fn map_watched(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let count = |batch: &Batch| Fate {
        row_count: batch.len(),
        tombstone_count: batch.tombstones().len(),
        children_count: batch.children().len(),
        is_reject: false,
    };
    let before = count(batch);
    let result = (watched().map)(item, batch);
    let after = count(batch);
    let fate = Fate {
        row_count: after.row_count - before.row_count,
        tombstone_count: after.tombstone_count - before.tombstone_count,
        children_count: after.children_count - before.children_count,
        is_reject: result.is_err(),
    };
    SIGHT.with_borrow_mut(|sight| sight.fates.push(fate));
    result
}
