//! A stream as a value: the facts of one list of a vendor, and the plain functions that read it.

use crate::model::{Batch, Table};

use super::{
    Account, Ask, Cursor, MapError, Page, Paginator, ReadError, Reject, Request, Response, Stream, Window,
};

/// A stream that is described rather than written.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The stream's name.
    pub name: &'static str,
    /// The tables it fills; the vendor's totals count the rows of the first.
    pub tables: &'static [&'static Table],
    /// How it moves through time.
    pub cursor: Cursor,
    /// The account it reads.
    pub account: Account,
    /// The first question of a window.
    pub first: fn(&Window, &Account) -> Request,
    /// Opens the envelope, strictly.
    pub open: fn(&str) -> Result<Opened<'_>, ReadError>,
    /// How the next question follows.
    pub paginator: Paginator,
    /// Reads one record, leniently, into rows.
    pub map: fn(&str, &Account, &mut Batch) -> Result<(), MapError>,
}

/// An opened envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The records, as received.
    pub items: Vec<&'a str>,
    /// How many rows the vendor says the question has in all.
    pub total: Option<u64>,
    /// True where the vendor's answer means "nothing" only perhaps.
    pub is_doubtful: bool,
}

impl Stream for Endpoint {
    fn name(&self) -> &'static str {
        self.name
    }

    fn tables(&self) -> &'static [&'static Table] {
        self.tables
    }

    fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    fn first(&self, window: &Window) -> Request {
        (self.first)(window, &self.account)
    }

    fn read(&self, asked: &Ask, got: &Response) -> Result<Page, ReadError> {
        let opened = (self.open)(&got.body)?;
        let then = self.paginator.then(asked, &opened)?;
        let mut page = Page {
            total: opened.total,
            is_doubtful: opened.is_doubtful,
            then,
            ..Page::default()
        };
        for (position, item) in opened.items.iter().enumerate() {
            if let Err(error) = (self.map)(item, &self.account, &mut page.batch) {
                page.rejects.push(Reject {
                    position,
                    reason: error.to_string(),
                    raw: (*item).to_owned(),
                });
            }
        }
        Ok(page)
    }
}
