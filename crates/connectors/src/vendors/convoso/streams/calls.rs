//! The call log as a stream: calls, their recordings, and the agents and queues that only calls name.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::schema::{Batch, Call, Entity as _, Queue, Recording};
use crate::source::{
    Account, Context, Faults, Item, MapError, Request, Reread, Scope, Seek, StreamDef, SyncMode, WindowPolicy,
};
use crate::vendors::convoso::paging::InContext;
use crate::vendors::convoso::values::{local_span, whole_second};
use crate::vendors::convoso::{STREAM, TIME, envelope};
use crate::wire::{Field, wire_record};

/// More than 500 may be cut to 500 without a word (client programs lost rows that way).
const PAGE_SIZE: u64 = 500;

/// What of a recording the call log knows best; the rest is that of the recordings of agents.
pub(super) const RECORDING_COLUMNS: &[&str] =
    &["raw", "call_id", "lead_id", "url", "media_type", "file_name"];

/// A call without length that is younger than this is perhaps live, whatever its status says (assumed).
const LIVE: TimeDelta = TimeDelta::minutes(15);

/// When the slice began that brought a call.
const READ_AT: &str = "read_at";

/// The call log.
pub(in crate::vendors::convoso) const CALLS: StreamDef = StreamDef {
    name: "calls",
    fills: &[Call::TABLE, Recording::TABLE, Queue::TABLE],
    completes: &[Call::TABLE, Recording::TABLE, Queue::TABLE],
    mode: SyncMode::Windowed(POLICY),
    dated_by: Some("started_at"),
    paging: &InContext {
        pages: SEEK,
        context: read_at,
    },
    envelope: envelope::open_call_log,
    map: map_call,
    ..STREAM
};

/// Calls change for weeks and there is no filter for what changed, so the past is read again: often while the day lasts,
/// daily while supervisors still correct it, weekly for late recordings and comments.
const POLICY: WindowPolicy = WindowPolicy {
    max_span: TimeDelta::hours(24),
    lookback: TimeDelta::hours(2),
    delay: TimeDelta::seconds(60),
    settle: TimeDelta::hours(48),
    rereads: &[
        Reread {
            span: TimeDelta::hours(72),
            every: TimeDelta::hours(24),
        },
        Reread {
            span: TimeDelta::days(30),
            every: TimeDelta::days(7),
        },
    ],
    ..WindowPolicy::PLAIN
};

const SEEK: Seek = Seek {
    request: |_| {
        Request::post_form("log/retrieve")
            .with("limit", PAGE_SIZE)
            // Newest first is the default, and would shift all pages with each new call.
            .with("order", "ASC")
            .with("include_recordings", 1)
    },
    span: local_span,
    since: "start_time",
    until: "end_time",
    offset: "offset",
    format: TIME,
    page_size: PAGE_SIZE,
    // The largest offset is 40000 (documented); a larger one is refused.
    reachable: 40_000,
    time: called_at,
};

/// Whether a call may be live depends on when it was read.
fn read_at(scope: &Scope<'_>) -> Context {
    let started_at = scope.slice.started_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Context::default().with(READ_AT, started_at)
}

/// The local second of a call, by which the call log is sorted.
fn called_at(record: &str, account: &Account) -> Option<NaiveDateTime> {
    let time = Time::read(record).ok()?;
    time.call_date.wall_clock(account).map(whole_second)
}

wire_record! {
    /// Of a call, what the list is sorted by.
    struct Time { call_date }
}

wire_record! {
    /// A call of log/retrieve. Every field but the id may be missing: older accounts send fewer.
    struct WireCall {
        id,
        lead_id,
        list_id,
        campaign_id,
        /// The campaign's name.
        campaign,
        /// The agent's name, not a login.
        user,
        user_id,
        phone_number,
        number_dialed,
        inbound_number,
        caller_id_displayed,
        first_name,
        last_name,
        status,
        status_name,
        call_length,
        call_date,
        agent_comment,
        /// The queue's name; older replies have only its id.
        queue,
        queue_id,
        queue_position,
        queue_seconds,
        called_count,
        term_reason,
        call_type,
        originating_agent_id,
        session_id,
        /// Recordings; absent unless asked for.
        recording,
    }
}

wire_record! {
    /// A recording inside a call.
    struct CallRecording { recording_id, src, public_url, filename, media_type = "type" }
}

/// A call with its recordings and its agents. A call lands whatever its recordings are; one without an id is a reject.
fn map_call(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = WireCall::read(item.record)?;
    let call = map_header(&wire, item)?;
    let recordings = read_all(&wire, &call, item.faults);
    batch.push(call, item.record);
    push_queue(&wire, item.faults, batch);
    let mut flaw = Ok(());
    for read in recordings {
        match read.recording {
            Ok(recording) => batch.push_partial(recording, read.record, RECORDING_COLUMNS),
            Err(error) => flaw = Err(error),
        }
    }
    flaw
}

/// The call, in column order.
fn map_header(wire: &WireCall<'_>, item: &Item<'_>) -> Result<Call, MapError> {
    let Item { account, faults, .. } = *item;
    let id = wire.id.key()?;
    let started_at = wire.call_date.instant(faults, account);
    let duration_seconds = wire.call_length.seconds(faults);
    let call_type = wire.call_type.owned(faults);
    let direction = read_direction(call_type.as_deref());
    let ends = call_ends(wire, direction, faults);
    Ok(Call {
        id,
        started_at,
        local_day: started_at.map(|at| account.local(at).date()),
        ended_at: started_at
            .zip(duration_seconds.and_then(TimeDelta::try_seconds))
            .and_then(|(start, length)| start.checked_add_signed(length)),
        duration_seconds,
        direction: direction.map(str::to_owned),
        call_type,
        is_final: Some(is_final(wire, started_at, item)),
        agent_id: wire.user_id.id(faults),
        agent_name: wire.user.owned(faults),
        lead_id: wire.lead_id.id(faults),
        list_id: wire.list_id.id(faults),
        campaign_id: wire.campaign_id.id(faults),
        campaign_name: wire.campaign.owned(faults),
        queue_id: wire.queue_id.id(faults),
        queue_name: wire.queue.owned(faults),
        queue_seconds: wire.queue_seconds.exact_seconds(faults),
        queue_position: wire.queue_position.count(faults),
        from_e164: ends.from.as_deref().and_then(|number| account.e164(number)),
        from_number: ends.from,
        to_e164: ends.to.as_deref().and_then(|number| account.e164(number)),
        to_number: ends.to,
        first_name: wire.first_name.owned(faults),
        last_name: wire.last_name.owned(faults),
        disposition_code: wire.status.owned(faults),
        disposition_name: wire.status_name.owned(faults),
        end_reason: wire.term_reason.owned(faults),
        comment: wire.agent_comment.owned(faults),
        attempt_number: wire.called_count.count(faults),
        transferred_from_agent_id: wire.originating_agent_id.id(faults),
        session_id: wire.session_id.owned(faults),
        ..Call::default()
    })
}

/// A manual dial goes out; a three-way leg is a transfer (assumed). An unknown kind has no direction.
fn read_direction(call_type: Option<&str>) -> Option<&'static str> {
    match call_type? {
        "INBOUND" => Some("inbound"),
        "OUTBOUND" | "MANUAL" => Some("outbound"),
        "3WAY" => Some("transfer"),
        _ => None,
    }
}

/// The two ends of a call.
struct Ends {
    from: Option<String>,
    to: Option<String>,
}

/// The calling and the called number. `phone_number` is always the customer's (assumed for inbound calls); the number that a
/// customer has dialed is `inbound_number`, or `number_dialed` where that is another than the customer's.
fn call_ends(wire: &WireCall<'_>, direction: Option<&str>, faults: &Faults) -> Ends {
    let customer = wire.phone_number.owned(faults);
    let dialed = wire.number_dialed.owned(faults);
    if direction == Some("inbound") {
        let own = wire.inbound_number.owned(faults);
        let to = own.or(dialed.filter(|dialed| Some(dialed) != customer.as_ref()));
        return Ends { from: customer, to };
    }
    Ends {
        from: wire.caller_id_displayed.owned(faults),
        to: dialed.or(customer),
    }
}

/// A live call has no length, and says so in its status or is young. A missing end reason proves nothing: drops are final
/// without one.
fn is_final(wire: &WireCall<'_>, started_at: Option<DateTime<Utc>>, item: &Item<'_>) -> bool {
    if !wire.call_length.is_nothing() {
        return true;
    }
    let status = wire.status_name.owned(item.faults).unwrap_or_default();
    let status = status.to_ascii_lowercase().replace(['_', '-'], " ");
    let read_at = item.context.get(READ_AT).and_then(|at| at.parse().ok());
    let age = started_at
        .zip(read_at)
        .map(|(start, read): (_, DateTime<Utc>)| read - start);
    let is_young = age.is_some_and(|age| age < LIVE);
    !status.contains("in progress") && !is_young
}

/// Every queue that a call names by its id has a row, since older answers tell only the id and newer ones only the name.
fn push_queue(wire: &WireCall<'_>, faults: &Faults, batch: &mut Batch) {
    let Some(id) = wire.queue_id.id(faults) else {
        return;
    };
    let name = wire.queue.owned(faults);
    let owned: &'static [&'static str] = if name.is_some() { &["name"] } else { &[] };
    let mut queues = batch.rows().iter().filter(|rows| rows.table() == Queue::TABLE);
    if queues.any(|rows| rows.ownership().has("name") == name.is_some() && rows.ids().contains(&id)) {
        return;
    }
    let record = json!({"queue_id": id, "queue": name}).to_string();
    batch.push_partial(Queue { id, name }, &record, owned);
}

/// A recording, as far as it can be read, with its own record.
struct ReadRecording<'a> {
    record: &'a str,
    recording: Result<Recording, MapError>,
}

/// The recordings of a call. The call log does not tell their length.
fn read_all<'a>(wire: &WireCall<'a>, call: &Call, faults: &Faults) -> Vec<ReadRecording<'a>> {
    let read = |record| ReadRecording {
        record,
        recording: map_recording(record, call, faults),
    };
    wire.recording.records(faults).into_iter().map(read).collect()
}

fn map_recording(record: &str, call: &Call, faults: &Faults) -> Result<Recording, MapError> {
    let wire = CallRecording::read(record)?;
    let link = |field: &Field<'_>| field.owned(faults);
    Ok(Recording {
        id: wire.recording_id.key()?,
        call_id: Some(call.id.clone()),
        lead_id: call.lead_id.clone(),
        started_at: call.started_at,
        url: link(&wire.public_url).or_else(|| link(&wire.src)),
        media_type: wire.media_type.owned(faults),
        file_name: wire.filename.owned(faults),
        ..Recording::default()
    })
}

#[cfg(test)]
mod tests;
