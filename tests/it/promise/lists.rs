//! Ends that are none: codes that mean "none" perhaps, totals that lie, pages that shrink, repeat, or link on for ever, and
//! tombstones over more than a page.

use sandbox::{Fault, Rule};

use crate::conversocial;
use crate::support::env::TestEnv;
use crate::support::invariants::busy_field;

use super::{assert_unclaimed, from_the, gone, line, missing, read_at_once, run_one, sync_incompletely};

/// The streams that together say which leads there are.
const LEADS: [&str; 3] = ["leads", "deleted_leads", "archived_leads"];

/// An account whose leads fill many pages.
async fn leads(more: u32) -> TestEnv {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 0, |_, _| ()).await;
    env.only(&LEADS);
    read_at_once(&mut env, &LEADS);
    env.sandbox.convoso().add_leads(more);
    env
}

async fn assert_leads(env: &TestEnv) {
    let world = env.sandbox.convoso();
    env.assert_same("leads", world.snapshot("leads")).await;
}

/// Whatever was wrong, a run without faults brings everything.
async fn heal_leads(env: &TestEnv) {
    env.sandbox.clear_faults();
    env.sync_completely().await;
    assert_leads(env).await;
    assert!(line(env, "leads").await.complete_through.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tombstones_of_one_day_over_several_pages_all_count() {
    let env = leads(5_000).await;
    env.sync_completely().await;
    let (world, before) = (env.sandbox.convoso(), gone(&env, "leads").await);
    world.archive_many("leads", 2_500);
    world.delete_many("leads", 2_200);
    let reports = env.sync_completely().await;
    let held: i64 = reports.iter().map(|report| report.held_deletions).sum();
    let marked = gone(&env, "leads").await - before;
    assert_eq!(held + marked, 4_700, "held and marked");
    convene::commands::confirm_deletions(&env.warehouse, &env.settings, crate::support::env::SOURCE)
        .await
        .expect("the word is written");
    env.sync_completely().await;
    assert_eq!(gone(&env, "leads").await - before, 4_700);
    assert_leads(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_none_after_rows_is_no_end() {
    let env = leads(3_900).await;
    let none = Fault::Refusal {
        code: 6000,
        text: "Missing Lists".to_owned(),
    };
    env.sandbox.add_rule(Rule {
        skip: 1,
        ..Rule::new("leads/search", none, 1)
    });
    sync_incompletely(&env, &["leads"]).await;
    assert_unclaimed(&env, "leads").await;
    heal_leads(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_answered_by_a_code_for_none_alone_is_not_covered() {
    for times in [1, u32::MAX] {
        let env = leads(0).await;
        let none = Fault::Refusal {
            code: 6000,
            text: "Missing Lists".to_owned(),
        };
        env.sandbox.add_rule(Rule::new("leads/search", none, times));
        let report = run_one(&env, "leads").await;
        if report.is_complete() && times == 1 {
            // The request that confirmed it brought the rows.
            let missing = i64::try_from(env.sandbox.convoso().snapshot("leads").len()).expect("a count")
                - env.count("warehouse.leads where deleted_at is null").await;
            assert_eq!(missing, 0);
        } else {
            assert!(!report.is_complete(), "{times}");
            assert_unclaimed(&env, "leads").await;
        }
        heal_leads(&env).await;
    }
}

/// A lie about the pages of the call log. Either the rows come all the same, or the run says that something is missing and nothing
/// is claimed; and the next run heals it. Returns whether all came.
async fn lie_about_calls(fault: Fault, skip: u32, times: u32) -> bool {
    let mut env = busy_field(1, 2_400).await;
    read_at_once(&mut env, &["calls"]);
    env.sandbox.add_rule(Rule {
        skip,
        ..Rule::new("log/retrieve", fault.clone(), times)
    });
    let report = run_one(&env, "calls").await;
    let (world, is_complete) = (env.sandbox.convoso(), report.is_complete());
    let missing = missing(&env, "calls", world.snapshot("calls")).await;
    if is_complete {
        assert_eq!(missing, 0, "{fault:?}: complete, without all calls");
    } else {
        assert_unclaimed(&env, "calls").await;
    }
    super::assert_covered_calls(&env).await;
    env.sandbox.clear_faults();
    env.sync_completely().await;
    super::assert_convoso(&env).await;
    is_complete
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_smaller_than_the_rows_that_came_is_no_end() {
    let none_told = lie_about_calls(Fault::Total(0), 0, u32::MAX).await;
    let fewer_told = lie_about_calls(Fault::Total(500), 0, u32::MAX).await;
    lie_about_calls(Fault::TotalOfPage, 0, u32::MAX).await;
    lie_about_calls(Fault::Total(500), 0, 1).await;
    assert!(!none_told && !fewer_told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_empty_short_or_repeated_are_no_end() {
    let came = tokio::join!(
        lie_about_calls(Fault::Empty, 1, u32::MAX),
        lie_about_calls(Fault::WithoutLast(3), 0, u32::MAX),
        lie_about_calls(Fault::Repeat, 1, u32::MAX),
    );
    assert_eq!(came, (false, false, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_under_one_id_are_never_complete() {
    assert!(!lie_about_calls(Fault::Twins, 1, 1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_conversations_that_begin_with_empty_pages_are_read_to_their_ends() {
    let env = conversocial::build_env(|_| ()).await;
    env.sandbox.conversocial().quirks(|quirks| quirks.empty_pages = 3);
    super::settle(&env).await;
    super::assert_conversocial(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_without_end_end_at_a_limit_that_is_named() {
    let mut env = conversocial::build_env(|_| ()).await;
    env.only(&["conversations"]);
    env.settings.limits.max_pages = 40;
    let quirks = |is_endless| {
        let world = env.sandbox.conversocial();
        world.quirks(|quirks| quirks.has_endless_links = is_endless);
    };
    quirks(true);
    let told = sync_incompletely(&env, &["conversations"]).await;
    // Links that lead to what was there already are found out before.
    assert!(
        told.contains("again and again") || told.contains("max_pages"),
        "{told}"
    );
    assert!(env.sandbox.requests().len() <= 41);
    for table in ["conversations", "messages"] {
        assert_unclaimed(&env, table).await;
    }
    quirks(false);
    // Ten empty pages, and then the rows: more than the limit allows.
    let world = env.sandbox.conversocial();
    world.quirks(|quirks| quirks.empty_pages = 10);
    env.settings.limits.max_pages = 8;
    let told = sync_incompletely(&env, &["conversations"]).await;
    assert!(told.contains("max_pages"), "{told}");
    assert_unclaimed(&env, "conversations").await;
    env.settings.limits.max_pages = 4_000;
    env.sync_completely().await;
    conversocial::assert_conversations(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_list_of_which_nothing_can_be_read_is_never_complete() {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 0, |_, _| ()).await;
    env.only(&["campaigns", "lists"]);
    env.sync_completely().await;
    let before = line(&env, "campaigns").await.complete_through;
    for body in [
        r#"{"success":true,"data":[{"name":"One"}]}"#,
        r#"{"success":true,"data":[{"name":"One"},{"name":"Two"},{"name":"Three"}]}"#,
    ] {
        let fault = Fault::Foreign(body.to_owned());
        env.sandbox.add_rule(from_the(0, "campaigns/search", fault));
        let told = sync_incompletely(&env, &["campaigns"]).await;
        env.sandbox.clear_faults();
        assert!(told.contains("could not be read"), "{told}");
        assert_eq!(line(&env, "campaigns").await.complete_through, before);
        assert_ne!(line(&env, "campaigns").await.state, "complete");
        assert_eq!(gone(&env, "campaigns").await, 0);
    }
    env.sync_completely().await;
    assert!(line(&env, "campaigns").await.complete_through > before);
    env.assert_same("campaigns", env.sandbox.convoso().snapshot("campaigns"))
        .await;
}
