//! Agent events of API version 3.0. Nothing about them is documented: one client program reads them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use crate::schema::{AgentEvent, Batch, Entity as _};
use crate::source::{
    Context, Envelope, FaultKind, Item, Link, MapError, ReadError, Request, StreamDef, SyncMode,
};
use crate::wire::body::{UNKNOWN, parse_json};
use crate::wire::{Field, wire_record};

use super::super::STREAM;
use super::super::envelope::{read_answer, read_link, require_list};
use super::super::values::{ceil_second, floor_second, referred_id};
use super::ACTIONS;

/// Epochs above this are in milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;
/// Epochs before this, 1 January 2001, are other numbers.
const FIRST_EPOCH: i64 = 978_307_200;
/// Epochs after this, 1 January 2100, are other numbers.
const LAST_EPOCH: i64 = 4_102_444_800;

/// Agent events; off unless switched on.
pub(crate) const AGENT_EVENTS: StreamDef = StreamDef {
    name: "agent_events",
    fills: &[AgentEvent::TABLE],
    completes: &[AgentEvent::TABLE],
    mode: SyncMode::Windowed(ACTIONS),
    is_on: false,
    paging: &Link {
        request: |scope| {
            let window = scope.slice.window();
            // Version 3.0 stands beside the version of everything else. The form of the times is assumed.
            Request::get("../v3.0/agent_events")
                .with("timestamp_from", floor_second(window.since))
                .with("timestamp_to", ceil_second(window.until))
        },
    },
    envelope: open_events,
    map: map_event,
    ..STREAM
};

/// Opens an answer. Its records are JSON inside a text (seen in a client program), or a real list (assumed).
fn open_events<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let answer = read_answer(body)?;
    Ok(Envelope {
        records: open_documents(&answer.documents)?,
        link: read_link(&answer.next_url)?,
        ..Envelope::default()
    })
}

fn open_documents<'a>(documents: &Field<'a>) -> Result<Vec<Cow<'a, str>>, ReadError> {
    let raw = documents.raw().ok_or(UNKNOWN)?;
    if !raw.starts_with('"') {
        return Ok(require_list(documents)?.into_cows());
    }
    let text: String = parse_json(raw)?;
    let records: Vec<Box<RawValue>> = parse_json(&text)?;
    Ok(records
        .into_iter()
        .map(|record| Cow::Owned(record.get().to_owned()))
        .collect())
}

wire_record! {
    /// An event. All members are guesses.
    struct Event {
        id,
        user, user_id, agent_id,
        timestamp, created_date,
        event,
        kind = "type",
        state,
    }
}

/// An event, whatever it looks like: what is not understood is in its record.
fn map_event(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Event::read(item.record)?, item.faults);
    let agents = [wire.user, wire.user_id, wire.agent_id];
    let states = [wire.event, wire.kind, wire.state];
    let event = AgentEvent {
        // Without an id of its own an event is its content.
        id: wire
            .id
            .key()
            .unwrap_or_else(|_| format!("{:032x}", xxh3_128(item.record.as_bytes()))),
        agent_id: agents.iter().find_map(|agent| referred_id(agent, faults)),
        started_at: read_instant(&wire.timestamp, item).or_else(|| read_instant(&wire.created_date, item)),
        state: states.iter().find_map(|state| state.owned(faults)),
        ..AgentEvent::default()
    };
    batch.push(event, item.record);
    Ok(())
}

/// An instant, as a time or as an epoch.
fn read_instant(field: &Field<'_>, item: &Item<'_>) -> Option<DateTime<Utc>> {
    let text = field.text(item.faults)?;
    let Ok(epoch) = text.parse::<f64>() else {
        return field.instant_or_day(item.faults, item.account);
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an epoch beyond the range of a time is none"
    )]
    let epoch = epoch as i64;
    let (seconds, milliseconds) = if epoch > MILLISECONDS {
        (epoch / 1_000, epoch % 1_000)
    } else {
        (epoch, 0)
    };
    if !(FIRST_EPOCH..LAST_EPOCH).contains(&seconds) {
        return field.fault(item.faults, FaultKind::OutOfRange);
    }
    DateTime::from_timestamp_millis(seconds * 1_000 + milliseconds)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{day, exchange};
    use super::*;
    use crate::reader::Verdict;

    #[test]
    fn events_come_in_a_text_or_in_a_list_and_the_end_is_where_no_link_is() {
        let in_text = r#"{"documents":"[{\"id\":\"e-1\",\"user\":{\"id\":5120},\"type\":\"away\"}]","next_url":"https://a.example/v3.0/agent_events?cursor=2"}"#;
        let in_list = r#"{"documents":[{"id":"e-2","agent_id":"5121","event":"login"}],"next_url":null}"#;
        let told = exchange(&AGENT_EVENTS, day(), &[in_text, in_list]);
        assert_eq!(told.ids("agent_events"), ["e-1", "e-2"]);
        assert_eq!(
            told.column("agent_events", "agent_id"),
            [r#"Some("5120")"#, r#"Some("5121")"#]
        );
        assert_eq!(
            told.column("agent_events", "state"),
            [r#"Some("away")"#, r#"Some("login")"#]
        );
        assert_eq!(told.verdict, Verdict::Complete);
        for body in [
            "{}",
            r#"{"documents":null}"#,
            r#"{"documents":"many"}"#,
            r#"{"documents":{}}"#,
        ] {
            assert!(open_events(body, &Context::default()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_instant_is_a_time_or_an_epoch() {
        for (timestamp, wanted, faults) in [
            (r#""2026-11-01T08:00:00""#, "Some(2026-11-01T08:00:00Z)", &[][..]),
            ("1793520000", "Some(2026-11-01T08:00:00Z)", &[]),
            ("1793520000250", "Some(2026-11-01T08:00:00.250Z)", &[]),
            (r#""1793520000.7""#, "Some(2026-11-01T08:00:00Z)", &[]),
            ("null", "None", &[]),
            ("7", "None", &["timestamp"]),
            ("1e300", "None", &["timestamp"]),
            (r#""soon""#, "None", &["timestamp"]),
        ] {
            let body = format!(r#"{{"documents":[{{"id":"1","timestamp":{timestamp}}}]}}"#);
            let told = exchange(&AGENT_EVENTS, day(), &[&body]);
            assert_eq!(told.column("agent_events", "started_at"), [wanted], "{timestamp}");
            assert_eq!(told.faults, faults, "{timestamp}");
        }
    }
}
