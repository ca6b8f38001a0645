//! The commands that show what is there: runs, rejects, drift, settings, the dictionary.

use sandbox::Fault;
use serde_json::Value;

use crate::binary::{Ended, bare, convene, ended};
use crate::support::env::{SOURCE, SettingsFile, TestEnv};

/// How wide a terminal is.
const WIDTH: usize = 80;

#[track_caller]
fn assert_shown(done: &Ended, parts: &[&str]) {
    assert_eq!(done.code, Some(0), "{done:#?}");
    for part in parts {
        assert!(done.out.contains(part), "`{part}` is not in {done:#?}");
    }
    for line in done.out.lines() {
        assert!(line.chars().count() <= WIDTH, "too wide: {line}");
    }
}

async fn run(env: &TestEnv, file: &SettingsFile, arguments: &[&str]) -> Ended {
    ended(&mut convene(env, file, arguments)).await
}

async fn json(env: &TestEnv, file: &SettingsFile, arguments: &[&str]) -> Value {
    let done = run(env, file, arguments).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    serde_json::from_str(&done.out).expect("it is JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_and_one_is_shown_with_its_slices_and_their_evidence() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    env.sandbox.fault("log/retrieve", Fault::Status(500, None), 100);
    env.sync_only(&["calls"]).await;
    let listed = run(&env, &file, &["runs"]).await;
    assert_shown(
        &listed,
        &["convoso_test.calls", "convoso_test.agents", "complete", "failed"],
    );
    let failed = json(&env, &file, &["runs", SOURCE, "--failed", "--json"]).await;
    let failed = failed.as_array().expect("a list");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["stream"], "calls");
    assert!(failed[0]["request_count"].as_i64() > Some(0), "{failed:?}");
    let complete = json(&env, &file, &["runs", "convoso_test.calls", "--json"]).await;
    let first = complete.as_array().and_then(|runs| runs.last()).expect("a run");
    let id = first["id"].to_string();
    let shown = run(&env, &file, &["runs", &id]).await;
    assert_shown(
        &shown,
        &["slice", "window", "evidence", "rows", "new", "complete"],
    );
    let shown = json(&env, &file, &["runs", &id, "--json"]).await;
    let slices = shown["slices"].as_array().expect("its slices");
    assert_eq!(
        i64::try_from(slices.len()).expect("few"),
        shown["slice_count"].as_i64().expect("a number")
    );
    let inserted: i64 = slices.iter().filter_map(|slice| slice["inserted"].as_i64()).sum();
    assert_eq!(inserted, shown["inserted"].as_i64().expect("a number"));
    assert!(
        slices.iter().all(|slice| !slice["evidence"][0]["text"].is_null()),
        "{slices:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_means_nothing_is_answered_with_the_nearest() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    for command in [&["runs"][..], &["rejects", "list"], &["drift"]] {
        let mut arguments = command.to_vec();
        arguments.push("convoso_test.cals");
        let done = run(&env, &file, &arguments).await;
        assert_eq!(done.code, Some(2), "{done:#?}");
        assert!(
            done.err.contains("did you mean `convoso_test.calls`?"),
            "{done:#?}"
        );
    }
    for (arguments, told) in [
        (&["runs", "4711"][..], "There is no run 4711"),
        (&["rejects", "show", "beef"], "No record that could not be read"),
        (
            &["dictionary", "cals"],
            "There is no table `cals`; did you mean `calls`?",
        ),
        (&["config", "sorces"], "No key begins with `sorces`"),
    ] {
        let done = run(&env, &file, arguments).await;
        assert_eq!(done.code, Some(2), "{done:#?}");
        assert!(done.err.contains(told), "{done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_records_are_counted_without_their_values_and_shown_whole_where_asked_for() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let empty = run(&env, &file, &["rejects"]).await;
    assert_shown(&empty, &["Every record could be read."]);
    sqlx::query(
        "insert into sync.rejects (source, stream, record_hash, slice_id, position, reason, raw, context, first_seen_at, last_seen_at)
         select 'convoso_test', 'calls', decode(lpad(to_hex(n), 32, 'a'), 'hex'), 1, n, '`id` is missing',
             '{\"first_name\": \"Hush\"}', '{\"read_at\": \"x\"}', now(), now() from generate_series(1, 3) as n",
    )
    .execute(&env.pool)
    .await
    .expect("they are stored");
    let listed = run(&env, &file, &["rejects", "list", SOURCE]).await;
    assert_shown(&listed, &["convoso_test.calls", "3", "`id` is missing"]);
    assert!(!listed.out.contains("Hush"), "{listed:#?}");
    let listed = json(&env, &file, &["rejects", "list", "--json"]).await;
    assert_eq!(listed[0]["reject_count"], 3);
    let shown = run(&env, &file, &["rejects", "show", &format!("{}2", "a".repeat(31))]).await;
    assert_shown(&shown, &["convoso_test.calls", "Hush", "read_at"]);
    let several = run(&env, &file, &["rejects", "show", "aaaa"]).await;
    assert_eq!(several.code, Some(2), "{several:#?}");
    assert!(several.err.contains("Several records"), "{several:#?}");
    let help = ended(&mut bare(&["rejects", "--help"])).await;
    assert!(help.out.contains("PERSONAL DATA"), "{help:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_shows_what_appeared_and_what_vanished() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    assert_shown(
        &run(&env, &file, &["drift"]).await,
        &["No field has appeared", "Every field could be read."],
    );
    for statement in [
        "update sync.drift set gone_since = now() where field = 'status' and table_name = 'calls'",
        "insert into sync.drift (source, stream, table_name, field, first_seen_at, last_seen_at, is_new)
         values ('convoso_test', 'calls', 'calls', 'mood', now(), now(), true)",
        "insert into sync.field_faults (source, stream, field, kind, fault_count, example_id, first_seen_at, last_seen_at)
         values ('convoso_test', 'calls', 'call_length', 'number', 7, '42', now(), now())",
    ] {
        let done = sqlx::query(statement).execute(&env.pool).await;
        assert_eq!(done.expect("it is written").rows_affected(), 1, "{statement}");
    }
    let shown = run(&env, &file, &["drift", "convoso_test.calls"]).await;
    assert_shown(&shown, &["status", "gone", "mood", "new", "call_length", "42"]);
    let value = json(&env, &file, &["drift", "--json"]).await;
    assert_eq!(value["fields"].as_array().map(Vec::len), Some(2), "{value}");
    let all = json(&env, &file, &["drift", "--all", "--json"]).await;
    assert!(all["fields"].as_array().map(Vec::len) > Some(10), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_in_effect_say_where_they_come_from_and_hide_secrets() {
    let env = TestEnv::new().await;
    let file = env.settings_file("[sources.convoso_test.streams.calls]\nlookback = \"3h\"");
    let mut command = convene(&env, &file, &["config"]);
    let done = ended(command.env("CONVENE__LIMITS__MAX_PAGES", "77")).await;
    assert_shown(
        &done,
        &[
            "[limits]",
            "77",
            "the environment",
            "[warehouse]",
            "DATABASE_URL",
            "(hidden)",
            "default",
        ],
    );
    let value = json(&env, &file, &["config", "sources.convoso_test", "--json"]).await;
    let of = |key: &str| {
        let all = value.as_array().expect("a list");
        let found = all
            .iter()
            .find(|given| given["key"] == format!("sources.convoso_test.{key}"));
        found.unwrap_or_else(|| panic!("{key}")).clone()
    };
    assert_eq!(of("streams.calls.lookback")["value"], "3h");
    assert_eq!(of("streams.calls.max_span")["origin"], "the vendor's");
    assert_eq!(of("token")["value"], "(hidden)");
    let token = env.settings.sources[SOURCE].secrets["token"].clone();
    let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    assert!(!done.out.contains(&token) && !value.to_string().contains(&token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dictionary_is_what_the_comments_say() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let done = run(&env, &file, &["dictionary", "calls", "warehouse.freshness"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    for part in [
        "### `warehouse.calls`",
        "`started_at`",
        "timestamp with time zone",
        "### `warehouse.freshness` (view)",
    ] {
        assert!(done.out.contains(part), "`{part}` is not in {done:#?}");
    }
    let value = json(&env, &file, &["dictionary", "sync", "--format", "json"]).await;
    let tables = value.as_array().expect("a list");
    assert!(
        tables
            .iter()
            .all(|table| table["schema"] == "sync" && table["comment"] != ""),
        "{value}"
    );
    assert!(tables.iter().any(|table| table["name"] == "slices"), "{value}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_can_complete_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let done = ended(&mut bare(&["completions", shell])).await;
        assert_eq!(done.code, Some(0), "{done:#?}");
        for command in ["confirm-deletions", "dictionary", "runs"] {
            assert!(done.out.contains(command), "{shell} does not know {command}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_explained_by_the_slice_that_wrote_it_without_its_values() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let id = env
        .text("select id from warehouse.calls where first_name || last_name is not null order by id limit 1")
        .await;
    let name = env.text("select first_name || ' ' || last_name from warehouse.calls where first_name || last_name is not null order by id limit 1").await;
    let slice = env
        .number(&format!("select slice_id from warehouse.calls where id = '{id}'"))
        .await;
    let told = run(&env, &file, &["explain", "calls", SOURCE, &id]).await;
    let parts = [
        "ended complete",
        &slice.to_string(),
        "POST log/retrieve",
        "evidence",
        "The table `calls` of convoso_test is complete through",
    ];
    assert_shown(&told, &parts);
    let token = env.settings.sources[SOURCE].secrets["token"].clone();
    let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    assert!(!told.out.contains(&token), "{told:#?}");
    let value = json(&env, &file, &["explain", "calls", SOURCE, &id, "--json"]).await;
    assert!(
        value["row"]["raw"].is_null() && value["slice"]["state"] == "complete",
        "{value}"
    );
    let first = name.split(' ').next().expect("a name");
    assert!(!value.to_string().contains(&format!("\"{first}\"")), "{value}");
    let whole = json(
        &env,
        &file,
        &["explain", "calls", SOURCE, &id, "--json", "--record"],
    )
    .await;
    assert_eq!(whole["row"]["typed"]["first_name"], first);
    let missing = run(&env, &file, &["explain", "calls", SOURCE, "there is none"]).await;
    assert_eq!(missing.code, Some(1), "{missing:#?}");
    for (arguments, hint) in [
        (["explain", "cals", SOURCE, "1"], "did you mean `calls`?"),
        (
            ["explain", "calls", "convoso_tset", "1"],
            "did you mean `convoso_test`?",
        ),
    ] {
        let done = run(&env, &file, &arguments).await;
        assert!(done.code == Some(2) && done.err.contains(hint), "{done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_versions_of_a_row_are_told_with_their_values_only_where_they_are_asked_for() {
    let mut env = TestEnv::new().await;
    env.only(&["lists"]);
    let file = env.settings_file("");
    let account = env.sandbox.convoso();
    let id = account.ids("lists")[0].clone();
    for status in ["Y", "N", "Y"] {
        account.set("lists", &id, "status", status);
        env.sync_completely().await;
    }
    let told = run(&env, &file, &["explain", "lists", SOURCE, &id]).await;
    assert_eq!(told.out.matches("  is_active, by slice ").count(), 2, "{told:#?}");
    assert!(!told.out.contains("->"), "{told:#?}");
    let whole = run(&env, &file, &["explain", "lists", SOURCE, &id, "--record"]).await;
    let (newest, oldest) = (
        whole.out.find("is_active, by slice").expect("it is told"),
        whole.out.rfind("is_active, by slice").expect("it is told"),
    );
    assert!(
        whole.out[newest..oldest].contains("`false` -> `true`"),
        "{whole:#?}"
    );
    assert!(whole.out[oldest..].contains("`true` -> `false`"), "{whole:#?}");
    let value = json(&env, &file, &["explain", "lists", SOURCE, &id, "--json"]).await;
    assert!(
        value["changes"][1]["column"] == "is_active" && value["changes"][0]["new"].is_null(),
        "{value}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_cannot_be_read_is_told_of_its_row() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    env.sync_completely().await;
    let id = env.text("select min(id) from warehouse.calls").await;
    let changed =
        sqlx::query("update warehouse.calls set raw = raw || '{\"call_length\": \"soon\"}' where id = $1")
            .bind(&id)
            .execute(&env.pool)
            .await;
    assert_eq!(changed.expect("it is written").rows_affected(), 1);
    let told = run(&env, &file, &["explain", "calls", SOURCE, &id]).await;
    assert_shown(
        &told,
        &["Its field `call_length` has an unknown form, and is NULL."],
    );
}
