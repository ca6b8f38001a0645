//! Conversations as they are asked for and put together.

use chrono::TimeDelta;

use super::*;
use crate::schema::Region;

fn window() -> Window {
    let since = "2026-02-03T00:00:00Z".parse().unwrap();
    Window {
        since,
        until: since + TimeDelta::days(1),
    }
}

fn account() -> Account {
    Account::new(chrono_tz::UTC, Region::US)
}

/// The questions that follow an answer, with their stages.
fn then(asked: &Ask, body: &str) -> Vec<Ask> {
    both_priorities(asked, &list(body).unwrap(), &account())
        .unwrap()
        .then
}

const LAST: &str =
    r#"{"conversations":[],"content":[],"paging":{"next_page":null,"prev_page":"https://a.example/1"}}"#;

#[test]
fn the_list_without_priority_follows_when_the_one_with_priority_ends() {
    let first = Ask::first(first(&window(), &account()), window());
    assert_eq!(first.request.param("is_priority"), Some("true"));
    let [second] = &then(&first, LAST)[..] else {
        panic!("one question")
    };
    assert_eq!(second.request.param("is_priority"), Some("false"));
    assert!(!second.continues, "a list of its own");
    for name in [
        "oldest_sort_date_gte",
        "oldest_sort_date_lt",
        "include",
        "fields",
        "page_size",
    ] {
        assert_eq!(second.request.param(name), first.request.param(name), "{name}");
    }
    assert_eq!(then(second, LAST), [], "two values are everything");
}

#[test]
fn a_link_is_followed_before_the_other_list_and_a_link_back_never() {
    let body = r#"{"conversations":[{"id":"1","status":"x","author":null,"content_ids":[]}],"content":[],
        "paging":{"next_page":"https://a.example/2?skip=1","prev_page":"https://a.example/0"}}"#;
    let asked = Ask::first(first(&window(), &account()), window());
    let [further] = &then(&asked, body)[..] else {
        panic!("one question")
    };
    assert_eq!(
        (&*further.request.path, further.stage),
        ("https://a.example/2?skip=1", 0)
    );
    let [other] = &then(further, LAST)[..] else {
        panic!("one question")
    };
    assert_eq!((&*other.request.path, other.stage), ("conversations", ORDINARY));
}

#[test]
fn a_list_is_sorted_by_one_key_and_asks_for_what_places_messages() {
    for request in [
        first(&window(), &account()),
        unread(&window(), &account()),
        about("1", &account()),
    ] {
        let sorts = request.params().iter().filter(|(name, _)| *name == "sort");
        assert!(sorts.clone().count() <= 1 && sorts.clone().all(|(_, key)| key == "oldest_sort_date"));
        let fields: Vec<&str> = request.param("fields").unwrap().split(',').collect();
        for name in ["id", "url", "content_ids", "oldest_sort_date"] {
            assert!(fields.contains(&name), "{name}");
        }
        assert_eq!(request.param("include"), Some("content"));
    }
    let unread = unread(&window(), &account());
    assert_eq!(
        (unread.param("status"), unread.param("is_priority")),
        (Some("unread"), None)
    );
}

#[test]
fn content_goes_to_the_conversation_that_names_it() {
    for (body, wanted) in [
        (
            r#"{"conversations":[{"id":"1","content_ids":["a","b"]},{"id":"2","content_ids":["c"]}],"content":[{"id":"b"},{"id":"c"},{"id":"a"}]}"#,
            &[
                r#"{"conversation":{"id":"1","content_ids":["a","b"]},"content":[{"id":"a"},{"id":"b"}]}"#,
                r#"{"conversation":{"id":"2","content_ids":["c"]},"content":[{"id":"c"}]}"#,
            ][..],
        ),
        // Numbers for texts, a name without content, content without a name, content without an id.
        (
            r#"{"conversations":[{"id":1,"content_ids":[7,8]}],"content":[{"id":"7"},{"id":"9"},{"text":"x"},4]}"#,
            &[
                r#"{"conversation":{"id":1,"content_ids":[7,8]},"content":[{"id":"7"}]}"#,
                r#"{"content":[{"id":"9"}]}"#,
                r#"{"content":[{"text":"x"}]}"#,
                r#"{"content":[4]}"#,
            ],
        ),
        (
            r#"{"conversations":[{"id":"1"},"odd"],"content":null}"#,
            &[
                r#"{"conversation":{"id":"1"},"content":[]}"#,
                r#"{"conversation":"odd","content":[]}"#,
            ],
        ),
    ] {
        let opened = list(body).unwrap();
        assert_eq!(opened.items, wanted, "{body}");
    }
}

#[test]
fn content_that_is_named_and_did_not_come_along_at_all_is_an_error() {
    let body = r#"{"conversations":[{"id":"1","content_ids":["a"]}],"paging":null}"#;
    assert!(list(body).is_err());
    assert!(one(r#"{"conversation":{"id":"1","content_ids":["a"]}}"#).is_err());
    assert!(one(r#"{"conversation":{"id":"1","content_ids":[]}}"#).is_ok());
}

#[test]
fn the_second_of_the_last_row_is_read_again_unless_it_fills_a_page() {
    let link = |bound: &str, skip: &str| {
        format!(
            "https://a.example/c?is_priority=true&oldest_sort_date_gte={bound}&page_size=50{skip}&fields=id%2Curl"
        )
    };
    let body = |link: &str| {
        format!(r#"{{"conversations":[{{"id":"1"}}],"content":[],"paging":{{"next_page":"{link}"}}}}"#)
    };
    let begin = Ask::first(first(&window(), &account()), window());
    for (asked, bound, skip, kept) in [
        (&begin, "2026-02-03T04%3A00%3A00", "&skip=1", ""),
        // The page is full of the second that it begins with.
        (&begin, "2026-02-03T00%3A00%3A00", "&skip=50", "&skip=50"),
        (
            &begin.followed_by(begin.request.link(link("2026-02-03T04%3A00%3A00", ""))),
            "2026-02-03T04:00:00",
            "&skip=50",
            "&skip=50",
        ),
        (
            &begin.followed_by(begin.request.link(link("2026-02-03T04%3A00%3A00", ""))),
            "2026-02-03T05:00:00",
            "&skip=2",
            "",
        ),
    ] {
        let then = then(asked, &body(&link(bound, skip)));
        assert_eq!(then[0].request.path, link(bound, kept), "{bound} {skip}");
    }
}
