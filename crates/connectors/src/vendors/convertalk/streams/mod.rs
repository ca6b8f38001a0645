//! The streams of Convertalk, a file each.

mod chats;
mod contacts;
mod segments;

pub(super) use chats::{BOT_NAMES, BOTS, CHATS};
pub(super) use contacts::CONTACTS;
pub(super) use segments::SEGMENTS;

use chrono::TimeDelta;

use crate::source::{Absence, FeedPolicy, Request, Single, StreamDef, SyncMode, one_partition};

use super::envelope::{explain_answer, open_list};

/// What the streams have in common; each states its own facts.
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
    paging: &Single {
        request: |_| Request::get(""),
    },
    has_unmarked_rows: false,
    envelope: open_list,
    map: |_, _| Ok(()),
    explain: explain_answer,
    // Nothing is asked for by its id.
    says_gone: |_| false,
};

/// There is no filter by time that could be trusted. Quick slices bring what is active, whole ones what was only edited.
const fn newest_first(absence: Absence) -> SyncMode {
    SyncMode::NewestFirst(FeedPolicy {
        lookback: TimeDelta::minutes(15),
        full_every: TimeDelta::days(1),
        absence,
    })
}
