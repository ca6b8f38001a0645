//! A small shell script that outlives us long enough to stop what it started.

use std::env;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::EmbeddedError;

/// Fast and immediate shutdown and the removal all have limits of their own below this one.
const LONGEST_STOP: Duration = Duration::from_secs(90);

/// How a step of the script ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done(String),
    /// The port was taken by somebody else.
    Taken,
    Failed(String),
}

/// The running script. It ends, and what it started with it, when this is dropped or our process ends in any way.
#[derive(Debug)]
pub(super) struct Supervisor {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// The command that runs a script with arguments, out of reach of the terminal's Ctrl-C.
pub(super) fn shell(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    // The word after the script is what the shell calls itself in its complaints.
    command
        .arg("-c")
        .arg(script)
        .arg("convene-embedded")
        .args(arguments);
    // A group of its own: only the end of its input stops the script, and then in order.
    command.process_group(0);
    // Our folder may be out of bounds for the account the script runs as.
    command.current_dir("/");
    // Settings for the user's own server (PGPORT, PGDATA, …) must not reach ours.
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("TZ", "UTC");
    command
}

impl Supervisor {
    /// Runs the command; the pipe to it is what keeps it going.
    pub(super) fn spawn(mut command: Command) -> Result<Self, EmbeddedError> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(EmbeddedError::Spawn)?;
        let requests = child.stdin.take().expect("standard input was asked to be a pipe");
        let output = child
            .stdout
            .take()
            .expect("standard output was asked to be a pipe");
        Ok(Self {
            child,
            requests,
            answers: BufReader::new(output).lines(),
        })
    }

    /// Sends one request and waits for its answer, but not for ever.
    pub(super) async fn ask(&mut self, request: &str, longest: Duration) -> Result<Answer, EmbeddedError> {
        let answer = timeout(longest, self.exchange(request)).await;
        answer
            .map_err(|_| EmbeddedError::Silent {
                waited_s: longest.as_secs(),
            })?
            .map_err(EmbeddedError::Spawn)
    }

    async fn exchange(&mut self, request: &str) -> std::io::Result<Answer> {
        // A script that has ended takes no request, but its last words can still be read.
        drop(self.requests.write_all(format!("{request}\n").as_bytes()).await);
        let mut said = Vec::new();
        while let Some(line) = self.answers.next_line().await? {
            match line.as_str() {
                "@done" => return Ok(Answer::Done(said.join("\n"))),
                "@taken" => return Ok(Answer::Taken),
                "@failed" => break,
                _ => said.push(line),
            }
        }
        Ok(Answer::Failed(said.join("\n")))
    }

    /// Ends the script and waits until everything it started is gone.
    pub(super) async fn stop(self) -> Result<(), EmbeddedError> {
        let Self {
            mut child,
            requests,
            answers,
        } = self;
        drop(requests);
        let ended = timeout(LONGEST_STOP, child.wait()).await;
        drop(answers);
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(_)) => Err(EmbeddedError::Left),
            Ok(Err(error)) => Err(EmbeddedError::Spawn(error)),
            Err(_) => Err(EmbeddedError::Silent {
                waited_s: LONGEST_STOP.as_secs(),
            }),
        }
    }

    #[cfg(test)]
    pub(super) fn process(&self) -> u32 {
        self.child.id().expect("the script runs until it is stopped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn an_answer_is_what_was_said_before_its_verdict() {
        let script = "while read -r x; do echo one; echo two; echo \"@$x\"; done";
        let mut supervisor = Supervisor::spawn(shell(script, &[])).unwrap();
        let said = "one\ntwo".to_owned();
        assert_eq!(
            supervisor.ask("done", LONG).await.unwrap(),
            Answer::Done(said.clone())
        );
        assert_eq!(supervisor.ask("taken", LONG).await.unwrap(), Answer::Taken);
        assert_eq!(
            supervisor.ask("failed", LONG).await.unwrap(),
            Answer::Failed(said)
        );
        supervisor.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_script_that_ends_without_a_verdict_has_failed() {
        let mut supervisor = Supervisor::spawn(shell("echo no such tool; exit 1", &[])).unwrap();
        supervisor.child.wait().await.unwrap();
        let answer = supervisor.ask("start", LONG).await.unwrap();
        assert_eq!(answer, Answer::Failed("no such tool".to_owned()));
        assert!(matches!(supervisor.stop().await, Err(EmbeddedError::Left)));
    }

    #[tokio::test]
    async fn a_script_that_says_nothing_is_not_waited_for_for_ever() {
        let mut supervisor = Supervisor::spawn(shell("while read -r x; do :; done", &[])).unwrap();
        let answer = supervisor.ask("start", Duration::from_millis(50)).await;
        assert!(matches!(answer, Err(EmbeddedError::Silent { .. })), "{answer:?}");
    }

    // Were the script in our group, this test would end with it.
    #[tokio::test]
    async fn a_signal_to_the_scripts_group_does_not_reach_us() {
        let script = "trap 'echo @done; exit' TERM; read -r x; kill -TERM 0; sleep 1";
        let mut supervisor = Supervisor::spawn(shell(script, &[])).unwrap();
        assert_eq!(
            supervisor.ask("go", LONG).await.unwrap(),
            Answer::Done(String::new())
        );
    }
}
