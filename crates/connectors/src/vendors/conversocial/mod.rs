//! Conversocial, which reads social media and messages for agents: its facts, and the list of its streams.
//!
//! Its budget is small, 30 requests a minute, and nothing tells what changed. So conversations are read by the time that the
//! vendor sorts them by, again and again over spans that grow, and two further streams follow those that are older: a sweep
//! over what nobody has dealt with, and a look at each one that is held as open. Customers have no list and are asked for by id.

mod conversation;
mod envelope;
mod streams;
mod values;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod testing;

use std::time::Duration;

use crate::source::{
    Absence, ApiHost, Auth, Link, OptionDef, OptionForm, Request, StreamDef, SyncMode, Vendor, one_partition,
};
use crate::wire::body::UNKNOWN;

/// HTTP Basic: the name of a token, and its secret (documented). One token reads exactly one account (documented).
const AUTH: Auth = Auth::Basic { name: TOKEN_NAME };
/// The option that names the token.
const TOKEN_NAME: &str = "token_name";
/// The API host of customer profiles.
const PROFILES: &str = "profiles";
/// When what changes rarely is read.
const FOUR_TIMES_A_DAY: Option<&str> = Some("0 5 */6 * * *");

/// Conversocial.
pub(super) const VENDOR: Vendor = Vendor {
    name: "conversocial",
    hosts: &[
        ApiHost {
            name: "",
            url_key: "base_url",
            default_url: Some("https://api.conversocial.com/v1.3"),
            auth: AUTH,
            secret: "token_secret",
        },
        // The profiles of an account are in one region; the vendor tells which (documented).
        ApiHost {
            name: PROFILES,
            url_key: "profiles_base_url",
            default_url: None,
            auth: AUTH,
            secret: "token_secret",
        },
    ],
    options: &[
        OptionDef {
            name: TOKEN_NAME,
            form: OptionForm::Text,
            is_required: true,
        },
        OptionDef {
            name: "profiles_base_url",
            form: OptionForm::Url,
            is_required: false,
        },
    ],
    time_zone: chrono_tz::UTC,
    // Times are in UTC whatever zone the account is in (documented).
    fixed_time_zone: Some(chrono_tz::UTC),
    // 30 a minute for each token (documented); how the minute is counted is not said, and that all lists and versions share
    // them is assumed.
    requests_per_minute: 28,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */10 * * * *",
    identified_by: "agents",
    born_by: None,
    account_options: &[TOKEN_NAME],
    system_agents: &[],
    streams: &[
        &streams::CONVERSATIONS,
        &streams::OPEN_CONVERSATIONS,
        &streams::FOLLOWED_CONVERSATIONS,
        &streams::CONTACTS,
        &streams::ACCOUNTS,
        &streams::CHANNELS,
        &streams::AGENTS,
        &streams::TAGS,
        &streams::REPORT_EXPORTS,
        &streams::AGENT_EVENTS,
        &streams::PROFILE_NOTES,
        &streams::PROFILE_TAGS,
        &streams::PROFILE_ANNOTATIONS,
        &streams::ANNOTATION_TYPES,
    ],
};

/// What all streams have in common. Name, tables, mode, paging, envelope and mapping are each stream's own.
const STREAM: StreamDef = StreamDef {
    name: "",
    fills: &[],
    completes: &[],
    mode: SyncMode::FullRefresh(Absence::ProvesNothing),
    host: "",
    schedule: None,
    is_on: true,
    partitions: one_partition,
    shaped_by: &[],
    dated_by: None,
    put_together: None,
    belongings: &[],
    promoted_by: None,
    paging: &Link {
        request: |_| Request::get(""),
    },
    has_unmarked_rows: false,
    envelope: |_, _| Err(UNKNOWN),
    map: |_, _| Ok(()),
    explain: envelope::explain_answer,
    says_gone: |_| false,
};
