//! What a running daemon tells over HTTP, asked as its users would.

mod browser;
mod health;
mod page;
mod prometheus;

use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response};

use crate::binary::{Running, convene};
use crate::support::PATIENCE;
use crate::support::env::{SettingsFile, TestEnv};

/// A daemon, and where it answers.
pub(crate) struct Served {
    pub daemon: Running,
    pub url: String,
}

impl Served {
    /// Starts a daemon that answers at a free port.
    pub(crate) async fn start(env: &TestEnv, file: &SettingsFile) -> Self {
        Self::start_with(env, file, &[]).await
    }

    /// The same with more variables.
    pub(crate) async fn start_with(env: &TestEnv, file: &SettingsFile, variables: &[(&str, &str)]) -> Self {
        let mut command = convene(env, file, &["run"]);
        command.env("CONVENE__SERVER__LISTEN", "127.0.0.1:0");
        command.envs(variables.iter().copied());
        let daemon = Running::start(&mut command);
        let url = eventually(|| async {
            let text = daemon.err();
            let (_, rest) = text.split_once("The status page is at ")?;
            Some(rest.split('/').take(3).collect::<Vec<_>>().join("/"))
        })
        .await;
        Self { daemon, url }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Gets a page.
    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = Client::new().get(format!("{}{path}", self.url));
        request.timeout(PATIENCE).send().await.unwrap_or_else(|error| {
            let told = self.daemon.err();
            let last: Vec<&str> = told.lines().rev().take(10).collect();
            panic!("{path}: {error:?}; the daemon's last lines, backwards: {last:#?}")
        })
    }

    /// The text of a page that is there.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.expect("the answer has a text")
    }

    /// Waits until the daemon says that it is ready.
    pub(crate) async fn until_ready(&self) {
        eventually(|| async { (self.get("/readyz").await.status() == 200).then_some(()) }).await;
    }
}

/// Says why a test has not looked at anything.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests shall see what they did not try"
)]
pub(crate) fn say_skipped(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}

pub(crate) async fn send(request: RequestBuilder) -> Response {
    request
        .timeout(PATIENCE)
        .send()
        .await
        .expect("the daemon answers")
}

/// Tries again and again until there is something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not happen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
