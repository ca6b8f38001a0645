//! Playing recorded pages to a stream, as the engine would.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta};

use super::story;
use crate::source::{Ask, Endpoint, Page, Response, Stream as _, Window};

/// A question, the recorded answer, and what the stream read in it.
pub(super) struct Step<'a> {
    pub(super) ask: Ask,
    pub(super) body: &'a str,
    pub(super) page: Page,
}

/// The id that streams are asked for which are read by id.
const KEY: &str = "t:9911223344";

/// The window that all walks ask for: six hours around the one that US clocks repeat.
pub(super) fn window() -> Window {
    // 2026-11-01, midnight in Los Angeles.
    let since = DateTime::from_timestamp(1_793_516_400, 0).expect("a time");
    Window {
        since,
        until: since + TimeDelta::hours(6),
    }
}

/// An answer with this body.
pub(super) fn answer(body: &str) -> Response {
    Response {
        status: 200,
        body: body.to_owned(),
    }
}

/// The first question of a walk; a stream that is read by id is asked for one.
pub(super) fn first(stream: &Endpoint) -> Ask {
    let request = stream.about(KEY).unwrap_or_else(|| stream.first(&window()));
    Ask::first(request, window())
}

/// Asks the first question and those that follow, last one first, until none is left and every page was served.
pub(super) fn walk<'a>(stream: &Endpoint, pages: &'a [String]) -> Vec<Step<'a>> {
    let mut stack = vec![first(stream)];
    let mut asked = HashSet::new();
    let mut steps = Vec::new();
    while let Some(ask) = stack.pop() {
        let name = stream.name;
        let is_new = asked.insert((ask.request.clone(), ask.stage));
        assert!(
            is_new || !ask.wait.is_zero(),
            "{name}: asked twice\n{}",
            story::question(&ask)
        );
        let Some(body) = pages.get(steps.len()) else {
            panic!(
                "{name}: no page is recorded for the last question\n{}{}",
                story::tell(&steps),
                story::question(&ask)
            );
        };
        let page = stream
            .read(&ask, &answer(body))
            .unwrap_or_else(|error| panic!("{name}: page {}: {error}", steps.len() + 1));
        stack.extend(page.then.iter().cloned());
        steps.push(Step { ask, body, page });
    }
    assert_eq!(
        steps.len(),
        pages.len(),
        "{}: the walk ends before its pages do",
        stream.name
    );
    steps
}
