//! What is true about the account now, to be compared with what was loaded.

use serde_json::Value;

use super::row;
use super::world::{View, World};

impl World {
    /// Ids and records of all chats, without the queries of visited addresses, which must not be kept.
    pub fn truth_conversations(&self) -> Vec<(String, String)> {
        self.truth(|_| true, |view| self.row(view))
    }

    /// The same of those in the listing of leads.
    pub fn truth_leads(&self) -> Vec<(String, String)> {
        self.truth(|view| view.chat.shows_as(true, view.now), |view| self.row(view))
    }

    /// Ids and records of all contacts.
    pub fn truth_contacts(&self) -> Vec<(String, String)> {
        self.truth(|_| true, |view| self.contact(view))
    }

    /// Ids and texts of all labels.
    pub fn truth_conversation_tags(&self) -> Vec<(String, String)> {
        let views = self.views(|_, _| true);
        let tags = views.iter().flat_map(|view| {
            let row = self.row(view);
            let tags = row["profile"]["userDetails"]["tags"].as_array().cloned();
            let tags = tags.unwrap_or_default().into_iter();
            tags.map(|tag| {
                (
                    format!("{}:{}", view.chat.id(), tag.as_str().unwrap_or_default()),
                    tag.to_string(),
                )
            })
        });
        tags.collect()
    }

    /// Ids and records of all groups.
    pub fn truth_segments(&self) -> Vec<(String, String)> {
        let segments = row::segments().into_iter();
        segments
            .map(|row| {
                (
                    row["_id"].as_str().unwrap_or_default().to_owned(),
                    row.to_string(),
                )
            })
            .collect()
    }

    fn truth(&self, fits: impl Fn(&View) -> bool, record: impl Fn(&View) -> Value) -> Vec<(String, String)> {
        let views = self.views(|_, _| true).into_iter().filter(|view| fits(view));
        let told = views.map(|view| {
            let mut row = record(&view);
            if let Some(Value::Array(visited)) = row.pointer_mut("/profile/marketing/urlsVisited") {
                for address in visited {
                    let kept = address.as_str().and_then(|text| text.split('?').next());
                    *address = kept.unwrap_or_default().into();
                }
            }
            (view.chat.id(), row.to_string())
        });
        told.collect()
    }
}
