//! The cases of reading: what mend makes of each form that vendors write.

use super::*;

#[test]
fn each_kind_of_slip_is_mended_by_itself() {
    for (text, wanted) in [
        ("{\"a\": NaN}", "{\"a\": null}"),
        (
            "[Infinity, -Infinity, nan, INF, -inf]",
            "[null, null, null, null, null]",
        ),
        ("[1,2,]", "[1,2]"),
        ("{\"a\":1 , }", "{\"a\":1  }"),
        ("[[],]", "[[]]"),
        ("[\"a\nb\u{1}\"]", "[\"a\\nb\\u0001\"]"),
        ("[\"a\0\"]", "[\"a\\ufffd\"]"),
        (r#"["\ud83d", "\ud83d\ude00"]"#, r#"["\ufffd", "\ud83d\ude00"]"#),
        (r#"["it\'s", "\x41", "\u12"]"#, r#"["it\\'s", "\\x41", "\\u12"]"#),
        ("{\"a\":, \"b\":}", "{\"a\":null, \"b\":null}"),
        ("[007, .5, +1, 1., 1e5]", "[\"007\", \".5\", \"+1\", \"1.\", 1e5]"),
        ("[\u{a0}1\u{b}]", "[ 1 ]"),
        ("[True]", "[\"True\"]"),
        // No mending: a hole in a list may be a record that is gone.
        ("[1,,2]", "[1,,2]"),
        ("[,]", "[,]"),
        ("[1, 2", "[1, 2"),
        ("[1, tru", "[1, tru"),
        ("[\"a\\", "[\"a\\"),
    ] {
        assert_eq!(mend_text(text), wanted, "{text}");
    }
}

#[test]
fn sound_json_has_nothing_to_mend() {
    for text in [
        "{}",
        "[]",
        r#"{"a": [1, -2.5e-3, true, false, null], "b": {"c": "d\"\\\/\b\f\n\r\t\u00e9,}"}}"#,
        " [ 1 , 2 ] \r\n\t",
    ] {
        assert_eq!(mend_text(text), text);
    }
}

#[test]
fn any_text_can_be_looked_at() {
    let mut rng = fastrand::Rng::with_seed(7);
    let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "NaN", "-", "1", "e", "é", "\u{feff}",
        "\0", "\n", "<br>", "a", " ", "null",
    ];
    for _ in 0..20_000 {
        let count = rng.usize(..12);
        let text: String = (0..count).map(|_| pieces[rng.usize(..pieces.len())]).collect();
        let mended = mend_body(&text);
        if let Some(mended) =
            mended.filter(|_| parse_json::<IgnoredAny>(text.trim_start_matches(is_filling)).is_ok())
        {
            assert!(parse_json::<IgnoredAny>(&mended).is_ok(), "{text}");
        }
    }
}
