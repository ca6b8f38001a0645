//! Rows of short lists that others name: each is there where what names it is, with what is told of it, until a list brings it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use connectors::schema::{Agent, Batch, Entity as _, Lead, NAMINGS};
use convene::warehouse::{Absences, Purpose, SliceVerdict};

use crate::support::loader::{TestLoader, completion, end};

/// A lead that names an agent.
fn lead(id: &str, agent: &str, name: Option<&str>) -> Batch {
    let mut batch = Batch::default();
    let lead = Lead {
        id: id.to_owned(),
        agent_id: Some(agent.to_owned()),
        agent_name: name.map(str::to_owned),
        ..Lead::default()
    };
    batch.push(lead, "{}");
    batch
}

/// A list with one agent.
fn agent(id: &str, name: &str) -> Batch {
    let mut batch = Batch::default();
    let agent = Agent {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        is_active: Some(true),
        ..Agent::default()
    };
    batch.push(agent, r#"{"listed": true}"#);
    batch
}

const AGENTS: &str = "select concat_ws(' ', id, coalesce(name, '-'), coalesce(is_system::text, '-'), raw::text) from warehouse.agents order by id";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_that_the_dictionary_says_to_name_a_row_of_a_short_list_is_known() {
    let loader = TestLoader::new().await;
    let parents: BTreeSet<&str> = NAMINGS.iter().map(|naming| naming.parent.name).collect();
    let known: BTreeSet<String> = NAMINGS
        .iter()
        .map(|naming| format!("{}.{} {}", naming.table.name, naming.column, naming.parent.name))
        .collect();
    let told = "select table_name || '.' || column_name || ' ' || references_table from marts.dictionary
                where schema_name = 'warehouse' and references_table is not null
                    and table_name in (select relname from pg_class where relkind in ('r', 'p'))";
    let told: BTreeSet<String> = loader
        .texts(told)
        .await
        .into_iter()
        .filter(|line| {
            line.rsplit(' ')
                .next()
                .is_some_and(|parent| parents.contains(parent))
        })
        .collect();
    assert_eq!(told, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_named_is_there_and_learns_its_name_and_gives_way_to_the_list() {
    let loader = TestLoader::new().await;
    let counts = loader.slice(lead("1", "a", None), |_, _| ()).await;
    assert_eq!(counts.inserted, 1, "the lead; its agent was not read");
    assert_eq!(loader.texts(AGENTS).await, [r#"a - - {"id": "a", "name": null}"#]);
    // Named again it is no new row; with a name it learns that, once.
    for (name, told) in [("Ann", "Ann"), ("Ann of Sales", "Ann")] {
        let counts = loader.slice(lead("2", "a", Some(name)), |_, _| ()).await;
        assert!(counts.inserted <= 1, "{counts:?}");
        let wanted = format!(r#"a {told} - {{"id": "a", "name": "{told}"}}"#);
        assert_eq!(loader.texts(AGENTS).await, [wanted]);
    }
    let counts = loader.slice(agent("a", "Ann Example"), |_, _| ()).await;
    assert_eq!(
        (counts.inserted, counts.updated),
        (1, 0),
        "it is new to its list: {counts:?}"
    );
    let listed = [r#"a Ann Example - {"listed": true}"#];
    assert_eq!(loader.texts(AGENTS).await, listed);
    loader.slice(lead("3", "a", Some("Anna")), |_, _| ()).await;
    assert_eq!(loader.texts(AGENTS).await, listed, "the list knows better");
    // Nothing was read of it before the list, so that nothing has changed.
    assert_eq!(
        loader.texts("select table_name from history.changes").await,
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_was_asked_for_before_the_row_was_named_replaces_it_all_the_same() {
    let loader = TestLoader::new().await;
    let now = loader.now().await;
    let at = |minutes: i64| -> DateTime<Utc> { now - TimeDelta::minutes(minutes) };
    loader
        .slice(lead("1", "a", None), |load, _| load.at = at(1))
        .await;
    let counts = loader.slice(agent("a", "Ann"), |load, _| load.at = at(5)).await;
    assert_eq!((counts.inserted, counts.rejected), (1, 0), "{counts:?}");
    assert_eq!(loader.texts(AGENTS).await, [r#"a Ann - {"listed": true}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_list_without_them_says_nothing_of_rows_that_no_list_ever_had() {
    let loader = TestLoader::new().await;
    loader
        .slice(lead("1", "system", None), |load, _| {
            load.system_agents = &["system"];
        })
        .await;
    loader
        .slice(lead("2", "b", None), |load, _| load.system_agents = &["system"])
        .await;
    loader.slice(agent("a", "Ann"), |_, _| ()).await;
    let absences = Absences {
        table: Agent::TABLE,
        seen: &[],
        only: Vec::new(),
        times: 1,
        share: 1.0,
    };
    let counts = loader
        .slice(Batch::default(), |_, end| {
            *end = completion();
            end.absences = vec![absences];
        })
        .await;
    assert_eq!(counts.deleted, 1, "only the agent that a list had");
    let living = "select id || ' ' || coalesce(is_system::text, '-') from warehouse.agents where deleted_at is null order by 1";
    assert_eq!(loader.texts(living).await, ["b false", "system true"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_of_the_server_lost_is_added_again_by_the_same_daemon() {
    let loader = TestLoader::new().await;
    let slice = loader.begin(Purpose::Full, None).await;
    let counts = loader.load(&slice, lead("1", "a", None), |_| ()).await;
    assert_eq!(counts.expect("it lands").inserted, 1);
    for statement in [
        "delete from warehouse.agents",
        "delete from warehouse.leads",
        "update sync.slices set batch_count = 0",
    ] {
        loader.execute(statement).await;
    }
    let claim = end(1, SliceVerdict::Complete(completion()));
    let ended = loader.warehouse.end_slice(&loader.lease, &slice, claim).await;
    assert!(ended.is_err(), "a batch is lost: {ended:?}");
    loader.slice(lead("1", "a", None), |_, _| ()).await;
    assert_eq!(loader.texts(AGENTS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_named_before_this_was_so_are_made_by_the_migration() {
    let loader = TestLoader::new().await;
    loader.of_zone("UTC").await;
    loader.slice(lead("1", "a", Some("Ann")), |_, _| ()).await;
    loader.slice(lead("2", "b", None), |_, _| ()).await;
    let booked = "select row_count::text from sync.tallies where table_name = 'agents'";
    assert_eq!(loader.texts(booked).await, ["2"]);
    for statement in [
        "delete from warehouse.agents",
        "update sync.tallies set row_count = 0 where table_name = 'agents'",
        "update sync.sources set vendor = 'convoso'",
        "update warehouse.leads set agent_id = '666666' where id = '2'",
    ] {
        loader.execute(statement).await;
    }
    sqlx::raw_sql(include_str!("../../migrations/0124_named_rows.sql"))
        .execute(&loader.pool)
        .await
        .expect("it runs");
    let wanted = [
        r#"666666 - true {"id": "666666", "name": null}"#,
        r#"a Ann false {"id": "a", "name": "Ann"}"#,
    ];
    assert_eq!(loader.texts(AGENTS).await, wanted);
    assert_eq!(loader.texts(booked).await, ["2"]);
}
