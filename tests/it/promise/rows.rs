//! Rows that no ordinary window holds: dated in the future, or without the time that windows filter by.

use chrono::TimeDelta;

use crate::conversocial;
use crate::converz;
use crate::support::env::TestEnv;
use crate::support::invariants::execute;

use super::{read_at_once, settle};

/// So far ahead that no clock explains it.
const AHEAD: TimeDelta = TimeDelta::hours(5);
const FAR_AHEAD: TimeDelta = TimeDelta::days(400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_and_callbacks_of_the_future_land() {
    let mut env = TestEnv::of("convoso", |options| options.calls_per_day = 20, |_, _| ()).await;
    env.only(&["leads", "callbacks"]);
    read_at_once(&mut env, &["leads", "callbacks"]);
    let now = env.sandbox.now();
    for _ in 0..2 {
        let world = env.sandbox.convoso();
        world.add_callback(now + FAR_AHEAD);
        let leads = world.ids("leads");
        assert!(world.touch_lead_at(&leads[7], now + AHEAD));
        env.sync_completely().await;
        for table in ["leads", "callbacks"] {
            let truth = world.snapshot(table);
            super::assert_none_missing(&env, table, truth).await;
        }
    }
    let covered = "select count(*) from sync.coverage where upper(covered) > now()";
    assert_eq!(env.number(covered).await, 0, "they cover nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_of_the_future_land() {
    let env = conversocial::build_env(|_| ()).await;
    for _ in 0..2 {
        let at = env.sandbox.now() + FAR_AHEAD;
        env.sandbox.conversocial().add_future_conversation(at);
        settle(&env).await;
        conversocial::assert_conversations(&env).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chats_with_activity_in_the_future_land_and_hide_no_others() {
    let mut env = TestEnv::of("convertalk", |_| (), crate::convertalk::own).await;
    env.only(&["chats"]);
    for _ in 0..3 {
        let world = env.sandbox.convertalk();
        let id = world.add_chat();
        assert!(world.write_in_at(&id, env.sandbox.now() + AHEAD));
        world.add_chat();
        env.sync_completely().await;
        env.assert_same("conversations", world.snapshot("conversations"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_without_a_start_and_calls_of_the_future_land() {
    let env = converz::build_env(|_| ()).await;
    for _ in 0..2 {
        let tenant = converz::tenant(&env);
        tenant.add_timeless_call();
        tenant.add_future_call(env.sandbox.now() + AHEAD);
        converz::sync(&env).await;
        // The list without the filter is due once a week.
        let due = "update sync.coverage set unfiltered_read_at = unfiltered_read_at - interval '8 days'";
        execute(&env, due).await;
    }
}
