//! The slice machine: reads a slice page by page, without any I/O, and judges at its end whether everything came.
//!
//! Whoever drives it sends what [`ReadSlice::request`] wants, hands the answer to [`ReadSlice::accept`], and asks for the
//! [`Reading`] when no request is left. The engine does, and so do the conformance suite, the interleaving tests and `check`:
//! no other loop over pages exists.
//!
//! ```
//! use std::sync::Arc;
//! use connectors::reader::{ReadSlice, SliceLimits, Verdict};
//! use connectors::schema::Region;
//! use connectors::source::{Account, Extent, Response, Slice};
//!
//! let vendor = connectors::vendors::find_vendor("convoso").expect("a vendor");
//! let stream = vendor.stream("dispositions").expect("one of its streams");
//! let account = Arc::new(Account::new(chrono_tz::UTC, Region::US));
//! let slice = Slice { partition: String::new(), extent: Extent::List, started_at: chrono::DateTime::UNIX_EPOCH };
//! let mut reader = stream.open(account, slice, SliceLimits::default());
//! while let Some(request) = reader.request() {
//!     // Here the request would be sent.
//!     assert_eq!(request.path, "status/search");
//!     let body = r#"{"success": true, "data": [{"status": "SALE", "name": "Sale"}]}"#.to_owned();
//!     let page = reader.accept(&Response { status: 200, body }).expect("a page");
//!     assert_eq!(page.batch.len(), 1);
//! }
//! assert_eq!(reader.finish().verdict, Verdict::Complete);
//! ```

mod loop_guard;
mod page;
mod recent_answers;
mod slice;
mod stored;
mod tally;
mod verdict;

#[cfg(test)]
mod lies;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::schema::Table;
use crate::source::{Account, Evidence, Paging, ReadError, Request, Response, Slice, StreamDef};

pub use page::{Lookup, ReadPage};
pub use recent_answers::RecentAnswers;
use slice::SliceReader;
pub use stored::StoredRecord;
pub use verdict::{Shortfall, Verdict, has_too_many_rejects};

/// A slice that is being read.
pub trait ReadSlice: Send + Sync {
    /// Tells which answers came last to other slices of the account. Without it the slice knows its own.
    fn share_answers(&mut self, answers: Arc<RecentAnswers>);

    /// The page request that is due: the same one until its answer was accepted, and none when the slice is at its end.
    fn request(&mut self) -> Option<Request>;

    /// Takes the answer to the request that is due. After an error nothing has moved: the same request may be sent again.
    fn accept(&mut self, got: &Response) -> Result<ReadPage, ReadError> {
        self.accept_early(got, &mut |_| ())
    }

    /// The same, and calls `announce` with the next page request as soon as that is certain and allowed, before the records are
    /// mapped: it may be sent meanwhile. Nothing is announced where the next request follows from what the records become. After
    /// an error, or where [`ReadSlice::request`] wants another one, the answer to an announced request is of no use.
    fn accept_early(
        &mut self,
        got: &Response,
        announce: &mut dyn FnMut(Request),
    ) -> Result<ReadPage, ReadError>;

    /// What the slice came to.
    fn finish(self: Box<Self>) -> Reading;
}

/// What a slice came to.
#[derive(Debug)]
pub struct Reading {
    /// Whether everything came.
    pub verdict: Verdict,
    /// How the ends of its lists were known, and of how many lists each.
    pub evidence: Vec<EvidenceCount>,
    /// How many rows the vendor says the slice has.
    pub total: Option<u64>,
    /// How many records came, those that came again included.
    pub record_count: u64,
    /// How many of them could not be read.
    pub reject_count: u64,
    /// How many answers were read.
    pub page_count: u64,
    /// The ids that were met, of the tables of which a complete slice tells what is gone.
    pub seen: Vec<SeenIds>,
    /// True where what was not met is gone.
    pub proves_absence: bool,
    /// What an operator should know about the vendor's answers.
    pub warnings: BTreeSet<&'static str>,
}

/// How many lists ended by one kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceCount {
    /// The evidence; of several totals the last.
    pub evidence: Evidence,
    /// How many lists.
    pub list_count: u64,
}

/// The ids of a table that a slice has met.
#[derive(Debug)]
pub struct SeenIds {
    /// The table.
    pub table: &'static Table,
    /// The ids, each once.
    pub ids: Vec<String>,
}

/// How much of a slice is read before it is given up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceLimits {
    /// Most answers.
    pub max_pages: u64,
    /// Most bytes of answers.
    pub max_bytes: u64,
    /// The share of records, 0 to 1, that may be unreadable.
    pub reject_share: f64,
}

impl Default for SliceLimits {
    fn default() -> Self {
        Self {
            max_pages: 20_000,
            max_bytes: 8 << 30,
            reject_share: 0.05,
        }
    }
}

/// Ways of paging, whatever the type of their positions.
pub trait OpenSlice: Send + Sync {
    /// Begins to read a slice.
    fn open_slice(
        &'static self,
        stream: &'static StreamDef,
        account: Arc<Account>,
        slice: Slice,
        limits: SliceLimits,
    ) -> Box<dyn ReadSlice>;
}

impl<P: Paging> OpenSlice for P {
    fn open_slice(
        &'static self,
        stream: &'static StreamDef,
        account: Arc<Account>,
        slice: Slice,
        limits: SliceLimits,
    ) -> Box<dyn ReadSlice> {
        Box::new(SliceReader::new(self, stream, account, slice, limits))
    }
}

impl StreamDef {
    /// Begins to read a slice of the stream.
    pub fn open(
        &'static self,
        account: Arc<Account>,
        slice: Slice,
        limits: SliceLimits,
    ) -> Box<dyn ReadSlice> {
        self.paging.open_slice(self, account, slice, limits)
    }
}
