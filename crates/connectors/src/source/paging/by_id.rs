//! Rows that can only be asked for one by one.

use super::super::{Account, Envelope, Evidence, Extent, ReadError, Request, Scope};
use super::{Next, Paging};

/// Each id of the slice is a request of its own.
#[derive(Debug, Clone, Copy)]
pub struct ById {
    /// The request for an id.
    pub request: fn(&str, &Account) -> Request,
}

impl Paging for ById {
    type Position = String;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<String> {
        match &scope.slice.extent {
            Extent::Ids(ids) => ids.iter().rev().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn request_for(&self, at: &String, scope: &Scope<'_>) -> Request {
        (self.request)(at, scope.account)
    }

    fn position_after(&self, _: &String, _: &Envelope<'_>, _: &Scope<'_>) -> Result<Next<String>, ReadError> {
        Ok(Next::end(Evidence::ById))
    }

    fn asked_id<'a>(&self, at: &'a String) -> Option<&'a str> {
        Some(at)
    }
}
