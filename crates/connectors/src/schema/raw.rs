//! What has to be replaced in a JSON text before `jsonb` takes it.

use std::borrow::Cow;

/// The escape of U+FFFD, which stands in for what `jsonb` refuses.
const REPLACEMENT: &str = "\\ufffd";

/// The record with the escapes that `jsonb` refuses replaced: NUL characters, and halves of surrogate pairs.
pub(crate) fn make_storable(record: &str) -> Cow<'_, str> {
    if !record.contains("\\u") {
        return Cow::Borrowed(record);
    }
    let mut out = String::with_capacity(record.len());
    let mut rest = record;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let length = copy_escape(&rest[at..], &mut out);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Copies the escape at the start of `text`, mended where needed, and tells its length in the text.
fn copy_escape(text: &str, out: &mut String) -> usize {
    let (kept, length) = match utf16_unit(text) {
        None => (None, text.char_indices().nth(2).map_or(text.len(), |(at, _)| at)),
        Some(0 | 0xDC00..=0xDFFF) => (Some(REPLACEMENT), 6),
        Some(0xD800..=0xDBFF) => match text.get(6..).and_then(utf16_unit) {
            Some(0xDC00..=0xDFFF) => (None, 12),
            _ => (Some(REPLACEMENT), 6),
        },
        Some(_) => (None, 6),
    };
    out.push_str(kept.unwrap_or(&text[..length]));
    length
}

/// The UTF-16 unit of a `\uXXXX` escape at the start of `text`.
fn utf16_unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Numbers with more digits before or behind the point are beyond those of the server, or near it.
const MOST_DIGITS: usize = 10_000;

/// The record with each number that is beyond those of the server written as a text; nothing where there is none.
pub(super) fn quote_far_numbers(record: &str) -> Option<String> {
    let mut out = String::with_capacity(record.len() + 2);
    let mut rest = record;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let (before, token) = rest.split_at(at);
        out.push_str(before);
        let length = if token.starts_with('"') {
            text_length(token)
        } else {
            let ends = |c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
            token.find(ends).unwrap_or(token.len())
        };
        let (token, after) = token.split_at(length);
        if is_far_number(token) {
            out.extend(["\"", token, "\""]);
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out.push_str(rest);
    (out.len() > record.len()).then_some(out)
}

/// How long the text in quotes is with which `json` begins.
fn text_length(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(json.len(), |end| end + 2)
}

fn is_far_number(token: &str) -> bool {
    if token.starts_with('"') {
        return false;
    }
    let (digits, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let shift = exponent.parse::<i64>().map_or(usize::MAX, |shift| {
        usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX)
    });
    digits.len().saturating_add(shift) > MOST_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_those_of_the_server_become_texts_and_nothing_else_changes() {
        for (record, quoted) in [
            (r#"{"a":1e400000,"b":2}"#, Some(r#"{"a":"1e400000","b":2}"#)),
            (
                r"[-1.5E-99999999999999999999]",
                Some(r#"["-1.5E-99999999999999999999"]"#),
            ),
            (r#"{"1e400000":"1e400000"}"#, None),
            (
                r#"{"a\"":"\\","b":1e400000}"#,
                Some(r#"{"a\"":"\\","b":"1e400000"}"#),
            ),
            (r#"{"a":1.25e300,"b":-7,"c":"ü -1e9999999"}"#, None),
        ] {
            assert_eq!(quote_far_numbers(record).as_deref(), quoted, "{record}");
        }
        let long = "9".repeat(200_000);
        assert_eq!(
            quote_far_numbers(&format!("[{long}]")),
            Some(format!("[\"{long}\"]"))
        );
    }

    #[test]
    fn only_what_jsonb_refuses_is_replaced() {
        for (record, stored) in [
            (r#"{"a":"plain"}"#, r#"{"a":"plain"}"#),
            (r#"{"a":"x\u0000y"}"#, r#"{"a":"x\ufffdy"}"#),
            (r#"{"a":"\\u0000"}"#, r#"{"a":"\\u0000"}"#),
            (r#"{"a":"\\\u0000"}"#, r#"{"a":"\\\ufffd"}"#),
            (r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#),
            (r#"{"a":"\ud83dx"}"#, r#"{"a":"\ufffdx"}"#),
            (r#"{"a":"\ude00\u00e9"}"#, r#"{"a":"\ufffd\u00e9"}"#),
            (r#"{"a":"\u00e9 ü \n\""}"#, r#"{"a":"\u00e9 ü \n\""}"#),
        ] {
            assert_eq!(make_storable(record), stored);
        }
    }
}
