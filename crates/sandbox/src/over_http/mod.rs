//! The sandbox as a client sees it, over real connections.

mod life;
mod log;
mod server;
mod users;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Options, Sandbox};

const LOG: &str = "/convoso/v1/log/retrieve";
const USERS: &str = "/convoso/v1/users/search";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Noon of a working day in Los Angeles.
async fn sandbox() -> Sandbox {
    Sandbox::start(Options {
        days: 3,
        ..Options::new(at("2026-02-03T20:00:00Z"))
    })
    .await
    .unwrap()
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

async fn post(sandbox: &Sandbox, path: &str, form: &str) -> (u16, Value) {
    let answer = raw(
        sandbox,
        &format!("POST {path}"),
        &format!("auth_token=sandbox-token&{form}"),
    )
    .await;
    read(&answer)
}

fn read(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())),
    )
}

async fn log_rows(sandbox: &Sandbox, form: &str) -> Value {
    let (status, mut body) = post(sandbox, LOG, form).await;
    assert_eq!((status, &body["success"]), (200, &Value::Bool(true)), "{body}");
    body["data"].take()
}

fn ids(data: &Value) -> Vec<String> {
    data["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}
