//! Answers that seem to say that rows are gone: they delete nothing by themselves.

use sandbox::Fault;

use crate::binary::{Running, convene, ended, until};
use crate::conversocial;
use crate::support::env::{SOURCE, TestEnv};

use super::{from_the, gone, line, read_at_once, run_one, settle, sync_incompletely};

/// The tables of Conversocial whose rows are asked for by id.
const TABLES: [&str; 5] = [
    "conversations",
    "messages",
    "conversation_tags",
    "conversation_channels",
    "contacts",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_404_deletes_nothing_and_the_ids_are_asked_for_again() {
    let env = conversocial::build_env(|_| ()).await;
    settle(&env).await;
    let world = env.sandbox.conversocial();
    // Customers that are due, and conversations that are followed.
    world.add_conversations(60, env.sandbox.now());
    run_one(&env, "conversations").await;
    let due = "update sync.lookups set looked_up_at = looked_up_at - interval '60 days'";
    crate::support::invariants::execute(&env, due).await;
    env.sandbox.add_rule(from_the(0, "", Fault::Status(404, None)));
    let mut before = None;
    for _ in 0..3 {
        let claimed = line(&env, "contacts").await.complete_through;
        let before = *before.get_or_insert(claimed);
        assert_eq!(claimed, before, "nothing new is claimed");
        sync_incompletely(&env, &["contacts", "followed_conversations"]).await;
        sync_incompletely(&env, &[]).await;
    }
    for table in TABLES {
        assert_eq!(gone(&env, table).await, 0, "{table}");
    }
    env.sandbox.clear_faults();
    settle(&env).await;
    for table in TABLES {
        assert_eq!(gone(&env, table).await, 0, "{table}");
    }
    super::assert_conversocial(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_of_tombstones_that_is_not_heeded_deletes_nothing() {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 0, |_, _| ()).await;
    let streams = ["leads", "deleted_leads", "archived_leads"];
    env.only(&streams);
    read_at_once(&mut env, &streams);
    let filters = [
        "deleted_at_start",
        "deleted_at_end",
        "archived_at_start",
        "archived_at_end",
    ];
    let world = env.sandbox.convoso();
    world.quirks(|quirks| quirks.ignored = filters.map(str::to_owned).to_vec());
    for _ in 0..2 {
        sync_incompletely(&env, &[]).await;
        assert_eq!(gone(&env, "leads").await, 0);
        super::assert_unclaimed(&env, "leads").await;
    }
    world.quirks(|quirks| quirks.ignored.clear());
    env.sync_completely().await;
    env.assert_same("leads", world.snapshot("leads")).await;
    assert!(line(&env, "leads").await.complete_through.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_deletions_are_confirmed_while_the_daemon_runs() {
    let env = TestEnv::with(|options| options.calls_per_day = 0).await;
    let file = env.settings_file("");
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    until(&env, "(select count(*) from warehouse.agents) = 12").await;
    let world = env.sandbox.convoso();
    world.delete_many("agents", 3);
    until(
        &env,
        "exists (select from sync.held_deletions where row_count = 3)",
    )
    .await;
    assert_eq!(gone(&env, "agents").await, 0);
    let foreign = ended(&mut convene(&env, &file, &["confirm-deletions", "nobody"])).await;
    assert_ne!(foreign.code, Some(0), "{foreign:?}");
    let name = format!("{SOURCE}.agents");
    let done = ended(&mut convene(&env, &file, &["confirm-deletions", &name])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let marked = "(select count(*) from warehouse.agents where deleted_at is not null) = 3";
    until(&env, marked).await;
    // The word is used up: what vanishes later is held again.
    world.delete_many("agents", 3);
    until(
        &env,
        "exists (select from sync.held_deletions where row_count = 3)",
    )
    .await;
    assert_eq!(gone(&env, "agents").await, 3);
    daemon.kill().await;
}

/// No row is left alive whose owner is gone.
async fn assert_nothing_is_left(env: &TestEnv, owner: &str, belongings: &[(&str, &str)]) {
    for (table, column) in belongings {
        let left = format!(
            "select count(*) from warehouse.{table} as t join warehouse.{owner} as p on p.source = t.source and p.id = t.{column}
             where p.deleted_at is not null and t.deleted_at is null"
        );
        assert_eq!(env.number(&left).await, 0, "{table}");
        let gone = format!("select count(*) from warehouse.{table} where deleted_at is not null");
        assert!(env.number(&gone).await > 0, "{table}: none was there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_a_chat_goes_and_comes_back_with_it() {
    let build = |options: &mut sandbox::Options| options.chats_per_day = 80;
    let mut env = TestEnv::of("convertalk", build, crate::convertalk::own).await;
    env.only(&["chats"]);
    env.sync_completely().await;
    let world = env.sandbox.convertalk();
    let gone: Vec<String> = world.ids("conversations").into_iter().step_by(30).collect();
    for id in &gone {
        assert!(world.set_tags(id, &["vip"]));
    }
    let due = "update sync.coverage set full_read_at = null";
    let read = async |times: usize| {
        for _ in 0..times {
            crate::support::invariants::execute(&env, due).await;
            env.sync_completely().await;
        }
    };
    read(1).await;
    for id in &gone {
        assert!(world.delete("conversations", id));
    }
    read(2).await;
    let belongings = [
        ("messages", "conversation_id"),
        ("conversation_tags", "conversation_id"),
        ("contact_notes", "contact_id"),
        ("contact_attributes", "contact_id"),
    ];
    assert_nothing_is_left(&env, "conversations", &belongings).await;
    let tags = world.snapshot("conversation_tags");
    env.assert_same("conversation_tags", tags).await;
    for id in &gone {
        assert!(world.restore("conversations", id));
    }
    read(1).await;
    for table in ["messages", "contact_notes", "contact_attributes"] {
        assert_eq!(super::gone(&env, table).await, 0, "{table}");
    }
    let tags = world.snapshot("conversation_tags");
    env.assert_same("conversation_tags", tags).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_a_conversation_that_is_not_found_goes_with_it() {
    let env = conversocial::build_env(|_| ()).await;
    settle(&env).await;
    let world = env.sandbox.conversocial();
    let gone = world.add_conversation(env.sandbox.now());
    world.set_tags(&gone, &["3105", "3106"]);
    run_one(&env, "conversations").await;
    world.delete("conversations", &gone);
    // What was asked for a moment ago is not due yet.
    let due = "update sync.lookups set looked_up_at = looked_up_at - interval '2 days'";
    for _ in 0..2 {
        crate::support::invariants::execute(&env, due).await;
        run_one(&env, "followed_conversations").await;
    }
    assert_eq!(super::gone(&env, "conversations").await, 1);
    let belongings = ["messages", "conversation_tags", "conversation_channels"];
    let belongings = belongings.map(|table| (table, "conversation_id"));
    assert_nothing_is_left(&env, "conversations", &belongings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_measures_of_a_call_that_is_gone_go_with_it() {
    let mut env = crate::converz::build_env(|_| ()).await;
    crate::converz::option(&mut env, "metrics", &crate::converz::METRICS);
    settle(&env).await;
    let tenant = crate::converz::tenant(&env);
    let (gone, _) = tenant.snapshot("calls").swap_remove(3);
    assert!(tenant.delete_call(&gone));
    for _ in 0..2 {
        let due = "update sync.coverage set unfiltered_read_at = null";
        crate::support::invariants::execute(&env, due).await;
        run_one(&env, "calls").await;
    }
    assert_eq!(super::gone(&env, "calls").await, 1);
    assert_nothing_is_left(&env, "calls", &[("call_metrics", "call_id")]).await;
}
