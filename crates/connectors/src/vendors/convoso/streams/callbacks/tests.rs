//! Callbacks: which requests follow which page, and callbacks that are gone.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::reader::Verdict;
use crate::schema::Region;
use crate::source::{Account, Evidence, Extent, Slice, Window};
use crate::vendors::convoso::drive::{Drive, read_slice};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn window(is_open: bool) -> Extent {
    Extent::Window {
        window: Window {
            since: at("2026-11-01T00:00:00Z"),
            until: at("2026-11-08T00:00:00Z"),
        },
        is_open,
    }
}

fn then(first: &str, last: &str, offset: u64, rows: usize, total: u64) -> Result<Vec<String>, ReadError> {
    let days = DaySpan {
        first: first.parse().unwrap(),
        last: last.parse().unwrap(),
    };
    let position = DayPosition {
        days: Some(days),
        offset,
    };
    let got = Envelope {
        records: vec!["{}".into(); rows],
        total: Some(total),
        ..Envelope::default()
    };
    let slice = Slice {
        partition: String::new(),
        extent: window(false),
        started_at: at("2026-11-08T00:00:00Z"),
    };
    let account = Account::new(chrono_tz::UTC, Region::US);
    let scope = Scope {
        slice: &slice,
        account: &account,
    };
    let text = |at: &DayPosition| {
        let days = at.days.unwrap();
        format!("{} {} {}", days.first, days.last, at.offset)
    };
    Ok(match DayPages.position_after(&position, &got, &scope)? {
        Next::Page { page, .. } => vec![text(&page)],
        Next::End { evidence, .. } => vec![evidence.word().to_owned()],
        Next::Instead { lists, .. } => lists.iter().map(text).collect(),
    })
}

#[test]
fn days_with_more_callbacks_than_can_be_reached_are_read_in_halves() {
    let (first, last) = ("2026-11-01", "2026-11-07");
    for (last, offset, rows, total, wanted) in [
        (last, 0, 2, 2, &["total"][..]),
        (last, 0, 2, 5, &["2026-11-01 2026-11-07 2"]),
        (
            last,
            0,
            2,
            50_001,
            &["2026-11-05 2026-11-07 0", "2026-11-01 2026-11-04 0"],
        ),
        (
            "2026-11-02",
            0,
            2,
            50_001,
            &["2026-11-02 2026-11-02 0", "2026-11-01 2026-11-01 0"],
        ),
        // New ones that came meanwhile do not turn an offset back.
        (last, 49_999, 2, 50_001, &["total"]),
    ] {
        let got = then(first, last, offset, rows, total).unwrap();
        assert_eq!(got, wanted, "{last} {offset} {total}");
    }
    let error = then(first, first, 0, 2, 50_001).unwrap_err();
    assert!(matches!(error, ReadError::Unreachable { total: 50_001, .. }));
}

#[test]
fn an_open_slice_asks_beyond_every_date_and_a_full_one_without_dates() {
    let none = r#"{"success": true, "data": {"total": "0", "results": []}}"#;
    for (extent, first, last) in [
        (window(false), Some("2026-11-01"), Some("2026-11-07")),
        (window(true), Some("2026-11-01"), Some("2099-12-31")),
        (Extent::Unfiltered, None, None),
    ] {
        let told = read_slice(Drive::of(&CALLBACKS, extent), |request| {
            let asked = (request.param("start_date"), request.param("end_date"));
            assert_eq!(asked, (first, last));
            none.to_owned()
        });
        assert_eq!(told.reading.verdict, Verdict::Complete);
        assert_eq!(told.reading.evidence[0].evidence, Evidence::EmptyPage);
    }
}

#[test]
fn only_a_full_reading_proves_what_is_gone() {
    let rows = [json!({"id": "1"}), json!({"id": "2"})];
    let body = json!({"success": true, "data": {"total": "2", "results": rows}}).to_string();
    for (extent, seen) in [(window(true), 0), (Extent::Unfiltered, 2)] {
        let told = read_slice(Drive::of(&CALLBACKS, extent), |_| body.clone());
        assert_eq!(told.reading.verdict, Verdict::Complete);
        let ids: usize = told.reading.seen.iter().map(|seen| seen.ids.len()).sum();
        assert_eq!(ids, seen);
    }
}

#[test]
fn a_code_for_none_is_confirmed_by_a_wider_request() {
    let mut asked = Vec::new();
    let told = read_slice(Drive::of(&CALLBACKS, window(false)), |request| {
        asked.push(request.param("start_date").unwrap().to_owned());
        r#"{"success": false, "code": 6000, "text": "missing callbacks"}"#.to_owned()
    });
    assert_eq!(asked, ["2026-11-01", "2026-10-25"]);
    assert_eq!(told.reading.verdict, Verdict::Complete);
    assert_eq!(told.reading.warnings.len(), 1);
    let told = read_slice(Drive::of(&CALLBACKS, Extent::Unfiltered), |_| {
        r#"{"success": false, "code": 6000, "text": "missing callbacks"}"#.to_owned()
    });
    assert!(matches!(told.reading.verdict, Verdict::Incomplete(_)));
    assert!(!told.reading.proves_absence);
}

#[test]
fn stages_and_recipients_have_one_spelling() {
    for (word, wanted) in [
        ("Pending", "pending"),
        ("PAST_DUE", "pastdue"),
        ("PASTDUE", "pastdue"),
    ] {
        assert_eq!(fold_word(word), wanted);
    }
    for (word, wanted) in [
        ("USERONLY", "personal"),
        ("Personal", "personal"),
        ("System", "system"),
        ("QUEUE", "QUEUE"),
    ] {
        assert_eq!(read_recipient(word), wanted);
    }
}
