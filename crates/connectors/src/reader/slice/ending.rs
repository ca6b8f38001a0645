//! The end of a slice: whether it is read once more, and what it is worth.

use crate::source::{Evidence, Extent, Paging, SyncMode};

use super::super::tally::Mismatch;
use super::super::verdict::{Shortfall, Verdict, has_too_many_rejects};
use super::{NoneSaid, SliceReader};

/// How often a whole slice is read whose rows do not agree with its total.
const SLICE_READINGS: u32 = 2;
/// How often a slice is begun whose rows may leave it, and of which fewer came than were counted at first. Where they have left, the
/// first page of the next reading says so.
const COUNTED_READINGS: u32 = 3;

impl<P: Paging + 'static> SliceReader<P> {
    /// The slice was read to its end: once more where something is missing.
    pub(super) fn end_reading(&mut self) {
        if let Some(mismatch) = self.tally.slice_lack(self.total) {
            let may_have_left = matches!(self.stream.mode, SyncMode::Incremental(_));
            if may_have_left && self.shortfall.is_none() && self.pass.slice < COUNTED_READINGS {
                self.is_counted_again = true;
                return self.begin_slice();
            }
            self.doubt_slice(mismatch_of(mismatch));
        }
        if self.tally.conflict_count > 0 {
            self.doubt_slice(Shortfall::Conflict {
                count: self.tally.conflict_count,
            });
        }
        let is_list = matches!(
            self.slice.extent,
            Extent::List | Extent::Recent { .. } | Extent::Unfiltered
        );
        if is_list && self.none_said == NoneSaid::ByCode && self.tally.record_count == 0 {
            self.doubt_slice(Shortfall::NonePerhaps);
        }
        let may_help = self.shortfall.is_some() && self.tally.conflict_count == 0;
        if may_help && self.pass.slice < SLICE_READINGS {
            self.begin_slice();
        }
    }

    /// True where all rows have come that the vendor counts now, after it had counted more. Whatever is in the list now was in it all
    /// the while that it was read, and was met, or has come in since.
    pub(super) fn is_all_there_now(&self) -> bool {
        self.is_counted_again && self.total.is_some() && self.tally.slice_lack(self.total).is_none()
    }

    pub(super) fn end_counted_again(&mut self) {
        self.current = None;
        self.stack.clear();
        self.count_evidence(Evidence::Total(self.total.unwrap_or_default()));
        self.end_reading();
    }

    pub(super) fn judge_slice(&mut self) -> Verdict {
        if let Some(error) = self.failure.take() {
            return Verdict::Failed(error);
        }
        if self.current.is_some() {
            return Verdict::Incomplete(Shortfall::Unfinished);
        }
        // A record that came again, on a page that was read twice, is one record.
        let rejected = self.tally.reject_count;
        let seen = self.tally.distinct_count.max(rejected);
        if has_too_many_rejects(rejected, seen, self.limits.reject_share) {
            return Verdict::Incomplete(Shortfall::Unreadable { rejected, seen });
        }
        if self.unread_id_count > 0 {
            return Verdict::Incomplete(Shortfall::IdsUnread {
                count: self.unread_id_count,
            });
        }
        self.shortfall.map_or(Verdict::Complete, Verdict::Incomplete)
    }
}

pub(super) fn mismatch_of(mismatch: Mismatch) -> Shortfall {
    let Mismatch { counted, total } = mismatch;
    if counted < total {
        Shortfall::Missing { counted, total }
    } else {
        Shortfall::TotalTooSmall { counted, total }
    }
}
