//! Lists whose pages link to the next one.

use super::super::{Envelope, Evidence, ReadError, Request, Scope};
use super::{Next, Paging};

/// The vendor's link leads to the next page, as it stands; the end is where there is none. An empty page is no end while it
/// links on.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The request for the first page.
    pub request: fn(&Scope<'_>) -> Request,
}

/// A page of a linked list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LinkPosition {
    /// The first page.
    First,
    /// The page behind a link.
    At(String),
}

impl Paging for Link {
    type Position = LinkPosition;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<LinkPosition> {
        vec![LinkPosition::First]
    }

    fn request_for(&self, at: &LinkPosition, scope: &Scope<'_>) -> Request {
        let first = (self.request)(scope);
        match at {
            LinkPosition::First => first,
            LinkPosition::At(link) => first.follow_link(link.clone()),
        }
    }

    fn position_after(
        &self,
        _: &LinkPosition,
        got: &Envelope<'_>,
        _: &Scope<'_>,
    ) -> Result<Next<LinkPosition>, ReadError> {
        Ok(match &got.link {
            Some(link) => Next::page(LinkPosition::At(link.clone())),
            None => Next::end(Evidence::NoLink),
        })
    }
}
