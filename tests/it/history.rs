//! What was true when: changes between two readings, states made of them, and no trace of the order in which readings arrive.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{Batch, Conversation, Entity as _, Lead, Message};
use convene::warehouse::{Absences, Followed, Purpose};

use crate::support::loader::{STREAM, TestLoader, entry};

/// What one reading says of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    id: &'static str,
    minute: i64,
    status: &'static str,
    agent: Option<&'static str>,
    /// Nothing of it is followed.
    city: u32,
}

/// A loader of leads.
async fn leads() -> TestLoader {
    let loader = TestLoader::new().await;
    loader.register(&[entry(STREAM, &[Lead::TABLE])]).await;
    loader
}

fn at(minute: i64) -> DateTime<Utc> {
    let begin: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().expect("it is a time");
    begin + TimeDelta::minutes(minute)
}

impl TestLoader {
    async fn read_lead(&self, reading: Reading) {
        let mut batch = Batch::default();
        let lead = Lead {
            id: reading.id.to_owned(),
            status: Some(reading.status.to_owned()),
            agent_id: reading.agent.map(str::to_owned),
            city: Some(reading.city.to_string()),
            ..Lead::default()
        };
        batch.push(lead, "{}");
        self.slice(batch, |load, _| load.at = at(reading.minute)).await;
    }

    /// Every change, as one line.
    async fn changes(&self) -> Vec<String> {
        self.texts(
            r#"select format('%s %s: %s > %s (%s to %s)', id, "column", coalesce(old, '-'), coalesce(new, '-'),
                   to_char(seen_after, 'HH24:MI'), to_char(seen_by, 'HH24:MI'))
               from history.changes order by table_name, id, seen_by, "column""#,
        )
        .await
    }

    async fn states(&self, table: &str) -> Vec<String> {
        let query = format!(
            "select format('%s %s %s, %s to %s', id, coalesce(status, '-'), coalesce(agent_id, '-'), to_char(valid_from, 'HH24:MI'),
                 coalesce(to_char(valid_to, 'HH24:MI'), 'now'))
             from history.states where table_name = '{table}' order by id, valid_from"
        );
        self.texts(&query).await
    }
}

fn reading(id: &'static str, minute: i64, status: &'static str, agent: Option<&'static str>) -> Reading {
    Reading {
        id,
        minute,
        status,
        agent,
        city: 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_lies_between_two_readings_and_states_follow_from_it() {
    let loader = leads().await;
    for reading in [
        reading("1", 0, "NEW", None),
        reading("2", 0, "NEW", Some("a")),
        reading("1", 10, "CALLBK", Some("a")),
        // The city alone: no trace, but the state is known for longer.
        Reading {
            city: 1,
            ..reading("1", 20, "CALLBK", Some("a"))
        },
        reading("1", 30, "SALE", Some("a")),
    ] {
        loader.read_lead(reading).await;
    }
    assert_eq!(
        loader.changes().await,
        [
            "1 agent_id: - > a (12:00 to 12:10)",
            "1 status: NEW > CALLBK (12:00 to 12:10)",
            "1 status: CALLBK > SALE (12:20 to 12:30)",
        ]
    );
    assert_eq!(
        loader.states("leads").await,
        [
            "1 NEW -, 12:00 to 12:10",
            "1 CALLBK a, 12:10 to 12:30",
            "1 SALE a, 12:30 to now",
            "2 NEW a, 12:00 to now",
        ]
    );
    let counted = "select status || ' ' || count(*) from history.states where table_name = 'leads' and valid_from <= '2026-03-01 12:15'
        and (valid_to > '2026-03-01 12:15' or valid_to is null) group by status order by 1";
    assert_eq!(loader.texts(counted).await, ["CALLBK 1", "NEW 1"]);
    let slices = "select count(*)::text from history.changes as c join sync.slices as s on s.id = c.slice_id";
    assert_eq!(loader.texts(slices).await, ["3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_has_no_state_and_who_comes_back_has_a_new_one() {
    let loader = TestLoader::new().await;
    let seen = |closed: &[(&str, bool)]| {
        let mut batch = Batch::default();
        for (id, is_closed) in closed {
            let conversation = Conversation {
                id: (*id).to_owned(),
                is_closed: Some(*is_closed),
                ..Conversation::default()
            };
            batch.push(conversation, "{}");
        }
        batch
    };
    loader.slice(seen(&[("a", false), ("b", false)]), |_, _| ()).await;
    let ids: &[String] = vec!["a".to_owned()].leak();
    loader
        .slice(seen(&[("a", true)]), |_, completion| {
            completion.absences.push(Absences {
                table: Conversation::TABLE,
                seen: ids,
                only: Vec::new(),
                times: 1,
                share: 1.0,
            });
        })
        .await;
    let open = "select id from history.states where table_name = 'conversations' and valid_to is null and is_closed is distinct from true";
    assert_eq!(
        loader.texts(open).await,
        Vec::<String>::new(),
        "one is closed, one is gone"
    );
    loader.slice(seen(&[("b", false)]), |_, _| ()).await;
    assert_eq!(loader.texts(open).await, ["b"]);
    let changes = r#"select concat_ws(' ', id, "column", old is null, new is null, seen_after < seen_by) from history.changes order by id, seen_by"#;
    assert_eq!(
        loader.texts(changes).await,
        ["a is_closed f f t", "b deleted_at t f t", "b deleted_at f t t",]
    );
    let spans = "select count(*)::text from history.states where id = 'b' and valid_to > valid_from";
    assert_eq!(loader.texts(spans).await, ["1"], "the time between has no state");
    let counted = "select count(*)::text from generate_series(current_date - 7, current_date, '1 day') as day
        join history.states as h on h.table_name = 'conversations' and h.valid_from < day + interval '1 day'
            and (h.valid_to >= day + interval '1 day' or h.valid_to is null) and h.is_closed is distinct from true";
    assert_eq!(loader.texts(counted).await, ["1"], "the backlog of today");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_follow_more_columns() {
    let mut loader = leads().await;
    loader.warehouse = loader
        .warehouse
        .following(Followed::with_columns(["leads.city"]).expect("it is a column"));
    loader.read_lead(reading("1", 0, "NEW", None)).await;
    loader
        .read_lead(Reading {
            city: 7,
            ..reading("1", 5, "NEW", None)
        })
        .await;
    assert_eq!(loader.changes().await, ["1 city: 0 > 7 (12:00 to 12:05)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_transaction_leaves_no_trace_and_an_unchanged_reading_neither() {
    let loader = leads().await;
    loader.read_lead(reading("1", 0, "NEW", None)).await;
    loader.read_lead(reading("1", 5, "NEW", None)).await;
    assert_eq!(loader.changes().await, Vec::<String>::new());
    let slice = loader.begin(Purpose::Full, None).await;
    let mut batch = Batch::default();
    let lead = Lead {
        id: "1".to_owned(),
        status: Some("SALE".to_owned()),
        ..Lead::default()
    };
    batch.push(lead, "{}");
    let lost = loader.load(&slice, batch, |load| load.sequence = 2).await;
    assert!(lost.is_err(), "a batch is missing before it");
    assert_eq!(loader.changes().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_readings_give_the_same_history_in_whatever_order_they_arrive() {
    let mut random = fastrand::Rng::with_seed(20);
    let loader = leads().await;
    for round in 0..25 {
        let mut readings: Vec<(usize, i64)> = Vec::new();
        for lead in 0..2 {
            readings.extend((0..random.i64(2..7)).map(|step| (lead, step)));
        }
        let mut told = BTreeSet::new();
        for order in ["a", "b", "c"] {
            let ids: [&'static str; 2] = [1, 2].map(|lead| &*format!("{order}{round}:{lead}").leak());
            for (lead, step) in &readings {
                let place = usize::try_from(*step).expect("it is small");
                let reading = Reading {
                    id: ids[*lead],
                    minute: step * 5,
                    // No value comes back: of equal readings that came before the one between them only the ends are known.
                    status: ["A", "B", "C", "D", "E"][place * 2 / 3],
                    agent: [None, Some("a"), Some("b"), Some("c")][place / 2],
                    city: u32::try_from(place).expect("it is small"),
                };
                loader.read_lead(reading).await;
            }
            let mut all = loader.changes().await;
            all.extend(loader.states("leads").await);
            let own = format!("{order}{round}:");
            let own: Vec<String> = all
                .iter()
                .filter_map(|line| line.strip_prefix(&own).map(str::to_owned))
                .collect();
            assert!(own.len() > 2, "{own:?}");
            told.insert(own);
            assert_eq!(
                told.len(),
                1,
                "round {round}, order {order}, {readings:?}: {told:#?}"
            );
            random.shuffle(&mut readings);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn months_are_made_ahead_and_dropped_when_they_are_old() {
    let loader = leads().await;
    loader.read_lead(reading("1", 0, "NEW", None)).await;
    loader.read_lead(reading("1", 5, "SALE", None)).await;
    let now = loader.now().await;
    loader
        .read_lead(reading("1", (now - at(0)).num_minutes(), "DNC", None))
        .await;
    let kept = loader
        .warehouse
        .maintain_history_months(TimeDelta::days(36_500))
        .await;
    assert_eq!(kept.expect("it may").made.len(), 2);
    assert_eq!(
        loader.changes().await.len(),
        2,
        "what had landed elsewhere has moved"
    );
    let in_default = "select count(*)::text from history.changes_default";
    assert_eq!(loader.texts(in_default).await, ["1"]);
    let again = loader
        .warehouse
        .maintain_history_months(TimeDelta::days(36_500))
        .await;
    assert_eq!(again.expect("it may"), convene::warehouse::MonthsKept::default());
    // An old partition, as a year of running leaves it.
    loader.execute("create table history.changes_2025_01 partition of history.changes for values from ('2025-01-01') to ('2025-02-01')").await;
    let kept = loader
        .warehouse
        .maintain_history_months(TimeDelta::days(31))
        .await;
    assert_eq!(kept.expect("it may").dropped, ["changes_2025_01"]);
    let states = loader.texts("select status || (valid_from >= now() - interval '62 days') from history.states where table_name = 'leads' order by valid_from").await;
    assert_eq!(
        states,
        ["SALEtrue", "DNCtrue"],
        "nothing is said of the time before"
    );
}

/// What was left behind by rows that went before belongings went with them.
const LEFT_BEHIND: &str = include_str!("../../migrations/0120_belongings_of_gone_rows.sql");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rows_left_behind_that_went_long_ago_is_marked_once_with_its_trace() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    let mut batch = Batch::default();
    for id in ["gone", "here"] {
        batch.push(
            Conversation {
                id: id.to_owned(),
                ..Conversation::default()
            },
            "{}",
        );
    }
    for (id, conversation) in [("1", "gone"), ("2", "gone"), ("3", "here")] {
        batch.push(
            Message {
                id: id.to_owned(),
                conversation_id: Some(conversation.to_owned()),
                ..Message::default()
            },
            "{}",
        );
    }
    loader.slice(batch, |load, _| load.at = at(0)).await;
    // As a program left it that knew nothing of belongings; one message was read since.
    let gone = at(5);
    loader
        .execute(&format!(
            "update warehouse.conversations set deleted_at = '{gone}', slice_id = 7 where id = 'gone'"
        ))
        .await;
    loader
        .execute(&format!(
            "update warehouse.messages set fetched_at = '{}' where id = '2'",
            at(6)
        ))
        .await;
    for _ in 0..2 {
        sqlx::raw_sql(LEFT_BEHIND)
            .execute(&loader.pool)
            .await
            .expect("it applies again");
        let marked =
            "select concat_ws(' ', id, to_char(deleted_at, 'HH24:MI'), slice_id = 7) from warehouse.messages
            where deleted_at is not null";
        assert_eq!(loader.texts(marked).await, ["1 12:05 t"]);
        let traced = "select concat_ws(' ', id, to_char(seen_after, 'HH24:MI'), to_char(seen_by, 'HH24:MI')) from history.changes
            where table_name = 'messages'";
        assert_eq!(loader.texts(traced).await, ["1 12:00 12:05"]);
    }
}
