//! Convoso's records as they come over the wire. Every field but id and time may be missing: older accounts send fewer.

use chrono::NaiveDateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::source::{Account, MapError};
use crate::vendors::items::Items;
use crate::vendors::lenient::{Scalar, local};

/// A call of log/retrieve.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) lead_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) list_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) campaign_id: Scalar<'a>,
    /// The campaign's name.
    #[serde(borrow)]
    pub(super) campaign: Scalar<'a>,
    /// The agent's name, not a login.
    #[serde(borrow)]
    pub(super) user: Scalar<'a>,
    #[serde(borrow)]
    pub(super) user_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) phone_number: Scalar<'a>,
    #[serde(borrow)]
    pub(super) number_dialed: Scalar<'a>,
    #[serde(borrow)]
    pub(super) inbound_number: Scalar<'a>,
    #[serde(borrow)]
    pub(super) caller_id_displayed: Scalar<'a>,
    #[serde(borrow)]
    pub(super) first_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) call_length: Scalar<'a>,
    #[serde(borrow)]
    pub(super) call_date: Scalar<'a>,
    #[serde(borrow)]
    pub(super) agent_comment: Scalar<'a>,
    /// The queue's name; older replies have `queue_id` instead.
    #[serde(borrow)]
    pub(super) queue: Scalar<'a>,
    #[serde(borrow)]
    pub(super) queue_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) queue_position: Scalar<'a>,
    #[serde(borrow)]
    pub(super) queue_seconds: Scalar<'a>,
    #[serde(borrow)]
    pub(super) called_count: Scalar<'a>,
    #[serde(borrow)]
    pub(super) term_reason: Scalar<'a>,
    #[serde(borrow)]
    pub(super) call_type: Scalar<'a>,
    #[serde(borrow)]
    pub(super) originating_agent_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) session_id: Scalar<'a>,
    /// Recordings; absent unless asked for. Kept as received, so that an unknown form of it cannot cost the call.
    #[serde(borrow)]
    recording: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// The records of its recordings: a list, or one of the spellings of nothing.
    pub(super) fn recordings(&self) -> Result<Vec<&'a str>, MapError> {
        let Some(list) = self.recording.map(RawValue::get) else {
            return Ok(Vec::new());
        };
        let is_nothing = || serde_json::from_str(list).is_ok_and(|list: Scalar<'_>| list.text().is_none());
        match serde_json::from_str(list) {
            Ok(Items(records)) => Ok(records),
            Err(_) if is_nothing() => Ok(Vec::new()),
            Err(_) => Err(MapError::Unknown("recording")),
        }
    }
}

/// A recording inside a call.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Recording<'a> {
    #[serde(borrow)]
    pub(super) recording_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) src: Scalar<'a>,
    #[serde(borrow)]
    pub(super) public_url: Scalar<'a>,
    #[serde(borrow)]
    pub(super) filename: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) media_type: Scalar<'a>,
}

/// A user of users/search.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) first_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) email: Scalar<'a>,
    #[serde(borrow)]
    pub(super) status: Scalar<'a>,
    #[serde(borrow)]
    pub(super) user_level: Scalar<'a>,
    #[serde(borrow)]
    pub(super) local_gmt: Scalar<'a>,
    #[serde(borrow)]
    pub(super) created_at: Scalar<'a>,
    #[serde(borrow)]
    pub(super) last_login: Scalar<'a>,
}

/// Yes or no, of which the vendor has several spellings.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "Y" | "1" | "true" => Some(true),
        "N" | "0" | "false" => Some(false),
        _ => None,
    }
}

/// The local time of a call's record, by which the call log is sorted.
pub(super) fn call_time(item: &str, _: &Account) -> Option<NaiveDateTime> {
    #[derive(Deserialize)]
    struct Time<'a> {
        #[serde(borrow)]
        call_date: Scalar<'a>,
    }
    let time: Time<'_> = serde_json::from_str(item).ok()?;
    local(time.call_date.text()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::lenient::record;

    #[test]
    fn recordings_come_in_a_list_or_in_a_spelling_of_nothing() {
        for (member, wanted) in [
            (
                r#""recording": [{"recording_id": 1}, {"recording_id": "2"}]"#,
                Ok(vec![r#"{"recording_id": 1}"#, r#"{"recording_id": "2"}"#]),
            ),
            (
                r#""recording": {"1": {"recording_id": 1}}"#,
                Ok(vec![r#"{"recording_id": 1}"#]),
            ),
            (r#""recording": []"#, Ok(vec![])),
            (r#""recording": {}"#, Ok(vec![])),
            (r#""recording": null"#, Ok(vec![])),
            (r#""recording": """#, Ok(vec![])),
            (r#""recording": "null""#, Ok(vec![])),
            (r#""other": 1"#, Ok(vec![])),
            (r#""recording": "1.mp3""#, Err(MapError::Unknown("recording"))),
            (r#""recording": 0"#, Err(MapError::Unknown("recording"))),
        ] {
            let item = format!("{{{member}}}");
            let call: Call<'_> = record(&item).unwrap();
            assert_eq!(call.recordings(), wanted, "{member}");
        }
    }

    #[test]
    fn every_field_may_be_missing_and_unknown_ones_are_passed_over() {
        let call: Call<'_> = record(r#"{"id": 7, "revenue": {"amount": [1]}}"#).unwrap();
        assert_eq!((call.id.text(), call.lead_id.text()), (Some("7"), None));
        let user: User<'_> = record(r#"{"id": "7", "extension": [8001]}"#).unwrap();
        assert_eq!((user.id.text(), user.email.text()), (Some("7"), None));
    }

    #[test]
    fn a_record_of_another_form_says_where_and_not_what() {
        for item in [
            "null",
            "7",
            "\"x\"",
            r#"{"id": {"secret": 1}}"#,
            r#"{"id": [1]}"#,
            r#"{"id": 1, "id": 2}"#,
        ] {
            let error = record::<Call<'_>>(item).err();
            assert!(matches!(error, Some(MapError::Record(_))), "{item}: {error:?}");
        }
    }

    #[test]
    fn the_time_of_a_call_is_local_and_never_guessed() {
        for (item, wanted) in [
            (
                r#"{"call_date": "2026-02-03 14:05:09"}"#,
                Some("2026-02-03T14:05:09"),
            ),
            (
                r#"{"call_date": "2026-02-03T14:05:09"}"#,
                Some("2026-02-03T14:05:09"),
            ),
            (r#"{"call_date": ""}"#, None),
            (r#"{"call_date": null}"#, None),
            (r#"{"call_date": "yesterday"}"#, None),
            (r#"{"call_date": "2026-02-03T14:05:09-0800"}"#, None),
            (r#"{"id": "1"}"#, None),
            ("null", None),
        ] {
            let wanted = wanted.map(|text| text.parse().unwrap());
            let account = Account::new(chrono_tz::UTC, crate::schema::Region::US);
            assert_eq!(call_time(item, &account), wanted, "{item}");
        }
    }
}
