//! The stored lists: agents, callbacks, campaigns with their lists, dispositions. Rows are JSON as the API shows it; what time
//! alone changes is told when a row is shown.

use serde_json::{Map, Value, json};

use super::api::{BAD_DATE, Paging, Refused, Span, success};
use super::catalogue::{CAMPAIGNS, CHOSEN, Disposition, INBOUND_ENDINGS, OUTBOUND_ENDINGS, WRAP_UP};
use super::{Account, DAY, Empty, HOUR, State};
use crate::account::Records;
use crate::local::{day_at, days_before, midnight_of, offset_text, parse, parse_date, wall_text};
use crate::options::Options;
use crate::people::{LAST, any_customer, describe_colleague, describe_customer};
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::Table;

/// The default is documented; no greatest page is (assumed).
const AGENT_PAGES: Paging = Paging::new(20, 500);
/// The greatest page is what SDKs know of; the default and the greatest offset are documented.
const CALLBACK_PAGES: Paging = Paging::new(20, 5_000).up_to(50_000);
const FIRST_AGENT: u32 = 1_000_777;
const FIRST_CALLBACK: usize = 41_001;
/// How many callbacks an account begins with.
const CALLBACKS: u32 = 150;
const COMMENTS: [&str; 3] = ["after 5 pm", "ask for Dana", ""];

/// Adds a row under its `id`.
fn add_row(table: &mut Table<Value>, since: i64, row: Value) -> String {
    let id = text(&row["id"]);
    table.add(id.clone(), since, row);
    id
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The id of the agent at a place.
pub(super) fn agent_id(place: usize) -> u32 {
    FIRST_AGENT + 7 * u32::try_from(place).expect("an account has fewer agents")
}

/// Hires the agents that an account begins with.
pub(super) fn seed_agents(state: &mut State, now: i64) {
    for place in 0..state.agent_count {
        let age = i64::try_from(place).expect("an account has fewer agents");
        let login = state.wall(now) - age * 2_347 - 900;
        let mut row = agent_row(state, place, now - (400 + 13 * age) * DAY);
        row["last_login"] = json!((place % 5 != 3).then(|| wall_text(login)));
        add_row(&mut state.agents, i64::MIN, row);
    }
}

/// Hires an agent who has never logged in; returns the id.
pub(super) fn add_agent(state: &mut State, now: i64) -> String {
    let row = agent_row(state, state.agents.len(), now);
    add_row(&mut state.agents, now, row)
}

/// An agent's record with the types of the published sample.
fn agent_row(state: &State, place: usize, latest: i64) -> Value {
    let person = describe_colleague(place);
    let created = latest - (scatter(state.seed, place as u64) % 86_400).cast_signed();
    let extension = if place % 4 == 1 {
        Vec::new()
    } else {
        vec![8001 + place]
    };
    json!({
        "id": agent_id(place), "acl_access_profile": 3, "email": person.email,
        "first_name": person.first, "last_name": person.last,
        "user_level": if place.is_multiple_of(9) { 7 } else { 1 }, "queue_override": "N",
        "allow_queue_selection": "1", "allow_callbacks": "1", "callback_types_allowed": "BOTH",
        "allow_transfers": "Y", "default_blended_selection": "0", "alter_custdata_override": "NOT_ACTIVE",
        "status": if place % 6 == 4 { "N" } else { "Y" }, "local_gmt": (["-8.00", "-5.00", "1.00"][place % 3]),
        "allow_blended_campaign": "1", "notification": "N", "created_at": offset_text(state.zone, created),
        "connection_type": "WEBPHONE", "extension": extension, "last_login": null,
    })
}

/// Gives an agent another last name.
pub(super) fn rename_agent(row: &mut Value) {
    let place = LAST
        .iter()
        .position(|last| row["last_name"] == *last)
        .unwrap_or(0);
    row["last_name"] = json!(LAST[(place + 11) % LAST.len()]);
}

/// An agent's display name.
pub(super) fn full_name(row: &Value) -> String {
    format!("{} {}", text(&row["first_name"]), text(&row["last_name"]))
}

/// Whether a search for these words finds the agent: e-mail, first or last name, whatever the case.
pub(super) fn is_agent(row: &Value, words: &str) -> bool {
    let names = ["email", "first_name", "last_name"].map(|name| text(&row[name]).to_lowercase());
    let mut words = words.split(',').map(|word| word.trim().to_lowercase());
    words.any(|word| names.contains(&word))
}

/// users/search: agents as an object of rows. In one published sample the key of a row differs from the id inside.
pub(super) fn search_agents(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = AGENT_PAGES.read(request, &quirks)?;
    let words = request.param("user");
    account.with(|state, now| {
        let mut found: Vec<(&str, &Value)> = state.agents.present(now).collect();
        found.retain(|(_, row)| words.is_none_or(|words| is_agent(row, words)));
        if found.is_empty() && quirks.empty_users == Empty::Code {
            return Err((6005, "Missing Users"));
        }
        let other = agent_id(2).to_string();
        let key = |id: &str| {
            if id == other {
                format!("19{}", &id[2..])
            } else {
                id.to_owned()
            }
        };
        let shown = page.cut(&found).iter();
        let rows: Map<String, Value> = shown.map(|(id, row)| (key(id), (*row).clone())).collect();
        // An empty map comes as `[]`, as PHP writes it (assumed).
        let rows = if rows.is_empty() {
            json!([])
        } else {
            Value::Object(rows)
        };
        Ok(page.envelope(quirks.count(found.len()), "results", rows))
    })
}

/// What becomes of a promised call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    Kept,
    Late,
    Missed,
    Dismissed,
    /// Due after the account's beginning; most of them will be kept.
    Open,
}

/// Of twenty callbacks, what becomes of each.
const PROMISES: [Promise; 20] = {
    use Promise::{Dismissed, Kept, Late, Missed, Open};
    [
        Kept, Open, Late, Kept, Missed, Kept, Open, Kept, Late, Open, Kept, Dismissed, Kept, Late, Open,
        Kept, Missed, Kept, Open, Late,
    ]
};

/// Promises the callbacks that an account begins with, and has those called who will be.
pub(super) fn seed_callbacks(state: &mut State, options: &Options, now: i64) {
    let today = day_at(state.zone, now);
    for place in 0..CALLBACKS {
        let pick = scatter(state.seed ^ 0xCB, u64::from(place));
        let promise = PROMISES[place as usize % PROMISES.len()];
        let days_ago = match promise {
            // Later somebody might call all the same.
            Promise::Missed => 1 + pick % 2,
            _ => 1 + pick % u64::from(options.days.max(2) - 1),
        };
        let day = match promise {
            // One of two is due soon, the others some time in the year.
            Promise::Open => {
                now + (scatter(pick, 1) % [2, 200][place as usize / 2 % 2] * DAY.unsigned_abs()).cast_signed()
            }
            _ => midnight_of(
                state.zone,
                days_before(today, u32::try_from(days_ago).unwrap_or(1)),
            ),
        };
        // Promised is what lies in the hours of work.
        let due = midnight_of(state.zone, day_at(state.zone, day))
            + 9 * HOUR
            + (pick >> 20).cast_signed() % (9 * HOUR);
        let due = if promise == Promise::Open {
            due.max(now + HOUR / 2)
        } else {
            due
        };
        // Old leads were there when it was promised.
        let lead = any_customer(state.seed, pick >> 8).number;
        let lead = if lead % 3 == 1 { lead + 1 } else { lead };
        let created = (due - 2 * DAY - HOUR / 3).max(state.leads.made_at(lead)).min(now);
        let called = match promise {
            Promise::Kept => Some(due - 300 + (scatter(pick, 2) % 900).cast_signed()),
            Promise::Late => Some(due + HOUR / 2 + (scatter(pick, 2) % 72_000).cast_signed()),
            Promise::Open if pick % 5 > 1 => Some(due + (scatter(pick, 2) % 400).cast_signed()),
            _ => None,
        };
        if let Some(called) = called {
            state.planner.wish(called, lead);
        }
        let id = promise_callback(state, state.wall(due), state.wall(created), Some(lead));
        let outcome = match promise {
            Promise::Dismissed => "Dismissed",
            _ if called.is_some() => "Completed",
            _ => "PAST_DUE",
        };
        state.callbacks.amend(&id, |row| row["stage"] = json!(outcome));
    }
}

/// Promises a callback to some customer, by the account's wall clock; returns the id.
pub(super) fn add_callback(state: &mut State, due: i64, created: i64) -> String {
    promise_callback(state, due, created, None)
}

fn promise_callback(state: &mut State, due: i64, created: i64, lead: Option<u32>) -> String {
    let number = FIRST_CALLBACK + state.callbacks.len();
    let pick = scatter(state.seed, number as u64);
    let customer = lead.map_or_else(
        || any_customer(state.seed, pick),
        |lead| describe_customer(state.seed, lead),
    );
    let user = 1_000_777 + 7 * (pick % 5);
    let campaign = usize::from(pick % 2 == 1);
    let comment = usize::from(!pick.is_multiple_of(6)) + usize::from(!pick.is_multiple_of(2));
    let row = json!({
        "id": number.to_string(), "lead_id": customer.number.to_string(), "list_id": "1850",
        "campaign_id": (["410", "411"][campaign]), "status": "CALLBK",
        "created_at": wall_text(created), "callback_time": wall_text(due), "modified_at": wall_text(created),
        "user": user.to_string(), "recipient": if pick.is_multiple_of(4) { "System" } else { "USERONLY" },
        "comments": COMMENTS[comment], "context": "", "callback_seen": "",
        "phone_number": customer.phone.to_string(), "stage": if pick.is_multiple_of(3) { "Completed" } else { "PAST_DUE" },
        "user_name": format!("Agent {user}"), "directory_name": "Leads 1850",
        "campaign_name": (["Spring Outbound", "Renewals & Upgrades"][campaign]),
        "campaign_type": "OUTBOUND", "status_name": "Call Back",
    });
    add_row(&mut state.callbacks, i64::MIN, row)
}

fn due(row: &Value) -> i64 {
    row["callback_time"].as_str().and_then(parse).unwrap_or(0)
}

/// The stage changes by itself as time goes on; its case is not that of the filter (documented).
fn show_callback(row: &Value, wall_clock: i64) -> Value {
    let mut row = row.clone();
    if row["stage"] != "Dismissed" {
        match due(&row) - wall_clock {
            0.. => row["stage"] = json!("Pending"),
            -7_200.. => row["stage"] = json!("PAST_DUE"),
            _ => (),
        }
    }
    row["class"] = json!(text(&row["stage"]).to_lowercase());
    row
}

/// callbacks/search: the filter takes days; both ends count (assumed).
pub(super) fn search_callbacks(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = CALLBACK_PAGES.read(request, &quirks)?;
    let day = |name: &str| {
        let text = request.param(name);
        text.map(|text| parse_date(text).ok_or(BAD_DATE)).transpose()
    };
    let span = Span {
        first: day("start_date")?.unwrap_or(i64::MIN),
        last: day("end_date")?.map_or(i64::MAX, |midnight| midnight + DAY - 1),
    };
    account.with(|state, now| {
        let wall_clock = state.wall(now);
        let rows = state.callbacks.present(now).map(|(_, row)| row);
        let found: Vec<&Value> = rows.filter(|row| span.holds(due(row))).collect();
        if found.is_empty() && quirks.empty_callbacks == Empty::Code {
            return Err((6000, "Missing Callbacks"));
        }
        let shown = page.cut(&found).iter();
        let rows: Vec<Value> = shown.map(|row| show_callback(row, wall_clock)).collect();
        Ok(page.envelope(quirks.count(found.len()), "results", rows))
    })
}

/// Every callback.
pub(super) fn callback_records(state: &State, now: i64) -> Records {
    let all = state.callbacks.present(now);
    all.map(|(id, row)| (id.to_owned(), show_callback(row, state.wall(now)).to_string()))
        .collect()
}

/// Sets up the campaigns with their lists.
pub(super) fn seed_campaigns(state: &mut State, now: i64) {
    let called = |id: u32, is_used: bool, zone: &str| {
        // A date object of PHP with its zone (second SDK).
        let date = format!("{}.000000", wall_text(state.wall(now) - i64::from(id) * 60));
        is_used.then(|| json!({"date": date, "timezone_type": 3, "timezone": zone}))
    };
    let status = |is_used| if is_used { "Y" } else { "N" };
    let (mut campaigns, mut lists) = (Vec::new(), Vec::new());
    for campaign in &CAMPAIGNS {
        let (id, is_used) = (campaign.id, campaign.id != 420);
        campaigns.push(json!({
            "id": id, "name": campaign.name, "status": status(is_used),
            "last_call_date": called(id, is_used, "America/Los_Angeles"),
        }));
        for list in campaign.lists {
            let is_used = list % 4 != 3;
            lists.push(json!({
                "id": list, "name": list_name(list), "status": status(is_used),
                "last_called_at": called(list, is_used, "America/New_York"),
            }));
            // Present now and then (second SDK).
            if let (Some(row), 0) = (lists.last_mut(), list % 2) {
                row["campaign_id"] = json!(id.to_string());
            }
        }
    }
    for row in campaigns {
        add_row(&mut state.campaigns, i64::MIN, row);
    }
    for row in lists {
        add_row(&mut state.lists, i64::MIN, row);
    }
}

/// What a list is called.
pub(super) fn list_name(list: u32) -> String {
    format!("Leads {list}")
}

#[expect(clippy::unnecessary_wraps, reason = "all endpoints have one form")]
pub(super) fn search_campaigns(account: &Account, _: &Request) -> Result<Response, Refused> {
    let rows = account.with(|state, now| rows_of(&state.campaigns, now));
    Ok(success(rows.into()))
}

/// lists/search: without `status` all lists come (seen in client programs), or none (documented as required).
pub(super) fn search_lists(account: &Account, request: &Request) -> Result<Response, Refused> {
    let wanted = match request.param("status") {
        Some("1" | "true") => Some("Y"),
        Some("0" | "false") => Some("N"),
        None if !account.current_quirks().strict_lists => None,
        _ => return Err((6023, "Required fields missing")),
    };
    let mut rows = account.with(|state, now| rows_of(&state.lists, now));
    rows.retain(|list| wanted.is_none_or(|wanted| list["status"] == wanted));
    Ok(success(rows.into()))
}

fn rows_of(table: &Table<Value>, now: i64) -> Vec<Value> {
    table.present(now).map(|(_, row)| row.clone()).collect()
}

fn list_dispositions() -> Vec<Value> {
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
pub(super) fn search_dispositions(_: &Account, request: &Request) -> Result<Response, Refused> {
    let wanted = request.param("query").unwrap_or_default().to_lowercase();
    let says = |value: &Value| text(value).to_lowercase().contains(&wanted);
    let mut rows = list_dispositions();
    rows.retain(|row| says(&row["status"]) || says(&row["name"]));
    Ok(Response::json(
        &json!({"success": true, "code": 200, "data": rows}),
    ))
}

/// Every disposition, by its code.
pub(super) fn disposition_records() -> Records {
    let rows = list_dispositions().into_iter();
    rows.map(|row| (text(&row["status"]), row.to_string())).collect()
}
