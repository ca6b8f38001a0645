//! The steps through a window as tables of cases.

use std::sync::Arc;

use super::*;
use crate::schema::Region;
use crate::source::{Account, Extent, Options, Slice, Window};
use crate::vendors::converz::page_size;

const ROOM: u32 = 5_000;
const SPANS: Spans = Spans {
    request: |_| Request::get("calls"),
    context: |_| Context::default(),
};

fn account() -> Account {
    let options = Options {
        values: [(page_size::OPTION, vec![ROOM.to_string()])].into(),
        ..Options::default()
    };
    Account {
        options: Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    }
}

/// A window from midnight to noon, whose slice begins two minutes later.
fn slice(is_open: bool) -> Slice {
    let at = |text: &str| format!("2026-02-03T{text}:00Z").parse().unwrap();
    let window = Window {
        since: at("00:00"),
        until: at("12:00"),
    };
    Slice {
        partition: String::new(),
        extent: Extent::Window { window, is_open },
        started_at: at("12:02"),
    }
}

fn local(minute: &str) -> NaiveDateTime {
    format!("2026-02-03T{minute}:00").parse().unwrap()
}

/// A span, `hour:minute-hour:minute`, the last one left out where the future belongs to it.
fn span(text: &str) -> Span {
    let (after, before) = text.split_once('-').unwrap();
    Span {
        after: local(after),
        before: (!before.is_empty()).then(|| local(before)),
    }
}

fn sized(room: u32, is_second: bool) -> PageSize {
    let mut size = PageSize::usual_size(&account());
    while size.room_of() < room {
        size = size.raise_room().unwrap();
    }
    if is_second { size.to_second() } else { size }
}

fn story_of(at: &SpanPosition, scope: &Scope<'_>) -> String {
    let request = SPANS.request_for(at, scope);
    let values = request
        .params()
        .iter()
        .map(|(_, value)| value.replace("2026-02-03 ", ""));
    values.collect::<Vec<_>>().join(" ")
}

/// An answer of calls with these starts.
fn starting_at(starts: &[String]) -> Envelope<'static> {
    let record = |start: &String| format!(r#"{{"call_id": 1, "start_time": "{start}"}}"#).into();
    Envelope {
        records: starts.iter().map(record).collect(),
        ..Envelope::default()
    }
}

/// What follows an answer with these starts.
fn next(at: &SpanPosition, is_open: bool, starts: &[String]) -> String {
    let (slice, account, got) = (slice(is_open), account(), starting_at(starts));
    let scope = Scope {
        slice: &slice,
        account: &account,
    };
    let told = |lists: &[SpanPosition]| {
        let lists: Vec<String> = lists.iter().map(|at| story_of(at, &scope)).collect();
        lists.join(" | ")
    };
    let mut story = match SPANS.position_after(at, &got, &scope) {
        Ok(Next::Page { page, .. }) => told(&[page]),
        Ok(Next::Instead { lists, rows }) => {
            assert_eq!(rows, PageRows::Drop);
            format!("instead {}", told(&lists))
        }
        Ok(Next::End { then, .. }) if then.is_empty() => "end".to_owned(),
        Ok(Next::End { then, .. }) => format!("then {}", told(&then)),
        Err(error) => return error.to_string(),
    };
    if SPANS.warning_about(at, &got, &scope).is_some() {
        story.push_str(" with a warning");
    }
    story
}

#[test]
fn the_first_request_is_the_whole_window_and_a_minute_more_or_the_future_too_or_everything() {
    for (extent, wanted) in [
        (slice(false).extent, "00:00 12:00 5000 1"),
        (slice(true).extent, "00:00 5000 1"),
        (Extent::Unfiltered, "5000 1"),
    ] {
        let (slice, account) = (
            Slice {
                extent,
                ..slice(false)
            },
            account(),
        );
        let scope = Scope {
            slice: &slice,
            account: &account,
        };
        let first = SPANS.first_positions(&scope);
        assert_eq!(
            first.iter().map(|at| story_of(at, &scope)).collect::<Vec<_>>(),
            [wanted]
        );
    }
}

/// An answer: the span, the room, whether it is the second page, the one start of all its rows, and how many there are.
type Case = (
    &'static str,
    &'static str,
    u32,
    bool,
    &'static str,
    usize,
    &'static str,
);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_answer_leads_to_the_right_span() {
    let cases: [Case; 22] = [
        ("all came", "00:00-12:00", 5_000, false, "01:00", 77, "end"),
        ("nothing there", "00:00-12:00", 5_000, false, "01:00", 0, "end"),
        (
            "too full",
            "00:00-12:00",
            5_000,
            false,
            "01:00",
            5_000,
            "instead 00:00 00:45 5000 1",
        ),
        (
            "too full, short",
            "00:00-00:15",
            5_000,
            false,
            "00:01",
            5_000,
            "instead 00:00 00:01 5000 1",
        ),
        (
            "not to be divided",
            "00:00-00:01",
            5_000,
            false,
            "00:01",
            5_000,
            "instead 00:00 00:01 50000 1",
        ),
        (
            "much room",
            "00:00-00:01",
            50_000,
            false,
            "00:01",
            49_999,
            "then 00:01 00:02 5000 1",
        ),
        (
            "half as full as wanted",
            "00:00-00:09",
            5_000,
            false,
            "00:05",
            1_749,
            "then 00:09 00:28 5000 1",
        ),
        (
            "fuller than wanted",
            "00:00-00:09",
            5_000,
            false,
            "00:05",
            4_999,
            "then 00:09 00:15 5000 1",
        ),
        (
            "nearly nothing",
            "00:00-00:09",
            5_000,
            false,
            "00:05",
            1,
            "then 00:09 01:28 5000 1",
        ),
        (
            "the window ends",
            "11:00-11:50",
            5_000,
            false,
            "11:05",
            1,
            "then 11:50 12:00 5000 1",
        ),
        (
            "the last minute came whole",
            "00:00-00:09",
            5_000,
            false,
            "00:09:01",
            1,
            "then 00:10 01:29 5000 1",
        ),
        (
            "only its first second",
            "00:00-00:09",
            5_000,
            false,
            "00:09:00",
            1,
            "then 00:09 01:28 5000 1",
        ),
        (
            "whole to the end",
            "11:00-11:59",
            5_000,
            false,
            "11:59:59",
            1,
            "end",
        ),
        (
            "perhaps whole to the end",
            "11:00-11:59",
            5_000,
            false,
            "11:59:00",
            1,
            "then 11:59 12:00 5000 1",
        ),
        (
            "as without a size",
            "00:00-00:09",
            5_000,
            false,
            "00:05",
            10,
            "00:00 00:09 5000 2",
        ),
        (
            "an empty second page",
            "00:00-00:09",
            5_000,
            true,
            "00:05",
            0,
            "then 00:09 00:18 5000 1",
        ),
        (
            "rows on a second page",
            "00:00-00:09",
            5_000,
            true,
            "00:05",
            3,
            "The vendor does not keep",
        ),
        (
            "more than asked for",
            "00:00-00:09",
            5_000,
            false,
            "00:05",
            5_001,
            "The vendor does not keep",
        ),
        ("open, all came", "00:00-", 5_000, false, "13:00", 77, "end"),
        (
            "open, too full",
            "00:00-",
            5_000,
            false,
            "01:00",
            5_000,
            "instead 12:02 5000 1 | 00:00 00:45 5000 1",
        ),
        (
            "the future too full",
            "12:02-",
            5_000,
            false,
            "13:00",
            5_000,
            "instead 12:02 50000 1",
        ),
        (
            "open at the end",
            "11:59-",
            5_000,
            false,
            "11:59",
            5_000,
            "instead 12:02 5000 1 | 11:59 12:00 5000 1",
        ),
    ];
    for (case, text, room, is_second, time, count, wanted) in cases {
        let span = span(text);
        for filter in [Filter::Span(span), Filter::SpanAgain(span)] {
            let size = sized(room, is_second);
            let starts = vec![format!("2026-02-03 {time}"); count];
            let got = next(&SpanPosition { filter, size }, span.before.is_none(), &starts);
            assert!(got.starts_with(wanted), "{case}: {got}");
        }
    }
}

#[test]
fn a_span_of_which_the_vendor_says_none_is_confirmed_by_any_call_at_all() {
    let asked = Filter::NoneToConfirm(span("00:00-00:09"));
    for (count, wanted) in [
        (0, "then 00:09 01:28 5000 1"),
        (3, "then 00:09 01:28 5000 1"),
        (10, "instead 00:00 00:09 5000 1"),
        (5_000, "instead 00:00 00:09 5000 1"),
    ] {
        let at = SpanPosition {
            filter: asked,
            size: sized(ROOM, false),
        };
        let starts = vec!["2020-01-01 10:00".to_owned(); count];
        assert_eq!(next(&at, false, &starts), wanted, "{count}");
    }
}

#[test]
fn rows_far_outside_the_span_prove_that_the_filter_is_not_heeded() {
    for (case, times, wanted, is_warned) in [
        (
            "inside",
            &["2026-02-03 10:00", "2026-02-03 10:09:59"][..],
            Whereabouts::Asked,
            false,
        ),
        ("no time at all", &["", "yesterday"], Whereabouts::Asked, false),
        (
            "all a zone away, or in the next span",
            &["2026-02-03 02:00", "2026-02-03 10:10"],
            Whereabouts::Beside,
            true,
        ),
        (
            "one of several far away",
            &["2025-01-01 10:00", "2026-02-03 10:02"],
            Whereabouts::Asked,
            true,
        ),
        (
            "most far away",
            &["2025-01-01 10:00", "2026-02-05 10:00", "2026-02-03 10:02"],
            Whereabouts::Elsewhere,
            true,
        ),
        (
            "all far away",
            &["2025-01-01 10:00"],
            Whereabouts::Elsewhere,
            true,
        ),
    ] {
        let at = SpanPosition {
            filter: Filter::Span(span("10:00-10:09")),
            size: sized(ROOM, false),
        };
        let times: Vec<String> = times.iter().map(|time| (*time).to_owned()).collect();
        let (slice, account, got) = (slice(false), account(), starting_at(&times));
        let scope = Scope {
            slice: &slice,
            account: &account,
        };
        assert_eq!(SPANS.whereabouts_of(&at, &got, &scope), wanted, "{case}");
        assert_eq!(
            next(&at, false, &times).ends_with("with a warning"),
            is_warned,
            "{case}"
        );
    }
}
