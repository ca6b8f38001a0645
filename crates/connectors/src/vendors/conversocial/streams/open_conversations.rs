//! The sweep over all conversations that nobody has dealt with: how old ones that come back to life are noticed.

use crate::source::{Absence, StreamDef, SyncMode};

use super::super::STREAM;
use super::super::conversation::{BELONGINGS, PUT_TOGETHER, TABLES, map_conversation, open_conversations};
use super::conversations::{ByBound, List};

/// All conversations that nobody has dealt with. They fill the tables of `conversations` and complete none.
pub(crate) const OPEN_CONVERSATIONS: StreamDef = StreamDef {
    name: "open_conversations",
    fills: TABLES,
    mode: SyncMode::FullRefresh(Absence::ProvesNothing),
    schedule: Some("0 25 * * * *"),
    paging: &ByBound {
        lists: &[List::Unread],
    },
    envelope: open_conversations,
    put_together: Some(PUT_TOGETHER),
    belongings: BELONGINGS,
    map: map_conversation,
    ..STREAM
};
