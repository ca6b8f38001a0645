//! The sandbox as a client sees it, over real connections.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::convoso::Ties;
use crate::{Fault, Options, Sandbox};

const LOG: &str = "/convoso/v1/log/retrieve";
const USERS: &str = "/convoso/v1/users/search";

/// Noon of a working day in Los Angeles.
async fn sandbox() -> Sandbox {
    let options = Options {
        days: 3,
        ..Options::new("2026-02-03T20:00:00Z".parse().unwrap())
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    sandbox.convoso().quirks(|quirks| quirks.ties = Ties::Stable);
    sandbox
}

/// Everything the server sends until it closes the connection.
async fn raw(sandbox: &Sandbox, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.origin().trim_start_matches("http://"))
        .await
        .unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A cut connection may end in an error; what came before it counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn post(sandbox: &Sandbox, path: &str, form: &str) -> String {
    let form = format!("auth_token=sandbox-token&{form}");
    raw(sandbox, &format!("POST {path}"), &form).await
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()))
}

#[tokio::test]
async fn query_form_and_json_get_the_same_answer() {
    let sandbox = sandbox().await;
    let query = "auth_token=sandbox-token&limit=3&start_time=2026-02-02T09:00:00";
    let json = r#"{"auth_token":"sandbox-token","limit":3,"start_time":"2026-02-02 09:00:00"}"#;
    let first = body(&raw(&sandbox, &format!("GET {LOG}?{query}"), "").await);
    assert_eq!(first["data"]["entries"], 3);
    for (head, form) in [
        (format!("POST {LOG}?{query}"), ""),
        (format!("POST {LOG}"), &*query.replace("02T", "02+")),
        (format!("POST {LOG}"), json),
    ] {
        assert_eq!(body(&raw(&sandbox, &head, form).await), first);
    }
}

#[tokio::test]
async fn faults_strike_as_often_as_told() {
    let sandbox = sandbox().await;
    let ask = async || post(&sandbox, LOG, "").await;
    let whole = ask().await;
    let length = |text: &str| {
        format!(
            "content-length: {}\r\n",
            text.split_once("\r\n\r\n").unwrap().1.len()
        )
    };
    sandbox.fault("log/retrieve", Fault::Status(429, Some("7".to_owned())), 1);
    let throttled = ask().await;
    assert!(throttled.starts_with("HTTP/1.1 429") && throttled.contains("retry-after: 7\r\n"));
    sandbox.fault("log/retrieve", Fault::Html(200), 1);
    assert!(ask().await.contains("\r\n\r\n<!DOCTYPE"));
    sandbox.fault("log/retrieve", Fault::Drop, 2);
    assert_eq!([ask().await, ask().await], ["", ""]);
    sandbox.fault("log/retrieve", Fault::Cut, 1);
    let cut = ask().await;
    assert!(cut.contains(&length(&whole)));
    assert!(
        cut.len() > 1_000 && cut.len() < whole.len() * 3 / 4,
        "{} of {}",
        cut.len(),
        whole.len()
    );
    sandbox.fault("log/retrieve", Fault::CutJson, 1);
    let half = ask().await;
    assert!(half.contains(&length(&half)) && body(&half).is_string());
    sandbox.fault("log/retrieve", Fault::WrongGzip, 1);
    assert!(ask().await.contains("content-encoding: gzip\r\n"));
    sandbox.fault("log/retrieve", Fault::Foreign(r#"{"data":[]}"#.to_owned()), 1);
    assert_eq!(body(&ask().await), serde_json::json!({"data": []}));
    sandbox.fault("log/retrieve", Fault::Status(503, None), 9);
    assert!(!ask().await.contains("retry-after"));
    sandbox.clear_faults();
    assert_eq!(body(&ask().await)["success"], true);
}

#[tokio::test]
async fn requests_are_remembered_without_the_token() {
    let sandbox = sandbox().await;
    sandbox.fault("users/search", Fault::Slow(Duration::from_millis(150)), 2);
    let begun = Instant::now();
    tokio::join!(post(&sandbox, USERS, "limit=1"), post(&sandbox, USERS, "limit=2"));
    assert!(begun.elapsed() >= Duration::from_millis(150));
    let head = format!("GET {LOG}?auth_token=sandbox-token&limit=1");
    raw(&sandbox, &head, "").await;
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
}

#[tokio::test]
async fn a_stop_and_a_drop_close_idle_and_busy_connections() {
    for is_dropped in [false, true] {
        let sandbox = sandbox().await;
        let address = sandbox.origin().trim_start_matches("http://").to_owned();
        let mut idle = TcpStream::connect(&address).await.unwrap();
        let mut busy = TcpStream::connect(&address).await.unwrap();
        sandbox.fault("log/retrieve", Fault::Slow(Duration::from_mins(1)), 1);
        let request = format!("GET {LOG} HTTP/1.1\r\nhost: sandbox\r\n\r\n");
        busy.write_all(request.as_bytes()).await.unwrap();
        while sandbox.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if is_dropped {
            drop(sandbox);
        } else {
            sandbox.stop().await;
            assert!(TcpStream::connect(&address).await.is_err());
        }
        for stream in [&mut idle, &mut busy] {
            let mut byte = [0];
            let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut byte)).await;
            assert!(matches!(read, Ok(Ok(0) | Err(_))));
        }
    }
}
