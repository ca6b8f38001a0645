//! Recorded answers gone bad: cut, with bytes flipped, members lost, and values that are no values.

use std::ops::Range;

use fastrand::Rng;

use crate::wire::Records;

/// What takes the place of a value.
const VALUES: [&str; 24] = [
    "null",
    "\"\"",
    "[]",
    "{}",
    "[null]",
    "{\"0\": null}",
    "[[[[[]]]]]",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e400",
    "123456789012345678901234567890123456789012345678901234567890",
    "-9223372036854775809",
    "NaN",
    "\"\\ud83d\"",
    "\"\\ude00 \\u0000\"",
    "\"0000-00-00 00:00:00\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"+99999999-01-01\"",
    "\"99999999999999999999:59:59\"",
    "\"https://elsewhere.example/\"",
    "\"💥\"",
];

/// How a body was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// The end is missing.
    Cut,
    /// Some bytes are others.
    Flip,
    /// A member of an object or of a list is missing.
    Drop,
    /// A member comes twice.
    Double,
    /// A value is another one.
    Swap,
}

impl Mutation {
    const ALL: [Self; 5] = [Self::Cut, Self::Flip, Self::Drop, Self::Double, Self::Swap];

    /// One of them, the changes of values most often.
    pub(super) fn any(rng: &mut Rng) -> Self {
        let place = rng.usize(..Self::ALL.len() + 4);
        Self::ALL.get(place).copied().unwrap_or(Self::Swap)
    }

    /// The body, changed. What is not JSON to begin with is cut.
    pub(super) fn apply(self, body: &str, rng: &mut Rng) -> String {
        let spans = value_spans(body);
        let Some(span) = rng.choice(&spans).cloned() else {
            return cut(body, rng);
        };
        match self {
            Self::Cut => cut(body, rng),
            Self::Flip => flip(body, rng),
            Self::Drop => replace(body, member_span(body, span), ""),
            Self::Double => double(body, &span),
            Self::Swap => replace(body, span, VALUES[rng.usize(..VALUES.len())]),
        }
    }
}

fn cut(body: &str, rng: &mut Rng) -> String {
    let length = body.floor_char_boundary(rng.usize(..=body.len()));
    body[..length].to_owned()
}

/// What arrives that is no UTF-8 is decoded leniently, as every answer is.
fn flip(body: &str, rng: &mut Rng) -> String {
    let mut bytes = body.as_bytes().to_vec();
    for _ in 0..rng.usize(1..4) {
        if let Some(place) = rng.choice(0..bytes.len()) {
            bytes[place] ^= 1 << rng.u8(..8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn double(body: &str, span: &Range<usize>) -> String {
    let member = member_span(body, span.clone());
    let copy = body[member].trim_matches(|c: char| c == ',' || c.is_whitespace());
    replace(body, span.end..span.end, &format!(",{copy}"))
}

fn replace(body: &str, span: Range<usize>, by: &str) -> String {
    let mut body = body.to_owned();
    body.replace_range(span, by);
    body
}

/// Where the values inside a JSON text are, however deep.
fn value_spans(body: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut waiting = vec![body.trim()];
    while let Some(text) = waiting.pop() {
        if !text.starts_with(['{', '[']) {
            continue;
        }
        let inside: Records<'_> = serde_json::from_str(text).unwrap_or_default();
        for value in inside {
            let start = value.as_ptr().addr() - body.as_ptr().addr();
            spans.push(start..start + value.len());
            waiting.push(value);
        }
    }
    spans
}

/// The member that a value belongs to: with its name, and with the comma before it or else behind it.
fn member_span(body: &str, value: Range<usize>) -> Range<usize> {
    let before = body[..value.start].trim_end();
    let before = match before.strip_suffix(':') {
        Some(name) => {
            let name = name.trim_end().trim_end_matches('"');
            name[..name.rfind('"').unwrap_or(name.len())].trim_end()
        }
        None => before,
    };
    if let Some(others) = before.strip_suffix(',') {
        return others.len()..value.end;
    }
    let behind = body[value.end..].trim_start();
    let behind = behind.strip_prefix(',').unwrap_or(behind);
    before.len()..body.len() - behind.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_lost_and_doubled() {
        let body = r#"{"a": 1, "b" : [{"c": "x, y"}, null]}"#;
        let texts: Vec<&str> = value_spans(body).into_iter().map(|span| &body[span]).collect();
        assert_eq!(
            texts,
            [
                "1",
                r#"[{"c": "x, y"}, null]"#,
                r#"{"c": "x, y"}"#,
                "null",
                r#""x, y""#
            ]
        );
        let lost = value_spans(body)
            .into_iter()
            .map(|span| replace(body, member_span(body, span), ""));
        assert_eq!(
            lost.collect::<Vec<_>>(),
            [
                r#"{ "b" : [{"c": "x, y"}, null]}"#,
                r#"{"a": 1}"#,
                r#"{"a": 1, "b" : [ null]}"#,
                r#"{"a": 1, "b" : [{"c": "x, y"}]}"#,
                r#"{"a": 1, "b" : [{}, null]}"#,
            ]
        );
        let doubled = value_spans(body).into_iter().map(|span| double(body, &span));
        assert_eq!(
            doubled.collect::<Vec<_>>()[3..],
            [
                r#"{"a": 1, "b" : [{"c": "x, y"}, null,null]}"#,
                r#"{"a": 1, "b" : [{"c": "x, y","c": "x, y"}, null]}"#,
            ]
        );
    }
}
