//! Values as only Conversocial writes them: references, judgements, times of filters, ids in paths.

use std::fmt::Write as _;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::source::{FaultKind, Faults, MapError};
use crate::wire::{Field, Records, wire_record};

/// The form of times in filters (documented). A date without a time is ambiguous as an upper bound and is never sent.
const FORM: &str = "%Y-%m-%dT%H:%M:%S";

wire_record! {
    /// What a reference, or a judgement, says.
    struct Target { id, name, value }
}

/// The id that a reference names: an object with an `id` (seen in client programs), or the id alone (assumed).
pub(super) fn referred_id(field: &Field<'_>, faults: &Faults) -> Option<String> {
    member(field, faults, |target| target.id).id(faults)
}

/// The id that a reference has to name.
pub(super) fn referred_key(field: &Field<'_>) -> Result<String, MapError> {
    member(field, &Faults::new(), |target| target.id).key()
}

/// The name beside the id of a reference.
pub(super) fn referred_name(field: &Field<'_>, faults: &Faults) -> Option<String> {
    if !field.is_object() {
        return None;
    }
    member(field, faults, |target| target.name).owned(faults)
}

/// The value of a judgement: of an object's `value` (seen in client programs), or by itself (assumed).
pub(super) fn judge_value<'a>(field: &Field<'a>, faults: &Faults) -> Field<'a> {
    member(field, faults, |target| target.value)
}

/// A member of an object, or the field itself where it is none. Faults are those of the field that the record has.
fn member<'a>(field: &Field<'a>, faults: &Faults, pick: fn(Target<'a>) -> Field<'a>) -> Field<'a> {
    if !field.is_object() {
        return *field;
    }
    match pick(Target::read_nested(field, faults)).raw() {
        Some(json) => Field::new(field.name(), json),
        None => Field::missing(field.name()),
    }
}

/// The values of a list, each as received. A list that is not there is none, and not an empty one; one object is no list.
pub(super) fn read_list<'a>(field: &Field<'a>, faults: &Faults) -> Option<Records<'a>> {
    if field.is_object() && !field.is_nothing() {
        return field.fault(faults, FaultKind::WrongShape);
    }
    field.list(faults)
}

/// The second that an instant lies in.
pub(super) fn floor_second(at: DateTime<Utc>) -> String {
    at.format(FORM).to_string()
}

/// The first whole second that is not before an instant; as an upper bound it asks for a little more rather than less.
pub(super) fn ceil_second(at: DateTime<Utc>) -> String {
    let whole = at.trunc_subsecs(0);
    let next = if whole < at {
        whole + TimeDelta::seconds(1)
    } else {
        whole
    };
    floor_second(next)
}

/// An id as a segment of a path: ids of authors hold colons, and anything is possible.
pub(super) fn path_segment(id: &str) -> String {
    let mut text = String::with_capacity(id.len() + 4);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_an_object_an_id_or_nothing() {
        for (json, wanted, is_fault) in [
            (r#"{"id": "7", "url": "u"}"#, Some("7"), false),
            (r#"{"id": 7}"#, Some("7"), false),
            ("\"t:7\"", Some("t:7"), false),
            ("\" t:7\"", Some(" t:7"), false),
            ("12345678901234567890123", Some("12345678901234567890123"), false),
            ("0", None, false),
            ("{}", None, false),
            (r#"{"url": "u"}"#, None, false),
            ("null", None, false),
            ("[7]", None, true),
            (r#"{"id": [7]}"#, None, true),
        ] {
            let faults = Faults::new();
            let read = referred_id(&Field::new("author", json), &faults);
            assert_eq!(read.as_deref(), wanted, "{json}");
            let fields: Vec<&str> = faults.into_list().iter().map(|fault| fault.field).collect();
            let wanted: &[&str] = if is_fault { &["author"] } else { &[] };
            assert_eq!(fields, wanted, "{json}");
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_not_an_empty_one() {
        for (json, wanted, is_fault) in [
            ("[]", Some(&[][..]), false),
            (
                r#"[{"id":"1"},"2"]"#,
                Some(&[r#"{"id":"1"}"#, "\"2\""][..]),
                false,
            ),
            ("{}", Some(&[]), false),
            ("null", None, false),
            (r#"{"id":"1","name":"x"}"#, None, true),
            ("\"1,2\"", None, true),
        ] {
            let faults = Faults::new();
            let read = read_list(&Field::new("tags", json), &faults);
            assert_eq!(read.as_ref().map(|list| &list.0[..]), wanted, "{json}");
            assert_eq!(!faults.is_empty(), is_fault, "{json}");
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
            let faults = Faults::new();
            let read = judge_value(&Field::new("sentiment", json), &faults);
            assert_eq!(read.text(&faults).as_deref(), wanted, "{json}");
        }
    }

    #[test]
    fn bounds_are_whole_seconds_around_the_window() {
        for (at, below, above) in [
            (
                "2026-02-03T14:05:09Z",
                "2026-02-03T14:05:09",
                "2026-02-03T14:05:09",
            ),
            (
                "2026-02-03T14:05:09.5Z",
                "2026-02-03T14:05:09",
                "2026-02-03T14:05:10",
            ),
            (
                "2026-02-03T23:59:59.000001Z",
                "2026-02-03T23:59:59",
                "2026-02-04T00:00:00",
            ),
        ] {
            let at = at.parse().unwrap();
            assert_eq!(
                (floor_second(at).as_str(), ceil_second(at).as_str()),
                (below, above),
                "{at}"
            );
        }
    }

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        for (id, wanted) in [
            ("t:99", "t%3A99"),
            ("a/b?c=1#d", "a%2Fb%3Fc%3D1%23d"),
            ("64b1-x_~.", "64b1-x_~."),
            ("é %", "%C3%A9%20%25"),
        ] {
            assert_eq!(path_segment(id), wanted, "{id}");
        }
    }
}
