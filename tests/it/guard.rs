//! The deletion guard: what is believed at once, what waits for an operator's word, and what a word is about.

use chrono::TimeDelta;
use connectors::reader::Lookup;
use connectors::schema::{Agent, Batch, Contact, Conversation, Entity as _, Lead};
use connectors::source::LookupPolicy;
use convene::warehouse::{Absences, Counts, Purpose, SliceVerdict};

use crate::support::loader::{STREAM, TestLoader, completion, entry, flaw, spec};

const LIVING: &str = "select count(*)::text from warehouse.agents where deleted_at is null";

/// A list of so many agents.
async fn staffed(count: usize) -> TestLoader {
    let loader = TestLoader::new().await;
    loader.register(&[entry(STREAM, &[Agent::TABLE])]).await;
    loader.slice(agents(count), |_, _| ()).await;
    loader
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:05}")).collect()
}

fn agents(count: usize) -> Batch {
    let mut batch = Batch::default();
    for id in ids(count) {
        batch.push(
            Agent {
                id,
                ..Agent::default()
            },
            "{}",
        );
    }
    batch
}

/// A slice to the end of the list that meets the first so many agents.
async fn meet(loader: &TestLoader, count: usize, times: u32) -> (i64, i64) {
    let seen = ids(count);
    let slice = loader.begin(Purpose::Full, None).await;
    let mut completion = completion();
    completion.absences = vec![Absences {
        table: Agent::TABLE,
        seen: &seen,
        only: Vec::new(),
        times,
        share: 0.1,
    }];
    loader.end(&slice, 0, SliceVerdict::Complete(completion)).await
}

async fn fail(loader: &TestLoader) {
    let slice = loader.begin(Purpose::Full, None).await;
    loader
        .end(&slice, 0, SliceVerdict::Failed(flaw("no answer")))
        .await;
}

fn tombstones(ids: &[String]) -> Batch {
    let mut batch = Batch::default();
    for id in ids {
        batch.delete(Agent::TABLE, id.clone());
    }
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_word_is_about_what_was_held_and_is_used_up() {
    let loader = staffed(40).await;
    let confirm = async |stream| {
        let confirmed = loader.warehouse.confirm_deletions("social", stream).await;
        confirmed.expect("it is written")
    };
    assert_eq!(confirm(None).await, 0, "nothing is held yet");
    assert_eq!(meet(&loader, 30, 1).await, (0, 10));
    assert_eq!(meet(&loader, 30, 1).await, (0, 10));
    let held = loader.warehouse.held_deletions().await.expect("they are told");
    let [held] = held.as_slice() else {
        panic!("{held:?}")
    };
    assert_eq!(
        (held.row_count, held.of_count, held.is_confirmed),
        (10, 40, false)
    );
    assert_eq!(confirm(Some("other")).await, 0);
    assert_eq!(
        meet(&loader, 30, 1).await,
        (0, 10),
        "the word was about another stream"
    );
    assert_eq!(confirm(Some(STREAM)).await, 10);
    assert_eq!(
        meet(&loader, 5, 1).await,
        (0, 35),
        "far more than the operator has seen"
    );
    assert_eq!(confirm(None).await, 35);
    assert_eq!(meet(&loader, 30, 1).await, (10, 0));
    assert_eq!(loader.texts(LIVING).await, ["30"]);
    assert!(
        loader
            .warehouse
            .held_deletions()
            .await
            .expect("they are told")
            .is_empty()
    );
    assert_eq!(meet(&loader, 20, 1).await, (0, 10), "the word is used up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_held_any_more_once_every_row_was_met_again() {
    for times in [1, 2] {
        let loader = staffed(40).await;
        assert_eq!(meet(&loader, 30, times).await, (0, 10));
        let held = async || {
            loader
                .warehouse
                .held_deletions()
                .await
                .expect("they are told")
                .len()
        };
        assert_eq!(held().await, 1);
        assert_eq!(meet(&loader, 40, times).await, (0, 0));
        assert_eq!(held().await, 0, "{times} readings are asked for");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_between_begins_the_count_of_absences_anew() {
    let loader = staffed(40).await;
    assert_eq!(meet(&loader, 39, 2).await, (0, 0));
    fail(&loader).await;
    assert_eq!(
        meet(&loader, 39, 2).await,
        (0, 0),
        "the row was not absent twice in a row"
    );
    assert_eq!(meet(&loader, 39, 2).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_died_begins_the_count_anew_and_takes_its_tombstones_along() {
    let loader = staffed(40).await;
    assert_eq!(meet(&loader, 39, 2).await, (0, 0));
    let died = loader.begin(Purpose::Full, None).await;
    loader
        .load(&died, tombstones(&ids(3)), |_| ())
        .await
        .expect("it lands");
    assert_eq!(meet(&loader, 39, 2).await, (0, 0));
    assert_eq!(loader.texts(LIVING).await, ["40"]);
    assert_eq!(
        loader.texts("select count(*)::text from sync.tombstones").await,
        ["0"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tombstones_count_together_however_many_pages_bring_them_and_none_counts_before_the_end() {
    let loader = staffed(2_000).await;
    let read_tombstones = async |count: usize, is_complete: bool| {
        let slice = loader.begin(Purpose::Full, None).await;
        let all = ids(count);
        let mut batches = 0;
        for page in all.chunks(500) {
            batches += 1;
            let outcome = loader
                .load(&slice, tombstones(page), |load| load.sequence = batches)
                .await;
            outcome.expect("it lands");
        }
        let verdict = if is_complete {
            SliceVerdict::Complete(completion())
        } else {
            SliceVerdict::Failed(flaw("the list did not end"))
        };
        loader.end(&slice, batches, verdict).await
    };
    assert_eq!(
        read_tombstones(1_100, false).await,
        (0, 0),
        "a list that did not end deletes nothing"
    );
    assert_eq!(
        read_tombstones(1_300, true).await,
        (0, 1_300),
        "a filter that is not heeded looks like that"
    );
    let confirmed = loader.warehouse.confirm_deletions("social", None).await;
    assert_eq!(confirmed.expect("it is written"), 1_300);
    // The window of the tombstones is covered and not read again: they were kept.
    let other = loader.begin(Purpose::Full, None).await;
    assert_eq!(
        loader.end(&other, 0, SliceVerdict::Complete(completion())).await,
        (1_300, 0)
    );
    assert_eq!(loader.texts(LIVING).await, ["700"]);
    assert_eq!(
        read_tombstones(1_900, true).await,
        (600, 0),
        "in a small table much may go"
    );
    assert_eq!(
        loader.texts("select count(*)::text from sync.tombstones").await,
        ["0"]
    );
}

/// Looks ids up of which some are not found.
async fn look_up(loader: &TestLoader, missing: &[&str]) -> Counts {
    let mut batch = Batch::default();
    let mut lookups = Vec::new();
    for id in missing {
        batch.delete_missing(Contact::TABLE, (*id).to_owned());
        lookups.push(Lookup {
            id: (*id).to_owned(),
            is_missing: true,
        });
    }
    let slice = loader.begin_of("contacts", "", Purpose::Lookup, None).await;
    loader
        .fill(&slice, batch, |load, completion| {
            load.lookups = lookups;
            completion.not_found_times = 2;
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_not_found_stays_due_until_it_is_believed() {
    let loader = TestLoader::new().await;
    loader
        .register(&[
            entry(STREAM, &[Conversation::TABLE]),
            entry("contacts", &[Contact::TABLE]),
        ])
        .await;
    loader.prepare(&spec("contacts")).await;
    let mut batch = Batch::default();
    for id in ids(40) {
        let contact_id = Some(id.clone());
        batch.push(
            Conversation {
                id: format!("of {id}"),
                contact_id,
                ..Conversation::default()
            },
            "{}",
        );
        batch.push(
            Contact {
                id: id.clone(),
                ..Contact::default()
            },
            "{}",
        );
    }
    let all = ids(40);
    let found = all
        .iter()
        .map(|id| Lookup {
            id: id.clone(),
            is_missing: false,
        })
        .collect();
    let slice = loader.begin_of("contacts", "", Purpose::Lookup, None).await;
    loader.fill(&slice, batch, |load, _| load.lookups = found).await;
    let policy = LookupPolicy {
        references: &[connectors::source::Reference {
            table: Conversation::TABLE,
            column: "contact_id",
            newest_by: "started_at",
            unless: None,
        }],
        renew_after: TimeDelta::days(30),
        budget: 100,
        times: 2,
    };
    let due = async || {
        let due = loader
            .warehouse
            .due_ids(&loader.lease, "contacts", &policy, loader.now().await)
            .await;
        due.expect("it answers").ids
    };
    assert!(due().await.is_empty());
    assert_eq!(look_up(&loader, &["00001", "00002"]).await.deleted, 0);
    assert_eq!(due().await, ["00001", "00002"], "once proves nothing yet");
    assert_eq!(look_up(&loader, &["00001", "00002"]).await.deleted, 2);
    assert!(due().await.is_empty());
    // Many at once are held, and asked for again.
    let many: Vec<&str> = all[10..30].iter().map(String::as_str).collect();
    for _ in 0..3 {
        assert_eq!(look_up(&loader, &many).await.deleted, 0);
        assert_eq!(due().await.len(), 20);
    }
    loader
        .warehouse
        .confirm_deletions("social", Some("contacts"))
        .await
        .expect("it is written");
    assert_eq!(look_up(&loader, &[]).await.deleted, 20, "those that were held");
    assert!(due().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_table_than_the_listed_one_is_not_touched() {
    let loader = staffed(3).await;
    let mut lead = Batch::default();
    lead.push(
        Lead {
            id: "00001".to_owned(),
            ..Lead::default()
        },
        "{}",
    );
    loader.slice(lead, |_, _| ()).await;
    loader.slice(tombstones(&ids(2)), |_, _| ()).await;
    let living = "select count(*)::text from warehouse.leads where deleted_at is null";
    assert_eq!(
        (loader.texts(living).await, loader.texts(LIVING).await),
        (vec!["1".into()], vec!["1".into()])
    );
}
