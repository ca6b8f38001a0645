//! Conversocial's traps: answers that are refusals, links that lead astray, seconds with many rows, records that lack things.

use chrono::TimeDelta;
use convene::engine::RunReport;

use crate::conversocial::{assert_conversations, build_env};
use crate::support::env::TestEnv;

/// Runs one stream, which must not come to a good end; tells why.
async fn flaw(env: &TestEnv, stream: &str) -> (RunReport, String) {
    let report = env.sync_only(&[stream]).await.remove(0);
    let reason = report
        .unfinished
        .first()
        .map(|unfinished| unfinished.reason.clone());
    let reason = reason.unwrap_or_else(|| panic!("{stream} came to a good end"));
    (report, reason)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_with_a_good_status_is_a_refusal_and_deletes_nothing() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial();
    env.sync_only(&["tags"]).await;
    for is_quiet in [true, false] {
        world.quirks(|quirks| {
            let tags = vec!["tags".to_owned()];
            if is_quiet {
                quirks.unpermitted = tags;
            } else {
                (quirks.unpermitted, quirks.forbidden) = (Vec::new(), tags);
            }
        });
        let (report, reason) = flaw(&env, "tags").await;
        assert!(reason.contains("refused"), "{reason}");
        assert_eq!(report.unfinished[0].remedy, connectors::source::Remedy::Operator);
    }
    env.assert_same("tags", world.snapshot("tags")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_to_other_hosts_are_not_followed() {
    let env = build_env(|_| ()).await;
    env.sandbox
        .conversocial()
        .quirks(|quirks| quirks.has_foreign_links = true);
    for stream in ["tags", "conversations"] {
        let (_, reason) = flaw(&env, stream).await;
        assert!(!reason.contains("elsewhere"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_leads_back_to_itself_is_an_error_and_no_end() {
    let env = build_env(|_| ()).await;
    env.sandbox
        .conversocial()
        .quirks(|quirks| quirks.has_circular_links = true);
    for stream in ["tags", "conversations"] {
        flaw(&env, stream).await;
        assert!(env.sandbox.requests().len() < 12, "{stream}");
        env.sandbox.clear_requests();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_with_more_conversations_than_a_page_is_read_whole() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial();
    world.add_conversations(130, env.sandbox.now() - TimeDelta::hours(5));
    env.sync_only(&["conversations"]).await;
    assert_conversations(&env).await;
    let pages = env.sandbox.requests();
    assert!(
        pages.iter().any(|page| page.parameter("skip").is_some()),
        "such a second takes the vendor's skip"
    );
    assert!(
        pages
            .iter()
            .all(|page| page.parameter("sort") == Some("oldest_sort_date"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_page_with_a_link_is_no_end() {
    let env = build_env(|_| ()).await;
    env.sandbox.conversocial().quirks(|quirks| quirks.empty_pages = 1);
    env.sync_only(&["conversations"]).await;
    assert_conversations(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_begin_with_their_first_message_where_the_sort_time_is_not_shown() {
    let env = build_env(|_| ()).await;
    env.sandbox
        .conversocial()
        .quirks(|quirks| quirks.omits_sort_date = true);
    env.sync_only(&["conversations"]).await;
    assert_conversations(&env).await;
    let without =
        "select count(*) from warehouse.conversations where started_at is null or sorted_at is not null";
    assert_eq!(env.number(without).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_cannot_be_read_costs_neither_its_conversation_nor_its_page() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial().clone();
    let odd = world.add_conversation(env.sandbox.now() - TimeDelta::hours(3));
    world.quirks(|quirks| quirks.broken = vec![odd.clone()]);
    let reports = env.sync_only(&["conversations"]).await;
    assert!(reports.iter().all(RunReport::is_complete), "{reports:?}");
    let mut truth = world.snapshot("conversations");
    for (_, record) in truth.iter_mut().filter(|(id, _)| *id == odd) {
        let mut shown: serde_json::Value = serde_json::from_str(record).expect("it is JSON");
        shown["status"] = serde_json::json!({"is": "odd"});
        *record = shown.to_string();
    }
    env.assert_same("conversations", truth).await;
    env.assert_same("messages", world.snapshot("messages")).await;
    let unread = format!(
        "select count(*) from warehouse.conversations where id = '{odd}' and status is null and is_closed is null"
    );
    assert_eq!(env.number(&unread).await, 1);
    let told = format!(
        "select count(*) from sync.field_faults where stream = 'conversations' and field = 'status' and example_id = '{odd}'"
    );
    assert_eq!(env.number(&told).await, 1);
    world.quirks(|quirks| quirks.broken.clear());
    env.sync_only(&["conversations"]).await;
    assert_conversations(&env).await;
    assert_eq!(env.number(&unread).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_as_text_or_as_a_list_and_are_the_same() {
    let env = build_env(|_| ()).await;
    env.sync_only(&["agent_events"]).await;
    let before = env.count("warehouse.agent_events").await;
    assert!(before > 0);
    env.sandbox
        .conversocial()
        .quirks(|quirks| quirks.has_plain_documents = true);
    let reports = env.sync_only(&["agent_events"]).await;
    assert!(reports.iter().all(RunReport::is_complete), "{reports:?}");
    assert_eq!(env.count("warehouse.agent_events").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_with_a_blank_in_them_are_followed() {
    let env = build_env(|_| ()).await;
    let world = env.sandbox.conversocial();
    world.quirks(|quirks| quirks.has_blank_links = true);
    for customer in 7_000_000..7_000_120 {
        world.note("notes", "add_note", customer);
    }
    env.sync_only(&["profile_notes"]).await;
    env.assert_same("contact_notes", world.snapshot("contact_notes"))
        .await;
    let tokens = env.sandbox.requests();
    assert!(tokens.iter().any(|page| page.parameter("page_token").is_some()));
}
