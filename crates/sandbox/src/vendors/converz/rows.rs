//! Rows as they look now: drawn from the seed and the id, with what was changed by hand on top.

use serde_json::{Value, json};

use super::schedule::Call;
use super::{Link, Nulls, Quirks, Rep, Row, Tenant, Times};
use crate::listing::is_among;
use crate::local::{self, DAY, wall_text};
use crate::people::{any_customer, describe_colleague};
use crate::rng::{one_of, scatter};

/// The measures of calls that the tenant has.
pub(super) const METRICS: &str = "sentiment talk_share silence_seconds";
const CAMPAIGNS: [&str; 5] = ["billing", "retention", "renewal", "welcome", "claims"];
const DEPARTMENTS: [&str; 4] = ["west", "east", "north", "Ñandú"];
/// A campaign is corrected so long after the call.
const CORRECTED_AFTER: i64 = 10 * DAY;
const FIRST_REP: usize = 101;
/// Length of a summary where nobody wants another.
const SUMMARY_BYTES: usize = 40;

/// The id of the user at a place.
pub(super) fn rep_id(place: usize) -> String {
    format!("a{}", FIRST_REP + place)
}

impl Tenant<'_> {
    /// A call as its list shows it, with these measures.
    pub(super) fn call_row(&self, call: Call, metrics: &[&str]) -> Row {
        let pick = scatter(self.state.seed, call.id);
        let link = self.link(call);
        let mut row = Row::new();
        let id = if self.quirks.ids_as_text {
            json!(call.id.to_string())
        } else {
            json!(call.id)
        };
        put(&mut row, [("call_id", id)]);
        self.put_times(&mut row, call, link.as_ref());
        self.put_people(&mut row, pick, link.as_ref());
        self.put_words(&mut row, call);
        for name in metrics.iter().filter(|name| is_among(METRICS, name)) {
            put(&mut row, [(*name, metric(name, pick))]);
        }
        if let Some(edit) = self.state.edits.get(&call.id) {
            row.extend(edit.clone());
        }
        finish(row, &self.quirks)
    }

    fn put_times(&self, row: &mut Row, call: Call, link: Option<&Link>) {
        let drawn = || 20 + (scatter(self.state.seed ^ 3, call.id) % 880).cast_signed();
        let length = link.map_or_else(drawn, |link| link.seconds);
        let start = if self.quirks.broken.contains(&call.id) {
            Some("some time ago".to_owned())
        } else {
            (!call.is_timeless).then(|| self.time(call.start))
        };
        let end = call.start + length;
        let is_over = end <= self.now && !call.is_timeless;
        put(
            row,
            [
                ("start_time", json!(start)),
                ("end_time", json!(is_over.then(|| self.time(end)))),
                ("duration", json!(is_over.then_some(length))),
            ],
        );
    }

    fn put_people(&self, row: &mut Row, pick: u64, link: Option<&Link>) {
        let drawn = || usize::try_from(pick >> 16).expect("48 bits fit") % self.state.agents;
        let place = link.map_or_else(drawn, |link| link.agent);
        let phone = link.map_or_else(
            || any_customer(self.state.seed, pick >> 8).phone,
            |link| link.phone,
        );
        let is_inbound = link.map_or(pick.is_multiple_of(4), |link| link.is_inbound);
        let (vendor, vendor_id) = match link {
            Some(link) => ("convoso", link.id.clone()),
            None if pick % 10 == 3 => ("chat_b", format!("chat-{}", pick % 100_000)),
            None => ("phone_a", uuid(pick)),
        };
        put(
            row,
            [
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
                ("escalated", self.flag((pick >> 5).is_multiple_of(32))),
            ],
        );
    }

    fn put_words(&self, row: &mut Row, call: Call) {
        let (state, quirks) = (self.state, &self.quirks);
        let pick = scatter(state.seed ^ 2, call.id);
        let age = self.now - call.start;
        let is_corrected = quirks.late_campaigns && pick.is_multiple_of(40) && age > CORRECTED_AFTER;
        let campaign =
            (!pick.is_multiple_of(8)).then(|| one_of(&CAMPAIGNS, pick / 8 + u64::from(is_corrected)));
        let part = (pick % 5 == 2).then(|| format!("q{}", 1 + pick / 5 % 4));
        let length = if state.summary_bytes > 0 {
            state.summary_bytes
        } else {
            SUMMARY_BYTES
        };
        let summary = (age >= 60 * quirks.summary_minutes).then(|| state.prose.piece(pick, length));
        put(
            row,
            [
                ("campaign", json!(campaign)),
                ("subcampaign", json!(part)),
                ("summary", json!(summary)),
            ],
        );
    }

    fn flag(&self, is_set: bool) -> Value {
        if self.quirks.booleans {
            json!(is_set)
        } else {
            json!(u8::from(is_set))
        }
    }

    /// A time as rows write it.
    fn time(&self, instant: i64) -> String {
        let text = wall_text(local::wall_clock(self.state.zone, instant));
        match self.quirks.times {
            Times::Seconds => text,
            Times::Minutes => text[..16].to_owned(),
            Times::Offset => {
                let minutes = local::offset_at(self.state.zone, instant) / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
                format!("{}{sign}{hours:02}:{rest:02}", text.replacen(' ', "T", 1))
            }
        }
    }

    /// Every user, by id, as the list shows them.
    pub(super) fn rep_rows(&self) -> Vec<(String, Row)> {
        let reps = self.state.reps.present(self.now);
        reps.map(|(id, rep)| (id.to_owned(), self.rep_row(rep))).collect()
    }

    fn rep_row(&self, rep: &Rep) -> Row {
        let place = rep.place;
        let person = describe_colleague(place);
        let name = (place % 11 != 10).then(|| format!("{} {}", person.first, person.last));
        let mut row = Row::new();
        put(
            &mut row,
            [
                ("rep_id", json!(rep_id(place))),
                ("name", json!(name)),
                (
                    "gender",
                    json!((!place.is_multiple_of(3)).then_some(["f", "m"][place % 2])),
                ),
                ("campaign", json!(CAMPAIGNS[place % CAMPAIGNS.len()])),
                ("subcampaign", Value::Null),
                ("department", json!(DEPARTMENTS[place % DEPARTMENTS.len()])),
                ("active", self.flag(place % 6 != 4)),
                ("email", json!(person.email)),
            ],
        );
        row.extend(rep.edit.clone());
        finish(row, &self.quirks)
    }
}

fn put<const N: usize>(row: &mut Row, columns: [(&str, Value); N]) {
    row.extend(columns.map(|(name, value)| (name.to_owned(), value)));
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

/// What other programs of the tenant did to all rows.
fn finish(mut row: Row, quirks: &Quirks) -> Row {
    for name in &quirks.nulled {
        if let Some(value) = row.get_mut(name) {
            *value = Value::Null;
        }
    }
    if let Some(name) = &quirks.new_column {
        row.insert(name.clone(), json!("new"));
    }
    if quirks.nulls == Nulls::Missing {
        row.retain(|_, value| !value.is_null());
    }
    row
}
