//! From Conversocial's conversations and content to the common schema, in column order.

use chrono::{DateTime, Utc};

use crate::schema::{
    Batch, Children, Contact, Conversation, ConversationChannel, ConversationTag, Entity, Message,
};
use crate::source::{Account, Item, MapError};
use crate::vendors::lenient::record;

use super::loose::{Loose, flag, instant, target};
use super::wire;

/// A conversation with its content. What can be read of them lands, and the rest is rejected.
///
/// Content that no conversation names lands without one, unless it is there already: another page may have placed it.
pub(super) fn conversation(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let group: wire::Group<'_> = record(item.record)?;
    let owner = group.conversation.and_then(|raw| {
        let named: wire::Named<'_> = serde_json::from_str(raw.get()).ok()?;
        named.id.scalar("id").ok()?.id()
    });
    let mut flaw = None;
    let mut times = Vec::new();
    for raw in &group.content {
        match message(raw.get(), owner.as_deref(), item.account) {
            Ok(message) => {
                times.extend(message.sent_at);
                match &owner {
                    Some(_) => batch.push(message, raw.get()),
                    None => batch.fill(message, raw.get()),
                }
            }
            Err(error) => flaw = flaw.or(Some(error)),
        }
    }
    if let Some(raw) = group.conversation {
        header(raw.get(), &times, item.account, batch)?;
    }
    flaw.map_or(Ok(()), Err)
}

/// A conversation with its labels and channels. `times` are those of its messages.
fn header(raw: &str, times: &[DateTime<Utc>], account: &Account, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Conversation<'_> = record(raw)?;
    let id = wire.id.id().ok_or(MapError::Missing("id"))?;
    let sorted_at = instant(&wire.oldest_sort_date, "oldest_sort_date", account)?;
    let (tags, channels) = (tags(wire.tags, &id)?, channels(wire.channels, &id)?);
    let row = Conversation {
        // The first message is the best start there is; the time of the list may move (assumed).
        started_at: times.iter().min().copied().or(sorted_at),
        last_activity_at: times.iter().max().copied(),
        sorted_at,
        status: wire.status.owned(),
        is_closed: wire.status.text().map(|status| status == "archived"),
        is_priority: flag(&wire.is_priority, "is_priority")?,
        contains_private: flag(&wire.contains_private, "contains_private")?,
        contact_id: wire.author.id("author")?,
        agent_id: wire.assigned_to.id("assigned_to")?,
        channel_id: channels
            .as_ref()
            .and_then(|channels| channels.first())
            .and_then(|(channel, _)| channel.channel_id.clone()),
        id,
        ..Conversation::default()
    };
    children(batch, &row.id, tags);
    children(batch, &row.id, channels);
    batch.push(row, raw);
    Ok(())
}

/// Replaces the children of a conversation; a list that the vendor did not show replaces nothing.
fn children<E: Entity>(batch: &mut Batch, parent: &str, rows: Option<Vec<(E, &str)>>) {
    let Some(rows) = rows else { return };
    batch.replace(Children {
        table: E::TABLE,
        column: "conversation_id",
        parent: parent.to_owned(),
        ids: rows.iter().map(|(row, _)| row.id().to_owned()).collect(),
    });
    for (row, raw) in rows {
        batch.push(row, raw);
    }
}

/// The labels of a conversation, each with its record.
fn tags<'a>(list: Loose<'a>, owner: &str) -> Result<Option<Vec<(ConversationTag, &'a str)>>, MapError> {
    let Some(list) = list.list("tags")? else {
        return Ok(None);
    };
    let tag = |raw: &'a str| {
        let tag = target(raw, "tags")?;
        let tag_id = tag.id.id().ok_or(MapError::Missing("tags.id"))?;
        let row = ConversationTag {
            id: format!("{owner}:{tag_id}"),
            conversation_id: Some(owner.to_owned()),
            tag_id: Some(tag_id),
            tag_name: tag.name.owned(),
        };
        Ok((row, raw))
    };
    list.into_iter().map(tag).collect::<Result<_, _>>().map(Some)
}

/// The channels of a conversation, each with its record.
fn channels<'a>(
    list: Loose<'a>,
    owner: &str,
) -> Result<Option<Vec<(ConversationChannel, &'a str)>>, MapError> {
    let Some(list) = list.list("channels")? else {
        return Ok(None);
    };
    let channel = |raw: &'a str| {
        let channel = target(raw, "channels")?;
        let channel_id = channel.id.id().ok_or(MapError::Missing("channels.id"))?;
        let row = ConversationChannel {
            id: format!("{owner}:{channel_id}"),
            conversation_id: Some(owner.to_owned()),
            channel_id: Some(channel_id),
        };
        Ok((row, raw))
    };
    list.into_iter().map(channel).collect::<Result<_, _>>().map(Some)
}

fn message(raw: &str, owner: Option<&str>, account: &Account) -> Result<Message, MapError> {
    let wire: wire::Content<'_> = record(raw)?;
    let agent_id = wire.user.id("user")?;
    let contact_id = wire.author.id("author")?;
    let is_by_source = flag(&wire.is_by_source, "is_by_source")?;
    Ok(Message {
        id: wire.id.id().ok_or(MapError::Missing("content.id"))?,
        conversation_id: owner.map(str::to_owned),
        sent_at: instant(&wire.created_date, "created_date", account)?,
        direction: direction(agent_id.is_some(), contact_id.is_some(), is_by_source).map(str::to_owned),
        agent_id,
        contact_id,
        text: wire.text.owned(),
        message_type: wire.kind.owned(),
        platform: wire.platform.owned(),
        platform_id: wire.platform_id.id(),
        link: wire.link.owned(),
        reply_to_id: wire.parent.id("parent")?,
        sentiment: wire.sentiment.value("sentiment")?.decimal("sentiment")?,
        is_private: flag(&wire.is_private, "is_private")?,
        is_priority: flag(&wire.is_priority, "is_priority")?,
        ..Message::default()
    })
}

/// What an agent wrote, or the brand's own presence, goes out; what anybody else wrote comes in. Nothing about the writer at
/// all says nothing about the direction.
fn direction(has_agent: bool, has_author: bool, is_by_source: Option<bool>) -> Option<&'static str> {
    match is_by_source {
        _ if has_agent => Some("outbound"),
        Some(true) => Some("outbound"),
        None if !has_author => None,
        _ => Some("inbound"),
    }
}

/// A customer. Whatever can be read lands, and a record with more in it than that is rejected as well: customers are asked
/// for one at a time, so that a lost one would be asked for again and again.
pub(super) fn contact(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Author<'_> = record(item.record)?;
    let mut flaw = None;
    let mut text = |value: Loose<'_>, field| match value.scalar(field) {
        Ok(scalar) => scalar.owned(),
        Err(error) => {
            flaw = flaw.or(Some(error));
            None
        }
    };
    let contact = Contact {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        name: text(wire.real_name, "real_name"),
        handle: text(wire.screen_name, "screen_name"),
        platform: text(wire.platform, "platform"),
        platform_id: text(wire.platform_id, "platform_id"),
        location: text(wire.location, "location"),
        website: text(wire.website, "website"),
        description: text(wire.description, "description"),
        profile_link: text(wire.profile_link, "profile_link"),
        picture_link: text(wire.profile_picture, "profile_picture"),
        ..Contact::default()
    };
    batch.push(contact, item.record);
    flaw.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
