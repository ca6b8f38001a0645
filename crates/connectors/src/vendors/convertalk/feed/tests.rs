//! What follows each kind of page, as a table of cases.

use super::*;
use crate::schema::Region;
use crate::source::{Account, Extent, Slice};

/// Two lists, by name.
const FEED: Feed<&str> = Feed {
    lists: &["chats", "leads"],
    request: |list, page, _| Request::get(list).with("page", page),
    context: |_, _| Context::default(),
};

const FIRST: FeedPosition = FeedPosition {
    list: 0,
    pass: Pass::First,
    page: 1,
    step: Step::Forward,
    trail: Trail {
        latest: None,
        is_in_disorder: false,
        rows: None,
        repeat_count: 0,
    },
};

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-02-03T{time}:00Z").parse().unwrap()
}

fn told(at: &FeedPosition) -> String {
    let pass = if at.pass == Pass::Second { "again " } else { "" };
    let step = match at.step {
        Step::Forward => "",
        Step::LookBack => " back",
        Step::LookBackAtEnd => " back at end",
        Step::BehindEnd => " behind end",
    };
    format!("{pass}{} {}{step}", FEED.lists[at.list], at.page)
}

/// What follows a page of rows that were active at these times of a day, in a slice that began at 10:00 and goes back to 09:00.
/// Pages before come first, as they are asked for.
fn next(asked: FeedPosition, times: &[&str]) -> String {
    let record = |(place, time): (usize, &&str)| match *time {
        "" => "{}".into(),
        time => format!(r#"{{"_id":"{place}","lastSeenAt":"2026-02-03T{time}:00Z"}}"#).into(),
    };
    let got = Envelope {
        records: times.iter().enumerate().map(record).collect(),
        ..Envelope::default()
    };
    let slice = Slice {
        partition: String::new(),
        extent: Extent::Recent { since: at("09:00") },
        started_at: at("10:00"),
    };
    let scope = Scope {
        slice: &slice,
        account: &Account::new(chrono_tz::UTC, Region::US),
    };
    let (evidence, stack) = match FEED.position_after(&asked, &got, &scope) {
        Ok(Next::Page { page, before }) => (None, std::iter::once(page).chain(before).collect()),
        Ok(Next::End { evidence, then }) => (Some(evidence), then),
        Ok(Next::Instead { .. }) => unreachable!("no list is replaced"),
        Err(error) => return error.to_string(),
    };
    let mut story: Vec<String> = stack.iter().rev().map(told).collect();
    story.extend(evidence.map(|evidence| format!("({})", evidence.word())));
    if FEED.warning_about(&asked, &got, &scope).is_some() {
        story.push("(warning)".to_owned());
    }
    story.join(", ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_kind_of_page_leads_to_the_right_requests() {
    let second = FeedPosition { page: 2, ..FIRST };
    let again = FeedPosition {
        pass: Pass::Second,
        ..second
    };
    let after = |time: &str| FeedPosition {
        trail: Trail {
            latest: Some(at(time)),
            ..FIRST.trail
        },
        ..second
    };
    let step = |step| FeedPosition { step, ..second };
    let in_disorder = FeedPosition {
        trail: Trail {
            is_in_disorder: true,
            ..FIRST.trail
        },
        ..second
    };
    for (case, asked, times, wanted) in [
        ("the first page", FIRST, &["09:30", "09:20"][..], "chats 2"),
        (
            "a first page that is old",
            FIRST,
            &["08:30"],
            "leads 1, (old enough)",
        ),
        (
            "an empty list",
            FIRST,
            &[],
            "chats 1 back at end, leads 1, (empty page)",
        ),
        (
            "recent rows",
            second,
            &["09:30", "09:20"],
            "chats 1 back, chats 3",
        ),
        (
            "some are old",
            second,
            &["09:00", "08:59"],
            "chats 1 back, chats 3",
        ),
        (
            "all are old",
            second,
            &["08:59", "08:00"],
            "chats 1 back, chats 2 back, leads 1, (old enough)",
        ),
        (
            "one does not tell",
            second,
            &["08:59", ""],
            "chats 1 back, chats 3",
        ),
        (
            "empty",
            second,
            &[],
            "chats 1 back, chats 2 back at end, leads 1, (empty page)",
        ),
        (
            "old, but within reach",
            again,
            &["09:54", "09:50"],
            "again chats 1 back, again chats 2 back, again leads 1, (old enough)",
        ),
        (
            "active meanwhile",
            again,
            &["09:55"],
            "again chats 1 back, again chats 3",
        ),
        (
            "the last list",
            FeedPosition { list: 1, ..FIRST },
            &["08:00"],
            "again chats 1, (old enough)",
        ),
        (
            "the last list again",
            FeedPosition {
                list: 1,
                pass: Pass::Second,
                ..FIRST
            },
            &["08:00"],
            "(old enough)",
        ),
        (
            "looking back",
            step(Step::LookBack),
            &["09:30"],
            "(single answer)",
        ),
        (
            "looking back at the end",
            step(Step::LookBackAtEnd),
            &[],
            "(single answer)",
        ),
        (
            "an end that is none",
            step(Step::LookBackAtEnd),
            &["08:00"],
            "chats 3 behind end",
        ),
        (
            "behind it",
            step(Step::BehindEnd),
            &[],
            "chats 1 back, chats 2 back at end, (empty page)",
        ),
        (
            "nearly in order",
            second,
            &["08:10", "08:11"],
            "chats 1 back, chats 2 back, leads 1, (old enough)",
        ),
        (
            "not in order",
            second,
            &["08:10", "08:12"],
            "chats 1 back, chats 3, (warning)",
        ),
        (
            "known to be in disorder",
            in_disorder,
            &["08:10"],
            "chats 1 back, chats 3",
        ),
        (
            "after an older page",
            after("08:00"),
            &["08:10"],
            "chats 1 back, chats 3, (warning)",
        ),
        (
            "jumped meanwhile",
            after("08:00"),
            &["09:59", "07:00"],
            "chats 1 back, chats 3",
        ),
    ] {
        assert_eq!(next(asked, times), wanted, "{case}");
    }
}

#[test]
fn the_same_page_again_and_again_is_a_circle() {
    let mut asked = FIRST;
    let row = Sighting {
        id: "0".to_owned(),
        last_activity: None,
    };
    let rows = fingerprint_ids(&[row]);
    for (repeat_count, is_circle) in [(0, false), (2, false), (3, true)] {
        asked.trail = Trail {
            rows,
            repeat_count,
            ..FIRST.trail
        };
        let got = next(asked, &["09:30"]);
        assert_eq!(got.contains("again and again"), is_circle, "{got}");
    }
}
