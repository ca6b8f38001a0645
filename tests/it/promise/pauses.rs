//! What delays only itself: a day that always fails, a report that is still being made, a vendor that asks for patience.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use sandbox::{Fault, Rule, Span};

use crate::conversocial;
use crate::support::env::{SOURCE, TestEnv};
use crate::support::invariants::busy_field;

use super::{assert_next_run, assert_unclaimed, line, run_one, settle};

/// A rule against every request that touches these days of the call log.
fn poison(env: &TestEnv, days_ago: i64, days: i64) -> Rule {
    let first = env.sandbox.now() - TimeDelta::days(days_ago);
    let last = first + TimeDelta::days(days - 1);
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    Rule {
        span: Some(Span {
            first_parameter: "start_time".to_owned(),
            last_parameter: "end_time".to_owned(),
            first: day(first),
            last: day(last),
        }),
        ..Rule::new(
            "log/retrieve",
            Fault::Foreign(r#"{"success":false,"code":7777,"text":"Unknown"}"#.to_owned()),
            u32::MAX,
        )
    }
}

/// Whole days of the call log that cannot be read; older history is all the same.
async fn poison_days(days: i64) {
    let env = busy_field(12, 60).await;
    let rule = poison(&env, 3 + days, days);
    let span = rule.span.clone().expect("it has a span");
    env.sandbox.add_rule(rule);
    // A run that meets the same failure several times in a row may give up, and the next one goes on elsewhere.
    for _ in 0..3 {
        super::sync_incompletely(&env, &["calls"]).await;
        super::assert_covered_calls(&env).await;
    }
    let read = format!("warehouse.calls where started_at < '{}'", span.first);
    let older = env.sandbox.convoso().snapshot("calls");
    let older = older
        .iter()
        .filter(|(_, record)| {
            let record: serde_json::Value = serde_json::from_str(record).expect("a record");
            record["call_date"]
                .as_str()
                .is_some_and(|date| date < span.first.as_str())
        })
        .count();
    assert!(older > 200);
    // The windows that touch the days are poisoned with them.
    let missing = i64::try_from(older).expect("a count") - env.count(&read).await;
    assert!(missing <= 60, "{missing} of {older} older calls are missing");
    let line = line(&env, "calls").await;
    assert!(
        line.complete_through
            .is_some_and(|through| through < env.sandbox.now() - TimeDelta::days(2))
            && line.state == "incomplete"
            && line.reason.as_ref().is_some_and(|reason| reason.contains("7777")),
        "{line:?}"
    );
    env.sandbox.clear_faults();
    env.sync_completely().await;
    super::assert_convoso(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_day_delays_only_itself() {
    tokio::join!(poison_days(1), poison_days(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_still_being_made_is_a_row_and_no_run_waits_for_it() {
    let env = conversocial::build_env(|_| ()).await;
    settle(&env).await;
    let world = env.sandbox.conversocial();
    world.quirks(|quirks| quirks.reports_stay = true);
    let id = world.order_report();
    let state = format!("select state from warehouse.report_exports where id = '{id}'");
    let begun = Instant::now();
    for _ in 0..3 {
        assert!(run_one(&env, "report_exports").await.is_complete());
        assert_ne!(env.text(&state).await, "ready");
    }
    settle(&env).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// A second source that reads the same account with the same credential.
fn add_twin(env: &mut TestEnv) {
    let mut twin = env.source().clone();
    "convoso_twin".clone_into(&mut twin.name);
    env.settings.sources.insert(twin.name.clone(), twin);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sources_with_one_token_share_one_budget() {
    let mut env = busy_field(2, 60).await;
    // Ten a second, together.
    env.source().requests_per_minute = Some(600);
    env.stream("calls").max_span = Some(Duration::from_hours(3));
    add_twin(&mut env);
    env.sync_completely().await;
    let arrived: Vec<Instant> = env.sandbox.requests().iter().map(|seen| seen.arrived).collect();
    let (Some(first), Some(last)) = (arrived.iter().min(), arrived.iter().max()) else {
        panic!("nothing was asked")
    };
    let shortest = Duration::from_millis(100) * u32::try_from(arrived.len() - 1).expect("a count");
    assert!(arrived.len() > 30, "{}", arrived.len());
    assert!(
        *last - *first >= shortest.mul_f64(0.95),
        "{} requests in {:?}",
        arrived.len(),
        *last - *first
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_wait_that_the_vendor_asks_for_is_shared_and_not_shortened() {
    let mut env = busy_field(1, 60).await;
    add_twin(&mut env);
    env.sandbox
        .fault("log/retrieve", Fault::Status(429, Some("1800".to_owned())), 1);
    let begun = Instant::now();
    let report = run_one(&env, "calls").await;
    assert_next_run(&report);
    assert_unclaimed(&env, "calls").await;
    let asked = env.sandbox.requests().len();
    // Nobody asks again before its time: neither this source nor the other with the same token.
    for source in [SOURCE, "convoso_twin"] {
        let selection = convene::commands::Selection(vec![format!("{source}.calls")]);
        let once = convene::commands::Once {
            selection: &selection,
            stop: &env.stop,
            observer: convene::engine::no_observer(),
        };
        let reports = convene::commands::sync_once(&env.warehouse, &env.settings, once)
            .await
            .expect("there is such a stream");
        let report = reports[0].as_ref().expect("the source runs");
        assert_next_run(report);
    }
    assert_eq!(env.sandbox.requests().len(), asked);
    assert!(begun.elapsed() < Duration::from_secs(30), "no run waits for it");
    let left = "select extract(epoch from max(paused_until) - clock_timestamp())::bigint from sync.budgets";
    assert!(env.number(left).await > 1_700);
    let over = "update sync.budgets set paused_until = clock_timestamp()";
    crate::support::invariants::execute(&env, over).await;
    env.sync_completely().await;
    super::assert_convoso(&env).await;
}
