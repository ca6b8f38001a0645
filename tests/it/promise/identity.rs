//! Coverage belongs to what shaped its reading: a zone, an account, a bot, a measure.

use std::time::Duration;

use chrono_tz::Tz;
use convene::engine::no_observer;
use convene::warehouse::Marked;
use sandbox::Options;
use sandbox::convertalk::BOTS;
use secrecy::SecretString;

use crate::converz::{self, METRICS};
use crate::support::env::{SOURCE, TestEnv};

use super::{assert_unclaimed, gone, line, settle};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_time_zone_is_read_anew_and_every_instant_is_right() {
    let mut env = TestEnv::with(|options| options.time_zone = Tz::UTC).await;
    env.source().time_zone = Some(Tz::Asia__Tokyo);
    env.sync_completely().await;
    let wrong = "warehouse.calls where started_at is distinct from (raw ->> 'call_date')::timestamp at time zone 'UTC'";
    assert!(env.count(wrong).await > 0);
    let day = "warehouse.calls where local_day is distinct from ((raw ->> 'call_date')::timestamp)::date";
    assert_eq!(
        env.count(day).await,
        0,
        "the day is that of the wall clock, whatever its zone"
    );
    assert!(
        env.count("sync.kept_calls").await > 0,
        "days of the wrong zone are kept"
    );
    env.source().time_zone = Some(Tz::UTC);
    env.sync_only(&["agents"]).await;
    assert_unclaimed(&env, "calls").await;
    env.sync_completely().await;
    assert_eq!(env.count(wrong).await, 0);
    // What is kept follows, before the days are made anew and after.
    let hours = "select md5(string_agg(c.id || c.local_start || c.local_hour, ',' order by c.id)) from marts.calls as c";
    let truth =
        "select md5(string_agg(id || d || extract(hour from d), ',' order by id)) from warehouse.calls
        cross join lateral (select (raw ->> 'call_date')::timestamp as d) as t";
    let dials = "select count(*) from (select source, local_day, id, dials_24h, dials_7d from sync.now_dials
        except select source, local_day, id, dials_24h, dials_7d from sync.made_dials) as t";
    for _ in 0..2 {
        assert_eq!(env.text(hours).await, env.text(truth).await);
        assert_eq!(env.count(day).await, 0);
        assert_eq!(env.number(dials).await, 0);
        let made = env
            .warehouse
            .make_kept_days(Marked::All, Duration::from_mins(1))
            .await;
        made.expect("they are made");
    }
    super::assert_convoso(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_under_the_same_name_is_refused_until_it_is_adopted() {
    let mut env = TestEnv::new().await;
    env.sync_completely().await;
    let other = env.sandbox.open_accounts(Options {
        seed: 99,
        token: "another-token".to_owned(),
        days: 2,
        calls_per_day: 80,
        ..Options::new(env.sandbox.now())
    });
    // Other people: none of them is known.
    let other = other.convoso();
    other.delete_many("agents", 12);
    (0..5).for_each(|_| drop(other.add_agent()));
    let places =
        "select md5(string_agg(xmin::text || ctid::text || id, ',' order by id)) from warehouse.calls";
    let before = env.text(places).await;
    let secret = SecretString::from("another-token");
    env.source().secrets.insert("token", secret);
    for _ in 0..2 {
        let outcomes = env.try_sync(&[], no_observer()).await;
        let [Err(error)] = outcomes.as_slice() else {
            panic!("{outcomes:?}")
        };
        assert!(format!("{error:#}").contains("adopt"), "{error:#}");
        let line = line(&env, "calls").await;
        assert_eq!(line.state, "refused", "{line:?}");
    }
    assert_eq!(env.text(places).await, before, "nothing was written");
    let is_adopted = convene::commands::adopt_source(&env.warehouse, &env.settings, SOURCE).await;
    assert!(is_adopted.expect("the word is written"));
    env.sync_completely().await;
    let truth = other.snapshot("calls");
    assert!(truth.len() > 100, "{}", truth.len());
    super::assert_none_missing(&env, "calls", truth).await;
    env.sync_completely().await;
    assert_eq!(line(&env, "calls").await.state, "complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_of_a_vendor_without_a_list_of_agents_is_refused_by_its_newest_rows() {
    let chats = |options: &mut Options| options.chats_per_day = 60;
    for has_other_address in [false, true] {
        let mut env = TestEnv::of("convertalk", chats, crate::convertalk::own).await;
        env.only(&["chats"]);
        env.sync_completely().await;
        // The same account is known, however much has come meanwhile.
        let world = env.sandbox.convertalk();
        (0..90).for_each(|_| drop(world.add_chat()));
        env.sync_completely().await;
        let other = env.sandbox.open_accounts(Options {
            seed: 99,
            token: "another-token".to_owned(),
            days: 2,
            chats_per_day: 50,
            ..Options::new(env.sandbox.now())
        });
        let other = other.convertalk();
        let secret = SecretString::from("another-token");
        env.source().secrets.insert("bot_token", secret);
        if has_other_address {
            let url = env.sandbox.convertalk_url().replace("127.0.0.1", "localhost");
            env.source().base_url = Some(url.parse().expect("an address"));
        }
        let before = env.count("warehouse.conversations").await;
        for _ in 0..2 {
            let outcomes = env.try_sync(&[], no_observer()).await;
            let [Err(error)] = outcomes.as_slice() else {
                panic!("{outcomes:?}")
            };
            assert!(format!("{error:#}").contains("adopt"), "{error:#}");
            assert_eq!(line(&env, "conversations").await.state, "refused");
        }
        assert_eq!(env.count("warehouse.conversations").await, before);
        let is_adopted = convene::commands::adopt_source(&env.warehouse, &env.settings, SOURCE).await;
        assert!(is_adopted.expect("the word is written"));
        env.sync_completely().await;
        let truth = other.snapshot("conversations");
        assert!(truth.len() > 90, "{}", truth.len());
        super::assert_none_missing(&env, "conversations", truth).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bots_of_the_same_account_are_no_other_account() {
    let chats = |options: &mut Options| options.chats_per_day = 60;
    let mut env = TestEnv::of("convertalk", chats, crate::convertalk::own).await;
    env.only(&["chats"]);
    let bots = |bots: &[&str]| bots.iter().map(|bot| (*bot).to_owned()).collect::<Vec<_>>();
    env.source().options.insert("bot_ids", bots(&BOTS[..1]));
    env.sync_completely().await;
    env.source().options.insert("bot_ids", bots(&BOTS[1..]));
    env.sync_completely().await;
    assert_eq!(line(&env, "conversations").await.state, "complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_added_is_not_claimed_before_it_was_read_and_one_removed_deletes_nothing() {
    let mut env = TestEnv::of(
        "convertalk",
        |options| options.chats_per_day = 60,
        crate::convertalk::own,
    )
    .await;
    let bots = |env: &mut TestEnv, bots: &[&str]| {
        let bots = bots.iter().map(|bot| (*bot).to_owned()).collect();
        env.source().options.insert("bot_ids", bots);
    };
    bots(&mut env, &BOTS[..1]);
    env.sync_completely().await;
    let first = env.count("warehouse.conversations").await;
    assert!(line(&env, "conversations").await.complete_through.is_some());
    bots(&mut env, &BOTS);
    env.sync_only(&["segments"]).await;
    assert_unclaimed(&env, "conversations").await;
    env.sync_completely().await;
    let world = env.sandbox.convertalk();
    env.assert_same("conversations", world.snapshot("conversations"))
        .await;
    let of_two = env.count("warehouse.conversations").await;
    assert!(first < of_two, "{first} of {of_two}");
    bots(&mut env, &BOTS[..1]);
    for _ in 0..3 {
        let due = "update sync.coverage set full_read_at = full_read_at - interval '2 days' where full_read_at is not null";
        crate::support::invariants::execute(&env, due).await;
        env.sync_completely().await;
    }
    assert_eq!(gone(&env, "conversations").await, 0);
    assert!(line(&env, "conversations").await.complete_through.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_measure_that_is_added_is_not_claimed_before_it_was_read_and_one_removed_deletes_nothing() {
    let mut env = converz::build_env(|_| ()).await;
    converz::option(&mut env, "metrics", &METRICS[..1]);
    settle(&env).await;
    let first = env.count("warehouse.call_metrics").await;
    assert!(line(&env, "call_metrics").await.complete_through.is_some());
    converz::option(&mut env, "metrics", &METRICS);
    env.sync_only(&["agents"]).await;
    assert_unclaimed(&env, "call_metrics").await;
    settle(&env).await;
    let both = env.count("warehouse.call_metrics").await;
    assert_eq!(both, 2 * first, "of {first}");
    converz::option(&mut env, "metrics", &METRICS[..1]);
    for _ in 0..2 {
        settle(&env).await;
    }
    assert_eq!(gone(&env, "call_metrics").await, 0);
}
