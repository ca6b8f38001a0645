//! Postgres as operators have it: it works, or one line says what to change; and `check` fails wherever `sync` would.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::lists::CALLS;
use super::stub::{Answers, Stub};
use super::{ask, run_convene, started_at};
use crate::support::postgres::Database;

/// A database as some operator has it.
struct Setup {
    name: &'static str,
    /// How it is made; with the schema where this is empty.
    made: Option<&'static str>,
    /// Statements of an administrator, with `{db}`, `{role}` and `{admin}`.
    statements: &'static str,
    /// True where our role is used, which has no rights but those given.
    is_ours: bool,
    /// Further lines of the settings.
    settings: &'static str,
    /// What is told; nothing where it works.
    told: &'static [&'static str],
}

const PLAIN: Setup = Setup {
    name: "",
    made: None,
    statements: "",
    is_ours: false,
    settings: "",
    told: &[],
};

/// What our role needs, where the schema is there.
macro_rules! rights {
    () => {
        "grant usage on schema sync, warehouse, history, people, marts to {role}; grant all on all tables in schema sync, warehouse, history, people to {role}; \
         grant all on all sequences in schema sync, warehouse, history, people to {role};"
    };
}

const SETUPS: &[Setup] = &[
    Setup {
        name: "as it comes",
        made: Some(""),
        ..PLAIN
    },
    Setup {
        name: "with the schema",
        ..PLAIN
    },
    Setup {
        name: "serializable by default",
        made: Some(""),
        statements: "alter database {db} set default_transaction_isolation = 'serializable'",
        ..PLAIN
    },
    Setup {
        name: "repeatable read by default",
        made: Some(""),
        statements: "alter database {db} set default_transaction_isolation = 'repeatable read'",
        ..PLAIN
    },
    Setup {
        name: "deferrable, read-only by role and another order of dates",
        made: Some(""),
        statements: "alter database {db} set datestyle = 'German, DMY'; alter database {db} set intervalstyle = 'sql_standard'; \
                     alter database {db} set timezone = 'Asia/Tokyo'; alter database {db} set bytea_output = 'escape'; \
                     alter database {db} set standard_conforming_strings = off; alter database {db} set extra_float_digits = 0; \
                     alter database {db} set search_path = 'nowhere'",
        ..PLAIN
    },
    Setup {
        name: "statements may last a moment",
        made: Some(""),
        statements: "alter database {db} set statement_timeout = '20ms'; alter database {db} set lock_timeout = '20ms'; \
                     alter database {db} set idle_in_transaction_session_timeout = '5ms'",
        ..PLAIN
    },
    Setup {
        name: "read-only",
        statements: "alter database {db} set default_transaction_read_only = on",
        told: &["read-only", "warehouse.url"],
        ..PLAIN
    },
    Setup {
        name: "LATIN1",
        made: Some("encoding 'LATIN1' locale 'C' template template0"),
        told: &["LATIN1", "UTF8"],
        ..PLAIN
    },
    Setup {
        name: "SQL_ASCII",
        made: Some("encoding 'SQL_ASCII' locale 'C' template template0"),
        told: &["SQL_ASCII", "UTF8"],
        ..PLAIN
    },
    Setup {
        name: "two connections for the role",
        statements: concat!(rights!(), "alter role {role} connection limit 2"),
        is_ours: true,
        ..PLAIN
    },
    Setup {
        name: "one connection for the role",
        statements: concat!(rights!(), "alter role {role} connection limit 1"),
        is_ours: true,
        ..PLAIN
    },
    Setup {
        name: "no connection for the role",
        statements: concat!(rights!(), "alter role {role} connection limit 0"),
        is_ours: true,
        told: &["connections", "53300"],
        ..PLAIN
    },
    Setup {
        name: "no right to create",
        made: Some(""),
        is_ours: true,
        told: &["create on database"],
        ..PLAIN
    },
    Setup {
        name: "schemas that an administrator made for us",
        made: Some(""),
        statements: "create schema warehouse authorization {role}; create schema sync authorization {role}; \
                     create schema history authorization {role}; create schema people authorization {role}; \
                     create schema marts authorization {role}",
        is_ours: true,
        ..PLAIN
    },
    Setup {
        name: "schemas of another owner in which we may create",
        made: Some(""),
        statements: "create schema warehouse; create schema sync; create schema history; create schema people; create schema marts; create schema analysts; \
                     grant all on schema warehouse, sync, history, people, marts, analysts to {role}",
        is_ours: true,
        ..PLAIN
    },
    Setup {
        name: "schemas in which we may not create",
        made: Some(""),
        statements: "create schema warehouse; create schema sync; grant usage on schema warehouse, sync to {role}",
        is_ours: true,
        told: &["create on schema"],
        ..PLAIN
    },
    Setup {
        name: "tables of another owner, all rights given",
        statements: rights!(),
        is_ours: true,
        ..PLAIN
    },
    Setup {
        name: "tables of another owner, one that we may not write",
        statements: concat!(rights!(), "revoke insert on warehouse.calls from {role}"),
        is_ours: true,
        told: &["insert on warehouse.calls"],
        ..PLAIN
    },
    Setup {
        name: "no usage of a schema",
        statements: concat!(rights!(), "revoke usage on schema warehouse from {role}"),
        is_ours: true,
        told: &["usage on schema warehouse"],
        ..PLAIN
    },
    Setup {
        name: "no usage of the schema of our own books",
        statements: concat!(rights!(), "revoke usage on schema sync from {role}"),
        is_ours: true,
        told: &["schema sync"],
        ..PLAIN
    },
    Setup {
        name: "rows that a policy hides",
        statements: concat!(rights!(), "alter table warehouse.calls enable row level security"),
        is_ours: true,
        told: &["warehouse.calls"],
        ..PLAIN
    },
    Setup {
        name: "views for chosen fields where we may not create",
        statements: concat!(rights!(), "revoke create on schema warehouse from {role}"),
        is_ours: true,
        settings: "lead_fields = [\"credit_score\"]",
        told: &["create on schema warehouse"],
        ..PLAIN
    },
    Setup {
        name: "a newer schema",
        statements: "insert into sync.schema values (9999, 'x', now(), true, '', 0)",
        told: &["newer version", "9999"],
        ..PLAIN
    },
    Setup {
        name: "not allowed to connect",
        statements: "alter database {db} connection limit 0",
        is_ours: true,
        told: &["53300"],
        ..PLAIN
    },
    Setup {
        name: "a role that may not log in",
        statements: "alter role {role} nologin",
        is_ours: true,
        told: &["login"],
        ..PLAIN
    },
];

async fn administer(database: &Database, statements: &str) {
    let mut connection = PgConnection::connect(&database.url())
        .await
        .expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
}

async fn try_setup(setup: &Setup, wrong: &mut Vec<String>) {
    let database = match setup.made {
        Some("") => Database::empty().await,
        Some(options) => Database::of(options).await,
        None => Database::new().await,
    };
    let pool = database.pool().await;
    let role = format!("operator_{}", database.name());
    let admin = ask(&pool, "select current_user::text").await;
    let mut url: url::Url = database.url().parse().expect("it is a URL");
    if setup.is_ours {
        administer(&database, &format!("create role {role} login password 'p'")).await;
        url.set_username(&role).expect("it has users");
        url.set_password(Some("p")).expect("it has passwords");
    }
    let statements = setup
        .statements
        .replace("{db}", database.name())
        .replace("{role}", &role)
        .replace("{admin}", &admin);
    administer(&database, &statements).await;
    let answers: Answers = Arc::new(|heard| {
        if heard.path == "log/retrieve" {
            CALLS.answer(heard, &[(2, "\"agent_comment\":\"💥\"")])
        } else {
            super::stub::Reply::json("{\"success\":true,\"data\":[]}")
        }
    });
    let stub = Stub::start(answers).await;
    let mut settings = CALLS.settings("s", &stub.url, setup.settings, started_at(&pool).await);
    if !setup.settings.is_empty() {
        settings = settings.replace("[sources.s.streams.leads]\nenabled = false\n", "");
    }
    let exit = i32::from(!setup.told.is_empty());
    // What a migrated database is before the first sync, `check` has to see too.
    for command in ["check", "sync"] {
        let done = run_convene(url.as_str(), &settings, &[command]).await;
        let is_wide = command == "check" && done.out.lines().any(|line| line.chars().count() > 80);
        // Lines are folded between words.
        let words: Vec<&str> = done
            .out
            .split_whitespace()
            .chain(done.err.split_whitespace())
            .collect();
        let told = words.join(" ");
        let is_unsaid = |word: &&&str| !told.contains(**word);
        let lacks = command == "check" && setup.told.iter().any(|word| is_unsaid(&word));
        if done.code != Some(exit) || lacks || is_wide {
            wrong.push(format!(
                "=== {}: {command} ends with {:?}:\n{}{}",
                setup.name, done.code, done.out, done.err
            ));
            break;
        }
    }
    if exit == 0 {
        let rows = ask(&pool, "select count(*)::text from warehouse.calls").await;
        if rows != "5" {
            wrong.push(format!("=== {}: {rows} calls", setup.name));
        }
    }
    pool.close().await;
    if setup.is_ours {
        let mut connection = PgConnection::connect(&database.url()).await;
        if let Ok(connection) = &mut connection {
            let drop = format!("drop owned by {role} cascade; drop role {role}");
            let _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(connection).await;
        }
    }
}

/// Tries every third set-up, beginning with this one.
async fn try_setups(first: usize) {
    let only = std::env::var("CASE").unwrap_or_default();
    let mut wrong = Vec::new();
    let setups = SETUPS.iter().filter(|setup| setup.name.contains(&only));
    for setup in setups.skip(first).step_by(3) {
        try_setup(setup, &mut wrong).await;
    }
    assert!(
        wrong.is_empty(),
        "{} set-ups are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_works_or_check_says_in_one_line_what_to_change() {
    try_setups(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_works_or_check_says_in_one_line_what_to_change() {
    try_setups(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_database_works_or_check_says_in_one_line_what_to_change() {
    try_setups(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_by_ipv6_is_one_like_any_other() {
    let database = Database::new().await;
    let url: url::Url = database.url().parse().expect("it is a URL");
    let mut by_ipv6 = url.clone();
    by_ipv6.set_host(Some("[::1]")).expect("it is an address");
    if PgConnection::connect(by_ipv6.as_str()).await.is_err() {
        // The server of this machine does not listen there; how such an address is read has a test of its own.
        return;
    }
    let done = run_convene(by_ipv6.as_str(), "", &["migrate"]).await;
    assert_eq!(done.code, Some(0), "{done:#?}");
}
