//! A daemon under a role that owns nothing: what `convene_writer` may is enough for everything but making tables.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::binary::{Running, convene, ended, until};
use crate::support::env::TestEnv;

/// What the role must not be able to do, even by mistake.
const FORBIDDEN: [&str; 8] = [
    "drop table warehouse.calls",
    "truncate warehouse.calls",
    "alter table warehouse.calls add column extra text",
    "create table warehouse.extra (id int)",
    "create table sync.extra (id int)",
    "create schema extra",
    "create role extra",
    "insert into sync.schema select 9999, description, now(), success, checksum, 0 from sync.schema limit 1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_owns_nothing_can_do_all_that_operators_ask_for() {
    let mut env = TestEnv::with(|options| options.calls_per_day = 60).await;
    env.only(&[
        "calls",
        "agents",
        "leads",
        "campaigns",
        "lists",
        "deleted_leads",
        "callbacks",
    ]);
    let role = format!("writer_{}", env.database.name());
    administer(
        &env,
        &format!("create role {role} login password 'p' in role convene_writer"),
    )
    .await;
    let mut url: url::Url = env.database.url().parse().expect("it is a URL");
    url.set_username(&role).expect("it has users");
    url.set_password(Some("p")).expect("it has passwords");
    let file = env.settings_file("");
    let command = |arguments: &[&str]| {
        let mut command = convene(&env, &file, arguments);
        command.env("DATABASE_URL", url.as_str());
        command
    };

    for arguments in [&["migrate"][..], &["check"], &["sync"], &["status"]] {
        let done = ended(&mut command(arguments)).await;
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:#?}");
    }
    // Rows that change, go and are lost are written, marked and found.
    let account = env.sandbox.convoso();
    account.set("lists", &account.ids("lists")[0], "status", "N");
    account.delete("leads", &account.ids("leads")[0]);
    administer(
        &env,
        "delete from warehouse.calls where id in (select id from warehouse.calls order by id limit 3)",
    )
    .await;
    let stream = "convoso_test.calls";
    for arguments in [
        &["sync"][..],
        &["verify", stream],
        &["replay", stream],
        &["remake"],
        &["rejects", "retry", stream],
        &["pause", stream],
        &["resume", stream],
        &["backfill", stream, "--from", "2020-01-01", "--plan"],
        &["confirm-deletions", stream],
        &["adopt", "convoso_test"],
        &["sync"],
    ] {
        let done = ended(&mut command(arguments)).await;
        assert!(done.code.is_some_and(|code| code < 2), "{arguments:?}: {done:#?}");
        let told = format!("{}{}", done.out, done.err);
        assert!(
            !told.contains("permission") && !told.contains("42501"),
            "{arguments:?}: {told}"
        );
    }
    env.assert_truth().await;

    let daemon = Running::start(&mut command(&["run"]));
    until(&env, "exists (select from sync.instances)").await;
    until(
        &env,
        "(select count(*) > 5 from sync.runs where ended_at > now() - interval '1 minute')",
    )
    .await;
    daemon.signal("TERM").await;
    let done = daemon.end().await;
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(
        !done.err.contains("WARN") && !done.err.contains("ERROR"),
        "{}",
        done.err
    );

    let mut writer = PgConnection::connect(url.as_str()).await.expect("it may log in");
    for statement in FORBIDDEN {
        let tried = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut writer).await;
        let code = tried
            .expect_err(statement)
            .into_database_error()
            .and_then(|error| error.code().map(Into::into));
        let code: Option<String> = code;
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
    writer.close().await.expect("it closes");
    administer(&env, &format!("drop owned by {role} cascade; drop role {role}")).await;
}

async fn administer(env: &TestEnv, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&env.pool)
        .await;
    done.unwrap_or_else(|error| panic!("{statements}: {error}"));
}
