//! The simulated account as its API tells it.

use std::sync::Arc;

use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::clock::Clock;
use super::super::options::Options;
use super::super::question::{Answer, Question};
use super::super::server::Vendor as _;
use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn world() -> (World, Arc<Clock>) {
    let options = Options {
        days: 3,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    };
    let clock = Arc::new(Clock::new(options.now, false));
    (World::new(&options, Arc::clone(&clock)), clock)
}

/// Asks with the credential; `path` is a path below the prefix, or a link.
fn ask(world: &World, path: &str) -> (u16, Value) {
    let answer = answer(world, path, "Basic c2FuZGJveDpzYW5kYm94LXRva2Vu");
    let body = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
    (answer.status, body)
}

fn answer(world: &World, path: &str, credential: &str) -> Answer {
    let path = path.trim_start_matches("http://sandbox/conversocial/");
    let request = Request::get(format!("/conversocial/{path}"))
        .header("host", "sandbox")
        .header("authorization", credential);
    let (head, ()) = request.body(()).unwrap().into_parts();
    let question = Question::read(&head, b"");
    world.answer(path.split('?').next().unwrap(), &question)
}

fn ids(answer: &Value, list: &str) -> Vec<String> {
    let records = answer[list].as_array().unwrap_or_else(|| panic!("{answer}"));
    records
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

/// All ids of a list, by its links.
fn all(world: &World, path: &str, list: &str) -> Vec<String> {
    let (mut link, mut found) = (path.to_owned(), Vec::new());
    loop {
        let (status, page) = ask(world, &link);
        assert_eq!(status, 200, "{page}");
        found.extend(ids(&page, list));
        match page["paging"]["next_page"].as_str() {
            Some(next) => link = next.to_owned(),
            None => return found,
        }
    }
}

#[test]
fn a_stranger_learns_nothing() {
    let (world, _) = world();
    for credential in ["", "Basic AAAA", "Bearer c2FuZGJveDpzYW5kYm94LXRva2Vu"] {
        assert_eq!(answer(&world, "v1.3/tags", credential).status, 401);
    }
}

#[test]
fn short_lists_come_in_tens_with_ids_only_and_newest_first() {
    let (world, _) = world();
    let (_, page) = ask(&world, "v1.3/tags");
    assert_eq!(ids(&page, "tags").len(), 10);
    assert_eq!(page["tags"][0].as_object().unwrap().len(), 2, "{page}");
    assert_eq!(page["tags"][0]["id"], "3118");
    let named = all(&world, "v1.1/tags?sort=id&fields=name,nonsense", "tags");
    assert_eq!((named.len(), named[0].as_str()), (14, "3105"));
    assert_eq!(
        ids(&ask(&world, "v1.3/tags?id=3105&id=3107").1, "tags"),
        ["3107", "3105"]
    );
    assert_eq!(all(&world, "v1.3/users?sort=id", "users").len(), 12);
}

#[test]
fn conversations_want_a_priority_or_a_status() {
    let (world, _) = world();
    let (status, body) = ask(&world, "v1.3/conversations");
    assert_eq!((status, &body["param"]), (400, &Value::from("is_priority")));
    let count = |query: &str| all(&world, &format!("v1.3/conversations?{query}"), "conversations").len();
    let (priority, ordinary) = (count("is_priority=true"), count("is_priority=false"));
    assert!(priority > 0 && ordinary > 20);
    assert_eq!(priority + ordinary, world.truth_conversations().len());
    assert_eq!(
        count("status=unread&status=read&status=archived"),
        priority + ordinary
    );
}

#[test]
fn links_of_conversations_begin_at_the_last_second_and_skip_what_came_of_it() {
    let (world, _) = world();
    let burst = world.add_conversations(120, at("2026-02-02T12:00:00Z"));
    for order in ["", "&sort=-oldest_sort_date", "&page_size=7", "&page_size=500"] {
        let mut found = all(
            &world,
            &format!("v1.3/conversations?status=unread&status=read&status=archived{order}"),
            "conversations",
        );
        let count = found.len();
        found.sort();
        found.dedup();
        assert_eq!(
            (count, found.len()),
            (world.truth_conversations().len(), count),
            "{order}"
        );
        assert!(burst.iter().all(|id| found.contains(id)));
    }
    let (_, page) = ask(
        &world,
        "v1.3/conversations?is_priority=false&page_size=500&fields=status",
    );
    assert_eq!(ids(&page, "conversations").len(), 50, "the greatest page");
    assert_eq!(page["paging"]["next_page"], page["paging"]["prev_page"]);
    assert!(page["conversations"][0].get("url").is_none() && page.get("content").is_none());
    let (_, page) = ask(
        &world,
        "v1.3/conversations?is_priority=false&sort=status,oldest_sort_date",
    );
    assert_eq!(
        (
            page["paging"]["next_page"].is_null(),
            ids(&page, "conversations").len()
        ),
        (true, 20)
    );
}

#[test]
fn content_comes_beside_conversations_and_is_named_by_them() {
    let (world, _) = world();
    let (_, page) = ask(
        &world,
        "v1.3/conversations?is_priority=false&include=content&fields=content_ids",
    );
    let named: Vec<&Value> = page["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["content_ids"].as_array().unwrap())
        .collect();
    let content = ids(&page, "content");
    assert!(!content.is_empty() && content.iter().zip(named).all(|(id, name)| name == id));
    assert_eq!(ask(&world, "v1.3/conversations/nobody").0, 404);
}

#[test]
fn a_token_that_asks_too_often_is_told_to_wait() {
    let (world, clock) = world();
    world.knobs(|knobs| (knobs.requests_per_minute, knobs.rate_header) = (Some(30), RateHeader::Reset));
    for place in 0..31 {
        let answer = answer(&world, "v1.3/tags", "Basic c2FuZGJveDpzYW5kYm94LXRva2Vu");
        assert_eq!(answer.status, if place < 30 { 200 } else { 429 }, "{place}");
        if place == 30 {
            assert_eq!(answer.headers, [("x-ratelimit-reset", "61".to_owned())]);
            assert!(serde_json::from_str::<Value>(&answer.body).is_err());
        }
    }
    clock.advance(TimeDelta::seconds(60));
    assert_eq!(ask(&world, "v1.3/tags").0, 200);
}

#[test]
fn reports_advance_with_each_look_and_so_does_their_link() {
    let (world, _) = world();
    let id = world.order_report();
    let look = || {
        ask(
            &world,
            &format!("v1.3/reports/{id}?fields=generation_start_date,generated_date,download"),
        )
        .1
    };
    let (first, second, third) = (look(), look(), look());
    assert!(
        first["report"].get("generated_date").is_none()
            && first["report"].get("generation_start_date").is_some()
    );
    assert_ne!(second["report"]["download"], third["report"]["download"]);
}

#[test]
fn profiles_want_dates_and_page_by_token() {
    let (world, _) = world();
    assert_eq!(ask(&world, "profiles/api/1/notes").0, 400);
    let span = "created_date_from=2026-01-01T00:00:00&created_date_to=2026-03-01T00:00:00";
    world.knobs(|knobs| knobs.has_blank_links = false);
    let found = all(
        &world,
        &format!("profiles/api/1/notes?{span}&page_size=2"),
        "notes",
    );
    assert_eq!(found.len(), world.truth_actions("notes").len());
    let (_, page) = ask(&world, &format!("profiles/api/1/tags?{span}"));
    assert!(page["tags"][0]["user"].is_number());
    assert_eq!(
        ask(&world, "profiles/api/1/annotation-types").1["annotationtypes"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn events_are_json_in_a_text_unless_told_otherwise() {
    let (world, _) = world();
    let path = "v3.0/agent_events?timestamp_from=2026-01-01T00:00:00&timestamp_to=2026-03-01T00:00:00";
    let (_, page) = ask(&world, path);
    let inside: Vec<Value> = serde_json::from_str(page["documents"].as_str().unwrap()).unwrap();
    world.knobs(|knobs| knobs.has_plain_documents = true);
    assert_eq!(ask(&world, path).1["documents"].as_array().unwrap(), &inside);
}

#[test]
fn switches_refuse_and_lead_astray() {
    let (world, _) = world();
    world.knobs(|knobs| knobs.unpermitted = vec!["tags".to_owned()]);
    assert_eq!(
        (
            ask(&world, "v1.3/tags").0,
            &ask(&world, "v1.3/tags").1["permsError"]
        ),
        (200, &Value::Bool(true))
    );
    world.knobs(|knobs| knobs.forbidden = vec!["users".to_owned()]);
    assert_eq!(ask(&world, "v1.3/users").0, 403);
    world.knobs(|knobs| {
        *knobs = Knobs {
            has_foreign_links: true,
            ..Knobs::default()
        }
    });
    let (_, page) = ask(&world, "v1.3/tags");
    assert!(
        page["paging"]["next_page"]
            .as_str()
            .unwrap()
            .starts_with("https://elsewhere.example/conversocial/v1.3/tags?")
    );
    world.knobs(|knobs| {
        *knobs = Knobs {
            has_circular_links: true,
            ..Knobs::default()
        }
    });
    let (_, page) = ask(&world, "v1.3/tags?sort=id");
    assert_eq!(
        page["paging"]["next_page"],
        "http://sandbox/conversocial/v1.3/tags?sort=id"
    );
    world.knobs(|knobs| {
        *knobs = Knobs {
            begins_with_empty_page: true,
            ..Knobs::default()
        }
    });
    let count = all(&world, "v1.3/conversations?is_priority=false", "conversations").len();
    assert!(count > 20);
}

#[test]
fn one_seed_makes_one_account_and_customers_are_those_of_all_vendors() {
    let (one, other) = (world().0, world().0);
    assert_eq!(one.truth_conversations(), other.truth_conversations());
    assert_eq!(one.truth_actions("notes"), other.truth_actions("notes"));
    let (id, record) = one.truth_contacts().remove(0);
    let number = id.trim_start_matches("t:").parse().unwrap();
    let person = crate::cast::customer(7, number);
    assert!(
        record.contains(&format!("\"{} {}\"", person.first, person.last)),
        "{record}"
    );
}
