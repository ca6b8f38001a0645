//! What every vendor's answer must be before its envelope is looked at: JSON, and whole.

use serde::{Deserialize, Deserializer};

use crate::source::ReadError;

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
        if error.is_syntax() && ends_in_number(text) {
            return ReadError::Cut;
        }
        ReadError::json(&error)
    })
}

/// True where the text ends within a number. The parser calls that a wrong number and not an end, but no JSON ends like this.
fn ends_in_number(text: &str) -> bool {
    let digit = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
    let exponent = text.strip_suffix(['e', 'E']);
    text.ends_with(['-', '+', '.']) || exponent.is_some_and(digit)
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

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn a_text_that_ends_within_a_number_is_cut() {
        for (text, is_cut) in [
            ("[1, -", true),
            ("[1.", true),
            ("[1e", true),
            ("[1E-", true),
            ("[tru", true),
            ("[1, 2", true),
            ("[1,]", false),
            ("[e", false),
        ] {
            let error = json::<IgnoredAny>(text).err();
            assert_eq!(matches!(error, Some(ReadError::Cut)), is_cut, "{text}");
        }
    }
}
