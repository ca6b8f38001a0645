//! The users as a stream: they are the agents.

use crate::schema::{Agent, Entity as _};
use crate::source::{Absence, Account, Cursor, Endpoint, Paginator, Request};

use super::{envelope, map};

/// Where the users are.
pub(super) const USERS: &str = "users/search";

/// Users, who are the agents. There is no filter by time.
pub(super) fn agents(account: &Account) -> Endpoint {
    Endpoint {
        name: "agents",
        tables: &[Agent::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[Agent::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        first: |_, _| users(),
        open: envelope::users,
        paginator: Paginator::Offset { param: "offset" },
        map: map::agent,
    }
}

/// The first question for all users.
pub(super) fn users() -> Request {
    // The largest page is not documented; what arrives decides the next offset.
    Request::post_form(USERS).with("limit", 500).with("offset", 0)
}
