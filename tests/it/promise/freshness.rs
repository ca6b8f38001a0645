//! What is said of tables: every table has an answer, and no answer is better than what was read.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::support::env::TestEnv;
use crate::support::invariants::execute;
use crate::{conversocial, converz};

use super::{assert_unclaimed, line, read_at_once, run_one, settle};

/// Every table that the streams of a source fill has a line with a word, and a reason unless it is complete.
async fn assert_lines(env: &mut TestEnv) {
    let streams = env.source().vendor.streams;
    let tables: BTreeSet<&str> = streams
        .iter()
        .flat_map(|stream| stream.fills)
        .map(|table| table.name)
        .collect();
    let lines = env.warehouse.list_freshness().await.expect("freshness is told");
    for table in tables {
        let Some(line) = lines.iter().find(|line| line.table_name == table) else {
            // Streams that are switched off promise nothing.
            let filled = env.count(&format!("warehouse.{table}")).await;
            assert_eq!(filled, 0, "{table} has rows and no line");
            continue;
        };
        let has_answer = match line.state.as_str() {
            "complete" => line.complete_through.is_some(),
            _ => line.reason.is_some(),
        };
        assert!(has_answer, "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_first_sync_every_table_of_every_vendor_has_an_answer() {
    let build = |vendor| TestEnv::of(vendor, |options| options.calls_per_day = 40, |_, _| ());
    let mut convoso = build("convoso").await;
    convoso.sync().await;
    assert_lines(&mut convoso).await;
    let mut converz = converz::build_env(|_| ()).await;
    converz::option(&mut converz, "metrics", &converz::METRICS);
    converz.sync().await;
    assert_lines(&mut converz).await;
    let mut convertalk = TestEnv::of("convertalk", |_| (), crate::convertalk::own).await;
    convertalk.sync().await;
    assert_lines(&mut convertalk).await;
    let mut conversocial = conversocial::build_env(|_| ()).await;
    conversocial.sync().await;
    assert_lines(&mut conversocial).await;
    settle(&conversocial).await;
    assert_lines(&mut conversocial).await;
    for table in [
        "conversations",
        "messages",
        "conversation_tags",
        "conversation_channels",
        "contacts",
    ] {
        let line = line(&conversocial, table).await;
        assert!(line.complete_through.is_some(), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_claim_nothing_before_what_names_them_was_read() {
    let env = conversocial::build_env(|_| ()).await;
    run_one(&env, "contacts").await;
    assert_eq!(env.count("warehouse.contacts").await, 0);
    assert_unclaimed(&env, "contacts").await;
    run_one(&env, "conversations").await;
    let due = env.sandbox.conversocial().snapshot("contacts").len();
    let report = run_one(&env, "contacts").await;
    let came = env.count("warehouse.contacts").await;
    let left = i64::try_from(due).expect("a count") - came;
    assert_eq!(report.ids_left, left, "what is left out is said");
    assert_eq!(report.is_complete(), left == 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_beyond_the_budget_are_told_and_hold_the_claim_back() {
    // Enough on two days: right after midnight the third has none.
    let env = conversocial::build_env(|options| options.conversations_per_day = 260).await;
    let reports = env.sync().await;
    let left: i64 = reports
        .iter()
        .filter(|report| report.stream == "contacts")
        .map(|report| report.ids_left)
        .sum();
    assert!(left > 0, "there are more customers than one run asks for");
    let line = line(&env, "contacts").await;
    assert_ne!(line.state, "complete");
    assert_eq!(
        line.complete_through, None,
        "a first load is complete through nothing, and so not late"
    );
    let told = format!("{left} ids to go");
    assert!(
        line.reason.as_ref().is_some_and(|reason| reason.contains(&told)),
        "{line:?}"
    );
    settle(&env).await;
    assert!(self::line(&env, "contacts").await.complete_through.is_some());
    // Once complete it says through what, whatever comes.
    let at = env.sandbox.now();
    env.sandbox.conversocial().add_conversations(300, at);
    env.sandbox.advance(TimeDelta::minutes(3));
    env.sync().await;
    let oldest = "select count(*) from warehouse.conversations as c where contact_id is not null
         and not exists (select from warehouse.contacts as k where k.source = c.source and k.id = c.contact_id)
         and started_at < (select complete_through from warehouse.freshness where table_name = 'contacts')";
    assert_eq!(env.number(oldest).await, 0, "what is claimed is there");
    settle(&env).await;
    super::assert_conversocial(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_alone_are_not_complete_and_a_stream_switched_off_does_not_freeze_their_table() {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 0, |_, _| ()).await;
    let streams = ["leads", "called_leads", "deleted_leads", "archived_leads"];
    env.only(&streams);
    read_at_once(&mut env, &streams);
    assert!(run_one(&env, "leads").await.is_complete());
    assert_unclaimed(&env, "leads").await;
    let reason = line(&env, "leads").await.reason.unwrap_or_default();
    assert!(
        reason.contains("deleted_leads") && reason.contains("archived_leads"),
        "{reason}"
    );
    env.sync_completely().await;
    assert_eq!(line(&env, "leads").await.state, "complete");
    // As if the last run had been an hour ago.
    let back = "update sync.coverage set covered = covered * tstzmultirange(tstzrange(null, now() - interval '1 hour')),
                settled = '{}'";
    execute(&env, back).await;
    let before = line(&env, "leads").await;
    env.stream("deleted_leads").enabled = Some(false);
    // The books of the one that is off stay where they are, and the others move on.
    let back = "update sync.coverage set covered = covered * tstzmultirange(tstzrange(null, now() - interval '2 days')),
                settled = '{}' where stream = 'deleted_leads'";
    execute(&env, back).await;
    env.sync_completely().await;
    let after = line(&env, "leads").await;
    assert!(after.complete_through > before.complete_through, "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_settled_of_figures_by_day_moves_on_with_the_days() {
    let mut env = TestEnv::of("convoso", |options| options.days = 8, |_, _| ()).await;
    env.only(&["agent_performance"]);
    env.sync_completely().await;
    let first = line(&env, "agent_performance").await;
    assert!(first.settled_through.is_some(), "{first:?}");
    // As if the last run had been two days ago.
    let back = "update sync.coverage set covered = covered * tstzmultirange(tstzrange(null, now() - interval '2 days')),
                settled = settled * tstzmultirange(tstzrange(null, now() - interval '4 days'))";
    execute(&env, back).await;
    let aged = line(&env, "agent_performance").await;
    assert!(aged.settled_through < first.settled_through, "{aged:?}");
    env.sync_completely().await;
    let last = line(&env, "agent_performance").await;
    assert!(
        last.settled_through >= first.settled_through,
        "{first:?} {last:?}"
    );
}
