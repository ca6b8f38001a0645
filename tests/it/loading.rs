//! What the loader and the end of a slice do beyond calls and agents: children, gap fillers, absences, ids, fields, the future.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::reader::Lookup;
use connectors::schema::{
    Batch, Children, Contact, Conversation, ConversationTag, Entity as _, Recording, Table,
};
use connectors::source::{FaultKind, FieldFault, LookupPolicy, Reference, Window};
use convene::warehouse::{
    Absences, ColumnValue, Completion, PartitionSpec, Purpose, Reach, SliceId, SliceVerdict, TableFields,
};

use crate::support::loader::{STREAM, TestLoader, completion, spec};

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
    let loader = TestLoader::new().await;
    let mut both = tagged("a", &["1", "2"]);
    both.append(tagged("b", &["1", "2"]));
    loader.slice(both, |_, _| ()).await;
    let counts = loader.slice(tagged("a", &["2", "3"]), |_, _| ()).await;
    assert_eq!((counts.inserted, counts.deleted), (1, 1), "{counts:?}");
    let living = "select id from warehouse.conversation_tags where deleted_at is null order by 1";
    assert_eq!(loader.texts(living).await, ["a:2", "a:3", "b:1", "b:2"]);
    loader.slice(tagged("a", &["1"]), |_, _| ()).await;
    assert_eq!(
        loader.texts(living).await,
        ["a:1", "b:1", "b:2"],
        "the first is revived"
    );
    loader.slice(tagged("a", &[]), |_, _| ()).await;
    assert_eq!(loader.texts(living).await, ["b:1", "b:2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_filler_lands_where_nothing_is_and_overwrites_nothing() {
    let loader = TestLoader::new().await;
    let recording = |id: &str, url: &str| Recording {
        id: id.to_owned(),
        url: Some(url.to_owned()),
        ..Recording::default()
    };
    let mut first = Batch::default();
    first.push(recording("1", "known"), "{}");
    loader.slice(first, |_, _| ()).await;
    for is_new_ground in [true, false] {
        let mut fill = Batch::default();
        fill.fill(recording("1", "second hand"), r#"{"second": 1}"#);
        fill.fill(recording("2", "second hand"), r#"{"second": 2}"#);
        loader
            .slice(fill, |load, _| load.is_new_ground = is_new_ground)
            .await;
        let urls = "select id || ' ' || url from warehouse.recordings order by 1";
        assert_eq!(loader.texts(urls).await, ["1 known", "2 second hand"]);
    }
    let mut better = Batch::default();
    better.push(recording("2", "first hand"), "{}");
    assert_eq!(loader.slice(better, |_, _| ()).await.updated, 1);
}

/// What one list tells of a recording, and what another one does.
fn told(url: &str) -> Batch {
    let mut batch = Batch::default();
    let recording = Recording {
        id: "1".to_owned(),
        call_id: Some("c".to_owned()),
        url: Some(url.to_owned()),
        ..Recording::default()
    };
    batch.push_partial(recording, r#"{"of": "call"}"#, &["raw", "call_id", "url"]);
    batch
}

fn told_second_hand(seconds: i64) -> Batch {
    let mut batch = Batch::default();
    let recording = Recording {
        id: "1".to_owned(),
        url: Some("second hand".to_owned()),
        duration_seconds: Some(seconds),
        ..Recording::default()
    };
    batch.push_partial(recording, r#"{"of": "list"}"#, &["duration_seconds"]);
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_two_streams_fill_comes_out_the_same_whichever_comes_first() {
    let row = "select concat_ws(' ', call_id, url, duration_seconds, raw ->> 'of') from warehouse.recordings";
    for is_owner_first in [true, false] {
        let loader = TestLoader::new().await;
        // Each was read before the other one, in turn: what is read later has no right to what it does not own.
        let early = loader.now().await;
        let batches = if is_owner_first {
            [told("u"), told_second_hand(7)]
        } else {
            [told_second_hand(7), told("u")]
        };
        for (batch, minutes) in batches.into_iter().zip([0, -1]) {
            let at = early + TimeDelta::minutes(minutes);
            loader.slice(batch, |load, _| load.at = at).await;
        }
        assert_eq!(
            loader.texts(row).await,
            ["c u 7 call"],
            "the owner is first: {is_owner_first}"
        );
        for batch in [told("u"), told_second_hand(7)] {
            let counts = loader.slice(batch, |_, _| ()).await;
            assert_eq!((counts.unchanged, counts.updated), (1, 0), "{counts:?}");
        }
        for batch in [told_second_hand(8), told("v")] {
            assert_eq!(loader.slice(batch, |_, _| ()).await.updated, 1);
        }
        assert_eq!(loader.texts(row).await, ["c v 8 call"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_later_reading_wins_whichever_commits_first_and_a_deletion_is_a_reading() {
    let living = "select coalesce(status, '') || case when deleted_at is null then '' else ' gone' end from warehouse.conversations";
    let row = |status: &str| {
        let mut batch = Batch::default();
        let status = Some(status.to_owned());
        batch.push(
            Conversation {
                status,
                ..conversation("a")
            },
            "{}",
        );
        batch
    };
    let gone = || {
        let mut batch = Batch::default();
        batch.delete(Conversation::TABLE, "a".to_owned());
        batch
    };
    for (story, read, wanted) in [
        ("old, new", vec![(row("old"), 1), (row("new"), 2)], "new"),
        ("new, old", vec![(row("new"), 2), (row("old"), 1)], "new"),
        (
            "row, tombstone, older row",
            vec![(row("old"), 1), (gone(), 3), (row("older"), 2)],
            "old gone",
        ),
        (
            "row, tombstone, newer row",
            vec![(row("old"), 1), (gone(), 2), (row("new"), 3)],
            "new",
        ),
        ("newer row, tombstone", vec![(row("new"), 3), (gone(), 2)], "new"),
    ] {
        let loader = TestLoader::new().await;
        let begin = loader.now().await;
        for (batch, minute) in read {
            loader
                .slice(batch, |load, _| load.at = begin + TimeDelta::minutes(minute))
                .await;
        }
        assert_eq!(loader.texts(living).await, [wanted], "{story}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_server_refuses_costs_its_row_alone() {
    let loader = TestLoader::new().await;
    for is_new_ground in [true, false] {
        let mut batch = Batch::default();
        for number in 0..101 {
            let record = if number % 40 == 7 { "no JSON" } else { "{}" };
            batch.push(conversation(&format!("{is_new_ground}{number:03}")), record);
        }
        let counts = loader
            .slice(batch, |load, _| load.is_new_ground = is_new_ground)
            .await;
        assert_eq!(
            (counts.inserted, counts.rejected, counts.unchanged),
            (98, 3, 0),
            "{counts:?}"
        );
    }
    let told = "select reason from sync.rejects";
    assert_eq!(
        loader.texts(told).await,
        ["The warehouse refuses a value of the row (SQLSTATE 22P02)"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_that_no_index_holds_land_shortened_with_their_row() {
    let loader = TestLoader::new().await;
    // Noise, which no index can compress.
    let label: String = (0..3_500).map(|_| fastrand::alphanumeric()).collect();
    let counts = loader.slice(tagged("a", &[&label, "short"]), |_, _| ()).await;
    assert_eq!((counts.inserted, counts.rejected), (3, 0));
    assert_eq!(
        loader
            .slice(tagged("a", &[&label, "short"]), |_, _| ())
            .await
            .unchanged,
        3
    );
    let living = "select count(*)::text from warehouse.conversation_tags where deleted_at is null";
    assert_eq!(loader.texts(living).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_of_the_page_request_the_mapping_needed_stands_beside_the_record() {
    let loader = TestLoader::new().await;
    let mut batch = tagged("a", &[]);
    batch.set_context(Some(r#"{"day": "2026-02-03"}"#.to_owned()));
    batch.append(tagged("b", &[]));
    batch.set_context(None);
    let slice = loader.begin(Purpose::Full, None).await;
    loader.fill(&slice, batch, |_, _| ()).await;
    let rows = "select concat_ws(' ', id, context ->> 'day', slice_id, generation) from warehouse.conversations order by id";
    let SliceId(number) = slice.id;
    assert_eq!(
        loader.texts(rows).await,
        [format!("a 2026-02-03 {number} 1"), format!("b {number} 1")]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_cannot_be_read_are_counted_with_the_batch() {
    let loader = TestLoader::new().await;
    let fault = |count, example: Option<&str>| FieldFault {
        field: "last_called",
        kind: FaultKind::OutOfRange,
        count,
        example: example.map(str::to_owned),
    };
    for faults in [vec![fault(2, Some("a")), fault(1, None)], vec![fault(4, None)]] {
        loader
            .slice(tagged("a", &[]), |load, _| load.faults = faults)
            .await;
    }
    let told = "select concat_ws(' ', stream, field, kind, fault_count, example_id) from sync.field_faults";
    assert_eq!(
        loader.texts(told).await,
        ["conversations last_called out_of_range 7 a"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_must_be_absent_twice_is_marked_the_second_time_in_a_row() {
    let loader = TestLoader::new().await;
    let all = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    let mut batch = Batch::default();
    for id in all {
        batch.push(conversation(id), "{}");
    }
    loader.slice(batch, |_, _| ()).await;
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
        let counts = loader
            .slice(Batch::default(), |_, completion| {
                // The ids outlive the slice.
                let seen: &'static [String] = Vec::leak(seen);
                completion.absences = vec![absences(Conversation::TABLE, seen, 2)];
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
    assert_eq!(loader.texts(gone).await, ["a"]);
}

fn absences(table: &'static Table, seen: &'static [String], times: u32) -> Absences<'static> {
    Absences {
        table,
        seen,
        only: Vec::new(),
        times,
        share: 0.1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_counts_only_within_its_part_of_the_table() {
    let loader = TestLoader::new().await;
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
    loader.slice(batch, |_, _| ()).await;
    let counts = loader
        .slice(Batch::default(), |_, completion| {
            let seen = Vec::leak(vec!["a".to_owned()]);
            let only = vec![ColumnValue {
                column: "kind",
                value: "lead".to_owned(),
            }];
            completion.absences = vec![Absences {
                only,
                ..absences(Conversation::TABLE, seen, 1)
            }];
        })
        .await;
    assert_eq!(counts.deleted, 1);
    let living = "select id from warehouse.conversations where deleted_at is null order by 1";
    assert_eq!(loader.texts(living).await, ["a", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_due_until_they_were_asked_for_the_newest_first_and_again_when_they_are_old() {
    let loader = TestLoader::new().await;
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
    loader.slice(batch, |_, _| ()).await;
    let policy = |budget| LookupPolicy {
        references: &[Reference {
            table: Conversation::TABLE,
            column: "contact_id",
            newest_by: "started_at",
            unless: Some("is_closed"),
        }],
        renew_after: TimeDelta::days(30),
        budget,
        times: 1,
    };
    let due = async |budget, now: DateTime<Utc>| {
        let policy = policy(budget);
        let due = loader.warehouse.due_ids(&loader.lease, STREAM, &policy, now);
        let due = due.await.expect("the warehouse answers");
        (due.ids.join(" "), due.left)
    };
    let now = loader.warehouse.now().await.expect("the server tells the time");
    assert_eq!(due(9, now).await, ("bea ann".to_owned(), 0));
    assert_eq!(due(1, now).await, ("bea".to_owned(), 1));
    let mut found = Batch::default();
    let contact = Contact {
        id: "bea".to_owned(),
        ..Contact::default()
    };
    found.push(contact, "{}");
    found.delete_missing(Contact::TABLE, "ann".to_owned());
    let lookup = |id: &str, is_missing| Lookup {
        id: id.to_owned(),
        is_missing,
    };
    let lookups = vec![lookup("bea", false), lookup("ann", true)];
    loader.slice(found, |load, _| load.lookups = lookups).await;
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
    let loader = TestLoader::new().await;
    for (fields, record_count) in [
        (&["id", "name"][..], 3),
        (&["id", "name", "score"], 3),
        (&["id"], 99),
        (&["id", "score"], 100),
    ] {
        loader
            .slice(Batch::default(), |_, completion| {
                let fields = fields.iter().map(|field| (*field).to_owned()).collect();
                let table = "conversations";
                completion.fields = Vec::leak(vec![TableFields { table, fields }]);
                completion.record_count = record_count;
            })
            .await;
    }
    let story = "select field || case when is_new then ' is new' else '' end
            || case when gone_since is not null then ' is gone' else '' end from sync.drift order by 1";
    assert_eq!(loader.texts(story).await, ["id", "name is gone", "score is new"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_reaches_into_the_future_covers_the_past_only() {
    let loader = TestLoader::new().await;
    let now = loader.warehouse.now().await.expect("the server tells the time");
    let spec = PartitionSpec {
        since: Some(now - TimeDelta::days(2)),
        ..spec(STREAM)
    };
    loader.prepare(&spec).await;
    for (since, until) in [(-1, 1), (2, 3)] {
        let window = Window {
            since: now + TimeDelta::days(since),
            until: now + TimeDelta::days(until),
        };
        let slice = loader.begin(Purpose::Window, Some(window)).await;
        let reach = Reach::Window;
        let verdict = SliceVerdict::Complete(Completion {
            reach,
            ..completion()
        });
        loader.end(&slice, 0, verdict).await;
    }
    let covered = loader.prepare(&spec).await.covered;
    let [window] = covered.as_slice() else {
        panic!("{covered:?}")
    };
    assert_eq!(window.since, now - TimeDelta::days(1));
    assert!(
        window.until >= now && window.until < now + TimeDelta::hours(1),
        "{window}"
    );
}
