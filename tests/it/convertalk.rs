//! Convertalk, end to end: lists that change while they are read, rows that are hidden in other rows, and refusals.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use connectors::schema::{Contact, Conversation, Entity, Lead, Message, Segment, Table};
use connectors::source::Remedy;
use convene::engine::RunReport;
use convene::settings::Source;
use sandbox::convertalk::{API_KEY, BOTS, CUSTOMER, Order, Refusal};
use sandbox::{Fault, Rule, Sandbox};
use secrecy::SecretString;

use crate::support::env::{SOURCE, TestEnv, flaws};
use crate::support::invariants::assert_absent;

pub(crate) fn own(sandbox: &Sandbox, source: &mut Source) {
    source.base_url = Some(sandbox.convertalk_url().parse().expect("the sandbox has a URL"));
    let secret = |text: &str| SecretString::from(text.to_owned());
    source.secrets = [
        ("bot_token", secret("sandbox-token")),
        ("api_key", secret(API_KEY)),
    ]
    .into();
    source.options = [
        ("customer_id", vec![CUSTOMER.to_owned()]),
        ("bot_ids", BOTS.map(str::to_owned).to_vec()),
    ]
    .into();
}

/// An account with chats of three days, up to the present.
pub(crate) async fn build_env() -> TestEnv {
    field_behind(TimeDelta::zero()).await
}

/// The same, with a clock that is behind.
async fn field_behind(behind: TimeDelta) -> TestEnv {
    let build = |options: &mut sandbox::Options| {
        options.chats_per_day = 60;
        options.calls_per_day = 0;
        // Unlike calls, chats need not be old to be read.
        options.now += TimeDelta::minutes(10) - behind;
    };
    TestEnv::of("convertalk", build, own).await
}

async fn assert_truth(env: &TestEnv) {
    let world = env.sandbox.convertalk();
    env.assert_same("conversations", world.snapshot("conversations"))
        .await;
    env.assert_same("leads", world.snapshot("leads")).await;
    env.assert_same("contacts", world.snapshot("contacts")).await;
    env.assert_same("conversation_tags", world.snapshot("conversation_tags"))
        .await;
    env.assert_same("segments", world.snapshot("segments")).await;
}

/// Makes the next slice go to the end of each list.
async fn make_full_slice_due(env: &TestEnv) {
    let update = "update sync.coverage set full_read_at = full_read_at - interval '2 days' where full_read_at is not null";
    sqlx::query(update)
        .execute(&env.pool)
        .await
        .expect("the books can be changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_size_brings_exactly_what_is_there() {
    for (page_size, has_short_pages) in [(20, false), (50, false), (10, true), (7, true)] {
        let env = build_env().await;
        env.sandbox.convertalk().quirks(|quirks| {
            quirks.page_size = page_size;
            quirks.has_short_pages = has_short_pages;
        });
        env.sync_completely().await;
        assert_truth(&env).await;
        assert!(env.count("warehouse.messages").await > 50);
        // What was kept of visited addresses holds no token.
        assert_eq!(
            env.number("select count(*) from warehouse.conversations where raw::text like '%token=%'")
                .await,
            0
        );
        assert!(
            env.number("select count(*) from warehouse.conversations where raw::text like '%urlsVisited%'")
                .await
                > 0
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_slice_writes_nothing_nor_does_one_after_glances() {
    let mut env = build_env().await;
    env.sync_completely().await;
    let counted = env.tuples_written().await;
    for is_full in [false, true] {
        if is_full {
            make_full_slice_due(&env).await;
        }
        env.sandbox.advance(TimeDelta::seconds(5));
        let world = env.sandbox.convertalk();
        world
            .ids("conversations")
            .iter()
            .take(100)
            .for_each(|id| assert!(world.touch(id)));
        let reports = env.sync_completely().await;
        assert!(
            reports
                .iter()
                .all(|report| report.counts.inserted + report.counts.updated == 0),
            "{reports:?}"
        );
        assert_eq!(env.tuples_written().await, counted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_bears_an_account_that_changes_between_its_page_requests() {
    let env = build_env().await;
    let world = env.sandbox.convertalk();
    world.quirks(|quirks| quirks.page_size = 9);
    let before = world.ids("conversations");
    let turn = AtomicU64::new(0);
    world.change_between_requests(move |world, _| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let ids = world.ids("conversations");
        let pick = |salt: u64| &ids[usize::try_from(turn * 7_919 + salt).expect("small") % ids.len()];
        match turn % 6 {
            0 => assert!(world.write_in(pick(1))),
            1 => assert!(world.add_chat().len() == 24),
            2 => assert!(world.touch(pick(2))),
            3 => assert!(world.set_status(pick(3), "CLOSED")),
            // A slice by page numbers bears one removal in some page requests, not one after the other.
            4 if turn % 36 == 4 => assert!(world.convert(pick(4), true)),
            4 if turn % 36 == 22 => assert!(world.delete("conversations", pick(5))),
            _ => (),
        }
    });
    env.sync_completely().await;
    world.stop_changing();
    let there = world.ids("conversations");
    for id in before.iter().filter(|id| there.contains(id)) {
        let query = format!("select count(*) from warehouse.conversations where id = '{id}'");
        assert_eq!(env.number(&query).await, 1, "{id} is lost");
    }
    // Rows that were only looked at keep the record of their last change, so each changes once more.
    env.sandbox.advance(TimeDelta::seconds(1));
    for id in &there {
        assert!(world.write_in(id));
    }
    make_full_slice_due(&env).await;
    env.sync_completely().await;
    make_full_slice_due(&env).await;
    env.sync_completely().await;
    env.assert_same("conversations", world.snapshot("conversations"))
        .await;
    env.assert_same("leads", world.snapshot("leads")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_slice_brings_news_and_a_whole_one_what_was_only_edited() {
    let env = build_env().await;
    let world = env.sandbox.convertalk();
    env.sync_completely().await;
    env.sandbox.clear_requests();
    env.sandbox.advance(TimeDelta::seconds(2));
    let (old, edited) = (&world.ids("conversations")[3], &world.ids("conversations")[5]);
    assert!(
        world.write_in(old)
            && world.set_status(edited, "REVIEW")
            && world.set_tags(edited, &["vip", "vip", "late"])
    );
    let fresh = world.add_chat();
    env.sync_completely().await;
    let chats = env.sandbox.requests();
    let chats = chats
        .iter()
        .filter(|seen| seen.path.ends_with("direct/chats"))
        .count();
    assert!(chats < 30, "{chats} page requests for a quick slice");
    for id in [old, &fresh] {
        let query = format!(
            "select count(*) from warehouse.conversations where id = '{id}' and last_activity_at > now() - interval '5 minutes'"
        );
        assert_eq!(env.number(&query).await, 1, "{id}");
    }
    make_full_slice_due(&env).await;
    env.sync_completely().await;
    assert_truth(&env).await;
    assert_eq!(
        env.text(&format!(
            "select status from warehouse.conversations where id = '{edited}'"
        ))
        .await,
        "REVIEW"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_is_gone_after_two_whole_slices_without_it() {
    let env = build_env().await;
    let world = env.sandbox.convertalk();
    env.sync_completely().await;
    let gone = world.ids("conversations")[9].clone();
    assert!(world.delete("conversations", &gone));
    let query = format!(
        "select count(*) from warehouse.conversations where id = '{gone}' and deleted_at is not null"
    );
    for (is_full, wanted) in [(false, 0), (true, 0), (false, 0), (true, 1)] {
        if is_full {
            make_full_slice_due(&env).await;
        }
        env.sync_completely().await;
        assert_eq!(env.number(&query).await, wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_in_both_listings_is_a_lead() {
    let env = build_env().await;
    let world = env.sandbox.convertalk();
    for id in world.ids("conversations") {
        assert!(world.show_in_both(&id, true));
    }
    env.sync_completely().await;
    assert_eq!(
        env.number("select count(*) from warehouse.conversations where kind <> 'lead' or lead_id is null")
            .await,
        0
    );
    env.assert_same("leads", world.snapshot("conversations")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_for_another_listing_or_another_bot_is_not_believed() {
    let env = build_env().await;
    for skip in 0..12 {
        let repeat = Rule::new("/inbox/direct/chats", Fault::Repeat, 1);
        env.sandbox.add_rule(Rule { skip, ..repeat });
        env.sync_completely().await;
        env.sandbox.clear_faults();
        assert_truth(&env).await;
        let bots = env.number("select count(distinct channel_id) from warehouse.conversations");
        assert_eq!(bots.await, 2, "{skip}");
    }
    let wrong = "select count(*) from warehouse.conversations where (kind = 'lead') <> (lead_id is not null)";
    assert_eq!(env.number(wrong).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_in_another_order_are_read_to_their_ends() {
    for order in [Order::Created, Order::Id] {
        let behind = TimeDelta::minutes(50);
        let env = field_behind(behind).await;
        let world = env.sandbox.convertalk();
        world.quirks(|quirks| quirks.order = order);
        for id in world.ids("conversations").iter().step_by(6) {
            assert!(world.write_in(id));
        }
        env.sync_completely().await;
        env.sandbox.advance(behind);
        let old = &world.ids("conversations")[40];
        assert!(world.write_in(old));
        env.sync_completely().await;
        let query = format!(
            "select count(*) from warehouse.conversations where id = '{old}' and last_activity_at > now() - interval '5 minutes'"
        );
        assert_eq!(env.number(&query).await, 1, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_page_for_ever_is_a_failure_and_not_an_end() {
    let env = build_env().await;
    env.sandbox.convertalk().quirks(|quirks| quirks.is_stuck = true);
    let reports = env.sync_only(&["chats", "contacts"]).await;
    // The chats of two bots, and the contacts.
    assert_eq!(flaws(&reports).len(), 3, "{reports:?}");
    for flaw in flaws(&reports) {
        assert!(flaw.contains("again and again"), "{flaw}");
    }
    assert!(env.sandbox.requests().len() < 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_told_apart_with_any_status() {
    for refusal in [Refusal::Status, Refusal::InBody] {
        let mut env = build_env().await;
        env.sandbox.convertalk().quirks(|quirks| quirks.refusal = refusal);
        env.source()
            .options
            .insert("customer_id", vec!["surprise".to_owned()]);
        let told = env.sync_only(&["chats"]).await;
        assert!(told.iter().all(|report| !report.is_complete()), "{told:?}");
        let secret = SecretString::from("wrong-token-of-a-test");
        for key in ["bot_token", "api_key"] {
            env.source().secrets.insert(key, secret.clone());
        }
        let reports = env.sync().await;
        assert_eq!(
            reports.iter().filter(|report| !report.is_complete()).count(),
            3,
            "{reports:?}"
        );
        for flaw in reports.iter().flat_map(|report| &report.unfinished) {
            assert_eq!(flaw.remedy, Remedy::Operator, "{flaw:?}");
        }
        assert_absent(&env, "wrong-token-of-a-test").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_name_of_the_header_is_a_setting() {
    let mut env = build_env().await;
    env.sandbox
        .convertalk()
        .quirks(|quirks| quirks.token_header = "x-bp-token".to_owned());
    assert!(!env.sync_only(&["chats"]).await.iter().all(RunReport::is_complete));
    env.source()
        .options
        .insert("token_header", vec!["x-bp-token".to_owned()]);
    env.sync_completely().await;
    assert_truth(&env).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_the_chats_alone_are_read() {
    let mut env = build_env().await;
    env.source().secrets.remove("api_key");
    let reports = env.sync_completely().await;
    assert_eq!(reports.len(), 1);
    assert_eq!(env.count("warehouse.contacts").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_faults_are_waited_out_and_a_broken_field_costs_only_itself() {
    let env = build_env().await;
    for fault in [
        Fault::Status(429, Some("0".to_owned())),
        Fault::Status(502, None),
        Fault::CutJson,
        Fault::Cut,
    ] {
        env.sandbox.fault("direct/chats", fault, 1);
    }
    env.sandbox
        .convertalk()
        .quirks(|quirks| quirks.broken_rows = vec![7]);
    let reports = env.sync_only(&["chats"]).await;
    assert!(reports.iter().all(RunReport::is_complete), "{reports:?}");
    let all = i64::try_from(env.sandbox.convertalk().ids("conversations").len()).expect("few");
    assert_eq!(env.count("warehouse.conversations").await, all);
    // What cannot be read of a row is NULL, and told.
    let without = "select count(*) from warehouse.conversations where started_at is null and raw ->> 'createdAt' = 'yesterday'";
    assert_eq!(env.number(without).await, 1);
    let told = "select count(distinct example_id) from sync.field_faults where stream = 'chats' and field = 'createdAt'";
    assert_eq!(env.number(told).await, 1);
}

/// Readers written again: a text that is not one of the spellings of nothing, and a telephone number.
const READERS: &str = r"
    create function pg_temp.said(said text) returns text immutable language sql as
        $$ select nullif(nullif(btrim(said), ''), 'null') $$;
    create function pg_temp.phone(phone jsonb) returns text immutable language sql as
        $$ select case when phone ->> 'number' like '+%' then phone ->> 'number'
                       when phone ->> 'number' <> '' then (phone ->> 'prefix') || (phone ->> 'number') end $$;
    create function pg_temp.e164(number text) returns text immutable language sql as
        $$ select '+1' || right(number, 10) where number is not null $$;
";

const PERSON: &str = "raw #> '{profile,userDetails}'";

/// What each column holds that is not NULL everywhere.
const COLUMNS: &[(&Table, &[(&str, &str)])] = &[
    (
        Conversation::TABLE,
        &[
            ("id", "raw ->> '_id'"),
            ("started_at", "(raw ->> 'createdAt')::timestamptz"),
            (
                "last_activity_at",
                "greatest((raw ->> 'lastSeenAt')::timestamptz, (raw #>> '{lastMessage,at}')::timestamptz)",
            ),
            ("updated_at", "(raw ->> 'updatedAt')::timestamptz"),
            (
                "kind",
                "case when exists (select from warehouse.leads as l where l.id = t.id) then 'lead' else 'non-lead' end",
            ),
            ("status", "raw ->> 'status'"),
            ("is_closed", "raw ->> 'status' = 'CLOSED'"),
            ("contact_id", "id"),
            ("visitor_id", "raw ->> 'uuid'"),
            ("lead_id", "case kind when 'lead' then id end"),
            ("agent_id", "pg_temp.said(raw ->> '_agentAssigned')"),
            (
                "channel_id",
                "(select c.raw ->> '_botWebsite' from warehouse.contacts as c where c.id = t.id)",
            ),
            ("visit_count", "(raw ->> 'websiteVisits')::bigint"),
        ],
    ),
    (
        Message::TABLE,
        &[
            ("conversation_id", "left(id, 24)"),
            ("sent_at", "(raw ->> 'at')::timestamptz"),
            (
                "direction",
                "case raw ->> 'by' when 'user' then 'inbound' when 'bot' then 'outbound' when 'agent' then 'outbound' end",
            ),
            ("sender", "raw ->> 'by'"),
            ("text", "pg_temp.said(raw ->> 'text')"),
            ("is_sample", "true"),
        ],
    ),
    (
        Lead::TABLE,
        &[
            ("id", "raw ->> '_id'"),
            ("created_at", "(raw ->> 'createdAt')::timestamptz"),
            ("updated_at", "(raw ->> 'updatedAt')::timestamptz"),
            ("name", "pg_temp.said(PERSON ->> 'name')"),
            ("email", "pg_temp.said(lower(PERSON #>> '{contact,email}'))"),
            ("phone_number", "pg_temp.phone(PERSON #> '{contact,phone}')"),
            ("phone_e164", "pg_temp.e164(phone_number)"),
            ("city", "pg_temp.said(PERSON ->> 'city')"),
            ("country", "pg_temp.said(PERSON ->> 'country')"),
            ("gender", "pg_temp.said(PERSON ->> 'gender')"),
            ("status", "raw ->> 'status'"),
            ("agent_id", "pg_temp.said(raw ->> '_agentAssigned')"),
            (
                "channel_id",
                "(select c.channel_id from warehouse.conversations as c where c.id = t.id)",
            ),
        ],
    ),
    (
        Contact::TABLE,
        &[
            ("id", "raw ->> '_id'"),
            ("name", "pg_temp.said(PERSON ->> 'name')"),
            ("platform", "raw #>> '{platform,0}'"),
            ("email", "pg_temp.said(lower(PERSON #>> '{contact,email}'))"),
            ("phone_number", "pg_temp.phone(PERSON #> '{contact,phone}')"),
            ("phone_e164", "pg_temp.e164(phone_number)"),
            ("city", "pg_temp.said(PERSON ->> 'city')"),
            ("country", "pg_temp.said(PERSON ->> 'country')"),
            ("gender", "pg_temp.said(PERSON ->> 'gender')"),
            ("is_lead", "(raw ->> 'isContact')::boolean"),
            ("has_ordered", "(raw #>> '{hasOrdered,status}')::boolean"),
            ("created_at", "(raw ->> 'createdAt')::timestamptz"),
            ("last_seen_at", "(raw ->> 'lastSeenAt')::timestamptz"),
            ("visitor_id", "raw ->> 'uuid'"),
        ],
    ),
    (
        Segment::TABLE,
        &[
            ("id", "raw ->> '_id'"),
            ("name", "raw ->> 'segmentName'"),
            ("account_id", "raw ->> '_customer'"),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_row_says_what_its_record_says() {
    let env = build_env().await;
    env.sync_completely().await;
    let mut connection = env.pool.acquire().await.expect("the database answers");
    sqlx::raw_sql(READERS)
        .execute(&mut *connection)
        .await
        .expect("the readers are made");
    for (table, readings) in COLUMNS {
        for column in table.columns {
            let reading = readings.iter().find(|(name, _)| *name == column.name);
            let reading = reading.map_or("null".to_owned(), |(_, reading)| {
                reading.replace("PERSON", &format!("({PERSON})"))
            });
            let name = column.name;
            let query = format!(
                "select count({name}), count(*) filter (where {name} is distinct from ({reading})) from warehouse.{} as t where source = '{SOURCE}'",
                table.name
            );
            let (told, wrong): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(query.clone()))
                .fetch_one(&mut *connection)
                .await
                .unwrap_or_else(|error| panic!("{query}: {error}"));
            assert_eq!(wrong, 0, "{}.{name}", table.name);
            assert_eq!(told > 0, reading != "null", "{}.{name} is told", table.name);
        }
    }
}
