//! The binary, run as a user would.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::support::PATIENCE;
use crate::support::env::{SettingsFile, TestEnv};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; nothing after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A command with these arguments and without settings.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convene"));
    for (name, _) in std::env::vars_os() {
        let is_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("CONVENE_") || name == "RUST_LOG" || name == "DATABASE_URL");
        if is_ours {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A command with these arguments and the settings of the environment.
pub(crate) fn convene(env: &TestEnv, file: &SettingsFile, arguments: &[&str]) -> Command {
    let mut command = bare(arguments);
    command.arg("--config").arg(&file.path);
    command.env("DATABASE_URL", env.database.url());
    command
}

/// Runs a command to its end.
pub(crate) async fn ended(command: &mut Command) -> Ended {
    Running::start(command).end().await
}

/// A command that runs, with what it has printed so far.
pub(crate) struct Running {
    child: Child,
    out: Printed,
    err: Printed,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let out = Printed::collect(child.stdout.take().expect("it is piped"));
        let err = Printed::collect(child.stderr.take().expect("it is piped"));
        Self { child, out, err }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process was not waited for")
    }

    /// What it has printed to standard output so far.
    pub(crate) fn out(&self) -> String {
        self.out.so_far()
    }

    /// What it has printed to standard error so far.
    pub(crate) fn err(&self) -> String {
        self.err.so_far()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status()
            .await;
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} is sent");
    }

    /// Kills it without a word, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the process is killed");
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap_or_else(|_| {
            panic!(
                "the command does not end: {} {}",
                self.out.so_far(),
                self.err.so_far()
            )
        });
        Ended {
            code: status.expect("the process is waited for").code(),
            out: self.out.whole().await,
            err: self.err.whole().await,
        }
    }
}

/// Lines that a process printed.
struct Printed {
    lines: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Printed {
    fn collect(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(String::new()));
        let into = lines.clone();
        let reader = tokio::spawn(async move {
            let mut from = BufReader::new(stream).lines();
            while let Ok(Some(line)) = from.next_line().await {
                let mut into = into.lock().expect("no reader panics");
                into.push_str(&line);
                into.push('\n');
            }
        });
        Self { lines, reader }
    }

    fn so_far(&self) -> String {
        self.lines.lock().expect("no reader panics").clone()
    }

    async fn whole(self) -> String {
        let _ = self.reader.await;
        let lines = self.lines.lock().expect("no reader panics");
        lines.clone()
    }
}

/// Waits until a query of the environment's database says true.
pub(crate) async fn until(env: &TestEnv, condition: &str) {
    let query = format!("select coalesce(({condition}), false)::int::bigint");
    let begun = Instant::now();
    while env.number(&query).await != 1 {
        assert!(begun.elapsed() < PATIENCE, "this does not come true: {condition}");
        sleep(Duration::from_millis(50)).await;
    }
}
