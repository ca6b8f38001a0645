//! A conversation and its messages: put together from an answer, and turned into rows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::schema::{
    Batch, Children, Conversation, ConversationChannel, ConversationTag, Entity, Message, Table,
    make_storable,
};
use crate::source::{
    Account, Belonging, Context, Envelope, FaultKind, Faults, Item, MapError, PutTogether, ReadError,
};
use crate::wire::body::UNKNOWN;
use crate::wire::{Field, Records, wire_record};

use super::envelope::{find_passed_over, next_page, read_answer, require_list, require_one};
use super::values::{judge_value, read_list, referred_id, referred_key, referred_name};

/// What a conversation fills.
pub(super) const TABLES: &[&Table] = &[
    Conversation::TABLE,
    Message::TABLE,
    ConversationTag::TABLE,
    ConversationChannel::TABLE,
];
/// What a conversation takes along where it is gone.
pub(super) const BELONGINGS: &[Belonging] = &[
    belonging(Message::TABLE),
    belonging(ConversationTag::TABLE),
    belonging(ConversationChannel::TABLE),
];
/// What is asked for. `fields` limits and extends what comes, unknown names are passed over without a word (documented), and
/// without `content_ids` no message could be placed (seen in client programs).
pub(super) const FIELDS: &str = "id,url,status,is_priority,contains_private,tags,author,channels,assigned_to,content_ids,\
                                 handling_times,oldest_sort_date";
/// How a record begins that has a conversation, and not a message alone.
const BEGINNING: &str = r#"{"conversation":"#;
/// The status of a conversation that somebody has dealt with (seen in client programs).
const ARCHIVED: &str = "archived";

const fn belonging(table: &'static Table) -> Belonging {
    Belonging {
        owner: Conversation::TABLE,
        table,
        column: "conversation_id",
    }
}

wire_record! {
    /// A conversation with its messages, as they are put together here; a message that no conversation names comes alone.
    struct Group { conversation, content }
}

wire_record! {
    /// A conversation. Field names are known from client programs, most types are assumed.
    struct Header {
        id,
        /// `unread` and `archived` were seen; the set is open.
        status,
        is_priority, contains_private,
        author, assigned_to, channels, tags,
        content_ids,
        /// Of a structure that nobody describes.
        handling_times,
        /// A filter and a sort key; whether it is shown is not documented.
        oldest_sort_date,
    }
}

wire_record! {
    /// An item of content, which is a message.
    struct Content {
        id, created_date, text,
        kind = "type",
        platform, platform_id, link,
        author, user, parent, sentiment,
        is_private, is_priority, is_by_source,
    }
}

/// Opens a list of conversations with their content.
pub(super) fn open_conversations<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let answer = read_answer(body)?;
    let conversations = require_list(&answer.conversations)?;
    Ok(Envelope {
        records: group_content(&conversations.0, &answer.content)?,
        link: next_page(&answer)?,
        warning: find_passed_over(&conversations, &["status", "author", "content_ids"]),
        ..Envelope::default()
    })
}

/// Opens an answer about one conversation, with its content.
pub(super) fn open_conversation<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    let answer = read_answer(body)?;
    Ok(Envelope {
        records: group_content(&[require_one(&answer.conversation)?], &answer.content)?,
        ..Envelope::default()
    })
}

/// How many conversations an answer has; records of messages alone do not count.
pub(super) fn count_conversations(got: &Envelope<'_>) -> usize {
    let has_conversation = |record: &&Cow<'_, str>| record.starts_with(BEGINNING);
    got.records.iter().filter(has_conversation).count()
}

/// Each conversation with the content that it names, then the content that none names.
///
/// Content comes as one array for the whole page and does not say where it belongs (seen in client programs).
fn group_content<'a>(conversations: &[&str], content: &Field<'a>) -> Result<Vec<Cow<'a, str>>, ReadError> {
    let names: Vec<Vec<String>> = conversations.iter().map(|record| named_ids(record)).collect();
    let content = match content.raw() {
        Some(_) => require_list(content)?,
        None if names.iter().any(|names| !names.is_empty()) => return Err(UNKNOWN),
        None => Records::default(),
    };
    let mut by_id: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for record in content.iter() {
        if let Some(id) = key(record) {
            by_id.entry(id).or_default().push(record);
        }
    }
    let placed: BTreeSet<&str> = names.iter().flatten().map(String::as_str).collect();
    let groups = conversations.iter().zip(&names).map(|(record, names)| {
        let own: Vec<&str> = names
            .iter()
            .filter_map(|name| by_id.get(name))
            .flatten()
            .copied()
            .collect();
        format!(r#"{BEGINNING}{record},"content":[{}]}}"#, own.join(","))
    });
    let is_alone = |record: &&str| !key(record).is_some_and(|id| placed.contains(id.as_str()));
    let alone = content.iter().filter(is_alone);
    let alone = alone.map(|record| format!(r#"{{"content":[{record}]}}"#));
    Ok(groups.chain(alone).map(Cow::Owned).collect())
}

/// A conversation is stored without its messages, which are rows of their own.
pub(super) const PUT_TOGETHER: PutTogether = PutTogether {
    table: Message::TABLE,
    column: "conversation_id",
    join: |record, content| format!(r#"{BEGINNING}{record},"content":[{}]}}"#, content.join(",")),
};

/// Where in the lists a conversation stands, as far as it says so.
pub(super) struct Place {
    /// The time by which they are sorted; none where only a day is told.
    pub(super) sorted_at: Option<DateTime<Utc>>,
    /// Which of the two lists it belongs to.
    pub(super) is_priority: Option<bool>,
}

/// The places of the first and the last conversation of an answer.
pub(super) fn ends_of(got: &Envelope<'_>, account: &Account) -> Option<[Place; 2]> {
    let mut records = got.records.iter().filter(|record| record.starts_with(BEGINNING));
    let first = records.next()?;
    let last = records.next_back().unwrap_or(first);
    Some([place_of(first, account)?, place_of(last, account)?])
}

fn place_of(record: &str, account: &Account) -> Option<Place> {
    let group = Group::read(record).ok()?;
    let wire = Header::read(group.conversation.raw()?).ok()?;
    // Whatever cannot be read is counted when the record is mapped.
    let faults = Faults::new();
    Some(Place {
        sorted_at: wire.oldest_sort_date.instant(&faults, account),
        is_priority: wire.is_priority.flag(&faults),
    })
}

fn key(record: &str) -> Option<String> {
    Content::read(record).ok()?.id.key().ok()
}

/// The ids of the content of a conversation, each once, as far as they can be read.
fn named_ids(record: &str) -> Vec<String> {
    Header::read(record).map_or_else(
        |_| Vec::new(),
        |header| read_ids(&header.content_ids, &Faults::new()).unwrap_or_default(),
    )
}

fn read_ids(list: &Field<'_>, faults: &Faults) -> Option<Vec<String>> {
    let mut met = BTreeSet::new();
    let ids = read_list(list, faults)?;
    let ids = ids
        .iter()
        .filter_map(|json| Field::new(list.name(), json).key().ok());
    Some(ids.filter(|id| met.insert(id.clone())).collect())
}

/// A conversation with its content. What can be read of them lands, and the rest is rejected.
///
/// Content that no conversation names lands without one, unless it is there already: another page may have placed it.
pub(super) fn map_conversation(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let group = Group::read(item.record)?;
    let owner = group.conversation.raw().and_then(key);
    let mut flaw = None;
    let mut messages = Vec::new();
    for record in group.content.records(item.faults) {
        match map_message(record, owner.as_deref(), item) {
            Ok(row) => messages.push(Read { row, record }),
            Err(error) => flaw = flaw.or(Some(error)),
        }
    }
    match group.conversation.raw() {
        Some(record) => {
            let told: Vec<Told> = messages.iter().map(|message| Told::from(&message.row)).collect();
            let result = map_header(record, &told, item, batch);
            // What the conversation lacks is told before what a message lacks.
            flaw = result.err().or(flaw);
        }
        // Nothing stood where a conversation belongs.
        None if messages.is_empty() => flaw = flaw.or(Some(MapError::Missing("id"))),
        None => {}
    }
    for Read { row, record } in messages {
        match &owner {
            Some(_) => batch.push(row, record),
            None => batch.fill(row, record),
        }
    }
    flaw.map_or(Ok(()), Err)
}

/// A row with the record that it was read from.
struct Read<'a, E> {
    row: E,
    record: &'a str,
}

/// A conversation with its labels and channels.
fn map_header(record: &str, told: &[Told], item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let (wire, faults) = (Header::read(record)?, item.faults);
    let id = wire.id.key()?;
    let sorted_at = wire.oldest_sort_date.instant_or_day(faults, item.account);
    let message_count = read_ids(&wire.content_ids, faults).map(|ids| ids.len());
    let is_closed = wire.status.text(faults).map(|status| status == ARCHIVED);
    let (first_at, last_at) = (
        told.iter().filter_map(|told| told.at).min(),
        told.iter().filter_map(|told| told.at).max(),
    );
    // Of a conversation whose messages did not all come, nobody can say which was the first answer.
    let response = first_response(told).filter(|_| message_count == Some(told.len()));
    let tags = replace_labels(&wire.tags, faults, |tag| tag_of(&id, tag, faults));
    let channels = replace_labels(&wire.channels, faults, |channel| channel_of(&id, channel));
    let row = Conversation {
        // The first message is the best start there is; the time of the list may move (assumed).
        started_at: first_at.or(sorted_at),
        last_activity_at: last_at,
        sorted_at,
        status: wire.status.owned(faults),
        is_closed,
        is_priority: wire.is_priority.flag(faults),
        contains_private: wire.contains_private.flag(faults),
        contact_id: referred_id(&wire.author, faults),
        agent_id: referred_id(&wire.assigned_to, faults),
        channel_id: channels
            .rows
            .first()
            .and_then(|first| first.row.channel_id.clone()),
        first_response_at: response.map(|response| response.at),
        first_response_seconds: response.map(|response| response.seconds),
        message_count: message_count.and_then(|count| i64::try_from(count).ok()),
        resolved_at: last_at.filter(|_| is_closed == Some(true)),
        handling_times: handling_times(&wire.handling_times),
        id,
        ..Conversation::default()
    };
    let id = row.id.clone();
    batch.push(row, record);
    tags.add_to(batch, &id);
    channels.add_to(batch, &id);
    Ok(())
}

/// The vendor's handling times, in all their digits; an empty list is none.
fn handling_times(field: &Field<'_>) -> Option<String> {
    let json = field.raw().filter(|_| !field.is_nothing())?;
    let (mut is_text, mut is_escaped) = (false, false);
    let is_told = |sign: &char| {
        let is_layout = !is_text && sign.is_ascii_whitespace();
        is_text ^= *sign == '"' && !is_escaped;
        is_escaped = *sign == '\\' && !is_escaped;
        !is_layout
    };
    Some(make_storable(json).chars().filter(is_told).collect())
}

/// What a message tells of the course of its conversation.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: Option<DateTime<Utc>>,
    is_inbound: bool,
    is_outbound: bool,
}

impl From<&Message> for Told {
    fn from(message: &Message) -> Self {
        Self {
            at: message.sent_at,
            is_inbound: message.direction.as_deref() == Some(INBOUND),
            is_outbound: message.direction.as_deref() == Some(OUTBOUND),
        }
    }
}

/// The first answer that a customer got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Response {
    at: DateTime<Utc>,
    /// How long after the customer's first message.
    seconds: i64,
}

/// The first message to the customer that is not older than the customer's first. Where a message has no time, nobody can say.
fn first_response(told: &[Told]) -> Option<Response> {
    let times: Option<Vec<DateTime<Utc>>> = told.iter().map(|told| told.at).collect();
    let messages: Vec<_> = told.iter().zip(times?).collect();
    let inbound = messages.iter().filter(|(told, _)| told.is_inbound);
    let asked_at = inbound.map(|(_, at)| *at).min()?;
    let answers = messages
        .iter()
        .filter(|(told, at)| told.is_outbound && *at >= asked_at);
    let at = answers.map(|(_, at)| *at).min()?;
    let seconds = (at - asked_at).num_seconds();
    Some(Response { at, seconds })
}

/// What a conversation is labelled with, all of it or a part.
struct Labels<'a, E> {
    rows: Vec<Read<'a, E>>,
    /// True where the vendor showed the list, and every item of it could be read.
    is_whole: bool,
}

/// Reads the labels of a list; one that cannot be read costs no other.
fn replace_labels<'a, E>(
    list: &Field<'a>,
    faults: &Faults,
    read: impl Fn(&Field<'a>) -> Result<E, MapError>,
) -> Labels<'a, E> {
    let Some(records) = read_list(list, faults) else {
        return Labels {
            rows: Vec::new(),
            is_whole: false,
        };
    };
    let count = records.len();
    let read = |record: &'a str| match read(&Field::new(list.name(), record)) {
        Ok(row) => Some(Read { row, record }),
        Err(_) => list.fault(faults, FaultKind::Unreadable),
    };
    let rows: Vec<Read<'a, E>> = records.into_iter().filter_map(read).collect();
    Labels {
        is_whole: rows.len() == count,
        rows,
    }
}

impl<E: Entity> Labels<'_, E> {
    /// Replaces the labels of a conversation; a list that the vendor did not show whole replaces nothing.
    fn add_to(self, batch: &mut Batch, conversation: &str) {
        if self.is_whole {
            batch.replace(Children {
                table: E::TABLE,
                column: "conversation_id",
                parent: conversation.to_owned(),
                ids: self.rows.iter().map(|label| label.row.id().to_owned()).collect(),
            });
        }
        for Read { row, record } in self.rows {
            batch.push(row, record);
        }
    }
}

fn tag_of(owner: &str, tag: &Field<'_>, faults: &Faults) -> Result<ConversationTag, MapError> {
    let tag_id = referred_key(tag)?;
    Ok(ConversationTag {
        id: format!("{owner}:{tag_id}"),
        conversation_id: Some(owner.to_owned()),
        tag_id: Some(tag_id),
        tag_name: referred_name(tag, faults),
    })
}

fn channel_of(owner: &str, channel: &Field<'_>) -> Result<ConversationChannel, MapError> {
    let channel_id = referred_key(channel)?;
    Ok(ConversationChannel {
        id: format!("{owner}:{channel_id}"),
        conversation_id: Some(owner.to_owned()),
        channel_id: Some(channel_id),
    })
}

const INBOUND: &str = "inbound";
const OUTBOUND: &str = "outbound";

fn map_message(record: &str, owner: Option<&str>, item: &Item<'_>) -> Result<Message, MapError> {
    let (wire, faults) = (Content::read(record)?, item.faults);
    let agent_id = referred_id(&wire.user, faults);
    let contact_id = referred_id(&wire.author, faults);
    let is_by_source = wire.is_by_source.flag(faults);
    Ok(Message {
        id: wire.id.key().map_err(|_| MapError::Missing("content.id"))?,
        conversation_id: owner.map(str::to_owned),
        sent_at: wire.created_date.instant_or_day(faults, item.account),
        direction: read_direction(agent_id.is_some(), contact_id.is_some(), is_by_source).map(str::to_owned),
        agent_id,
        contact_id,
        text: wire.text.owned(faults),
        message_type: wire.kind.owned(faults),
        platform: wire.platform.owned(faults),
        platform_id: wire.platform_id.id(faults),
        link: wire.link.owned(faults),
        reply_to_id: referred_id(&wire.parent, faults),
        sentiment: judge_value(&wire.sentiment, faults).decimal(faults),
        is_private: wire.is_private.flag(faults),
        is_priority: wire.is_priority.flag(faults),
        ..Message::default()
    })
}

/// What an agent wrote, or the brand's own presence, goes out; what anybody else wrote comes in. Nothing about the writer at
/// all says nothing about the direction.
fn read_direction(has_agent: bool, has_author: bool, is_by_source: Option<bool>) -> Option<&'static str> {
    match is_by_source {
        _ if has_agent => Some(OUTBOUND),
        Some(true) => Some(OUTBOUND),
        None if !has_author => None,
        _ => Some(INBOUND),
    }
}

#[cfg(test)]
mod tests;
