//! What an answer looks like, in words that hold no value of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::records::Records;

/// So many members are named at most.
const MOST_NAMES: usize = 6;
/// A name that is longer says more than an API's word would.
const LONGEST_NAME: usize = 24;

/// What an answer is: its kind and, of an object, the names of its members with their kinds. Names that could be ids or somebody's
/// are only counted.
pub fn describe_shape(body: &str) -> String {
    let body = body.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !body.starts_with('{') {
        return kind_of(body);
    }
    let Ok(members) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(body) else {
        return "no JSON".to_owned();
    };
    let (named, unnamed): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| is_word(name));
    let mut parts: Vec<String> = named
        .iter()
        .take(MOST_NAMES)
        .map(|(name, value)| format!("`{name}` ({})", kind_of(value.get())))
        .collect();
    match unnamed.len() + named.len().saturating_sub(MOST_NAMES) {
        0 => (),
        1 => parts.push("one other member".to_owned()),
        count => parts.push(format!("{count} other members")),
    }
    match parts.split_last() {
        None => "an empty object".to_owned(),
        Some((only, [])) => format!("an object of {only}"),
        Some((last, before)) => format!("an object of {} and {last}", before.join(", ")),
    }
}

fn is_word(name: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_lowercase() || c == '_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_sign)
}

fn kind_of(json: &str) -> String {
    match json.as_bytes() {
        [] => "nothing".to_owned(),
        b"null" | b"true" | b"false" => json.to_owned(),
        b"\"\"" => "an empty text".to_owned(),
        [b'"', ..] => "a text".to_owned(),
        [b'{', inner @ .., b'}'] if inner.trim_ascii().is_empty() => "an empty object".to_owned(),
        [b'{', ..] => "an object".to_owned(),
        [b'[', ..] => match serde_json::from_str::<Records<'_>>(json).map(|list| list.len()) {
            Ok(0) => "an empty list".to_owned(),
            Ok(count) => format!("a list of {count}"),
            Err(_) => "no JSON".to_owned(),
        },
        [b'-' | b'0'..=b'9', ..] => "a number".to_owned(),
        _ => "no JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_told_without_any_value() {
        for (body, wanted) in [
            ("", "nothing"),
            ("[]", "an empty list"),
            ("\u{feff}[1, 2]", "a list of 2"),
            ("null", "null"),
            ("false", "false"),
            ("\"Dana Example\"", "a text"),
            ("7", "a number"),
            ("Dana", "no JSON"),
            ("{}", "an empty object"),
            ("{\"data\": ", "no JSON"),
            ("{\"data\": {}}", "an object of `data` (an empty object)"),
            (
                r#"{"success": true, "data": "Dana", "total": 3}"#,
                "an object of `data` (a text), `success` (true) and `total` (a number)",
            ),
            (
                r#"{"7001": {}, "Dana Example": 1}"#,
                "an object of 2 other members",
            ),
            (
                r#"{"rows": [[], {}], "7": ""}"#,
                "an object of `rows` (a list of 2) and one other member",
            ),
        ] {
            assert_eq!(describe_shape(body), wanted, "{body}");
        }
    }
}
