//! Whatever stands in whatever field of whatever vendor: it lands in the tables of records or nowhere.

use sandbox::{Fault, Rule};

use crate::binary::{bare, ended};
use crate::canary::{assert_clean_books, assert_free_of};
use crate::server::Served;
use crate::support::env::TestEnv;

/// What stands in place of values.
const TAINT: &str = "tainted-ju7x.bird@example.com";

/// Every vendor with every stream, as `config/demo.toml` has them.
fn settings_of(env: &TestEnv) -> String {
    let text = include_str!("../../config/demo.toml");
    let origin = env.sandbox.origin();
    format!(
        "{}\n[daemon]\nlease = \"3s\"\n",
        text.replace("http://sandbox:8055", &origin)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_value_of_any_vendors_field_comes_out_anywhere() {
    let env = TestEnv::with(|options| options.calls_per_day = 40).await;
    let file = env.settings_file("");
    std::fs::write(&file.path, settings_of(&env)).expect("the settings are written");
    let command = |arguments: &[&str]| {
        let mut command = bare(arguments);
        command.arg("--config").arg(&file.path);
        command
            .env("DATABASE_URL", env.database.url())
            .env("RUST_LOG", "trace");
        command
    };
    env.sandbox
        .add_rule(Rule::new("", Fault::Tainted(TAINT.to_owned()), u32::MAX));

    let synced = ended(&mut command(&["sync"])).await;
    for (what, text) in [("sync", &synced.out), ("the log of sync", &synced.err)] {
        assert_free_of(&[TAINT], what, text);
    }
    // Values were stored, and could not be read, with every vendor.
    for query in [
        "select count(*) from warehouse.leads where raw::text like '%tainted-ju7x%'",
        "select count(distinct source) from sync.field_faults having count(distinct source) = 4",
    ] {
        assert!(env.number(query).await > 0, "{query}");
    }
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["runs"],
        &["rejects", "list"],
        &["drift"],
        &["top", "--json"],
        &["verify", "--all"],
        &["replay"],
        &["check"],
    ] {
        let done = ended(&mut command(arguments)).await;
        assert!(done.code.is_some_and(|code| code < 2), "{arguments:?}: {done:#?}");
        assert_free_of(&[TAINT], &format!("{arguments:?}"), &done.out);
        assert_free_of(&[TAINT], &format!("the log of {arguments:?}"), &done.err);
    }

    let served = Served::start_with(&env, &file, &[("RUST_LOG", "trace")]).await;
    let streams: Vec<String> =
        sqlx::query_scalar("select '/streams/' || source || '/' || stream from sync.streams order by 1")
            .fetch_all(&env.pool)
            .await
            .expect("the streams are listed");
    assert!(streams.len() > 30, "{streams:?}");
    let others = ["/", "/metrics", "/api/status", "/readyz"].map(str::to_owned);
    for path in streams.into_iter().chain(others) {
        assert_free_of(&[TAINT], &path, &served.text(&path).await);
    }
    served.daemon.signal("TERM").await;
    let done = served.daemon.end().await;
    assert_free_of(&[TAINT], "the daemon's log", &done.err);
    // An id that is put together from a date and an action has them in it.
    assert_clean_books(&env, &[TAINT], &["example_id"]).await;
}
