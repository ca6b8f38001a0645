//! Lists without pages.

use super::super::{Envelope, Evidence, ReadError, Request, Scope};
use super::{Next, Paging};

/// One answer holds everything.
#[derive(Debug, Clone, Copy)]
pub struct Single {
    /// The one request.
    pub request: fn(&Scope<'_>) -> Request,
}

impl Paging for Single {
    type Position = ();

    fn first_positions(&self, _: &Scope<'_>) -> Vec<()> {
        vec![()]
    }

    fn request_for(&self, (): &(), scope: &Scope<'_>) -> Request {
        (self.request)(scope)
    }

    fn position_after(&self, (): &(), _: &Envelope<'_>, _: &Scope<'_>) -> Result<Next<()>, ReadError> {
        Ok(Next::end(Evidence::Single))
    }
}
