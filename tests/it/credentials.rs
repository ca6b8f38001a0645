//! The credential: tried once, never repeated where it does not belong, and a refusal is said plainly.

use connectors::source::Remedy;
use convene::commands::Trial;
use sandbox::Fault;
use sandbox::convoso::TokenRefusal;
use secrecy::SecretString;

use crate::binary::{convene, ended};
use crate::converz;
use crate::support::env::TestEnv;
use crate::support::invariants::assert_absent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_tried_once_and_needs_an_operator() {
    for (manner, reason) in [
        (TokenRefusal::Body5001, "credential (code 5001)"),
        (TokenRefusal::Status401, "credential (status 401)"),
        (TokenRefusal::Status403, "credential (status 403)"),
    ] {
        let mut env = TestEnv::new().await;
        env.sandbox
            .convoso()
            .quirks(|quirks| quirks.token_refusal = manner);
        let right = SecretString::from("sandbox-token");
        let wrong = SecretString::from("wrong-token-of-a-test");
        env.source().secrets.insert("token", wrong);
        let reports = env.sync().await;
        assert_eq!(
            env.sandbox.requests().len(),
            2,
            "one page request for each stream"
        );
        for flaw in reports.iter().flat_map(|report| &report.unfinished) {
            assert!(flaw.reason.contains(reason), "{flaw:?}");
            assert_eq!(flaw.remedy, Remedy::Operator, "{flaw:?}");
        }
        assert_eq!(
            reports.iter().filter(|report| !report.is_complete()).count(),
            2,
            "{reports:?}"
        );
        assert_absent(&env, "wrong-token-of-a-test").await;
        env.source().secrets.insert("token", right);
        env.sync_completely().await;
        env.assert_truth().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_the_token_may_not_read_leaves_the_others_alone() {
    let env = TestEnv::new().await;
    env.sandbox
        .convoso()
        .quirks(|quirks| quirks.unticked = vec!["log/retrieve".to_owned()]);
    let reports = env.sync().await;
    let [agents, calls] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert!(agents.is_complete(), "{agents:?}");
    let flaw = &calls.unfinished[0];
    assert!(flaw.reason.contains("credential (code 403)"), "{flaw:?}");
    assert_eq!(
        (flaw.remedy, env.sandbox.requests().len()),
        (Remedy::Operator, 2),
        "one page request for each stream"
    );
    env.sandbox.convoso().quirks(|quirks| quirks.unticked.clear());
    env.sync_completely().await;
    env.assert_truth().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tries_every_list_although_one_is_refused() {
    let env = TestEnv::new().await;
    env.sandbox
        .convoso()
        .quirks(|quirks| quirks.unticked = vec!["log/retrieve".to_owned()]);
    let told = trials(&env).await;
    let [calls, agents] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        calls.starts_with("calls: `` ") && calls.contains("(code 403)"),
        "{calls}"
    );
    assert_eq!(agents, "agents: well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tries_every_partition_and_names_the_one_that_fails() {
    let mut env = converz::build_env(|_| ()).await;
    env.only(&["call_metrics"]);
    converz::option(&mut env, "metrics", &["sentiment", "no_such_measure"]);
    let told = trials(&env).await;
    let [measures] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        measures.starts_with("call_metrics: `no_such_measure` The vendor did not accept"),
        "{measures}"
    );
    let asked = env.sandbox.requests();
    let measures: Vec<_> = asked.iter().filter_map(|seen| seen.parameter("metric")).collect();
    assert_eq!(measures, ["sentiment", "no_such_measure"]);
}

/// What comes of a check, a line for each stream.
async fn trials(env: &TestEnv) -> Vec<String> {
    let checked = convene::commands::check_sources(&env.warehouse, &env.settings, |_| ()).await;
    let checked = checked.expect("the sources are tried");
    let told = checked.iter().map(|checked| match &checked.outcome {
        Trial::Failed { partition, error } => format!("{}: `{partition}` {error}", checked.stream),
        Trial::Well => format!("{}: well", checked.stream),
        other => format!("{}: {other:?}", checked.stream),
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_travels_in_the_body_and_is_kept_nowhere() {
    let env = TestEnv::new().await;
    for fault in [Fault::Drop, Fault::CutJson, Fault::Html(200)] {
        env.sandbox.fault("", fault, 1);
    }
    env.try_sync(&[], convene::engine::no_observer()).await;
    env.sandbox.clear_faults();
    env.sync_completely().await;
    let seen = env.sandbox.requests();
    assert!(seen.len() > 4 && seen.iter().all(|seen| !seen.token_in_url));
    assert!(seen.iter().all(|seen| seen.method == "POST"));
    assert_absent(&env, "sandbox-token").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_shows_the_token_or_the_password_however_much_is_logged() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    for arguments in [["sync"], ["check"]] {
        // What fails in a check is not tried again.
        if arguments == ["sync"] {
            env.sandbox.fault("log/retrieve", Fault::Drop, 1);
        }
        let mut command = convene(&env, &file, &arguments);
        let done = ended(command.env("RUST_LOG", "trace")).await;
        assert_eq!(done.code, Some(0), "{}", done.out);
        assert!(done.err.contains("TRACE"), "much is logged: {}", done.err);
        assert!(
            !done.err.contains('\u{1b}'),
            "colours are for terminals: {}",
            done.err
        );
        let url: url::Url = env.database.url().parse().expect("the database has a URL");
        let secrets = ["sandbox-token", url.password().unwrap_or("sandbox-token")];
        for line in done.out.lines().chain(done.err.lines()) {
            assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
        }
    }
}
