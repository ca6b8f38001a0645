//! Postgres in a container, where a Docker engine answers.

use std::env;
use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::supervisor::{Answer, Supervisor, shell};
use super::{EmbeddedError, NoImage, Setup};

const SCRIPT: &str = include_str!("container.sh");

/// The image that is taken unless `CONVENE_POSTGRES_IMAGE` names another.
const IMAGE: &str = "postgres:17";

/// A client whose engine is down answers at once; one whose engine hangs must not hold us up.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// The first fetch of the image brings some 150 MB.
const LONGEST_FETCH: Duration = Duration::from_mins(15);

const LONGEST_STEP: Duration = Duration::from_secs(90);

/// The image a container is started from.
#[derive(Debug)]
pub(super) struct Image {
    name: String,
}

impl Image {
    /// The image to use, or `None` where no Docker engine answers.
    pub(super) async fn find() -> Option<Self> {
        let mut look = Command::new("docker");
        look.args(["version", "--format", "{{.Server.Version}}"])
            .kill_on_drop(true);
        look.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = timeout(LONGEST_LOOK, look.status()).await.ok()?.ok()?;
        let named = env::var("CONVENE_POSTGRES_IMAGE")
            .ok()
            .filter(|name| !name.is_empty());
        status.success().then(|| Self {
            name: named.unwrap_or_else(|| IMAGE.to_owned()),
        })
    }

    /// Starts a container with this password and this mark in its name; gives the port it is published at.
    pub(super) async fn start(
        &self,
        setup: &Setup,
        password: &str,
        mark: &str,
    ) -> Result<(Supervisor, u16), EmbeddedError> {
        let mut supervisor = Supervisor::spawn(self.command(setup, mark))?;
        if let Answer::Failed(said) = supervisor.ask("fetch", LONGEST_FETCH).await? {
            return Err(EmbeddedError::NoImage(NoImage {
                image: self.name.clone(),
                said,
            }));
        }
        let answer = supervisor
            .ask(&format!("start\n{password}"), LONGEST_STEP)
            .await?;
        let address = self.said(answer)?;
        match port_of(&address) {
            Some(port) => Ok((supervisor, port)),
            None => Err(EmbeddedError::NoPort),
        }
    }

    /// An error once the container has ended by itself, with its last words.
    pub(super) async fn still_runs(&self, supervisor: &mut Supervisor) -> Result<(), EmbeddedError> {
        let answer = supervisor.ask("state", LONGEST_STEP).await?;
        self.said(answer).map(drop)
    }

    fn command(&self, setup: &Setup, mark: &str) -> Command {
        let name = format!("convene-embedded-{mark}");
        let mut arguments = vec![self.name.as_str(), &name];
        for setting in setup.settings {
            arguments.extend(["-c", setting]);
        }
        shell(SCRIPT, &arguments)
    }

    fn said(&self, answer: Answer) -> Result<String, EmbeddedError> {
        match answer {
            Answer::Done(said) => Ok(said),
            Answer::Failed(said) => Err(EmbeddedError::Failed {
                what: self.to_string(),
                said,
            }),
            Answer::Taken => Err(EmbeddedError::NoPort),
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "container {} (Docker)", self.name)
    }
}

/// Docker writes `127.0.0.1:49153`.
fn port_of(address: &str) -> Option<u16> {
    address.trim().rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_end_of_the_published_address() {
        let cases = [
            ("127.0.0.1:49153\n", Some(49153)),
            ("[::1]:5432", Some(5432)),
            ("", None),
            ("a:b", None),
        ];
        for (address, expected) in cases {
            assert_eq!(port_of(address), expected, "{address}");
        }
    }
}
