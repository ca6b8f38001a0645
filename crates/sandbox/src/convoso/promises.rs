//! callbacks/search: calls that were promised, some of them for a day still to come.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::knobs::{EmptyCallbacks, Knobs};
use super::world::World;
use super::{Refused, echoed, page_of, wall_text, whole};
use crate::cast::any_customer;
use crate::people::scatter;
use crate::question::{Answer, Question};

/// Greatest page that SDKs know of.
const MOST: usize = 5_000;
/// Documented default.
const DEFAULT_LIMIT: usize = 20;
/// Documented greatest offset.
const FARTHEST: usize = 50_000;
const DAY: i64 = 86_400;
/// How many callbacks an account begins with.
const BEGINNING: u32 = 150;

/// A promise; its times are those of the account's wall clock.
pub(super) struct Promise {
    pub(super) number: u32,
    pub(super) due: i64,
    pub(super) modified: i64,
    created: i64,
    pub(super) is_dismissed: bool,
    pick: u64,
}

/// All promises that were not deleted.
pub(super) struct Promises {
    pub(super) all: Vec<Promise>,
    seed: u64,
    next: u32,
}

impl Promises {
    pub(super) fn new(seed: u64, wall_clock: i64) -> Self {
        let mut promises = Self {
            all: Vec::new(),
            seed,
            next: 41_001,
        };
        for place in 0..BEGINNING {
            let pick = scatter(seed ^ 0xCB, u64::from(place));
            let due = wall_clock - 2 * DAY + (pick % (200 * 86_400)).cast_signed();
            promises.add(due, wall_clock.min(due) - 2 * DAY);
        }
        promises
    }

    /// A further promise.
    pub(super) fn add(&mut self, due: i64, created: i64) -> u32 {
        let number = self.next;
        self.next += 1;
        self.all.push(Promise {
            number,
            due,
            created,
            modified: created,
            is_dismissed: false,
            pick: scatter(self.seed, u64::from(number)),
        });
        number
    }

    /// Every promise as the vendor writes it.
    pub(super) fn records(&self, wall_clock: i64) -> Vec<(u32, Value)> {
        let records = self.all.iter();
        records
            .map(|promise| (promise.number, self.record(promise, wall_clock)))
            .collect()
    }

    /// The stage changes by itself as time goes on; its case is not that of the filter (documented).
    fn record(&self, promise: &Promise, wall_clock: i64) -> Value {
        let stage = match (promise.is_dismissed, promise.due - wall_clock) {
            (true, _) => "Dismissed",
            (_, 0..) => "Pending",
            (_, ..-7_200) if promise.pick.is_multiple_of(3) => "Completed",
            _ => "PAST_DUE",
        };
        let customer = any_customer(self.seed, promise.pick);
        let user = 1_000_777 + 7 * (promise.pick % 5);
        json!({
            "id": promise.number.to_string(), "lead_id": customer.number.to_string(), "list_id": "1850",
            "campaign_id": (["410", "411"][usize::from(promise.pick % 2 == 1)]), "status": "CALLBK",
            "created_at": wall_text(promise.created), "callback_time": wall_text(promise.due),
            "modified_at": wall_text(promise.modified), "user": user.to_string(),
            "recipient": if promise.pick.is_multiple_of(4) { "System" } else { "USERONLY" },
            "comments": (["after 5 pm", "ask for Dana", "", ""][usize::from(!promise.pick.is_multiple_of(6)) + usize::from(!promise.pick.is_multiple_of(2))]), "context": "", "callback_seen": "",
            "phone_number": customer.phone.to_string(), "stage": stage, "class": stage.to_lowercase(),
            "user_name": format!("Agent {user}"), "directory_name": "Leads 1850",
            "campaign_name": (["Spring Outbound", "Renewals & Upgrades"][usize::from(promise.pick % 2 == 1)]),
            "campaign_type": "OUTBOUND", "status_name": "Call Back",
        })
    }
}

/// The filter takes days; both ends count (assumed).
pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", DEFAULT_LIMIT, (7230, "Invalid limit"))?.min(MOST);
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    if offset > FARTHEST {
        return Err((7231, "Invalid offset"));
    }
    let day = |name: &str| -> Result<Option<i64>, Refused> {
        let Some(text) = question.get(name) else {
            return Ok(None);
        };
        let day: NaiveDate = text.parse().map_err(|_| (6023, "Invalid date format"))?;
        Ok(day
            .and_hms_opt(0, 0, 0)
            .map(|midnight| midnight.and_utc().timestamp()))
    };
    let first = day("start_date")?.unwrap_or(i64::MIN);
    let last = day("end_date")?.map_or(i64::MAX, |midnight| midnight + DAY - 1);
    let knobs = world.look(Knobs::clone);
    let zone = world.zone();
    let rows: Vec<Value> = world.read(|state, now| {
        let wall_clock = crate::local::wall_clock(zone, now);
        let promises = &state.office.promises;
        let due = promises
            .all
            .iter()
            .filter(|promise| (first..=last).contains(&promise.due));
        due.map(|promise| promises.record(promise, wall_clock)).collect()
    });
    if rows.is_empty() && knobs.empty_callbacks == EmptyCallbacks::Code6000 {
        return Err((6000, "Missing Callbacks"));
    }
    let data = json!({
        "offset": echoed(question, "offset", offset), "limit": echoed(question, "limit", limit),
        "total": knobs.count(rows.len()), "results": page_of(&rows, offset, limit),
    });
    Ok(Answer::json(json!({"success": true, "data": data}).to_string()))
}
