//! What tests and demos may do to the account.

use chrono::{DateTime, Duration, Utc};

use super::scene::{Edit, id, number};
use super::world::World;

impl World {
    /// Adds calls spread evenly over a span of time; returns their ids in order.
    pub fn add_calls(&self, count: u32, from: DateTime<Utc>, span: Duration) -> Vec<String> {
        let starts = (0..i64::from(count))
            .map(|place| from.timestamp() + span.num_seconds() * place / i64::from(count))
            .collect();
        let zone = self.zone();
        let first = self.write(|state, _| state.schedule(zone, starts));
        (first..first + count)
            .map(|number| id(number).to_string())
            .collect()
    }

    /// Adds one call; an old start makes it a row that appears late.
    pub fn add_call_at(&self, at: DateTime<Utc>) -> String {
        let zone = self.zone();
        id(self.write(|state, _| state.schedule(zone, vec![at.timestamp()]))).to_string()
    }

    /// Gives a call another disposition from now on. Says whether there is such a call.
    pub fn set_disposition(&self, id: &str, code: &str, name: &str) -> bool {
        self.edit(id, |edit| {
            edit.disposition = Some((code.to_owned(), name.to_owned()));
        })
    }

    /// Gives a call another comment from now on. Says whether there is such a call.
    pub fn set_comment(&self, id: &str, text: &str) -> bool {
        self.edit(id, |edit| edit.comment = Some(text.to_owned()))
    }

    /// Adds a recording to a call. Says whether there is such a call.
    pub fn add_recording(&self, id: &str) -> bool {
        self.edit(id, |edit| edit.more_recordings += 1)
    }

    /// Adds an agent and returns the id. No scheduled call is booked on added agents.
    pub fn add_agent(&self) -> String {
        self.write(|state, now| state.roster.add(now)).to_string()
    }

    /// Takes an agent out of users/search; calls keep the id. Says whether there was such an agent.
    pub fn remove_agent(&self, id: &str) -> bool {
        self.write(|state, _| {
            state
                .roster
                .find(id)
                .is_some_and(|agent| !std::mem::replace(&mut agent.is_removed, true))
        })
    }

    /// Brings a removed agent back. Says whether there was such an agent.
    pub fn restore_agent(&self, id: &str) -> bool {
        self.write(|state, _| {
            state
                .roster
                .find(id)
                .is_some_and(|agent| std::mem::replace(&mut agent.is_removed, false))
        })
    }

    /// Gives an agent another last name; calls before now keep the old one. Says whether there is such an agent.
    pub fn rename_agent(&self, id: &str) -> bool {
        self.write(|state, now| state.roster.find(id).map(|agent| agent.rename(now)).is_some())
    }

    /// Switches an agent between active and inactive. Says whether there is such an agent.
    pub fn set_agent_active(&self, id: &str, is_active: bool) -> bool {
        self.write(|state, _| {
            state
                .roster
                .find(id)
                .map(|agent| agent.is_active = is_active)
                .is_some()
        })
    }

    fn edit(&self, id: &str, change: impl FnOnce(&mut Edit)) -> bool {
        self.write(|state, _| {
            let Some(number) = number(id).filter(|&number| number < state.next) else {
                return false;
            };
            change(state.edits.entry(number).or_default());
            true
        })
    }
}
