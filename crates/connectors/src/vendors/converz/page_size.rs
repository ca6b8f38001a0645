//! How many rows an answer may have, and what it means when it has so many.
//!
//! Lists have no order, no total and no link to the next page. A second page may repeat rows of the first and leave others
//! out, so several pages prove nothing. One answer that is not full does: it holds every row that there was at one moment.
//! That is why pages are never added up here: what does not fit an answer is asked for again with room for more.

use crate::source::{
    Account, Envelope, Evidence, Next, PageRows, Paging, ReadError, Request, Response, Scope,
};

use super::envelope::is_no_content;

/// The setting of the page size.
pub(super) const OPTION: &str = "page_size";
/// The largest page (documented).
pub(super) const GREATEST: u32 = 1_000_000;
/// The usual page. Memory follows it: some twenty times a page, for a page is read while the ones before it wait and are written.
const USUAL: u32 = 1_000;
/// So many times more rows are asked for when an answer is full that cannot be divided.
const RAISE: u32 = 10;

/// How many rows an answer has room for, and which page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PageSize {
    room: u32,
    /// True for the second page, which has to be empty.
    is_second: bool,
}

/// What the number of rows of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Every row came.
    Whole(Evidence),
    /// As many came as fit: there may be more.
    Full,
    /// Fewer came than fit, but a number at which a server may have cut them; a second page tells.
    PerhapsCut,
}

impl PageSize {
    /// The first page of the usual size.
    pub(super) fn usual_size(account: &Account) -> Self {
        Self {
            room: account.number(OPTION).unwrap_or(USUAL),
            is_second: false,
        }
    }

    /// How many rows fit.
    pub(super) fn room_of(self) -> u32 {
        self.room
    }

    /// True for the second page.
    pub(super) fn is_second(self) -> bool {
        self.is_second
    }

    /// The request with its size. Without a size ten rows come, without a word (documented).
    pub(super) fn put_into(self, request: Request) -> Request {
        let page = if self.is_second { 2 } else { 1 };
        request.with("n_per_page", self.room).with("page", page)
    }

    /// What the number of rows says.
    pub(super) fn judge_fill(self, row_count: usize) -> Result<Fill, ReadError> {
        let room = self.room as usize;
        match row_count {
            0 if self.is_second => Ok(Fill::Whole(Evidence::EmptyPage)),
            _ if self.is_second => Err(ReadError::PageSize),
            count if count > room => Err(ReadError::PageSize),
            count if count == room => Ok(Fill::Full),
            count if may_be_cut(count, room) => Ok(Fill::PerhapsCut),
            _ => Ok(Fill::Whole(Evidence::PageNotFull {
                asked: self.room.into(),
            })),
        }
    }

    /// The second page, which has to be empty.
    pub(super) fn to_second(self) -> Self {
        Self {
            is_second: true,
            ..self
        }
    }

    /// The first page with room for more rows.
    pub(super) fn raise_room(self) -> Result<Self, ReadError> {
        if self.room >= GREATEST {
            return Err(ReadError::Unreachable {
                total: self.room.into(),
                reachable: GREATEST.into(),
            });
        }
        Ok(Self {
            room: self.room.saturating_mul(RAISE).min(GREATEST),
            is_second: false,
        })
    }

    /// What follows an answer of a list that cannot be divided.
    pub(super) fn follow_page<P>(
        self,
        row_count: usize,
        at: impl Fn(Self) -> P,
    ) -> Result<Next<P>, ReadError> {
        Ok(match self.judge_fill(row_count)? {
            Fill::Whole(evidence) => Next::end(evidence),
            Fill::PerhapsCut => Next::page(at(self.to_second())),
            Fill::Full => Next::Instead {
                lists: vec![at(self.raise_room()?)],
                rows: PageRows::Drop,
            },
        })
    }
}

/// Where servers cut: at their default, which is ten here (documented), and at round numbers (assumed). An answer that is more than
/// half full is left alone, or rows that are added meanwhile would be taken for those that were cut.
fn may_be_cut(row_count: usize, room: usize) -> bool {
    row_count * 2 <= room && (row_count == 10 || (row_count > 0 && row_count.is_multiple_of(50)))
}

/// A list without a filter by time.
#[derive(Debug, Clone, Copy)]
pub(super) struct WholeList {
    /// The request without a size.
    pub(super) request: fn() -> Request,
}

impl Paging for WholeList {
    type Position = PageSize;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<PageSize> {
        vec![PageSize::usual_size(scope.account)]
    }

    fn request_for(&self, at: &PageSize, _: &Scope<'_>) -> Request {
        at.put_into((self.request)())
    }

    fn position_after(
        &self,
        at: &PageSize,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<PageSize>, ReadError> {
        at.follow_page(got.records.len(), |size| size)
    }

    fn says_none(&self, _: &PageSize, got: &Response) -> bool {
        is_no_content(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(room: u32, is_second: bool, row_count: usize) -> String {
        let size = PageSize { room, is_second };
        match size.follow_page(row_count, |size| size) {
            Ok(Next::End { evidence, .. }) => evidence.word().to_owned(),
            Ok(Next::Page { page, .. }) => format!("{} {}", page.room, page.is_second),
            Ok(Next::Instead { lists, .. }) => format!("{} {} instead", lists[0].room, lists[0].is_second),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_an_answer_that_is_not_full_ends_a_list() {
        for (room, is_second, row_count, wanted) in [
            (100, false, 0, "page not full"),
            (100, false, 99, "page not full"),
            (100, false, 100, "1000 false instead"),
            (1_000, false, 999, "page not full"),
            (500_000, false, 500_000, "1000000 false instead"),
            // The default, although a hundred fit: perhaps the size was not heeded.
            (100, false, 10, "100 true"),
            (100, false, 60, "page not full"),
            (1_000, false, 250, "1000 true"),
            (100, true, 0, "empty page"),
            (100, true, 3, "The vendor does not keep to the page size"),
            (100, false, 101, "The vendor does not keep to the page size"),
            (1_000_000, false, 1_000_000, "1000000 rows lie"),
        ] {
            let got = next(room, is_second, row_count);
            assert!(got.starts_with(wanted), "{room} {is_second} {row_count}: {got}");
        }
    }
}
