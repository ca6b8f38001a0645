//! The commands, run as a user would run them: what they print, and the exit codes.

use connectors::source::StreamDef;
use sandbox::Fault;
use serde_json::Value;

use crate::binary::{Ended, Running, bare, convene, ended};
use crate::support::env::{SOURCE, TestEnv};
use crate::support::postgres::Database;

#[track_caller]
fn assert_ended(done: &Ended, code: i32, out: &[&str], err: &[&str]) {
    assert_eq!(done.code, Some(code), "{done:#?}");
    for part in out {
        assert!(done.out.contains(part), "`{part}` is not in {done:#?}");
    }
    for part in err {
        assert!(done.err.contains(part), "`{part}` is not in {done:#?}");
    }
    assert!(!done.err.contains("panicked"), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_names_every_command_and_no_command_asks_for_help() {
    let names = [
        "demo", "run", "sync", "check", "status", "health", "migrate", "sandbox", "--config",
    ];
    let help = ended(&mut bare(&["--help"])).await;
    assert_ended(&help, 0, &names, &[]);
    let nothing = ended(&mut bare(&[])).await;
    assert_ended(&nothing, 2, &[], &names);
    let unknown = ended(&mut bare(&["synk"])).await;
    assert_ended(&unknown, 2, &[], &["synk", "sync"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_problem_of_the_settings_is_told_at_once_and_no_secret_is_shown() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let text = "[warehouse]\nurl = \"postgres://convene:hush-hush@localhost/convene\"\nmax_connections = 0\n\
                [sources.a]\nvendor = \"convoso\"\ntoken = \"hush-hush\"\nshedule = \"* * * * *\"\n\
                base_url = \"http://user:hush-hush@api.example.com\"\n[sources.b]\nvendor = \"nobody\"\n\
                token = \"hush-hush\"\n";
    std::fs::write(&file.path, text).expect("the settings are written");
    for command in ["sync", "run", "check", "status", "migrate"] {
        let done = ended(&mut convene(&env, &file, &[command])).await;
        let problems = [
            "warehouse.max_connections: ",
            "sources.a.shedule: is not a known key; did you mean `schedule`?",
            "sources.a.base_url: ",
            "sources.b.vendor: must be one of: conversocial, convertalk, converz, convoso",
        ];
        assert_ended(&done, 2, &[], &problems);
        assert!(!format!("{}{}", done.out, done.err).contains("hush"), "{done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_are_missing_are_a_mistake_of_usage() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    std::fs::write(&file.path, "").expect("the settings are written");
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    assert_ended(&done, 2, &[], &["No source is configured"]);
    std::fs::remove_file(&file.path).expect("the file is removed");
    let done = ended(&mut convene(&env, &file, &["status"])).await;
    assert_ended(&done, 2, &[], &["settings.toml"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_stream_is_answered_with_those_that_there_are() {
    let env = TestEnv::new().await;
    let file = env.settings_file("[sources.convoso_test.streams.agents]\nenabled = false");
    for wanted in ["convoso_test.leads", "convoso", "convoso_test.agents"] {
        let done = ended(&mut convene(&env, &file, &["sync", wanted])).await;
        let told = format!("`{wanted}` is neither a source nor an enabled stream; there are: {SOURCE}.calls");
        assert_ended(&done, 2, &[], &[&told]);
    }
    assert_eq!(env.count("sync.slices").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warehouse_without_tables_says_how_to_get_them() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let database = Database::empty().await;
    let command =
        async |name: &str| ended(convene(&env, &file, &[name]).env("DATABASE_URL", database.url())).await;
    assert_ended(&command("status").await, 1, &[], &["run `convene migrate`"]);
    for _ in 0..2 {
        assert_ended(&command("migrate").await, 0, &["The schema is up to date."], &[]);
    }
    assert_ended(&command("sync").await, 0, &["Every slice was complete."], &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warehouse_that_does_not_let_us_in_is_told_without_its_password() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let mut url: url::Url = env.database.url().parse().expect("the database has a URL");
    url.set_path("/there_is_no_such_database");
    let mut command = convene(&env, &file, &["sync"]);
    let done = ended(command.env("DATABASE_URL", url.as_str())).await;
    assert_ended(&done, 1, &[], &["The warehouse refuses the login"]);
    let password = url.password().unwrap_or("no password, nothing to show");
    assert!(!done.err.contains(password), "{done:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_tries_every_credential_and_loads_nothing() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let good = ended(&mut convene(&env, &file, &["check"])).await;
    assert_ended(&good, 0, &["settings", "warehouse", "calls", "agents", "ok"], &[]);
    assert!(!good.out.contains("refused"), "{good:#?}");
    let mut command = convene(&env, &file, &["check"]);
    let bad = ended(command.env("CONVENE__SOURCES__CONVOSO_TEST__TOKEN", "hush-hush")).await;
    assert_ended(&bad, 1, &["refused the credential"], &[]);
    assert!(!format!("{bad:?}").contains("hush"), "{bad:#?}");
    assert_eq!(
        env.count("warehouse.calls").await + env.count("sync.slices").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_says_which_window_is_not_complete_and_why_and_the_next_one_heals_it() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let refusal = Fault::Refusal {
        code: 6004,
        text: "Unknown Campaign ID".to_owned(),
    };
    env.sandbox
        .fault("log/retrieve", Fault::Slow(std::time::Duration::ZERO), 1);
    env.sandbox.fault("log/retrieve", refusal, 1);
    let done = ended(&mut convene(&env, &file, &["sync"])).await;
    let window = "select to_char(since at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ' to '
                      || to_char(until at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
                  from sync.slices where state = 'failed'";
    let told = format!(
        "{SOURCE}.calls: {} is failed: The vendor did not accept the request (code 6004: Unknown Campaign ID) (mended by: developer)",
        env.text(window).await
    );
    assert_ended(
        &done,
        1,
        &[
            "convoso_test.calls: NOT complete",
            "convoso_test.agents: complete",
        ],
        &[&told],
    );
    assert!(!done.out.contains("Every slice was complete"), "{done:#?}");
    let again = ended(&mut convene(&env, &file, &["sync", "convoso_test.calls"])).await;
    assert_ended(&again, 0, &["Every slice was complete."], &[]);
    assert_eq!(again.err, "", "{again:#?}");
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_tells_people_and_programs_up_to_when_streams_are_complete() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let people = ended(&mut convene(&env, &file, &["status"])).await;
    assert_ended(
        &people,
        0,
        &[
            "complete through",
            "convoso_test (times in UTC): nobody keeps it in step",
            "ok      agents",
            "ok      calls",
            "All is well",
        ],
        &[],
    );
    assert!(
        people.out.lines().all(|line| line.chars().count() <= 80),
        "{people:#?}"
    );
    let programs = ended(&mut convene(&env, &file, &["status", "--json"])).await;
    assert_ended(&programs, 0, &[], &[]);
    let all: Vec<Value> = serde_json::from_str(&programs.out).expect("it is JSON");
    let names: Vec<_> = all.iter().map(|one| one["stream"].as_str()).collect();
    assert_eq!(names, [Some("agents"), Some("calls")]);
    let calls = &all[1];
    let through = calls["complete_through"].as_str().expect("an instant");
    assert!(
        through
            .parse::<chrono::DateTime<chrono::Utc>>()
            .expect("it has a form")
            > env.sandbox.now()
    );
    // What only others name was read by no stream.
    let mut rows = env
        .number("select count(*) from warehouse.agents where content_hash <> ''")
        .await;
    for table in ["warehouse.calls", "warehouse.recordings"] {
        rows += env.count(table).await;
    }
    let told: Option<i64> = all.iter().map(|stream| stream["row_count"].as_i64()).sum();
    assert_eq!(told, Some(rows));
    let agents = env.count("warehouse.agents").await;
    assert!(
        calls["row_count"].as_i64() >= Some(rows - agents),
        "{agents} agents"
    );
    assert_eq!(calls["last_slice"]["state"], "complete");
    assert_eq!(calls["last_slice"]["reason"], Value::Null);
}

/// True for streams that are read unless settings say another; measures are read where a setting names some.
fn is_read_by_default(stream: &StreamDef) -> bool {
    stream.is_on && stream.name != "call_metrics"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_prints_settings_that_work() {
    let mut command = bare(&["sandbox", "--listen", "127.0.0.1:0", "--days", "2", "--frozen"]);
    let sandbox = Running::start(command.args(["--calls-per-day", "60"]));
    while !sandbox.out().contains("Ctrl-C stops it.") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let printed = sandbox.out();
    let settings = printed
        .split_once("\n\n")
        .and_then(|(_, rest)| rest.split_once("\n\nCtrl-C"))
        .map(|(settings, _)| settings.to_owned());
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    std::fs::write(&file.path, settings.expect("settings before the last line")).expect("it is written");
    let checked = ended(&mut convene(&env, &file, &["check"])).await;
    assert_ended(&checked, 0, &["convertalk_sandbox.chats: ok"], &[]);
    let all = connectors::vendors::VENDORS.iter();
    for vendor in all.clone() {
        for stream in vendor.streams.iter().filter(|stream| is_read_by_default(stream)) {
            let tried = format!("{}_sandbox.{}: ", vendor.name, stream.name);
            assert!(checked.out.contains(&tried), "`{tried}` is not in {checked:#?}");
        }
    }
    // Leads have a history of twenty years, which is another test's matter.
    let sources = all.map(|vendor| format!("{}_sandbox", vendor.name));
    let mut wanted: Vec<String> = sources.filter(|source| !source.starts_with("convoso")).collect();
    wanted.push("convoso_sandbox.calls".to_owned());
    let mut arguments = vec!["sync"];
    arguments.extend(wanted.iter().map(String::as_str));
    let done = ended(&mut convene(&env, &file, &arguments)).await;
    assert_ended(&done, 0, &["convoso_sandbox.calls: complete"], &[]);
    assert!(env.count("warehouse.calls").await >= 120, "{printed}");
    sandbox.signal("INT").await;
    assert_eq!(sandbox.end().await.code, Some(0));
}
