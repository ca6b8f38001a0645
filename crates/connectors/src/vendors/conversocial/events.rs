//! Agent events of API version 3.0. Nothing about them is documented: one client program reads them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use crate::schema::{AgentEvent, Batch};
use crate::source::{Account, Item, MapError, Opened, ReadError, Request, Window};
use crate::vendors::answer::{UNKNOWN, json};
use crate::vendors::lenient::{Scalar, record};

use super::envelope::{Envelope, link};
use super::loose::{self, Loose};
use super::time::{ceiling, floor};

/// Epochs above this are in milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// The events of a window. The form of the times is assumed.
pub(super) fn request(window: &Window, _: &Account) -> Request {
    // Version 3.0 stands beside the version of everything else.
    Request::get("../v3.0/agent_events")
        .with("timestamp_from", floor(window.since))
        .with("timestamp_to", ceiling(window.until))
}

/// Opens an answer. Its records are JSON inside a text (seen in a client program), or a real list (assumed).
pub(super) fn open(body: &str) -> Result<Opened<'_>, ReadError> {
    let envelope = Envelope::read(body)?;
    let documents = envelope.member("documents").ok_or(UNKNOWN)?;
    let items = if documents.starts_with('"') {
        let text: String = json(documents)?;
        let records: Vec<Box<RawValue>> = json(&text)?;
        records
            .into_iter()
            .map(|record| Cow::Owned(record.get().to_owned()))
            .collect()
    } else {
        let records = envelope.list("documents")?;
        records.into_iter().map(Cow::Borrowed).collect()
    };
    Ok(Opened {
        items,
        link: envelope.member("next_url").map_or(Ok(None), link)?,
        ..Opened::default()
    })
}

/// An event. All members are guesses.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    id: Loose<'a>,
    #[serde(borrow)]
    user: Loose<'a>,
    #[serde(borrow)]
    user_id: Loose<'a>,
    #[serde(borrow)]
    agent_id: Loose<'a>,
    #[serde(borrow)]
    timestamp: Loose<'a>,
    #[serde(borrow)]
    created_date: Loose<'a>,
    #[serde(borrow)]
    event: Loose<'a>,
    #[serde(borrow, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow)]
    state: Loose<'a>,
}

/// An event, whatever it looks like: what is not understood is in its record.
pub(super) fn event(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Event<'_> = record(item.record)?;
    let id = |loose: Loose<'_>| loose.id("id").ok().flatten();
    let text = |loose: Loose<'_>| loose.scalar("text").ok()?.owned();
    let at = |loose: Loose<'_>| instant(&loose.scalar("timestamp").ok()?, item.account);
    let event = AgentEvent {
        // Without an id of its own an event is its content.
        id: id(wire.id).unwrap_or_else(|| format!("{:032x}", xxh3_128(item.record.as_bytes()))),
        agent_id: id(wire.user)
            .or_else(|| id(wire.user_id))
            .or_else(|| id(wire.agent_id)),
        started_at: at(wire.timestamp).or_else(|| at(wire.created_date)),
        state: text(wire.event)
            .or_else(|| text(wire.kind))
            .or_else(|| text(wire.state)),
        ..AgentEvent::default()
    };
    batch.push(event, item.record);
    Ok(())
}

/// An instant, as a time or as an epoch.
fn instant(scalar: &Scalar<'_>, account: &Account) -> Option<DateTime<Utc>> {
    if let Ok(Some(epoch)) = scalar.integer("timestamp") {
        return if epoch.abs() > MILLISECONDS {
            DateTime::from_timestamp_millis(epoch)
        } else {
            DateTime::from_timestamp(epoch, 0)
        };
    }
    loose::instant(scalar, "timestamp", account).ok().flatten()
}
