//! A field of a record: its JSON as received, and the readers that never cost the record.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::schema::{Decimal, make_storable};
use crate::source::{Account, FaultKind, Faults, MapError};

use super::number::Number;
use super::records::Records;
use super::{duration, time};

/// The longest fraction that a decimal column takes.
const FRACTION_DIGITS: usize = 30;

/// A member of a record. It knows its name and keeps its JSON, so that no digit and no blank is lost before it is read.
///
/// Readers of optional values return nothing for every spelling of nothing, and nothing with a fault for what they cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'static str,
    json: Option<&'a str>,
}

/// What the JSON of a field says.
enum Value<'a> {
    /// Missing, null, or PHP's empty map.
    Nothing,
    Text(Cow<'a, str>),
    /// A number, in the digits that it came in.
    Number(&'a str),
    Flag(bool),
    /// A list or an object that holds something.
    Nested,
}

impl<'a> Field<'a> {
    /// A field that its record does not have.
    pub const fn missing(name: &'static str) -> Self {
        Self { name, json: None }
    }

    /// A field of this name with this JSON.
    pub const fn new(name: &'static str, json: &'a str) -> Self {
        Self {
            name,
            json: Some(json),
        }
    }

    /// The name by which the vendor knows it.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The JSON as received; null is none.
    pub fn raw(&self) -> Option<&'a str> {
        self.json.filter(|json| *json != "null")
    }

    /// True for every spelling of nothing: missing, null, an empty or blank text, the word `null`, an empty list or object.
    pub fn is_nothing(&self) -> bool {
        match self.value() {
            Value::Nothing => true,
            Value::Text(text) => is_blank(&text),
            Value::Number(_) | Value::Flag(_) | Value::Nested => false,
        }
    }

    /// True for an object, an empty one included.
    pub fn is_object(&self) -> bool {
        self.json.is_some_and(|json| json.starts_with('{'))
    }

    /// The value that stands alone in a list; any other field as it is.
    #[must_use]
    pub fn unwrap_list_of_one(self) -> Self {
        let list: Option<Records<'a>> = self
            .json
            .filter(|json| json.starts_with('['))
            .and_then(|json| serde_json::from_str(json).ok());
        match list.as_ref().map(|list| list.0.as_slice()) {
            Some([lone]) => Self::new(self.name, lone),
            _ => self,
        }
    }

    /// The id of the record, exactly as written: digits of any length, blanks and case kept. `0` and the words `0` and `null` are
    /// ids here.
    pub fn key(&self) -> Result<String, MapError> {
        match self.value() {
            Value::Text(text) if !text.trim().is_empty() => Ok(text.into_owned()),
            Value::Number(digits) => Ok(digits.to_owned()),
            Value::Nothing | Value::Text(_) => Err(MapError::Missing(self.name)),
            Value::Flag(_) | Value::Nested => Err(MapError::Unknown(self.name)),
        }
    }

    /// The id of another record, exactly as written; `0`, false and every spelling of nothing mean none.
    pub fn id(&self, faults: &Faults) -> Option<String> {
        match self.value() {
            Value::Text(text) if is_blank(&text) || text.trim() == "0" => None,
            Value::Nothing | Value::Flag(false) | Value::Number("0") => None,
            Value::Text(text) => Some(text.into_owned()),
            Value::Number(digits) => Some(digits.to_owned()),
            Value::Flag(true) => self.fault(faults, FaultKind::Unreadable),
            Value::Nested => self.fault(faults, FaultKind::WrongShape),
        }
    }

    /// The text without the blanks around it; a number in its digits, a flag as `1` or `0`.
    pub fn text(&self, faults: &Faults) -> Option<Cow<'a, str>> {
        match self.value() {
            Value::Nothing => None,
            Value::Text(text) => Some(trim_text(text)).filter(|text| !is_blank(text)),
            Value::Number(digits) => Some(Cow::Borrowed(digits)),
            Value::Flag(flag) => Some(Cow::Borrowed(if flag { "1" } else { "0" })),
            Value::Nested => self.fault(faults, FaultKind::WrongShape),
        }
    }

    /// The text, owned.
    pub fn owned(&self, faults: &Faults) -> Option<String> {
        self.text(faults).map(Cow::into_owned)
    }

    /// A whole number; fractions are rounded.
    pub fn integer(&self, faults: &Faults) -> Option<i64> {
        self.read(faults, |text| {
            if let Ok(number) = text.parse() {
                return Ok(Some(number));
            }
            let number = Number::parse(text).ok_or(FaultKind::Unreadable)?;
            number.round_text().map(Some).ok_or(FaultKind::OutOfRange)
        })
    }

    /// A whole number that is not negative.
    pub fn count(&self, faults: &Faults) -> Option<i64> {
        let number = self.integer(faults)?;
        if number < 0 {
            return self.fault(faults, FaultKind::OutOfRange);
        }
        Some(number)
    }

    /// A decimal number, with all its digits.
    pub fn decimal(&self, faults: &Faults) -> Option<Decimal> {
        self.read(faults, |text| {
            if let Some(number) = Decimal::parse(text) {
                return Ok(Some(number));
            }
            let number = Number::parse(text).ok_or(FaultKind::Unreadable)?;
            let plain = number.is_plain(FRACTION_DIGITS);
            Decimal::parse(&plain).map(Some).ok_or(FaultKind::OutOfRange)
        })
    }

    /// Yes or no, in any of the usual spellings.
    pub fn flag(&self, faults: &Faults) -> Option<bool> {
        self.read(faults, |text| match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(Some(true)),
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(Some(false)),
            _ => Err(FaultKind::Unreadable),
        })
    }

    /// A length of time in whole seconds: a number, `HH:MM:SS` or `MM:SS`.
    pub fn seconds(&self, faults: &Faults) -> Option<i64> {
        match self.value() {
            // A flag counts nothing.
            Value::Flag(true) => self.fault(faults, FaultKind::Unreadable),
            Value::Flag(false) => None,
            _ => self.read(faults, |text| duration::seconds(text).map(Some)),
        }
    }

    /// The same with the fraction that a number has.
    pub fn exact_seconds(&self, faults: &Faults) -> Option<Decimal> {
        let whole = self.seconds(faults)?.to_string();
        // What no number is was a clock, and that has no fraction worth keeping.
        self.decimal(&Faults::new()).or_else(|| Decimal::parse(&whole))
    }

    /// A day: a date, or the date of a time.
    pub fn day(&self, faults: &Faults) -> Option<NaiveDate> {
        self.read_time(faults, time::plausible_day)
    }

    /// An instant: with an offset, or local to the account. Filler dates are nothing.
    pub fn instant(&self, faults: &Faults, account: &Account) -> Option<DateTime<Utc>> {
        self.read_time(faults, |text| time::plausible_instant(text, account))
    }

    /// An instant; a day without a time is its beginning.
    pub fn instant_or_day(&self, faults: &Faults, account: &Account) -> Option<DateTime<Utc>> {
        self.read_time(faults, |text| time::plausible_beginning(text, account))
    }

    /// The local time at which the record says something happened, for those who sort and page by it.
    pub fn wall_clock(&self, account: &Account) -> Option<NaiveDateTime> {
        time::wall_clock(&self.text(&Faults::new())?, account)
    }

    /// The records of a nested list. No list at all is an empty one.
    pub fn records(&self, faults: &Faults) -> Records<'a> {
        self.list(faults).unwrap_or_default()
    }

    /// The records of a nested list, where the record says which there are: a missing one or null is none, and not an empty one.
    pub fn list(&self, faults: &Faults) -> Option<Records<'a>> {
        let json = self.raw()?;
        let is_none = self.is_nothing() && !matches!(json.as_bytes().first(), Some(b'[' | b'{'));
        if is_none || json == "false" {
            return Some(Records::default());
        }
        serde_json::from_str(json)
            .ok()
            .or_else(|| self.fault(faults, FaultKind::WrongShape))
    }

    /// The JSON of a nested object.
    pub fn object(&self, faults: &Faults) -> Option<&'a str> {
        if self.is_object() {
            return self.json;
        }
        if self.is_nothing() || self.json == Some("false") {
            return None;
        }
        self.fault(faults, FaultKind::WrongShape)
    }

    /// Counts a fault of this field, for readers of a vendor's own.
    pub fn fault<T>(&self, faults: &Faults, kind: FaultKind) -> Option<T> {
        faults.record_fault(self.name, kind);
        None
    }

    /// Reads the text by a reader of a vendor's own.
    pub fn read<T>(
        &self,
        faults: &Faults,
        read: impl FnOnce(&str) -> Result<Option<T>, FaultKind>,
    ) -> Option<T> {
        let text = self.text(faults)?;
        read(&text).unwrap_or_else(|kind| self.fault(faults, kind))
    }

    /// The same, where a zero says that there is no time.
    fn read_time<T>(
        &self,
        faults: &Faults,
        read: impl FnOnce(&str) -> Result<Option<T>, FaultKind>,
    ) -> Option<T> {
        self.read(faults, |text| if text == "0" { Ok(None) } else { read(text) })
    }

    fn value(&self) -> Value<'a> {
        let Some(json) = self.json else {
            return Value::Nothing;
        };
        match json.as_bytes() {
            [] | [b'n', ..] => Value::Nothing,
            [b'"', ..] => decode_text(json).map_or(Value::Nested, Value::Text),
            [b'[' | b'{', inner @ .., _] if inner.trim_ascii().is_empty() => Value::Nothing,
            [b'[' | b'{', ..] => Value::Nested,
            [first @ (b't' | b'f'), ..] => Value::Flag(*first == b't'),
            _ => Value::Number(json),
        }
    }
}

/// The text of a JSON text. What no text can hold is mended: half an emoji becomes U+FFFD, and so does NUL.
pub(super) fn decode_text(json: &str) -> Option<Cow<'_, str>> {
    if json.contains('\\') {
        return serde_json::from_str(&make_storable(json)).ok().map(Cow::Owned);
    }
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(text))
}

fn is_blank(text: &str) -> bool {
    matches!(text.trim(), "" | "null")
}

fn trim_text(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests;
