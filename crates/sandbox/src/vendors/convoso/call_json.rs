//! A call as a row of log/retrieve: as usual, or in one of the forms that other accounts and versions are known for.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::call_log::{Call, CallLog, CallView, numeric_id};
use super::call_script::{Fate, Kind};
use super::lists::agent_id;
use crate::listing::is_among;
use crate::local::WallText;
use crate::rng::scatter;

/// How a row deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowVariant {
    Usual,
    /// Fields nobody knows.
    Unknown,
    /// Null where a text is usual.
    Nulls,
    /// JSON numbers where texts of digits are usual.
    Numbers,
    /// Only the fields of the oldest known version.
    Old,
}

/// What `RowVariant::Nulls` leaves empty.
const NULLS: &str = "campaign user user_id status_name called_count caller_id_displayed call_type queue_position \
    queue_seconds term_reason";

/// What `RowVariant::Numbers` writes as numbers.
const NUMBERS: &str = "id lead_id list_id campaign_id user_id phone_number number_dialed call_length queue_id called_count \
    caller_id_displayed inbound_number queue_position queue_seconds originating_agent_id";

/// What `RowVariant::Old` lacks (seen in client programs).
const NEWER: &str = "queue called_count caller_id_displayed inbound_number term_reason call_type queue_position \
    queue_seconds originating_agent_id session_id recording";

impl RowVariant {
    /// Four of eleven rows deviate, each in one way.
    fn of(number: u32) -> Self {
        match scatter(0xD1, u64::from(number)) % 11 {
            0 => Self::Unknown,
            1 => Self::Nulls,
            2 => Self::Numbers,
            3 => Self::Old,
            _ => Self::Usual,
        }
    }

    fn change(self, row: &mut Value) {
        let Value::Object(fields) = row else { return };
        match self {
            Self::Usual => (),
            Self::Unknown => {
                fields.insert("revenue".to_owned(), json!("12.50"));
                fields.insert("extra_field_01".to_owned(), json!({"seen": [1, 2.5, null, true]}));
            }
            Self::Nulls => {
                for (_, value) in fields.iter_mut().filter(|(name, _)| is_among(NULLS, name)) {
                    *value = Value::Null;
                }
            }
            Self::Numbers => {
                for (_, value) in fields.iter_mut().filter(|(name, _)| is_among(NUMBERS, name)) {
                    let number = value.as_str().and_then(|text| serde_json::from_str(text).ok());
                    *value = number.unwrap_or_else(|| value.take());
                }
            }
            Self::Old => fields.retain(|name, _| !is_among(NEWER, name)),
        }
    }
}

/// A number as a text of digits, which is how the vendor writes all of them.
struct Digits(u64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (mut digits, mut at, mut left) = ([0_u8; 20], 20, self.0);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        to.serialize_str(std::str::from_utf8(&digits[at..]).expect("digits are ASCII"))
    }
}

/// A local time, or a text that is none.
struct CallDate(Option<i64>);

impl Serialize for CallDate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(local) => to.collect_str(&WallText(local)),
            None => to.serialize_str("not a date"),
        }
    }
}

/// Seconds from tenths, with decimals where there are any (assumed).
struct Tenths(u32);

impl Serialize for Tenths {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => to.collect_str(&whole),
            (whole, tenths) => to.collect_str(&format_args!("{whole}.{tenths}")),
        }
    }
}

/// A row on its way to a page.
struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    is_begun: bool,
}

impl RowWriter<'_> {
    /// Writes a field. Names need no escapes.
    fn put(&mut self, name: &str, value: impl Serialize) {
        self.out
            .extend_from_slice(if self.is_begun { b",\"" } else { b"{\"" });
        self.is_begun = true;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        serde_json::to_writer(&mut *self.out, &value).expect("fields are JSON");
    }
}

impl<'a> CallLog<'a> {
    /// Appends the row.
    pub(super) fn push_row(&self, out: &mut Vec<u8>, call: &'a Call) {
        let variant = if self.is_dirty {
            RowVariant::of(call.number)
        } else {
            RowVariant::Usual
        };
        if variant == RowVariant::Usual {
            self.write_row(out, &self.view(call));
            return;
        }
        let mut row = self.row_value(call);
        variant.change(&mut row);
        serde_json::to_writer(out, &row).expect("rows are JSON");
    }

    fn row_value(&self, call: &'a Call) -> Value {
        let mut text = Vec::new();
        self.write_row(&mut text, &self.view(call));
        serde_json::from_slice(&text).expect("rows are JSON")
    }

    /// The row as a text of its own.
    pub(super) fn row_text(&self, call: &'a Call) -> String {
        let mut text = Vec::new();
        self.push_row(&mut text, call);
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Whether the row says what all filters want.
    pub(super) fn passes(&self, call: &'a Call, filters: &[(&str, &str)]) -> bool {
        let row = self.row_value(call);
        filters.iter().all(|(name, value)| row[name] == *value)
    }

    /// The fields with the types of the published sample: numbers are texts of digits.
    fn write_row(&self, out: &mut Vec<u8>, view: &CallView<'a>) {
        let (script, state) = (&view.script, &view.state);
        let mut row = RowWriter { out, is_begun: false };
        let (user, phone) = (self.user(view), self.phone(view));
        let is_keyless = self.keyless.contains(&view.call.number);
        row.put("id", (!is_keyless).then(|| Digits(numeric_id(view.call.number))));
        row.put("lead_id", script.lead.map(|lead| Digits(lead.into())));
        row.put("list_id", Digits(script.list.into()));
        row.put(
            "campaign_id",
            script.campaign.map(|campaign| Digits(campaign.id.into())),
        );
        row.put("campaign", script.campaign.map_or("", |campaign| campaign.name));
        row.put("user", user.name);
        row.put("user_id", Digits(user.id.into()));
        row.put("phone_number", Digits(phone));
        // What agents dial by hand may carry the country code (assumed).
        let is_long = script.kind == Kind::Manual && script.form & 64 == 0;
        row.put(
            "number_dialed",
            Digits(phone + if is_long { 10_000_000_000 } else { 0 }),
        );
        let [first_name, last_name] = self.name(view);
        row.put("first_name", first_name);
        row.put("last_name", last_name);
        let (status, status_name) = view.status();
        row.put("status", status);
        row.put("status_name", status_name);
        match state.seconds {
            Some(seconds) => row.put("call_length", Digits(seconds.unsigned_abs())),
            // Both forms of "no length yet" were seen in client programs.
            None => row.put("call_length", script.form.is_multiple_of(4).then_some("")),
        }
        let is_broken = self.broken.contains(&view.call.number);
        row.put("call_date", CallDate((!is_broken).then_some(view.call.local)));
        row.put("agent_comment", self.comment(view));
        write_ways(&mut row, view);
        if self.with_recordings {
            write_recordings(&mut row, view, phone);
        }
        row.out.push(b'}');
    }
}

/// How the call came and went.
fn write_ways(row: &mut RowWriter<'_>, view: &CallView<'_>) {
    let script = &view.script;
    // Older replies name the queue by id, newer ones by name, the published sample does both.
    if script.form % 10 != 1 {
        row.put("queue_id", script.queue.map(|queue| Digits(queue.id.into())));
    }
    if !script.form.is_multiple_of(10) {
        row.put("queue", script.queue.map(|queue| queue.name));
    }
    row.put("called_count", Digits(script.called_count.into()));
    let caller_id = script.campaign.map_or(0, |campaign| campaign.caller_id);
    row.put("caller_id_displayed", Digits(caller_id));
    if let Some(queue) = script.queue.filter(|_| script.form & 32 == 0) {
        row.put("inbound_number", Digits(queue.number));
    }
    row.put("term_reason", view.state.reason);
    row.put("call_type", script.kind.word());
    let places = if script.queue.is_some() { 6 } else { 1 };
    row.put("queue_position", Digits(u64::from(1 + script.form / 64 % places)));
    row.put(
        "queue_seconds",
        Tenths(script.queue.map_or(0, |_| script.queue_tenths)),
    );
    let talk = match &script.fate {
        Fate::Talk(talk) => Some(talk),
        Fate::System(_) => None,
    };
    let originator = talk.and_then(|talk| talk.originator);
    row.put(
        "originating_agent_id",
        originator.map(|place| Digits(agent_id(place).into())),
    );
    // A third leg shares the session of the call before it (assumed).
    let leg = view
        .call
        .number
        .saturating_sub(u32::from(script.kind == Kind::ThreeWay));
    row.put("session_id", talk.map(|_| format!("sess-{leg}@sim.example")));
}

/// Without recordings the field is an empty array or absent; both were seen in client programs.
fn write_recordings(row: &mut RowWriter<'_>, view: &CallView<'_>, phone: u64) {
    let count = view.recording_count();
    let recording = |place: u32| {
        let id = recording_id(view.call.number, place);
        let is_number = (view.script.form + place).is_multiple_of(4);
        json!({
            "src": format!("https://rec.sim.example/r/{id}.mp3"), "type": "audio/mpeg",
            "recording_id": if is_number { json!(id) } else { json!(id.to_string()) },
            "filename": format!("{id}_{phone}.mp3"), "public_url": format!("https://rec.sim.example/p/{id}"),
        })
    };
    if count > 0 || view.script.form % 16 != 5 {
        row.put("recording", (0..count).map(recording).collect::<Vec<Value>>());
    }
}

/// The id of a call's recording.
pub(super) fn recording_id(call: u32, place: u32) -> u64 {
    u64::from(call) * 64 + u64::from(place) + 55_501
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_deviates_in_its_own_way() {
        let usual =
            json!({"id": "5", "user": "Dana Example", "queue_seconds": "12.5", "session_id": "sess-3"});
        let changed = |variant: RowVariant| {
            let mut row = usual.clone();
            variant.change(&mut row);
            row
        };
        assert_eq!(changed(RowVariant::Usual), usual);
        assert_eq!(changed(RowVariant::Unknown)["extra_field_01"]["seen"][0], 1);
        assert_eq!(changed(RowVariant::Nulls)["user"], Value::Null);
        let numbers = changed(RowVariant::Numbers);
        assert_eq!(
            (&numbers["id"], &numbers["queue_seconds"]),
            (&json!(5), &json!(12.5))
        );
        assert_eq!(
            changed(RowVariant::Old),
            json!({"id": "5", "user": "Dana Example"})
        );
        let is_usual = |number: &u32| RowVariant::of(*number) == RowVariant::Usual;
        assert!((6_500..7_500).contains(&(0..11_000).filter(is_usual).count()));
    }
}
