//! What every vendor's answer must be before its envelope is looked at: JSON, and whole.

use std::cell::OnceCell;

use serde::Deserialize;

use crate::source::ReadError;

use super::mend::mend_body;

/// An envelope that nobody described; the place is its beginning.
pub const UNKNOWN: ReadError = ReadError::Shape {
    line: 1,
    column: 1,
    seen: None,
};

/// A body, which is mended where it cannot be read as it is.
#[derive(Debug)]
pub struct Body<'a> {
    text: &'a str,
    mended: OnceCell<Option<String>>,
}

impl<'a> Body<'a> {
    /// A body as received.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            mended: OnceCell::new(),
        }
    }

    /// Opens the envelope: as it is, and where that fails because the text is no JSON for a reason that can be mended, once
    /// more after mending. A web page and an answer that is cut stay what they are.
    pub fn open<'s, T>(&'s self, open: impl Fn(&'s str) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let error = match open(self.text) {
            Err(error @ (ReadError::Shape { .. } | ReadError::WebPage)) => error,
            opened => return opened,
        };
        match self.mended_text() {
            Some(mended) => open(mended).map_err(|second| match error {
                ReadError::WebPage => error,
                _ => second,
            }),
            None => Err(error),
        }
    }

    fn mended_text(&self) -> Option<&str> {
        self.mended.get_or_init(|| mend_body(self.text)).as_deref()
    }
}

/// The body without a byte order mark, unless it is a web page or nothing at all.
pub fn require_json(body: &str) -> Result<&str, ReadError> {
    let body = body.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if body.starts_with('<') {
        return Err(ReadError::WebPage);
    }
    if body.is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(body)
}

/// Reads JSON; an error tells the place and not the text.
pub fn parse_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| {
        if error.is_syntax() && ends_in_number(text) {
            return ReadError::Truncated;
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

#[cfg(test)]
mod tests;
