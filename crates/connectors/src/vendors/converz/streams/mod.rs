//! The streams of Converz, a file each.

pub(super) mod agents;
pub(super) mod call_metrics;
pub(super) mod calls;
pub(super) mod reports;

use crate::source::{Absence, StreamDef, SyncMode, one_partition};

use super::envelope::{REPS, explain_answer};
use super::page_size::WholeList;

/// What the streams have in common; the rest is replaced by each of them.
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
    paging: &WholeList {
        request: || crate::source::Request::get(""),
    },
    has_unmarked_rows: false,
    envelope: REPS,
    map: |_, _| Ok(()),
    explain: explain_answer,
    // Nothing is asked for by its id.
    says_gone: |_| false,
};
