//! The connection pool, the migrations and the server's clock.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};

use super::WarehouseError;

/// How long a caller waits for a connection: all streams of all sources share the pool, and each holds one for milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest time one of our statements may take before the server gives it up; a batch takes milliseconds.
const LONGEST_STATEMENT: &str = "120s";
/// A commit does not wait for the disk, unless it is made with `commit_durably`.
///
/// A server that crashes may then lose commits that it has confirmed, but only the last ones: what it keeps is its history
/// up to some moment, and a commit that waits for the disk takes everything before it along (documented). So the beginning
/// of a walk, its end and the taking of a lease wait; a batch does not. A walk that lost batches does not end complete,
/// because each batch, and the end, must find in the ledger the number of batches that came before.
const COMMIT: &str = "off";

/// The warehouse.
#[derive(Debug, Clone)]
pub struct Warehouse {
    pub(super) pool: PgPool,
}

impl Warehouse {
    /// Opens the pool and tries one connection.
    pub async fn connect(url: &SecretString, max_connections: u32) -> Result<Self, WarehouseError> {
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| WarehouseError::Address)?;
        let options = options.application_name("convene").options([
            ("TimeZone", "UTC"),
            ("statement_timeout", LONGEST_STATEMENT),
            ("synchronous_commit", COMMIT),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_slow_threshold(PATIENCE)
            .acquire_timeout(PATIENCE);
        Ok(Self {
            pool: pool.connect_with(options).await?,
        })
    }

    /// Brings the schema up to date. Instances that start together wait for each other.
    pub async fn migrate(&self) -> Result<(), WarehouseError> {
        let mut migrator = sqlx::migrate!();
        migrator.dangerous_set_table_name("sync.schema");
        migrator.create_schema("sync");
        // On a connection of its own, which waits for the disk at every commit.
        let mut connection = self.pool.acquire().await?;
        sqlx::query("set synchronous_commit = on")
            .execute(&mut *connection)
            .await?;
        let migrated = migrator.run(&mut *connection).await;
        connection.close().await?;
        Ok(migrated?)
    }

    /// The server's clock, by which every time in the warehouse is told.
    pub async fn now(&self) -> Result<DateTime<Utc>, WarehouseError> {
        Ok(sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&self.pool)
            .await?)
    }

    /// The server's version, for people.
    pub async fn version(&self) -> Result<String, WarehouseError> {
        Ok(sqlx::query_scalar("select current_setting('server_version')")
            .fetch_one(&self.pool)
            .await?)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Commits, and waits until the disk has this and everything that was committed before.
pub(super) async fn commit_durably(
    mut transaction: Transaction<'static, Postgres>,
) -> Result<(), WarehouseError> {
    sqlx::query("set local synchronous_commit = on")
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}
