//! The suite that every vendor's every stream passes: fixtures and readable stories.
//!
//! A new stream needs recorded pages in `<vendor>/fixtures/<stream>/01.json`, `02.json` and so on, one of them odd, and no test
//! code. Run the suite with `STORIES=write`, and read `story.txt` as you would read code.

mod fixtures;
mod story;
mod walk;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;

use self::fixtures::Fixtures;
use self::walk::{Step, answer, first, walk, window};
use super::{OptionForm, OptionKey, VENDORS, Vendor};
use crate::schema::{Batch, Region, TABLES};
use crate::source::{Account, Ask, Cursor, Endpoint, Item, Options, Remedy, Stream as _, Window};

/// Answers that no vendor means as a page.
const UNSOUND: [&str; 14] = [
    "",
    " \n",
    "<!DOCTYPE html><html><body>Please sign in</body></html>",
    "\n <html></html>",
    "null",
    "true",
    "7",
    "\"ok\"",
    "{}",
    r#"{"surprise": []}"#,
    r#"{"error": "surprise"}"#,
    r#"{"success": false}"#,
    r#"{"success": false, "code": 1, "text": "surprise"}"#,
    r#"{"success": true}"#,
];

/// How many bytes lie between two places at which a body is cut; any page is cut at its last bytes too.
const CUT_STEP: usize = 7;

fn account(vendor: &Vendor) -> Account {
    let value = |key: &OptionKey| match key.form {
        OptionForm::Text | OptionForm::List | OptionForm::Lines(_) => "sample".to_owned(),
        OptionForm::Number(least, _) => least.to_string(),
        OptionForm::Url => "https://side.vendor.example".to_owned(),
    };
    let options = Options {
        values: vendor
            .options
            .iter()
            .map(|key| (key.name, vec![value(key)]))
            .collect(),
        doors: vendor.doors.iter().map(|door| door.name).collect(),
    };
    Account {
        options: Arc::new(options),
        ..Account::new(vendor.time_zone, Region::US)
    }
}

/// Every stream of every vendor, with its fixtures.
fn streams() -> impl Iterator<Item = (Endpoint, Fixtures)> {
    VENDORS.iter().flat_map(|vendor| {
        let streams = (vendor.streams)(&account(vendor)).into_iter();
        streams.map(|stream| {
            let fixtures = Fixtures::of(vendor, &stream);
            (stream, fixtures)
        })
    })
}

/// Looks at every step of every stream's recorded walk.
fn each_step(look: impl Fn(&Endpoint, &Step<'_>)) {
    for (stream, fixtures) in streams() {
        for step in walk(&stream, &fixtures.pages) {
            look(&stream, &step);
        }
    }
}

#[test]
fn names_are_unique_and_in_lower_snake_case() {
    let check = |names: &mut dyn Iterator<Item = &'static str>| {
        let mut seen = HashSet::new();
        for name in names {
            let words = name.split('_');
            let is_word = |word: &str| {
                word.starts_with(|c: char| c.is_ascii_lowercase())
                    && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            assert!(words.into_iter().all(is_word), "`{name}`");
            assert!(seen.insert(name), "`{name}` occurs twice");
        }
    };
    check(&mut VENDORS.iter().map(|vendor| vendor.name));
    for vendor in VENDORS {
        check(&mut vendor.stream_names.iter().copied());
        check(&mut vendor.schedules.iter().map(|(stream, _)| *stream));
        let is_known = |(stream, _): &(&str, &str)| vendor.stream_names.contains(stream);
        assert!(vendor.schedules.iter().all(is_known), "{}", vendor.name);
    }
}

#[test]
fn a_vendor_names_the_streams_it_has_and_records_each() {
    for vendor in VENDORS {
        let streams = (vendor.streams)(&account(vendor));
        let mut names: Vec<&str> = streams.iter().map(|stream| stream.name).collect();
        assert_eq!(names, vendor.stream_names, "{}", vendor.name);
        names.sort_unstable();
        assert_eq!(fixtures::recorded(vendor), names, "{}", vendor.name);
    }
}

#[test]
fn a_stream_fills_the_tables_it_names() {
    for (stream, fixtures) in streams() {
        assert!(!stream.tables.is_empty(), "{}", stream.name);
        let mut filled = HashSet::new();
        for step in walk(&stream, &fixtures.pages) {
            filled.extend(step.page.batch.rows().iter().map(|rows| rows.table().name));
            filled.extend(step.page.batch.tombstones().iter().map(|(table, _)| table.name));
        }
        let named: HashSet<&str> = stream.tables.iter().map(|table| table.name).collect();
        assert_eq!(filled, named, "{}", stream.name);
        assert!(
            stream.tables.iter().all(|table| TABLES.contains(table)),
            "{}",
            stream.name
        );
    }
}

#[test]
fn a_recorded_walk_ends_and_tells_its_story() {
    for (stream, fixtures) in streams() {
        fixtures.compare(&story::tell(&walk(&stream, &fixtures.pages)));
    }
}

#[test]
fn each_stream_has_an_odd_page_whose_other_rows_land() {
    for (stream, fixtures) in streams() {
        let steps = walk(&stream, &fixtures.pages);
        let is_odd = |step: &Step<'_>| !step.page.rejects.is_empty() && !step.page.batch.is_empty();
        assert!(steps.iter().any(is_odd), "{}", stream.name);
    }
}

#[test]
fn every_record_leaves_a_row_a_tombstone_or_a_reject() {
    each_step(|stream, step| {
        let opened = (stream.open)(step.body).expect("a page");
        let brings_again = step.page.batch.is_empty() && step.page.rejects.is_empty();
        if brings_again && !step.page.then.is_empty() {
            // Narrower questions bring every record of this page again.
            return;
        }
        let mut all = Batch::default();
        let mut rejects = step.page.rejects.iter();
        for (position, item) in opened.items.iter().enumerate() {
            let mut batch = Batch::default();
            let whole = Item {
                record: item,
                ask: &step.ask,
                account: &stream.account,
            };
            if let Err(error) = (stream.map)(&whole, &mut batch) {
                let reject = rejects.next().expect("a reject for each unreadable record");
                let told = (reject.position, reject.raw.as_str(), reject.reason.as_str());
                assert_eq!(
                    told,
                    (position, item.as_ref(), error.to_string().as_str()),
                    "{}",
                    stream.name
                );
            } else {
                assert!(!batch.is_empty(), "{}: item {position} is lost", stream.name);
            }
            all.append(batch);
        }
        assert_eq!(all, step.page.batch, "{}", stream.name);
        assert_eq!(rejects.next(), None, "{}", stream.name);
    });
}

#[test]
fn a_list_read_to_its_end_holds_as_many_records_as_the_vendor_says() {
    for (stream, fixtures) in streams() {
        let mut items = HashSet::new();
        for step in walk(&stream, &fixtures.pages) {
            if !step.ask.continues {
                items.clear();
            }
            let opened = (stream.open)(step.body).expect("a page");
            items.extend(opened.items.into_iter().map(Cow::into_owned));
            let missing = step
                .page
                .total
                .filter(|total| step.page.then.is_empty() && *total > items.len() as u64);
            assert_eq!(
                missing,
                None,
                "{}: {} came\n{}",
                stream.name,
                items.len(),
                story::question(&step.ask)
            );
        }
    }
}

#[test]
fn an_answer_that_is_not_certainly_good_is_an_error_and_not_an_empty_page() {
    for (stream, fixtures) in streams() {
        let ask = first(&stream);
        let failures = fixtures.pages.iter().flat_map(|page| {
            let members = [r#""success": true"#, r#""success":true"#];
            let said = members.into_iter().filter(|member| page.contains(member));
            said.map(|member| page.replacen(member, r#""success": false"#, 1))
        });
        for body in UNSOUND.into_iter().map(str::to_owned).chain(failures) {
            let read = stream.read(&ask, &answer(&body));
            assert!(read.is_err(), "{} takes this for a page: {body}", stream.name);
        }
    }
}

#[test]
fn an_answer_cut_anywhere_is_asked_for_again() {
    each_step(|stream, step| {
        let body = step.body.trim_end();
        let places = (1..body.len())
            .step_by(CUT_STEP)
            .chain(body.len().saturating_sub(CUT_STEP)..body.len());
        for cut in places.filter(|place| body.is_char_boundary(*place)) {
            let error = stream.read(&step.ask, &answer(&body[..cut])).err();
            let remedy = error.map(|error| error.remedy());
            assert_eq!(remedy, Some(Remedy::Again), "{}, cut at {cut}", stream.name);
        }
    });
}

#[test]
fn the_same_answer_is_always_the_same_page() {
    each_step(|stream, step| {
        let again = stream.read(&step.ask, &answer(step.body)).expect("a page");
        let (first, second) = (&step.page, &again);
        assert_eq!(first.batch, second.batch, "{}", stream.name);
        assert_eq!(first.rejects, second.rejects, "{}", stream.name);
        assert_eq!(first.then, second.then, "{}", stream.name);
        assert_eq!(first.total, second.total, "{}", stream.name);
    });
}

#[test]
fn the_first_questions_follow_the_window_where_the_stream_has_one() {
    // Whole days, because some filters take dates only.
    let days = TimeDelta::days(2);
    let window = Window {
        until: window().until + days,
        ..window()
    };
    let later = Window {
        since: window.since + days,
        ..window
    };
    let longer = Window {
        until: window.until + days,
        ..window
    };
    for (stream, fixtures) in streams() {
        // Where the first question is about parents, those that follow name the window; a page may not fit another window.
        let asked = |window: &Window| {
            let ask = Ask::first(stream.first(window), *window);
            let page = stream.read(&ask, &answer(&fixtures.pages[0])).unwrap_or_default();
            let then: Vec<_> = page.then.into_iter().map(|ask| ask.request).collect();
            (ask.request, then)
        };
        if matches!(stream.cursor, Cursor::Window(_) | Cursor::KeySet(_)) {
            let questions: HashSet<_> = [window, later, longer].iter().map(asked).collect();
            assert_eq!(questions.len(), 3, "{}", stream.name);
        }
    }
}

#[test]
fn recorded_people_are_invented() {
    each_step(|stream, step| {
        let words = step.body.split(|c: char| c.is_whitespace() || c == '"');
        for word in words.filter(|word| word.contains('@')) {
            let is_invented = [".example", "@example.com", "@example.org"]
                .iter()
                .any(|end| word.to_lowercase().ends_with(end));
            assert!(is_invented, "{}: `{word}` may be a person's", stream.name);
        }
    });
}
