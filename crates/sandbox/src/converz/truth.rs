//! The tenant's state as its API would tell it, for comparison with what a client made of it.

use serde_json::Value;

use super::calls::Call;
use super::world::World;

/// The first and the last instant that calls are looked for.
const EVER: (i64, i64) = (i64::MIN / 2, i64::MAX / 2);

impl World {
    pub(super) fn all_calls(&self) -> Vec<Call> {
        self.calls(EVER.0, EVER.1)
    }

    /// How many calls have begun.
    pub fn call_count(&self) -> usize {
        self.all_calls().len()
    }

    /// Every call that has begun, with these measures: its id and its record.
    pub fn truth_calls(&self, metrics: &[&str]) -> Vec<(String, String)> {
        let knobs = self.manner();
        let calls = self.all_calls();
        self.read(|state| {
            let row = |call: &Call| self.call_row(state, *call, &knobs, metrics);
            let records = calls
                .iter()
                .map(|call| (call.id.to_string(), Value::Object(row(call)).to_string()));
            records.collect()
        })
    }

    /// Every user: the id and the record.
    pub fn truth_agents(&self) -> Vec<(String, String)> {
        let rows = self.read(|state| self.rep_rows(state, &self.manner()));
        let id = |value: &Value| value.as_str().expect("a user's id is a text").to_owned();
        rows.into_iter()
            .map(|row| (id(&row["rep_id"]), Value::Object(row).to_string()))
            .collect()
    }

    /// The calls that Convoso has too: the id here and the id there.
    pub fn linked_calls(&self) -> Vec<(String, String)> {
        let links = self.links(EVER.0, EVER.1).into_iter();
        links
            .map(|(call, link)| (call.id.to_string(), link.id.to_string()))
            .collect()
    }
}
