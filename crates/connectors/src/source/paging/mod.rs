//! How the pages of a stream follow each other: the trait, and the common ways as values.

mod by_id;
mod link;
mod offset;
mod seek;
mod single;

use std::fmt::Debug;
use std::hash::Hash;

use chrono::TimeDelta;

pub use by_id::ById;
pub use link::{Link, LinkPosition};
pub use offset::{Offset, OffsetPosition, next_offset};
pub use seek::{LocalSpan, Seek, SeekPosition};
pub use single::Single;

use super::{Context, Envelope, Evidence, ReadError, Request, Response, Scope};

/// How the pages of a stream follow each other. Pure: no I/O, no clock, no state.
///
/// The slice machine takes the first positions, sends the request of the last of them, hands the answer to `position_after`, and goes
/// on until no position is left. It never asks for one position twice within one reading, it may read a list or a whole slice
/// again, and it weighs each end's evidence against what it has seen.
///
/// An implementer promises: two equal positions are the same page request; an answer that is not certainly a good one is an
/// error, never an end; and the positions of a slice, followed to their end, name every row of it.
pub trait Paging: Send + Sync {
    /// Where in the slice a page request stands: an offset, the last time seen, a link.
    type Position: Clone + Eq + Hash + Debug + Send + Sync + 'static;

    /// The positions that a slice begins with, each the beginning of a list; the last one is asked for first.
    fn first_positions(&self, scope: &Scope<'_>) -> Vec<Self::Position>;

    /// The request for a position.
    fn request_for(&self, at: &Self::Position, scope: &Scope<'_>) -> Request;

    /// What follows a page.
    fn position_after(
        &self,
        at: &Self::Position,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<Self::Position>, ReadError>;

    /// The request that has to confirm an answer which means "none" only perhaps: a wider one where there is one, and the same
    /// one again otherwise.
    fn confirmation_of(&self, at: &Self::Position, _scope: &Scope<'_>) -> Self::Position {
        at.clone()
    }

    /// Where the rows of a page lie. The slice machine asks again where they lie beside what was asked for or say nothing, and takes
    /// none that lie elsewhere: whatever such a page says of ends and totals, it says of another request.
    fn whereabouts_of(&self, _at: &Self::Position, _got: &Envelope<'_>, _scope: &Scope<'_>) -> Whereabouts {
        Whereabouts::Asked
    }

    /// True where the status of an answer means "none", perhaps: it has to be confirmed like an ambiguous envelope.
    fn says_none(&self, _at: &Self::Position, _got: &Response) -> bool {
        false
    }

    /// What an operator should know about a page, seen beside what was asked for.
    fn warning_about(
        &self,
        _at: &Self::Position,
        _got: &Envelope<'_>,
        _scope: &Scope<'_>,
    ) -> Option<&'static str> {
        None
    }

    /// The id that a position asks for, for streams that are read by id.
    fn asked_id<'a>(&self, _at: &'a Self::Position) -> Option<&'a str> {
        None
    }

    /// What of the page request the mapping has to know.
    fn context_of(&self, _at: &Self::Position, _scope: &Scope<'_>) -> Context {
        Context::default()
    }
}

/// Where the rows of a page lie, seen beside what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// Where they should, or one of them at least; or nobody can tell.
    Asked,
    /// Nobody can tell, for there is none, and nothing else would bring what an answer to another request keeps back.
    Unsaid,
    /// All of them outside, by no more than a mistake about zones explains. The page may be the answer to another request.
    Beside,
    /// All of them far outside: it is the answer to another request, or to a filter that is not heeded.
    Elsewhere,
}

/// How far outside rows may lie by a mistake about the zone and a change of clocks.
pub const ASTRAY: TimeDelta = TimeDelta::hours(26);

impl Whereabouts {
    /// Judges by how far outside each row lies: zero where it does not, none where nobody can tell.
    pub fn of_distances(distances: impl IntoIterator<Item = Option<TimeDelta>>) -> Self {
        let mut nearest = None;
        for distance in distances {
            match distance {
                Some(distance) if distance > TimeDelta::zero() => {
                    nearest = Some(nearest.map_or(distance, |nearest: TimeDelta| nearest.min(distance)));
                }
                _ => return Self::Asked,
            }
        }
        match nearest {
            None => Self::Asked,
            Some(nearest) if nearest <= ASTRAY => Self::Beside,
            Some(_) => Self::Elsewhere,
        }
    }
}

/// How far a time lies outside a range whose ends belong to it.
pub fn distance_outside<T>(time: T, first: T, last: Option<T>) -> TimeDelta
where
    T: Copy + std::ops::Sub<Output = TimeDelta>,
{
    let beyond = last.map_or(TimeDelta::zero(), |last| time - last);
    (first - time).max(beyond).max(TimeDelta::zero())
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<P> {
    /// The same list goes on; other single pages may be wanted before.
    Page {
        /// The next page of the list.
        page: P,
        /// Pages that are read before it, each a list of its own; the last one first.
        before: Vec<P>,
    },
    /// The list is at its end; others may begin.
    End {
        /// How that is known.
        evidence: Evidence,
        /// Further lists of the slice; the last one first.
        then: Vec<P>,
    },
    /// Other lists take the place of this one.
    Instead {
        /// The lists; the last one first.
        lists: Vec<P>,
        /// What becomes of the rows of this page.
        rows: PageRows,
    },
}

/// What becomes of the rows of a page whose list is replaced by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRows {
    /// They are read.
    Keep,
    /// The other lists bring every one of them again.
    Drop,
}

impl<P> Next<P> {
    /// The next page of the same list.
    pub fn page(page: P) -> Self {
        Self::Page {
            page,
            before: Vec::new(),
        }
    }

    /// The end of the list, and of what follows from it.
    pub fn end(evidence: Evidence) -> Self {
        Self::End {
            evidence,
            then: Vec::new(),
        }
    }

    /// Other lists, besides the rows of this page.
    pub fn instead(lists: Vec<P>) -> Self {
        Self::Instead {
            lists,
            rows: PageRows::Keep,
        }
    }
}
