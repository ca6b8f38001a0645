//! Recorded answers gone bad, thousands of times over: nothing panics, no record is lost, and no contradiction is complete.

use std::collections::HashMap;

use fastrand::Rng;

use super::fixtures::Fixtures;
use super::mutation::Mutation;
use super::playback::{LIMITS, play_recording};
use super::watch::{Opened, WatchedStream};
use super::{Subject, sample, subjects};
use crate::reader::{Reading, Verdict};
use crate::source::{Evidence, Request, Response, SyncMode};
use crate::vendors::VENDORS;

/// Where the numbers begin; any other start must do as well.
const SEED: u64 = 20_261_101;
/// So many bodies of each vendor on every run of the tests.
const FEW: usize = 3_000;
/// So many when asked for.
const MANY: usize = 1_000_000;
/// So many answers at most of one slice, which a mutated answer may lead in circles.
const ANSWERS: usize = 40;
/// One of so many answers is a bad one.
const BAD_SHARE: usize = 3;

/// A stream with its recorded answers, by the request that they are answers to.
struct Target<'a> {
    subject: Subject,
    stream: WatchedStream,
    answers: &'a [Response],
    by_request: HashMap<Request, Response>,
}

impl<'a> Target<'a> {
    fn new(subject: Subject, fixtures: &'a Fixtures) -> Self {
        let steps = play_recording(subject, fixtures).steps;
        Self {
            subject,
            stream: WatchedStream::of(subject),
            answers: &fixtures.answers,
            by_request: steps
                .into_iter()
                .map(|step| (step.request, step.answer.clone()))
                .collect(),
        }
    }

    /// The recorded answer; where nobody recorded one, that to another request.
    fn answer(&self, request: &Request, rng: &mut Rng) -> Response {
        let recorded = self.by_request.get(request);
        recorded
            .unwrap_or(&self.answers[rng.usize(..self.answers.len())])
            .clone()
    }
}

/// What was heard while a slice was read, to be held against its verdict.
#[derive(Default)]
struct Witness {
    /// True where an answer held more records than its total.
    has_contradiction: bool,
    /// True where the machine still wanted an answer.
    is_unfinished: bool,
    /// How many answers were read, and how many of them were bad ones.
    bodies: Bodies,
}

/// How many answers were read.
#[derive(Debug, Default, Clone, Copy)]
struct Bodies {
    all: usize,
    bad: usize,
}

impl Witness {
    fn hear(&mut self, opened: Option<Opened>) {
        let contradicts = opened.is_some_and(|opened| {
            opened
                .total
                .is_some_and(|total| total < opened.record_count as u64)
        });
        self.has_contradiction |= contradicts;
    }
}

/// Reads a slice whose answers are bad at random: the same answer whenever the same request comes.
fn read_badly(target: &Target<'_>, rng: &mut Rng) -> Bodies {
    let slices = sample::make_slices(target.subject, target.answers.len());
    let slice = slices[rng.usize(..slices.len())].clone();
    let mut reader = target.stream.open(target.subject, slice, LIMITS);
    let mut served: HashMap<Request, Response> = HashMap::new();
    let mut witness = Witness::default();
    for _ in 0..ANSWERS {
        let Some(request) = reader.request() else { break };
        let answer = served.entry(request.clone()).or_insert_with(|| {
            let good = target.answer(&request, rng);
            worsen(good, rng, &mut witness.bodies)
        });
        witness.bodies.all += 1;
        let seen = reader.accept(answer);
        if seen.read.is_ok() {
            witness.hear(seen.sight.opened);
            continue;
        }
        // Nothing has moved; a second answer may be a good one.
        assert_eq!(reader.request().as_ref(), Some(&request), "{}", target.subject);
        if rng.bool() {
            break;
        }
        served.insert(request.clone(), target.answer(&request, rng));
    }
    witness.is_unfinished = reader.request().is_some();
    compare_verdict_with(target.subject, &reader.finish(), &witness);
    witness.bodies
}

fn worsen(good: Response, rng: &mut Rng, bodies: &mut Bodies) -> Response {
    if rng.usize(..BAD_SHARE) > 0 {
        return good;
    }
    bodies.bad += 1;
    let body = Mutation::any(rng).apply(&good.body, rng);
    Response { body, ..good }
}

/// What no complete slice can have.
fn compare_verdict_with(subject: Subject, reading: &Reading, witness: &Witness) {
    assert!(
        reading.reject_count <= reading.record_count + reading.reject_count,
        "{subject}"
    );
    if reading.verdict != Verdict::Complete {
        assert!(!reading.proves_absence, "{subject}: {:?}", reading.verdict);
        return;
    }
    assert!(!witness.is_unfinished, "{subject}: complete before its end");
    assert!(
        !witness.has_contradiction,
        "{subject}: complete although a total is too small"
    );
    assert!(
        !reading.evidence.is_empty(),
        "{subject}: complete without evidence"
    );
    let is_presumed = |evidence| matches!(evidence, Evidence::Presumed(_));
    assert!(
        !reading.evidence.iter().any(|count| is_presumed(count.evidence)),
        "{subject}"
    );
    let rejects = reading.reject_count;
    let is_readable = rejects == 0 || rejects < reading.record_count;
    assert!(is_readable, "{subject}: complete although nothing could be read");
    assert!(
        !reading.proves_absence || rejects == 0,
        "{subject}: rejects, and something is gone"
    );
    // Rows that leave a list while it is read are missing by right.
    let may_shrink = matches!(subject.stream.mode, SyncMode::Incremental(_));
    let missing = reading
        .total
        .filter(|total| !may_shrink && *total > reading.record_count);
    assert_eq!(missing, None, "{subject}: {} came", reading.record_count);
}

/// Reads so many bodies of each vendor, of all of its streams in turn.
fn fuzz(body_count: usize, seed: u64) {
    let fixtures: Vec<(Subject, Fixtures)> = subjects()
        .map(|subject| (subject, Fixtures::of(subject)))
        .collect();
    let targets: Vec<Target<'_>> = fixtures
        .iter()
        .map(|(subject, fixtures)| Target::new(*subject, fixtures))
        .collect();
    for vendor in VENDORS {
        let own: Vec<&Target<'_>> = targets
            .iter()
            .filter(|target| target.subject.vendor.name == vendor.name)
            .collect();
        let mut read = Bodies::default();
        for number in 0_u64.. {
            if read.all >= body_count {
                break;
            }
            let mut rng = Rng::with_seed(seed + number);
            let bodies = read_badly(own[rng.usize(..own.len())], &mut rng);
            read.all += bodies.all;
            read.bad += bodies.bad;
        }
        assert!(
            read.bad > body_count / (BAD_SHARE * 3),
            "{}: {} bad answers are too few to show anything",
            vendor.name,
            read.bad
        );
    }
}

#[test]
fn bad_answers_cost_no_record_and_complete_no_slice() {
    fuzz(FEW, SEED);
}

#[test]
#[ignore = "takes minutes; `cargo test --release -p convene-connectors -- --ignored a_million`"]
fn a_million_bad_answers_of_each_vendor_cost_no_record_and_complete_no_slice() {
    fuzz(MANY, SEED + MANY as u64);
}
