//! Convertalk, a chat bot with live chat (a white label of BotPenguin): its facts, and its streams as values.
//!
//! One listing serves conversations and leads, so the stream `chats` fills both tables, and there is no stream `leads`: it
//! would send every request twice. Transcripts, agents and bots cannot be asked for (documented nowhere).

mod envelope;
mod feed;
mod streams;
mod values;
mod visitor;

use std::time::Duration;

use crate::source::{Account, ApiHost, Auth, OptionDef, OptionForm, Vendor};

/// Which header carries the bot token, where it is not the documented one.
const TOKEN_HEADER: &str = "token_header";
/// The names that the vendor's page gives the token's header, for reading and for writing (documented); nothing explains why
/// they differ.
const READING_HEADER: &str = "x-bot-token";
const WRITING_HEADER: &str = "x-bp-token";
/// Both headers at once, for a vendor that refuses the one (assumed).
const BOTH_HEADERS: &str = "both";

/// The host of the lists that want the account's key.
const KEYED: &str = "keyed";
/// The host under the other name of the token's header.
const RENAMED: &str = "renamed";
/// The host under both names.
const DOUBLED: &str = "doubled";

/// Convertalk.
pub(super) const VENDOR: Vendor = Vendor {
    name: "convertalk",
    hosts: &[
        api_host(
            "",
            Auth::Header {
                name: READING_HEADER,
                prefix: "",
                with: &[],
            },
            "bot_token",
        ),
        api_host(
            KEYED,
            // Without the second header the key is taken for a session (platform, client programs).
            Auth::Header {
                name: "Authorization",
                prefix: "Bearer ",
                with: &[("authtype", "Key")],
            },
            "api_key",
        ),
        api_host(
            RENAMED,
            Auth::Header {
                name: WRITING_HEADER,
                prefix: "",
                with: &[],
            },
            "bot_token",
        ),
        api_host(
            DOUBLED,
            Auth::Headers(&[READING_HEADER, WRITING_HEADER]),
            "bot_token",
        ),
    ],
    options: &[
        text_option("customer_id", OptionForm::Text, true),
        text_option(streams::BOTS, OptionForm::List, true),
        text_option(streams::BOT_NAMES, OptionForm::Lines(values::check_name), false),
        text_option(
            TOKEN_HEADER,
            OptionForm::Choice(&[READING_HEADER, WRITING_HEADER, BOTH_HEADERS]),
            false,
        ),
    ],
    // All times seen carry their offset; a time without one is assumed to be UTC.
    time_zone: chrono_tz::UTC,
    fixed_time_zone: None,
    // No limit is published. Client programs wait 200 ms between pages; 250 ms apart is safer.
    requests_per_minute: 240,
    max_in_flight: 1,
    timeout: Duration::from_secs(30),
    schedule: "0 */5 * * * *",
    identified_by: "chats",
    born_by: Some("started_at"),
    account_options: &["customer_id"],
    system_agents: &[],
    streams: &[&streams::CHATS, &streams::CONTACTS, &streams::SEGMENTS],
};

const fn api_host(name: &'static str, auth: Auth, secret: &'static str) -> ApiHost {
    ApiHost {
        name,
        url_key: "base_url",
        // Brands of the platform have hosts of their own, so the address is a setting. The vendor prints this one with a stray
        // blank and a capital (documented).
        default_url: Some("https://api.v7.convertalk.com"),
        auth,
        secret,
    }
}

const fn text_option(name: &'static str, form: OptionForm, is_required: bool) -> OptionDef {
    OptionDef {
        name,
        form,
        is_required,
    }
}

/// The host of the listing of chats.
fn host_of_chats(account: &Account) -> &'static str {
    match account.option(TOKEN_HEADER) {
        Some(WRITING_HEADER) => RENAMED,
        Some(BOTH_HEADERS) => DOUBLED,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::Region;
    use crate::source::Options;

    fn account(hosts: &[&'static str], header: &str) -> Account {
        let options = Options {
            values: [
                (TOKEN_HEADER, vec![header.to_owned()]),
                (streams::BOTS, vec!["b".to_owned()]),
            ]
            .into(),
            hosts: hosts.iter().map(|host| (*host, String::new())).collect(),
            ..Options::default()
        };
        Account {
            options: Arc::new(options),
            ..Account::new(VENDOR.time_zone, Region::US)
        }
    }

    #[test]
    fn lists_that_want_a_key_are_offered_only_with_one() {
        let names = |hosts| -> Vec<&str> {
            let account = account(hosts, "");
            VENDOR.streams_of(&account).map(|stream| stream.name).collect()
        };
        assert_eq!(names(&["", RENAMED]), ["chats"]);
        assert_eq!(names(&["", RENAMED, KEYED]), ["chats", "contacts", "segments"]);
    }

    #[test]
    fn the_token_goes_under_the_name_that_the_settings_say() {
        for (header, host) in [
            ("", ""),
            (READING_HEADER, ""),
            (WRITING_HEADER, RENAMED),
            (BOTH_HEADERS, DOUBLED),
        ] {
            assert_eq!(host_of_chats(&account(&[""], header)), host, "{header}");
        }
    }
}
