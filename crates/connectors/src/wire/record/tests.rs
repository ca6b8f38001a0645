//! The cases of reading: what record makes of each form that vendors write.

use fastrand::Rng;

use crate::schema::Region;
use crate::source::{Account, Faults, MapError};
use crate::wire::Field;

wire_record! {
    /// A call.
    struct Call {
        id,
        /// The agent.
        user,
        media_type = "type",
        purpose = "purpose" | "Purpose",
        person,
    }
}

wire_record! {
    /// A person inside a call.
    pub(super) struct Person { name }
}

#[test]
fn fields_are_read_by_their_names_at_the_vendor() {
    let call =
        Call::read(r#"{"id": 7, "type": "mp3", "Purpose": "test", "x": {"y": [1]}, "user": null}"#).unwrap();
    assert_eq!(call.id, Field::new("id", "7"));
    assert_eq!(call.media_type, Field::new("type", "\"mp3\""));
    assert_eq!(call.purpose, Field::new("purpose", "\"test\""));
    assert_eq!(call.person, Field::missing("person"));
    assert_eq!((call.user.raw(), call.user.is_nothing()), (None, true));
}

#[test]
fn no_member_costs_the_record() {
    for record in [
        "{}",
        r#"{"id": [1], "user": {"a": 1}}"#,
        r#"{"id": 1, "id": 2}"#,
        r#"{"\ud83d": 1, "id": 2, "\u0000": "\ud83d"}"#,
        r#"{"\u0069d": 2}"#,
        r#" { "id" : 2 } "#,
    ] {
        assert!(Call::read(record).is_ok(), "{record}");
    }
    for record in [
        r#"{"id": 1, "id": 2}"#,
        r#"{"\ud83d": 1, "id": 2}"#,
        r#"{"\u0069d": 2}"#,
    ] {
        let key = Call::read(record).unwrap().id.key();
        assert_eq!(key, Ok("2".to_owned()), "{record}");
    }
}

#[test]
fn what_is_no_object_is_no_record() {
    for record in ["null", "7", "\"x\"", "[]", "[{}]", "{", ""] {
        assert!(matches!(Call::read(record), Err(MapError::Record(_))), "{record}");
    }
}

#[test]
fn an_object_inside_a_record_is_read_or_empty() {
    for (person, name, is_fault) in [
        (r#"{"name": "Ann"}"#, Some("Ann"), false),
        ("{}", None, false),
        ("[]", None, false),
        ("null", None, false),
        ("false", None, false),
        ("\"\"", None, false),
        ("\"Ann\"", None, true),
        ("[1]", None, true),
    ] {
        let record = format!(r#"{{"person": {person}}}"#);
        let faults = Faults::new();
        let read = Person::read_nested(&Call::read(&record).unwrap().person, &faults);
        assert_eq!(read.name.owned(&faults).as_deref(), name, "{person}");
        assert_eq!(!faults.is_empty(), is_fault, "{person}");
    }
}

#[test]
fn any_object_is_a_record_and_any_field_can_be_read() {
    let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
    let mut rng = Rng::with_seed(27);
    for _ in 0..20_000 {
        let record = format!("{{{}}}", members(&mut rng, 3));
        let call = Call::read(&record).unwrap_or_else(|error| panic!("{record}: {error}"));
        for field in [call.id, call.user, call.media_type, call.purpose, call.person] {
            read_every_way(&field, &account);
        }
    }
}

fn read_every_way(field: &Field<'_>, account: &Account) {
    let faults = Faults::new();
    let is_key = field.key().is_ok();
    let is_id = field.id(&faults).is_some();
    assert!(is_key || !is_id, "{field:?}");
    assert_eq!(field.owned(&faults).as_deref(), field.text(&faults).as_deref());
    assert!(!field.is_nothing() || field.text(&faults).is_none(), "{field:?}");
    assert!(field.count(&faults).is_none_or(|count| count >= 0));
    assert!(field.seconds(&faults).is_none_or(|seconds| seconds >= 0));
    let _ = (
        field.integer(&faults),
        field.decimal(&faults),
        field.flag(&faults),
    );
    let _ = (
        field.day(&faults),
        field.instant(&faults, account),
        field.wall_clock(account),
    );
    let _ = field.instant_or_day(&faults, account);
    let _ = (field.records(&faults), field.list(&faults), field.object(&faults));
    let _ = field.unwrap_list_of_one();
}

fn members(rng: &mut Rng, depth: u8) -> String {
    let names = [
        "id", "user", "type", "purpose", "Purpose", "person", "other", "\\ud83d", "\\u0069d",
    ];
    let count = rng.usize(..6);
    let members: Vec<String> = (0..count)
        .map(|_| format!("\"{}\": {}", names[rng.usize(..names.len())], value(rng, depth)))
        .collect();
    members.join(", ")
}

fn value(rng: &mut Rng, depth: u8) -> String {
    let plain = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1e400",
        "-1.5E+3",
        "123456789012345678901234567890",
        "\"\"",
        "\" \"",
        "\"null\"",
        "[]",
        "{}",
        "[ ]",
        "\"\\ud83d\"",
        "\"\\u0000\"",
        "\"0000-00-00\"",
        "\"00:03:07\"",
        "\"-0:00:09\"",
        "\"1,234\"",
        "\"NaN\"",
        "\"2026-02-03 14:05:09\"",
        "\"2026-02-03\"",
        "\"2026-02-30T25:61:00Z\"",
        "\"é-é-é\"",
        "\"99999-99-99\"",
        "\":\"",
    ];
    match rng.u8(..8) {
        0 if depth > 0 => format!("{{{}}}", members(rng, depth - 1)),
        1 if depth > 0 => format!("[{}, {}]", value(rng, depth - 1), value(rng, depth - 1)),
        2 => text(rng),
        _ => plain[rng.usize(..plain.len())].to_owned(),
    }
}

fn text(rng: &mut Rng) -> String {
    let letters = [
        "0", "1", "9", "-", ":", ".", ",", " ", "e", "T", "Z", "+", "é", "\u{a0}", "\\\\", "\\\"", "\\ude00",
        "/",
    ];
    let count = rng.usize(..24);
    let text: String = (0..count).map(|_| letters[rng.usize(..letters.len())]).collect();
    format!("\"{text}\"")
}
