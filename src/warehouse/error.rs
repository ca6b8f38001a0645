//! What can go wrong in the warehouse, named after what mends it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use connectors::source::Remedy;

/// The longest text of a pooler that is told.
const SAID_CHARS: usize = 200;

/// An error of the warehouse. None of them quotes a row.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// The address cannot be read.
    #[error("`warehouse.url` {flaw}; it is a Postgres URL such as postgres://user@host/database")]
    Address {
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// No connection, or one that broke.
    #[error("The warehouse cannot be reached")]
    Unreachable(#[source] Breakdown),
    /// The server refuses the user, the password or the database.
    #[error("The warehouse refuses the login; check user, password and database of `warehouse.url`")]
    Login {
        /// The server's code.
        code: String,
    },
    /// The server gives no more connections.
    #[error(
        "The warehouse gives no more connections (SQLSTATE 53300); lower `warehouse.max_connections`, or raise the limit of the role or the server"
    )]
    Crowded,
    /// All of our own connections are taken.
    #[error("No connection to the warehouse became free within {} s; its statements take too long", waited.as_secs())]
    Busy {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The disk of the server is full.
    #[error(
        "The disk of the warehouse is full (SQLSTATE {code}); nothing is lost, and it goes on once there is room"
    )]
    DiskFull {
        /// The server's code.
        code: String,
    },
    /// A statement took too long, most likely because of a lock.
    #[error(
        "The warehouse gave up a statement that waited too long (SQLSTATE {code}); look for sessions that hold locks on its tables"
    )]
    Waited {
        /// The server's code.
        code: String,
    },
    /// The server takes no writes.
    #[error(
        "The warehouse is read-only (SQLSTATE 25006): it is a standby, or was one before a failover; `warehouse.url` must lead to the primary"
    )]
    ReadOnly,
    /// Our transaction and another one stood in each other's way.
    #[error("A transaction was given up for another one again and again (SQLSTATE {code})")]
    Conflict {
        /// The server's code.
        code: String,
    },
    /// A pooler stands between us and the server that cannot keep sessions.
    #[error(
        "The warehouse is behind a pooler that does not keep sessions (SQLSTATE {code}); set `warehouse.pooler = true`"
    )]
    Pooler {
        /// The server's code.
        code: String,
    },
    /// A pooler, or something else that speaks for the server, refuses the connection. Its words are about that, not about a row.
    #[error(
        "What stands before the warehouse refuses the connection (SQLSTATE 08P01): {said}; if it is a pooler that gives each transaction another session, set `warehouse.pooler = true`"
    )]
    Proxy {
        /// Its own words.
        said: String,
    },
    /// A right is missing.
    #[error("The warehouse denies a right (SQLSTATE {code}){}; `convene check` names what is missing", missing.as_ref().map_or_else(String::new, |missing| format!(": {missing}")))]
    Denied {
        /// The server's code.
        code: String,
        /// What was denied, where it is about the schema and not about a row.
        missing: Option<String>,
    },
    /// The database keeps text in a way that cannot hold every character.
    #[error(
        "The database is encoded in {encoding}, which cannot hold every character; make it anew with: create database … encoding 'UTF8' template template0"
    )]
    Encoding {
        /// Its encoding.
        encoding: String,
    },
    /// Another instance has taken over.
    #[error("Source `{source_name}` was taken over by another instance")]
    Fenced {
        /// The source.
        source_name: String,
    },
    /// Another instance holds the source.
    #[error("Source `{source_name}` is held by {holder} until {until}; stop that instance, or wait")]
    Held {
        /// The source.
        source_name: String,
        /// Who holds it.
        holder: String,
        /// Until when, unless it is renewed.
        until: DateTime<Utc>,
    },
    /// A batch of the slice is no longer there: the server has crashed since.
    #[error("The warehouse has lost a batch that it had confirmed; the window is read again")]
    Lost,
    /// The schema cannot be brought up to date.
    #[error("Migration {version} cannot be applied")]
    Migration {
        /// The migration.
        version: i64,
        /// Why not.
        #[source]
        source: Box<WarehouseError>,
    },
    /// A migration that was applied is not the one that we know.
    #[error(
        "Migration {version} was applied in another form; the schema was made by another build of Convene"
    )]
    Foreign {
        /// The migration.
        version: i64,
    },
    /// The tables are missing or old.
    #[error("The tables of the warehouse are missing or old; run `convene migrate`")]
    Unmigrated,
    /// A newer version has been here.
    #[error(
        "The schema of the warehouse was made by a newer version of Convene (migration {found}; this one knows {known}); update this one"
    )]
    NewerSchema {
        /// The newest migration of the database.
        found: i64,
        /// The newest one that we know.
        known: i64,
    },
    /// A row is there already that was not expected to be.
    #[error("A row is there already")]
    Present,
    /// The server refuses a value.
    #[error("The warehouse refuses a value (SQLSTATE {code})")]
    Data {
        /// The server's code.
        code: String,
    },
    /// Anything else the server refuses.
    #[error("The warehouse refuses a statement (SQLSTATE {code})")]
    Statement {
        /// The server's code.
        code: String,
    },
}

/// What became of a connection, in words that quote no value.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Breakdown(String);

impl Breakdown {
    /// Keeps what the network says. Other errors of a connection may quote what went over it.
    fn describe(error: &sqlx::Error) -> Self {
        Self(match error {
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::Tls(error) => format!("TLS: {error}"),
            sqlx::Error::PoolTimedOut => "no connection was made in time".to_owned(),
            sqlx::Error::PoolClosed => "the connections are closed".to_owned(),
            _ => "the connection did not behave as it should".to_owned(),
        })
    }
}

impl WarehouseError {
    /// True where it may be over at the next attempt.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Busy { .. }
                | Self::Waited { .. }
                | Self::Conflict { .. }
                | Self::Crowded
        )
    }

    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(_)
            | Self::Busy { .. }
            | Self::Waited { .. }
            | Self::Conflict { .. }
            | Self::Fenced { .. }
            | Self::Held { .. }
            | Self::Lost => Remedy::NextRun,
            Self::Address { .. }
            | Self::Login { .. }
            | Self::Crowded
            | Self::DiskFull { .. }
            | Self::ReadOnly
            | Self::Pooler { .. }
            | Self::Proxy { .. }
            | Self::Denied { .. }
            | Self::Encoding { .. }
            | Self::Unmigrated
            | Self::Foreign { .. }
            | Self::NewerSchema { .. } => Remedy::Operator,
            Self::Migration { source, .. } => source.remedy(),
            Self::Present | Self::Data { .. } | Self::Statement { .. } => Remedy::Developer,
        }
    }

    /// True where the same transaction may well succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Conflict { .. } | Self::ReadOnly
        )
    }
}

#[cfg(test)]
impl WarehouseError {
    /// What a server that is not there gives.
    pub(crate) fn sample_refused() -> Self {
        sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into()).into()
    }

    /// What a library gives that quotes a value.
    pub(crate) fn sample_quoting() -> Self {
        sqlx::Error::Decode("`Dana Example` is no number".into()).into()
    }
}

impl From<sqlx::Error> for WarehouseError {
    /// Keeps the code of a refusal and drops its text, which may quote values.
    fn from(error: sqlx::Error) -> Self {
        let Some(refusal) = error.as_database_error() else {
            return Self::Unreachable(Breakdown::describe(&error));
        };
        let code = refusal.code().unwrap_or_default().into_owned();
        match (code.as_str(), code.get(..2).unwrap_or_default()) {
            ("53100" | "58030", _) => Self::DiskFull { code },
            ("53300", _) => Self::Crowded,
            ("57014" | "55P03" | "25P03" | "57P05", _) => Self::Waited { code },
            ("25006", _) => Self::ReadOnly,
            ("40001" | "40P01", _) => Self::Conflict { code },
            ("08P01", _) => Self::Proxy {
                said: refusal.message().chars().take(SAID_CHARS).collect(),
            },
            ("42P05" | "26000", _) => Self::Pooler { code },
            // What is denied is about the schema; it quotes no row.
            ("42501", _) => Self::Denied {
                code,
                missing: Some(refusal.message().to_owned()),
            },
            // Connection lost or server stopping: the next run does it.
            (_, "08" | "57" | "53" | "40") => {
                Self::Unreachable(Breakdown(format!("the server ended the work (SQLSTATE {code})")))
            }
            (_, "28" | "3D") => Self::Login { code },
            _ if refusal.is_unique_violation() => Self::Present,
            (_, "22" | "23" | "54") => Self::Data { code },
            ("42P01" | "42703" | "3F000", _) => Self::Unmigrated,
            _ => Self::Statement { code },
        }
    }
}
