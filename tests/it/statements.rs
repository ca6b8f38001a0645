//! What a distributed Postgres asks of the program: every statement about the tables that lie by source is bound to one source.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use convene::commands;
use convene::warehouse::list_placements;
use tracing::Dispatch;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{Layer, registry};

use crate::support::env::{SOURCE, TestEnv};
use crate::{conversocial, convertalk, converz};

/// What is about several sources on purpose, by what it begins with. None of it is part of a loading transaction.
const ACROSS_SOURCES: [&str; 8] = [
    // The months of history, and what is older than it is kept.
    "create table history.changes_",
    "alter table history.changes attach partition history.changes_",
    "comment on table history.changes_",
    "select c.relname::text from pg_inherits",
    "select now(), has_schema_privilege('history', 'create') and pg_has_role(relowner, 'usage') from pg_class",
    "delete from history.changes where seen_by < ",
    // Which records of all vendors stand for one person.
    "with seen as ( select coalesce(max(changed_at), '-infinity') as changed_at, coalesce(max(source), '') as source, coalesce(max(id), '') as id from people.progress",
    "with wanted as (select * from unnest($1::text[], $2::text[], $3::text[]) as u (kind, source, id))",
];

/// Every statement that was sent, as it was written, but for the copies of the loader, which the driver does not tell: each of them
/// has the rows of one batch, with the source that the batch is of.
#[derive(Debug, Clone, Default)]
struct Statements(Arc<Mutex<BTreeSet<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut text = StatementText::default();
        event.record(&mut text);
        let mut all = self.0.lock().expect("nobody panics while holding it");
        all.insert(text.into_normal());
    }
}

/// The text of a statement: a short one is its own summary.
#[derive(Default)]
struct StatementText {
    summary: String,
    statement: String,
}

impl StatementText {
    fn into_normal(self) -> String {
        let text = if self.statement.trim().is_empty() {
            self.summary
        } else {
            self.statement
        };
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    }
}

impl Visit for StatementText {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => (),
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// The tables that lie by their source.
fn tables_by_source() -> Vec<String> {
    let all = list_placements().into_iter();
    let by_source = all.filter(|placement| placement.statement.contains("create_distributed_table"));
    by_source.map(|placement| placement.table).collect()
}

/// True where the table stands in the statement, and not another one whose name begins like its own.
fn names_table(statement: &str, table: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    statement
        .match_indices(table)
        .any(|(at, _)| ends(&statement[at + table.len()..]))
}

/// True where a parameter says of which source the rows are: in a condition, or as what is written.
fn is_bound(statement: &str) -> bool {
    let is_written = statement.contains("insert into ") && statement.contains("select $1, ");
    statement.contains("source = $") || is_written
}

fn find_unbound(statements: &BTreeSet<String>) -> Vec<String> {
    let tables = tables_by_source();
    let is_about = |statement: &&String| tables.iter().any(|table| names_table(statement, table));
    let is_on_purpose = |statement: &str| ACROSS_SOURCES.iter().any(|begin| statement.starts_with(begin));
    let unbound = statements
        .iter()
        .filter(is_about)
        .filter(|statement| !is_bound(statement) && !is_on_purpose(statement));
    unbound.cloned().collect()
}

/// What a daemon does with the source of an environment: everything new, everything again, late changes, deletions, questions.
async fn live(env: &TestEnv) {
    env.sync().await;
    sqlx::query(
        "insert into sync.rereads (source, stream, partition, span, round_started_at, pending)
         select source, stream, partition, '10000 days', now(), covered from sync.coverage where covered is not null
         on conflict do nothing",
    )
    .execute(&env.pool)
    .await
    .expect("everything may be read again");
    env.sync().await;
    let warehouse = &env.warehouse;
    commands::derive_once(warehouse, env.settings.history.keep)
        .await
        .expect("what follows from the rows is derived");
    for table in ["calls", "conversations"] {
        let first = format!("select min(id) from warehouse.{table} where source = $1");
        let id: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(first))
            .bind(SOURCE)
            .fetch_one(&env.pool)
            .await
            .expect("the table is there");
        if let Some(id) = id {
            commands::explain_row(warehouse, &env.settings, table, SOURCE, &id)
                .await
                .expect("the row is there");
        }
    }
    warehouse.list_freshness().await.expect("it can be asked");
}

#[tokio::test]
async fn every_statement_about_a_table_that_lies_by_source_is_bound_to_one_and_none_is_without_need() {
    let convoso = TestEnv::of(
        "convoso",
        |options| options.calls_per_day = 60,
        |sandbox, source| {
            source.base_url = Some(sandbox.convoso_url().parse().expect("an address"));
        },
    );
    let environments = [
        convoso.await,
        converz::build_env(|_| ()).await,
        conversocial::build_env(|_| ()).await,
        convertalk::build_env().await,
    ];
    // The schema is there: making it is no statement about rows.
    let statements = Statements::default();
    // A second one: where there is one alone, what another test's thread says first decides for all that nobody listens.
    let beside = Dispatch::new(registry());
    let listening = tracing::subscriber::set_default(registry().with(statements.clone()));
    for env in environments {
        live(&env).await;
        env.warehouse.close().await;
    }
    drop((listening, beside));
    let statements = statements.0.lock().expect("nobody panicked").clone();
    let tables = tables_by_source();
    for wanted in ["warehouse.calls", "warehouse.messages", "history.changes"] {
        assert!(tables.iter().any(|table| table == wanted), "{wanted}");
        let heard = statements.iter().any(|statement| names_table(statement, wanted));
        assert!(
            heard,
            "nothing was said to {wanted}: the statements are not heard"
        );
    }
    let looks = statements
        .iter()
        .find(|statement| statement.contains("pg_is_in_recovery"));
    assert_eq!(looks, None, "nothing has failed, yet connections are suspected");
    let unbound = find_unbound(&statements);
    assert!(
        unbound.is_empty(),
        "{} of {}: {unbound:#?}",
        unbound.len(),
        statements.len()
    );
}

#[test]
fn an_unbound_statement_is_found() {
    let said = |statement: &str| find_unbound(&BTreeSet::from([statement.to_owned()])).len();
    for (statement, wanted) in [
        ("select id from warehouse.calls where id = $1", 1),
        ("select id from warehouse.calls where source = $1", 0),
        ("update warehouse.leads as t set name = $1", 1),
        ("delete from history.changes where seen_by < $1::date", 0),
        (
            "insert into warehouse.leads (source, id) select $1, u.id from unnest($2::text[]) as u (id)",
            0,
        ),
        (
            "insert into warehouse.leads (source, id) select u.source, u.id from u",
            1,
        ),
        ("select * from warehouse.call_metrics_of_mine", 0),
    ] {
        assert_eq!(said(statement), wanted, "{statement}");
    }
}
