//! Conversocial, which reads social media and messages for agents: its facts, and its streams as values.

mod catalogue;
mod conversations;
mod envelope;
mod events;
mod lists;
mod loose;
mod map;
mod paging;
mod profiles;
mod reports;
mod time;
mod wire;

#[cfg(test)]
mod interleavings;

use std::time::Duration;

use chrono::TimeDelta;

use crate::schema::{Contact, Conversation, ConversationChannel, ConversationTag, Entity, Message, Table};
use crate::source::{
    Absence, Account, Auth, Cursor, Door, Endpoint, Keys, Paginator, Reference, Request, Trailing, Windowing,
};

use super::{OptionForm, OptionKey, Vendor};

/// HTTP Basic: the name of a token, and its secret (documented). One token reads exactly one account.
const AUTH: Auth = Auth::Basic { name: "token_name" };
/// What a conversation fills.
const CONVERSATION_TABLES: &[&Table] = &[
    Conversation::TABLE,
    Message::TABLE,
    ConversationTag::TABLE,
    ConversationChannel::TABLE,
];

/// Conversocial.
pub(super) const VENDOR: Vendor = Vendor {
    name: "conversocial",
    doors: &[
        Door {
            name: "",
            url_key: "base_url",
            default_url: Some("https://api.conversocial.com/v1.3"),
            auth: AUTH,
            secret: "token_secret",
        },
        // The profiles of an account are in one region; the vendor tells which (documented).
        Door {
            name: profiles::DOOR,
            url_key: "profiles_base_url",
            default_url: None,
            auth: AUTH,
            secret: "token_secret",
        },
    ],
    options: &[
        OptionKey {
            name: "token_name",
            form: OptionForm::Text,
            is_required: true,
        },
        OptionKey {
            name: "profiles_base_url",
            form: OptionForm::Url,
            is_required: false,
        },
    ],
    stream_names: &[
        "conversations",
        "open_conversations",
        "followed_conversations",
        "contacts",
        "accounts",
        "channels",
        "agents",
        "tags",
        "report_exports",
        "agent_events",
        "profile_notes",
        "profile_tags",
        "profile_annotations",
        "annotation_types",
    ],
    time_zone: chrono_tz::UTC,
    // 30 a minute for each token, over all lists and versions (documented); how the minute is counted is not said.
    requests_per_minute: 28,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */10 * * * *",
    // The budget is small: what changes rarely, or only mends, leaves it to the conversations.
    schedules: &[
        ("open_conversations", "0 25 * * * *"),
        ("followed_conversations", "0 15,45 * * * *"),
        ("contacts", "0 35 * * * *"),
        ("accounts", "0 5 */6 * * *"),
        ("channels", "0 5 */6 * * *"),
        ("agents", "0 5 */6 * * *"),
        ("tags", "0 5 */6 * * *"),
        ("annotation_types", "0 5 */6 * * *"),
        ("report_exports", "0 55 * * * *"),
    ],
    off: &["agent_events"],
    streams,
};

/// The streams of one account. Its times are in UTC whatever zone the account is in (documented).
fn streams(account: &Account) -> Vec<Endpoint> {
    let account = &Account {
        time_zone: chrono_tz::UTC,
        ..account.clone()
    };
    let mut streams = vec![
        conversations(account),
        open_conversations(account),
        followed_conversations(account),
        contacts(account),
    ];
    streams.extend(catalogue::short_lists(account));
    streams.extend([
        catalogue::report_exports(account),
        catalogue::agent_events(account),
    ]);
    if account.has_door(profiles::DOOR) {
        streams.extend(catalogue::profiles(account));
    }
    streams
}

/// Conversations by the time that the vendor sorts them by.
fn conversations(account: &Account) -> Endpoint {
    Endpoint {
        name: "conversations",
        tables: CONVERSATION_TABLES,
        cursor: Cursor::KeySet(conversation_windows()),
        account: account.clone(),
        first: conversations::first,
        open: conversations::list,
        paginator: Paginator::By(conversations::both_priorities),
        map: map::conversation,
    }
}

/// Nothing tells what changed: status, labels and messages come long after the time that the list is sorted by. So the last
/// week is read each time, the last month daily, and the last year weekly.
fn conversation_windows() -> Windowing {
    let days = TimeDelta::days;
    Windowing {
        widest: days(30),
        overlap: days(7),
        delay: TimeDelta::minutes(1),
        settle: days(7),
        ahead: TimeDelta::zero(),
        trailing: vec![
            Trailing {
                span: days(30),
                every: days(1),
            },
            Trailing {
                span: days(365),
                every: days(7),
            },
        ],
    }
}

/// The sweep over all that nobody has dealt with: how old conversations that come back to life are noticed.
fn open_conversations(account: &Account) -> Endpoint {
    Endpoint {
        name: "open_conversations",
        cursor: Cursor::Whole(Absence::ProvesNothing),
        first: conversations::unread,
        paginator: Paginator::By(conversations::onward),
        ..conversations(account)
    }
}

/// Conversations that are held as open, one at a time: how the end of old ones is noticed.
fn followed_conversations(account: &Account) -> Endpoint {
    Endpoint {
        name: "followed_conversations",
        cursor: Cursor::Keys(Keys {
            references: &[Reference {
                table: Conversation::TABLE,
                column: "id",
                newest_by: "started_at",
                unless: Some("is_closed"),
            }],
            renew_after: TimeDelta::days(1),
            budget: 60,
            question: conversations::about,
        }),
        open: conversations::one,
        paginator: Paginator::Single,
        ..conversations(account)
    }
}

/// Customers. There is no list of them (seen in client programs).
fn contacts(account: &Account) -> Endpoint {
    const FIELDS: &str = "id,url,platform,platform_id,screen_name,real_name,location,website,description,\
                          profile_picture,profile_link";
    let question = |id: &str, _: &Account| {
        Request::get(format!("authors/{}", paging::segment(id))).with("fields", FIELDS)
    };
    Endpoint {
        name: "contacts",
        tables: &[Contact::TABLE],
        cursor: Cursor::Keys(Keys {
            references: &[
                Reference {
                    table: Conversation::TABLE,
                    column: "contact_id",
                    newest_by: "started_at",
                    unless: None,
                },
                Reference {
                    table: Message::TABLE,
                    column: "contact_id",
                    newest_by: "sent_at",
                    unless: None,
                },
            ],
            // Profiles carry no time of change.
            renew_after: TimeDelta::days(30),
            budget: 300,
            question,
        }),
        account: account.clone(),
        first: |_, _| Request::get("authors"),
        open: |body| envelope::one(body, "author"),
        paginator: Paginator::Single,
        map: map::contact,
    }
}
