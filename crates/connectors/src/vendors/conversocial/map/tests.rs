//! Conversations, messages and customers as rows.

use super::*;
use crate::schema::{Region, Values};
use crate::source::{Ask, Request, Window};

fn read(
    record: &str,
    map: fn(&Item<'_>, &mut Batch) -> Result<(), MapError>,
) -> (Batch, Result<(), MapError>) {
    let since = "2026-02-03T00:00:00Z".parse().unwrap();
    let window = Window { since, until: since };
    let item = Item {
        record,
        ask: &Ask::first(Request::get("conversations"), window),
        account: &Account::new(chrono_tz::UTC, Region::US),
    };
    let mut batch = Batch::default();
    let result = map(&item, &mut batch);
    (batch, result)
}

/// The values of a column, as text.
fn column(batch: &Batch, table: &str, column: &str) -> Vec<String> {
    let of_table = batch.rows().iter().filter(|rows| rows.table().name == table);
    of_table
        .flat_map(|rows| {
            let place = rows
                .table()
                .columns
                .iter()
                .position(|own| own.name == column)
                .unwrap();
            match &rows.columns()[place] {
                Values::Text(values) => values
                    .iter()
                    .map(|value| format!("{value:?}"))
                    .collect::<Vec<_>>(),
                Values::Instant(values) => values.iter().map(|value| format!("{value:?}")).collect(),
                Values::Boolean(values) => values.iter().map(|value| format!("{value:?}")).collect(),
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

fn group(header: &str, content: &str) -> (Batch, Result<(), MapError>) {
    read(
        &format!(r#"{{"conversation":{header},"content":[{content}]}}"#),
        conversation,
    )
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
        let (batch, result) = group(&format!(r#"{{"id":"1","oldest_sort_date":{sorted}}}"#), content);
        assert_eq!(result, Ok(()));
        assert_eq!(
            column(&batch, "conversations", "started_at"),
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
        let (batch, _) = group(&format!(r#"{{"id":"1","status":{status}}}"#), "");
        assert_eq!(column(&batch, "conversations", "is_closed"), [wanted], "{status}");
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
        (r#""text":"x""#, "None"),
    ] {
        let (batch, _) = group(r#"{"id":"1"}"#, &format!(r#"{{"id":"a",{writer}}}"#));
        assert_eq!(column(&batch, "messages", "direction"), [wanted], "{writer}");
    }
}

#[test]
fn content_that_nobody_names_lands_unless_it_is_there() {
    let (batch, result) = read(r#"{"content":[{"id":"a","text":"x"}]}"#, conversation);
    assert_eq!(result, Ok(()));
    let [rows] = batch.rows() else { panic!("one table") };
    assert!(
        rows.fills_gaps(),
        "a message that was placed before is not displaced"
    );
    assert_eq!(column(&batch, "messages", "conversation_id"), ["None"]);
}

#[test]
fn labels_are_replaced_as_a_set_and_only_where_the_vendor_shows_them() {
    for (tags, wanted) in [
        (
            r#""tags":[{"id":"3","name":"Refund"},{"id":"4"}]"#,
            Some(&["1:3", "1:4"][..]),
        ),
        (r#""tags":[]"#, Some(&[])),
        (r#""tags":null"#, None),
        (r#""status":"x""#, None),
    ] {
        let (batch, result) = group(&format!(r#"{{"id":"1",{tags}}}"#), "");
        assert_eq!(result, Ok(()));
        let sets: Vec<&Children> = batch.children().iter().collect();
        assert_eq!(
            sets.first().map(|set| &set.ids[..]),
            wanted
                .map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
                .as_deref(),
            "{tags}"
        );
        assert!(
            sets.iter()
                .all(|set| set.parent == "1" && set.column == "conversation_id")
        );
    }
}

#[test]
fn what_can_be_read_of_a_group_lands_beside_its_reject() {
    // A message of an unknown form, then a conversation of one.
    let (batch, result) = group(r#"{"id":"1"}"#, r#"{"id":"a","created_date":"soon"},{"id":"b"}"#);
    assert_eq!(result, Err(MapError::Unknown("created_date")));
    assert_eq!(
        (column(&batch, "messages", "conversation_id"), batch.len()),
        (vec![r#"Some("1")"#.to_owned()], 2)
    );
    let (batch, result) = group(r#"{"id":"1","status":{"is":"x"}}"#, r#"{"id":"b"}"#);
    assert!(result.is_err());
    assert_eq!(
        (column(&batch, "messages", "conversation_id"), batch.len()),
        (vec![r#"Some("1")"#.to_owned()], 1)
    );
}

#[test]
fn a_customer_with_one_odd_field_lands_and_is_rejected_as_well() {
    let (batch, result) = read(
        r#"{"id":"t:1","real_name":"Dana Example","location":{"lat":1}}"#,
        contact,
    );
    assert_eq!(result, Err(MapError::Unknown("location")));
    assert_eq!(column(&batch, "contacts", "name"), [r#"Some("Dana Example")"#]);
    let (batch, result) = read(r#"{"real_name":"Dana Example"}"#, contact);
    assert_eq!((batch.len(), result), (0, Err(MapError::Missing("id"))));
}
