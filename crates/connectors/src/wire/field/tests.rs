//! The cases of reading: what field makes of each form that vendors write.

use crate::schema::Region;
use crate::source::FieldFault;

use super::*;

type Read<T> = Result<Option<T>, FaultKind>;

const UNREADABLE: FaultKind = FaultKind::Unreadable;
const OUT_OF_RANGE: FaultKind = FaultKind::OutOfRange;
const WRONG_SHAPE: FaultKind = FaultKind::WrongShape;

/// What a reader makes of a JSON value: the value, or its fault.
fn read<'a, T>(json: &'a str, read: impl FnOnce(Field<'a>, &Faults) -> Option<T>) -> Read<T> {
    let faults = Faults::new();
    let value = read(Field::new("f", json), &faults);
    match faults.into_list().as_slice() {
        [] => Ok(value),
        [
            FieldFault {
                field: "f",
                kind,
                count: 1,
                ..
            },
        ] if value.is_none() => Err(*kind),
        faults => panic!("{json}: {faults:?}"),
    }
}

fn owned(text: Read<&str>) -> Read<String> {
    text.map(|text| text.map(str::to_owned))
}

#[test]
fn a_key_is_the_id_exactly_as_written() {
    for (json, wanted) in [
        ("7", Ok("7")),
        ("0", Ok("0")),
        ("\"0\"", Ok("0")),
        ("\"null\"", Ok("null")),
        ("\"a101 \"", Ok("a101 ")),
        ("\"A101\"", Ok("A101")),
        ("\"007\"", Ok("007")),
        ("123456789012345678901", Ok("123456789012345678901")),
        ("123456789012345678902", Ok("123456789012345678902")),
        ("\"\\u00e9\"", Ok("é")),
        ("\"\"", Err(MapError::Missing("f"))),
        ("\"  \"", Err(MapError::Missing("f"))),
        ("null", Err(MapError::Missing("f"))),
        ("[]", Err(MapError::Missing("f"))),
        ("{ }", Err(MapError::Missing("f"))),
        ("true", Err(MapError::Unknown("f"))),
        ("[1]", Err(MapError::Unknown("f"))),
        ("{\"id\": 1}", Err(MapError::Unknown("f"))),
    ] {
        assert_eq!(Field::new("f", json).key(), wanted.map(str::to_owned), "{json}");
    }
    assert_eq!(Field::missing("f").key(), Err(MapError::Missing("f")));
}

#[test]
fn a_reference_may_be_none_in_several_spellings() {
    for (json, wanted) in [
        ("7", Ok(Some("7"))),
        ("\" 7\"", Ok(Some(" 7"))),
        ("18446744073709551617", Ok(Some("18446744073709551617"))),
        ("0", Ok(None)),
        ("\"0\"", Ok(None)),
        ("\"\"", Ok(None)),
        ("\"null\"", Ok(None)),
        ("null", Ok(None)),
        ("false", Ok(None)),
        ("[]", Ok(None)),
        ("true", Err(UNREADABLE)),
        ("[7]", Err(WRONG_SHAPE)),
    ] {
        assert_eq!(
            read(json, |field, faults| field.id(faults)),
            owned(wanted),
            "{json}"
        );
    }
}

#[test]
fn every_spelling_of_nothing_is_nothing() {
    for json in ["null", "\"\"", "\"  \"", "\"null\"", "[]", "{}", "[ ]"] {
        let field = Field::new("f", json);
        assert!(field.is_nothing(), "{json}");
        assert_eq!(
            read(json, |field, faults| field.owned(faults)),
            Ok(None),
            "{json}"
        );
    }
    assert!(Field::missing("f").is_nothing());
    assert!(!Field::new("f", "0").is_nothing());
}

#[test]
fn a_text_is_mended_where_no_text_can_hold_it() {
    for (json, wanted) in [
        ("\" plain \"", Ok(Some("plain"))),
        ("\"\\t plain\\n\"", Ok(Some("plain"))),
        ("\"half \\ud83d\"", Ok(Some("half \u{fffd}"))),
        ("\"\\ude00half\"", Ok(Some("\u{fffd}half"))),
        ("\"whole \\ud83d\\ude00\"", Ok(Some("whole \u{1f600}"))),
        ("\"a\\u0000b\"", Ok(Some("a\u{fffd}b"))),
        ("1.50", Ok(Some("1.50"))),
        ("true", Ok(Some("1"))),
        ("[\"a\"]", Err(WRONG_SHAPE)),
        ("{\"a\": 1}", Err(WRONG_SHAPE)),
    ] {
        assert_eq!(
            read(json, |field, faults| field.owned(faults)),
            owned(wanted),
            "{json}"
        );
    }
}

#[test]
fn numbers_come_as_numbers_and_as_text() {
    for (json, wanted) in [
        ("187", Ok(Some(187))),
        ("\"187\"", Ok(Some(187))),
        ("\"12.5\"", Ok(Some(13))),
        ("-3.2", Ok(Some(-3))),
        ("\"1,234\"", Ok(Some(1_234))),
        ("1.2e2", Ok(Some(120))),
        ("9007199254740993", Ok(Some(9_007_199_254_740_993))),
        ("9007199254740993.0", Ok(Some(9_007_199_254_740_993))),
        ("\"\"", Ok(None)),
        ("\"many\"", Err(UNREADABLE)),
        ("\"NaN\"", Err(UNREADABLE)),
        ("1e30", Err(OUT_OF_RANGE)),
        ("[1]", Err(WRONG_SHAPE)),
    ] {
        assert_eq!(
            read(json, |field, faults| field.integer(faults)),
            wanted,
            "{json}"
        );
    }
    for (json, wanted) in [("5", Ok(Some(5))), ("-5", Err(OUT_OF_RANGE)), ("null", Ok(None))] {
        assert_eq!(read(json, |field, faults| field.count(faults)), wanted, "{json}");
    }
}

#[test]
fn decimals_keep_their_digits() {
    for (json, wanted) in [
        ("12.50", Ok(Some("12.50"))),
        ("\"-0.1\"", Ok(Some("-0.1"))),
        ("12345678901234567890.5", Ok(Some("12345678901234567890.5"))),
        ("1.5e-7", Ok(Some("0.00000015"))),
        ("\"1,234.5\"", Ok(Some("1234.5"))),
        ("\".5\"", Ok(Some("0.5"))),
        (
            "0.12345678901234567890123456789012345",
            Ok(Some("0.123456789012345678901234567890")),
        ),
        ("1e40", Err(OUT_OF_RANGE)),
        ("\"NaN\"", Err(UNREADABLE)),
    ] {
        let wanted = wanted.map(|text| text.map(|text| Decimal::parse(text).unwrap()));
        assert_eq!(
            read(json, |field, faults| field.decimal(faults)),
            wanted,
            "{json}"
        );
    }
}

#[test]
fn flags_are_never_guessed() {
    for (json, wanted) in [
        ("true", Ok(Some(true))),
        ("\"Y\"", Ok(Some(true))),
        ("\"yes\"", Ok(Some(true))),
        ("1", Ok(Some(true))),
        ("\"False\"", Ok(Some(false))),
        ("\"N\"", Ok(Some(false))),
        ("\"0\"", Ok(Some(false))),
        ("null", Ok(None)),
        ("\"\"", Ok(None)),
        ("\"maybe\"", Err(UNREADABLE)),
        ("2", Err(UNREADABLE)),
    ] {
        assert_eq!(read(json, |field, faults| field.flag(faults)), wanted, "{json}");
    }
}

#[test]
fn lengths_and_times_cost_the_field_alone() {
    for (json, wanted) in [
        ("\"00:03:07\"", Ok(Some(187))),
        ("187.4", Ok(Some(187))),
        ("\"1,234\"", Ok(Some(1_234))),
        ("\"\"", Ok(None)),
        ("-5", Err(OUT_OF_RANGE)),
        ("\"soon\"", Err(UNREADABLE)),
        ("[1]", Err(WRONG_SHAPE)),
    ] {
        assert_eq!(
            read(json, |field, faults| field.seconds(faults)),
            wanted,
            "{json}"
        );
    }
    let account = Account::new(chrono_tz::America::Los_Angeles, Region::US);
    for (json, wanted) in [
        ("\"2026-02-03 14:05:09\"", Ok(Some("2026-02-03T22:05:09Z"))),
        ("\"0000-00-00 00:00:00\"", Ok(None)),
        ("0", Ok(None)),
        ("\"0\"", Ok(None)),
        ("null", Ok(None)),
        ("\"yesterday\"", Err(UNREADABLE)),
        ("\"2500-01-01 00:00:00\"", Err(OUT_OF_RANGE)),
    ] {
        let wanted = wanted.map(|at| at.map(|at| at.parse().unwrap()));
        let got = read(json, |field, faults| field.instant(faults, &account));
        assert_eq!(got, wanted, "{json}");
    }
    let day = read("\"1955-03-04\"", |field, faults| field.day(faults));
    assert_eq!(day, Ok("1955-03-04".parse().ok()));
}

#[test]
fn nested_lists_come_in_several_forms_and_no_list_is_not_an_empty_one() {
    for (json, wanted) in [
        ("[{\"a\":1}, \"b\"]", Ok(Some(vec!["{\"a\":1}", "\"b\""]))),
        ("{\"1\": {\"a\":1}}", Ok(Some(vec!["{\"a\":1}"]))),
        ("[]", Ok(Some(vec![]))),
        ("{}", Ok(Some(vec![]))),
        ("false", Ok(Some(vec![]))),
        ("\"\"", Ok(Some(vec![]))),
        ("null", Ok(None)),
        ("\"1.mp3\"", Err(WRONG_SHAPE)),
        ("0", Err(WRONG_SHAPE)),
        ("true", Err(WRONG_SHAPE)),
    ] {
        assert_eq!(
            read(json, |field, faults| field.list(faults)),
            wanted.map(|records| records.map(Records)),
            "{json}"
        );
    }
    let records = Field::missing("f").records(&Faults::new());
    assert!(records.is_empty());
}

#[test]
fn a_value_may_stand_alone_in_a_list() {
    for (json, wanted) in [
        ("[\"a101\"]", "\"a101\""),
        ("[ 7 ]", "7"),
        ("7", "7"),
        ("[1, 2]", "[1, 2]"),
        ("[]", "[]"),
        ("{\"a\": 1}", "{\"a\": 1}"),
    ] {
        assert_eq!(
            Field::new("f", json).unwrap_list_of_one().raw(),
            Some(wanted),
            "{json}"
        );
    }
}
