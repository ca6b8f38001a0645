//! How conversations are put together, and what rows they become.

use super::super::testing::{account, read_column};
use super::*;
use crate::schema::Ownership;

fn read(record: &str) -> Mapped {
    let faults = Faults::new();
    let item = Item {
        record,
        context: &Context::default(),
        account: &account(),
        faults: &faults,
    };
    let mut batch = Batch::default();
    let result = map_conversation(&item, &mut batch);
    Mapped {
        batch,
        result,
        faults: faults.into_list().iter().map(|fault| fault.field).collect(),
    }
}

struct Mapped {
    batch: Batch,
    result: Result<(), MapError>,
    faults: Vec<&'static str>,
}

impl Mapped {
    fn column(&self, table: &str, column: &str) -> Vec<String> {
        read_column(&self.batch, table, column)
    }
}

fn group(header: &str, content: &str) -> Mapped {
    read(&format!(r#"{{"conversation":{header},"content":[{content}]}}"#))
}

fn list(body: &str) -> Result<Envelope<'_>, ReadError> {
    open_conversations(body, &Context::default())
}

#[test]
fn content_goes_to_the_conversation_that_names_it() {
    for (body, wanted, count) in [
        (
            r#"{"conversations":[{"id":"1","content_ids":["a","b"]},{"id":"2","content_ids":["c"]}],"content":[{"id":"b"},{"id":"c"},{"id":"a"}]}"#,
            &[
                r#"{"conversation":{"id":"1","content_ids":["a","b"]},"content":[{"id":"a"},{"id":"b"}]}"#,
                r#"{"conversation":{"id":"2","content_ids":["c"]},"content":[{"id":"c"}]}"#,
            ][..],
            2,
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
            1,
        ),
        // A name twice, and two messages under one id: each message once.
        (
            r#"{"conversations":[{"id":"1","content_ids":["a","a"]}],"content":[{"id":"a","text":"x"},{"id":"a"}]}"#,
            &[
                r#"{"conversation":{"id":"1","content_ids":["a","a"]},"content":[{"id":"a","text":"x"},{"id":"a"}]}"#,
            ],
            1,
        ),
        (
            r#"{"conversations":[{"id":"1"},"odd"],"content":null}"#,
            &[
                r#"{"conversation":{"id":"1"},"content":[]}"#,
                r#"{"conversation":"odd","content":[]}"#,
            ],
            2,
        ),
    ] {
        let opened = list(body).unwrap();
        assert_eq!(opened.records, wanted, "{body}");
        assert_eq!(count_conversations(&opened), count, "{body}");
    }
}

#[test]
fn content_that_is_named_and_did_not_come_along_at_all_is_an_error() {
    let one = |body| open_conversation(body, &Context::default()).is_ok();
    assert!(list(r#"{"conversations":[{"id":"1","content_ids":["a"]}],"paging":null}"#).is_err());
    assert!(!one(r#"{"conversation":{"id":"1","content_ids":["a"]}}"#));
    assert!(one(r#"{"conversation":{"id":"1","content_ids":[]}}"#));
}

#[test]
fn a_conversation_begins_with_its_first_message_and_else_at_the_time_it_is_sorted_by() {
    let messages =
        r#"{"id":"b","created_date":"2026-02-03T11:00:00"},{"id":"a","created_date":"2026-02-03T10:00:00"}"#;
    for (sorted, content, wanted) in [
        (r#""2026-02-03T12:00:00""#, messages, "Some(2026-02-03T10:00:00Z)"),
        (r#""2026-02-03T12:00:00""#, "", "Some(2026-02-03T12:00:00Z)"),
        ("null", messages, "Some(2026-02-03T10:00:00Z)"),
        ("null", "", "None"),
    ] {
        let mapped = group(&format!(r#"{{"id":"1","oldest_sort_date":{sorted}}}"#), content);
        assert_eq!(mapped.result, Ok(()));
        assert_eq!(
            mapped.column("conversations", "started_at"),
            [wanted],
            "{sorted} {content}"
        );
    }
}

#[test]
fn only_archived_is_closed_and_no_status_is_neither() {
    for (status, wanted) in [
        (r#""archived""#, "Some(true)"),
        (r#""unread""#, "Some(false)"),
        (r#""snoozed""#, "Some(false)"),
        ("null", "None"),
    ] {
        let mapped = group(&format!(r#"{{"id":"1","status":{status}}}"#), "");
        assert_eq!(mapped.column("conversations", "is_closed"), [wanted], "{status}");
    }
}

/// A message of a customer or of an agent, at a minute of an hour.
fn says(id: &str, writer: &str, minute: u8) -> String {
    format!(r#"{{"id":"{id}",{writer},"created_date":"2026-02-03T10:{minute:02}:00"}}"#)
}

const CUSTOMER: &str = r#""author":{"id":"t:1"},"is_by_source":false"#;
const AGENT: &str = r#""user":{"id":"5"}"#;
const NOBODY: &str = r#""text":"x""#;

#[test]
fn the_first_answer_is_the_first_message_to_the_customer_that_is_not_older_than_theirs() {
    for (content, at, seconds) in [
        (
            &[says("a", CUSTOMER, 5), says("b", AGENT, 20)][..],
            "Some(2026-02-03T10:20:00Z)",
            "Some(900)",
        ),
        // In whatever order they come.
        (
            &[says("b", AGENT, 20), says("a", CUSTOMER, 5)],
            "Some(2026-02-03T10:20:00Z)",
            "Some(900)",
        ),
        // The brand began; what it said before is no answer.
        (
            &[
                says("a", AGENT, 1),
                says("b", CUSTOMER, 5),
                says("c", CUSTOMER, 6),
                says("d", AGENT, 7),
                says("e", AGENT, 9),
            ],
            "Some(2026-02-03T10:07:00Z)",
            "Some(120)",
        ),
        (
            &[says("a", CUSTOMER, 5), says("b", AGENT, 5)],
            "Some(2026-02-03T10:05:00Z)",
            "Some(0)",
        ),
        // Nobody wrote, nobody answered, nobody asked.
        (&[], "None", "None"),
        (&[says("a", CUSTOMER, 5), says("b", NOBODY, 6)], "None", "None"),
        (&[says("a", AGENT, 5)], "None", "None"),
        // A message without a time may have been the first.
        (
            &[
                says("a", CUSTOMER, 5),
                says("b", AGENT, 20),
                format!(r#"{{"id":"c",{AGENT}}}"#),
            ],
            "None",
            "None",
        ),
    ] {
        let names: Vec<String> = content
            .iter()
            .map(|message| format!("\"{}\"", &message[7..8]))
            .collect();
        let header = format!(r#"{{"id":"1","content_ids":[{}]}}"#, names.join(","));
        let mapped = group(&header, &content.join(","));
        assert_eq!(
            mapped.column("conversations", "first_response_at"),
            [at],
            "{content:?}"
        );
        assert_eq!(
            mapped.column("conversations", "first_response_seconds"),
            [seconds],
            "{content:?}"
        );
        assert_eq!(
            mapped.column("conversations", "message_count"),
            [format!("{:?}", Some(content.len()))],
            "{content:?}"
        );
    }
}

#[test]
fn messages_that_did_not_come_are_counted_and_leave_the_first_answer_open() {
    let content = [says("a", CUSTOMER, 5), says("b", AGENT, 20)].join(",");
    for (names, count) in [
        (r#""content_ids":["a","b","c"]"#, "Some(3)"),
        (r#""content_ids":null"#, "None"),
        (r#""content_ids":{"is":"odd"}"#, "None"),
    ] {
        let mapped = group(&format!(r#"{{"id":"1",{names}}}"#), &content);
        assert_eq!(
            mapped.column("conversations", "message_count"),
            [count],
            "{names}"
        );
        assert_eq!(
            mapped.column("conversations", "first_response_at"),
            ["None"],
            "{names}"
        );
    }
}

#[test]
fn a_conversation_that_is_archived_was_settled_with_its_last_message_at_the_earliest() {
    let content = [says("a", CUSTOMER, 5), says("b", AGENT, 20)].join(",");
    for (status, content, wanted) in [
        ("archived", content.as_str(), "Some(2026-02-03T10:20:00Z)"),
        ("archived", "", "None"),
        ("unread", &content, "None"),
        ("", &content, "None"),
    ] {
        let header = format!(r#"{{"id":"1","status":"{status}","oldest_sort_date":"2026-02-03T09:00:00"}}"#);
        let mapped = group(&header, content);
        assert_eq!(
            mapped.column("conversations", "resolved_at"),
            [wanted],
            "{status}"
        );
    }
}

#[test]
fn handling_times_are_kept_as_they_came_but_for_their_layout() {
    for (json, wanted) in [
        (
            r#"[ {"seconds": 90, "by": "a \" b" } ]"#,
            Some(r#"[{"seconds":90,"by":"a \" b"}]"#),
        ),
        (
            r#"{"a\\": "b c", "total": 1.50}"#,
            Some(r#"{"a\\":"b c","total":1.50}"#),
        ),
        ("[]", None),
        ("{}", None),
        ("null", None),
    ] {
        let mapped = group(&format!(r#"{{"id":"1","handling_times":{json}}}"#), "");
        assert_eq!(
            mapped.column("conversations", "handling_times"),
            [format!("{wanted:?}")],
            "{json}"
        );
    }
}

#[test]
fn a_message_goes_out_when_an_agent_or_the_brand_wrote_it() {
    for (writer, wanted) in [
        (
            r#""user":{"id":"5"},"author":null,"is_by_source":true"#,
            r#"Some("outbound")"#,
        ),
        (
            r#""user":{"id":"5"},"author":{"id":"t:1"},"is_by_source":false"#,
            r#"Some("outbound")"#,
        ),
        (
            r#""user":null,"author":{"id":"t:1"},"is_by_source":true"#,
            r#"Some("outbound")"#,
        ),
        (
            r#""user":null,"author":{"id":"t:1"},"is_by_source":false"#,
            r#"Some("inbound")"#,
        ),
        (r#""author":{"id":"t:1"}"#, r#"Some("inbound")"#),
        (r#""is_by_source":false"#, r#"Some("inbound")"#),
        (NOBODY, "None"),
    ] {
        let mapped = group(r#"{"id":"1"}"#, &format!(r#"{{"id":"a",{writer}}}"#));
        assert_eq!(mapped.column("messages", "direction"), [wanted], "{writer}");
    }
}

#[test]
fn content_that_nobody_names_lands_unless_it_is_there() {
    let mapped = read(r#"{"content":[{"id":"a","text":"x"}]}"#);
    assert_eq!(mapped.result, Ok(()));
    let [rows] = mapped.batch.rows() else {
        panic!("one table")
    };
    assert_eq!(
        rows.ownership(),
        Ownership::Columns(&[]),
        "a message that was placed before is not displaced"
    );
    assert_eq!(mapped.column("messages", "conversation_id"), ["None"]);
}

#[test]
fn labels_are_replaced_as_a_set_and_only_where_the_vendor_shows_all_of_them() {
    for (tags, set, rows) in [
        (
            r#""tags":[{"id":"3","name":"Refund"},{"id":"4"}]"#,
            Some(&["1:3", "1:4"][..]),
            2,
        ),
        (r#""tags":[]"#, Some(&[]), 0),
        (r#""tags":null"#, None, 0),
        (r#""status":"x""#, None, 0),
        // One that cannot be read may be any.
        (r#""tags":[{"id":"3"},{"name":"Refund"}]"#, None, 1),
        (r#""tags":{"id":"3"}"#, None, 0),
    ] {
        let mapped = group(&format!(r#"{{"id":"1",{tags}}}"#), "");
        assert_eq!(mapped.result, Ok(()));
        let sets: Vec<&Children> = mapped.batch.children().iter().collect();
        let wanted: Option<Vec<String>> = set.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(sets.first().map(|set| set.ids.clone()), wanted, "{tags}");
        assert_eq!(mapped.column("conversation_tags", "tag_id").len(), rows, "{tags}");
        assert!(
            sets.iter()
                .all(|set| set.parent == "1" && set.column == "conversation_id")
        );
    }
}

#[test]
fn a_field_that_cannot_be_read_costs_itself_alone() {
    let mapped = group(
        r#"{"id":"1","status":{"is":"x"},"is_priority":"perhaps","author":[1],"oldest_sort_date":"soon"}"#,
        r#"{"id":"a","created_date":"soon","sentiment":"good"},{"id":"b"}"#,
    );
    assert_eq!(mapped.result, Ok(()));
    assert_eq!(mapped.batch.len(), 3);
    assert_eq!(
        mapped.faults,
        [
            "created_date",
            "sentiment",
            "oldest_sort_date",
            "status",
            "is_priority",
            "author"
        ]
    );
}

#[test]
fn what_can_be_read_of_a_group_lands_beside_its_reject() {
    // A message without a key, then a conversation without one.
    let mapped = group(r#"{"id":"1"}"#, r#"{"text":"x"},{"id":"b"}"#);
    assert_eq!(mapped.result, Err(MapError::Missing("content.id")));
    assert_eq!(
        (mapped.column("messages", "conversation_id"), mapped.batch.len()),
        (vec![r#"Some("1")"#.to_owned()], 2)
    );
    let mapped = group(r#"{"status":"x"}"#, r#"{"id":"b"}"#);
    assert_eq!(mapped.result, Err(MapError::Missing("id")));
    assert_eq!(
        (mapped.column("messages", "conversation_id"), mapped.batch.len()),
        (vec!["None".to_owned()], 1)
    );
}
