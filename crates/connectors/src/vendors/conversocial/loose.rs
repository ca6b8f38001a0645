//! Readers for values whose form is only assumed: references, lists, judgements, flags and times.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::source::{Account, MapError};
use crate::vendors::lenient::Scalar;

/// A value that is looked at when it is needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Loose<'a>(Option<&'a RawValue>);

/// What a reference, or a judgement, says.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Target<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) value: Scalar<'a>,
}

impl<'a> Loose<'a> {
    /// The value as received; null is none.
    pub(super) fn raw(self) -> Option<&'a str> {
        self.0.map(RawValue::get)
    }

    /// A single value.
    pub(super) fn scalar(self, field: &'static str) -> Result<Scalar<'a>, MapError> {
        match self.raw() {
            Some(raw) => serde_json::from_str(raw).map_err(|_| MapError::Unknown(field)),
            None => Ok(Scalar::default()),
        }
    }

    /// The id of a reference.
    pub(super) fn id(self, field: &'static str) -> Result<Option<String>, MapError> {
        Ok(self
            .raw()
            .map(|raw| target(raw, field))
            .transpose()?
            .and_then(|target| target.id.id()))
    }

    /// The value of a judgement: of an object's `value`, or by itself.
    pub(super) fn value(self, field: &'static str) -> Result<Scalar<'a>, MapError> {
        match self.raw() {
            Some(raw) if raw.starts_with('{') => Ok(target(raw, field)?.value),
            _ => self.scalar(field),
        }
    }

    /// The values of a list, each as received; none where there is no list at all.
    pub(super) fn list(self, field: &'static str) -> Result<Option<Vec<&'a str>>, MapError> {
        let Some(raw) = self.raw() else { return Ok(None) };
        let list: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| MapError::Unknown(field))?;
        Ok(Some(list.into_iter().map(RawValue::get).collect()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Loose)
    }
}

/// Reads a reference: an object with an `id`, or the id alone (both assumed).
pub(super) fn target<'a>(raw: &'a str, field: &'static str) -> Result<Target<'a>, MapError> {
    let target = if raw.starts_with('{') {
        serde_json::from_str(raw)
    } else {
        serde_json::from_str(raw).map(|id| Target {
            id,
            ..Target::default()
        })
    };
    target.map_err(|_| MapError::Unknown(field))
}

/// Reads an instant; a day without a time is its beginning (such values occur beside full times).
pub(super) fn instant(
    scalar: &Scalar<'_>,
    field: &'static str,
    account: &Account,
) -> Result<Option<DateTime<Utc>>, MapError> {
    let day: Option<NaiveDate> = scalar.text().and_then(|text| text.parse().ok());
    match day {
        Some(day) => Ok(account.instant(day.and_time(NaiveTime::MIN))),
        None => scalar.instant(field, account),
    }
}

/// Reads a flag; JSON's own, and the spellings of a form.
pub(super) fn flag(scalar: &Scalar<'_>, field: &'static str) -> Result<Option<bool>, MapError> {
    match scalar.text() {
        None => Ok(None),
        Some("1" | "true" | "True") => Ok(Some(true)),
        Some("0" | "false" | "False") => Ok(Some(false)),
        Some(_) => Err(MapError::Unknown(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(json: &str) -> Loose<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_reference_is_an_object_an_id_or_nothing() {
        for (json, wanted) in [
            (r#"{"id": "7", "url": "u"}"#, Ok(Some("7"))),
            (r#"{"id": 7}"#, Ok(Some("7"))),
            ("\"t:7\"", Ok(Some("t:7"))),
            ("7", Ok(Some("7"))),
            ("0", Ok(None)),
            ("{}", Ok(None)),
            ("null", Ok(None)),
            ("[7]", Err(MapError::Unknown("f"))),
            (r#"{"id": [7]}"#, Err(MapError::Unknown("f"))),
        ] {
            assert_eq!(
                loose(json).id("f"),
                wanted.map(|id| id.map(str::to_owned)),
                "{json}"
            );
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_not_an_empty_one() {
        for (json, wanted) in [
            ("[]", Ok(Some(vec![]))),
            (r#"[{"id":"1"},"2"]"#, Ok(Some(vec![r#"{"id":"1"}"#, "\"2\""]))),
            ("null", Ok(None)),
            ("\"1,2\"", Err(MapError::Unknown("f"))),
        ] {
            assert_eq!(loose(json).list("f"), wanted, "{json}");
        }
    }

    #[test]
    fn a_judgement_is_an_object_with_a_value_or_the_value() {
        for (json, wanted) in [
            (r#"{"created_by": {"id": "1"}, "value": -1}"#, Some("-1")),
            (r#"{"value": "0.5"}"#, Some("0.5")),
            ("2", Some("2")),
            ("null", None),
            ("{}", None),
        ] {
            let scalar = loose(json).value("f").unwrap();
            assert_eq!(scalar.text(), wanted, "{json}");
        }
    }

    #[test]
    fn times_are_in_utc_at_any_precision() {
        let account = Account::new(chrono_tz::UTC, crate::schema::Region::US);
        for (json, wanted) in [
            ("\"2026-02-03T14:05:09\"", Ok(Some("2026-02-03T14:05:09Z"))),
            (
                "\"2026-02-03T14:05:09.120000\"",
                Ok(Some("2026-02-03T14:05:09.12Z")),
            ),
            ("\"2026-02-03T14:05:09Z\"", Ok(Some("2026-02-03T14:05:09Z"))),
            ("\"2026-02-03\"", Ok(Some("2026-02-03T00:00:00Z"))),
            ("null", Ok(None)),
            ("\"2026-02-31\"", Err(MapError::Unknown("f"))),
        ] {
            let scalar: Scalar<'_> = serde_json::from_str(json).unwrap();
            let wanted = wanted.map(|at| at.map(|at| at.parse().unwrap()));
            assert_eq!(instant(&scalar, "f", &account), wanted, "{json}");
        }
    }

    #[test]
    fn flags_are_never_guessed() {
        for (json, wanted) in [
            ("true", Ok(Some(true))),
            ("\"false\"", Ok(Some(false))),
            ("null", Ok(None)),
            ("\"maybe\"", Err(MapError::Unknown("f"))),
        ] {
            let scalar: Scalar<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(flag(&scalar, "f"), wanted, "{json}");
        }
    }
}
