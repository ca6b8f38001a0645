//! Hands recorded answers to the slice machine, one for each page request that it makes.

use super::Subject;
use super::fixtures::Fixtures;
use super::sample;
use super::story;
use super::watch::{Sight, WatchedStream};
use crate::reader::{ReadPage, Reading, SliceLimits};
use crate::source::{Request, Response};

/// Odd pages are many among few, so that only a list without any readable record is held against the stream.
pub(super) const LIMITS: SliceLimits = SliceLimits {
    max_pages: 1_000,
    max_bytes: 1 << 24,
    reject_share: 1.0,
};

/// A page request, the recorded answer, and what was read in it.
pub(super) struct Step<'a> {
    pub(super) request: Request,
    pub(super) answer: &'a Response,
    pub(super) page: ReadPage,
    pub(super) sight: Sight,
}

/// A recorded slice, read to its end.
pub(super) struct Playback<'a> {
    pub(super) steps: Vec<Step<'a>>,
    pub(super) reading: Reading,
}

/// Reads the recorded slice of a stream. There is an answer for each page request, and a page request for each answer.
pub(super) fn play_recording(subject: Subject, fixtures: &Fixtures) -> Playback<'_> {
    let slice = sample::make_slice(subject, fixtures.answers.len());
    let mut reader = WatchedStream::of(subject).open(subject, slice, LIMITS);
    let mut steps = Vec::new();
    for answer in &fixtures.answers {
        let number = steps.len() + 1;
        let told = || story::describe_steps(&steps);
        let Some(request) = reader.request() else {
            panic!("{subject}: the slice ends before page {number}\n{}", told());
        };
        let seen = reader.accept(answer);
        let page = seen.read.unwrap_or_else(|error| {
            panic!(
                "{subject}: page {number}: {error}\n{}{}",
                told(),
                story::describe_request(&request)
            )
        });
        steps.push(Step {
            request,
            answer,
            page,
            sight: seen.sight,
        });
    }
    if let Some(request) = reader.request() {
        let told = story::describe_steps(&steps);
        panic!(
            "{subject}: no page is recorded for the last request\n{told}{}",
            story::describe_request(&request)
        );
    }
    Playback {
        steps,
        reading: reader.finish(),
    }
}

/// Looks at every recorded slice of every stream.
pub(super) fn each_playback(look: impl Fn(Subject, &Playback<'_>)) {
    for subject in super::subjects() {
        look(subject, &play_recording(subject, &Fixtures::of(subject)));
    }
}
