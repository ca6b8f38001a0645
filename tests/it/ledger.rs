//! The ledger: what it says of runs and slices, that no commit counts twice, and that it never gets slow.

use std::time::Duration;

use connectors::schema::{Batch, Conversation};
use convene::warehouse::{
    EventLimits, EvidenceLine, Purpose, Retention, RunEnd, RunFilter, RunState, SliceEnd, SliceOutcome,
    SliceVerdict, Traffic, WarehouseError,
};

use crate::support::loader::{STREAM, TestLoader, completion, end, flaw};

fn rows(count: usize) -> Batch {
    let mut batch = Batch::default();
    for number in 0..count {
        let id = number.to_string();
        batch.push(
            Conversation {
                id,
                ..Conversation::default()
            },
            "{}",
        );
    }
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_is_said_twice_counts_once_and_a_lost_batch_is_noticed() {
    let loader = TestLoader::new().await;
    let slice = loader.begin(Purpose::Full, None).await;
    loader.load(&slice, rows(5), |_| ()).await.expect("it lands");
    let complete = |batches| end(batches, SliceVerdict::Complete(completion()));
    let lost = loader
        .warehouse
        .end_slice(&loader.lease, &slice, complete(2))
        .await;
    assert!(matches!(lost, Err(WarehouseError::Lost)), "{lost:?}");
    for _ in 0..2 {
        let ended = loader
            .warehouse
            .end_slice(&loader.lease, &slice, complete(1))
            .await;
        assert_eq!(ended.expect("it ends"), SliceOutcome::default());
    }
    assert_eq!(
        loader.texts("select row_count::text from sync.coverage").await,
        ["5"]
    );
    let late = loader.load(&slice, rows(6), |load| load.sequence = 2).await;
    assert!(
        matches!(late, Err(WarehouseError::Lost)),
        "the slice has ended: {late:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_tells_how_its_end_is_known_and_what_it_cost_even_when_it_fails() {
    let loader = TestLoader::new().await;
    let slice = loader.begin(Purpose::Full, None).await;
    let reason = "x".repeat(5_000);
    let verdict = SliceVerdict::Failed(flaw(&reason));
    let traffic = Traffic {
        request_count: 6,
        body_bytes: 700,
    };
    let evidence = vec![EvidenceLine {
        kind: "total".to_owned(),
        text: "all 5 rows came".to_owned(),
        count: 2,
    }];
    let ended = SliceEnd {
        traffic,
        evidence,
        vendor_total: Some(5),
        ..end(0, verdict)
    };
    loader
        .warehouse
        .end_slice(&loader.lease, &slice, ended)
        .await
        .expect("it ends");
    let told = "select concat_ws(' ', purpose, state, length(reason), remedy, request_count, body_bytes, vendor_total,
        evidence -> 0 ->> 'kind', evidence -> 0 ->> 'count') from sync.slices";
    assert_eq!(
        loader.texts(told).await,
        ["full failed 1000 next run 6 700 5 total 2"]
    );
    assert_eq!(
        loader
            .texts("select request_count::text from sync.coverage")
            .await,
        ["6"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_closes_what_a_dead_process_left_open() {
    let loader = TestLoader::new().await;
    let dead = loader.begin(Purpose::Full, None).await;
    loader.load(&dead, rows(3), |_| ()).await.expect("it lands");
    let now = loader.now().await;
    let run = loader
        .warehouse
        .begin_run(&loader.lease, STREAM, now)
        .await
        .expect("it begins");
    let end = RunEnd {
        state: RunState::Complete,
        reason: None,
        remedy: None,
    };
    loader
        .warehouse
        .end_run(&loader.lease, run, &end)
        .await
        .expect("it ends");
    let told = "select concat_ws(' ', state, reason) from sync.slices union all
        select concat_ws(' ', state, slice_count) from sync.runs order by 1";
    assert_eq!(
        loader.texts(told).await,
        [
            "complete 0",
            "failed 1",
            "failed the process ended before the slice did"
        ]
    );
    assert_eq!(
        loader.texts("select row_count::text from sync.coverage").await,
        ["3"],
        "its rows are there"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_pruned_in_small_steps_and_nothing_else_forgets() {
    let loader = TestLoader::new().await;
    for _ in 0..3 {
        loader.slice(rows(2), |_, _| ()).await;
    }
    loader
        .execute("update sync.slices set ended_at = ended_at - interval '40 days' where id < 3")
        .await;
    loader.execute(
        "insert into sync.slices (source, stream, purpose, epoch, started_at, ended_at, state)
         select 'old', 'old', 'full', 1, now() - interval '40 days', now() - interval '40 days', 'complete' from generate_series(1, 2500)",
    )
    .await;
    let keep = Retention {
        ledger: Duration::from_hours(24 * 30),
        ..Retention::default()
    };
    let pruned = loader
        .warehouse
        .prune_books(&keep)
        .await
        .expect("they are pruned");
    assert_eq!(pruned.slices, 2_502);
    assert_eq!(
        loader.texts("select count(*)::text from sync.slices").await,
        ["1"]
    );
    let streams = loader.warehouse.list_streams().await.expect("they are told");
    assert_eq!(streams[0].row_count, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_ledger_slows_nothing_down() {
    let mut loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    loader
        .execute(
            "insert into sync.slices (source, stream, purpose, epoch, started_at, ended_at, state, reason)
         select 'social', (array['conversations', 'contacts', 'messages'])[1 + n % 3], 'full', 1,
             now() - (200001 - n) * interval '10 seconds', now(),
             case when n % 10 = 0 then 'failed' else 'complete' end, case when n % 10 = 0 then 'why' end
         from generate_series(1, 200000) as n",
        )
        .await;
    // A stream that never ran, and one whose slices are the oldest: looking for their last one must not read the others.
    loader.execute(
        "insert into sync.streams (source, stream, is_enabled, mode, fills, completes)
         select 'social', s, true, 'windowed', array['calls'], array['calls'] from unnest(array['rare', 'never']) as s;",
    )
    .await;
    loader
        .execute("update sync.slices set stream = 'rare' where id = 1")
        .await;
    loader
        .execute(
            "insert into sync.runs (source, stream, epoch, started_at, ended_at, state)
         select 'social', 'conversations', 1, now() - (100001 - n) * interval '20 seconds', now(), 'complete'
             from generate_series(1, 100000) as n",
        )
        .await;
    loader.execute("analyze sync.slices, sync.runs").await;
    let all = RunFilter {
        source: None,
        stream: None,
        is_unfinished: false,
        limit: 20,
    };
    let limits = EventLimits::default();
    let keep = Retention::default();
    for (question, most) in [
        ("a run", 50),
        ("status", 50),
        ("freshness", 50),
        ("the last runs", 500),
        ("the overview", 1_000),
        ("the past of a stream", 10_000),
        ("the past of a rare stream", 50),
        ("the past of a stream that never ran", 50),
        ("how dense a stream is", 1_500),
        ("what lasts", 500),
        ("what is too old", 5_000),
    ] {
        let read = loader
            .ledger_rows_read(async |loader| {
                let warehouse = &loader.warehouse;
                let past_of = async |stream| warehouse.stream_history("social", stream).await.map(drop);
                let answer = match question {
                    "a run" => {
                        loader.slice(rows(2), |_, _| ()).await;
                        Ok(())
                    }
                    "status" => warehouse.list_streams().await.map(drop),
                    "freshness" => warehouse.list_freshness().await.map(drop),
                    "the last runs" => warehouse.list_runs(&all).await.map(drop),
                    "the overview" => warehouse.read_overview().await.map(drop),
                    "the past of a stream" => past_of("messages").await,
                    "the past of a rare stream" => past_of("rare").await,
                    "the past of a stream that never ran" => past_of("never").await,
                    "how dense a stream is" => warehouse.measure_density("social", "rare").await.map(drop),
                    "what lasts" => warehouse.settle_events("test", limits).await,
                    _ => {
                        let pruned = warehouse.prune_books(&keep).await;
                        pruned.map(|pruned| assert_eq!(pruned.total(), 0, "{question}"))
                    }
                };
                answer.unwrap_or_else(|error| panic!("{question}: {error}"));
            })
            .await;
        assert!(read <= most, "{question} reads {read} rows of the ledger");
    }
}
