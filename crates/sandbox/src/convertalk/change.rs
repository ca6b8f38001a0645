//! What tests and demos may do to the account.

use super::chat::Chat;
use super::world::World;

impl World {
    /// Somebody begins a chat; returns its id.
    pub fn add_chat(&self) -> String {
        let seed = self.seed;
        self.write(|state, now| state.add(seed, now))
    }

    /// Somebody writes in a chat. Says whether there is such a chat.
    pub fn write_in(&self, id: &str) -> bool {
        self.edit(id, |chat, now| {
            (chat.active, chat.touched) = (Some(now), Some(now));
        })
    }

    /// An agent looks at a chat, which moves `updatedAt` alone. Says whether there is such a chat.
    pub fn touch(&self, id: &str) -> bool {
        self.edit(id, |chat, now| chat.touched = Some(now))
    }

    /// Gives a chat another state. Says whether there is such a chat.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        self.edit(id, |chat, now| {
            (chat.status, chat.touched) = (Some(status.to_owned()), Some(now));
        })
    }

    /// Gives a chat other labels. Says whether there is such a chat.
    pub fn set_tags(&self, id: &str, tags: &[&str]) -> bool {
        self.edit(id, |chat, now| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            (chat.tags, chat.touched) = (Some(tags), Some(now));
        })
    }

    /// A chat becomes a lead, or is none any more. Says whether there is such a chat.
    pub fn convert(&self, id: &str, is_lead: bool) -> bool {
        self.edit(id, |chat, now| {
            (chat.lead, chat.touched) = (Some(is_lead), Some(now));
        })
    }

    /// A chat shows in both listings, or no longer. Says whether there is such a chat.
    pub fn show_in_both(&self, id: &str, is_in_both: bool) -> bool {
        self.edit(id, |chat, _| chat.is_in_both = is_in_both)
    }

    /// Deletes a chat. Says whether there was such a chat.
    pub fn delete_chat(&self, id: &str) -> bool {
        self.write(|state, _| {
            let place = state.chats.iter().position(|chat| chat.id() == id);
            place.map(|place| state.chats.remove(place)).is_some()
        })
    }

    /// The ids of all chats, the oldest first.
    pub fn chat_ids(&self) -> Vec<String> {
        self.views(|_, _| true)
            .iter()
            .map(|view| view.chat.id())
            .collect()
    }

    fn edit(&self, id: &str, change: impl FnOnce(&mut Chat, i64)) -> bool {
        self.write(|state, now| {
            let chat = state.chats.iter_mut().find(|chat| chat.id() == id);
            chat.map(|chat| change(chat, now)).is_some()
        })
    }
}
