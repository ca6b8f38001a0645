//! What every vendor's answer must be before its envelope is looked at: JSON, and whole.

use serde::{Deserialize, Deserializer};

use crate::stream::ReadError;

use super::lenient::Scalar;

/// An envelope that nobody described; the place is its beginning.
pub(super) const UNKNOWN: ReadError = ReadError::Shape { line: 1, column: 1 };

/// The body, unless it is a web page or nothing at all.
pub(super) fn sound(body: &str) -> Result<&str, ReadError> {
    if body.trim_start().starts_with('<') {
        return Err(ReadError::WebPage);
    }
    if body.trim().is_empty() {
        return Err(ReadError::Cut);
    }
    Ok(body)
}

/// Reads JSON; an error tells the place and not the text.
pub(super) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| {
        // A number that is cut behind its point is no number, which the reader tells before it tells the end.
        let ends_in_number = text.trim_end().ends_with(['.', 'e', 'E', '-', '+']);
        if error.is_syntax() && ends_in_number {
            return ReadError::Cut;
        }
        ReadError::json(&error)
    })
}

/// A count: a number, or a number as text; vendors write both.
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scalar = Scalar::deserialize(deserializer)?;
        let count = scalar.text().and_then(|text| text.parse().ok());
        count
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a count is expected"))
    }
}
