//! A stream as a value: the facts of one list of a vendor, and the plain functions that read it.

use std::borrow::Cow;

use crate::schema::{Batch, Table};

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
    pub map: fn(&Item<'_>, &mut Batch) -> Result<(), MapError>,
}

/// A record, with what one has to know to read it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The record, as received.
    pub record: &'a str,
    /// The question that it answers.
    pub ask: &'a Ask,
    /// The account that it is from.
    pub account: &'a Account,
}

/// An opened envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The records, as received; put together where the vendor scatters what belongs together.
    pub items: Vec<Cow<'a, str>>,
    /// How many rows the vendor says the question has in all.
    pub total: Option<u64>,
    /// True where the vendor's answer means "nothing" only perhaps.
    pub is_doubtful: bool,
    /// The vendor's link to the next page.
    pub link: Option<String>,
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

    fn about(&self, id: &str) -> Option<Request> {
        match &self.cursor {
            Cursor::Keys(keys) => Some((keys.question)(id, &self.account)),
            _ => None,
        }
    }

    fn read(&self, asked: &Ask, got: &Response) -> Result<Page, ReadError> {
        let opened = (self.open)(&got.body)?;
        let next = self.paginator.next(asked, &opened, &self.account)?;
        let mut page = Page {
            total: opened.total,
            is_doubtful: opened.is_doubtful,
            then: next.then,
            warning: next.warning,
            ..Page::default()
        };
        if next.replaces {
            return Ok(page);
        }
        for (position, record) in opened.items.iter().enumerate() {
            let item = Item {
                record,
                ask: asked,
                account: &self.account,
            };
            if let Err(error) = (self.map)(&item, &mut page.batch) {
                page.rejects.push(Reject {
                    position,
                    reason: error.to_string(),
                    raw: record.clone().into_owned(),
                });
            }
        }
        Ok(page)
    }
}
