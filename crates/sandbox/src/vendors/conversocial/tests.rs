//! The simulated account as its API tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Quirks, RateHeader};
use crate::people::describe_customer;
use crate::{Options, Request, Response, Simulator};

const CREDENTIAL: &str = "Basic c2FuZGJveDpzYW5kYm94LXRva2Vu";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn simulator() -> Simulator {
    Simulator::new(Options {
        days: 3,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    })
}

fn respond(simulator: &Simulator, path: &str, credential: &str) -> Response {
    let path = path.trim_start_matches("http://sandbox/conversocial/");
    let request = Request::get(&format!("/conversocial/{path}"));
    simulator.respond(
        &request
            .with_header("host", "sandbox")
            .with_header("authorization", credential),
    )
}

/// Requests with the credential; `path` is a path below the prefix, or a link.
fn ask(simulator: &Simulator, path: &str) -> (u16, Value) {
    let response = respond(simulator, path, CREDENTIAL);
    let body = serde_json::from_str(&response.body).unwrap_or(Value::String(response.body));
    (response.status, body)
}

fn ids(page: &Value, list: &str) -> Vec<String> {
    let records = page[list].as_array().unwrap_or_else(|| panic!("{page}"));
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    records.iter().map(id).collect()
}

/// All ids of a list, by its links, of which there are no more than a few hundred.
fn all(simulator: &Simulator, path: &str, list: &str) -> Vec<String> {
    let (mut link, mut found) = (path.to_owned(), Vec::new());
    for _ in 0..300 {
        let (status, page) = ask(simulator, &link);
        assert_eq!(status, 200, "{page}");
        found.extend(ids(&page, list));
        match page["paging"]["next_page"].as_str() {
            Some(next) => link = next.to_owned(),
            None => return found,
        }
    }
    panic!("{path} has no end");
}

#[test]
fn conversations_want_a_priority_or_a_status() {
    let simulator = simulator();
    let (status, body) = ask(&simulator, "v1.3/conversations");
    assert_eq!((status, &body["param"]), (400, &Value::from("is_priority")));
    let count = |query: &str| {
        all(
            &simulator,
            &format!("v1.3/conversations?{query}"),
            "conversations",
        )
        .len()
    };
    let (priority, ordinary) = (count("is_priority=true"), count("is_priority=false"));
    assert!(priority > 0 && ordinary > 20);
    let every = simulator.conversocial().snapshot("conversations").len();
    assert_eq!(priority + ordinary, every);
    assert_eq!(count("status=unread&status=read&status=archived"), every);
}

#[test]
fn links_of_conversations_begin_at_the_last_second_and_skip_what_came_of_it() {
    let simulator = simulator();
    let burst = simulator
        .conversocial()
        .add_conversations(120, at("2026-02-02T12:00:00Z"));
    for order in ["", "&sort=-oldest_sort_date", "&page_size=7", "&page_size=500"] {
        let path = format!("v1.3/conversations?status=unread&status=read&status=archived{order}");
        let found = all(&simulator, &path, "conversations");
        let mut own: Vec<String> = found.iter().filter(|id| burst.contains(id)).cloned().collect();
        if order.contains("=-") {
            own.reverse();
        }
        assert_eq!(own, burst, "{order}");
        assert_eq!(
            found.len(),
            simulator.conversocial().snapshot("conversations").len(),
            "{order}"
        );
    }
    let path = "v1.3/conversations?status=unread&sort=oldest_sort_date,id";
    assert!(ask(&simulator, path).1["paging"]["next_page"].is_null());
}

#[test]
fn a_token_that_asks_too_often_is_told_to_wait() {
    let simulator = simulator();
    simulator
        .conversocial()
        .quirks(|quirks| (quirks.requests_per_minute, quirks.rate_header) = (Some(30), RateHeader::Reset));
    for _ in 0..30 {
        assert_eq!(ask(&simulator, "v1.3/tags").0, 200);
    }
    let refused = respond(&simulator, "v1.3/tags", CREDENTIAL);
    assert_eq!(
        (refused.status, refused.header("x-ratelimit-reset")),
        (429, Some("61"))
    );
    assert!(serde_json::from_str::<Value>(&refused.body).is_err());
    simulator.advance(TimeDelta::seconds(60));
    assert_eq!(ask(&simulator, "v1.3/tags").0, 200);
}

#[test]
fn reports_advance_with_each_look_and_so_does_their_link_unless_they_stay() {
    let simulator = simulator();
    let look = |id: &str| {
        let path = format!("v1.3/reports/{id}?fields=generation_start_date,generated_date,download");
        ask(&simulator, &path).1["report"].take()
    };
    let id = simulator.conversocial().order_report();
    let (first, second, third) = (look(&id), look(&id), look(&id));
    assert!(first.get("generated_date").is_none() && first.get("generation_start_date").is_some());
    assert_ne!(second["download"], third["download"]);
    simulator
        .conversocial()
        .quirks(|quirks| quirks.reports_stay = true);
    let id = simulator.conversocial().order_report();
    assert!((0..9).all(|_| look(&id).get("download").is_none()));
}

#[test]
fn quirks_refuse_and_lead_astray() {
    let simulator = simulator();
    let set = |change: fn(&mut Quirks)| {
        simulator.conversocial().quirks(|quirks| {
            *quirks = Quirks::default();
            change(quirks);
        });
    };
    let next = |path: &str| {
        ask(&simulator, path).1["paging"]["next_page"]
            .as_str()
            .map(str::to_owned)
    };
    set(|quirks| quirks.unpermitted = vec!["tags".to_owned()]);
    let (status, body) = ask(&simulator, "v1.3/tags");
    assert_eq!((status, &body["permsError"]), (200, &Value::Bool(true)));
    set(|quirks| quirks.forbidden = vec!["users".to_owned()]);
    assert_eq!(ask(&simulator, "v1.3/users").0, 403);
    set(|quirks| quirks.has_foreign_links = true);
    let link = next("v1.3/tags").unwrap();
    assert!(
        link.starts_with("https://elsewhere.example/conversocial/v1.3/tags?"),
        "{link}"
    );
    set(|quirks| quirks.has_circular_links = true);
    let link = next("v1.3/tags?sort=id");
    assert_eq!(
        link.as_deref(),
        Some("http://sandbox/conversocial/v1.3/tags?sort=id")
    );
    let path = "v1.3/conversations?is_priority=false";
    set(|_| ());
    let whole = all(&simulator, path, "conversations");
    set(|quirks| quirks.empty_pages = 3);
    assert!(ids(&ask(&simulator, path).1, "conversations").is_empty());
    assert_eq!(all(&simulator, path, "conversations"), whole);
    set(|quirks| quirks.has_endless_links = true);
    let (mut link, mut links) = (path.to_owned(), std::collections::HashSet::new());
    for _ in 0..50 {
        link = next(&link).unwrap();
        assert!(links.insert(link.clone()), "a link never repeats");
    }
}

#[test]
fn one_seed_makes_one_account_and_customers_are_those_of_all_vendors() {
    let (one, other) = (simulator(), simulator());
    for table in ["conversations", "contact_notes", "agent_events"] {
        assert_eq!(
            one.conversocial().snapshot(table),
            other.conversocial().snapshot(table)
        );
    }
    let (id, record) = one.conversocial().snapshot("contacts").remove(0);
    let person = describe_customer(7, id.trim_start_matches("t:").parse().unwrap());
    let name = format!("\"{} {}\"", person.first, person.last);
    assert!(record.contains(&name), "{record}");
}

/// The status, the number of labels, and the times of handling of every conversation.
fn states(simulator: &Simulator) -> BTreeMap<String, (String, usize, usize)> {
    let snapshot = simulator.conversocial().snapshot("conversations").into_iter();
    let state = |(id, record): (String, String)| {
        let record: Value = serde_json::from_str(&record).unwrap();
        let count = |member: &str| record[member].as_array().unwrap().len();
        let handled = record["handling_times"].as_array().unwrap();
        assert!(handled.iter().all(|time| time["seconds"].as_i64() > Some(0)));
        let status = record["status"].as_str().unwrap().to_owned();
        (id, (status, count("tags"), count("handling_times")))
    };
    snapshot.map(state).collect()
}

#[test]
fn conversations_are_answered_closed_and_opened_again_and_labels_go() {
    let simulator = Simulator::new(Options {
        days: 9,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    });
    let before = states(&simulator);
    let count = |wanted: &str| before.values().filter(|(status, ..)| status == wanted).count();
    assert!(count("archived") > before.len() / 2 && count("read") > 5 && count("unread") > 5);
    // Each time that it was closed took its time.
    assert!(
        before
            .values()
            .all(|(status, _, handled)| status != "archived" || *handled > 0)
    );
    let twice = before.values().filter(|(_, _, handled)| *handled > 1).count();
    assert!(twice > 2, "{twice} were closed twice");
    let (mut opened, mut closed, mut untagged) = (0, 0, 0);
    let mut last = before;
    for _ in 0..24 {
        simulator.advance(TimeDelta::hours(2));
        let now = states(&simulator);
        for (id, (status, tags, _)) in &last {
            let (status_now, tags_now, _) = &now[id];
            opened += u32::from(status == "archived" && status_now == "unread");
            closed += u32::from(status != "archived" && status_now == "archived");
            untagged += u32::from(tags_now < tags);
        }
        last = now;
    }
    assert!(
        opened > 1 && closed > opened && untagged > 0,
        "{opened} {closed} {untagged}"
    );
}
