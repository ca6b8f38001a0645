//! From Convoso's records to the common schema, in column order.

use chrono::TimeDelta;

use crate::schema::{Agent, Batch, Call, Recording};
use crate::source::{Account, Item, MapError};
use crate::vendors::lenient::record;

use super::wire;

/// Users that are not people; they appear in calls (client programs) and may be missing from the list of users.
const SYSTEM_USERS: [&str; 3] = ["666666", "666667", "666671"];

/// A call with its recordings. A call whose recording cannot be read lands, and the record is rejected as well.
pub(super) fn call(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Call<'_> = record(item.record)?;
    let call = header(&wire, item.account)?;
    let recordings = recordings(&wire, &call);
    batch.push(call, item.record);
    for (recording, raw) in recordings? {
        batch.push(recording, raw);
    }
    Ok(())
}

fn header(wire: &wire::Call<'_>, account: &Account) -> Result<Call, MapError> {
    let id = wire.id.id().ok_or(MapError::Missing("id"))?;
    let started_at = wire
        .call_date
        .instant("call_date", account)?
        .ok_or(MapError::Missing("call_date"))?;
    let duration_seconds = wire.call_length.integer("call_length")?;
    let direction = direction(wire.call_type.text());
    let (from, to) = numbers(wire, direction);
    Ok(Call {
        id,
        started_at: Some(started_at),
        ended_at: duration_seconds
            .and_then(TimeDelta::try_seconds)
            .and_then(|length| started_at.checked_add_signed(length)),
        duration_seconds,
        direction: direction.map(str::to_owned),
        call_type: wire.call_type.owned(),
        is_final: Some(is_final(wire)),
        agent_id: wire.user_id.id(),
        agent_name: wire.user.owned(),
        lead_id: wire.lead_id.id(),
        list_id: wire.list_id.id(),
        campaign_id: wire.campaign_id.id(),
        campaign_name: wire.campaign.owned(),
        queue_name: wire.queue.owned().or_else(|| wire.queue_id.id()),
        queue_seconds: wire.queue_seconds.integer("queue_seconds")?,
        queue_position: wire.queue_position.integer("queue_position")?,
        from_e164: from.and_then(|number| account.e164(number)),
        from_number: from.map(str::to_owned),
        to_e164: to.and_then(|number| account.e164(number)),
        to_number: to.map(str::to_owned),
        first_name: wire.first_name.owned(),
        last_name: wire.last_name.owned(),
        disposition_code: wire.status.owned(),
        disposition_name: wire.status_name.owned(),
        end_reason: wire.term_reason.owned(),
        comment: wire.agent_comment.owned(),
        attempt_number: wire.called_count.integer("called_count")?,
        transferred_from_agent_id: wire.originating_agent_id.id(),
        session_id: wire.session_id.owned(),
        ..Call::default()
    })
}

/// A manual dial goes out; a three-way leg is a transfer (assumed). An unknown kind has no direction.
fn direction(call_type: Option<&str>) -> Option<&'static str> {
    match call_type? {
        "INBOUND" => Some("inbound"),
        "OUTBOUND" | "MANUAL" => Some("outbound"),
        "3WAY" => Some("transfer"),
        _ => None,
    }
}

/// The calling and the called number. `phone_number` is always the customer's (assumed for inbound calls).
fn numbers<'a>(wire: &'a wire::Call<'_>, direction: Option<&str>) -> (Option<&'a str>, Option<&'a str>) {
    if direction == Some("inbound") {
        return (wire.phone_number.text(), wire.inbound_number.text());
    }
    (
        wire.caller_id_displayed.text(),
        wire.number_dialed.text().or(wire.phone_number.text()),
    )
}

/// A live call has no length and says so in its status. A missing end reason proves nothing: drops are final without one.
fn is_final(wire: &wire::Call<'_>) -> bool {
    let says_live = |name: &str| {
        name.to_ascii_lowercase()
            .replace(['_', '-'], " ")
            .contains("in progress")
    };
    wire.call_length.text().is_some() || !wire.status_name.text().is_some_and(says_live)
}

/// The recordings of a call, each with its own record.
fn recordings<'a>(wire: &wire::Call<'a>, call: &Call) -> Result<Vec<(Recording, &'a str)>, MapError> {
    let records = wire.recordings()?.into_iter();
    records
        .map(|raw| Ok((recording(record(raw)?, call)?, raw)))
        .collect()
}

fn recording(wire: wire::Recording<'_>, call: &Call) -> Result<Recording, MapError> {
    Ok(Recording {
        id: wire
            .recording_id
            .id()
            .ok_or(MapError::Missing("recording.recording_id"))?,
        call_id: Some(call.id.clone()),
        lead_id: call.lead_id.clone(),
        started_at: call.started_at,
        url: wire.public_url.owned().or_else(|| wire.src.owned()),
        media_type: wire.media_type.owned(),
        file_name: wire.filename.owned(),
        // The call log does not tell the length of a recording.
        ..Recording::default()
    })
}

/// A user.
pub(super) fn agent(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::User<'_> = record(item.record)?;
    let account = item.account;
    let id = wire.id.id().ok_or(MapError::Missing("id"))?;
    let (first_name, last_name) = (wire.first_name.owned(), wire.last_name.owned());
    let names: Vec<&str> = [first_name.as_deref(), last_name.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let agent = Agent {
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
        email: wire.email.text().map(str::to_lowercase),
        is_active: wire.status.text().map(|status| status == "Y"),
        is_system: Some(SYSTEM_USERS.contains(&id.as_str())),
        level: wire.user_level.integer("user_level")?,
        utc_offset_hours: wire.local_gmt.decimal("local_gmt")?,
        created_at: wire.created_at.instant("created_at", account)?,
        last_login_at: wire.last_login.instant("last_login", account)?,
        id,
        first_name,
        last_name,
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

#[cfg(test)]
mod tests;
