//! The cases of reading: what body makes of each form that vendors write.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::wire::{Count, Records};

use super::*;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    rows: Records<'a>,
    total: Count,
}

fn open(body: &str) -> Result<List<'_>, ReadError> {
    parse_json(require_json(body)?)
}

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
        let error = parse_json::<IgnoredAny>(text).err();
        assert_eq!(matches!(error, Some(ReadError::Truncated)), is_cut, "{text}");
    }
}

#[test]
fn a_web_page_and_an_empty_answer_are_no_json() {
    for (text, wanted) in [
        ("<html></html>", "web page"),
        ("\u{feff}\r\n <!doctype html>", "web page"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("\u{feff}", "is empty"),
    ] {
        let error = require_json(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
    assert_eq!(require_json("\u{feff} [1]").unwrap(), "[1]");
}

#[test]
fn what_can_be_mended_costs_no_page() {
    for body in [
        r#"{"rows": [{"id": 1}, {"id": 2}], "total": 2}"#,
        "\u{feff}{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}",
        "Notice: Undefined index: x in /a.php on line 3\n{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}",
        "<br />\n<b>Notice</b>: Undefined array key [3] in <b>/a.php</b><br />\n{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}",
        r#"{"rows": [{"id": 1, "n": NaN}, {"id": 2, "n": -Infinity}], "total": "2"}"#,
        r#"{"rows": [{"id": 1}, {"id": 2},], "total": 2,}"#,
        "{\"rows\": [{\"id\": 1, \"t\": \"a\tb\"}, {\"id\": 2}], \"total\": 2}",
        "{\"rows\": {\"\\ud83d\": {\"id\": 1}, \"b\": {\"id\": 2}}, \"total\": 2}",
        "{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}\0",
        "{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}\n<br />\n<b>Warning</b>: x [0] in <b>/a.php</b>",
        "{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}<!-- 0.01 s -->",
        "{\"rows\": [{\"id\": 1}, {\"id\": 2}], \"total\": 2}\nWarning: Unknown: \"x\" in Unknown on line 0",
    ] {
        let body = Body::new(body);
        let list = body
            .open(open)
            .unwrap_or_else(|error| panic!("{body:?}: {error}"));
        assert_eq!(list.rows.len(), 2, "{body:?}");
        assert_eq!(list.total.beside(2), Some(2), "{body:?}");
    }
}

#[test]
fn what_cannot_be_mended_stays_what_it_is() {
    for (text, wanted) in [
        (
            "<html><script>var x = {\"rows\": [], \"total\": 0}</script></html>",
            "web page",
        ),
        ("<html><style>body { color: red }", "web page"),
        ("<HTML><body><pre>[1]", "web page"),
        ("Notice: x\n{\"rows\": [{\"id\": 1}", "middle"),
        ("x {\n\"rows\": [{\"id\": 1}],\n[\n1]", "shape"),
        (
            "x {\"rows\": [{\"id\": 1}]}\n{\"rows\": [], \"total\": 0}",
            "shape",
        ),
        ("\u{feff}{\"rows\": [1, 2", "middle"),
        ("{\"rows\": [NaN, 2", "middle"),
        ("{\"rows\": [], \"total\": 0} tail", "shape"),
        ("{\"rows\": []}\n{\"rows\": [], \"total\": 0}", "shape"),
        ("{\"rows\": [1,,2], \"total\": 2}", "shape"),
        ("x {\"a\": 1}\n{\"rows\": [], \"total\": 0}", "shape"),
        ("gateway down", "shape"),
    ] {
        let error = Body::new(text).open(open).err().map(|error| error.to_string());
        let error = error.unwrap_or_else(|| panic!("{text}"));
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn a_cut_answer_is_never_a_whole_one() {
    let whole = "{\"rows\": [{\"id\": 1, \"n\": NaN, \"t\": \"\\ud83d\\u00e9\tx\"},\n{\"id\": -2.5e3},], \"total\": 2}";
    for prefix in ["", "\u{feff}", "Notice: [8] x\n", "<br />\nNotice<br />\n"] {
        for (at, _) in whole.char_indices() {
            let cut = format!("{prefix}{}", &whole[..at]);
            let body = Body::new(&cut);
            assert!(body.open(open).is_err(), "{cut}");
            let any = body.open(|text| parse_json::<Value>(require_json(text)?));
            assert!(any.is_err(), "{cut}");
        }
    }
}
