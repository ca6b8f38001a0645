//! The records of the simulated account.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::chat::Chat;
use super::world::{View, World};
use super::{BOTS, CUSTOMER};
use crate::cast;
use crate::people::{one_of, scatter};

const TEXTS: [&str; 6] = [
    "Thanks, we will call you.",
    "Which roof do you have?",
    "Do you ship\nabroad? 🙂",
    "See https://shop.example/offer?for=you",
    "",
    "I would like a \"quote\"",
];
const SENDERS: [&str; 4] = ["bot", "user", "agent", "system"];
const TAGS: [&str; 4] = ["solar", "vip", "call back", "Größe: L"];
const CITIES: [&str; 3] = ["Exampleville, CA", "Sampleton, NV", ""];
/// How a North American prefix is written (client programs).
const PREFIXES: [&str; 3] = ["+1", "1", ""];

/// An instant as the vendor writes it.
fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .expect("the simulation lies within the calendar")
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The id of a colleague.
fn agent(place: u32) -> String {
    format!("65a00000000000000000{:04x}", 0xf000 + place)
}

impl World {
    /// The record of a chat.
    pub(super) fn row(&self, View { chat, now }: &View) -> Value {
        let (fate, now) = (chat.fate, *now);
        let written = chat.written(now);
        let mut row = json!({
            "_id": chat.id(),
            "uuid": format!("3f0c7a52-0000-4000-8000-{:012x}", chat.number),
            "createdAt": time(chat.start),
            "updatedAt": time(chat.updated(now)),
            "lastSeenAt": time(chat.seen(now)),
            "isOnline": chat.is_online(now),
            "status": chat.status(),
            "websiteVisits": fate % 5,
            "lastMessage": {
                "text": one_of(&TEXTS, fate >> 3 ^ written.cast_unsigned()),
                "by": one_of(&SENDERS, fate >> 7),
                "at": time(written),
            },
            "profile": { "notes": notes(chat), "userDetails": self.person(chat, now) },
        });
        if fate >> 11 & 1 == 1 {
            let place = u32::try_from(fate >> 12 & 0xff).expect("below 256") % self.agents;
            row["_agentAssigned"] = agent(place).into();
        }
        if self.look(|knobs| knobs.has_odd_rows) {
            make_odd(&mut row, chat);
        }
        if self.look(|knobs| knobs.broken_rows.contains(&chat.number)) {
            row["createdAt"] = "yesterday".into();
        }
        row
    }

    /// Who the visitor is: a customer of all vendors, once they said so; empty texts before.
    fn person(&self, chat: &Chat, now: i64) -> Value {
        let fate = chat.fate;
        let tags = match &chat.tags {
            Some(tags) => tags.clone(),
            None if fate.is_multiple_of(4) => vec![one_of(&TAGS, fate >> 2).to_owned()],
            None => Vec::new(),
        };
        let (mut name, mut email, mut number, mut prefix) = <(String, String, String, &str)>::default();
        if chat.is_lead(now) {
            let customer = cast::any_customer(self.seed, fate >> 13);
            // Trailing blanks were seen.
            name = format!(
                "{} {}{}",
                customer.first,
                customer.last,
                if fate & 8 == 0 { " " } else { "" }
            );
            email = customer.email;
            number = customer.phone.to_string();
            prefix = one_of(&PREFIXES, fate >> 9);
            if fate & 0x30 == 0 {
                number = format!("+1{number}");
            }
        }
        json!({
            "name": name, "picture": "",
            "contact": { "email": email, "phone": { "number": number, "prefix": prefix } },
            "city": one_of(&CITIES, fate >> 4), "country": "United States",
            "gender": if fate & 0x40 == 0 { "MALE" } else { "" },
            "tags": tags,
            "attributes": [ { "key": "roof_type", "value": "flat" } ],
        })
    }

    /// The record of a contact, which has more members.
    pub(super) fn contact(&self, view: &View) -> Value {
        let mut row = self.row(view);
        let View { chat, now } = view;
        let is_contact = chat.is_lead(*now);
        let more = json!({
            "_customer": CUSTOMER,
            "_user": format!("65a1{:020x}", chat.number),
            "_botWebsite": BOTS[chat.bot],
            "chatBotType": "FLOW_BASED",
            "platform": ["WEBSITE"], "secondaryPlatform": ["website"],
            "isContact": is_contact, "isSubscriber": true, "isImported": false, "userInteracted": chat.fate & 1 == 0,
            "segments": [], "integrations": {}, "hasOrdered": { "status": false },
            "unreadMessage": [ { "userId": agent(0), "count": chat.touched.unwrap_or_default() % 7 } ],
            "unreadMessages": chat.touched.unwrap_or_default() % 7,
            "__v": 0,
        });
        if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
            row.extend(more);
        }
        row["profile"]["device"] =
            json!({ "device": "Desktop", "browser": "Firefox", "ip": "192.0.2.7", "operatingSystem": "" });
        row
    }
}

fn notes(chat: &Chat) -> Value {
    if chat.fate & 0x300 != 0 {
        return json!([]);
    }
    json!([ { "_id": format!("65a2{:020x}", chat.number), "title": "Budget", "description": "asked for a quote" } ])
}

/// Lacking members, empty ones, unknown words and very long ones.
fn make_odd(row: &mut Value, chat: &Chat) {
    let pick = scatter(chat.fate, 3) % 24;
    let Value::Object(members) = row else { return };
    match pick {
        0 => _ = members.remove("lastMessage"),
        1 => _ = members.insert("lastMessage".to_owned(), Value::Null),
        2 => _ = members.insert("status".to_owned(), "SURPRISE".into()),
        3 => _ = members.remove("status"),
        4 => _ = members.insert("_agentAssigned".to_owned(), "".into()),
        5 => _ = members.remove("websiteVisits"),
        6 => _ = members.insert("profile".to_owned(), Value::Null),
        7 | 8 => {
            let visited: Vec<String> = (0..60)
                .map(|page| format!("https://shop.example/{page}?token=t{page}"))
                .collect();
            row["profile"]["marketing"] = json!({ "urlsVisited": visited });
        }
        _ => (),
    }
}

/// The groups of contacts.
pub(super) fn segments() -> Vec<Value> {
    let names = ["Newsletter", "Open quotes", "Customers of 2025"];
    let segment = |(place, name): (usize, &&str)| json!({ "_id": format!("65a3{place:020x}"), "_customer": CUSTOMER, "segmentName": name, "createdAt": time(1_767_000_000) });
    names.iter().enumerate().map(segment).collect()
}
