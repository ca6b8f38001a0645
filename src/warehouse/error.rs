//! What can go wrong in the warehouse, named after what mends it.

use chrono::{DateTime, Utc};
use thiserror::Error;

use connectors::source::Remedy;

/// An error of the warehouse. None of them quotes a row.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// The address cannot be read.
    #[error("`warehouse.url` is not a Postgres URL such as postgres://user@host/database")]
    Address,
    /// No connection, or one that broke.
    #[error("The warehouse cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// The server refuses the user, the password or the database.
    #[error("The warehouse refuses the login; check user, password and database of `warehouse.url`")]
    Login(#[source] Box<sqlx::Error>),
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
    /// A batch of the walk is no longer there: the server has crashed since.
    #[error("The warehouse has lost a batch that it had confirmed; the window is read again")]
    Lost,
    /// The schema cannot be brought up to date.
    #[error("The migrations cannot be applied")]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// The tables are missing or old.
    #[error("The tables of the warehouse are missing or old; run `convene migrate`")]
    Unmigrated,
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

impl WarehouseError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(_) | Self::Fenced { .. } | Self::Held { .. } | Self::Lost => Remedy::NextTick,
            Self::Address | Self::Login(_) | Self::Migration(_) | Self::Unmigrated => Remedy::Operator,
            Self::Present | Self::Data { .. } | Self::Statement { .. } => Remedy::Developer,
        }
    }
}

impl From<sqlx::Error> for WarehouseError {
    /// Keeps the code of a refusal and drops its text, which may quote values.
    fn from(error: sqlx::Error) -> Self {
        let Some(refusal) = error.as_database_error() else {
            return Self::Unreachable(error);
        };
        let code = refusal.code().unwrap_or_default().into_owned();
        match code.get(..2).unwrap_or_default() {
            // Connection lost, server stopping, deadlock or serialisation: the next run does it.
            "08" | "57" | "53" | "40" => Self::Unreachable(sqlx::Error::Protocol(format!("SQLSTATE {code}"))),
            "28" | "3D" => Self::Login(Box::new(error)),
            _ if refusal.is_unique_violation() => Self::Present,
            "22" | "54" => Self::Data { code },
            _ if code == "42P01" || code == "3F000" => Self::Unmigrated,
            _ => Self::Statement { code },
        }
    }
}

impl From<sqlx::migrate::MigrateError> for WarehouseError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(Box::new(error))
    }
}
