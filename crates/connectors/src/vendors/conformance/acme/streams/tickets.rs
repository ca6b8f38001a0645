//! Tickets, by the time of their last change.

use chrono::TimeDelta;

use super::super::{envelope, values};
use crate::schema::{Batch, Conversation, Entity as _};
use crate::source::{
    History, Item, Link, MapError, Request, Scope, StreamDef, SyncMode, WindowPolicy, one_partition,
    says_gone_in_json,
};
use crate::wire::wire_record;

/// Tickets.
pub(crate) const TICKETS: StreamDef = StreamDef {
    name: "tickets",
    fills: &[Conversation::TABLE],
    completes: &[Conversation::TABLE],
    mode: SyncMode::Incremental(WindowPolicy {
        max_span: TimeDelta::days(30),
        lookback: TimeDelta::minutes(10),
        delay: TimeDelta::seconds(30),
        settle: TimeDelta::minutes(10),
        // A ticket exists now, however long ago it changed last.
        history: History::Everything,
        open_end: true,
        ..WindowPolicy::PLAIN
    }),
    host: "",
    schedule: None,
    is_on: true,
    partitions: one_partition,
    shaped_by: &[values::QUEUE],
    dated_by: None,
    put_together: None,
    belongings: &[],
    promoted_by: None,
    paging: &Link { request: first_page },
    has_unmarked_rows: false,
    envelope: envelope::open_tickets,
    map: map_ticket,
    explain: envelope::explain,
    says_gone: says_gone_in_json,
};

/// Both ends of the filter are inclusive (assumed), so the last second is read twice.
fn first_page(scope: &Scope<'_>) -> Request {
    let request = Request::get("tickets")
        .with("updated_from", values::second(scope.slice.window().since))
        .with("updated_to", values::second(scope.slice.requested_until()))
        // The greatest page (documented).
        .with("per_page", 200);
    match scope.account.option(values::QUEUE) {
        Some(queue) => request.with("queue", queue),
        None => request,
    }
}

wire_record! {
    /// A ticket.
    struct Ticket {
        id,
        state,
        opened_at,
        updated_at,
        requester_id,
        assignee_id,
    }
}

fn map_ticket(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let Item { account, faults, .. } = *item;
    let wire = Ticket::read(item.record)?;
    let id = wire.id.key()?;
    let state = wire.state.owned(faults);
    if state.as_deref() == Some("deleted") {
        batch.delete(Conversation::TABLE, id);
        return Ok(());
    }
    let conversation = Conversation {
        started_at: wire.opened_at.instant(faults, account),
        updated_at: wire.updated_at.instant(faults, account),
        is_closed: state.as_deref().map(values::is_closed),
        status: state,
        contact_id: wire.requester_id.id(faults),
        agent_id: wire.assignee_id.id(faults),
        id,
        ..Conversation::default()
    };
    batch.push(conversation, item.record);
    Ok(())
}
