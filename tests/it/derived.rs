//! What is made of rows (marts, history, persons) is right whatever becomes of the rows: after a deletion, a return, a replay of what
//! an older mapping made, and another account.

use std::time::Duration;

use chrono::TimeDelta;
use convene::commands;
use convene::engine::no_observer;
use convene::warehouse::Marked;
use sandbox::Options;
use secrecy::SecretString;

use crate::binary::{convene, ended};
use crate::replay::replayed_here;
use crate::support::env::{SOURCE, TestEnv};
use crate::support::invariants::execute;

/// All that bring leads, and calls with their agents.
const STREAMS: [&str; 6] = [
    "agents",
    "leads",
    "called_leads",
    "deleted_leads",
    "archived_leads",
    "calls",
];

/// What must be nothing: each query counts what is wrong.
const WRONG: [(&str, &str); 7] = [
    (
        "persons of leads that are gone",
        "select count(*) from people.identities as i where kind = 'lead' and not exists (
             select from warehouse.leads as l where l.source = i.source and l.id = i.id and l.deleted_at is null)",
    ),
    (
        "leads that are no person",
        "select count(*) from warehouse.leads as l where deleted_at is null and not exists (
             select from people.identities as i where i.kind = 'lead' and i.source = l.source and i.id = l.id)",
    ),
    (
        "leads of one e-mail address that are two persons",
        "select count(*) from (select from warehouse.leads as l join people.identities as i on i.kind = 'lead' and i.id = l.id
             where l.deleted_at is null and l.email is not null group by lower(l.email) having count(distinct i.person_id) > 1) as t",
    ),
    (
        "leads of the marts that are gone, or live ones that they lack",
        "select count(*) from (select id from warehouse.leads where deleted_at is null) as l
             full join (select lead_id as id from marts.leads where deleted_at is null) as m using (id) where l.id is null or m.id is null",
    ),
    (
        "calls of the marts that are gone, or live ones that they lack",
        "select count(*) from (select id from warehouse.calls where deleted_at is null) as c
             full join marts.calls as m using (id) where c.id is null or m.id is null",
    ),
    (
        "leads whose state of now is another than that of the row",
        "select count(*) from warehouse.leads as l left join history.states as h
             on h.table_name = 'leads' and h.source = l.source and h.id = l.id and h.valid_to is null
             where l.deleted_at is null and (h.id is null or h.status is distinct from l.status or h.agent_id is distinct from l.agent_id)",
    ),
    (
        "leads that are gone and have a state of now",
        "select count(*) from history.states as h join warehouse.leads as l on h.source = l.source and h.id = l.id
             where h.table_name = 'leads' and h.valid_to is null and l.deleted_at is not null",
    ),
];

/// Makes what a daemon makes behind its loads, and looks before and after whether it is right.
async fn is_right(env: &TestEnv, when: &str) {
    env.warehouse.refresh_people().await.expect("persons are decided");
    for is_made in [false, true] {
        for (what, query) in WRONG {
            assert_eq!(env.number(query).await, 0, "{when} (made: {is_made}): {what}");
        }
        let made = env
            .warehouse
            .make_kept_days(Marked::All, Duration::from_mins(1))
            .await;
        made.expect("days are made");
    }
}

/// The persons, each as the records that it stands for.
async fn persons(env: &TestEnv) -> String {
    let query = "select string_agg(records, ',' order by records)
        from (select string_agg(kind || ':' || id, ' ' order by kind, id) as records from people.identities group by person_id) as t";
    env.text(query).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_of_rows_follows_deletions_returns_replays_and_another_account() {
    let few = |options: &mut Options| options.calls_per_day = 60;
    let mut env = TestEnv::of("convoso", few, |_, _| ()).await;
    env.only(&STREAMS);
    env.sync_completely().await;
    is_right(&env, "at first").await;
    let (before, history) = (persons(&env).await, env.count("history.changes").await);

    let account = env.sandbox.convoso().clone();
    let leads: Vec<String> = account.snapshot("leads").into_iter().map(|(id, _)| id).collect();
    assert!(account.delete("leads", &leads[1]) && account.archive("leads", &leads[2]));
    env.sandbox.advance(TimeDelta::minutes(5));
    env.sync_completely().await;
    is_right(&env, "after deletions").await;
    let changed = persons(&env).await;
    assert_ne!(changed, before);
    assert!(env.count("history.changes").await > history);

    assert!(account.restore_lead(&leads[1]) && account.restore_lead(&leads[2]));
    env.sandbox.advance(TimeDelta::minutes(5));
    env.sync_completely().await;
    is_right(&env, "after a return").await;

    // An older mapping made other columns of the same records.
    let before = persons(&env).await;
    let same = format!(
        "update warehouse.leads set email = 'one@same.example', changed_at = now() where id in ('{}', '{}')",
        leads[3], leads[4]
    );
    execute(&env, &same).await;
    execute(
        &env,
        "update warehouse.calls set local_day = local_day - 1, agent_id = null",
    )
    .await;
    is_right(&env, "with what an older mapping made").await;
    assert_ne!(persons(&env).await, before);
    let history = env.count("history.changes").await;
    // Whichever list of leads brought a row last maps it again.
    let mut changed = 0;
    for stream in [
        "leads",
        "called_leads",
        "deleted_leads",
        "archived_leads",
        "calls",
    ] {
        changed += replayed_here(&env, stream).await.changed;
    }
    assert!(changed > 2, "{changed}");
    is_right(&env, "after a replay").await;
    assert_eq!(persons(&env).await, before);
    assert_eq!(
        env.count("history.changes").await,
        history,
        "the vendor has changed nothing"
    );

    let file = env.settings_file("");
    let told = ended(&mut convene(&env, &file, &["person", "lead", SOURCE, &leads[1]])).await;
    assert!(told.code == Some(0) && told.out.contains(&leads[1]), "{told:#?}");

    let other = env.sandbox.open_accounts(Options {
        seed: 99,
        token: "another-token".to_owned(),
        calls_per_day: 60,
        days: 1,
        ..Options::new(env.sandbox.now())
    });
    other.convoso().delete_many("agents", 12);
    (0..5).for_each(|_| drop(other.convoso().add_agent()));
    env.source()
        .secrets
        .insert("token", SecretString::from("another-token"));
    assert!(env.try_sync(&[], no_observer()).await.iter().all(Result::is_err));
    is_right(&env, "before another account is adopted").await;
    let adopted = commands::adopt_source(&env.warehouse, &env.settings, SOURCE).await;
    assert!(adopted.expect("the word is written"));
    env.sync_completely().await;
    is_right(&env, "with another account").await;
}
