//! The account's agents.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;

use super::catalogue::SYSTEM_USERS;
use crate::cast::colleague;
use crate::json::Object;
use crate::local;
use crate::people::{LAST, scatter};

const FIRST_AGENT: u32 = 1_000_777;
const DAY: i64 = 86_400;

/// A name and the instant since which it holds.
#[derive(Debug)]
struct Name {
    since: i64,
    first: &'static str,
    last: &'static str,
    full: String,
}

impl Name {
    fn new(since: i64, first: &'static str, last: &'static str) -> Self {
        Self {
            since,
            first,
            last,
            full: format!("{first} {last}"),
        }
    }
}

/// One agent; a removed one stays known to the calls.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) id: u32,
    pub(super) is_removed: bool,
    pub(super) is_active: bool,
    place: usize,
    email: String,
    created_at: String,
    last_login: Option<i64>,
    names: Vec<Name>,
}

impl Agent {
    fn new(seed: u64, zone: Tz, place: usize, created: i64, last_login: Option<i64>) -> Self {
        let (first, last, email) = colleague(place);
        let number = u32::try_from(place).expect("an account has fewer agents");
        let created = created - (scatter(seed, u64::from(number)) % 86_400).cast_signed();
        Self {
            id: FIRST_AGENT + 7 * number,
            is_removed: false,
            is_active: place % 6 != 4,
            place,
            email,
            created_at: offset_text(zone, created),
            last_login,
            names: vec![Name::new(i64::MIN, first, last)],
        }
    }

    /// The display name at an instant: the log keeps the name of the time of the call (assumed).
    pub(super) fn name_at(&self, instant: i64) -> &str {
        let held = self
            .names
            .iter()
            .rfind(|name| name.since <= instant)
            .or(self.names.first());
        held.map_or("", |name| &name.full)
    }

    pub(super) fn rename(&mut self, now: i64) {
        let (name, count) = (self.name(), self.names.len());
        let last = LAST[(self.place * 7 + 11 * count + 3) % LAST.len()];
        let last = if last == name.last {
            LAST[(self.place + 1) % LAST.len()]
        } else {
            last
        };
        let first = name.first;
        self.names.push(Name::new(now, first, last));
    }

    /// Whether a search for these words finds the agent: e-mail, first or last name, whatever the case.
    pub(super) fn answers_to(&self, words: &str) -> bool {
        let name = self.name();
        words
            .split(',')
            .map(|word| word.trim().to_lowercase())
            .any(|word| {
                [self.email.as_str(), name.first, name.last]
                    .iter()
                    .any(|own| own.to_lowercase() == word)
            })
    }

    /// The key of the agent's row. In one published sample it differs from the id inside (documented).
    pub(super) fn key(&self) -> u32 {
        if self.place == 2 {
            self.id + 900_000
        } else {
            self.id
        }
    }

    /// Appends the agent's record with the types of the published sample.
    pub(super) fn push(&self, out: &mut String) {
        let name = self.name();
        let mut row = Object::open(out);
        row.number("id", u64::from(self.id));
        row.number("acl_access_profile", 3);
        row.text("email", &self.email);
        row.text("first_name", name.first);
        row.text("last_name", name.last);
        row.number("user_level", if self.place.is_multiple_of(9) { 7 } else { 1 });
        row.text("queue_override", "N");
        row.text("allow_queue_selection", "1");
        row.text("allow_callbacks", "1");
        row.text("callback_types_allowed", "BOTH");
        row.text("allow_transfers", "Y");
        row.text("default_blended_selection", "0");
        row.text("alter_custdata_override", "NOT_ACTIVE");
        row.text("status", if self.is_active { "Y" } else { "N" });
        row.text("local_gmt", ["-8.00", "-5.00", "1.00"][self.place % 3]);
        row.text("allow_blended_campaign", "1");
        row.text("notification", "N");
        row.text("created_at", &self.created_at);
        row.text("connection_type", "WEBPHONE");
        if self.place % 4 == 1 {
            row.verbatim("extension", "[]");
        } else {
            row.verbatim("extension", &format!("[{}]", 8001 + self.place));
        }
        let last_login = self.last_login.map(|at| {
            let mut text = String::new();
            local::push(&mut text, at);
            text
        });
        row.maybe("last_login", last_login.as_deref());
        row.close();
    }

    fn name(&self) -> &Name {
        self.names.last().expect("an agent is born with a name")
    }
}

/// All agents there ever were, in order of their ids.
pub(super) struct Roster {
    seed: u64,
    zone: Tz,
    agents: Vec<Agent>,
}

impl Roster {
    pub(super) fn new(seed: u64, zone: Tz, agents: usize, now: i64) -> Self {
        let agents = (0..agents).map(|place| {
            let age = i64::try_from(place).expect("an account has fewer agents");
            let login = local::wall_clock(zone, now) - age * 2_347 - 900;
            let last_login = (place % 5 != 3).then_some(login);
            Agent::new(seed, zone, place, now - (400 + 13 * age) * DAY, last_login)
        });
        Self {
            seed,
            zone,
            agents: agents.collect(),
        }
    }

    /// Hires an agent who has never logged in.
    pub(super) fn add(&mut self, now: i64) -> u32 {
        let agent = Agent::new(self.seed, self.zone, self.agents.len(), now, None);
        let id = agent.id;
        self.agents.push(agent);
        id
    }

    pub(super) fn at(&self, place: usize) -> &Agent {
        &self.agents[place]
    }

    pub(super) fn find(&mut self, id: &str) -> Option<&mut Agent> {
        let id: u32 = id.parse().ok()?;
        self.agents.iter_mut().find(|agent| agent.id == id)
    }

    /// The agents that users/search lists.
    pub(super) fn present(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter().filter(|agent| !agent.is_removed)
    }

    /// Whether calls may carry this user id.
    pub(super) fn knows(&self, id: &str) -> bool {
        id.parse().is_ok_and(|id: u32| {
            id == 0 || SYSTEM_USERS.contains(&id) || self.agents.iter().any(|agent| agent.id == id)
        })
    }
}

/// `2024-05-01T08:00:00-0700`: an offset without a colon (documented sample).
pub(super) fn offset_text(zone: Tz, instant: i64) -> String {
    let utc = DateTime::from_timestamp(instant, 0).expect("the simulation lies within the calendar");
    zone.from_utc_datetime(&utc.naive_utc())
        .format("%Y-%m-%dT%H:%M:%S%z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        Roster::new(7, Tz::America__Los_Angeles, 12, 1_770_000_000)
    }

    #[test]
    fn a_new_name_holds_for_later_calls_only() {
        let mut roster = roster();
        let agent = roster.find("1000784").unwrap();
        let before = agent.name_at(500).to_owned();
        agent.rename(1_000);
        assert_eq!(agent.name_at(999), before);
        assert_ne!(agent.name_at(1_000), before);
        agent.rename(2_000);
        assert_ne!(agent.name_at(2_000), agent.name_at(1_999));
    }

    #[test]
    fn the_roster_has_inactive_agents_and_agents_who_never_logged_in() {
        let roster = roster();
        assert!(roster.present().any(|agent| !agent.is_active));
        assert!(roster.present().any(|agent| agent.last_login.is_none()));
        assert_eq!(
            roster.present().filter(|agent| agent.key() != agent.id).count(),
            1
        );
    }

    #[test]
    fn a_record_has_the_types_of_the_published_sample() {
        let mut text = String::new();
        roster().at(0).push(&mut text);
        let row: serde_json::Value = serde_json::from_str(&text).unwrap();
        for number in ["id", "acl_access_profile", "user_level"] {
            assert!(row[number].is_u64(), "{number}");
        }
        assert_eq!(row["extension"], serde_json::json!([8001]));
        let created = row["created_at"].as_str().unwrap();
        assert!(
            DateTime::parse_from_str(created, "%Y-%m-%dT%H:%M:%S%z").is_ok(),
            "{created}"
        );
        assert!(local::parse(row["last_login"].as_str().unwrap()).is_some());
    }
}
