//! dnc/search and sms-opt-out/search: numbers that must be left alone. Each list numbers its entries by itself.

use serde_json::{Value, json};

use super::api::{Paging, Refused};
use super::catalogue::CAMPAIGNS;
use super::{Account, HOUR, State};
use crate::account::Records;
use crate::local::wall_text;
use crate::people::{Customer, any_customer};
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::{Life, Record, Table};

/// One of the two documented defaults; the greatest page and offset are documented.
const PAGING: Paging = Paging::new(100, 1_000).up_to(100_000);
/// The campaigns of entries: none, by purpose, or one of the account's.
const CAMPAIGN_IDS: [i64; 4] = [0, -1, 410, 411];
/// So many seconds for each older entry, and it is lifted.
const LIFTED_AFTER: i64 = 180;
/// So many seconds after an entry its number is called all the same, where that happens.
const BREACHED_AFTER: i64 = 1_200;
/// The id of the first entry.
const FIRST_ID: usize = 501;

/// An entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    number: usize,
    campaign: i64,
    phone: u64,
    inserted: i64,
}

impl Record for Entry {}

/// The entries that an account begins with; one of eight is lifted while the clock runs.
pub(super) fn seed_entries(seed: u64, count: u32, wall_clock: i64, now: i64) -> Table<Entry> {
    let mut entries = Table::default();
    for place in 0..count {
        let inserted = wall_clock - i64::from(place + 1) * HOUR;
        let id = add_entry(&mut entries, seed, CAMPAIGN_IDS[place as usize % 4], inserted);
        if place % 8 == 7 {
            entries.set_life(&id, now + i64::from(place) * LIFTED_AFTER, Life::Deleted);
        }
    }
    entries
}

/// A few of those who must not be called by any campaign are called all the same, some minutes later.
pub(super) fn wish_breaches(state: &mut State, now: i64) {
    let entries: Vec<Entry> = state
        .do_not_call
        .present(now)
        .map(|(_, entry)| entry.clone())
        .collect();
    for entry in entries.iter().filter(|entry| entry.campaign == 0).step_by(2) {
        let at = now - (state.wall(now) - entry.inserted) + BREACHED_AFTER;
        let lead = entry.customer(state.seed).number;
        if state.leads.made_at(lead) <= at {
            state.planner.wish(at, lead);
        }
    }
}

/// A further entry; returns the id.
pub(super) fn add_entry(entries: &mut Table<Entry>, seed: u64, campaign: i64, inserted: i64) -> String {
    let number = FIRST_ID + entries.len();
    let entry = Entry {
        number,
        campaign,
        phone: forbidden_customer(seed, number).phone,
        inserted,
    };
    entries.add(number.to_string(), i64::MIN, entry);
    number.to_string()
}

impl State {
    /// One of the two lists.
    pub(super) fn do_not_contact(&mut self, is_sms: bool) -> &mut Table<Entry> {
        if is_sms {
            &mut self.sms_opt_outs
        } else {
            &mut self.do_not_call
        }
    }
}

/// Whose number an entry holds.
fn forbidden_customer(seed: u64, number: usize) -> Customer {
    any_customer(seed, scatter(seed ^ 0xD2C, number as u64))
}

impl Entry {
    fn customer(&self, seed: u64) -> Customer {
        forbidden_customer(seed, self.number)
    }

    fn record(&self, is_sms: bool) -> Value {
        let mut campaigns = CAMPAIGNS.iter();
        let campaign = campaigns.find(|campaign| i64::from(campaign.id) == self.campaign);
        let purpose = if self.campaign < 0 { "Marketing" } else { "" };
        let is_foreign = self.number % 9 == 8;
        let phone = if is_foreign {
            format!("79460018{:02}", self.number % 100)
        } else {
            self.phone.to_string()
        };
        let mut row = json!({
            "id": self.number.to_string(), "phone_number": phone,
            "campaign_id": self.campaign.to_string(), "insert_date": wall_text(self.inserted),
            "phone_code": if is_foreign { "44" } else { "1" }, "campaign_uid": self.campaign.to_string(),
            "campaign_name": campaign.map_or("", |campaign| campaign.name),
            "reason": if self.number.is_multiple_of(2) { "Asked for it" } else { "" },
        });
        if is_sms {
            row["Purpose"] = json!(purpose);
        } else {
            row["purpose"] = json!(purpose);
            row["campaign_type"] = json!("OUTBOUND");
        }
        row
    }
}

pub(super) fn search_calls(account: &Account, request: &Request) -> Result<Response, Refused> {
    search_entries(account, request, false)
}

pub(super) fn search_sms(account: &Account, request: &Request) -> Result<Response, Refused> {
    search_entries(account, request, true)
}

fn search_entries(account: &Account, request: &Request, is_sms: bool) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = PAGING.read(request, &quirks)?;
    let (id, campaign) = (request.param("id"), request.param("campaign_id"));
    account.with(|state, now| {
        let entries = state.do_not_contact(is_sms).present(now);
        let fits = |own: &str, entry: &Entry| {
            id.is_none_or(|id| id == own)
                && campaign.is_none_or(|campaign| campaign.parse() == Ok(entry.campaign))
        };
        let found = entries.filter(|(own, entry)| fits(own, entry));
        let found: Vec<&Entry> = found.map(|(_, entry)| entry).collect();
        let shown = page.cut(&found).iter();
        let rows: Vec<Value> = shown.map(|entry| entry.record(is_sms)).collect();
        Ok(page.envelope(quirks.count(found.len()), "entries", rows))
    })
}

/// Every number that must not be called or written to, by channel and id.
pub(super) fn entry_records(state: &State, now: i64) -> Records {
    let calls = state
        .do_not_call
        .present(now)
        .map(|(id, entry)| ("call", id, entry.record(false)));
    let sms = state
        .sms_opt_outs
        .present(now)
        .map(|(id, entry)| ("sms", id, entry.record(true)));
    calls
        .chain(sms)
        .map(|(channel, id, row)| (format!("{channel}:{id}"), row.to_string()))
        .collect()
}
