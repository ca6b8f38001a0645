//! The account's state as its API would tell it, for comparison with what a client made of it.

use super::calls::Call;
use super::scene::id;
use super::world::World;

impl World {
    /// How many calls are visible now.
    pub fn call_count(&self) -> usize {
        self.read(|state, now| state.calls.all().iter().filter(|call| call.start <= now).count())
    }

    /// Shows every visible call in order of its local time: its id and its record with recordings.
    ///
    /// The account is locked meanwhile: `show` must not call it.
    pub fn for_each_call(&self, mut show: impl FnMut(&str, &str)) {
        self.read(|state, now| {
            self.scene(state, now, true, |scene| {
                let mut record = String::new();
                for call in state.calls.all().iter().filter(|call| call.start <= now) {
                    record.clear();
                    scene.push(&mut record, call);
                    show(&call_id(call), &record);
                }
            });
        });
    }

    /// Every visible call: its id and its record with recordings.
    pub fn truth_calls(&self) -> Vec<(String, String)> {
        let mut calls = Vec::new();
        self.for_each_call(|id, record| calls.push((id.to_owned(), record.to_owned())));
        calls
    }

    /// Every agent that users/search lists: the id and the record.
    pub fn truth_agents(&self) -> Vec<(String, String)> {
        self.read(|state, _| {
            let record = |agent: &super::roster::Agent| {
                let mut record = String::new();
                agent.push(&mut record);
                (agent.id.to_string(), record)
            };
            state.roster.present().map(record).collect()
        })
    }
}

fn call_id(call: &Call) -> String {
    id(call.number).to_string()
}
