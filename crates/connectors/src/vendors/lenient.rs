//! Readers for what vendors write loosely: numbers as text, empty values in many spellings, times of several forms.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::schema::Decimal;
use crate::source::{Account, MapError};

/// Reads a record of this kind; an error tells the place and not the text.
pub(super) fn record<'a, T: Deserialize<'a>>(item: &'a str) -> Result<T, MapError> {
    serde_json::from_str(item).map_err(|error| MapError::json(&error))
}

/// A text, a number or a flag, as text; or nothing. PHP writes an empty map as `[]`, which is nothing too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scalar<'a>(Option<Cow<'a, str>>);

impl Scalar<'_> {
    /// The text, unless it is one of the spellings of nothing: empty, blank, or the word `null`.
    pub(super) fn text(&self) -> Option<&str> {
        self.0
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty() && *text != "null")
    }

    /// The text, owned.
    pub(super) fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// An id: `0` means none.
    pub(super) fn id(&self) -> Option<String> {
        self.text().filter(|text| *text != "0").map(str::to_owned)
    }

    /// A whole number; fractions are rounded.
    pub(super) fn integer(&self, field: &'static str) -> Result<Option<i64>, MapError> {
        let Some(text) = self.text() else { return Ok(None) };
        text.parse()
            .map(Some)
            .or_else(|_| rounded(text).map(Some).ok_or(MapError::Unknown(field)))
    }

    /// A decimal number.
    pub(super) fn decimal(&self, field: &'static str) -> Result<Option<Decimal>, MapError> {
        self.text()
            .map(|text| Decimal::parse(text).ok_or(MapError::Unknown(field)))
            .transpose()
    }

    /// An instant: with an offset, or local to the account. Zero dates are nothing.
    pub(super) fn instant(
        &self,
        field: &'static str,
        account: &Account,
    ) -> Result<Option<DateTime<Utc>>, MapError> {
        let Some(text) = self.text().filter(|text| !text.starts_with("0000-00-00")) else {
            return Ok(None);
        };
        instant(text, account).map(Some).ok_or(MapError::Unknown(field))
    }
}

/// The nearest whole number of a decimal text.
fn rounded(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    // Above this a double no longer holds every whole number.
    let exact = number.is_finite() && number.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    exact.then(|| number.round() as i64)
}

/// Local date and time with a space or a `T` between them, with or without a fraction.
///
/// The plain form is read by place: there are several such times in every record, and the general parser costs more than the
/// rest of a field.
pub(super) fn local(text: &str) -> Option<NaiveDateTime> {
    let plain = text.len() == 19 && matches!(text.as_bytes()[10], b' ' | b'T');
    let number = |from: usize, to: usize| {
        let digits = text.as_bytes().get(from..to)?;
        digits.iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let marks = || {
        [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')]
            .iter()
            .all(|(at, mark)| text.as_bytes()[*at] == *mark)
    };
    if plain && marks() {
        let date =
            NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
        return date.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?);
    }
    let form = if text.as_bytes().get(10) == Some(&b'T') {
        "%Y-%m-%dT%H:%M:%S%.f"
    } else {
        "%Y-%m-%d %H:%M:%S%.f"
    };
    NaiveDateTime::parse_from_str(text, form).ok()
}

/// An instant: with an offset, or local to the account.
pub(super) fn instant(text: &str, account: &Account) -> Option<DateTime<Utc>> {
    if let Some(local) = local(text) {
        return account.instant(local);
    }
    // Offsets come with and without a colon; `%#z` takes both.
    let text = text
        .strip_suffix('Z')
        .map_or(Cow::Borrowed(text), |plain| Cow::Owned(format!("{plain}+00:00")));
    let at = DateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S%.f%#z").ok()?;
    account.instant(at.naive_utc()).map(|_| at.to_utc())
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor).map(Scalar)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a flag or nothing")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if yes { "1" } else { "0" })))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        match items.next_element::<IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(Error::custom("a list where a single value belongs")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        match members.next_entry::<IgnoredAny, IgnoredAny>()? {
            None => Ok(None),
            Some(_) => Err(Error::custom("an object where a single value belongs")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    fn scalar(json: &str) -> Scalar<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_spelling_of_nothing_is_nothing() {
        for json in ["null", "\"\"", "\"  \"", "\"null\"", "[]", "{}"] {
            assert_eq!(scalar(json).text(), None, "{json}");
        }
        assert_eq!(scalar("\"0\"").id(), None);
        assert_eq!(scalar("0").id(), None);
        assert_eq!(scalar("\"0\"").text(), Some("0"));
        assert!(serde_json::from_str::<Scalar<'_>>("[1]").is_err());
    }

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        for (json, wanted) in [
            ("187", Ok(Some(187))),
            ("\"187\"", Ok(Some(187))),
            ("\"12.5\"", Ok(Some(13))),
            ("-3.2", Ok(Some(-3))),
            ("\"\"", Ok(None)),
            ("\"many\"", Err(MapError::Unknown("n"))),
            ("\"inf\"", Err(MapError::Unknown("n"))),
        ] {
            assert_eq!(scalar(json).integer("n"), wanted, "{json}");
        }
    }

    #[test]
    fn times_come_in_several_forms() {
        let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
        let at = |text: &str| Ok(Some(text.parse().unwrap()));
        for (json, wanted) in [
            ("\"2026-02-03 14:05:09\"", at("2026-02-03T22:05:09Z")),
            ("\"2026-02-03T14:05:09\"", at("2026-02-03T22:05:09Z")),
            ("\"2026-02-03 14:05:09.250000\"", at("2026-02-03T22:05:09.25Z")),
            ("\"2026-02-03T14:05:09-0800\"", at("2026-02-03T22:05:09Z")),
            ("\"2026-02-03T14:05:09-05:00\"", at("2026-02-03T19:05:09Z")),
            ("\"2026-02-03T14:05:09Z\"", at("2026-02-03T14:05:09Z")),
            ("\"0000-00-00 00:00:00\"", Ok(None)),
            ("null", Ok(None)),
            ("\"yesterday\"", Err(MapError::Unknown("t"))),
            ("\"2026-02-30 00:00:00\"", Err(MapError::Unknown("t"))),
            ("\"2026-02-03 24:00:00\"", Err(MapError::Unknown("t"))),
            ("\"2026-02-03 1a:00:00\"", Err(MapError::Unknown("t"))),
            ("\"2026/02/03 14:05:09\"", Err(MapError::Unknown("t"))),
            ("\"2026-02-03 14:05:é\"", Err(MapError::Unknown("t"))),
        ] {
            assert_eq!(scalar(json).instant("t", &account), wanted, "{json}");
        }
    }
}
