//! campaigns/search, lists/search and status/search: lists without pages.

use serde_json::{Value, json};

use super::Account;
use super::api::Refused;
use super::catalogue::{CAMPAIGNS, CHOSEN, Disposition, INBOUND_ENDINGS, OUTBOUND_ENDINGS, WRAP_UP};
use crate::account::Records;
use crate::local::wall_text;
use crate::request::{Request, Response};
use crate::table::Table;

/// The campaigns of an account.
pub(super) fn seed(wall_clock: i64) -> Table<Value> {
    let mut campaigns = Table::default();
    for campaign in &CAMPAIGNS {
        let is_used = campaign.id != 420;
        let called = date(wall_clock - i64::from(campaign.id) * 60, "America/Los_Angeles");
        let row = json!({
            "id": campaign.id, "name": campaign.name, "status": if is_used { "Y" } else { "N" },
            "last_call_date": is_used.then_some(called),
        });
        campaigns.add(campaign.id.to_string(), i64::MIN, row);
    }
    campaigns
}

/// The lists of an account.
pub(super) fn seed_lists(wall_clock: i64) -> Table<Value> {
    let mut lists = Table::default();
    for campaign in &CAMPAIGNS {
        for list in campaign.lists {
            let is_used = list % 4 != 3;
            let called = date(wall_clock - i64::from(list) * 60, "America/New_York");
            let mut row = json!({
                "id": list, "name": list_name(list), "status": if is_used { "Y" } else { "N" },
                "last_called_at": is_used.then_some(called),
            });
            // Present now and then (second SDK).
            if list % 2 == 0 {
                row["campaign_id"] = json!(campaign.id.to_string());
            }
            lists.add(list.to_string(), i64::MIN, row);
        }
    }
    lists
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
    let endings = OUTBOUND_ENDINGS.iter().chain(&INBOUND_ENDINGS);
    let endings = endings.map(|ending| ending.disposition);
    let mut all: Vec<Disposition> = CHOSEN.into_iter().chain(endings).chain([WRAP_UP]).collect();
    all.sort_by_key(|disposition| disposition.code);
    all.dedup_by_key(|disposition| disposition.code);
    all.into_iter().map(disposition_row).collect()
}

fn disposition_row(disposition: Disposition) -> Value {
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
}

#[expect(clippy::unnecessary_wraps, reason = "all endpoints have one form")]
pub(super) fn search(account: &Account, _: &Request) -> Result<Response, Refused> {
    let rows: Vec<Value> =
        account.with(|state, now| state.campaigns.present(now).map(|(_, row)| row.clone()).collect());
    Ok(Response::json(&json!({"success": true, "data": rows})))
}

/// Without `status` all lists come (seen in client programs), or none (documented as required).
pub(super) fn search_lists(account: &Account, request: &Request) -> Result<Response, Refused> {
    let wanted = match request.param("status") {
        Some("1" | "true") => Some("Y"),
        Some("0" | "false") => Some("N"),
        None if !account.current_quirks().strict_lists => None,
        _ => return Err((6023, "Required fields missing")),
    };
    let rows: Vec<Value> = account.with(|state, now| {
        let lists = state.lists.present(now).map(|(_, row)| row);
        lists
            .filter(|list| wanted.is_none_or(|wanted| list["status"] == wanted))
            .cloned()
            .collect()
    });
    Ok(Response::json(&json!({"success": true, "data": rows})))
}

#[expect(clippy::unnecessary_wraps, reason = "all endpoints have one form")]
pub(super) fn search_dispositions(_: &Account, request: &Request) -> Result<Response, Refused> {
    let text = request.param("query").unwrap_or_default().to_lowercase();
    let says = |value: &Value| {
        value
            .as_str()
            .is_some_and(|own| own.to_lowercase().contains(&text))
    };
    let mut rows = dispositions();
    rows.retain(|row| says(&row["status"]) || says(&row["name"]));
    Ok(Response::json(
        &json!({"success": true, "code": 200, "data": rows}),
    ))
}

/// Every disposition, by its code.
pub(super) fn disposition_records() -> Records {
    let code = |row: &Value| row["status"].as_str().unwrap_or_default().to_owned();
    dispositions()
        .iter()
        .map(|row| (code(row), row.to_string()))
        .collect()
}
