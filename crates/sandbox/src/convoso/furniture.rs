//! campaigns/search, lists/search and status/search: lists without pages.

use serde_json::{Value, json};

use super::catalogue::{CAMPAIGNS, CHOSEN, INBOUND_ENDINGS, OUTBOUND_ENDINGS, WRAP_UP};
use super::world::World;
use super::{Refused, wall_text};
use crate::question::{Answer, Question};

/// The furniture as it stands, each piece as the vendor writes it.
pub(super) struct Furniture {
    pub(super) campaigns: Vec<Value>,
    pub(super) lists: Vec<Value>,
    pub(super) dispositions: Vec<Value>,
}

impl Furniture {
    pub(super) fn new(wall_clock: i64) -> Self {
        let campaigns = CAMPAIGNS.iter().map(|campaign| {
            let called = wall_clock - i64::from(campaign.id) * 60;
            let is_idle = campaign.id == 420;
            let last = if is_idle { Value::Null } else { date(called, "America/Los_Angeles") };
            json!({"id": campaign.id, "name": campaign.name, "status": if is_idle { "N" } else { "Y" }, "last_call_date": last})
        });
        let lists = CAMPAIGNS
            .iter()
            .flat_map(|campaign| campaign.lists.map(|list| (campaign.id, list)));
        let lists = lists.map(|(campaign, list)| {
            let is_used = list % 4 != 3;
            let called = date(wall_clock - i64::from(list) * 60, "America/New_York");
            let mut row = json!({"id": list, "name": list_name(list), "status": if is_used { "Y" } else { "N" },
                "last_called_at": if is_used { called } else { Value::Null }});
            // Present now and then (second SDK).
            if list % 2 == 0 {
                row["campaign_id"] = json!(campaign.to_string());
            }
            row
        });
        Self {
            campaigns: campaigns.collect(),
            lists: lists.collect(),
            dispositions: dispositions(),
        }
    }
}

/// A date object of PHP with its zone (second SDK).
fn date(wall_clock: i64, zone: &str) -> Value {
    json!({"date": format!("{}.000000", wall_text(wall_clock)), "timezone_type": 3, "timezone": zone})
}

/// What a list is called.
pub(super) fn list_name(list: u32) -> String {
    format!("Leads {list}")
}

fn dispositions() -> Vec<Value> {
    let endings = OUTBOUND_ENDINGS
        .iter()
        .chain(&INBOUND_ENDINGS)
        .map(|ending| ending.disposition);
    let mut all: Vec<_> = CHOSEN.into_iter().chain(endings).chain([WRAP_UP]).collect();
    all.sort_by_key(|disposition| disposition.code);
    all.dedup_by_key(|disposition| disposition.code);
    let row = |disposition: super::catalogue::Disposition| {
        let is = |codes: &[&str]| {
            if codes.contains(&disposition.code) {
                "Y"
            } else {
                "N"
            }
        };
        json!({
            "status": disposition.code, "name": disposition.name, "final": is(&["SALE", "DNC", "DC", "WN"]),
            "reached": is(&["SALE", "NI", "NQ", "CALLBK", "XFERD", "DNC"]), "success": is(&["SALE"]),
            "dnc": is(&["DNC"]), "callback": is(&["CALLBK"]), "contact": is(&["SALE", "NI", "NQ", "CALLBK"]),
            "voicemail": is(&["AM", "AA"]), "workflow_dispositon_event_option": 0,
            "custom_status": is(&["NQ", "XFERD", "WN"]),
        })
    };
    all.into_iter().map(row).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "all endpoints have one form")]
pub(super) fn campaigns(world: &World, _: &Question) -> Result<Answer, Refused> {
    let rows = world.read(|state, _| state.office.furniture.campaigns.clone());
    Ok(Answer::json(json!({"success": true, "data": rows}).to_string()))
}

/// Without `status` all lists come (seen in client programs), or none (documented as required).
pub(super) fn lists(world: &World, question: &Question) -> Result<Answer, Refused> {
    let wanted = match question.get("status") {
        Some("1" | "true") => Some("Y"),
        Some("0" | "false") => Some("N"),
        None if !world.look(|knobs| knobs.strict_lists) => None,
        _ => return Err((6023, "Required fields missing")),
    };
    let rows: Vec<Value> = world.read(|state, _| {
        let lists = state.office.furniture.lists.iter();
        lists
            .filter(|list| wanted.is_none_or(|wanted| list["status"] == wanted))
            .cloned()
            .collect()
    });
    Ok(Answer::json(json!({"success": true, "data": rows}).to_string()))
}

#[expect(clippy::unnecessary_wraps, reason = "all endpoints have one form")]
pub(super) fn statuses(world: &World, question: &Question) -> Result<Answer, Refused> {
    let text = question.get("query").unwrap_or_default().to_lowercase();
    let rows: Vec<Value> = world.read(|state, _| {
        let says = |row: &&Value| {
            ["status", "name"].iter().any(|key| {
                row[key]
                    .as_str()
                    .is_some_and(|own| own.to_lowercase().contains(&text))
            })
        };
        state
            .office
            .furniture
            .dispositions
            .iter()
            .filter(says)
            .cloned()
            .collect()
    });
    Ok(Answer::json(
        json!({"success": true, "code": 200, "data": rows}).to_string(),
    ))
}
