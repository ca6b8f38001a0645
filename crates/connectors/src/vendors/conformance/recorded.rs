//! What the recorded pages of every stream have to show.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::fixtures::Fixtures;
use super::playback::{LIMITS, Playback, Step, each_playback, play_recording};
use super::sample::{closed_extent, make_account, make_slice, recorded_window};
use super::watch::WatchedStream;
use super::{Subject, story, subjects};
use crate::reader::{ReadSlice, Verdict};
use crate::source::{Evidence, Extent, Remedy, Request, Response, Slice, SyncMode, Verb, Window};

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

#[test]
fn a_recorded_slice_tells_its_story() {
    for subject in subjects() {
        let fixtures = Fixtures::of(subject);
        fixtures.compare_story(&story::describe_story(&play_recording(subject, &fixtures)));
    }
}

#[test]
fn a_recorded_slice_is_complete_by_evidence() {
    each_playback(|subject, Playback { reading, .. }| {
        assert_eq!(reading.verdict, Verdict::Complete, "{subject}");
        assert!(!reading.evidence.is_empty(), "{subject}");
        for count in &reading.evidence {
            let is_presumed = matches!(count.evidence, Evidence::Presumed(_));
            assert!(
                !is_presumed && count.list_count > 0,
                "{subject}: {}",
                count.evidence
            );
        }
    });
}

#[test]
fn a_slice_that_is_given_up_at_any_page_is_not_complete() {
    for subject in subjects() {
        let fixtures = Fixtures::of(subject);
        for page_count in 0..fixtures.answers.len() {
            let slice = make_slice(subject, fixtures.answers.len());
            let mut reader = WatchedStream::of(subject).open(subject, slice, LIMITS);
            for answer in &fixtures.answers[..page_count] {
                reader.accept(answer).read.expect("a page");
            }
            let reading = reader.finish();
            assert_ne!(
                reading.verdict,
                Verdict::Complete,
                "{subject} after {page_count} pages"
            );
            assert!(!reading.proves_absence, "{subject} after {page_count} pages");
        }
    }
}

#[test]
fn a_stream_fills_the_tables_it_names_and_no_other() {
    each_playback(|subject, playback| {
        let mut filled = HashSet::new();
        for Step { page, .. } in &playback.steps {
            filled.extend(page.batch.rows().iter().map(|rows| rows.table().name));
            filled.extend(
                page.batch
                    .tombstones()
                    .iter()
                    .map(|tombstone| tombstone.table.name),
            );
        }
        let named: HashSet<&str> = subject.stream.fills.iter().map(|table| table.name).collect();
        assert_eq!(filled, named, "{subject}");
    });
}

#[test]
fn each_stream_has_an_odd_page_whose_other_rows_land() {
    let is_odd = |Step { page, .. }: &Step<'_>| {
        (!page.rejects.is_empty() || !page.faults.is_empty()) && !page.batch.is_empty()
    };
    let smooth: Vec<String> = subjects()
        .filter(|subject| {
            !play_recording(*subject, &Fixtures::of(*subject))
                .steps
                .iter()
                .any(is_odd)
        })
        .map(|subject| subject.to_string())
        .collect();
    assert_eq!(smooth, [""; 0], "without an odd page");
}

/// What does not balance fails in the watching reader; here it is shown that it does watch.
#[test]
fn every_record_leaves_a_row_a_tombstone_or_a_reject() {
    each_playback(|subject, playback| {
        let fates = playback.steps.iter().map(|step| step.sight.fates.len());
        let opened = playback.steps.iter().filter_map(|step| step.sight.opened);
        assert!(fates.sum::<usize>() > 0 && opened.count() > 0, "{subject}");
        for reject in playback.steps.iter().flat_map(|step| &step.page.rejects) {
            assert!(!reject.reason.is_empty() && !reject.raw.is_empty(), "{subject}");
        }
    });
}

#[test]
fn a_request_goes_to_the_host_of_its_stream_and_only_those_that_make_something_are_sent_once() {
    each_playback(|subject, playback| {
        for Step { request, .. } in &playback.steps {
            let line = story::describe_request(request);
            assert_eq!(request.host, subject.stream.host, "{subject}: {line}");
            assert!(
                request.is_repeatable || request.verb != Verb::Get,
                "{subject}: {line}"
            );
            assert_eq!(
                request.body.is_some(),
                request.verb == Verb::PostJson,
                "{subject}: {line}"
            );
            assert!(
                request.is_link || !request.path.contains('?'),
                "{subject}: {line}"
            );
        }
    });
}

#[test]
fn the_same_request_is_due_until_its_answer_was_taken() {
    for subject in subjects() {
        let fixtures = Fixtures::of(subject);
        let slice = make_slice(subject, fixtures.answers.len());
        let mut reader = WatchedStream::of(subject).open(subject, slice, LIMITS);
        let is_by_id = matches!(subject.stream.mode, SyncMode::Lookup(_));
        for answer in &fixtures.answers {
            let due = reader.request();
            assert_eq!(due, reader.request(), "{subject}");
            if !is_by_id {
                assert!(
                    reader.accept(&cut(answer, answer.body.len() / 2)).read.is_err(),
                    "{subject}"
                );
                assert_eq!(due, reader.request(), "{subject}: an error has moved it");
            }
            reader.accept(answer).read.expect("a page");
        }
        assert_eq!(reader.finish().verdict, Verdict::Complete, "{subject}");
    }
}

#[test]
fn an_answer_that_is_not_certainly_good_is_an_error_and_not_an_empty_page() {
    for subject in subjects() {
        let fixtures = Fixtures::of(subject);
        let pages = fixtures.answers.iter().filter(|answer| answer.status == 200);
        let failures = pages.flat_map(|answer| {
            let page = &answer.body;
            let members = [r#""success": true"#, r#""success":true"#];
            let said = members.into_iter().filter(|member| page.contains(member));
            said.map(|member| page.replacen(member, r#""success": false"#, 1))
        });
        for body in UNSOUND.into_iter().map(str::to_owned).chain(failures) {
            let mut reader = open(subject, make_slice(subject, 1));
            let read = reader.accept(&answer_of(&body));
            let is_page = read.is_ok_and(|page| page.lookup.is_some() || !page.batch.is_empty())
                || reader.finish().verdict == Verdict::Complete;
            assert!(!is_page, "{subject} takes this for a page: {body}");
        }
    }
}

#[test]
fn an_answer_cut_anywhere_is_asked_for_again() {
    each_playback(|subject, playback| {
        // Where an id cannot be read, the machine goes on to the next; the stream says what is wrong all the same.
        let is_by_id = matches!(subject.stream.mode, SyncMode::Lookup(_));
        for (place, step) in playback.steps.iter().enumerate().filter(|_| !is_by_id) {
            let mut reader = open(subject, make_slice(subject, playback.steps.len()));
            for before in &playback.steps[..place] {
                reader.accept(before.answer).expect("a page");
            }
            let body = step.answer.body.trim_end();
            let places = (1..body.len())
                .step_by(CUT_STEP)
                .chain(body.len().saturating_sub(CUT_STEP)..body.len());
            for at in places.filter(|at| body.is_char_boundary(*at)) {
                let error = reader.accept(&cut(step.answer, at)).err();
                let remedy = error.map(|error| error.remedy());
                assert_eq!(
                    remedy,
                    Some(Remedy::Again),
                    "{subject}, page {}, cut at {at}",
                    place + 1
                );
            }
        }
    });
}

#[test]
fn the_same_answers_are_always_the_same_pages() {
    for subject in subjects() {
        let fixtures = Fixtures::of(subject);
        let [first, second] = [(); 2].map(|()| play_recording(subject, &fixtures));
        for (one, other) in first.steps.iter().zip(&second.steps) {
            assert_eq!(one.request, other.request, "{subject}");
            assert_eq!(one.page.batch, other.page.batch, "{subject}");
            assert_eq!(one.page.rejects, other.page.rejects, "{subject}");
            assert_eq!(one.page.faults, other.page.faults, "{subject}");
        }
    }
}

#[test]
fn requests_follow_the_window_where_the_stream_has_one() {
    // Whole days, because some filters take dates only.
    let days = TimeDelta::days(2);
    let longer = Window {
        until: recorded_window().until + days,
        ..recorded_window()
    };
    let later = Window {
        since: recorded_window().since + days,
        ..longer
    };
    for subject in subjects().filter(|subject| subject.stream.mode.window_policy().is_some()) {
        let asked = [recorded_window(), longer, later].map(|window| requests(subject, closed_extent(window)));
        assert_eq!(asked.iter().collect::<HashSet<_>>().len(), 3, "{subject}");
    }
}

#[test]
fn an_open_slice_has_no_upper_bound_and_an_unfiltered_one_no_window() {
    for subject in subjects() {
        let Some(policy) = subject.stream.mode.window_policy() else {
            continue;
        };
        let filtered = requests(subject, closed_extent(recorded_window()));
        if policy.open_end {
            let open = Extent::Window {
                window: recorded_window(),
                is_open: true,
            };
            assert_ne!(requests(subject, open), filtered, "{subject}");
        }
        if policy.unfiltered_every.is_some() {
            assert_ne!(requests(subject, Extent::Unfiltered), filtered, "{subject}");
        }
    }
}

#[test]
fn recorded_people_are_invented() {
    each_playback(|subject, playback| {
        for step in &playback.steps {
            let words = step.answer.body.split(|c: char| c.is_whitespace() || c == '"');
            for word in words.filter(|word| word.contains('@')) {
                let is_invented = [".example", "@example.com", "@example.org"]
                    .iter()
                    .any(|end| word.to_lowercase().ends_with(end));
                assert!(is_invented, "{subject}: `{word}` may be a person's");
            }
        }
    });
}

fn open(subject: Subject, slice: Slice) -> Box<dyn ReadSlice> {
    subject
        .stream
        .open(Arc::new(make_account(subject.vendor)), slice, LIMITS)
}

/// The page requests of a slice as far as the recorded answers lead, and the one that follows: where the first is about parents, those that follow name
/// the window.
fn requests(subject: Subject, extent: Extent) -> Vec<Request> {
    let slice = Slice {
        extent,
        ..make_slice(subject, 0)
    };
    let mut reader = open(subject, slice);
    let mut requests = Vec::new();
    for answer in &Fixtures::of(subject).answers {
        requests.extend(reader.request());
        if reader.accept(answer).is_err() {
            return requests;
        }
    }
    requests.extend(reader.request());
    requests
}

fn answer_of(body: &str) -> Response {
    Response {
        status: 200,
        body: body.to_owned(),
    }
}

/// The answer with only so many bytes of its body.
fn cut(answer: &Response, length: usize) -> Response {
    let length = answer.body.floor_char_boundary(length);
    Response {
        status: answer.status,
        body: answer.body[..length].to_owned(),
    }
}
