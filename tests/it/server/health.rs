//! Health and readiness, the token, and the port.

use reqwest::Client;
use reqwest::header::HOST;

use crate::binary::{Running, convene, ended, until};
use crate::support::env::{SOURCE, TestEnv};

use super::{Served, eventually, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_is_ready_once_somebody_works_on_its_sources_and_not_without_the_schema() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let served = Served::start(&env, &file).await;
    assert_eq!(served.text("/healthz").await, "ok\n");
    served.until_ready().await;
    let mut health = convene(&env, &file, &["health"]);
    health.env("CONVENE__SERVER__LISTEN", served.address());
    let done = ended(&mut health).await;
    assert_eq!((done.code, done.out.as_str()), (Some(0), "ready\n"), "{done:?}");

    sqlx::query("insert into sync.schema (version, description, success, checksum, execution_time) values (9999, 'later', true, '', 0)")
        .execute(&env.pool)
        .await
        .expect("a later version was here");
    let answer = served.get("/readyz").await;
    assert_eq!(answer.status().as_u16(), 503);
    let text = answer.text().await.expect("a text");
    assert!(text.contains("newer version"), "{text}");
    let done = ended(&mut health).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("not ready: schema: "), "{done:?}");
    assert_eq!(
        served.text("/healthz").await,
        "ok\n",
        "the process is alive all the same"
    );

    served.daemon.signal("TERM").await;
    assert_eq!(served.daemon.end().await.code, Some(0));
    let done = ended(&mut health).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("No daemon answers at 127.0.0.1:"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_needed_for_all_but_health() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let secret = std::env::temp_dir().join(format!("convene-it-token-{}", std::process::id()));
    std::fs::write(&secret, "open-sesame\n").expect("the secret is written");
    let path = secret.to_string_lossy().into_owned();
    let served = Served::start_with(&env, &file, &[("CONVENE__SERVER__TOKEN_FILE", &path)]).await;
    served.until_ready().await;
    let readiness = served.text("/readyz").await;
    assert!(!readiness.contains("detail"), "{readiness}");
    let url = format!("{}/metrics", served.url);
    let refused = send(Client::new().get(&url)).await;
    assert_eq!(refused.status().as_u16(), 401);
    assert!(refused.headers().contains_key("www-authenticate"));
    assert_eq!(
        send(Client::new().get(&url).bearer_auth("open-sesam"))
            .await
            .status()
            .as_u16(),
        401
    );
    let metrics = send(Client::new().get(&url).bearer_auth("open-sesame")).await;
    assert_eq!(metrics.status().as_u16(), 200);
    assert_eq!(metrics.headers()["x-content-type-options"], "nosniff");
    assert_eq!(metrics.headers()["referrer-policy"], "no-referrer");
    let policy = metrics.headers()["content-security-policy"]
        .to_str()
        .expect("a text");
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = metrics.text().await.expect("a text");
    assert!(text.contains("convene_build_info"), "{text}");
    let with_password = send(Client::new().get(&url).basic_auth("anybody", Some("open-sesame"))).await;
    assert_eq!(with_password.status().as_u16(), 200);
    assert!(!served.daemon.err().contains("sesame"));
    served.daemon.kill().await;
    std::fs::remove_file(secret).expect("the secret is removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_name_gets_nothing_from_this_machine() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let served = Served::start(&env, &file).await;
    let url = format!("{}/metrics", served.url);
    let foreign = send(Client::new().get(&url).header(HOST, "evil.example")).await;
    assert_eq!(foreign.status().as_u16(), 421);
    assert_eq!(send(Client::new().get(&url)).await.status().as_u16(), 200);
    served.daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_told_with_its_setting() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let mut run = convene(&env, &file, &["run"]);
    run.env("CONVENE__SERVER__LISTEN", &address);
    let done = ended(&mut run).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    for part in [address.as_str(), "`server.listen`", "in use"] {
        assert!(done.err.contains(part), "{part}: {done:?}");
    }
    let mut health = convene(&env, &file, &["health"]);
    health.env("CONVENE__SERVER__LISTEN", "off");
    let done = ended(&mut health).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("`server.listen` is off"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_usual_port_being_taken_keeps_nobody_from_working() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let text = std::fs::read_to_string(&file.path).expect("the settings are there");
    std::fs::write(&file.path, text.replace("listen = \"off\"", "")).expect("the settings are written");
    // Where something has the port already it is taken all the same.
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let daemon = Running::start(&mut convene(&env, &file, &["run"]));
    eventually(|| async { daemon.err().contains("`server.listen`").then_some(()) }).await;
    eventually(|| async { daemon.err().contains("Took the source").then_some(()) }).await;
    daemon.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_asks_for_the_sources_of_the_settings_that_hold_now() {
    let env = TestEnv::new().await;
    let file = env.settings_file("");
    let served = Served::start(&env, &file).await;
    served.until_ready().await;
    let text = std::fs::read_to_string(&file.path).expect("the settings are there");
    std::fs::write(&file.path, text.replace(SOURCE, "convoso_moved")).expect("they are written");
    served.daemon.signal("HUP").await;
    // Nobody works on the old source any more, and nobody shall.
    until(
        &env,
        "(select expires_at < clock_timestamp() from sync.leases where source = 'convoso_test')",
    )
    .await;
    served.until_ready().await;
    let status = served.text("/api/status").await;
    assert!(status.contains("convoso_moved"), "{status}");
}
