//! From Convertalk's records to the common schema, in column order.

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use xxhash_rust::xxh3::xxh3_64;

use crate::schema::{
    Batch, Children, Contact, Conversation, ConversationTag, Entity, Lead, Message, Segment,
};
use crate::source::{Account, Item, MapError};
use crate::vendors::lenient::{Scalar, record};

use super::lists::LEAD;
use super::{feed, phone, wire};

/// A chat with its last message and its labels; a lead where it came in the listing of leads. Neither the kind nor the bot is
/// in the record, so both are what was asked for.
pub(super) fn chat(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Chat<'_> = record(item.record)?;
    let id = wire.id.id().ok_or(MapError::Missing("_id"))?;
    let asked = |name| item.ask.request.param(name).map(str::to_owned);
    let is_lead = item.ask.request.param("type") == Some(LEAD);
    let conversation = Conversation {
        kind: asked("type"),
        lead_id: is_lead.then(|| id.clone()),
        channel_id: asked("botId"),
        ..conversation(id.clone(), &wire, item.account)?
    };
    let message = message(&id, &wire, item.account)?;
    let lead = is_lead
        .then(|| lead(&id, asked("botId"), &wire, item.account))
        .transpose()?;
    let tags = wire.person().tags()?;

    let lasting = wire::lasting(item.record);
    if !is_lead && feed::is_met_before(item.ask, conversation.last_activity_at) {
        // Where a chat shows in both listings for a moment, the lead stands; this late page must not take it back.
        batch.fill(conversation, item.record);
    } else {
        let still = Conversation {
            updated_at: None,
            ..conversation.clone()
        };
        batch.push_moving(conversation, item.record, still, &lasting);
    }
    if let Some((message, raw)) = message {
        batch.push(message, raw);
    }
    if let Some(lead) = lead {
        let still = Lead {
            updated_at: None,
            ..lead.clone()
        };
        batch.push_moving(lead, item.record, still, &lasting);
    }
    if let Some(tags) = tags {
        push_tags(&id, &tags, batch);
    }
    Ok(())
}

fn conversation(id: String, wire: &wire::Chat<'_>, account: &Account) -> Result<Conversation, MapError> {
    Ok(Conversation {
        started_at: wire.created_at.instant("createdAt", account)?,
        last_activity_at: wire.last_activity(account)?,
        updated_at: wire.updated_at.instant("updatedAt", account)?,
        status: wire.status.owned(),
        is_closed: wire.status.text().map(|status| status == "CLOSED"),
        contact_id: Some(id.clone()),
        visitor_id: wire.uuid.owned(),
        agent_id: wire.agent_assigned.id(),
        visit_count: wire.website_visits.integer("websiteVisits")?,
        id,
        ..Conversation::default()
    })
}

/// The last message; without an id of its own, it is told apart by chat, time, sender and text.
fn message<'a>(
    chat: &str,
    wire: &wire::Chat<'a>,
    account: &Account,
) -> Result<Option<(Message, &'a str)>, MapError> {
    let Some((message, raw)) = wire.last_message()? else {
        return Ok(None);
    };
    let sent_at = message.at.instant("lastMessage.at", account)?;
    if sent_at.is_none() && message.text.text().is_none() {
        return Ok(None);
    }
    let at = sent_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let (by, text) = (message.by.text().unwrap_or_default(), message.text.text());
    let hash = xxh3_64(text.unwrap_or_default().as_bytes()) >> 32;
    let message = Message {
        id: format!("{chat}:{}:{by}:{hash:08x}", at.unwrap_or_default()),
        conversation_id: Some(chat.to_owned()),
        sent_at,
        direction: direction(by).map(str::to_owned),
        sender: message.by.owned(),
        text: text.map(str::to_owned),
        is_sample: Some(true),
        ..Message::default()
    };
    Ok(Some((message, raw)))
}

/// `bot` was seen, the others are assumed; an unknown word has no direction.
fn direction(by: &str) -> Option<&'static str> {
    match by {
        "bot" | "agent" => Some("outbound"),
        "user" => Some("inbound"),
        _ => None,
    }
}

fn lead(id: &str, bot: Option<String>, wire: &wire::Chat<'_>, account: &Account) -> Result<Lead, MapError> {
    let person = wire.person();
    let (prefix, number) = (
        person.contact.phone.prefix.text(),
        person.contact.phone.number.text(),
    );
    Ok(Lead {
        id: id.to_owned(),
        created_at: wire.created_at.instant("createdAt", account)?,
        updated_at: wire.updated_at.instant("updatedAt", account)?,
        name: person.name.owned(),
        email: person.contact.email.text().map(str::to_lowercase),
        phone_number: phone::written(prefix, number),
        phone_e164: phone::e164(prefix, number, account),
        city: person.city.owned(),
        country: person.country.owned(),
        gender: person.gender.owned(),
        status: wire.status.owned(),
        agent_id: wire.agent_assigned.id(),
        channel_id: bot,
        ..Lead::default()
    })
}

/// The labels of a chat; the vendor knows them by their text alone.
fn push_tags(chat: &str, tags: &[(Scalar<'_>, &str)], batch: &mut Batch) {
    let mut ids = BTreeSet::new();
    for (tag, raw) in tags {
        let Some(name) = tag.owned() else { continue };
        let id = format!("{chat}:{name}");
        if !ids.insert(id.clone()) {
            continue;
        }
        let tag = ConversationTag {
            id,
            conversation_id: Some(chat.to_owned()),
            tag_id: Some(name.clone()),
            tag_name: Some(name),
        };
        batch.push(tag, raw);
    }
    batch.replace(Children {
        table: ConversationTag::TABLE,
        column: "conversation_id",
        parent: chat.to_owned(),
        ids: ids.into_iter().collect(),
    });
}

/// A contact.
pub(super) fn contact(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Chat<'_> = record(item.record)?;
    let account = item.account;
    let person = wire.person();
    let (prefix, number) = (
        person.contact.phone.prefix.text(),
        person.contact.phone.number.text(),
    );
    let contact = Contact {
        id: wire.id.id().ok_or(MapError::Missing("_id"))?,
        name: person.name.owned(),
        platform: wire.platform()?,
        email: person.contact.email.text().map(str::to_lowercase),
        phone_number: phone::written(prefix, number),
        phone_e164: phone::e164(prefix, number, account),
        city: person.city.owned(),
        country: person.country.owned(),
        gender: person.gender.owned(),
        picture_link: person.picture.owned(),
        is_lead: wire.is_contact(),
        created_at: wire.created_at.instant("createdAt", account)?,
        last_seen_at: wire.last_seen_at.instant("lastSeenAt", account)?,
        ..Contact::default()
    };
    batch.push_lasting(contact, item.record, &wire::lasting(item.record));
    Ok(())
}

/// A group of contacts.
pub(super) fn segment(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Segment<'_> = record(item.record)?;
    let segment = Segment {
        id: wire.id.id().ok_or(MapError::Missing("_id"))?,
        name: wire.name.owned(),
        account_id: wire.customer.id(),
    };
    batch.push(segment, item.record);
    Ok(())
}

#[cfg(test)]
mod tests;
