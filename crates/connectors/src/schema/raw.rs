//! What has to be replaced in a JSON text before `jsonb` takes it.

use std::borrow::Cow;

/// The escape of U+FFFD, which stands in for what `jsonb` refuses.
const REPLACEMENT: &str = "\\ufffd";

/// The record with the escapes that `jsonb` refuses replaced: NUL characters, and halves of surrogate pairs.
pub(crate) fn storable(record: &str) -> Cow<'_, str> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(storable(record), stored);
        }
    }
}
