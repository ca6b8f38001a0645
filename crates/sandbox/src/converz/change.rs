//! What tests and other programs do to the tenant.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::world::World;

impl World {
    /// Adds calls whose starts are spread evenly over a span; tells their ids.
    pub fn add_calls(&self, count: u32, from: DateTime<Utc>, over: TimeDelta) -> Vec<String> {
        self.write(|state| {
            let first = Self::next_id(state);
            let start = |place: u32| {
                let share = over.num_seconds() * i64::from(place) / i64::from(count.max(1));
                from.timestamp() + share
            };
            let added = (0..count).map(|place| (first + u64::from(place), start(place)));
            state.added.extend(added.clone());
            added.map(|(id, _)| id.to_string()).collect()
        })
    }

    /// Sets a value of a call.
    pub fn set_call(&self, id: &str, name: &str, value: Value) {
        let id = id.parse().expect("ids of calls are numbers");
        self.write(|state| {
            let row = state.edits.entry(id).or_default();
            row.insert(name.to_owned(), value);
        });
    }

    /// Takes a call away, as if it had never been.
    pub fn delete_call(&self, id: &str) {
        let id = id.parse().expect("ids of calls are numbers");
        self.write(|state| state.deleted.insert(id));
    }

    /// Takes a user away.
    pub fn remove_rep(&self, id: &str) {
        self.write(|state| state.removed_reps.insert(id.to_owned()));
    }

    /// Brings a user back.
    pub fn restore_rep(&self, id: &str) {
        self.write(|state| state.removed_reps.remove(id));
    }

    /// True where a call of this id has begun.
    pub(super) fn has_call(&self, id: u64) -> bool {
        self.all_calls().iter().any(|call| call.id == id)
    }
}
