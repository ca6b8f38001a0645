//! The readers of single members, as tables of cases.

use std::collections::BTreeSet;

use super::*;
use crate::schema::{Region, Rows, Values};
use crate::source::{Faults, FieldFault};
use crate::vendors::convertalk::feed::MET_BEFORE;

struct Read {
    batch: Batch,
    faults: Vec<FieldFault>,
}

/// What a record of a listing becomes in the first pass.
fn read(record: &str, listing: Listing) -> Result<Read, MapError> {
    let context = Context::default().with(BOT, "b1").with(LISTING, listing.word());
    read_in(record, &context)
}

fn read_in(record: &str, context: &Context) -> Result<Read, MapError> {
    let faults = Faults::new();
    let item = Item {
        record,
        context,
        account: &Account::new(chrono_tz::UTC, Region::US),
        faults: &faults,
    };
    let mut batch = Batch::default();
    map_chat(&item, &mut batch)?;
    Ok(Read {
        batch,
        faults: faults.into_list(),
    })
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
        let batch = read(record, Listing::Lead).unwrap().batch;
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
fn a_record_needs_its_id_and_no_other_member_costs_it() {
    for (record, fault_count) in [
        (r#"{"_id":"a1"}"#, 0),
        (
            r#"{"_id":"a1","lastMessage":null,"profile":null,"_agentAssigned":null,"status":"SURPRISE"}"#,
            0,
        ),
        (
            r#"{"_id":"a1","profile":{"userDetails":{"contact":null,"tags":[]}},"lastMessage":{}}"#,
            0,
        ),
        (r#"{"_id":"a1","createdAt":"yesterday"}"#, 1),
        (r#"{"_id":"a1","lastMessage":7,"websiteVisits":-1}"#, 2),
        (
            r#"{"_id":"a1","profile":{"userDetails":{"tags":"solar","attributes":7}}}"#,
            2,
        ),
        (r#"{"_id":"a1","lastMessage":{"text":"half \ud83d"}}"#, 0),
    ] {
        let read = read(record, Listing::Lead).unwrap();
        assert_eq!(
            rows(&read.batch, "conversations").unwrap().ids(),
            ["a1"],
            "{record}"
        );
        assert_eq!(read.faults.len(), fault_count, "{record}: {:?}", read.faults);
    }
    for record in [r#"{"uuid":"u"}"#, r#"{"_id":""}"#] {
        let error = read(record, Listing::Lead).err();
        assert_eq!(error, Some(MapError::Missing("_id")), "{record}");
    }
}

#[test]
fn the_last_message_has_an_id_made_of_all_that_tells_it_apart() {
    let id = |message: &str| {
        let record = format!(r#"{{"_id":"a1","lastMessage":{message}}}"#);
        let batch = read(&record, Listing::Lead).unwrap().batch;
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
        let batch = read(&record, Listing::NonLead).unwrap().batch;
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
        let batch = read(&record, Listing::Lead).unwrap().batch;
        let told = text(&batch, "conversations", "last_activity_at");
        assert_eq!(told.as_deref().map(|at| &at[11..19]), wanted, "{seen} {written}");
    }
}

#[test]
fn a_late_page_does_not_make_a_lead_a_chat_again() {
    let record = |seen: &str| format!(r#"{{"_id":"a1","lastSeenAt":"2026-02-03T{seen}Z"}}"#);
    for (seen, listing, is_second, fills) in [
        ("09:00:00", Listing::NonLead, false, false),
        ("09:00:00", Listing::NonLead, true, true),
        ("09:59:00", Listing::NonLead, true, false),
        ("09:00:00", Listing::Lead, true, false),
    ] {
        let context = Context::default().with(BOT, "b1").with(LISTING, listing.word());
        let context = if is_second {
            context.with(MET_BEFORE, "2026-02-03T09:55:00+00:00")
        } else {
            context
        };
        let batch = read_in(&record(seen), &context).unwrap().batch;
        let is_filling = !rows(&batch, "conversations").unwrap().ownership().has("kind");
        assert_eq!(is_filling, fills, "{seen} {listing:?} {is_second}");
        assert_eq!(rows(&batch, "leads").is_some(), listing == Listing::Lead);
        let lead = text(&batch, "conversations", "lead_id");
        assert_eq!(lead.is_some(), listing == Listing::Lead);
    }
}

#[test]
fn what_belongs_to_a_chat_is_complete_where_the_record_has_the_list() {
    for (table, member, wanted) in [
        (
            "conversation_tags",
            r#""userDetails":{"tags":["solar","vip","solar","",null]}"#,
            Some(vec!["a1:solar", "a1:vip"]),
        ),
        ("conversation_tags", r#""userDetails":{"tags":[]}"#, Some(vec![])),
        ("conversation_tags", r#""userDetails":{}"#, None),
        ("conversation_tags", r#""userDetails":{"tags":7}"#, None),
        (
            "contact_notes",
            r#""notes":[{"_id":"n1","title":"Budget","description":"a quote"},{"title":"no id"},7]"#,
            Some(vec!["a1:n1"]),
        ),
        (
            "contact_attributes",
            r#""userDetails":{"attributes":[{"key":"roof","value":"flat"},{"key":"roof","value":"steep"},{"key":""}]}"#,
            Some(vec!["a1:roof"]),
        ),
        ("contact_attributes", r#""notes":[]"#, None),
    ] {
        let record = format!(r#"{{"_id":"a1","profile":{{{member}}}}}"#);
        let batch = read(&record, Listing::NonLead).unwrap().batch;
        let told = batch.children().iter().find(|set| set.table.name == table);
        let told: Option<Vec<&str>> = told.map(|set| set.ids.iter().map(String::as_str).collect());
        assert_eq!(told, wanted, "{member}");
        let ids = rows(&batch, table).map_or(0, Rows::len);
        assert_eq!(ids, wanted.map_or(0, |ids| ids.len()), "{member}");
    }
}

#[test]
fn notes_and_attributes_are_read_with_their_texts() {
    let record = r#"{"_id":"a1","profile":{"notes":[{"_id":"n1","title":"Budget","description":"a quote"}],
        "userDetails":{"attributes":[{"key":"roof","value":"flat"},{"key":"roof","value":"steep"}]}}}"#;
    let batch = read(record, Listing::NonLead).unwrap().batch;
    assert_eq!(
        text(&batch, "contact_notes", "text").as_deref(),
        Some("Budget: a quote")
    );
    assert_eq!(
        text(&batch, "contact_attributes", "value").as_deref(),
        Some("steep")
    );
}

#[test]
fn a_lead_is_read_without_blanks_and_empty_texts() {
    let record = r#"{"_id":"a1","profile":{"userDetails":{"name":"Rowan Sample ","gender":"",
        "contact":{"email":"Rowan@Sim.Example","phone":{"number":"02079460018","prefix":"+44"}},"city":" ","country":"null"}}}"#;
    let batch = read(record, Listing::Lead).unwrap().batch;
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
fn each_bot_is_a_partition_and_a_channel_with_the_name_of_the_settings() {
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let options = crate::source::Options {
        values: [
            (BOTS, list(&["b2", "b1", "b2"])),
            (BOT_NAMES, list(&["b1: Website"])),
            ("customer_id", list(&["c"])),
        ]
        .into(),
        ..crate::source::Options::default()
    };
    let account = Account {
        options: std::sync::Arc::new(options),
        ..Account::new(chrono_tz::UTC, Region::US)
    };
    assert_eq!(list_bots(&account), ["b2", "b1"]);
    for (bot, name) in [("b1", Some("Website")), ("b2", None)] {
        let item = Item {
            record: r#"{"_id":"a1"}"#,
            context: &Context::default().with(BOT, bot).with(LISTING, "lead"),
            account: &account,
            faults: &Faults::new(),
        };
        let mut batch = Batch::default();
        map_chat(&item, &mut batch).unwrap();
        assert_eq!(rows(&batch, "channels").unwrap().ids(), [bot]);
        assert_eq!(text(&batch, "channels", "name").as_deref(), name);
        assert_eq!(text(&batch, "channels", "account_id").as_deref(), Some("c"));
    }
}
