//! The users as a stream: they are the agents.

use crate::schema::{Agent, Batch, Entity as _};
use crate::source::{Absence, Item, MapError, Offset, Request, RowScope, StreamDef, SyncMode};
use crate::vendors::convoso::values::{join_texts, read_email};
use crate::vendors::convoso::{STREAM, envelope};
use crate::wire::wire_record;

/// How many users a page may have. The most is not documented; what arrives decides the next offset.
pub(super) const PAGE_SIZE: u64 = 500;

/// Users that are not people; they appear in calls (client programs) and may be missing from the list of users.
pub(in crate::vendors::convoso) const SYSTEM_USERS: [&str; 3] = ["666666", "666667", "666671"];

/// Users, who are the agents. There is no filter by time.
///
/// Agents that only calls name, such as the vendor's own users and people who have left, are not on the list and never were,
/// so that their absence says nothing.
pub(in crate::vendors::convoso) const AGENTS: StreamDef = StreamDef {
    name: "agents",
    fills: &[Agent::TABLE],
    completes: &[Agent::TABLE],
    mode: SyncMode::FullRefresh(Absence::Gone {
        tables: &[Agent::TABLE],
        times: 1,
        only: Some(RowScope::Value {
            column: "is_listed",
            value: "true",
        }),
    }),
    schedule: Some("30 */15 * * * *"),
    paging: &Offset {
        request: |_| ask_users(),
        param: "offset",
        page_size: PAGE_SIZE,
    },
    envelope: envelope::open_users,
    map: map_user,
    ..STREAM
};

/// The request for users, without its offset.
pub(super) fn ask_users() -> Request {
    Request::post_form("users/search").with("limit", PAGE_SIZE)
}

/// True for the vendor's own users, who are not people.
fn is_system_user(id: &str) -> bool {
    SYSTEM_USERS.contains(&id)
}

wire_record! {
    /// A user of users/search.
    struct User { id, first_name, last_name, email, status, user_level, local_gmt, created_at, last_login }
}

/// A user, in column order.
pub(super) fn map_user(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = User::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let id = wire.id.key()?;
    let agent = Agent {
        name: join_texts(&wire.first_name, &wire.last_name, faults),
        first_name: wire.first_name.owned(faults),
        last_name: wire.last_name.owned(faults),
        email: read_email(&wire.email, faults),
        is_active: wire.status.flag(faults),
        is_system: Some(is_system_user(&id)),
        is_listed: Some(true),
        level: wire.user_level.integer(faults),
        utc_offset_hours: wire.local_gmt.decimal(faults),
        created_at: wire.created_at.instant(faults, account),
        last_login_at: wire.last_login.instant(faults, account),
        id,
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Values;
    use crate::vendors::convoso::drive::map_record;

    #[test]
    fn a_user_without_a_name_has_none_and_only_y_is_active() {
        for (members, name, is_active, is_system) in [
            (
                r#""id": 1, "first_name": "Dana", "last_name": "Example", "status": "Y""#,
                Some("Dana Example"),
                Some(true),
                false,
            ),
            (
                r#""id": 1, "first_name": " Dana ", "last_name": "", "status": "N""#,
                Some("Dana"),
                Some(false),
                false,
            ),
            (
                r#""id": "666667", "first_name": null, "last_name": "null""#,
                None,
                None,
                true,
            ),
        ] {
            let (batch, faults) = map_record(&AGENTS, &format!("{{{members}}}")).unwrap();
            let columns = batch.rows()[0].columns();
            assert_eq!(columns[0], Values::Text(vec![name.map(str::to_owned)]));
            assert_eq!(columns[4], Values::Boolean(vec![is_active]), "{members}");
            assert_eq!(columns[5], Values::Boolean(vec![Some(is_system)]), "{members}");
            assert!(faults.is_empty(), "{members}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_read_costs_nothing_but_itself() {
        let record =
            r#"{"id": 7, "status": "maybe", "user_level": "high", "local_gmt": [1], "created_at": "soon"}"#;
        let (batch, faults) = map_record(&AGENTS, record).unwrap();
        assert_eq!((batch.len(), faults.len()), (1, 4));
    }
}
