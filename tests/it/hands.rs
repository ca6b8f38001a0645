//! An operator's hands: pausing, asking the daemon, reading the past again, new settings without a restart, alerts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use sandbox::Fault;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::binary::{Running, convene, ended, until};
use crate::server::eventually;
use crate::support::env::{SOURCE, SettingsFile, TestEnv};

/// A daemon that has read everything once.
async fn start_daemon(env: &TestEnv, file: &SettingsFile) -> Running {
    let daemon = Running::start(&mut convene(env, file, &["run"]));
    let is_complete = "(select count(*) = 2 and bool_and(last_complete_at is not null) from sync.coverage)";
    until(env, is_complete).await;
    until(
        env,
        "(select count(*) = 2 from sync.schedules where next_run_at is not null)",
    )
    .await;
    daemon
}

/// Settings by which a stream runs at the start, and again only where something wakes it.
fn once_a_year(env: &TestEnv) -> SettingsFile {
    let file = env.settings_file("");
    let settings = std::fs::read_to_string(&file.path).expect("there are settings");
    std::fs::write(&file.path, settings.replace("* * * * * *", "0 0 0 1 1 *"))
        .expect("the settings are written");
    file
}

async fn stop(daemon: Running) -> String {
    daemon.signal("TERM").await;
    let done = daemon.end().await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(!done.err.contains("panicked"), "{done:#?}");
    done.err
}

async fn operate(env: &TestEnv, file: &SettingsFile, arguments: &[&str], code: i32, told: &str) {
    let done = ended(&mut convene(env, file, arguments)).await;
    assert_eq!(done.code, Some(code), "{arguments:?} {done:#?}");
    assert!(
        done.out.contains(told) || done.err.contains(told),
        "`{told}` is not in {done:#?}"
    );
}

/// The source of these settings under another name.
fn twin_of(settings: &str) -> String {
    let (_, source) = settings.split_once("[sources.").expect("there is a source");
    format!("[sources.{source}").replace(&format!("[sources.{SOURCE}"), "[sources.convoso_twin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paused_is_not_read_until_it_is_resumed_and_everybody_can_see_it() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let calls = format!("{SOURCE}.calls");
    let daemon = start_daemon(&env, &file).await;
    operate(
        &env,
        &file,
        &["pause", "nobody"],
        1,
        "is no source; there are: convoso_test",
    )
    .await;
    let unknown = format!("{SOURCE}.nothing");
    operate(&env, &file, &["pause", &unknown], 1, "is no stream of").await;
    operate(
        &env,
        &file,
        &["pause", &calls, "--reason", "maintenance"],
        0,
        "is left alone",
    )
    .await;
    operate(&env, &file, &["pause", &calls], 0, "is left alone already").await;
    // Its schedule wakes it every second.
    let is_idle = "(select count(*) = 0 from sync.runs where stream = 'calls'
                    and (state = 'running' or started_at > clock_timestamp() - interval '3 seconds'))";
    until(&env, is_idle).await;
    until(&env, "exists (select from sync.runs where stream = 'agents' and started_at > clock_timestamp() - interval '2 seconds')").await;
    operate(&env, &file, &["status"], 1, "maintenance").await;
    operate(
        &env,
        &file,
        &["sync", &calls],
        1,
        "`convene resume convoso_test.calls` ends that",
    )
    .await;
    let open = "exists (select from sync.events where kind = 'paused by operator' and stream = 'calls' and ended_at is null)";
    until(&env, open).await;
    // It outlives the daemon.
    stop(daemon).await;
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(
        &env,
        "exists (select from sync.runs where stream = 'agents' and epoch > 1 and state = 'complete')",
    )
    .await;
    eventually(|| async { daemon.err().contains("Paused by an operator").then_some(()) }).await;
    assert_eq!(
        env.count("sync.runs where stream = 'calls' and epoch > 1").await,
        0
    );
    operate(&env, &file, &["resume", SOURCE], 0, "is read again").await;
    until(
        &env,
        "exists (select from sync.runs where stream = 'calls' and epoch > 1 and state = 'complete')",
    )
    .await;
    operate(&env, &file, &["resume", &calls], 0, "is not paused").await;
    until(&env, &format!("not {open}")).await;
    let told = stop(daemon).await;
    assert!(
        told.contains("Paused by an operator") && told.contains("Resumed"),
        "{told}"
    );
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_refuses_is_left_alone_visibly_and_tried_at_once_when_somebody_wants_it() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let daemon = start_daemon(&env, &file).await;
    env.sandbox.fault("", Fault::Status(401, None), u32::MAX);
    until(&env, "exists (select from sync.pauses where paused_by = 'daemon' and until > clock_timestamp() + interval '30 seconds')").await;
    until(
        &env,
        "exists (select from sync.events where kind = 'paused' and ended_at is null)",
    )
    .await;
    let asked = env.sandbox.requests().len();
    operate(&env, &file, &["status"], 1, "left alone after a failure").await;
    env.sandbox.clear_faults();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(env.sandbox.requests().len(), asked, "nobody asks meanwhile");
    operate(&env, &file, &["resume", SOURCE], 0, "is read again").await;
    until(&env, "not exists (select from sync.pauses)").await;
    until(
        &env,
        "not exists (select from sync.events where kind = 'paused' and ended_at is null)",
    )
    .await;
    let told = stop(daemon).await;
    assert_eq!(told.matches("left alone for a while").count(), 1, "{told}");
    assert_eq!(told.matches("The source answers again").count(), 1, "{told}");
    // What a daemon that is gone had decided ends with the first answer, whoever asks.
    sqlx::query(
        "insert into sync.pauses (source, paused_by, until, reason, remedy, failure_count)
         values ($1, 'daemon', now(), 'it refuses', 'operator', 1)",
    )
    .bind(SOURCE)
    .execute(&env.pool)
    .await
    .expect("it is written");
    operate(&env, &file, &["sync"], 0, "complete").await;
    assert_eq!(env.count("sync.pauses").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_beside_the_daemon_is_done_by_the_daemon_and_followed() {
    let env = TestEnv::new().await;
    let file = once_a_year(&env);
    let daemon = start_daemon(&env, &file).await;
    let late = env.sandbox.now() - chrono::TimeDelta::minutes(30);
    let id = env.sandbox.convoso().add_call_at(late);
    operate(&env, &file, &["sync"], 0, "convoso_test.calls: complete, 1 new").await;
    assert_eq!(env.count(&format!("warehouse.calls where id = '{id}'")).await, 1);
    until(
        &env,
        "(select count(distinct epoch) = 1 and count(*) >= 4 from sync.runs)",
    )
    .await;
    // What the daemon cannot read is told by the command.
    env.sandbox.fault(
        "log/retrieve",
        Fault::Foreign(r#"{"success":false,"code":7777,"text":"Unknown"}"#.to_owned()),
        u32::MAX,
    );
    operate(&env, &file, &["sync", "convoso_test.calls"], 1, "7777").await;
    env.sandbox.clear_faults();
    operate(
        &env,
        &file,
        &["sync", "convoso_test.calls"],
        0,
        "Every slice was complete.",
    )
    .await;
    assert_eq!(
        env.count("sync.requests where state in ('waiting', 'running')")
            .await,
        0
    );
    stop(daemon).await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_of_the_past_has_its_price_and_is_read_here_or_by_the_daemon() {
    let mut env = TestEnv::with(|options| {
        options.days = 12;
        options.calls_per_day = 40;
    })
    .await;
    // History begins with the last days; what lies before is not read by itself.
    env.source().since = Some(env.sandbox.now() - chrono::TimeDelta::days(3));
    let file = env.settings_file("");
    env.sync_completely().await;
    let before = env.count("warehouse.calls").await;
    let from = (env.sandbox.now() - chrono::TimeDelta::days(8))
        .format("%Y-%m-%d")
        .to_string();
    let to = (env.sandbox.now() - chrono::TimeDelta::days(5))
        .format("%Y-%m-%d")
        .to_string();
    let calls = format!("{SOURCE}.calls");
    let range = ["backfill", &calls, "--from", &from, "--to", &to];
    operate(
        &env,
        &file,
        &[&range[..], &["--plan"]].concat(),
        0,
        "rows       about",
    )
    .await;
    assert_eq!(env.count("sync.requests").await, 0, "a plan reads nothing");
    operate(
        &env,
        &file,
        &["backfill", &format!("{SOURCE}.agents"), "--from", &from],
        1,
        "is not read by time",
    )
    .await;
    operate(&env, &file, &range, 0, "Every slice was complete.").await;
    let after = env.count("warehouse.calls").await;
    assert!(after >= before + 80, "{before} {after}");
    assert_eq!(
        env.count("sync.requests where kind = 'backfill' and state = 'complete'")
            .await,
        1
    );
    let further = (env.sandbox.now() - chrono::TimeDelta::days(11))
        .format("%Y-%m-%d")
        .to_string();
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(
        &env,
        "(select count(*) = 2 from sync.schedules where next_run_at is not null)",
    )
    .await;
    operate(
        &env,
        &file,
        &["backfill", &calls, "--from", &further, "--to", &from],
        0,
        "Every slice was complete.",
    )
    .await;
    let whole = env.count("warehouse.calls").await;
    assert!(whole >= after + 80, "{after} {whole}");
    let epochs = "select count(distinct epoch) from sync.slices where until <= now() - interval '7 days 12 hours' and since >= now() - interval '12 days'";
    assert!(env.number(epochs).await >= 1);
    stop(daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_settings_are_taken_up_without_a_restart_and_wrong_ones_not_at_all() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let good = std::fs::read_to_string(&file.path).expect("there are settings");
    let daemon = start_daemon(&env, &file).await;
    let reloads =
        |count: i64| format!("(select count(*) = {count} from sync.events where kind = 'reloaded')");
    // Wrong ones: nothing changes, and the daemon lives.
    std::fs::write(&file.path, format!("{good}\n[limits]\nmax_pages = 0\n")).expect("it is written");
    daemon.signal("HUP").await;
    until(&env, &reloads(1)).await;
    assert!(
        env.text("select text from sync.events where kind = 'reloaded'")
            .await
            .contains("limits.max_pages")
    );
    until(&env, "exists (select from sync.runs where started_at > (select max(at) from sync.events where kind = 'reloaded'))").await;
    assert_eq!(
        env.number("select epoch from sync.leases").await,
        1,
        "the source was not given back"
    );
    // Nothing new.
    std::fs::write(&file.path, &good).expect("it is written");
    daemon.signal("HUP").await;
    until(&env, &reloads(2)).await;
    assert_eq!(env.number("select epoch from sync.leases").await, 1);
    // A second source, and another secret of the first, which is not shown.
    let twin = twin_of(&good);
    std::fs::write(&file.path, format!("{good}\n{twin}")).expect("it is written");
    daemon.signal("HUP").await;
    until(
        &env,
        "(select count(*) = 2 from sync.leases where expires_at > clock_timestamp())",
    )
    .await;
    assert_eq!(
        env.number("select epoch from sync.leases where source = 'convoso_test'")
            .await,
        1,
        "the first one was left in peace"
    );
    until(
        &env,
        "exists (select from warehouse.calls where source = 'convoso_twin')",
    )
    .await;
    let text = env
        .text("select text from sync.events where kind = 'reloaded' order by id desc limit 1")
        .await;
    assert_eq!(text, "sources.convoso_twin: added");
    // And away with it.
    std::fs::write(&file.path, &good).expect("it is written");
    daemon.signal("HUP").await;
    until(
        &env,
        "(select count(*) = 1 from sync.leases where expires_at > clock_timestamp())",
    )
    .await;
    let told = stop(daemon).await;
    for wanted in [
        "those from before go on to hold",
        "nothing has changed",
        "sources.convoso_twin: added",
        "sources.convoso_twin: removed",
        "Convene starts",
    ] {
        assert!(told.contains(wanted), "`{wanted}` is not in {told}");
    }
    for noise in ["Uninited", "Job creator created"] {
        assert!(!told.contains(noise), "{told}");
    }
}

/// A source of whose alerts nobody wants to hear.
const UNLOVED: &str = "unloved";

/// Somebody who takes alerts, and says what came; `is_dead` answers with an error.
async fn listen_to_alerts(is_dead: Arc<Mutex<bool>>) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = format!(
        "http://{}/hush-hush",
        listener.local_addr().expect("it has an address")
    );
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = heard.clone();
    let hear = async move |Json(alert): Json<Value>| {
        if *is_dead.lock().expect("nobody panics") {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        if alert["source"] == UNLOVED {
            return StatusCode::BAD_REQUEST;
        }
        into.lock().expect("nobody panics").push(alert);
        // A daemon that is told to stop before it has the answer waits for it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        StatusCode::OK
    };
    let router = axum::Router::new().route("/hush-hush", post(hear));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_sent_once_when_it_begins_and_once_when_it_ends_also_over_a_restart() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let is_dead = Arc::new(Mutex::new(true));
    let (address, heard) = listen_to_alerts(is_dead.clone()).await;
    let start = || {
        let mut command = convene(&env, &file, &["run"]);
        Running::start(command.env("CONVENE__ALERTS__WEBHOOK_URL", &address))
    };
    let daemon = start();
    until(
        &env,
        "(select count(*) = 2 and bool_and(last_complete_at is not null) from sync.coverage)",
    )
    .await;
    env.sandbox.fault("", Fault::Status(401, None), u32::MAX);
    until(
        &env,
        "exists (select from sync.events where kind = 'paused' and next_try_at is not null)",
    )
    .await;
    // Nobody hears it, and nothing waits for that.
    assert_eq!(
        env.count("sync.events where told_at is not null and kind = 'paused'")
            .await,
        0
    );
    let told = stop(daemon).await;
    assert!(!told.contains("hush"), "{told}");
    *is_dead.lock().expect("nobody panics") = false;
    sqlx::query("update sync.events set next_try_at = null")
        .execute(&env.pool)
        .await
        .expect("it is updated");
    let daemon = start();
    let count = |state: &str| {
        let heard = heard.lock().expect("nobody panics");
        heard
            .iter()
            .filter(|json: &&Value| json["kind"] == "paused" && json["state"] == state)
            .count()
    };
    eventually(|| async { (count("began") > 0).then_some(()) }).await;
    // The pause goes on, whoever holds the source.
    let tries = "(select failure_count::bigint from sync.pauses where paused_by = 'daemon')";
    let known = env.number(tries).await;
    stop(daemon).await;
    let daemon = start();
    until(&env, &format!("{tries} > {known}")).await;
    env.sandbox.clear_faults();
    let resumed = ended(&mut convene(&env, &file, &["resume", SOURCE])).await;
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    eventually(|| async { (count("ended") > 0).then_some(()) }).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((count("began"), count("ended")), (1, 1), "{heard:?}");
    // What is not taken holds up nothing that is.
    sqlx::query(
        "insert into sync.events (kind, source, stream, text, instance, at, ended_at)
         select 'drift', source, '', 'a field is new', 'test', now(), now()
         from unnest(array['unloved', $1]) with ordinality as s (source, place) order by place",
    )
    .bind(SOURCE)
    .execute(&env.pool)
    .await
    .expect("it is written");
    eventually(|| async {
        let heard = heard.lock().expect("nobody panics");
        heard
            .iter()
            .any(|json| json["kind"] == "drift" && json["source"] == SOURCE)
            .then_some(())
    })
    .await;
    let text = heard.lock().expect("nobody panics")[0]["text"]
        .as_str()
        .map(str::to_owned);
    assert!(
        text.is_some_and(|text| text.contains(SOURCE) && text.contains("paused")),
        "{heard:?}"
    );
    stop(daemon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_pause_no_stream_waits_until_the_first_one_runs_again() {
    let env = TestEnv::new().await;
    let file = once_a_year(&env);
    env.sandbox.fault("", Fault::Status(401, None), u32::MAX);
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, "exists (select from sync.pauses)").await;
    env.sandbox.clear_faults();
    operate(&env, &file, &["resume", SOURCE], 0, "is read again").await;
    until(
        &env,
        "(select count(distinct stream) = 2 from sync.runs where state = 'complete')",
    )
    .await;
    stop(daemon).await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_alone_is_refused_holds_up_no_other_and_is_shown() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let daemon = start_daemon(&env, &file).await;
    env.sandbox
        .fault("users/search", Fault::Status(401, None), u32::MAX);
    until(&env, "exists (select from sync.pauses)").await;
    operate(&env, &file, &["resume", SOURCE], 0, "is read again").await;
    until(
        &env,
        "exists (select from sync.events where kind = 'failing' and stream = 'agents' and ended_at is null)",
    )
    .await;
    let is_complete = "sync.runs where stream = 'calls' and state = 'complete'";
    let known = env.count(is_complete).await;
    until(
        &env,
        &format!("(select count(*) > {known} + 2 from {is_complete})"),
    )
    .await;
    assert_eq!(
        env.count("sync.pauses").await,
        0,
        "the source answers the other stream"
    );
    operate(&env, &file, &["status"], 1, "failing agents").await;
    env.sandbox.clear_faults();
    operate(&env, &file, &["sync"], 0, "convoso_test.agents: complete").await;
    let told = stop(daemon).await;
    assert_eq!(told.matches("left alone for a while").count(), 1, "{told}");
    env.assert_truth().await;
}

#[tokio::test]
async fn what_lags_goes_on_lagging_while_nobody_holds_the_source() {
    let mut env = TestEnv::new().await;
    env.only(&["agents"]);
    env.sync_completely().await;
    let open = "(select count(*) from sync.events where kind = 'lagging' and ended_at is null)";
    let all = "(select count(*) from sync.events where kind = 'lagging')";
    let settle = async |change: &'static str| {
        sqlx::query(change)
            .execute(&env.pool)
            .await
            .expect("it is changed");
        let limits = convene::warehouse::EventLimits::default();
        env.warehouse
            .settle_events("test", limits)
            .await
            .expect("the events are compared");
        (env.number(open).await, env.number(all).await)
    };
    let scheduled = "insert into sync.schedules (source, stream, schedule, next_run_at, lag_limit)
                     values ('convoso_test', 'agents', '0 0 0 * * *', null, '1 microsecond')";
    assert_eq!(settle(scheduled).await, (0, 0), "nobody keeps the schedule yet");
    assert_eq!(
        settle("update sync.schedules set next_run_at = now()").await,
        (1, 1)
    );
    assert_eq!(
        settle("update sync.schedules set next_run_at = null").await,
        (1, 1),
        "between two daemons"
    );
    assert_eq!(
        settle("update sync.schedules set next_run_at = now()").await,
        (1, 1)
    );
    assert_eq!(
        settle("update sync.schedules set lag_limit = '1 year'").await,
        (0, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_daemons_share_the_sources_and_one_that_goes_leaves_them_to_the_other() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let one = std::fs::read_to_string(&file.path).expect("there are settings");
    let twin = twin_of(&one);
    std::fs::write(&file.path, format!("{one}\n{twin}")).expect("it is written");
    let held = |daemon: &Running, count: i64| {
        format!(
            "(select count(*) = {count} from sync.leases where holder like '%/{}' and expires_at > clock_timestamp())",
            daemon.id()
        )
    };
    let first = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, &held(&first, 2)).await;
    let second = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, &held(&second, 1)).await;
    until(&env, &held(&first, 1)).await;
    first.kill().await;
    until(&env, &held(&second, 2)).await;
    let third = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, &held(&third, 1)).await;
    second.signal("TERM").await;
    assert_eq!(second.end().await.code, Some(0));
    until(&env, &held(&third, 2)).await;
    stop(third).await;
    env.sync_completely().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_meets_a_newer_schema_says_so_and_writes_nothing_more() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let daemon = start_daemon(&env, &file).await;
    sqlx::query("insert into sync.schema (version, description, success, checksum, execution_time) values (9999, 'newer', true, '', 0)")
        .execute(&env.pool)
        .await
        .expect("a newer version was here");
    let done = daemon.end().await;
    assert_eq!(done.code, Some(1), "{done:#?}");
    assert!(
        done.err.contains("was made by a newer version of Convene"),
        "{done:#?}"
    );
    assert_eq!(
        env.count("sync.leases where expires_at > clock_timestamp()")
            .await,
        0,
        "the source was given back"
    );
}
