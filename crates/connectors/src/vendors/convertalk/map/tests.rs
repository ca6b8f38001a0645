//! The readers of single members, as tables of cases.

use std::borrow::Cow;

use super::*;
use crate::schema::{Region, Rows, Values};
use crate::source::{Ask, Request, Window};

fn window() -> Window {
    Window {
        since: "2026-02-03T09:00:00Z".parse().unwrap(),
        until: "2026-02-03T10:00:00Z".parse().unwrap(),
    }
}

/// What a record of a listing becomes in a stage of the walk.
fn read(record: &str, kind: &str, stage: u8) -> Result<Batch, MapError> {
    let request = Request::get("inbox/direct/chats")
        .with("botId", "b1")
        .with("type", kind);
    let account = Account::new(chrono_tz::UTC, Region::US);
    let item = Item {
        record,
        ask: &Ask::first(request.clone(), window()).again(request, stage),
        account: &account,
    };
    let mut batch = Batch::default();
    chat(&item, &mut batch).map(|()| batch)
}

fn rows<'a>(batch: &'a Batch, table: &str) -> Option<&'a Rows> {
    batch.rows().iter().find(|rows| rows.table().name == table)
}

fn text(batch: &Batch, table: &str, column: &str) -> Option<String> {
    let rows = rows(batch, table)?;
    let place = rows.table().columns.iter().position(|own| own.name == column)?;
    match &rows.columns()[place] {
        Values::Text(values) => values[0].clone(),
        Values::Instant(values) => values[0].map(|at| at.to_rfc3339()),
        Values::Boolean(values) => values[0].map(|yes| yes.to_string()),
        _ => None,
    }
}

#[test]
fn only_what_means_something_changes_the_hash() {
    let hash = |record: &str| {
        let batch = read(record, "lead", 0).unwrap();
        ["conversations", "leads"].map(|table| rows(&batch, table).unwrap().hashes()[0])
    };
    let plain = r#"{"_id":"a1","updatedAt":"2026-02-03T08:00:00.000Z","isOnline":false,"unreadMessages":0,"unreadMessage":[],"status":"OPEN","lastSeenAt":"2026-02-03T08:00:00.000Z"}"#;
    let turned = r#"{"isOnline":false,"unreadMessage":[],"status":"OPEN","_id":"a1","unreadMessages":0,"lastSeenAt":"2026-02-03T08:00:00.000Z","updatedAt":"2026-02-03T08:00:00.000Z"}"#;
    assert_eq!(hash(plain), hash(turned), "the order of members");
    for (from, to, differs) in [
        (r#""isOnline":false"#, r#""isOnline":true"#, false),
        (r#""unreadMessages":0"#, r#""unreadMessages":3"#, false),
        (
            r#""unreadMessage":[]"#,
            r#""unreadMessage":[{"userId":"u","count":1}]"#,
            false,
        ),
        (
            r#""updatedAt":"2026-02-03T08"#,
            r#""updatedAt":"2026-02-03T09"#,
            false,
        ),
        (r#""status":"OPEN""#, r#""status":"CLOSED""#, true),
        (
            r#""lastSeenAt":"2026-02-03T08"#,
            r#""lastSeenAt":"2026-02-03T09"#,
            true,
        ),
        (r#""_id":"a1""#, r#""_id":"a1","websiteVisits":2"#, true),
    ] {
        let edited = plain.replacen(from, to, 1);
        assert_ne!(edited, plain, "{from}");
        assert_eq!(hash(plain)[0] != hash(&edited)[0], differs, "{to}");
        assert_eq!(hash(plain)[1] != hash(&edited)[1], differs, "{to}");
    }
}

#[test]
fn a_record_needs_its_id_and_nothing_else() {
    for (record, wanted) in [
        (r#"{"_id":"a1"}"#, Ok(())),
        (
            r#"{"_id":"a1","lastMessage":null,"profile":null,"_agentAssigned":null,"status":"SURPRISE"}"#,
            Ok(()),
        ),
        (
            r#"{"_id":"a1","profile":{"userDetails":{"contact":null,"tags":[]}},"lastMessage":{}}"#,
            Ok(()),
        ),
        (r#"{"uuid":"u"}"#, Err(MapError::Missing("_id"))),
        (r#"{"_id":""}"#, Err(MapError::Missing("_id"))),
        (
            r#"{"_id":"a1","createdAt":"yesterday"}"#,
            Err(MapError::Unknown("createdAt")),
        ),
        (
            r#"{"_id":"a1","lastMessage":7}"#,
            Err(MapError::Unknown("lastMessage")),
        ),
        (
            r#"{"_id":"a1","profile":{"userDetails":{"tags":"solar"}}}"#,
            Err(MapError::Unknown("tags")),
        ),
    ] {
        assert_eq!(read(record, "lead", 0).map(|_| ()), wanted, "{record}");
    }
}

#[test]
fn the_last_message_has_an_id_made_of_all_that_tells_it_apart() {
    let id = |message: &str| {
        let batch = read(&format!(r#"{{"_id":"a1","lastMessage":{message}}}"#), "lead", 0).unwrap();
        rows(&batch, "messages").map(|rows| rows.ids()[0].clone())
    };
    let told = id(r#"{"text":"hi","by":"bot","at":"2026-02-03T08:00:00.000Z"}"#);
    let prefix = "a1:2026-02-03T08:00:00Z:bot:";
    assert!(told.is_some_and(|id| id.starts_with(prefix) && id.len() == prefix.len() + 8));
    let all = [
        r#"{"text":"hi","by":"bot","at":"2026-02-03T08:00:00Z"}"#,
        r#"{"text":"ho","by":"bot","at":"2026-02-03T08:00:00Z"}"#,
        r#"{"text":"hi","by":"user","at":"2026-02-03T08:00:00Z"}"#,
        r#"{"text":"hi","by":"bot","at":"2026-02-03T08:00:01Z"}"#,
        r#"{"text":"","by":"bot","at":"2026-02-03T08:00:01Z"}"#,
        r#"{"text":"hi"}"#,
    ];
    let ids: BTreeSet<Option<String>> = all.into_iter().map(id).collect();
    assert_eq!(ids.len(), all.len(), "{ids:?}");
    assert!(!ids.contains(&None));
    assert_eq!(id(r#"{"by":"bot","text":"","at":null}"#), None);
}

#[test]
fn the_sender_gives_a_message_its_direction() {
    for (by, wanted) in [
        ("bot", Some("outbound")),
        ("agent", Some("outbound")),
        ("user", Some("inbound")),
        ("system", None),
        ("", None),
    ] {
        let record = format!(r#"{{"_id":"a1","lastMessage":{{"text":"hi","by":"{by}"}}}}"#);
        let batch = read(&record, "non-lead", 0).unwrap();
        assert_eq!(text(&batch, "messages", "direction").as_deref(), wanted, "{by}");
    }
}

#[test]
fn activity_is_the_later_of_seen_and_written() {
    for (seen, written, wanted) in [
        ("2026-02-03T08:00:00Z", "2026-02-03T07:00:00Z", Some("08:00:00")),
        ("2026-02-03T06:00:00Z", "2026-02-03T07:00:00Z", Some("07:00:00")),
        ("", "2026-02-03T07:00:00+01:00", Some("06:00:00")),
        ("2026-02-03 08:00:00", "", Some("08:00:00")),
        ("", "", None),
    ] {
        let record = format!(r#"{{"_id":"a1","lastSeenAt":"{seen}","lastMessage":{{"at":"{written}"}}}}"#);
        let told = text(
            &read(&record, "lead", 0).unwrap(),
            "conversations",
            "last_activity_at",
        );
        assert_eq!(told.as_deref().map(|at| &at[11..19]), wanted, "{seen} {written}");
    }
}

#[test]
fn a_late_page_does_not_make_a_lead_a_chat_again() {
    let record = |seen: &str| format!(r#"{{"_id":"a1","lastSeenAt":"2026-02-03T{seen}Z"}}"#);
    for (seen, kind, stage, fills) in [
        ("09:00:00", "non-lead", 0, false),
        ("09:00:00", "non-lead", 2, false),
        ("09:00:00", "non-lead", 1, true),
        ("09:00:00", "non-lead", 3, true),
        ("09:59:00", "non-lead", 1, false),
        ("09:00:00", "lead", 1, false),
    ] {
        let batch = read(&record(seen), kind, stage).unwrap();
        let is_filling = rows(&batch, "conversations").unwrap().fills_gaps();
        assert_eq!(is_filling, fills, "{seen} {kind} {stage}");
        assert_eq!(rows(&batch, "leads").is_some(), kind == "lead");
        let lead = text(&batch, "conversations", "lead_id");
        assert_eq!(lead.is_some(), kind == "lead");
    }
}

#[test]
fn labels_are_complete_where_the_record_has_the_list() {
    for (tags, wanted) in [
        (
            Some(r#"["solar","vip","solar","",null]"#),
            Some(vec!["a1:solar", "a1:vip"]),
        ),
        (Some("[]"), Some(vec![])),
        (None, None),
    ] {
        let tags = tags.map(|tags| format!(r#""tags":{tags}"#)).unwrap_or_default();
        let record = format!(r#"{{"_id":"a1","profile":{{"userDetails":{{{tags}}}}}}}"#);
        let batch = read(&record, "lead", 0).unwrap();
        let told = batch.children().first();
        let told: Option<Vec<&str>> = told.map(|set| set.ids.iter().map(String::as_str).collect());
        assert_eq!(told, wanted);
        let ids = rows(&batch, "conversation_tags").map_or(0, Rows::len);
        assert_eq!(ids, wanted.map_or(0, |ids| ids.len()));
    }
}

#[test]
fn a_lead_is_read_without_blanks_and_empty_texts() {
    let record = r#"{"_id":"a1","profile":{"userDetails":{"name":"Rowan Sample ","gender":"",
        "contact":{"email":"Rowan@Sim.Example","phone":{"number":"02079460018","prefix":"+44"}},"city":" ","country":"null"}}}"#;
    let batch = read(record, "lead", 0).unwrap();
    for (column, wanted) in [
        ("name", Some("Rowan Sample")),
        ("email", Some("rowan@sim.example")),
        ("phone_number", Some("+4402079460018")),
        ("phone_e164", Some("+442079460018")),
        ("city", None),
        ("country", None),
        ("gender", None),
        ("channel_id", Some("b1")),
    ] {
        assert_eq!(text(&batch, "leads", column).as_deref(), wanted, "{column}");
    }
}

#[test]
fn a_contact_takes_the_first_platform() {
    let account = Account::new(chrono_tz::UTC, Region::US);
    for (platform, flag, wanted) in [
        (
            r#"["WEBSITE","WHATSAPP"]"#,
            "true",
            (Some("WEBSITE"), Some("true")),
        ),
        ("[]", "false", (None, Some("false"))),
        ("null", "null", (None, None)),
    ] {
        let record: Cow<'_, str> =
            format!(r#"{{"_id":"a1","platform":{platform},"isContact":{flag}}}"#).into();
        let item = Item {
            record: &record,
            ask: &Ask::first(crate::vendors::convertalk::lists::contacts(1), window()),
            account: &account,
        };
        let mut batch = Batch::default();
        contact(&item, &mut batch).unwrap();
        let told = [
            text(&batch, "contacts", "platform"),
            text(&batch, "contacts", "is_lead"),
        ];
        assert_eq!((told[0].as_deref(), told[1].as_deref()), wanted);
    }
}
