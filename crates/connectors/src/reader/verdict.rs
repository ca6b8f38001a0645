//! Whether a slice is complete, and what it lacks where it is not.

use std::fmt;

use crate::source::ReadError;

/// Whether everything came.
#[derive(Debug)]
pub enum Verdict {
    /// Everything came, and the evidence proves it.
    Complete,
    /// The slice came to its end, and something is missing or contradicts the evidence.
    Incomplete(Shortfall),
    /// It broke off.
    Failed(ReadError),
}

impl PartialEq for Verdict {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Complete, Self::Complete) => true,
            (Self::Incomplete(one), Self::Incomplete(other)) => one == other,
            (Self::Failed(one), Self::Failed(other)) => one.to_string() == other.to_string(),
            _ => false,
        }
    }
}

/// Why a slice that came to its end is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// Fewer rows came than the vendor counts.
    Missing {
        /// Distinct rows that came.
        counted: u64,
        /// The vendor's total.
        total: u64,
    },
    /// More rows came than the vendor counts, so that its total proves nothing.
    TotalTooSmall {
        /// Distinct rows that came.
        counted: u64,
        /// The vendor's total.
        total: u64,
    },
    /// The vendor said "none" of a list that had shown rows.
    NoneAfterRows,
    /// The vendor's code means "none" only perhaps, and the list has no time by which a wider request could confirm it.
    NonePerhaps,
    /// How the list ends is not known.
    Presumed(&'static str),
    /// Different records came under one key on one page.
    Conflict {
        /// How many.
        count: u64,
    },
    /// Too many records cannot be read.
    Unreadable {
        /// How many could not be read.
        rejected: u64,
        /// How many came.
        seen: u64,
    },
    /// It was given up before its end.
    Unfinished,
    /// Some of the ids could not be looked up.
    IdsUnread {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { counted, total } => {
                write!(f, "{counted} of {total} rows came, after several readings")
            }
            Self::TotalTooSmall { counted, total } => {
                write!(
                    f,
                    "{counted} rows came although the vendor counts {total}: its total proves nothing"
                )
            }
            Self::NoneAfterRows => f.write_str("the vendor said \"none\" of a list that had shown rows"),
            Self::NonePerhaps => f.write_str("the vendor's code means \"none\" only perhaps"),
            Self::Presumed(what) => write!(f, "how the list ends is only presumed: {what}"),
            Self::Conflict { count } => {
                write!(f, "{count} different records came under a key that another has")
            }
            Self::Unreadable { rejected, seen } => {
                write!(
                    f,
                    "{rejected} of {seen} records could not be read; see sync.rejects"
                )
            }
            Self::Unfinished => f.write_str("it was given up before its end"),
            Self::IdsUnread { count } => write!(f, "{count} ids could not be looked up"),
        }
    }
}

/// True where too many of the records of a slice could not be read. One of several always may, so that one bad record of a
/// quiet hour does not hold the hour up for ever; a slice of which nothing could be read is never complete.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn has_too_many_rejects(rejected: u64, seen: u64, share: f64) -> bool {
    rejected > 0 && (rejected >= seen || (rejected > 1 && rejected as f64 > seen as f64 * share))
}

#[cfg(test)]
mod tests {
    use super::has_too_many_rejects;

    #[test]
    fn one_of_several_unreadable_records_is_let_through_and_a_whole_list_never_is() {
        for (rejected, seen, wanted) in [
            (0, 0, false),
            (0, 10, false),
            (1, 1, true),
            (1, 2, false),
            (2, 2, true),
            (2, 20, true),
            (2, 40, false),
            (5, 100, false),
            (6, 100, true),
            (10, 10, true),
        ] {
            assert_eq!(
                has_too_many_rejects(rejected, seen, 0.05),
                wanted,
                "{rejected} of {seen}"
            );
        }
    }
}
