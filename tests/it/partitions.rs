//! What must be complete for a table: the streams and partitions that the settings want, each with a coverage of its own.

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{Batch, Contact, Conversation, Entity as _, Message, Table};
use connectors::source::{Reread, Window};
use convene::warehouse::{
    Completion, Freshness, PartitionSpec, Purpose, Reach, SliceVerdict, SourceEntry, SourceState, StreamEntry,
};

use crate::support::loader::{TestLoader, completion, entry, flaw, spec};

const CONVERSATIONS: &[&Table] = &[Conversation::TABLE];
const CONTACTS: &[&Table] = &[Contact::TABLE];

fn part(partition: &'static str, identity: &'static str) -> StreamEntry<'static> {
    StreamEntry {
        partition,
        identity,
        ..entry("chats", CONVERSATIONS)
    }
}

fn since(partition: &str, at: DateTime<Utc>) -> PartitionSpec<'_> {
    PartitionSpec {
        partition,
        since: Some(at),
        ..spec("chats")
    }
}

/// Reads a window of a partition, complete.
async fn cover(loader: &TestLoader, partition: &str, since: DateTime<Utc>, until: DateTime<Utc>) {
    let window = Window::new(since, until);
    let slice = loader.begin_of("chats", partition, Purpose::Window, window).await;
    let reach = Reach::Window;
    loader
        .end(
            &slice,
            0,
            SliceVerdict::Complete(Completion {
                reach,
                ..completion()
            }),
        )
        .await;
}

async fn fresh(loader: &TestLoader, table: &str) -> Freshness {
    let all = loader.warehouse.list_freshness().await.expect("it is told");
    let found = all.into_iter().find(|fresh| fresh.table_name == table);
    found.unwrap_or_else(|| panic!("{table} has no line"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_complete_through_the_least_of_the_partitions_that_the_settings_want() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let begin = now - TimeDelta::days(10);
    loader.register(&[part("bot a", "1"), part("bot b", "1")]).await;
    let line = fresh(&loader, "conversations").await;
    assert_eq!((line.state.as_str(), line.complete_through), ("never read", None));
    for partition in ["bot a", "bot b"] {
        loader.prepare(&since(partition, begin)).await;
    }
    cover(&loader, "bot a", begin, now).await;
    let line = fresh(&loader, "conversations").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through),
        ("incomplete", None),
        "one has nothing yet"
    );
    assert!(
        line.reason
            .is_some_and(|reason| reason.contains("chats [bot b]: was not read yet"))
    );
    cover(&loader, "bot b", begin, now - TimeDelta::days(3)).await;
    let line = fresh(&loader, "conversations").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through),
        ("complete", Some(now - TimeDelta::days(3)))
    );
    assert_eq!((line.complete_since, line.reason), (Some(begin), None));
    // The settings drop one: it no longer counts. They add another: nothing of it is there.
    loader.register(&[part("bot a", "1")]).await;
    assert_eq!(fresh(&loader, "conversations").await.complete_through, Some(now));
    loader.register(&[part("bot a", "1"), part("bot c", "1")]).await;
    assert_eq!(fresh(&loader, "conversations").await.complete_through, None);
    loader.register(&[]).await;
    let line = fresh(&loader, "conversations").await;
    assert_eq!(line.state, "disabled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_identity_begins_anew_and_writes_each_row_once() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let begin = now - TimeDelta::days(10);
    let rows = || {
        let mut batch = Batch::default();
        for id in ["a", "b"] {
            let id = id.to_owned();
            batch.push(
                Conversation {
                    id,
                    ..Conversation::default()
                },
                "{}",
            );
        }
        batch
    };
    let read = async |partition| {
        let slice = loader
            .begin_of("chats", partition, Purpose::Window, Window::new(begin, now))
            .await;
        loader
            .fill(&slice, rows(), |_, completion| completion.reach = Reach::Window)
            .await
    };
    assert_eq!(
        loader.register(&[part("a", "Berlin"), part("b", "Berlin")]).await,
        [1, 1]
    );
    for partition in ["a", "b"] {
        loader.prepare(&since(partition, begin)).await;
    }
    assert_eq!(read("a").await.inserted, 2);
    assert_eq!(read("a").await.unchanged, 2);
    assert_eq!(
        loader.register(&[part("a", "Berlin"), part("b", "Berlin")]).await,
        [1, 1]
    );
    assert_eq!(
        loader.prepare(&since("a", begin)).await.covered.len(),
        1,
        "nothing has changed"
    );
    assert_eq!(
        loader.register(&[part("a", "Tokyo"), part("b", "Berlin")]).await,
        [2, 1]
    );
    let coverage = loader.prepare(&since("a", begin)).await;
    assert_eq!((coverage.generation, coverage.covered.len()), (2, 0));
    assert_eq!(fresh(&loader, "conversations").await.complete_through, None);
    assert_eq!(read("a").await.updated, 2, "they were stale");
    assert_eq!(read("a").await.unchanged, 2);
    assert_eq!(
        read("b").await.unchanged,
        2,
        "an older generation does not take them back"
    );
    let generations = "select distinct generation::text from warehouse.conversations";
    assert_eq!(loader.texts(generations).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_that_fails_has_a_back_off_of_its_own_and_is_told() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let begin = now - TimeDelta::days(3);
    let day = |day: i64| begin + TimeDelta::days(day);
    loader.register(&[part("", "1")]).await;
    loader.prepare(&since("", begin)).await;
    cover(&loader, "", day(0), day(1)).await;
    cover(&loader, "", day(2), now).await;
    let poisoned = || Window::new(day(1), day(2));
    for attempt in 1..=4 {
        let slice = loader.begin_of("chats", "", Purpose::Window, poisoned()).await;
        let mut flaw = flaw("The vendor says that it failed");
        flaw.said = Some("E-500");
        loader.end(&slice, 0, SliceVerdict::Failed(flaw)).await;
        let coverage = loader.prepare(&since("", begin)).await;
        let [retry] = coverage.retries.as_slice() else {
            panic!("{coverage:?}")
        };
        assert_eq!((retry.window, retry.attempts), (poisoned(), attempt));
        let wait = (retry.next_attempt_at - loader.now().await).num_seconds();
        let wanted = [60, 120, 240, 300][usize::try_from(attempt).expect("it is small") - 1];
        assert!(
            (wanted - 5..=wanted).contains(&wait),
            "{wait} s after attempt {attempt}"
        );
    }
    let booked = "select concat_ws(' ', attempts, said, next_attempt_at is not null) from sync.slices order by id desc limit 1";
    assert_eq!(loader.texts(booked).await, ["4 E-500 t"]);
    let line = fresh(&loader, "conversations").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through),
        ("incomplete", Some(day(1)))
    );
    let reason = line.reason.unwrap_or_default();
    for part in [
        "chats: ",
        "The vendor says that it failed (E-500); tried 4 times, again at ",
        " UTC",
    ] {
        assert!(reason.contains(part), "{reason}");
    }
    cover(&loader, "", day(1), day(2)).await;
    let line = fresh(&loader, "conversations").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through, line.reason),
        ("complete", Some(now), None)
    );
    assert!(loader.prepare(&since("", begin)).await.retries.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_by_id_are_complete_no_further_than_what_names_them_and_the_oldest_id_that_is_due() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let begin = now - TimeDelta::days(9);
    let contacts = StreamEntry {
        mode: "lookup",
        depends_on: CONVERSATIONS,
        ..entry("contacts", CONTACTS)
    };
    let messages = StreamEntry {
        mode: "lookup",
        depends_on: CONTACTS,
        ..entry("messages", &[Message::TABLE])
    };
    loader.register(&[part("", "1"), contacts, messages]).await;
    loader.prepare(&since("", begin)).await;
    for stream in ["contacts", "messages"] {
        loader.prepare(&spec(stream)).await;
    }
    let look_up = async |stream, ids_left, oldest_left| {
        let slice = loader.begin_of(stream, "", Purpose::Lookup, None).await;
        let reach = Reach::Lookup {
            ids_left,
            oldest_left,
        };
        loader
            .end(
                &slice,
                0,
                SliceVerdict::Complete(Completion {
                    reach,
                    ..completion()
                }),
            )
            .await;
        slice.started_at
    };
    look_up("contacts", 0, None).await;
    let line = fresh(&loader, "contacts").await;
    assert_eq!((line.state.as_str(), line.complete_through), ("incomplete", None));
    assert_eq!(
        line.reason.as_deref(),
        Some("contacts: waits for chats, which name its ids")
    );
    cover(&loader, "", begin, now - TimeDelta::days(1)).await;
    let line = fresh(&loader, "contacts").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through, line.reason),
        ("complete", Some(now - TimeDelta::days(1)), None),
        "as far as the list that names them, and nothing is known to be missing"
    );
    look_up("messages", 0, None).await;
    assert_eq!(
        fresh(&loader, "messages").await.complete_through,
        Some(now - TimeDelta::days(1))
    );
    let oldest = now - TimeDelta::days(4);
    look_up("contacts", 7, Some(oldest)).await;
    let line = fresh(&loader, "contacts").await;
    assert_eq!(
        (line.state.as_str(), line.complete_through),
        ("incomplete", Some(oldest))
    );
    assert_eq!(line.reason.as_deref(), Some("contacts: 7 ids to go"));
    assert_eq!(
        fresh(&loader, "messages").await.complete_through,
        Some(oldest),
        "what is named by them waits too"
    );
    look_up("contacts", 0, None).await;
    assert_eq!(
        fresh(&loader, "contacts").await.complete_through,
        Some(now - TimeDelta::days(1))
    );
    cover(&loader, "", now - TimeDelta::days(1), now + TimeDelta::hours(1)).await;
    let read_at = look_up("contacts", 0, None).await;
    assert!(fresh(&loader, "contacts").await.complete_through <= Some(read_at));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_filled_and_not_completed_has_a_line_too() {
    let loader = TestLoader::new().await;
    let filling = StreamEntry {
        fills: &[Conversation::TABLE, Contact::TABLE],
        ..part("", "1")
    };
    loader.register(&[filling]).await;
    let line = fresh(&loader, "contacts").await;
    assert_eq!((line.state.as_str(), line.complete_through), ("incomplete", None));
    assert_eq!(
        line.reason.as_deref(),
        Some("no stream that the settings want completes it")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn re_reads_are_due_in_rounds_and_each_partition_has_its_own() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let begin = now - TimeDelta::days(9);
    loader.register(&[part("a", "1"), part("b", "1")]).await;
    let rereads = [Reread {
        span: TimeDelta::days(2),
        every: TimeDelta::hours(6),
    }];
    let spec = |partition: &'static str| PartitionSpec {
        rereads: &rereads,
        ..since(partition, begin)
    };
    for partition in ["a", "b"] {
        loader.prepare(&spec(partition)).await;
    }
    cover(&loader, "a", begin, now).await;
    let later = now + TimeDelta::hours(7);
    let pending = async |partition| {
        let prepared = loader
            .warehouse
            .prepare_partition(&loader.lease, &spec(partition), later)
            .await;
        prepared.expect("it is prepared").pending
    };
    assert_eq!(
        pending("a").await,
        [Window {
            since: later - TimeDelta::days(2),
            until: now
        }]
    );
    assert_eq!(pending("b").await, [], "nothing of it is covered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_is_refused_until_somebody_adopts_it() {
    let loader = TestLoader::new().await;
    let entry = |account| SourceEntry {
        vendor: "conversocial",
        time_zone: "UTC",
        account,
        outcome_classes: &[],
    };
    let record = async |account| {
        let recorded = loader
            .warehouse
            .record_source(&loader.lease, &entry(account))
            .await;
        recorded.expect("it is recorded")
    };
    assert_eq!(record("a").await, SourceState::New);
    assert_eq!(record("a").await, SourceState::Known);
    assert_eq!(record("b").await, SourceState::Changed);
    loader
        .warehouse
        .refuse_source(&loader.lease, "b", "no agent is shared")
        .await
        .expect("it is refused");
    let refused = SourceState::Refused {
        reason: "no agent is shared".to_owned(),
    };
    assert_eq!(record("b").await, refused);
    let line = fresh(&loader, "conversations").await;
    assert_eq!(
        (line.state.as_str(), line.reason.as_deref()),
        ("refused", Some("conversations: no agent is shared"))
    );
    assert_eq!(
        record("c").await,
        SourceState::Changed,
        "a third one is judged anew"
    );
    assert!(
        loader
            .warehouse
            .adopt_source("social")
            .await
            .expect("it is adopted")
    );
    assert!(
        !loader
            .warehouse
            .adopt_source("social")
            .await
            .expect("it was adopted")
    );
    assert_eq!(record("b").await, SourceState::Adopted);
    assert_eq!(fresh(&loader, "conversations").await.state, "never read");
    loader
        .warehouse
        .accept_account(&loader.lease, &entry("b"))
        .await
        .expect("its rows are there");
    assert_eq!(record("b").await, SourceState::Known);
    // Back to the account that is stored, the refusal ends by itself.
    loader
        .warehouse
        .refuse_source(&loader.lease, "c", "no agent is shared")
        .await
        .expect("it is refused");
    assert_eq!(record("b").await, SourceState::Known);
    assert_ne!(fresh(&loader, "conversations").await.state, "refused");
    loader
        .warehouse
        .accept_account(&loader.lease, &entry("d"))
        .await
        .expect("it is accepted");
    assert_eq!(record("d").await, SourceState::Known);
}
