//! Convertalk's records as they come over the wire. Only `_id` is certain: chats were seen in one sample, contacts in one reply.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::{Account, MapError};
use crate::vendors::lenient::Scalar;

/// Members that move without anybody doing anything to the chat: the live flag, counters of unread messages, and the time
/// that moves with them (client programs).
const VOLATILE: [&str; 4] = ["isOnline", "unreadMessage", "unreadMessages", "updatedAt"];

/// A chat of inbox/direct/chats, or a contact of inbox/users, which has more members.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Chat<'a> {
    #[serde(borrow, rename = "_id")]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) uuid: Scalar<'a>,
    #[serde(borrow)]
    pub(super) created_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) updated_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_seen_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) website_visits: Scalar<'a>,
    #[serde(borrow, rename = "_agentAssigned")]
    pub(super) agent_assigned: Scalar<'a>,
    #[serde(borrow)]
    is_contact: Scalar<'a>,
    /// A list of one (client programs).
    #[serde(borrow)]
    platform: Option<&'a RawValue>,
    /// Kept as received: it is the record of a message.
    #[serde(borrow)]
    last_message: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_nothing")]
    profile: Profile<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(borrow, deserialize_with = "or_nothing")]
    user_details: Person<'a>,
}

/// Who the visitor is; empty texts while nobody knows.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Person<'a> {
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) picture: Scalar<'a>,
    #[serde(borrow, deserialize_with = "or_nothing")]
    pub(super) contact: Reach<'a>,
    #[serde(borrow)]
    pub(super) city: Scalar<'a>,
    #[serde(borrow)]
    pub(super) country: Scalar<'a>,
    #[serde(borrow)]
    pub(super) gender: Scalar<'a>,
    #[serde(borrow)]
    tags: Option<&'a RawValue>,
}

/// How the visitor can be reached.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Reach<'a> {
    #[serde(borrow)]
    pub(super) email: Scalar<'a>,
    #[serde(borrow, deserialize_with = "or_nothing")]
    pub(super) phone: Phone<'a>,
}

/// A telephone number in two parts.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Phone<'a> {
    #[serde(borrow)]
    pub(super) prefix: Scalar<'a>,
    #[serde(borrow)]
    pub(super) number: Scalar<'a>,
}

/// The last message of a chat.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) text: Scalar<'a>,
    #[serde(borrow)]
    pub(super) by: Scalar<'a>,
    #[serde(borrow)]
    pub(super) at: Scalar<'a>,
}

/// A group of contacts.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Segment<'a> {
    #[serde(borrow, rename = "_id")]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, rename = "segmentName")]
    pub(super) name: Scalar<'a>,
    #[serde(borrow, rename = "_customer")]
    pub(super) customer: Scalar<'a>,
}

impl<'a> Chat<'a> {
    /// Who the visitor is.
    pub(super) fn person(&self) -> &Person<'a> {
        &self.profile.user_details
    }

    /// True where contact data are known.
    pub(super) fn is_contact(&self) -> Option<bool> {
        self.is_contact.text().map(|flag| matches!(flag, "1" | "true"))
    }

    /// The first platform.
    pub(super) fn platform(&self) -> Result<Option<String>, MapError> {
        let Some(raw) = self.platform else { return Ok(None) };
        let list: Result<Option<Vec<Scalar<'_>>>, _> = serde_json::from_str(raw.get());
        let list = list.map_err(|_| MapError::Unknown("platform"))?;
        Ok(list.and_then(|list| list.first()?.owned()))
    }

    /// The last message with its record, where there is one.
    pub(super) fn last_message(&self) -> Result<Option<(Message<'a>, &'a str)>, MapError> {
        let Some(raw) = self.last_message.map(RawValue::get) else {
            return Ok(None);
        };
        let message: Option<Message<'a>> =
            serde_json::from_str(raw).map_err(|_| MapError::Unknown("lastMessage"))?;
        Ok(message.map(|message| (message, raw)))
    }

    /// When anybody last wrote or was seen. Client programs saw `lastSeenAt` equal or later; it may be missing.
    pub(super) fn last_activity(&self, account: &Account) -> Result<Option<DateTime<Utc>>, MapError> {
        let seen = self.last_seen_at.instant("lastSeenAt", account)?;
        let written = match self.last_message()? {
            Some((message, _)) => message.at.instant("lastMessage.at", account)?,
            None => None,
        };
        Ok(seen.max(written))
    }
}

impl<'a> Person<'a> {
    /// The labels, each as received, where the record says which there are.
    pub(super) fn tags(&self) -> Result<Option<Vec<(Scalar<'a>, &'a str)>>, MapError> {
        let Some(list) = self.tags else { return Ok(None) };
        let unknown = |_| MapError::Unknown("tags");
        let tags: Vec<&'a RawValue> = serde_json::from_str(list.get()).map_err(unknown)?;
        let tags = tags.into_iter().map(RawValue::get);
        tags.map(|raw| Ok((serde_json::from_str(raw).map_err(unknown)?, raw)))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

/// When a record's chat was last active; nothing where it cannot be told.
pub(super) fn last_activity(record: &str, account: &Account) -> Option<DateTime<Utc>> {
    let chat: Chat<'_> = serde_json::from_str(record).ok()?;
    chat.last_activity(account).ok()?
}

/// The part of a record that says something: in the order of its members' names, since the vendor's own order varies.
pub(super) fn lasting(record: &str) -> String {
    let members: Result<BTreeMap<Cow<'_, str>, &RawValue>, _> = serde_json::from_str(record);
    let Ok(members) = members else {
        return record.to_owned();
    };
    let lasting = members
        .iter()
        .filter(|(name, _)| !VOLATILE.contains(&name.as_ref()));
    lasting
        .flat_map(|(name, value)| ["\n", name.as_ref(), "\n", value.get()])
        .collect()
}

/// An object; `null` is one without members.
fn or_nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
