//! Ways of paging on top of the common ones: a note for the mapping beside the pages, and positions inside others.

use crate::source::{Context, Envelope, Next, Paging, ReadError, Request, Scope, Whereabouts};

/// Pages whose mapping has to know something of the slice.
pub(super) struct InContext<P> {
    /// How the pages follow each other.
    pub(super) pages: P,
    /// What of the slice the mapping needs.
    pub(super) context: fn(&Scope<'_>) -> Context,
}

impl<P: Paging> Paging for InContext<P> {
    type Position = P::Position;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<P::Position> {
        self.pages.first_positions(scope)
    }

    fn request_for(&self, at: &P::Position, scope: &Scope<'_>) -> Request {
        self.pages.request_for(at, scope)
    }

    fn position_after(
        &self,
        at: &P::Position,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<P::Position>, ReadError> {
        self.pages.position_after(at, got, scope)
    }

    fn confirmation_of(&self, at: &P::Position, scope: &Scope<'_>) -> P::Position {
        self.pages.confirmation_of(at, scope)
    }

    fn asked_id<'a>(&self, at: &'a P::Position) -> Option<&'a str> {
        self.pages.asked_id(at)
    }

    fn warning_about(&self, at: &P::Position, got: &Envelope<'_>, scope: &Scope<'_>) -> Option<&'static str> {
        self.pages.warning_about(at, got, scope)
    }

    fn whereabouts_of(&self, at: &P::Position, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        self.pages.whereabouts_of(at, got, scope)
    }

    fn context_of(&self, _: &P::Position, scope: &Scope<'_>) -> Context {
        (self.context)(scope)
    }
}

/// What follows a page, with each position as a part of a larger one.
pub(super) fn map_positions<P, Q>(next: Next<P>, into: impl Fn(P) -> Q) -> Next<Q> {
    let all = |positions: Vec<P>| positions.into_iter().map(&into).collect();
    match next {
        Next::Page { page, before } => Next::Page {
            page: into(page),
            before: all(before),
        },
        Next::End { evidence, then } => Next::End {
            evidence,
            then: all(then),
        },
        Next::Instead { lists, rows } => Next::Instead {
            lists: all(lists),
            rows,
        },
    }
}
