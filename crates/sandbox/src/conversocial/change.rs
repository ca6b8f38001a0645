//! What tests and demos may do to the account.

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::record;
use super::story::{self, hex, user_number};
use super::world::{Conversation, Message, Report, Stamped, World};

/// The seed of what is made by hand; customers are those of the sandbox's usual seed.
const SEED: u64 = 7;

impl World {
    /// Adds conversations that all begin at one second; returns their ids in the vendor's order.
    pub fn add_conversations(&self, count: usize, at: DateTime<Utc>) -> Vec<String> {
        let mut ids: Vec<String> = (0..count).map(|_| self.add_conversation(at)).collect();
        ids.sort();
        ids
    }

    /// Adds a conversation of one customer's message; an old start makes it a row that appears late.
    pub fn add_conversation(&self, at: DateTime<Utc>) -> String {
        self.write(|state, now| {
            state.next += 1;
            let mut dice = Rng::with_seed(state.next);
            let mut made = story::conversation(SEED, &mut dice, 1, at.timestamp(), now);
            made.messages.truncate(1);
            "unread".clone_into(&mut made.status);
            let id = made.id.clone();
            state.admit(SEED, made);
            id
        })
    }

    /// Writes a message of the customer into a conversation, now; where it stands in the list stays the same.
    pub fn write_message(&self, id: &str, text: &str) -> Option<String> {
        self.write(|state, now| {
            state.next += 1;
            let message_id = hex(&mut Rng::with_seed(state.next ^ 0xABCD));
            let conversation = state.find(id)?;
            let message = Message {
                id: message_id.clone(),
                at: now,
                text: text.to_owned(),
                author: Some(conversation.author.clone()),
                user: None,
                is_private: false,
                parent: None,
                sentiment: None,
            };
            conversation.messages.push(message);
            Some(message_id)
        })
    }

    /// Gives a conversation another status. Says whether there is such a conversation.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        self.edit(id, |conversation| status.clone_into(&mut conversation.status))
    }

    /// Gives a conversation priority, or takes it. Says whether there is such a conversation.
    pub fn set_priority(&self, id: &str, is_priority: bool) -> bool {
        self.edit(id, |conversation| conversation.is_priority = is_priority)
    }

    /// Gives a conversation other labels. Says whether there is such a conversation.
    pub fn set_tags(&self, id: &str, tags: &[&str]) -> bool {
        self.edit(id, |conversation| {
            conversation.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        })
    }

    /// Moves a conversation within the list. Says whether there is such a conversation.
    pub fn move_conversation(&self, id: &str, to: DateTime<Utc>) -> bool {
        self.edit(id, |conversation| conversation.sorted = to.timestamp())
    }

    /// Removes a conversation. Says whether there was such a conversation.
    pub fn remove_conversation(&self, id: &str) -> bool {
        self.write(|state, _| {
            let before = state.conversations.len();
            state.conversations.retain(|conversation| conversation.id != id);
            state.conversations.len() < before
        })
    }

    /// Removes a customer, who stays named in conversations. Says whether there was such a customer.
    pub fn remove_author(&self, id: &str) -> bool {
        self.write(|state, _| state.authors.remove(id).is_some())
    }

    /// Takes a record out of `accounts`, `channels`, `users` or `tags`. Says whether there was such a record.
    pub fn remove_listed(&self, list: &str, id: &str) -> bool {
        self.write(|state, _| {
            let Some(records) = state.lists.get_mut(list) else {
                return false;
            };
            let before = records.len();
            records.retain(|record| record["id"] != id);
            records.len() < before
        })
    }

    /// Changes a member of a record of `accounts`, `channels`, `users` or `tags`. Says whether there is such a record.
    pub fn set_listed(&self, list: &str, id: &str, member: &str, value: &str) -> bool {
        self.write(|state, _| {
            let records = state.lists.get_mut(list).into_iter().flatten();
            let found = records
                .filter(|record| record["id"] == id)
                .map(|record| record[member] = json!(value));
            found.count() > 0
        })
    }

    /// Orders a report, which is then queued; returns its id.
    pub fn order_report(&self) -> String {
        let fails = self.look(|knobs| knobs.reports_fail);
        self.write(|state, now| {
            let id = (811 + state.reports.len()).to_string();
            state.reports.push(Report {
                id: id.clone(),
                ordered: now,
                looks: 0,
                fails,
            });
            id
        })
    }

    /// Notes something about a customer, now; `list` is `notes`, `tags` or `annotations`. Returns the key of the action.
    pub fn note(&self, list: &'static str, action: &str, customer: u32) -> String {
        let at = self.now().timestamp_micros();
        self.write(|state, _| {
            state.next += 1;
            let id = hex(&mut Rng::with_seed(state.next ^ 0x7777));
            let record = record::action(list, action, &id, at, customer, user_number(0));
            let key = key(&record);
            state
                .actions
                .entry(list)
                .or_default()
                .push(Stamped { at, record });
            key
        })
    }

    fn edit(&self, id: &str, change: impl FnOnce(&mut Conversation)) -> bool {
        self.write(|state, _| state.find(id).map(change).is_some())
    }
}

/// What names an action.
pub(super) fn key(record: &Value) -> String {
    let part = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    format!("{}:{}:{}", part("id"), part("action"), part("created_date"))
}
