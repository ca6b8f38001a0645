//! The answers that came last: one of them may come once more, to another request.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::source::Request;

/// How many answers are remembered.
const MOST: usize = 64;

/// The answers that came last, each with its request. Slices of one account share them.
#[derive(Debug, Default)]
pub struct RecentAnswers(Mutex<VecDeque<RecentAnswer>>);

#[derive(Debug)]
struct RecentAnswer {
    request: Request,
    digest: u64,
}

impl RecentAnswers {
    /// Remembers the answer to a request. True where it has come to others, and not to this one.
    pub(super) fn remember(&self, request: &Request, body: &str) -> bool {
        let digest = xxh3_64(body.as_bytes());
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others): (Vec<_>, Vec<_>) = answers
            .iter()
            .filter(|answer| answer.digest == digest)
            .partition(|answer| answer.request == *request);
        if !own.is_empty() {
            return false;
        }
        let is_of_others = !others.is_empty();
        if answers.len() == MOST {
            answers.pop_front();
        }
        answers.push_back(RecentAnswer {
            request: request.clone(),
            digest,
        });
        is_of_others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_another_request_had_is_told_once() {
        let (leads, others) = (Request::get("leads"), Request::get("others"));
        let answers = RecentAnswers::default();
        assert!(!answers.remember(&others, "[1]"), "nobody had it");
        assert!(answers.remember(&leads, "[1]"));
        assert!(!answers.remember(&leads, "[1]"), "it came again");
        assert!(!answers.remember(&others, "[1]"), "it is its own");
        assert!(!answers.remember(&leads, "[2]"), "nobody had it");
    }

    #[test]
    fn the_oldest_answers_are_forgotten() {
        let answers = RecentAnswers::default();
        for number in 0..=MOST {
            answers.remember(&Request::get("list"), &number.to_string());
        }
        let other = Request::get("other");
        assert!(answers.remember(&other, "2"));
        assert!(!answers.remember(&other, "0"));
    }
}
