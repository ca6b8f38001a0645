//! What all simulated vendors share: tokens, paths, faults, the log of requests, the stop.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{LOG, USERS, post, raw, read, sandbox};
use crate::Fault;
use crate::convoso::{Ties, TokenRefusal};

#[tokio::test]
async fn query_form_and_json_get_the_same_answer() {
    let sandbox = sandbox().await;
    sandbox.convoso().knobs(|knobs| knobs.ties = Ties::Stable);
    let query = "auth_token=sandbox-token&limit=3&start_time=2026-02-02T09:00:00";
    let answers = [
        raw(&sandbox, &format!("GET {LOG}?{query}"), "").await,
        raw(&sandbox, &format!("POST {LOG}?{query}"), "").await,
        raw(
            &sandbox,
            &format!("POST {LOG}"),
            &query.replace('T', " ").replace(' ', "+"),
        )
        .await,
        raw(
            &sandbox,
            &format!("POST {LOG}"),
            r#"{"auth_token":"sandbox-token","limit":3,"start_time":"2026-02-02 09:00:00"}"#,
        )
        .await,
    ];
    let (_, first) = read(&answers[0]);
    assert_eq!(first["data"]["entries"], 3);
    for answer in &answers {
        assert_eq!(read(answer).1, first);
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_in_each_of_the_known_ways() {
    let sandbox = sandbox().await;
    for (manner, status) in [
        (TokenRefusal::Body5001, 200),
        (TokenRefusal::Status401, 401),
        (TokenRefusal::Status403, 403),
    ] {
        sandbox.convoso().knobs(|knobs| knobs.token_refusal = manner);
        assert_eq!(
            read(&raw(&sandbox, &format!("POST {LOG}"), "limit=5").await).0,
            status
        );
    }
    sandbox
        .convoso()
        .knobs(|knobs| knobs.unticked.push("log/retrieve".to_owned()));
    assert_eq!(post(&sandbox, LOG, "").await.1["code"], 403);
    assert_eq!(post(&sandbox, USERS, "").await.1["success"], true);
}

#[tokio::test]
async fn an_unknown_path_is_a_page_for_people() {
    let sandbox = sandbox().await;
    for path in [
        "/convoso/v1/log/retrieve/",
        "/convoso/v1/logs",
        "/",
        "/convoso/v1log/retrieve",
    ] {
        let (status, body) = post(&sandbox, path, "").await;
        assert_eq!(status, 404);
        assert!(body.as_str().unwrap().starts_with('<'));
    }
}

#[tokio::test]
async fn faults_strike_as_often_as_told() {
    let sandbox = sandbox().await;
    let whole = raw(&sandbox, &format!("POST {LOG}"), "auth_token=sandbox-token").await;
    let ask = async || raw(&sandbox, &format!("POST {LOG}"), "auth_token=sandbox-token").await;
    sandbox.fault("log/retrieve", Fault::Status(429, Some("7".to_owned())), 1);
    let throttled = ask().await;
    assert!(
        throttled.starts_with("HTTP/1.1 429") && throttled.contains("retry-after: 7\r\n"),
        "{throttled}"
    );
    sandbox.fault("log/retrieve", Fault::Html(200), 1);
    assert!(ask().await.contains("\r\n\r\n<!DOCTYPE"));
    sandbox.fault("log/retrieve", Fault::Drop, 2);
    assert_eq!([ask().await, ask().await], ["", ""]);
    sandbox.fault("log/retrieve", Fault::Cut, 1);
    let cut = ask().await;
    assert!(cut.contains(&format!(
        "content-length: {}\r\n",
        whole.split_once("\r\n\r\n").unwrap().1.len()
    )));
    assert!(
        cut.len() > 1_000 && cut.len() < whole.len() * 3 / 4,
        "{} of {}",
        cut.len(),
        whole.len()
    );
    sandbox.fault("log/retrieve", Fault::CutJson, 1);
    let half = ask().await;
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    assert!(serde_json::from_str::<Value>(body).is_err());
    sandbox.fault(
        "log/retrieve",
        Fault::Refusal {
            code: 6004,
            text: "Unknown Campaign ID",
        },
        1,
    );
    assert_eq!(read(&ask().await).1["code"], 6004);
    sandbox.fault("log/retrieve", Fault::Foreign(r#"{"data":[]}"#), 1);
    assert_eq!(read(&ask().await).1, serde_json::json!({"data": []}));
    sandbox.fault("log/retrieve", Fault::Status(503, None), 9);
    assert!(!ask().await.contains("retry-after"));
    sandbox.clear_faults();
    assert_eq!(read(&ask().await).1["success"], true);
}

#[tokio::test]
async fn requests_are_remembered_without_the_token() {
    let sandbox = sandbox().await;
    sandbox.fault("users/search", Fault::Slow(Duration::from_millis(150)), 2);
    let begun = Instant::now();
    tokio::join!(post(&sandbox, USERS, "limit=1"), post(&sandbox, USERS, "limit=2"));
    assert!(begun.elapsed() >= Duration::from_millis(150));
    raw(
        &sandbox,
        &format!("GET {LOG}?auth_token=sandbox-token&limit=1"),
        "",
    )
    .await;
    let seen = sandbox.requests();
    assert_eq!((seen.len(), sandbox.most_in_flight()), (3, 2));
    assert!(
        seen.iter()
            .all(|request| request.parameters.len() == 1 && request.parameter("limit").is_some())
    );
    assert_eq!(
        (seen[0].path.as_str(), seen[0].token_in_url, seen[2].token_in_url),
        (USERS, false, true)
    );
    assert!(seen[2].arrived > seen[0].arrived);
    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_stop_closes_idle_and_busy_connections() {
    let sandbox = sandbox().await;
    let address = sandbox.origin().trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    let mut busy = TcpStream::connect(&address).await.unwrap();
    sandbox.fault("log/retrieve", Fault::Slow(Duration::from_mins(1)), 1);
    busy.write_all(format!("GET {LOG} HTTP/1.1\r\nhost: sandbox\r\n\r\n").as_bytes())
        .await
        .unwrap();
    while sandbox.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sandbox.stop().await;
    for stream in [&mut idle, &mut busy] {
        assert!(is_closed(stream).await);
    }
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn a_dropped_sandbox_stops_too() {
    let sandbox = sandbox().await;
    let address = sandbox.origin().trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    drop(sandbox);
    assert!(is_closed(&mut idle).await);
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut byte)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}
