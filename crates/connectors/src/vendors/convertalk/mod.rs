//! Convertalk, a chat bot with live chat (a white label of BotPenguin): its facts, and its streams as values.
//!
//! One listing serves conversations and leads, so the stream `chats` fills both tables, and there is no stream `leads`: it
//! would send every question twice. Transcripts, agents and bots cannot be asked for (documented nowhere).

mod envelope;
mod feed;
mod lists;
mod map;
mod phone;
mod wire;

#[cfg(test)]
mod interleaving;

use std::time::Duration;

use chrono::TimeDelta;

use crate::schema::{Contact, Conversation, ConversationTag, Entity, Lead, Message, Segment};
use crate::source::{Absence, Account, Auth, Cursor, Door, Endpoint, Feed, Paginator, Request};

use super::{OptionForm, OptionKey, Vendor};

/// Which header carries the bot token, where it is not the documented one.
const TOKEN_HEADER: &str = "token_header";
/// The door of the lists that want the account's key.
const KEYED: &str = "keyed";
/// The door under the other name of the token's header.
const RENAMED: &str = "renamed";
/// The name that the vendor's page gives the token's header for writing, beside another for reading (documented).
const OTHER_HEADER: &str = "x-bp-token";

/// Brands of the platform have hosts of their own, so the address is a setting. The vendor prints this one with a stray blank
/// and a capital (documented).
const ADDRESS: Option<&str> = Some("https://api.v7.convertalk.com");

/// Convertalk.
pub(super) const VENDOR: Vendor = Vendor {
    name: "convertalk",
    doors: &[
        door("", header("x-bot-token", "", &[]), "bot_token"),
        // Without the second header the key is taken for a session (platform, client programs).
        door(
            KEYED,
            header("Authorization", "Bearer ", &[("authtype", "Key")]),
            "api_key",
        ),
        door(RENAMED, header(OTHER_HEADER, "", &[]), "bot_token"),
    ],
    options: &[
        option("customer_id", OptionForm::Text, true),
        option("bot_ids", OptionForm::List, true),
        option(TOKEN_HEADER, OptionForm::Text, false),
    ],
    stream_names: &["chats", "contacts", "segments"],
    // All times seen carry their offset; a time without one is assumed to be UTC.
    time_zone: chrono_tz::UTC,
    // No limit is published. Client programs wait 200 ms between pages; 250 ms apart is safer.
    requests_per_minute: 240,
    max_in_flight: 1,
    timeout: Duration::from_secs(30),
    schedule: "0 */5 * * * *",
    schedules: &[("segments", "0 20 * * * *")],
    off: &[],
    streams: |account| {
        let keyed = account
            .has_door(KEYED)
            .then(|| [contacts(account), segments(account)]);
        std::iter::once(chats(account))
            .chain(keyed.into_iter().flatten())
            .collect()
    },
};

const fn door(name: &'static str, auth: Auth, secret: &'static str) -> Door {
    Door {
        name,
        url_key: "base_url",
        default_url: ADDRESS,
        auth,
        secret,
    }
}

const fn header(
    name: &'static str,
    prefix: &'static str,
    with: &'static [(&'static str, &'static str)],
) -> Auth {
    Auth::Header { name, prefix, with }
}

const fn option(name: &'static str, form: OptionForm, is_required: bool) -> OptionKey {
    OptionKey {
        name,
        form,
        is_required,
    }
}

/// The door of the listing of chats.
fn door_of_chats(account: &Account) -> &'static str {
    match account.option(TOKEN_HEADER) {
        Some(OTHER_HEADER) => RENAMED,
        _ => "",
    }
}

/// Chats, those that became leads too.
fn chats(account: &Account) -> Endpoint {
    Endpoint {
        name: "chats",
        tables: &[
            Conversation::TABLE,
            Message::TABLE,
            Lead::TABLE,
            ConversationTag::TABLE,
        ],
        cursor: newest_first(Absence::Gone {
            // A removal shows only by absence. One walk may miss a row that slips past it; two in a row will not.
            tables: &[Conversation::TABLE, Lead::TABLE],
            walks: 2,
            only: None,
        }),
        account: account.clone(),
        first: |_, account| lists::first_chats(account),
        open: envelope::list,
        paginator: Paginator::By(|asked, got, account| feed::next(&lists::CHATS, asked, got, account)),
        map: map::chat,
    }
}

/// Contacts. Whether they share their ids with chats is assumed.
fn contacts(account: &Account) -> Endpoint {
    Endpoint {
        name: "contacts",
        tables: &[Contact::TABLE],
        // The question asks for subscribers only, as the one client program seen does: who is missing may have unsubscribed.
        cursor: newest_first(Absence::ProvesNothing),
        account: account.clone(),
        first: |_, _| lists::contacts(1),
        open: envelope::list,
        paginator: Paginator::By(|asked, got, account| feed::next(&lists::CONTACTS, asked, got, account)),
        map: map::contact,
    }
}

/// There is no filter by time that could be trusted. Quick walks bring what is active, whole ones what was only edited.
fn newest_first(absence: Absence) -> Cursor {
    Cursor::Activity(Feed {
        margin: TimeDelta::minutes(15),
        full_every: TimeDelta::days(1),
        absence,
    })
}

/// Groups of contacts. No paging is known.
fn segments(account: &Account) -> Endpoint {
    Endpoint {
        name: "segments",
        tables: &[Segment::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[Segment::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        first: |_, _| Request::get("inbox/segments").through(KEYED),
        open: envelope::list,
        paginator: Paginator::Single,
        map: map::segment,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::Region;
    use crate::source::Options;

    fn account(doors: &[&'static str], header: &str) -> Account {
        let options = Options {
            values: [(TOKEN_HEADER, vec![header.to_owned()])].into(),
            doors: doors.iter().copied().collect(),
        };
        Account {
            options: Arc::new(options),
            ..Account::new(VENDOR.time_zone, Region::US)
        }
    }

    #[test]
    fn lists_that_want_a_key_are_offered_only_with_one() {
        let names = |doors| -> Vec<&str> {
            let streams = (VENDOR.streams)(&account(doors, ""));
            streams.iter().map(|stream| stream.name).collect()
        };
        assert_eq!(names(&["", RENAMED]), ["chats"]);
        assert_eq!(names(&["", RENAMED, KEYED]), VENDOR.stream_names);
    }

    #[test]
    fn the_token_goes_under_the_name_that_the_settings_say() {
        for (header, door) in [
            ("", ""),
            ("x-bot-token", ""),
            ("surprise", ""),
            (OTHER_HEADER, RENAMED),
        ] {
            assert_eq!(lists::first_chats(&account(&[""], header)).door, door, "{header}");
        }
    }
}
