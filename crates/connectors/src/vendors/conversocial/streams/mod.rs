//! Conversocial's streams, a file each; the catalogue's and the profiles' short lists share one.

mod agent_events;
mod catalogue;
mod contacts;
mod conversations;
mod followed_conversations;
mod open_conversations;
mod profiles;
mod report_exports;

pub(super) use agent_events::AGENT_EVENTS;
pub(super) use catalogue::{ACCOUNTS, AGENTS, CHANNELS, TAGS};
pub(super) use contacts::CONTACTS;
pub(super) use conversations::CONVERSATIONS;
pub(super) use followed_conversations::FOLLOWED_CONVERSATIONS;
pub(super) use open_conversations::OPEN_CONVERSATIONS;
pub(super) use profiles::{ANNOTATION_TYPES, PROFILE_ANNOTATIONS, PROFILE_NOTES, PROFILE_TAGS};
pub(super) use report_exports::REPORT_EXPORTS;

use chrono::TimeDelta;

use crate::schema::Table;
use crate::source::{Absence, History, Request, SyncMode, WindowPolicy};

/// A list that is read whole. Its links count rows, so that one that goes while it is read can push another out of sight:
/// only the second complete slice in a row without a row proves that it is gone.
const fn whole(tables: &'static [&'static Table]) -> SyncMode {
    SyncMode::FullRefresh(Absence::Gone {
        tables,
        times: 2,
        only: None,
    })
}

/// Lists of what was done when: nothing in them changes.
const ACTIONS: WindowPolicy = WindowPolicy {
    max_span: TimeDelta::days(30),
    lookback: TimeDelta::minutes(10),
    delay: TimeDelta::minutes(1),
    settle: TimeDelta::minutes(10),
    history: History::FromSettings,
    ..WindowPolicy::PLAIN
};

/// The first page of a list in the order of ids, which alone is stable (assumed): its links count rows. Without `fields` only
/// ids come (documented for accounts, users and tags).
fn by_id(path: &'static str, fields: &'static str) -> Request {
    Request::get(path).with("sort", "id").with("fields", fields)
}
