//! Why a list is known to have ended.

use std::fmt;

/// What a list's end is known by. A slice is complete only by evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// As many rows came as the vendor says there are.
    Total(u64),
    /// A page behind the last row is empty.
    EmptyPage,
    /// The vendor gives no link to more.
    NoLink,
    /// Fewer rows came than the one page had room for, at a vendor that keeps to the size asked for.
    PageNotFull {
        /// How many rows were asked for.
        asked: u64,
    },
    /// The list has no pages: one answer holds everything.
    Single,
    /// The one row that was asked for by its id.
    ById,
    /// Rows older than those that had to be read came, in a list that is sorted by time.
    OldEnough,
    /// The vendor's code for "none" came twice, the second time for a wider request.
    NoneTwice,
    /// Nobody knows; the text says what is presumed. It never completes a slice.
    Presumed(&'static str),
}

impl Evidence {
    /// The word for it in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Total(_) => "total",
            Self::EmptyPage => "empty page",
            Self::NoLink => "no link",
            Self::PageNotFull { .. } => "page not full",
            Self::Single => "single answer",
            Self::ById => "by id",
            Self::OldEnough => "old enough",
            Self::NoneTwice => "none, said twice",
            Self::Presumed(_) => "presumed",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(total) => write!(f, "all {total} rows that the vendor counts came"),
            Self::EmptyPage => f.write_str("the page behind the last row is empty"),
            Self::NoLink => f.write_str("the vendor gives no link to more"),
            Self::PageNotFull { asked } => write!(f, "fewer than the {asked} rows came that were asked for"),
            Self::Single => f.write_str("one answer holds everything"),
            Self::ById => f.write_str("the row came that was asked for"),
            Self::OldEnough => f.write_str("the rows became older than what had to be read"),
            Self::NoneTwice => f.write_str("the vendor said \"none\" twice"),
            Self::Presumed(what) => write!(f, "presumed: {what}"),
        }
    }
}
