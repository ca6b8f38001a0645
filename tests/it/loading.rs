//! What the loader and the end of a walk do beyond calls and agents: children, gap fillers, absences, ids, fields, the future.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{
    Batch, Children, Contact, Conversation, ConversationTag, Entity as _, Recording, Table,
};
use connectors::source::{Keys, Reference, Request, Window};
use convene::warehouse::{Absences, Earned, End, Ground, Lookup, Purpose, Reach};

use crate::desk::{Desk, STREAM, earned};

fn conversation(id: &str) -> Conversation {
    Conversation {
        id: id.to_owned(),
        ..Conversation::default()
    }
}

fn tagged(id: &str, tags: &[&str]) -> Batch {
    let mut batch = Batch::default();
    batch.push(conversation(id), "{}");
    let ids: Vec<String> = tags.iter().map(|tag| format!("{id}:{tag}")).collect();
    for (tag, own) in tags.iter().zip(&ids) {
        let row = ConversationTag {
            id: own.clone(),
            conversation_id: Some(id.to_owned()),
            tag_id: Some((*tag).to_owned()),
            tag_name: None,
        };
        batch.push(row, "{}");
    }
    batch.replace(Children {
        table: ConversationTag::TABLE,
        column: "conversation_id",
        parent: id.to_owned(),
        ids,
    });
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_that_their_parent_lost_are_marked_and_those_of_others_stay() {
    let desk = Desk::new().await;
    let mut both = tagged("a", &["1", "2"]);
    both.append(tagged("b", &["1", "2"]));
    desk.walk(both, |_, _| ()).await;
    let counts = desk.walk(tagged("a", &["2", "3"]), |_, _| ()).await;
    assert_eq!((counts.inserted, counts.deleted), (1, 1), "{counts:?}");
    let living = "select id from warehouse.conversation_tags where deleted_at is null order by 1";
    assert_eq!(desk.texts(living).await, ["a:2", "a:3", "b:1", "b:2"]);
    desk.walk(tagged("a", &["1"]), |_, _| ()).await;
    assert_eq!(
        desk.texts(living).await,
        ["a:1", "b:1", "b:2"],
        "the first is revived"
    );
    desk.walk(tagged("a", &[]), |_, _| ()).await;
    assert_eq!(desk.texts(living).await, ["b:1", "b:2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_filler_lands_where_nothing_is_and_overwrites_nothing() {
    let desk = Desk::new().await;
    let recording = |id: &str, url: &str| Recording {
        id: id.to_owned(),
        url: Some(url.to_owned()),
        ..Recording::default()
    };
    let mut first = Batch::default();
    first.push(recording("1", "known"), "{}");
    desk.walk(first, |_, _| ()).await;
    for is_new_ground in [true, false] {
        let mut fill = Batch::default();
        fill.fill(recording("1", "second hand"), r#"{"second": 1}"#);
        fill.fill(recording("2", "second hand"), r#"{"second": 2}"#);
        desk.walk(fill, |load, _| load.is_new_ground = is_new_ground)
            .await;
        let urls = "select id || ' ' || url from warehouse.recordings order by 1";
        assert_eq!(desk.texts(urls).await, ["1 known", "2 second hand"]);
    }
    let mut better = Batch::default();
    better.push(recording("2", "first hand"), "{}");
    assert_eq!(desk.walk(better, |_, _| ()).await.updated, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_must_be_absent_twice_is_marked_the_second_time_in_a_row() {
    let desk = Desk::new().await;
    let all = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    let mut batch = Batch::default();
    for id in all {
        batch.push(conversation(id), "{}");
    }
    desk.walk(batch, |_, _| ()).await;
    let met = |missing: &[&str]| -> Vec<String> {
        let met = all.iter().filter(|id| !missing.contains(id));
        met.map(|id| (*id).to_owned()).collect()
    };
    let mut deleted = Vec::new();
    for missing in [
        &["a"][..],
        &["b"],
        &["a"],
        &["a"],
        &["b", "c", "d"],
        &["b", "c", "d"],
    ] {
        let seen = met(missing);
        let counts = desk
            .walk(Batch::default(), |_, earned| {
                // The ids outlive the walk.
                let seen: &'static [String] = Vec::leak(seen);
                earned.absences = vec![absences(Conversation::TABLE, seen, 2)];
            })
            .await;
        deleted.push(counts.deleted);
    }
    assert_eq!(
        deleted,
        [0, 0, 0, 1, 0, 0],
        "three of ten at once wait for an operator"
    );
    let gone = "select id from warehouse.conversations where deleted_at is not null";
    assert_eq!(desk.texts(gone).await, ["a"]);
}

fn absences(table: &'static Table, seen: &'static [String], walks: u32) -> Absences<'static> {
    Absences {
        stream: STREAM,
        table,
        seen,
        only: None,
        walks,
        limit: 0.1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_counts_only_within_its_part_of_the_table() {
    let desk = Desk::new().await;
    let mut batch = Batch::default();
    for (id, kind) in [("a", "lead"), ("b", "lead"), ("c", "non-lead")] {
        let kind = Some(kind.to_owned());
        batch.push(
            Conversation {
                kind,
                ..conversation(id)
            },
            "{}",
        );
    }
    desk.walk(batch, |_, _| ()).await;
    let counts = desk
        .walk(Batch::default(), |_, earned| {
            let seen = Vec::leak(vec!["a".to_owned()]);
            let only = Some(("kind", "lead".to_owned()));
            earned.absences = vec![Absences {
                only,
                ..absences(Conversation::TABLE, seen, 1)
            }];
        })
        .await;
    assert_eq!(counts.deleted, 1);
    let living = "select id from warehouse.conversations where deleted_at is null order by 1";
    assert_eq!(desk.texts(living).await, ["a", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_due_until_they_were_asked_for_the_newest_first_and_again_when_they_are_old() {
    let desk = Desk::new().await;
    let day = |day: i64| Some(DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day));
    let mut batch = Batch::default();
    for (id, contact, started, closed) in [
        ("1", "ann", 1, false),
        ("2", "bea", 3, false),
        ("3", "ann", 2, false),
        ("4", "cleo", 0, true),
    ] {
        let row = Conversation {
            contact_id: Some(contact.to_owned()),
            started_at: day(started),
            is_closed: Some(closed),
            ..conversation(id)
        };
        batch.push(row, "{}");
    }
    desk.walk(batch, |_, _| ()).await;
    let keys = |budget| Keys {
        references: &[Reference {
            table: Conversation::TABLE,
            column: "contact_id",
            newest_by: "started_at",
            unless: Some("is_closed"),
        }],
        renew_after: TimeDelta::days(30),
        budget,
        question: |id, _| Request::get(format!("authors/{id}")),
    };
    let due = async |budget, now: DateTime<Utc>| {
        let keys = keys(budget);
        let due = desk.warehouse.due_keys(&desk.lease, STREAM, &keys, now);
        let due = due.await.expect("the warehouse answers");
        (due.ids.join(" "), due.left)
    };
    let now = desk.warehouse.now().await.expect("the server tells the time");
    assert_eq!(due(9, now).await, ("bea ann".to_owned(), 0));
    assert_eq!(due(1, now).await, ("bea".to_owned(), 1));
    let mut found = Batch::default();
    let contact = Contact {
        id: "bea".to_owned(),
        ..Contact::default()
    };
    found.push(contact, "{}");
    let lookup = |id: &str, is_missing| Lookup {
        id: id.to_owned(),
        is_missing,
    };
    let lookups = vec![lookup("bea", false), lookup("ann", true)];
    desk.walk(found, |load, _| load.lookups = lookups).await;
    assert_eq!(due(9, now).await, (String::new(), 0));
    let later = now + TimeDelta::days(31);
    assert_eq!(
        due(9, later).await,
        ("bea ann".to_owned(), 0),
        "a missing one too"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_appear_and_fields_that_vanish_are_noted_and_a_few_records_prove_nothing() {
    let desk = Desk::new().await;
    for (fields, record_count) in [
        (&["id", "name"][..], 3),
        (&["id", "name", "score"], 3),
        (&["id"], 99),
        (&["id", "score"], 100),
    ] {
        desk.walk(Batch::default(), |_, earned| {
            let fields = fields.iter().map(|field| (*field).to_owned()).collect();
            earned.fields = Vec::leak(vec![("conversations", fields)]);
            earned.record_count = record_count;
        })
        .await;
    }
    let story = "select field || case when is_new then ' is new' else '' end
            || case when gone_since is not null then ' is gone' else '' end from sync.drift order by 1";
    assert_eq!(desk.texts(story).await, ["id", "name is gone", "score is new"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_reaches_into_the_future_covers_the_past_only() {
    let desk = Desk::new().await;
    let now = desk.warehouse.now().await.expect("the server tells the time");
    let ground = Ground {
        stream: STREAM,
        tables: &[Conversation::TABLE],
        since: Some(now - TimeDelta::days(2)),
        default_since: now,
        overlap: TimeDelta::zero(),
        trailing: &[],
    };
    let coverage = async || {
        desk.warehouse
            .coverage(&desk.lease, &ground, now)
            .await
            .expect("it answers")
    };
    coverage().await;
    for (since, until) in [(-1, 1), (2, 3)] {
        let window = Window {
            since: now + TimeDelta::days(since),
            until: now + TimeDelta::days(until),
        };
        let walk = desk.begin(Purpose::Gap, Some(window)).await;
        let reach = Reach::Window;
        let end = End::Complete(Earned { reach, ..earned() });
        let ended = desk.warehouse.end_walk(&desk.lease, walk, (0, None), end).await;
        ended.expect("it ends");
    }
    let covered = coverage().await.covered;
    let [window] = covered.as_slice() else {
        panic!("{covered:?}")
    };
    assert_eq!(window.since, now - TimeDelta::days(1));
    assert!(
        window.until >= now && window.until < now + TimeDelta::hours(1),
        "{window}"
    );
}
