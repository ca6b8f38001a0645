//! The lists besides conversations, as values.

use chrono::TimeDelta;

use crate::schema::{
    self, Agent, AgentEvent, AttributeType, Batch, Channel, ContactAttribute, ContactNote, ContactTag,
    Entity, ReportExport, Table, Tag,
};
use crate::source::{
    Absence, Account, Cursor, Endpoint, Item, MapError, Opened, Paginator, ReadError, Request, Window,
    Windowing,
};

use super::{envelope, events, lists, paging, profiles, reports};

/// How a list is asked for and read.
struct Reader {
    first: fn(&Window, &Account) -> Request,
    open: fn(&str) -> Result<Opened<'_>, ReadError>,
    map: fn(&Item<'_>, &mut Batch) -> Result<(), MapError>,
}

/// The lists without any time.
pub(super) fn short_lists(account: &Account) -> [Endpoint; 4] {
    [
        whole(
            "accounts",
            &[schema::Account::TABLE],
            account,
            Reader {
                first: |_, _| {
                    let fields = "id,url,name,description,package,created_date,channels,reports";
                    lists::request("accounts", fields)
                },
                open: |body| envelope::list(body, "accounts"),
                map: lists::account,
            },
        ),
        whole(
            "channels",
            &[Channel::TABLE],
            account,
            Reader {
                first: |_, _| {
                    let fields =
                        "id,url,name,type,is_active,created,account,reports,small_image,fb_page_url,fans";
                    lists::request("channels", fields)
                },
                open: |body| envelope::list(body, "channels"),
                map: lists::channel,
            },
        ),
        whole(
            "agents",
            &[Agent::TABLE],
            account,
            Reader {
                first: |_, _| {
                    let fields = "id,url,first_name,last_name,timezone,date_joined,last_login,email,is_expert,\
                              crowds_name,account";
                    lists::request("users", fields)
                },
                open: |body| envelope::list(body, "users"),
                map: lists::agent,
            },
        ),
        whole(
            "tags",
            &[Tag::TABLE],
            account,
            Reader {
                first: |_, _| lists::request("tags", "id,url,name,is_active"),
                open: |body| envelope::list(body, "tags"),
                map: lists::tag,
            },
        ),
    ]
}

/// Reports, which are files made on request. One that is no longer listed is gone, and its row is marked as such.
pub(super) fn report_exports(account: &Account) -> Endpoint {
    let reader = Reader {
        first: |_, _| reports::request(),
        open: reports::open,
        map: reports::report,
    };
    Endpoint {
        paginator: Paginator::By(reports::next),
        ..whole("report_exports", &[ReportExport::TABLE], account, reader)
    }
}

/// Agent events; off unless switched on.
pub(super) fn agent_events(account: &Account) -> Endpoint {
    actions(
        "agent_events",
        &[AgentEvent::TABLE],
        account,
        Reader {
            first: events::request,
            open: events::open,
            map: events::event,
        },
    )
}

/// What agents noted about customers.
pub(super) fn profiles(account: &Account) -> [Endpoint; 4] {
    [
        actions(
            "profile_notes",
            &[ContactNote::TABLE],
            account,
            Reader {
                first: profiles::notes,
                open: |body| envelope::list(body, "notes"),
                map: profiles::note,
            },
        ),
        actions(
            "profile_tags",
            &[ContactTag::TABLE],
            account,
            Reader {
                first: profiles::tags,
                open: |body| envelope::list(body, "tags"),
                map: profiles::tag,
            },
        ),
        actions(
            "profile_annotations",
            &[ContactAttribute::TABLE],
            account,
            Reader {
                first: profiles::annotations,
                open: |body| envelope::list(body, "annotations"),
                map: profiles::annotation,
            },
        ),
        whole(
            "annotation_types",
            &[AttributeType::TABLE],
            account,
            Reader {
                first: profiles::annotation_types,
                // Without the hyphen of its path (documented).
                open: |body| envelope::list(body, "annotationtypes"),
                map: profiles::annotation_type,
            },
        ),
    ]
}

/// A list that is read whole. Its links count rows, so that one that goes while it is read can push another out of sight:
/// only the second walk in a row without a row proves that it is gone.
fn whole(
    name: &'static str,
    tables: &'static [&'static Table],
    account: &Account,
    reader: Reader,
) -> Endpoint {
    let Reader { first, open, map } = reader;
    Endpoint {
        name,
        tables,
        cursor: Cursor::Whole(Absence::Gone {
            tables,
            walks: 2,
            only: None,
        }),
        account: account.clone(),
        first,
        open,
        paginator: Paginator::By(paging::onward),
        map,
    }
}

/// A list of what was done when: nothing in it changes.
fn actions(
    name: &'static str,
    tables: &'static [&'static Table],
    account: &Account,
    reader: Reader,
) -> Endpoint {
    Endpoint {
        cursor: Cursor::Window(Windowing {
            widest: TimeDelta::days(30),
            overlap: TimeDelta::minutes(10),
            delay: TimeDelta::minutes(1),
            settle: TimeDelta::minutes(10),
            ahead: TimeDelta::zero(),
            trailing: Vec::new(),
        }),
        ..whole(name, tables, account, reader)
    }
}
