//! Chats, those that became leads too.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use xxhash_rust::xxh3::xxh3_64;

use crate::schema::{
    Batch, Channel, Children, ContactAttribute, ContactNote, Conversation, ConversationTag, Entity, Lead,
    Message, Table,
};
use crate::source::{
    Absence, Account, Belonging, Context, Faults, Item, MapError, Request, RowScope, Scope, StreamDef,
};
use crate::vendors::convertalk::feed::{Feed, is_met_before};
use crate::vendors::convertalk::host_of_chats;
use crate::vendors::convertalk::values::name_of;
use crate::vendors::convertalk::visitor::{LastMessage, Person, Profile, Visitor, lasting_part};
use crate::wire::{Field, wire_record};

use super::{STREAM, newest_first};

/// The setting of the bots whose chats are read.
pub(in crate::vendors::convertalk) const BOTS: &str = "bot_ids";
/// The setting of their names, which the vendor does not tell.
pub(in crate::vendors::convertalk) const BOT_NAMES: &str = "bot_names";

/// What of the page request a row needs: neither the bot nor the listing is in the record.
const BOT: &str = "bot";
const LISTING: &str = "listing";

pub(in crate::vendors::convertalk) const CHATS: StreamDef = StreamDef {
    name: "chats",
    fills: TABLES,
    completes: TABLES,
    mode: newest_first(Absence::Gone {
        // A removal shows only by absence. One slice may miss a row that slips past it; two in a row will not.
        tables: &[Conversation::TABLE, Lead::TABLE],
        times: 2,
        only: Some(RowScope::Partition { column: "channel_id" }),
    }),
    belongings: &[
        belonging(Message::TABLE, "conversation_id"),
        belonging(ConversationTag::TABLE, "conversation_id"),
        // Visitors have the ids of their chats, and are shown in these alone.
        belonging(ContactNote::TABLE, "contact_id"),
        belonging(ContactAttribute::TABLE, "contact_id"),
    ],
    partitions: list_bots,
    paging: &Feed {
        // A chat that becomes a lead in between is met in the second.
        lists: &[Listing::NonLead, Listing::Lead],
        request,
        context: |listing, scope| {
            Context::default()
                .with(BOT, &scope.slice.partition)
                .with(LISTING, listing.word())
        },
    },
    // A chat tells neither its bot nor its listing.
    has_unmarked_rows: true,
    map: map_chat,
    ..STREAM
};

const TABLES: &[&Table] = &[
    Conversation::TABLE,
    Message::TABLE,
    Lead::TABLE,
    ConversationTag::TABLE,
    ContactNote::TABLE,
    ContactAttribute::TABLE,
    Channel::TABLE,
];

const fn belonging(table: &'static Table, column: &'static str) -> Belonging {
    Belonging {
        owner: Conversation::TABLE,
        table,
        column,
    }
}

/// The listings of chats, which have no chat in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// Chats whose visitor gave no contact data.
    NonLead,
    /// Chats whose visitor did (assumed: nobody describes what makes a lead).
    Lead,
}

impl Listing {
    fn word(self) -> &'static str {
        match self {
            Self::NonLead => "non-lead",
            Self::Lead => "lead",
        }
    }
}

/// The bots, each once.
fn list_bots(account: &Account) -> Vec<String> {
    let mut bots: Vec<String> = Vec::new();
    for bot in account.list(BOTS) {
        if !bots.contains(bot) {
            bots.push(bot.clone());
        }
    }
    bots
}

/// A page of a listing. There is no parameter for the page's size, and no filter by time (documented).
fn request(listing: Listing, page: u32, scope: &Scope<'_>) -> Request {
    Request::get("inbox/direct/chats")
        .with("botId", &scope.slice.partition)
        .with(
            "customerId",
            scope.account.option("customer_id").unwrap_or_default(),
        )
        .with("page", page)
        .with("type", listing.word())
        .to_host(host_of_chats(scope.account))
}

/// A chat with its last message, and with what is known of its visitor.
fn map_chat(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Visitor::read(item.record)?;
    let id = wire.id.key()?;
    let is_lead = item.context.get(LISTING) == Some(Listing::Lead.word());
    let profile = wire.read_profile(item.faults);
    let person = Person::read_nested(&profile.user_details, item.faults);
    let lasting = lasting_part(item.record);

    push_conversation(map_conversation(&id, is_lead, &wire, item), item, &lasting, batch);
    if let Some(message) = map_message(&id, &wire, item) {
        batch.push(message, wire.last_message.raw().unwrap_or_default());
    }
    if is_lead {
        let lead = map_lead(&id, &wire, &person, item);
        let still = Lead {
            updated_at: None,
            ..lead.clone()
        };
        batch.push_moving(lead, item.record, still, &lasting);
    }
    push_tags(&id, &person, item.faults, batch);
    push_notes(&id, &profile, item.faults, batch);
    push_attributes(&id, &person, item.faults, batch);
    push_bot(item, batch);
    Ok(())
}

/// Where a chat shows in both listings for a moment, the lead stands; a late page must not take it back.
fn push_conversation(conversation: Conversation, item: &Item<'_>, lasting: &str, batch: &mut Batch) {
    let is_lead = conversation.lead_id.is_some();
    if !is_lead && is_met_before(item.context, conversation.last_activity_at) {
        batch.fill(conversation, item.record);
        return;
    }
    let still = Conversation {
        updated_at: None,
        ..conversation.clone()
    };
    batch.push_moving(conversation, item.record, still, lasting);
}

fn map_conversation(id: &str, is_lead: bool, wire: &Visitor<'_>, item: &Item<'_>) -> Conversation {
    let (account, faults) = (item.account, item.faults);
    let status = wire.status.owned(faults);
    Conversation {
        id: id.to_owned(),
        started_at: wire.created_at.instant(faults, account),
        last_activity_at: wire.last_activity(faults, account),
        updated_at: wire.updated_at.instant(faults, account),
        kind: item.context.get(LISTING).map(str::to_owned),
        is_closed: status.as_deref().map(|status| status == "CLOSED"),
        status,
        contact_id: Some(id.to_owned()),
        visitor_id: wire.uuid.owned(faults),
        lead_id: is_lead.then(|| id.to_owned()),
        agent_id: wire.agent_assigned.id(faults),
        channel_id: item.context.get(BOT).map(str::to_owned),
        visit_count: wire.website_visits.count(faults),
        ..Conversation::default()
    }
}

/// The last message; without an id of its own, it is told apart by chat, time, sender and text.
fn map_message(chat: &str, wire: &Visitor<'_>, item: &Item<'_>) -> Option<Message> {
    let faults = item.faults;
    let wire = LastMessage::read_nested(&wire.last_message, faults);
    let sent_at = wire.at.instant(faults, item.account);
    let text = wire.text.owned(faults);
    if sent_at.is_none() && text.is_none() {
        return None;
    }
    let at = sent_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let sender = wire.by.owned(faults);
    let by = sender.as_deref().unwrap_or_default();
    let hash = xxh3_64(text.as_deref().unwrap_or_default().as_bytes()) >> 32;
    Some(Message {
        id: format!("{chat}:{}:{by}:{hash:08x}", at.unwrap_or_default()),
        conversation_id: Some(chat.to_owned()),
        sent_at,
        direction: read_direction(by).map(str::to_owned),
        sender,
        text,
        is_sample: Some(true),
        ..Message::default()
    })
}

/// `bot` was seen, the others are assumed; an unknown word has no direction.
fn read_direction(by: &str) -> Option<&'static str> {
    match by {
        "bot" | "agent" => Some("outbound"),
        "user" => Some("inbound"),
        _ => None,
    }
}

fn map_lead(id: &str, wire: &Visitor<'_>, person: &Person<'_>, item: &Item<'_>) -> Lead {
    let (account, faults) = (item.account, item.faults);
    let reach = person.reach_visitor(faults);
    let phone = reach.read_phone(faults);
    Lead {
        id: id.to_owned(),
        created_at: wire.created_at.instant(faults, account),
        updated_at: wire.updated_at.instant(faults, account),
        name: person.name.owned(faults),
        email: reach.read_email(faults),
        phone_number: phone.written_number(faults),
        phone_e164: phone.e164(faults, account),
        city: person.city.owned(faults),
        country: person.country.owned(faults),
        gender: person.gender.owned(faults),
        status: wire.status.owned(faults),
        agent_id: wire.agent_assigned.id(faults),
        channel_id: item.context.get(BOT).map(str::to_owned),
        ..Lead::default()
    }
}

/// Rows that belong to a chat, the last of each id.
struct Belongings<E> {
    chat: String,
    column: &'static str,
    rows: BTreeMap<String, Part<E>>,
}

struct Part<E> {
    row: E,
    record: String,
}

impl<E: Entity> Belongings<E> {
    fn of(chat: &str, column: &'static str) -> Self {
        Self {
            chat: chat.to_owned(),
            column,
            rows: BTreeMap::new(),
        }
    }

    fn add(&mut self, row: E, record: &str) {
        let record = record.to_owned();
        self.rows.insert(row.id().to_owned(), Part { row, record });
    }

    /// These are all that the chat has.
    fn push_into(self, batch: &mut Batch) {
        batch.replace(Children {
            table: E::TABLE,
            column: self.column,
            parent: self.chat,
            ids: self.rows.keys().cloned().collect(),
        });
        for Part { row, record } in self.rows.into_values() {
            batch.push(row, &record);
        }
    }
}

/// The labels of a chat; the vendor knows them by their text alone.
fn push_tags(chat: &str, person: &Person<'_>, faults: &Faults, batch: &mut Batch) {
    let Some(tags) = person.tags.list(faults) else {
        return;
    };
    let mut belongings = Belongings::of(chat, "conversation_id");
    for raw in tags {
        let Some(name) = Field::new("tags", raw).owned(faults) else {
            continue;
        };
        let tag = ConversationTag {
            id: format!("{chat}:{name}"),
            conversation_id: Some(chat.to_owned()),
            tag_id: Some(name.clone()),
            tag_name: Some(name),
        };
        belongings.add(tag, raw);
    }
    belongings.push_into(batch);
}

wire_record! {
    struct Note { id = "_id", title, description }
}

/// The notes on a visitor. Who wrote one, and when, is not told.
fn push_notes(chat: &str, profile: &Profile<'_>, faults: &Faults, batch: &mut Batch) {
    let Some(notes) = profile.notes.list(faults) else {
        return;
    };
    let mut belongings = Belongings::of(chat, "contact_id");
    for raw in notes {
        let Ok(note) = Note::read(raw) else { continue };
        let Some(id) = note.id.id(faults) else { continue };
        let parts = [note.title.owned(faults), note.description.owned(faults)];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        let note = ContactNote {
            id: format!("{chat}:{id}"),
            contact_id: Some(chat.to_owned()),
            note_id: Some(id),
            text: Some(text.join(": ")).filter(|text| !text.is_empty()),
            ..ContactNote::default()
        };
        belongings.add(note, raw);
    }
    belongings.push_into(batch);
}

wire_record! {
    struct Attribute { key, value }
}

/// What the bot asked for: names are free, values are texts of any kind. Of a name that comes twice the last one counts.
fn push_attributes(chat: &str, person: &Person<'_>, faults: &Faults, batch: &mut Batch) {
    let Some(attributes) = person.attributes.list(faults) else {
        return;
    };
    let mut belongings = Belongings::of(chat, "contact_id");
    for raw in attributes {
        let Ok(attribute) = Attribute::read(raw) else {
            continue;
        };
        let Some(key) = attribute.key.owned(faults) else {
            continue;
        };
        let attribute = ContactAttribute {
            id: format!("{chat}:{key}"),
            contact_id: Some(chat.to_owned()),
            attribute_id: Some(key),
            value: attribute.value.owned(faults),
            ..ContactAttribute::default()
        };
        belongings.add(attribute, raw);
    }
    belongings.push_into(batch);
}

/// The bot, of which the vendor tells nothing but its id.
fn push_bot(item: &Item<'_>, batch: &mut Batch) {
    let Some(bot) = item.context.get(BOT) else { return };
    let channel = Channel {
        id: bot.to_owned(),
        name: name_of(bot, item.account.list(BOT_NAMES)).map(str::to_owned),
        account_id: item.account.option("customer_id").map(str::to_owned),
        ..Channel::default()
    };
    batch.push(channel, &serde_json::json!({ "botId": bot }).to_string());
}

#[cfg(test)]
mod tests;
