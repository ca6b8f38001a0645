//! The list of conversations, and one of them: filters, the one sort key, links by boundary and skip, content beside it.

use serde_json::{Value, json};

use super::super::local;
use super::super::question::Question;
use super::record::{self, chosen};
use super::world::{Conversation, State, World};
use super::{Outcome, error, lists, missing};

/// The greatest page; more is cut to it without a word (documented).
const MOST: usize = 50;
/// The page where none is asked for (seen in a sample).
const USUAL: usize = 20;
/// The time by which the list is sorted, which filters are named after.
const SORT: &str = "oldest_sort_date";
/// The parameters that the list knows.
const KNOWN: [&str; 13] = [
    "is_priority",
    "status",
    "assigned_to",
    "id",
    "sort",
    "page_size",
    "skip",
    "include",
    "fields",
    "oldest_sort_date_gt",
    "oldest_sort_date_gte",
    "oldest_sort_date_lt",
    "oldest_sort_date_lte",
];

/// A page of the list.
pub(super) fn list(world: &World, question: &Question) -> Outcome {
    if question.get("is_priority").is_none() && question.get("status").is_none() {
        if world.look(|knobs| knobs.bare_list_is_empty) {
            return Ok(json!({"conversations": [], "content": [], "paging": null}));
        }
        return Err(error(
            400,
            "Bad Request",
            "A filter is missing",
            Some("is_priority"),
        ));
    }
    lists::known(world, question, &KNOWN)?;
    let here = lists::link(question, &question.parameters);
    if world.look(|knobs| knobs.begins_with_empty_page) && question.get("pause").is_none() {
        let mut parameters = question.parameters.clone();
        parameters.push(("pause".to_owned(), "1".to_owned()));
        let next = lists::link(question, &parameters);
        return Ok(
            json!({"conversations": [], "content": [], "paging": {"next_page": next, "prev_page": here}}),
        );
    }
    world.read(|state, now| {
        let sorts: Vec<&str> = question.all("sort").flat_map(|keys| keys.split(',')).collect();
        let is_descending = sorts.first().is_some_and(|key| key.starts_with('-'));
        let mut found: Vec<&Conversation> = state.visible(now).filter(|one| fits(one, question)).collect();
        found.sort_by(|a, b| (a.sorted, &a.id).cmp(&(b.sorted, &b.id)));
        if is_descending {
            found.reverse();
        }
        let size = number(question, "page_size").unwrap_or(USUAL).clamp(1, MOST);
        let skip = number(question, "skip").unwrap_or(0);
        let rest = found.get(skip..).unwrap_or_default();
        let page = &rest[..rest.len().min(size)];
        let mut answer = body("conversations", page, (state, now), (world, question));
        let next = (rest.len() > size).then(|| next_link(question, page, (skip, is_descending)));
        answer["paging"] = if sorts.len() > 1 {
            // Two keys, and there are no links at all (documented).
            json!({"next_page": null, "prev_page": null})
        } else {
            let next = next.map(|next| lists::bent(world, next, &here));
            json!({"next_page": next, "prev_page": next.as_deref().unwrap_or(&here)})
        };
        Ok(answer)
    })
}

/// One conversation.
pub(super) fn one(world: &World, id: &str, question: &Question) -> Outcome {
    world.read(|state, now| {
        let found = state
            .visible(now)
            .find(|one| one.id == id)
            .ok_or_else(|| missing("conversation"))?;
        let mut answer = body("conversation", &[found], (state, now), (world, question));
        answer["conversation"] = answer["conversation"][0].take();
        Ok(answer)
    })
}

/// Conversations under a name, with their content where it is asked for.
fn body(
    name: &str,
    page: &[&Conversation],
    (state, now): (&State, i64),
    (world, question): (&World, &Question),
) -> Value {
    let (shows, broken) = world.look(|knobs| (!knobs.omits_sort_date, knobs.broken.clone()));
    let show = |one: &&Conversation| {
        let mut record = record::conversation(state, one, now, shows);
        if broken.contains(&one.id) {
            record["status"] = json!({"is": "odd"});
        }
        chosen(&record, question.get("fields"), &["id"])
    };
    let mut answer = json!({name: page.iter().map(show).collect::<Vec<_>>()});
    if question.all("include").any(|side| side == "content") {
        let content = page
            .iter()
            .flat_map(|one| one.visible(now).map(|message| record::content(one, message)));
        answer["content"] = content.collect();
    }
    answer
}

fn fits(one: &Conversation, question: &Question) -> bool {
    let any = |name: &str, own: &str| {
        let mut wanted = question.all(name).peekable();
        wanted.peek().is_none() || wanted.any(|value| value == own)
    };
    let bound = |suffix: &str| question.get(&format!("{SORT}_{suffix}")).and_then(second);
    any("is_priority", &one.is_priority.to_string())
        && any("status", &one.status)
        && any("assigned_to", one.assigned_to.as_deref().unwrap_or_default())
        && any("id", &one.id)
        && bound("gt").is_none_or(|at| one.sorted > at)
        && bound("gte").is_none_or(|at| one.sorted >= at)
        && bound("lt").is_none_or(|at| one.sorted < at)
        && bound("lte").is_none_or(|at| one.sorted <= at)
}

/// The link onward: the list from the last row's second, without the rows of that second that came so far.
fn next_link(question: &Question, page: &[&Conversation], (skip, is_descending): (usize, bool)) -> String {
    let last = page.last().map_or(0, |one| one.sorted);
    let (inclusive, exclusive) = if is_descending {
        ("lte", "lt")
    } else {
        ("gte", "gt")
    };
    let bound = format!("{SORT}_{inclusive}");
    let is_same = question.get(&bound).and_then(second) == Some(last);
    let came = page.iter().filter(|one| one.sorted == last).count() + if is_same { skip } else { 0 };
    let replaced = [bound.as_str(), &format!("{SORT}_{exclusive}"), "skip"];
    let kept = question
        .parameters
        .iter()
        .filter(|(name, _)| !replaced.contains(&name.as_str()));
    let mut parameters: Vec<(String, String)> = kept.cloned().collect();
    parameters.push((bound, record::time(last)));
    parameters.push(("skip".to_owned(), came.to_string()));
    lists::link(question, &parameters)
}

fn number(question: &Question, name: &str) -> Option<usize> {
    question.get(name)?.parse().ok()
}

/// A time, or the beginning of a day.
pub(super) fn second(text: &str) -> Option<i64> {
    let whole = text.split('.').next().unwrap_or(text);
    local::parse(whole).or_else(|| local::parse(&format!("{whole}T00:00:00")))
}
