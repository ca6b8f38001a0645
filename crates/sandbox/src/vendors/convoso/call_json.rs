//! A call as a row of log/retrieve: as usual, or in one of the forms that other accounts and versions are known for.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::agents::agent_id;
use super::call_log::{Call, CallLog, CallView};
use super::call_script::{Fate, Kind};
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
const NULLS: [&str; 10] = [
    "campaign",
    "user",
    "user_id",
    "status_name",
    "called_count",
    "caller_id_displayed",
    "call_type",
    "queue_position",
    "queue_seconds",
    "term_reason",
];

/// What `RowVariant::Numbers` writes as numbers.
const NUMBERS: [&str; 15] = [
    "id",
    "lead_id",
    "list_id",
    "campaign_id",
    "user_id",
    "phone_number",
    "number_dialed",
    "call_length",
    "queue_id",
    "called_count",
    "caller_id_displayed",
    "inbound_number",
    "queue_position",
    "queue_seconds",
    "originating_agent_id",
];

/// What `RowVariant::Old` lacks (seen in client programs).
const NEWER: [&str; 11] = [
    "queue",
    "called_count",
    "caller_id_displayed",
    "inbound_number",
    "term_reason",
    "call_type",
    "queue_position",
    "queue_seconds",
    "originating_agent_id",
    "session_id",
    "recording",
];

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
                for (_, value) in fields
                    .iter_mut()
                    .filter(|(name, _)| NULLS.contains(&name.as_str()))
                {
                    *value = Value::Null;
                }
            }
            Self::Numbers => {
                for (_, value) in fields
                    .iter_mut()
                    .filter(|(name, _)| NUMBERS.contains(&name.as_str()))
                {
                    let number = value.as_str().and_then(|text| serde_json::from_str(text).ok());
                    *value = number.unwrap_or_else(|| value.take());
                }
            }
            Self::Old => fields.retain(|name, _| !NEWER.contains(&name.as_str())),
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

/// A length, or one of the two forms of "no length yet" that were seen in client programs.
#[derive(Serialize)]
#[serde(untagged)]
enum Length {
    Known(Digits),
    Unknown(Option<&'static str>),
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

/// The id of a recording, a text or a number.
#[derive(Serialize)]
#[serde(untagged)]
enum RecordingId {
    Text(Digits),
    Number(u64),
}

#[derive(Serialize)]
struct Recording {
    src: String,
    #[serde(rename = "type")]
    kind: &'static str,
    recording_id: RecordingId,
    filename: String,
    public_url: String,
}

/// The fields of a row with the types of the published sample. `None` within a field that may be absent is `null`.
#[derive(Serialize)]
struct CallRow<'a> {
    id: Digits,
    lead_id: Option<Digits>,
    list_id: Digits,
    campaign_id: Option<Digits>,
    campaign: &'a str,
    user: &'a str,
    user_id: Digits,
    phone_number: Digits,
    number_dialed: Digits,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    status: &'a str,
    status_name: &'a str,
    call_length: Length,
    call_date: CallDate,
    agent_comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<Option<Digits>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Option<&'a str>>,
    called_count: Digits,
    caller_id_displayed: Digits,
    #[serde(skip_serializing_if = "Option::is_none")]
    inbound_number: Option<Digits>,
    term_reason: &'a str,
    call_type: &'a str,
    queue_position: Digits,
    queue_seconds: Tenths,
    originating_agent_id: Option<Digits>,
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<Vec<Recording>>,
}

impl<'a> CallLog<'a> {
    /// Appends the row.
    pub(super) fn push_row(&self, out: &mut Vec<u8>, call: &'a Call) {
        let view = self.view(call);
        let row = self.row(&view);
        let variant = if self.is_dirty {
            RowVariant::of(call.number)
        } else {
            RowVariant::Usual
        };
        let written = if variant == RowVariant::Usual {
            serde_json::to_writer(out, &row)
        } else {
            let mut row = serde_json::to_value(row).expect("rows are JSON");
            variant.change(&mut row);
            serde_json::to_writer(out, &row)
        };
        written.expect("rows are JSON");
    }

    /// The row as a text of its own.
    pub(super) fn row_text(&self, call: &'a Call) -> String {
        let mut text = Vec::new();
        self.push_row(&mut text, call);
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Whether the row says what all filters want.
    pub(super) fn passes(&self, call: &'a Call, filters: &[(&str, &str)]) -> bool {
        let view = self.view(call);
        let row = serde_json::to_value(self.row(&view)).expect("rows are JSON");
        filters.iter().all(|(name, value)| row[name] == *value)
    }

    fn row<'b>(&'b self, view: &'b CallView<'a>) -> CallRow<'b> {
        let script = &view.script;
        let (user, phone) = (self.user(view), self.phone(view));
        let [first_name, last_name] = self.name(view);
        let (status, status_name) = view.status();
        // What agents dial by hand may carry the country code (assumed).
        let is_long = script.kind == Kind::Manual && script.form & 64 == 0;
        let talk = match &script.fate {
            Fate::Talk(talk) => Some(talk),
            Fate::System(_) => None,
        };
        // A third leg shares the session of the call before it (assumed).
        let leg = view
            .call
            .number
            .saturating_sub(u32::from(script.kind == Kind::ThreeWay));
        let places = if script.queue.is_some() { 6 } else { 1 };
        CallRow {
            id: Digits(super::call_log::numeric_id(view.call.number)),
            lead_id: script.lead.map(|lead| Digits(lead.into())),
            list_id: Digits(script.list.into()),
            campaign_id: script.campaign.map(|campaign| Digits(campaign.id.into())),
            campaign: script.campaign.map_or("", |campaign| campaign.name),
            user: user.name,
            user_id: Digits(user.id.into()),
            phone_number: Digits(phone),
            number_dialed: Digits(phone + if is_long { 10_000_000_000 } else { 0 }),
            first_name,
            last_name,
            status,
            status_name,
            call_length: match view.state.seconds {
                Some(seconds) => Length::Known(Digits(seconds.unsigned_abs())),
                None => Length::Unknown(script.form.is_multiple_of(4).then_some("")),
            },
            call_date: CallDate((!self.broken.contains(&view.call.number)).then_some(view.call.local)),
            agent_comment: self.comment(view),
            // Older replies name the queue by id, newer ones by name, the published sample does both.
            queue_id: (script.form % 10 != 1).then(|| script.queue.map(|queue| Digits(queue.id.into()))),
            queue: (!script.form.is_multiple_of(10)).then(|| script.queue.map(|queue| queue.name)),
            called_count: Digits(script.called_count.into()),
            caller_id_displayed: Digits(script.campaign.map_or(0, |campaign| campaign.caller_id)),
            inbound_number: script
                .queue
                .filter(|_| script.form & 32 == 0)
                .map(|queue| Digits(queue.number)),
            term_reason: view.state.reason,
            call_type: script.kind.word(),
            queue_position: Digits(u64::from(1 + script.form / 64 % places)),
            queue_seconds: Tenths(script.queue.map_or(0, |_| script.queue_tenths)),
            originating_agent_id: talk
                .and_then(|talk| talk.originator)
                .map(|place| Digits(agent_id(place).into())),
            session_id: talk.map(|_| format!("sess-{leg}@sim.example")),
            recording: self.with_recordings.then(|| recordings(view, phone)).flatten(),
        }
    }
}

/// Without recordings the field is an empty array or absent; both were seen in client programs.
fn recordings(view: &CallView<'_>, phone: u64) -> Option<Vec<Recording>> {
    let count = view.recording_count();
    if count == 0 && view.script.form % 16 == 5 {
        return None;
    }
    let recording = |place: u32| {
        let id = recording_id(view.call.number, place);
        Recording {
            src: format!("https://rec.sim.example/r/{id}.mp3"),
            kind: "audio/mpeg",
            recording_id: if (view.script.form + place).is_multiple_of(4) {
                RecordingId::Number(id)
            } else {
                RecordingId::Text(Digits(id))
            },
            filename: format!("{id}_{phone}.mp3"),
            public_url: format!("https://rec.sim.example/p/{id}"),
        }
    };
    Some((0..count).map(recording).collect())
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
