//! The steps through a window as tables of cases.

use std::sync::Arc;

use super::*;
use crate::schema::Region;
use crate::source::Options;

const ROOM: usize = 5_000;

fn account() -> Account {
    let options = Options {
        values: [(size::OPTION, vec![ROOM.to_string()])].into(),
        ..Options::default()
    };
    Account {
        options: Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    }
}

/// The question about a span of one day, `hour:minute hour:minute`, of a window from midnight to noon.
fn asked(after: &str, before: &str, room: usize, page: u32) -> Ask {
    let at = |text: &str| format!("2026-02-03T{text}:00Z").parse().unwrap();
    let window = Window {
        since: at("00:00"),
        until: at("12:00"),
    };
    let minute = |text: &str| format!("2026-02-03 {text}");
    let request = first(&window, &account())
        .with(AFTER, minute(after))
        .with(BEFORE, minute(before))
        .with("n_per_page", room)
        .with("page", page);
    Ask::first(request, window)
}

fn told(asked: &Ask, times: &[&str]) -> String {
    let items = times
        .iter()
        .map(|time| format!(r#"{{"call_id": 1, "start_time": "{time}"}}"#).into());
    let got = Opened {
        items: items.collect(),
        ..Opened::default()
    };
    let next = match then(asked, &got, &account()) {
        Ok(next) => next,
        Err(error) => return error.to_string(),
    };
    let mut story = match next.then.as_slice() {
        [] => "end".to_owned(),
        [ask] => {
            let param = |name| ask.request.param(name).unwrap().replace("2026-02-03 ", "");
            format!(
                "{}-{} {}/{}",
                param(AFTER),
                param(BEFORE),
                param("n_per_page"),
                param("page")
            )
        }
        more => panic!("{} questions", more.len()),
    };
    if next.replaces {
        story.push_str(" instead");
    }
    if next.warning.is_some() {
        story.push_str(" with a warning");
    }
    story
}

fn at(time: &str, count: usize) -> Vec<String> {
    vec![format!("2026-02-03 {time}"); count]
}

#[test]
fn the_first_question_is_the_whole_window_and_a_minute_more() {
    let window = asked("00:00", "00:00", ROOM, 1).window;
    assert_eq!(
        first(&window, &account()).params(),
        [
            ("after", "2026-02-03 00:00".to_owned()),
            ("before", "2026-02-03 12:00".to_owned()),
            ("n_per_page", "5000".to_owned()),
            ("page", "1".to_owned()),
        ]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_answer_leads_to_the_right_span() {
    for (case, (after, before, room, page), (time, count), wanted) in [
        ("all came", ("00:00", "12:00", ROOM, 1), ("01:00", 77), "end"),
        ("nothing there", ("00:00", "12:00", ROOM, 1), ("01:00", 0), "end"),
        (
            "too full",
            ("00:00", "12:00", ROOM, 1),
            ("01:00", ROOM),
            "00:00-00:45 5000/1 instead",
        ),
        (
            "too full, short",
            ("00:00", "00:15", ROOM, 1),
            ("00:01", ROOM),
            "00:00-00:01 5000/1 instead",
        ),
        (
            "too full, not to be divided",
            ("00:00", "00:01", ROOM, 1),
            ("00:01", ROOM),
            "00:00-00:01 50000/1 instead",
        ),
        (
            "too full with much room",
            ("00:00", "00:01", 1_000_000, 1),
            ("00:01", 999_999),
            "00:01-00:02 5000/1",
        ),
        (
            "half as full as wanted",
            ("00:00", "00:09", ROOM, 1),
            ("00:05", 1_749),
            "00:09-00:28 5000/1",
        ),
        (
            "fuller than wanted",
            ("00:00", "00:09", ROOM, 1),
            ("00:05", 4_999),
            "00:09-00:15 5000/1",
        ),
        (
            "nearly nothing",
            ("00:00", "00:09", ROOM, 1),
            ("00:05", 1),
            "00:09-01:28 5000/1",
        ),
        (
            "the window ends",
            ("11:00", "11:50", ROOM, 1),
            ("11:05", 1),
            "11:50-12:00 5000/1",
        ),
        (
            "the last minute came whole",
            ("00:00", "00:09", ROOM, 1),
            ("00:09:01", 1),
            "00:10-01:29 5000/1",
        ),
        (
            "only the first second of the last minute came",
            ("00:00", "00:09", ROOM, 1),
            ("00:09:00", 1),
            "00:09-01:28 5000/1",
        ),
        (
            "whole to the end",
            ("11:00", "11:59", ROOM, 1),
            ("11:59:59", 1),
            "end",
        ),
        (
            "not certainly whole to the end",
            ("11:00", "11:59", ROOM, 1),
            ("11:59:00", 1),
            "11:59-12:00 5000/1",
        ),
        (
            "as many as come without a size",
            ("00:00", "00:09", ROOM, 1),
            ("00:05", 10),
            "00:00-00:09 5000/2",
        ),
        (
            "a second page without rows",
            ("00:00", "00:09", ROOM, 2),
            ("00:05", 0),
            "00:09-00:18 5000/1",
        ),
        (
            "a second page with rows",
            ("00:00", "00:09", ROOM, 2),
            ("00:05", 3),
            "The vendor does not keep",
        ),
        (
            "more than asked for",
            ("00:00", "00:09", 100, 1),
            ("00:05", 101),
            "The vendor does not keep",
        ),
    ] {
        let times = at(time, count);
        let times: Vec<&str> = times.iter().map(String::as_str).collect();
        let got = told(&asked(after, before, room, page), &times);
        assert!(
            got == wanted || (wanted.starts_with(|c: char| c.is_alphabetic()) && got.starts_with(wanted)),
            "{case}: {got}"
        );
    }
}

#[test]
fn rows_far_outside_the_span_prove_that_the_filter_is_not_heeded() {
    let span = || asked("10:00", "10:09", ROOM, 1);
    for (case, times, wanted) in [
        (
            "inside",
            &["2026-02-03 10:00", "2026-02-03 10:09:59"][..],
            "10:10-11:29 5000/1",
        ),
        ("no time at all", &["", "yesterday"], "10:09-11:28 5000/1"),
        (
            "a zone away",
            &["2026-02-03 02:00"],
            "10:09-11:28 5000/1 with a warning",
        ),
        (
            "one of several far away",
            &["2025-01-01 10:00", "2026-02-03 10:02"],
            "10:09-11:28 5000/1 with a warning",
        ),
        (
            "most far away",
            &["2025-01-01 10:00", "2026-02-05 10:00", "2026-02-03 10:02"],
            "Most rows",
        ),
        ("all far away", &["2025-01-01 10:00"], "Most rows"),
    ] {
        let got = told(&span(), times);
        assert!(got.starts_with(wanted), "{case}: {got}");
    }
}
