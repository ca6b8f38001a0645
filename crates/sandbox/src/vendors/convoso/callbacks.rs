//! Calls that were promised, some of them for a day still to come, and callbacks/search.

use serde_json::{Value, json};

use super::api::{BAD_DATE, Paging, Refused, Span};
use super::{Account, DAY, Empty, State};
use crate::account::Records;
use crate::local::{parse_date, wall_text};
use crate::people::any_customer;
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::{Record, Table};

/// The greatest page is what SDKs know of; the default and the greatest offset are documented.
const PAGING: Paging = Paging {
    usual: 20,
    most: 5_000,
    is_strict: false,
    farthest: 50_000,
};
/// How many callbacks an account begins with.
const BEGINNING: u32 = 150;
/// The id of the first callback.
const FIRST_ID: usize = 41_001;
const COMMENTS: [&str; 3] = ["after 5 pm", "ask for Dana", ""];

/// A callback; its times are those of the account's wall clock.
#[derive(Debug, Clone)]
pub(super) struct Callback {
    pub(super) modified: i64,
    pub(super) is_dismissed: bool,
    due: i64,
    created: i64,
    pick: u64,
}

impl Record for Callback {}

/// The callbacks that an account begins with.
pub(super) fn seed(seed: u64, wall_clock: i64) -> Table<Callback> {
    let mut callbacks = Table::default();
    for place in 0..BEGINNING {
        let pick = scatter(seed ^ 0xCB, u64::from(place));
        let due = wall_clock - 2 * DAY + (pick % (200 * 86_400)).cast_signed();
        add(&mut callbacks, seed, due, wall_clock.min(due) - 2 * DAY);
    }
    callbacks
}

/// A further callback; returns the id.
pub(super) fn add(callbacks: &mut Table<Callback>, seed: u64, due: i64, created: i64) -> String {
    let number = FIRST_ID + callbacks.len();
    let callback = Callback {
        modified: created,
        is_dismissed: false,
        due,
        created,
        pick: scatter(seed, number as u64),
    };
    callbacks.add(number.to_string(), i64::MIN, callback);
    number.to_string()
}

/// The stage changes by itself as time goes on; its case is not that of the filter (documented).
fn record(state: &State, id: &str, callback: &Callback, wall_clock: i64) -> Value {
    let pick = callback.pick;
    let phase = match (callback.is_dismissed, callback.due - wall_clock) {
        (true, _) => "Dismissed",
        (_, 0..) => "Pending",
        (_, ..-7_200) if pick.is_multiple_of(3) => "Completed",
        _ => "PAST_DUE",
    };
    let customer = any_customer(state.seed, pick);
    let user = 1_000_777 + 7 * (pick % 5);
    let campaign = usize::from(pick % 2 == 1);
    let comment = usize::from(!pick.is_multiple_of(6)) + usize::from(!pick.is_multiple_of(2));
    json!({
        "id": id, "lead_id": customer.number.to_string(), "list_id": "1850",
        "campaign_id": (["410", "411"][campaign]), "status": "CALLBK",
        "created_at": wall_text(callback.created), "callback_time": wall_text(callback.due),
        "modified_at": wall_text(callback.modified), "user": user.to_string(),
        "recipient": if pick.is_multiple_of(4) { "System" } else { "USERONLY" },
        "comments": COMMENTS[comment], "context": "", "callback_seen": "",
        "phone_number": customer.phone.to_string(), "stage": phase, "class": phase.to_lowercase(),
        "user_name": format!("Agent {user}"), "directory_name": "Leads 1850",
        "campaign_name": (["Spring Outbound", "Renewals & Upgrades"][campaign]),
        "campaign_type": "OUTBOUND", "status_name": "Call Back",
    })
}

/// The filter takes days; both ends count (assumed).
pub(super) fn search(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = PAGING.read(request, &quirks)?;
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
        let due = state
            .callbacks
            .present(now)
            .filter(|(_, callback)| span.holds(callback.due));
        let rows: Vec<Value> = due
            .map(|(id, callback)| record(state, id, callback, wall_clock))
            .collect();
        if rows.is_empty() && quirks.empty_callbacks == Empty::Code {
            return Err((6000, "Missing Callbacks"));
        }
        Ok(page.envelope(quirks.count(rows.len()), "results", page.cut(&rows)))
    })
}

/// Every callback.
pub(super) fn records(state: &State, now: i64) -> Records {
    let wall_clock = state.wall(now);
    let all = state.callbacks.present(now);
    all.map(|(id, callback)| (id.to_owned(), record(state, id, callback, wall_clock).to_string()))
        .collect()
}
