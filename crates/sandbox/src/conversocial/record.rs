//! Records as the vendor shows them.

use serde_json::{Map, Value, json};

use super::super::local;
use super::story::{ACCOUNT, NETWORKS, day};
use super::world::{Conversation, Message, Report, State};

/// What the addresses inside records begin with.
pub(super) const HOME: &str = "https://api.conversocial.com/v1.3";

/// A second as the vendor writes it: in UTC, without saying so.
pub(super) fn time(second: i64) -> String {
    local::moment(second).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The id of a customer.
pub(super) fn author_id(number: u32) -> String {
    format!("t:{number}")
}

/// A reference to a record of a list.
pub(super) fn reference(list: &str, id: &str) -> Value {
    json!({"id": id, "url": format!("{HOME}/{list}/{id}")})
}

/// A reference to a label, which alone carries a name.
pub(super) fn label(state: &State, id: &str) -> Value {
    let tags = state.lists.get("tags").map_or(&[][..], Vec::as_slice);
    let name = tags
        .iter()
        .find(|tag| tag["id"] == id)
        .map_or(Value::Null, |tag| tag["name"].clone());
    json!({"id": id, "name": name, "url": format!("{HOME}/tags/{id}")})
}

/// A conversation with all its fields.
pub(super) fn conversation(state: &State, of: &Conversation, now: i64, shows_sort_date: bool) -> Value {
    let id = &of.id;
    let channels: Vec<Value> = of.channels.iter().map(|id| reference("channels", id)).collect();
    let tags: Vec<Value> = of.tags.iter().map(|id| label(state, id)).collect();
    let content: Vec<&str> = of.visible(now).map(|message| message.id.as_str()).collect();
    let mut record = json!({
        "id": id, "url": format!("{HOME}/conversations/{id}"), "status": of.status, "is_priority": of.is_priority,
        "contains_private": of.visible(now).any(|message| message.is_private),
        "author": reference("authors", &of.author),
        "assigned_to": of.assigned_to.as_deref().map(|id| reference("users", id)),
        "channels": channels, "tags": tags, "content_ids": content, "handling_times": [],
    });
    if shows_sort_date {
        record["oldest_sort_date"] = json!(time(of.sorted));
    }
    record
}

/// A message of a conversation.
pub(super) fn content(of: &Conversation, message: &Message) -> Value {
    let network = NETWORKS
        .iter()
        .find(|(id, _)| of.channels.first().is_some_and(|own| own == id));
    let judge = || message.user.clone().unwrap_or_else(|| "5120".to_owned());
    json!({
        "id": message.id, "type": if message.is_private { "private_message" } else { "mention" },
        "platform": network.map_or("twitter", |(_, network)| network), "platform_id": format!("16{}", message.at),
        "link": if message.is_private { Value::Null } else { json!(format!("https://social.example/{}", message.id)) },
        "text": message.text, "created_date": time(message.at),
        "author": message.author.as_deref().map(|id| reference("authors", id)),
        "user": message.user.as_deref().map(|id| reference("users", id)),
        "parent": message.parent.as_deref().map(|id| reference("content", id)),
        "channels": of.channels.iter().map(|id| reference("channels", id)).collect::<Vec<_>>(), "tags": [],
        "sentiment": message.sentiment.map(|value| json!({"created_by": reference("users", &judge()), "value": value})),
        "attachments": [], "is_priority": of.is_priority, "is_private": message.is_private,
        "is_by_source": message.user.is_some(),
    })
}

/// A report as it stands after so many looks at it; members come one after the other (documented).
pub(super) fn report(of: &Report, signature: &str) -> Value {
    let id = &of.id;
    let mut record = json!({
        "id": id, "url": format!("{HOME}/reports/{id}"), "account": reference("accounts", ACCOUNT), "name": format!("Report {id}"),
        "generated_by": reference("users", "5120"), "date_from": day(of.ordered - 30 * 86_400), "date_to": day(of.ordered),
        "date_type": "created_date",
    });
    if of.looks >= 1 {
        record["generation_start_date"] = json!(time(of.ordered + 20));
    }
    if of.looks >= 2 && of.fails {
        record["failure"] = json!("collecting");
    } else if of.looks >= 2 {
        record["generated_date"] = json!(time(of.ordered + 140));
        record["download"] = json!(format!("https://files.example/{id}.zip{signature}"));
    }
    record
}

/// What an agent did to a customer's profile.
pub(super) fn action(list: &str, action: &str, id: &str, at: i64, customer: u32, user: u64) -> Value {
    let fraction = at.rem_euclid(1_000_000);
    let mut record = json!({
        "id": id, "action": action, "created_date": format!("{}.{fraction:06}", time(at.div_euclid(1_000_000))),
        "author": {"author_ids": [author_id(customer)], "customer_profiles_id": format!("64b1f0aac3d2a100{customer:08x}")},
        "user": user,
    });
    match list {
        "notes" => record["text"] = json!("Prefers e-mail"),
        "tags" => record["name"] = json!("VIP"),
        _ => (record["text"], record["type_id"]) = (json!("Berlin"), json!("501")),
    }
    record
}

/// The record with only these fields; unknown ones are passed over (documented).
pub(super) fn chosen(record: &Value, fields: Option<&str>, always: &[&str]) -> Value {
    let fields: Vec<&str> = fields
        .unwrap_or_default()
        .split(',')
        .chain(always.iter().copied())
        .collect();
    let members = record.as_object().into_iter().flatten();
    let kept = members.filter(|(name, _)| fields.contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}
