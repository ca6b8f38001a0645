//! The page, the JSON and the metrics in every state in which somebody may look at them.

use std::time::{Duration, Instant};

use convene::server::{KnownSource, Server, ServerOptions};
use reqwest::Client;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::env::{SOURCE, TestEnv};

use super::browser::Browser;
use super::{say_skipped, send};

/// A server without a daemon: what it shows comes from the database alone.
pub(crate) struct Shown {
    pub env: TestEnv,
    pub url: String,
    _server: Server,
    stop: CancellationToken,
}

impl Shown {
    pub(crate) async fn over(env: TestEnv) -> Self {
        let stop = CancellationToken::new();
        let options = ServerOptions {
            address: "127.0.0.1:0".to_owned(),
            token: None,
            sources: vec![KnownSource {
                name: SOURCE.to_owned(),
                vendor: "convoso".to_owned(),
                requests_per_minute: 171,
            }],
        };
        let server = Server::start(env.warehouse.clone(), options, stop.clone()).await;
        let server = server.expect("a free port");
        Self {
            url: format!("http://{}", server.address()),
            env,
            _server: server,
            stop,
        }
    }

    /// Everything read, and somebody who works on it.
    pub(crate) async fn healthy() -> Self {
        let env = TestEnv::new().await;
        env.warehouse.migrate().await.expect("the schema is made");
        env.sync_completely().await;
        let shown = Self::over(env).await;
        shown
            .change("update sync.leases set holder = 'warehouse-1/7', expires_at = now() + interval '1 hour'")
            .await;
        shown
            .change(
                "insert into sync.schedules (source, stream, schedule, next_run_at, lag_limit)
                 select source, stream, '0 */5 * * * *', now() + interval '3 minutes', interval '1 hour' from sync.streams where is_enabled
                 on conflict (source, stream) do update set lag_limit = excluded.lag_limit",
            )
            .await;
        shown
    }

    /// Changes the books, as the engine would.
    pub(crate) async fn change(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(&self.env.pool)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        // What was shown a moment ago is shown again.
        tokio::time::sleep(Duration::from_millis(950)).await;
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = send(Client::new().get(format!("{}{path}", self.url))).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.expect("a text")
    }

    async fn status(&self) -> Value {
        serde_json::from_str(&self.text("/api/status").await).expect("it is JSON")
    }

    /// The sentence at the top, and what to do.
    async fn verdict(&self) -> (String, String, String) {
        let status = self.status().await;
        let text = |key: &str| status["verdict"][key].as_str().unwrap_or_default().to_owned();
        let verdict = (text("mood"), text("sentence"), text("todo"));
        let page = self.text("/").await;
        let escaped = verdict
            .1
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        assert!(page.contains(&escaped), "the page says the same: {verdict:?}");
        verdict
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn assert_verdict(verdict: &(String, String, String), mood: &str, sentence: &str, todo: &str) {
    assert_eq!(verdict.0, mood, "{verdict:?}");
    assert!(verdict.1.contains(sentence), "{verdict:?}");
    assert!(verdict.2.contains(todo), "{verdict:?}");
}

const RUNNING: &str = "insert into sync.slices (source, stream, purpose, since, until, epoch, started_at, run_id)
     select source, stream, 'window', now() - interval '1 day', now() - interval '20 hours', 1, now(), max(id) from sync.runs
     where stream = 'calls' group by source, stream";
const FAILING: &str = "insert into sync.retries (source, stream, partition, purpose, since, until, attempts, first_failed_at, next_attempt_at, reason, remedy, said)
     values ('convoso_test', 'calls', '', 'window', now() - interval '30 hours', now() - interval '26 hours', 4, now() - interval '2 hours',
             now() + interval '20 minutes', 'The answer has an unknown shape (line 1, column 7)', 'developer', 'no <such> field')";
const HELD: &str = "insert into sync.held_deletions (source, stream, partition, table_name, proof, row_count, of_count, held_since, reason)
     values ('convoso_test', 'agents', '', 'agents', 'absent', 1234, 5000, now() - interval '1 hour', 'a quarter of all rows is missing')";
const LEFT_ALONE: &str = "insert into sync.pauses (source, paused_by, until, reason, remedy, failure_count)
     values ('convoso_test', 'daemon', now() + interval '8 minutes', 'The vendor refuses the credential (HTTP 401)', 'operator', 3)";
const BACKFILL: &str = "insert into sync.requests (kind, source, stream, since, until, state, started_at, slice_count, ended_slices)
     values ('backfill', 'convoso_test', 'calls', now() - interval '30 days', now() - interval '20 days', 'running', now(), 20, 7)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sentence_says_how_everything_is_and_what_to_do() {
    let env = TestEnv::new().await;
    env.warehouse.migrate().await.expect("the schema is made");
    let fresh = Shown::over(env).await;
    assert_verdict(&fresh.verdict().await, "working", "has not been taken yet", "");

    let shown = Shown::healthy().await;
    assert_verdict(
        &shown.verdict().await,
        "complete",
        "Everything is complete through 20",
        "",
    );
    shown.change(RUNNING).await;
    assert_verdict(
        &shown.verdict().await,
        "complete",
        "Everything is complete through 20",
        "",
    );
    let status = shown.status().await;
    assert_eq!(
        status["sources"][0]["streams"][1]["running"][0]["purpose"],
        "window"
    );
    shown.change(BACKFILL).await;
    assert!(shown.text("/").await.contains("7 of 20 slices"));
    shown.change(HELD).await;
    let held = shown.verdict().await;
    assert_verdict(
        &held,
        "attention",
        "1,234 rows of convoso_test.agents seem to be gone",
        "convene confirm-deletions convoso_test.agents",
    );
    shown.change(FAILING).await;
    let failing = shown.verdict().await;
    assert_verdict(&failing, "broken", "convoso_test.calls fails from", "Report it");
    assert!(
        shown
            .text("/streams/convoso_test/calls")
            .await
            .contains("no &lt;such&gt; field")
    );
    shown.change(LEFT_ALONE).await;
    let paused = shown.verdict().await;
    assert_verdict(
        &paused,
        "broken",
        "convoso_test is left alone until",
        "convene resume convoso_test",
    );
    assert_eq!(
        shown.status().await["verdict"]["others"].as_array().map(Vec::len),
        Some(2)
    );
    shown.change("delete from sync.pauses").await;
    shown.change("delete from sync.retries").await;
    shown.change("delete from sync.held_deletions").await;
    shown
        .change("update sync.schedules set lag_limit = interval '1 second'")
        .await;
    assert_verdict(
        &shown.verdict().await,
        "attention",
        "behind, more than its limit of 1 s",
        "last runs",
    );
    shown
        .change("update sync.leases set expires_at = now() - interval '2 minutes'")
        .await;
    assert_verdict(
        &shown.verdict().await,
        "broken",
        "Nobody works on convoso_test",
        "Start a daemon",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_tells_what_is_known_when_the_database_is_gone() {
    let shown = Shown::healthy().await;
    assert_verdict(&shown.verdict().await, "complete", "Everything is complete", "");
    shown.env.warehouse.close().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let gone = shown.verdict().await;
    assert_verdict(
        &gone,
        "broken",
        "The database has not answered for",
        "Look after Postgres",
    );
    let page = shown.text("/").await;
    assert!(
        page.contains("convoso_test") && page.contains("complete"),
        "{page}"
    );
    let readiness = send(Client::new().get(format!("{}/readyz", shown.url))).await;
    assert_eq!(readiness.status().as_u16(), 503);
    let metrics = shown.text("/metrics").await;
    assert!(metrics.contains("\nconvene_database_up 0\n"), "{metrics}");
    assert!(
        metrics.contains("convene_complete_through_timestamp_seconds{"),
        "{metrics}"
    );
    let stream = shown.text("/streams/convoso_test/calls").await;
    assert!(stream.contains("The database does not answer"), "{stream}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_which_nothing_is_known_yet_is_not_said_to_be_missing() {
    let env = TestEnv::new().await;
    env.warehouse.close().await;
    let shown = Shown::over(env).await;
    let answer = send(Client::new().get(format!("{}/streams/convoso_test/calls", shown.url))).await;
    assert_eq!(answer.status().as_u16(), 503);
    let page = answer.text().await.expect("a text");
    assert!(page.contains("The database does not answer"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_a_run_and_a_row_are_found_and_no_record_is_shown() {
    let shown = Shown::healthy().await;
    let stream = shown.text("/streams/convoso_test/calls").await;
    for part in [
        "Requests of each hour",
        "Last runs",
        "Last slices",
        "Evidence",
        "How late rows come",
        "settled",
    ] {
        assert!(stream.contains(part), "{part}");
    }
    let run = shown
        .env
        .number("select max(id) from sync.runs where stream = 'calls'")
        .await;
    let page = shown.text(&format!("/runs/{run}")).await;
    assert!(
        page.contains("convoso_test.calls") && page.contains("the vendor counts"),
        "the evidence of its slices: {page}"
    );
    let id = shown
        .env
        .text("select id from warehouse.calls order by id limit 1")
        .await;
    let slice = shown
        .env
        .number("select slice_id from warehouse.calls order by id limit 1")
        .await;
    let found = shown.text(&format!("/search?id={id}")).await;
    assert!(
        found.contains(&format!("#slice-{slice}")) && found.contains("calls"),
        "{found}"
    );
    let nothing = shown.text("/search?id=%3Cscript%3E").await;
    assert!(
        nothing.contains("No table has a row") && !nothing.contains("<script>"),
        "{nothing}"
    );
    for path in [
        "/streams/convoso_test/nothing",
        "/streams/nobody/calls",
        "/runs/999999",
    ] {
        let answer = send(Client::new().get(format!("{}{path}", shown.url))).await;
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let names: Vec<String> =
        sqlx::query_scalar("select distinct name from warehouse.agents where name is not null")
            .fetch_all(&shown.env.pool)
            .await
            .expect("agents have names");
    assert!(!names.is_empty());
    for path in [
        "/",
        "/api/status",
        "/metrics",
        "/streams/convoso_test/agents",
        &format!("/runs/{run}"),
    ] {
        let text = shown.text(path).await;
        let leaked = names.iter().find(|name| text.contains(name.as_str()));
        assert_eq!(leaked, None, "{path} shows a value of a record");
        assert!(!text.contains("sandbox-token"), "{path} shows a secret");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_hears_of_changes_and_ends_with_the_daemon() {
    use futures_util::StreamExt;
    let shown = Shown::healthy().await;
    let answer = Client::new()
        .get(format!("{}/updates", shown.url))
        .send()
        .await
        .expect("it answers");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = Box::pin(futures_util::stream::unfold(answer, |mut answer| async {
        let chunk = answer.chunk().await.ok().flatten()?;
        Some((String::from_utf8_lossy(&chunk).into_owned(), answer))
    }));
    tokio::time::sleep(Duration::from_millis(500)).await;
    shown.change(HELD).await;
    let heard = tokio::time::timeout(Duration::from_secs(10), events.next()).await;
    let heard = heard.expect("it is heard in time").expect("an event");
    assert!(heard.contains("event: changed"), "{heard}");
    shown.stop.cancel();
    let begun = Instant::now();
    while events.next().await.is_some() {}
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the stop is not held up"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_every_state_without_a_word_of_complaint() {
    let Some(browser) = Browser::find() else {
        say_skipped("no Chromium is on this machine, so no browser has looked at the page");
        return;
    };
    let env = TestEnv::new().await;
    env.warehouse.migrate().await.expect("the schema is made");
    let fresh = Shown::over(env).await;
    browser
        .look(&format!("{}/", fresh.url), "fresh", "has not been taken yet")
        .await;
    let shown = Shown::healthy().await;
    let url = format!("{}/", shown.url);
    browser
        .look(&url, "healthy", "Everything is complete through")
        .await;
    shown.change(RUNNING).await;
    browser.look(&url, "reading", "reading").await;
    shown.change(BACKFILL).await;
    browser.look(&url, "backfilling", "7 of 20").await;
    shown.change(HELD).await;
    browser.look(&url, "held", "seem to be gone").await;
    shown.change(FAILING).await;
    browser.look(&url, "failing", "fails from").await;
    browser
        .look(
            &format!("{url}streams/convoso_test/calls"),
            "stream",
            "Slices that fail",
        )
        .await;
    shown.change(LEFT_ALONE).await;
    browser.look(&url, "paused", "is left alone until").await;
    browser.look(&format!("{url}runs/1"), "run", "Evidence").await;
    browser
        .look(&format!("{url}search?id=1"), "search", "rows with the id")
        .await;
    shown.env.warehouse.close().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    browser
        .look(&url, "database-gone", "The database has not answered")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_shows_what_has_changed_since() {
    let Some(browser) = Browser::find() else {
        say_skipped("no Chromium is on this machine, so no open page has been watched");
        return;
    };
    let shown = Shown::healthy().await;
    let url = format!("{}/", shown.url);
    let watching = tokio::spawn(async move { browser.watch(&url).await });
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(!watching.is_finished(), "the page is open");
    shown.change(HELD).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    shown.stop.cancel();
    let seen = watching.await.expect("the browser ends");
    assert!(
        seen.contains("1,234 rows of convoso_test.agents seem to be gone"),
        "{seen}"
    );
}
