//! Records as the vendor shows them, and what the warehouse should hold of them.

use serde_json::{Map, Value, json};

use super::seed::{ACCOUNT, NETWORKS};
use super::{Account, Conversation, Message, Report, State};
use crate::account::Records;
use crate::local::{self, DAY};
use crate::table::Table;

/// What the addresses inside records begin with.
pub(super) const HOME: &str = "https://api.conversocial.com/v1.3";

/// A second as the vendor writes it: in UTC, without saying so.
pub(super) fn time_text(second: i64) -> String {
    local::wall_text(second).replace(' ', "T")
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
fn tag_record(state: &State, now: i64, id: &str) -> Value {
    let tag = state.lists.get("tags").and_then(|tags| tags.get(id, now));
    let name = tag.map_or(Value::Null, |tag| tag["name"].clone());
    json!({"id": id, "name": name, "url": format!("{HOME}/tags/{id}")})
}

/// A conversation with all its fields.
pub(super) fn conversation_record(state: &State, now: i64, id: &str, of: &Conversation) -> Value {
    let tags: Vec<Value> = of.tags.iter().map(|id| tag_record(state, now, id)).collect();
    let content: Vec<&str> = of.written(now).map(|message| message.id.as_str()).collect();
    json!({
        "id": id, "url": format!("{HOME}/conversations/{id}"), "status": of.status, "is_priority": of.is_priority,
        "contains_private": of.written(now).any(|message| message.is_private),
        "author": reference("authors", &of.author),
        "assigned_to": of.assigned_to.as_deref().map(|id| reference("users", id)),
        "channels": [reference("channels", &of.channel)], "tags": tags, "content_ids": content, "handling_times": handling_times(of),
        "oldest_sort_date": time_text(of.sorted),
    })
}

/// What it took to deal with a conversation; nobody describes how the vendor says it.
fn handling_times(of: &Conversation) -> Value {
    of.handled
        .iter()
        .map(|seconds| json!({"seconds": seconds}))
        .collect()
}

/// A message of a conversation.
pub(super) fn message_record(of: &Conversation, message: &Message) -> Value {
    let network = NETWORKS.iter().find(|(id, _)| of.channel == *id);
    let judge = message.user.as_deref().unwrap_or("5120");
    json!({
        "id": message.id, "type": if message.is_private { "private_message" } else { "mention" },
        "platform": network.map_or("twitter", |(_, network)| network), "platform_id": format!("16{}", message.at),
        "link": (!message.is_private).then(|| format!("https://social.example/{}", message.id)),
        "text": message.text, "created_date": time_text(message.at),
        "author": message.author.as_deref().map(|id| reference("authors", id)),
        "user": message.user.as_deref().map(|id| reference("users", id)),
        "parent": message.parent.as_deref().map(|id| reference("content", id)),
        "channels": [reference("channels", &of.channel)], "tags": [],
        "sentiment": message.sentiment.map(|value| json!({"created_by": reference("users", judge), "value": value})),
        "attachments": [], "is_priority": of.is_priority, "is_private": message.is_private,
        "is_by_source": message.user.is_some(),
    })
}

/// A report as it stands after so many looks at it; members come one after the other (documented).
pub(super) fn report_record(id: &str, of: &Report, signature: &str) -> Value {
    let day = |second| local::moment_of(second).date().to_string();
    let mut record = json!({
        "id": id, "url": format!("{HOME}/reports/{id}"), "account": reference("accounts", ACCOUNT),
        "name": format!("Report {id}"), "generated_by": reference("users", "5120"),
        "date_from": day(of.ordered - 30 * DAY), "date_to": day(of.ordered), "date_type": "created_date",
    });
    if of.looks >= 1 {
        record["generation_start_date"] = json!(time_text(of.ordered + 20));
    }
    if of.looks >= 2 && of.fails {
        record["failure"] = json!("collecting");
    } else if of.looks >= 2 {
        record["generated_date"] = json!(time_text(of.ordered + 140));
        record["download"] = json!(format!("https://files.example/{id}.zip{signature}"));
    }
    record
}

/// What an agent did to a customer's profile.
pub(super) struct Action<'a> {
    pub(super) list: &'static str,
    pub(super) action: &'a str,
    pub(super) id: &'a str,
    /// In microseconds.
    pub(super) at: i64,
    pub(super) customer: u32,
    pub(super) user: u64,
}

impl Action<'_> {
    /// Adds the action to its list; returns what names it.
    pub(super) fn add_to(&self, state: &mut State) -> String {
        let (second, fraction) = (self.at.div_euclid(1_000_000), self.at.rem_euclid(1_000_000));
        let created = format!("{}.{fraction:06}", time_text(second));
        let key = format!("{}:{}:{created}", self.id, self.action);
        let customer = self.customer;
        let mut record = json!({
            "id": self.id, "action": self.action, "created_date": created,
            "author": {
                "author_ids": [author_id(customer)], "customer_profiles_id": format!("64b1f0aac3d2a100{customer:08x}"),
            },
            "user": self.user,
        });
        match self.list {
            "notes" => record["text"] = json!("Prefers e-mail"),
            "tags" => record["name"] = json!("VIP"),
            _ => (record["text"], record["type_id"]) = (json!("Berlin"), json!("501")),
        }
        let list = state.actions.entry(self.list).or_default();
        list.add(key.clone(), second, record);
        key
    }
}

/// The record with only these fields; unknown ones are passed over (documented).
pub(super) fn choose_fields(record: &Value, fields: Option<&str>, always: &[&str]) -> Value {
    let fields = fields.unwrap_or_default().split(',');
    let fields: Vec<&str> = fields.chain(always.iter().copied()).collect();
    let members = record.as_object().into_iter().flatten();
    let kept = members.filter(|(name, _)| fields.contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

pub(super) fn list_rows(account: &Account, table: &str) -> Option<Records> {
    let omits_sort_date = account.current_quirks().omits_sort_date;
    account.with(|state, now| {
        let state = &*state;
        let list = |name: &str| state.lists.get(name).map(|list| records_of(list, now));
        let actions = |name: &str| state.actions.get(name).map(|list| records_of(list, now));
        match table {
            "conversations" => Some(per_conversation(state, now, |id, one| {
                let mut record = conversation_record(state, now, id, one);
                omit_sort_date(&mut record, omits_sort_date);
                vec![(id.to_owned(), record)]
            })),
            "messages" => Some(per_conversation(state, now, |_, one| {
                let messages = one.written(now);
                messages
                    .map(|message| (message.id.clone(), message_record(one, message)))
                    .collect()
            })),
            "conversation_tags" => Some(per_conversation(state, now, |id, one| {
                let tags = one.tags.iter();
                tags.map(|tag| (format!("{id}:{tag}"), tag_record(state, now, tag)))
                    .collect()
            })),
            "conversation_channels" => Some(per_conversation(state, now, |id, one| {
                vec![(
                    format!("{id}:{}", one.channel),
                    reference("channels", &one.channel),
                )]
            })),
            "contacts" => Some(named_authors(state, now)),
            "accounts" | "channels" | "tags" => list(table),
            "agents" => list("users"),
            "report_exports" => {
                let reports = state.reports.present(now);
                let shown = reports.map(|(id, one)| (id.to_owned(), report_record(id, one, "").to_string()));
                Some(shown.collect())
            }
            "contact_notes" => actions("notes"),
            "contact_tags" => actions("tags"),
            "contact_attributes" => actions("annotations"),
            "attribute_types" => {
                let id = |kind: &Value| kind["id"].as_str().unwrap_or_default().to_owned();
                let kinds = state.annotation_types.iter();
                Some(kinds.map(|kind| (id(kind), kind.to_string())).collect())
            }
            // Events have no ids of their own.
            "agent_events" => Some(records_of(&state.events, now)),
            _ => None,
        }
    })
}

pub(super) fn omit_sort_date(record: &mut Value, omits: bool) {
    if let (true, Some(members)) = (omits, record.as_object_mut()) {
        members.remove("oldest_sort_date");
    }
}

fn records_of(list: &Table<Value>, now: i64) -> Records {
    let present = list.present(now);
    present
        .map(|(id, record)| (id.to_owned(), record.to_string()))
        .collect()
}

fn per_conversation(
    state: &State,
    now: i64,
    show: impl Fn(&str, &Conversation) -> Vec<(String, Value)>,
) -> Records {
    let shown = state
        .conversations
        .present(now)
        .flat_map(|(id, one)| show(id, one));
    shown.map(|(id, record)| (id, record.to_string())).collect()
}

/// The customers whom a conversation names.
fn named_authors(state: &State, now: i64) -> Records {
    let named: std::collections::HashSet<&str> = state
        .conversations
        .present(now)
        .map(|(_, one)| one.author.as_str())
        .collect();
    let mut authors = records_of(&state.authors, now);
    authors.retain(|(id, _)| named.contains(id.as_str()));
    authors
}
