//! The account's agents, and users/search: agents as an object of rows.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::api::{Paging, Refused};
use super::{Account, DAY, Empty, State};
use crate::account::Records;
use crate::local::{wall_clock, wall_text};
use crate::people::{LAST, colleague};
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::{Record, Table};

const FIRST_AGENT: u32 = 1_000_777;

/// The default is documented; no greatest page is (assumed).
const PAGING: Paging = Paging {
    usual: 20,
    most: 500,
    is_strict: false,
    farthest: usize::MAX,
};

/// One agent.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) is_active: bool,
    pub(super) full_name: String,
    place: usize,
    first: &'static str,
    last: &'static str,
    email: String,
    created_at: String,
    last_login: Option<i64>,
    renamings: usize,
}

impl Record for Agent {
    fn set(&mut self, member: &str, value: Value) -> bool {
        if member == "status" {
            self.is_active = value == "Y";
        }
        member == "status"
    }
}

/// The id of the agent at a place.
pub(super) fn agent_id(place: usize) -> u32 {
    FIRST_AGENT + 7 * u32::try_from(place).expect("an account has fewer agents")
}

/// The agents of an account.
pub(super) fn seed(seed: u64, zone: Tz, count: usize, now: i64) -> Table<Agent> {
    let mut agents = Table::default();
    for place in 0..count {
        let age = i64::try_from(place).expect("an account has fewer agents");
        let login = wall_clock(zone, now) - age * 2_347 - 900;
        let created = created_at(seed, zone, place, now - (400 + 13 * age) * DAY);
        let agent = Agent {
            last_login: (place % 5 != 3).then_some(login),
            ..Agent::new(place, created)
        };
        agents.add(agent_id(place).to_string(), i64::MIN, agent);
    }
    agents
}

/// Hires an agent who has never logged in; returns the id.
pub(super) fn add(state: &mut State, now: i64) -> String {
    let place = state.agents.len();
    let id = agent_id(place).to_string();
    let created = created_at(state.seed, state.zone, place, now);
    state.agents.add(id.clone(), now, Agent::new(place, created));
    id
}

fn created_at(seed: u64, zone: Tz, place: usize, latest: i64) -> String {
    offset_text(
        zone,
        latest - (scatter(seed, place as u64) % 86_400).cast_signed(),
    )
}

/// `2024-05-01T08:00:00-0700`: an offset without a colon (documented sample).
pub(super) fn offset_text(zone: Tz, instant: i64) -> String {
    let utc = DateTime::from_timestamp(instant, 0).expect("the simulation lies within the calendar");
    zone.from_utc_datetime(&utc.naive_utc())
        .format("%Y-%m-%dT%H:%M:%S%z")
        .to_string()
}

impl Agent {
    fn new(place: usize, created_at: String) -> Self {
        let person = colleague(place);
        Self {
            is_active: place % 6 != 4,
            full_name: format!("{} {}", person.first, person.last),
            place,
            first: person.first,
            last: person.last,
            email: person.email,
            created_at,
            last_login: None,
            renamings: 0,
        }
    }

    pub(super) fn rename(&mut self) {
        self.renamings += 1;
        let last = LAST[(self.place * 7 + 11 * self.renamings + 3) % LAST.len()];
        self.last = if last == self.last {
            LAST[(self.place + 1) % LAST.len()]
        } else {
            last
        };
        self.full_name = format!("{} {}", self.first, self.last);
    }

    /// Whether a search for these words finds the agent: e-mail, first or last name, whatever the case.
    pub(super) fn answers_to(&self, words: &str) -> bool {
        let mut words = words.split(',').map(|word| word.trim().to_lowercase());
        words.any(|word| {
            let names = [self.email.as_str(), self.first, self.last];
            names.iter().any(|own| own.to_lowercase() == word)
        })
    }

    /// The key of the agent's row. In one published sample it differs from the id inside (documented).
    fn key(&self) -> String {
        let other = if self.place == 2 { 900_000 } else { 0 };
        (agent_id(self.place) + other).to_string()
    }

    /// The agent's record with the types of the published sample.
    fn record(&self) -> Value {
        let extension = if self.place % 4 == 1 {
            Vec::new()
        } else {
            vec![8001 + self.place]
        };
        json!({
            "id": agent_id(self.place), "acl_access_profile": 3, "email": self.email,
            "first_name": self.first, "last_name": self.last,
            "user_level": if self.place.is_multiple_of(9) { 7 } else { 1 }, "queue_override": "N",
            "allow_queue_selection": "1", "allow_callbacks": "1", "callback_types_allowed": "BOTH",
            "allow_transfers": "Y", "default_blended_selection": "0", "alter_custdata_override": "NOT_ACTIVE",
            "status": if self.is_active { "Y" } else { "N" }, "local_gmt": (["-8.00", "-5.00", "1.00"][self.place % 3]),
            "allow_blended_campaign": "1", "notification": "N", "created_at": self.created_at,
            "connection_type": "WEBPHONE", "extension": extension, "last_login": self.last_login.map(wall_text),
        })
    }
}

pub(super) fn search(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = PAGING.read(request, &quirks)?;
    let words = request.param("user");
    account.with(|state, now| {
        let agents = state.agents.present(now).map(|(_, agent)| agent);
        let found: Vec<&Agent> = agents
            .filter(|agent| words.is_none_or(|words| agent.answers_to(words)))
            .collect();
        if found.is_empty() && quirks.empty_users == Empty::Code {
            return Err((6005, "Missing Users"));
        }
        let shown = page.cut(&found).iter();
        let rows: Map<String, Value> = shown.map(|agent| (agent.key(), agent.record())).collect();
        // An empty map comes as `[]`, as PHP writes it (assumed).
        let rows = if rows.is_empty() {
            json!([])
        } else {
            Value::Object(rows)
        };
        Ok(page.envelope(quirks.count(found.len()), "results", rows))
    })
}

/// Every agent that users/search lists.
pub(super) fn records(state: &State, now: i64) -> Records {
    let agents = state.agents.present(now);
    agents
        .map(|(id, agent)| (id.to_owned(), agent.record().to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_holds_for_later_calls_only() {
        let mut agents = seed(7, Tz::America__Los_Angeles, 12, 1_770_000_000);
        let name = |agents: &Table<Agent>, at| agents.find("1000784", at).unwrap().full_name.clone();
        let before = name(&agents, 500);
        assert!(agents.change("1000784", 1_000, Agent::rename));
        assert_eq!(name(&agents, 999), before);
        assert_ne!(name(&agents, 1_000), before);
        assert!(agents.change("1000784", 2_000, Agent::rename));
        assert_ne!(name(&agents, 2_000), name(&agents, 1_999));
    }
}
