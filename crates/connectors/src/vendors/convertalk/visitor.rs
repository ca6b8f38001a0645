//! What chats and contacts have in common: the visitor. Only `_id` is certain: chats were seen in one sample, contacts in one reply.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::value::RawValue;

use crate::source::{Account, Faults};
use crate::wire::{MemberName, wire_record};

use super::values::Phone;

/// Members that move without anybody doing anything to the chat: the live flag, counters of unread messages, and the time
/// that moves with them (client programs).
const VOLATILE: [&str; 4] = ["isOnline", "unreadMessage", "unreadMessages", "updatedAt"];

wire_record! {
    /// A chat of inbox/direct/chats, or a contact of inbox/users, which has more members.
    pub(super) struct Visitor {
        id = "_id",
        uuid,
        created_at = "createdAt",
        updated_at = "updatedAt",
        last_seen_at = "lastSeenAt",
        status,
        website_visits = "websiteVisits",
        agent_assigned = "_agentAssigned",
        is_contact = "isContact",
        /// A list of one (client programs).
        platform,
        /// An object with a flag (client programs).
        has_ordered = "hasOrdered",
        /// The groups that a contact belongs to (client programs); whether as ids or as objects is assumed.
        segments,
        last_message = "lastMessage",
        profile,
    }
}

wire_record! {
    pub(super) struct Profile { user_details = "userDetails", notes }
}

wire_record! {
    /// Who the visitor is; empty texts while nobody knows.
    pub(super) struct Person { name, picture, contact, city, country, gender, tags, attributes }
}

wire_record! {
    /// How the visitor can be reached.
    pub(super) struct Reach { email, phone }
}

wire_record! {
    /// Whether a contact ordered something.
    pub(super) struct Ordered { status }
}

wire_record! {
    /// The last message of a chat.
    pub(super) struct LastMessage { text, by, at }
}

impl<'a> Visitor<'a> {
    /// What agents and the bot noted of them.
    pub(super) fn read_profile(&self, faults: &Faults) -> Profile<'a> {
        Profile::read_nested(&self.profile, faults)
    }

    /// When anybody last wrote or was seen. Client programs saw `lastSeenAt` equal or later; it may be missing.
    pub(super) fn last_activity(&self, faults: &Faults, account: &Account) -> Option<DateTime<Utc>> {
        let message = LastMessage::read_nested(&self.last_message, faults);
        let written = message.at.instant(faults, account);
        self.last_seen_at.instant(faults, account).max(written)
    }
}

impl<'a> Person<'a> {
    /// How they can be reached.
    pub(super) fn reach_visitor(&self, faults: &Faults) -> Reach<'a> {
        Reach::read_nested(&self.contact, faults)
    }
}

impl<'a> Reach<'a> {
    /// Their e-mail address, in lower case.
    pub(super) fn read_email(&self, faults: &Faults) -> Option<String> {
        self.email.text(faults).map(|email| email.to_lowercase())
    }

    /// Their telephone number.
    pub(super) fn read_phone(&self, faults: &Faults) -> Phone<'a> {
        Phone::read_nested(&self.phone, faults)
    }
}

/// What paging has to know of a record.
pub(super) struct Sighting {
    /// Its id; empty where it has none.
    pub(super) id: String,
    /// When its chat was last active; nothing where it cannot be told.
    pub(super) last_activity: Option<DateTime<Utc>>,
}

/// Looks at a record for paging's sake. What is wrong with it is counted when it is read.
pub(super) fn see_value(record: &str, account: &Account) -> Sighting {
    let faults = Faults::new();
    let visitor = Visitor::read(record).unwrap_or(Visitor::empty());
    Sighting {
        id: visitor.id.key().unwrap_or_default(),
        last_activity: visitor.last_activity(&faults, account),
    }
}

/// The part of a record that says something: in the order of its members' names, since the vendor's own order varies.
pub(super) fn lasting_part(record: &str) -> String {
    let Ok(Members(mut members)) = serde_json::from_str(record) else {
        return record.to_owned();
    };
    members.retain(|member| !VOLATILE.contains(&member.name.as_str()));
    members.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    let parts = members
        .iter()
        .flat_map(|member| ["\n", member.name.as_str(), "\n", member.json]);
    parts.collect()
}

struct Member<'a> {
    name: MemberName<'a>,
    json: &'a str,
}

struct Members<'a>(Vec<Member<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> serde::de::Visitor<'de> for MembersVisitor {
            type Value = Vec<Member<'de>>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some((name, json)) = members.next_entry::<MemberName<'de>, &RawValue>()? {
                    all.push(Member {
                        name,
                        json: json.get(),
                    });
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}
