//! Rows as they look now: drawn from the seed and the id, with what was changed by hand on top.

use serde_json::{Value, json};

use super::calls::Call;
use super::knobs::{Knobs, Nulls, Times};
use super::world::{Row, State, World};
use crate::cast::{any_customer, colleague};
use crate::convoso::Link;
use crate::local;
use crate::people::{one_of, scatter};

/// The measures of calls that the tenant has.
pub(super) const METRICS: [&str; 3] = ["sentiment", "talk_share", "silence_seconds"];
const CAMPAIGNS: [&str; 5] = ["billing", "retention", "renewal", "welcome", "claims"];
const DEPARTMENTS: [&str; 4] = ["west", "east", "north", "Ñandú"];
/// A campaign is corrected so long after the call.
const CORRECTED_AFTER: i64 = 10 * 86_400;
const FIRST_REP: usize = 101;

/// The id of the user at a place.
pub(super) fn rep_id(place: usize) -> String {
    format!("a{}", FIRST_REP + place)
}

impl World {
    /// A call as its list shows it, with these measures.
    pub(super) fn call_row(&self, state: &State, call: Call, knobs: &Knobs, metrics: &[&str]) -> Row {
        let pick = scatter(self.seed, call.id);
        let link = self.link(call);
        let mut row = Row::new();
        let id = if knobs.ids_as_text {
            json!(call.id.to_string())
        } else {
            json!(call.id)
        };
        row.insert("call_id".to_owned(), id);
        self.put_times(&mut row, call, knobs, link.as_ref());
        self.put_people(&mut row, pick, knobs, link.as_ref());
        self.put_words(&mut row, call, knobs);
        for name in metrics.iter().filter(|name| METRICS.contains(name)) {
            row.insert((*name).to_owned(), metric(name, pick));
        }
        if let Some(edit) = state.edits.get(&call.id) {
            row.extend(edit.clone());
        }
        finish(row, knobs)
    }

    fn put_times(&self, row: &mut Row, call: Call, knobs: &Knobs, link: Option<&Link>) {
        let length = link.map_or_else(|| talk_seconds(self.seed, call.id), |link| link.seconds);
        let start = if knobs.broken.contains(&call.id) {
            "some time ago".to_owned()
        } else {
            self.time(call.start, knobs.times)
        };
        let end = call.start + length;
        let is_over = end <= self.now();
        row.insert("start_time".to_owned(), json!(start));
        let end = is_over.then(|| self.time(end, knobs.times));
        row.insert("end_time".to_owned(), json!(end));
        row.insert("duration".to_owned(), json!(is_over.then_some(length)));
    }

    fn put_people(&self, row: &mut Row, pick: u64, knobs: &Knobs, link: Option<&Link>) {
        let place = link.map_or_else(|| place(pick, self.agents), |link| link.agent);
        let phone = link.map_or_else(|| any_customer(self.seed, pick >> 8).phone, |link| link.phone);
        let is_inbound = link.map_or(pick.is_multiple_of(4), |link| link.is_inbound);
        let (vendor, vendor_id) = match link {
            Some(link) => ("convoso", link.id.to_string()),
            None if pick % 10 == 3 => ("chat_b", format!("chat-{}", pick % 100_000)),
            None => ("phone_a", uuid(pick)),
        };
        let is_escalated = (pick >> 5).is_multiple_of(32);
        let flag = if knobs.booleans {
            json!(is_escalated)
        } else {
            json!(u8::from(is_escalated))
        };
        for (name, value) in [
            ("rep_id", json!((pick % 29 != 1).then(|| rep_id(place)))),
            ("department", json!(DEPARTMENTS[place % DEPARTMENTS.len()])),
            ("customer_phone", json!(phone.to_string())),
            (
                "direction",
                json!(if is_inbound { "inbound" } else { "outbound" }),
            ),
            ("vendor", json!(vendor)),
            ("vendor_call_id", json!(vendor_id)),
            ("language", json!((!pick.is_multiple_of(7)).then_some("en"))),
            ("escalated", flag),
        ] {
            row.insert(name.to_owned(), value);
        }
    }

    fn put_words(&self, row: &mut Row, call: Call, knobs: &Knobs) {
        let pick = scatter(self.seed ^ 2, call.id);
        let age = self.now() - call.start;
        let is_corrected = knobs.late_campaigns && pick.is_multiple_of(40) && age > CORRECTED_AFTER;
        let campaign =
            (!pick.is_multiple_of(8)).then(|| one_of(&CAMPAIGNS, pick / 8 + u64::from(is_corrected)));
        let part = (pick % 5 == 2).then(|| format!("q{}", 1 + pick / 5 % 4));
        let summary = (age >= 60 * knobs.summary_minutes).then(|| self.summary(pick));
        row.insert("campaign".to_owned(), json!(campaign));
        row.insert("subcampaign".to_owned(), json!(part));
        row.insert("summary".to_owned(), json!(summary));
    }

    fn summary(&self, pick: u64) -> &str {
        let length = if self.summary_bytes > 0 {
            self.summary_bytes
        } else {
            40
        };
        let room = (self.prose.len() - length) as u64;
        let from = usize::try_from(pick % room).expect("prose fits memory");
        &self.prose[from..from + length]
    }

    /// A time as rows write it.
    fn time(&self, instant: i64, form: Times) -> String {
        let mut text = String::new();
        local::push(&mut text, local::wall_clock(self.zone, instant));
        match form {
            Times::Seconds => text,
            Times::Minutes => text[..16].to_owned(),
            Times::Offset => {
                let minutes = local::offset(self.zone, instant) / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
                format!("{}{sign}{hours:02}:{rest:02}", text.replacen(' ', "T", 1))
            }
        }
    }
}

/// A user as the list shows them.
pub(super) fn rep_row(state: &State, place: usize, knobs: &Knobs) -> Row {
    let (first, last, email) = colleague(place);
    let is_active = place % 6 != 4;
    let flag = if knobs.booleans {
        json!(is_active)
    } else {
        json!(u8::from(is_active))
    };
    let mut row = Row::new();
    for (name, value) in [
        ("rep_id", json!(rep_id(place))),
        (
            "name",
            json!((place % 11 != 10).then(|| format!("{first} {last}"))),
        ),
        (
            "gender",
            json!((!place.is_multiple_of(3)).then_some(["f", "m"][place % 2])),
        ),
        ("campaign", json!(CAMPAIGNS[place % CAMPAIGNS.len()])),
        ("subcampaign", Value::Null),
        ("department", json!(DEPARTMENTS[place % DEPARTMENTS.len()])),
        ("active", flag),
        ("email", json!(email)),
    ] {
        row.insert(name.to_owned(), value);
    }
    if let Some(edit) = state.rep_edits.get(&rep_id(place)) {
        row.extend(edit.clone());
    }
    finish(row, knobs)
}

/// How long a call of the schedule lasts.
pub(super) fn talk_seconds(seed: u64, id: u64) -> i64 {
    20 + i64::try_from(scatter(seed ^ 3, id) % 880).expect("a length fits")
}

fn place(pick: u64, agents: usize) -> usize {
    usize::try_from(pick >> 16).expect("48 bits fit") % agents
}

fn uuid(pick: u64) -> String {
    let more = scatter(pick, 1);
    format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        pick >> 32,
        pick >> 16 & 0xFFFF,
        pick & 0xFFF,
        more >> 52,
        more & 0xFFFF_FFFF_FFFF
    )
}

fn metric(name: &str, pick: u64) -> Value {
    match name {
        "sentiment" if pick % 9 == 1 => Value::Null,
        "sentiment" => json!(f64::from(u32::try_from(pick % 201).expect("it fits")) / 100.0 - 1.0),
        "talk_share" => json!(format!("0.{:02}", pick % 100)),
        _ => json!(pick % 300),
    }
}

fn finish(mut row: Row, knobs: &Knobs) -> Row {
    for name in &knobs.nulled {
        if let Some(value) = row.get_mut(name) {
            *value = Value::Null;
        }
    }
    if let Some(name) = &knobs.new_column {
        row.insert(name.clone(), json!("new"));
    }
    if knobs.nulls == Nulls::Missing {
        row.retain(|_, value| !value.is_null());
    }
    row
}
