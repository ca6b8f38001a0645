//! dnc/search and sms-opt-out/search: numbers that must be left alone.

use serde_json::{Value, json};

use super::catalogue::CAMPAIGNS;
use super::knobs::Knobs;
use super::world::World;
use super::{Refused, echoed, wall_text, whole};
use crate::cast::any_customer;
use crate::people::scatter;
use crate::question::{Answer, Question};

/// Documented greatest page.
const MOST: usize = 1_000;
/// One of the two documented defaults.
const DEFAULT_LIMIT: usize = 100;
/// Documented greatest offset.
const FARTHEST: usize = 100_000;
/// The campaigns of entries: none, by purpose, or one of the account's.
const CAMPAIGN_IDS: [i64; 4] = [0, -1, 410, 411];

/// An entry.
pub(super) struct Entry {
    pub(super) number: u32,
    campaign: i64,
    phone: u64,
    inserted: i64,
}

/// One of the two lists; each numbers its entries by itself.
pub(super) struct Consent {
    pub(super) entries: Vec<Entry>,
    seed: u64,
    next: u32,
}

impl Consent {
    pub(super) fn new(seed: u64, count: u32, wall_clock: i64) -> Self {
        let mut consent = Self {
            entries: Vec::new(),
            seed,
            next: 501,
        };
        for place in 0..count {
            consent.add(
                CAMPAIGN_IDS[place as usize % 4],
                wall_clock - i64::from(place + 1) * 3_600,
            );
        }
        consent
    }

    /// A further entry.
    pub(super) fn add(&mut self, campaign: i64, inserted: i64) -> u32 {
        let number = self.next;
        self.next += 1;
        let phone = any_customer(self.seed, scatter(self.seed ^ 0xD2C, u64::from(number))).phone;
        self.entries.push(Entry {
            number,
            campaign,
            phone,
            inserted,
        });
        number
    }

    /// Takes an entry out; says whether there was one.
    pub(super) fn remove(&mut self, number: u32) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.number != number);
        self.entries.len() < before
    }

    /// Every entry as the vendor writes it.
    pub(super) fn records(&self, is_sms: bool) -> Vec<(u32, Value)> {
        self.entries
            .iter()
            .map(|entry| (entry.number, record(entry, is_sms)))
            .collect()
    }
}

fn record(entry: &Entry, is_sms: bool) -> Value {
    let campaign = CAMPAIGNS
        .iter()
        .find(|campaign| i64::from(campaign.id) == entry.campaign);
    let purpose = if entry.campaign < 0 { "Marketing" } else { "" };
    let is_foreign = entry.number % 9 == 8;
    let phone = if is_foreign {
        format!("79460018{:02}", entry.number % 100)
    } else {
        entry.phone.to_string()
    };
    let mut row = json!({
        "id": entry.number.to_string(), "phone_number": phone,
        "campaign_id": entry.campaign.to_string(), "insert_date": wall_text(entry.inserted),
        "phone_code": if is_foreign { "44" } else { "1" }, "campaign_uid": entry.campaign.to_string(),
        "campaign_name": campaign.map_or("", |campaign| campaign.name),
        "reason": if entry.number.is_multiple_of(2) { "Asked for it" } else { "" },
    });
    if is_sms {
        row["Purpose"] = json!(purpose);
    } else {
        row["purpose"] = json!(purpose);
        row["campaign_type"] = json!("OUTBOUND");
    }
    row
}

pub(super) fn do_not_call(world: &World, question: &Question) -> Result<Answer, Refused> {
    answer(world, question, false)
}

pub(super) fn sms_opt_outs(world: &World, question: &Question) -> Result<Answer, Refused> {
    answer(world, question, true)
}

fn answer(world: &World, question: &Question, is_sms: bool) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", DEFAULT_LIMIT, (7230, "Invalid limit"))?.min(MOST);
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    if offset > FARTHEST {
        return Err((7231, "Invalid offset"));
    }
    let number = |name: &str| {
        question
            .get(name)
            .map(|text| text.parse::<i64>().unwrap_or(i64::MIN))
    };
    let (id, campaign) = (number("id"), number("campaign_id"));
    let (total, rows) = world.read(|state, _| {
        let list = state.office.consent(is_sms);
        let fits = |entry: &&Entry| {
            id.is_none_or(|id| id == i64::from(entry.number))
                && campaign.is_none_or(|id| id == entry.campaign)
        };
        let found: Vec<&Entry> = list.entries.iter().filter(fits).collect();
        let page = found.iter().skip(offset).take(limit);
        let rows: Vec<Value> = page.map(|entry| record(entry, is_sms)).collect();
        (found.len(), rows)
    });
    let data = json!({
        "offset": echoed(question, "offset", offset), "limit": echoed(question, "limit", limit),
        "total": world.look(Knobs::clone).count(total), "entries": rows,
    });
    Ok(Answer::json(json!({"success": true, "data": data}).to_string()))
}
