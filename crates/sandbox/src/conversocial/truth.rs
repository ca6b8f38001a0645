//! The account's state as its API would tell it, for comparison with what a client made of it.

use serde_json::Value;

use super::change::key;
use super::record;
use super::world::{Conversation, State, World};

/// Ids with their records.
type Records = Vec<(String, String)>;

impl World {
    /// Every conversation that is visible now, with all its fields.
    pub fn truth_conversations(&self) -> Records {
        let shows = self.look(|knobs| !knobs.omits_sort_date);
        self.each_conversation(|state, now, one| {
            vec![(one.id.clone(), record::conversation(state, one, now, shows))]
        })
    }

    /// Every message of them.
    pub fn truth_messages(&self) -> Records {
        self.each_conversation(|_, now, one| {
            let messages = one.visible(now);
            messages
                .map(|message| (message.id.clone(), record::content(one, message)))
                .collect()
        })
    }

    /// Every label of them.
    pub fn truth_conversation_tags(&self) -> Records {
        self.each_conversation(|state, _, one| {
            let tags = one.tags.iter();
            tags.map(|tag| (format!("{}:{tag}", one.id), record::label(state, tag)))
                .collect()
        })
    }

    /// Every channel of them.
    pub fn truth_conversation_channels(&self) -> Records {
        self.each_conversation(|_, _, one| {
            let channels = one.channels.iter();
            channels
                .map(|id| (format!("{}:{id}", one.id), record::reference("channels", id)))
                .collect()
        })
    }

    /// Every customer whom a visible conversation names.
    pub fn truth_contacts(&self) -> Records {
        self.read(|state, now| {
            let named = |id: &str| state.visible(now).any(|one| one.author == id);
            let authors = state.authors.iter().filter(|(id, _)| named(id));
            authors
                .map(|(id, record)| (id.clone(), record.to_string()))
                .collect()
        })
    }

    /// Every record of `accounts`, `channels`, `users` or `tags`.
    pub fn truth_listed(&self, list: &str) -> Records {
        self.read(|state, _| {
            told(state.lists.get(list).into_iter().flatten(), |record| {
                text(&record["id"])
            })
        })
    }

    /// Every report, its link without what makes it work.
    pub fn truth_reports(&self) -> Records {
        self.read(|state, _| {
            let records: Vec<Value> = state
                .reports
                .iter()
                .map(|report| record::report(report, ""))
                .collect();
            told(records.iter(), |record| text(&record["id"]))
        })
    }

    /// Everything that agents did by now, of `notes`, `tags` or `annotations`.
    pub fn truth_actions(&self, list: &str) -> Records {
        self.read(|state, now| {
            let actions = state.actions.get(list).into_iter().flatten();
            let past = actions.filter(|action| action.at.div_euclid(1_000_000) <= now);
            told(past.map(|action| &action.record), key)
        })
    }

    /// Every kind of property.
    pub fn truth_annotation_types(&self) -> Records {
        self.read(|state, _| told(state.annotation_types.iter(), |record| text(&record["id"])))
    }

    /// The records of all events by now; they have no ids.
    pub fn truth_events(&self) -> Vec<String> {
        self.read(|state, now| {
            let past = state
                .events
                .iter()
                .filter(|event| event.at.div_euclid(1_000_000) <= now);
            past.map(|event| event.record.to_string()).collect()
        })
    }

    fn each_conversation(
        &self,
        show: impl Fn(&State, i64, &Conversation) -> Vec<(String, Value)>,
    ) -> Records {
        self.read(|state, now| {
            let shown = state.visible(now).flat_map(|one| show(state, now, one));
            shown.map(|(id, record)| (id, record.to_string())).collect()
        })
    }
}

fn told<'a>(records: impl Iterator<Item = &'a Value>, id: impl Fn(&Value) -> String) -> Records {
    records.map(|record| (id(record), record.to_string())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
