//! Stops: a signal, a reader that goes away. What is in hand is finished or given up, and nothing is claimed falsely.

use std::process::Stdio;
use std::time::{Duration, Instant};

use convene::engine::Event;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::binary::{Running, convene, ended, until};
use crate::support::env::TestEnv;
use crate::support::invariants::{assert_ledger, assert_proof, busy_field};

/// Slow enough that a signal meets a slice that is under way.
const SLOW: (&str, &str) = ("CONVENE__SOURCES__CONVOSO_TEST__REQUESTS_PER_MINUTE", "200");
const UNDER_WAY: &str =
    "exists (select from sync.slices where stream = 'calls' and state = 'running' and inserted > 0)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_told_to_stop_gives_the_source_back() {
    let env = busy_field(2, 4_000).await;
    let file = env.settings_file("time_zone = \"UTC\"");
    let mut command = convene(&env, &file, &["run", "--log-format", "json"]);
    let daemon = Running::start(command.env(SLOW.0, SLOW.1));
    until(&env, UNDER_WAY).await;
    let asked = Instant::now();
    daemon.signal("TERM").await;
    let done = daemon.end().await;
    assert!(asked.elapsed() < Duration::from_secs(10), "it takes too long");
    assert_eq!(done.code, Some(0), "{done:#?}");
    for line in done.err.lines() {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(parsed["message"].is_string(), "{line}");
    }
    assert!(
        done.err.contains("Took the source") && done.err.contains("\"Stopped\""),
        "{done:#?}"
    );
    let held = "select count(*) from sync.leases where expires_at > clock_timestamp()";
    assert_eq!(env.number(held).await, 0);
    let open = "select count(*) from sync.slices where state = 'running'";
    assert_eq!(env.number(open).await, 0);
    assert_proof(&env).await;
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_told_to_stop_does_not_wait_for_what_it_makes_of_rows() {
    let mut env = TestEnv::new().await;
    env.only(&["leads"]);
    let file = env.settings_file("");
    let mut transaction = env.pool.begin().await.expect("the server answers");
    sqlx::raw_sql("lock table people.identities in access exclusive mode")
        .execute(&mut *transaction)
        .await
        .expect("nobody else has it");
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    let waits = "exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
    until(&env, waits).await;
    let asked = Instant::now();
    daemon.signal("TERM").await;
    let done = daemon.end().await;
    // Docker kills what does not end within this.
    assert!(asked.elapsed() < Duration::from_secs(10), "it takes too long");
    assert_eq!(done.code, Some(0), "{done:#?}");
    transaction.rollback().await.expect("the server answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_is_interrupted_says_so_and_the_next_one_goes_on() {
    let env = busy_field(2, 4_000).await;
    let file = env.settings_file("time_zone = \"UTC\"");
    let sync = Running::start(convene(&env, &file, &["sync"]).env(SLOW.0, SLOW.1));
    until(&env, UNDER_WAY).await;
    sync.signal("INT").await;
    let done = sync.end().await;
    assert_eq!(done.code, Some(1), "{done:#?}");
    let told = done.err.matches("is incomplete: Stopped before the end").count();
    assert!((1..=2).contains(&told), "once for each stream: {done:#?}");
    assert!(!done.out.contains("Every slice was complete"), "{done:#?}");
    assert_proof(&env).await;
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert_proof(&env).await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_between_two_slices_is_not_taken_for_the_end() {
    let env = TestEnv::new().await;
    let stop = env.stop.clone();
    let watch = std::sync::Arc::new(move |event: Event<'_>| {
        if let Event::SliceEnded { stream: "calls", .. } = event {
            stop.cancel();
        }
    });
    let reports = env.try_sync(&["calls"], watch).await;
    let report = reports[0].as_ref().expect("the source runs");
    assert_eq!(report.complete_count, 1, "{report:?}");
    let [flaw] = report.unfinished.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        (flaw.is_failed, flaw.reason.as_str()),
        (false, "Stopped before the end")
    );
    let window = flaw.window.expect("the window is named that was not read");
    let told = format!(
        "select count(*) from sync.coverage where covered && tstzrange('{}', '{}')",
        window.since, window.until
    );
    assert_eq!(env.number(&told).await, 0);
    assert_ledger(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_away_does_not_break_a_sync() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let mut command = convene(&env, &file, &["sync"]);
    let mut sync = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let out = sync.stdout.take().expect("it is piped");
    let mut line = String::new();
    // Both the reader and the pipe are gone after this line, as with `head -1`.
    BufReader::new(out)
        .read_line(&mut line)
        .await
        .expect("a line comes");
    assert!(line.contains("slices to read"), "{line}");
    let mut err = String::new();
    let mut from = sync.stderr.take().expect("it is piped");
    from.read_to_string(&mut err).await.expect("it is text");
    let status = sync.wait().await.expect("the process is waited for");
    assert_eq!((status.code(), err.as_str()), (Some(0), ""));
    env.assert_truth().await;
}
