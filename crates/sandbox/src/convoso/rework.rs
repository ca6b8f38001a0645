//! What tests may do to leads, callbacks, furniture and consent; and their state as the API would tell it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::knobs::Knobs;
use super::ledger::{Gone, Lead};
use super::recordings;
use super::scene::Scene;
use super::world::{State, World};
use super::{leads, work};
use crate::local;

/// Ids with their records.
type Records = Vec<(String, String)>;

impl World {
    /// Changes the first `count` leads in this very second.
    pub fn touch_leads(&self, count: usize) {
        self.leads(|ledger, now| {
            for lead in ledger
                .leads
                .iter_mut()
                .filter(|lead| lead.gone.is_none())
                .take(count)
            {
                touch(lead, now);
            }
        });
    }

    /// Changes one lead. Says whether there is such a lead.
    pub fn touch_lead(&self, id: &str) -> bool {
        self.with_lead(id, |lead, now| {
            touch(lead, now);
            true
        })
    }

    /// Adds a lead and returns the id.
    pub fn add_lead(&self) -> String {
        self.leads(super::ledger::Ledger::add).to_string()
    }

    /// Adds so many leads.
    pub fn add_leads(&self, count: u32) {
        self.leads(|ledger, now| {
            for _ in 0..count {
                ledger.add(now);
            }
        });
    }

    /// Deletes a lead: it leaves ordinary searches. Says whether it was there.
    pub fn delete_lead(&self, id: &str) -> bool {
        self.with_lead(id, |lead, now| lead.gone.replace((Gone::Deleted, now)).is_none())
    }

    /// Archives a lead: it leaves ordinary searches. Says whether it was there.
    pub fn archive_lead(&self, id: &str) -> bool {
        self.with_lead(id, |lead, now| lead.gone.replace((Gone::Archived, now)).is_none())
    }

    /// Brings a lead back, which changes it. Says whether it was gone.
    pub fn restore_lead(&self, id: &str) -> bool {
        self.with_lead(id, |lead, now| {
            touch(lead, now);
            lead.gone.take().is_some()
        })
    }

    /// Every lead that ordinary searches show.
    pub fn truth_leads(&self) -> Records {
        let knobs = self.look(Knobs::clone);
        self.leads(|ledger, _| leads::all(ledger, &knobs))
    }

    fn with_lead(&self, id: &str, change: impl FnOnce(&mut Lead, i64) -> bool) -> bool {
        let number = id.parse().unwrap_or(0);
        self.leads(|ledger, now| ledger.find(number).is_some_and(|lead| change(lead, now)))
    }

    /// Promises a callback and returns the id.
    pub fn add_callback(&self, due: DateTime<Utc>) -> String {
        let zone = self.zone();
        let wall = |at| local::wall_clock(zone, at);
        self.write(|state, now| state.office.promises.add(wall(due.timestamp()), wall(now)))
            .to_string()
    }

    /// Dismisses a callback. Says whether there is such a callback.
    pub fn dismiss_callback(&self, id: &str) -> bool {
        let zone = self.zone();
        self.write(|state, now| {
            let mut all = state.office.promises.all.iter_mut();
            let found = all.find(|promise| promise.number.to_string() == id);
            found.map(|promise| {
                promise.is_dismissed = true;
                promise.modified = local::wall_clock(zone, now);
            })
        })
        .is_some()
    }

    /// Every callback.
    pub fn truth_callbacks(&self) -> Records {
        let zone = self.zone();
        self.read(|state, now| texts("", state.office.promises.records(local::wall_clock(zone, now))))
    }

    /// Switches a list or a campaign on or off. Says whether there is one.
    pub fn set_active(&self, id: u32, is_active: bool) -> bool {
        self.write(|state, _| {
            let furniture = &mut state.office.furniture;
            let mut all = furniture.lists.iter_mut().chain(&mut furniture.campaigns);
            let found = all.find(|row| row["id"] == id);
            found
                .map(|row| row["status"] = json!(if is_active { "Y" } else { "N" }))
                .is_some()
        })
    }

    /// Removes a list or a campaign. Says whether there was one.
    pub fn remove_furniture(&self, id: u32) -> bool {
        self.write(|state, _| {
            let furniture = &mut state.office.furniture;
            let before = furniture.lists.len() + furniture.campaigns.len();
            furniture.lists.retain(|row| row["id"] != id);
            furniture.campaigns.retain(|row| row["id"] != id);
            furniture.lists.len() + furniture.campaigns.len() < before
        })
    }

    /// Every campaign.
    pub fn truth_campaigns(&self) -> Records {
        self.read(|state, _| keyed(&state.office.furniture.campaigns, "id"))
    }

    /// Every list.
    pub fn truth_lists(&self) -> Records {
        self.read(|state, _| keyed(&state.office.furniture.lists, "id"))
    }

    /// Every disposition, by its code.
    pub fn truth_dispositions(&self) -> Records {
        self.read(|state, _| keyed(&state.office.furniture.dispositions, "status"))
    }

    /// Adds entries to the numbers that must not be called (or written to), for one campaign; returns the last id.
    pub fn add_do_not_contact(&self, is_sms: bool, campaign: i64, count: u32) -> String {
        let zone = self.zone();
        self.write(|state, now| {
            let list = consent(state, is_sms);
            let added = (0..count).map(|_| list.add(campaign, local::wall_clock(zone, now)));
            added.last().unwrap_or_default().to_string()
        })
    }

    /// Removes such an entry. Says whether there was one.
    pub fn remove_do_not_contact(&self, is_sms: bool, id: &str) -> bool {
        let number = id.parse().unwrap_or(0);
        self.write(|state, _| consent(state, is_sms).remove(number))
    }

    /// Every number that must not be called or written to, by channel and id.
    pub fn truth_do_not_contact(&self) -> Records {
        self.read(|state, _| {
            let mut all = texts("call:", state.office.do_not_call.records(false));
            all.extend(texts("sms:", state.office.sms_opt_outs.records(true)));
            all
        })
    }

    /// What each agent did on each local day from that of `since` on, by agent and day.
    pub fn truth_agent_performance(&self, since: DateTime<Utc>) -> Records {
        const DAY: i64 = 86_400;
        self.told(|scene, state| {
            let first = local::wall_clock(self.zone(), since.timestamp()).div_euclid(DAY);
            let today = local::wall_clock(self.zone(), scene.now).div_euclid(DAY);
            let day = |day: i64| {
                let date = local::moment(day * DAY).date();
                let rows = work::figures(scene, state, (day * DAY, day * DAY + DAY - 1)).into_iter();
                rows.map(move |(id, row)| (format!("{id}:{date}"), row.to_string()))
            };
            (first..=today).flat_map(day).collect()
        })
    }

    /// Every event of an agent so far.
    pub fn truth_agent_events(&self) -> Records {
        self.told(|scene, state| {
            let all = work::between(scene, state, self, EVER);
            all.into_iter()
                .map(|(id, row)| (id.to_string(), row.to_string()))
                .collect()
        })
    }

    /// Every recording of an agent who can be asked for, as users/recordings tells it.
    pub fn truth_recordings(&self) -> Records {
        self.told(|scene, state| {
            let ids: Vec<u32> = state.roster.present().map(|agent| agent.id).collect();
            let all = recordings::of(scene, state, &ids, EVER);
            all.into_iter()
                .map(|(id, row)| (id.to_string(), row.to_string()))
                .collect()
        })
    }

    fn told(&self, tell: impl FnOnce(&Scene<'_>, &State) -> Records) -> Records {
        self.read(|state, now| self.scene(state, now, true, |scene| tell(scene, state)))
    }
}

/// All local times of the simulation.
const EVER: (i64, i64) = (0, 1 << 40);

fn touch(lead: &mut Lead, now: i64) {
    lead.modified = now;
    lead.note = format!("{} changed", lead.note.len());
}

fn consent(state: &mut State, is_sms: bool) -> &mut super::consent::Consent {
    if is_sms {
        &mut state.office.sms_opt_outs
    } else {
        &mut state.office.do_not_call
    }
}

fn texts(prefix: &str, records: Vec<(u32, Value)>) -> Records {
    let text = |(id, row): (u32, Value)| (format!("{prefix}{id}"), row.to_string());
    records.into_iter().map(text).collect()
}

fn keyed(rows: &[Value], key: &str) -> Records {
    let id = |row: &Value| {
        row[key]
            .as_str()
            .map_or_else(|| row[key].to_string(), str::to_owned)
    };
    rows.iter().map(|row| (id(row), row.to_string())).collect()
}
