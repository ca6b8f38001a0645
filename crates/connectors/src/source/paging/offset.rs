//! Lists that are paged by a count of rows to skip.

use super::super::{Envelope, Evidence, ReadError, Request, Scope};
use super::{Next, Paging};

/// A parameter counts the rows to skip. It moves by the rows received and not by the rows asked for.
#[derive(Debug, Clone, Copy)]
pub struct Offset {
    /// The request for the first page, without the offset.
    pub request: fn(&Scope<'_>) -> Request,
    /// The parameter of the offset.
    pub param: &'static str,
    /// How many rows a page may have.
    pub page_size: u64,
}

/// How many rows are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffsetPosition {
    /// Rows before the page.
    pub offset: u64,
}

impl Paging for Offset {
    type Position = OffsetPosition;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<OffsetPosition> {
        vec![OffsetPosition { offset: 0 }]
    }

    fn request_for(&self, at: &OffsetPosition, scope: &Scope<'_>) -> Request {
        (self.request)(scope).with(self.param, at.offset)
    }

    fn position_after(
        &self,
        at: &OffsetPosition,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<OffsetPosition>, ReadError> {
        Ok(next_offset(at.offset, self.page_size, got, |offset| {
            OffsetPosition { offset }
        }))
    }
}

/// What follows a page of a list that is paged by offset: the next page, until one is empty or the vendor's total has come.
///
/// A short page alone is no end. A full page is none either, whatever the total says: what is cut to the size of a page looks
/// the same.
pub fn next_offset<P>(offset: u64, page_size: u64, got: &Envelope<'_>, at: impl FnOnce(u64) -> P) -> Next<P> {
    let row_count = got.records.len() as u64;
    let received = offset + row_count;
    match got.total {
        _ if row_count == 0 => Next::end(Evidence::EmptyPage),
        Some(total) if received >= total && row_count < page_size => Next::end(Evidence::Total(total)),
        _ => Next::page(at(received)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(offset: u64, rows: usize, total: Option<u64>) -> String {
        let got = Envelope {
            records: vec!["{}".into(); rows],
            total,
            ..Envelope::default()
        };
        match next_offset(offset, 20, &got, |offset| offset) {
            Next::Page { page, .. } => page.to_string(),
            Next::End { evidence, .. } => evidence.word().to_owned(),
            Next::Instead { .. } => unreachable!("a list by offset is never replaced"),
        }
    }

    #[test]
    fn an_offset_moves_by_what_came_until_the_total_or_an_empty_page() {
        for (offset, rows, total, wanted) in [
            (0, 20, Some(50), "20"),
            (20, 7, Some(50), "27"),
            (40, 10, Some(50), "total"),
            (40, 0, Some(50), "empty page"),
            (0, 20, None, "20"),
            (20, 3, None, "23"),
            (20, 0, None, "empty page"),
            // A full page is never the last one for sure.
            (0, 20, Some(20), "20"),
            (0, 20, Some(0), "20"),
            (20, 5, Some(0), "total"),
        ] {
            assert_eq!(next(offset, rows, total), wanted, "{offset} {rows} {total:?}");
        }
    }
}
