//! The connection pool, the migrations and the server's clock.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::WarehouseError;

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(8);
/// Longest time one of our statements may take before the server gives it up; a batch takes milliseconds.
const LONGEST_STATEMENT: &str = "120s";

/// The warehouse.
#[derive(Debug, Clone)]
pub struct Warehouse {
    pub(super) pool: PgPool,
}

impl Warehouse {
    /// Opens the pool and tries one connection.
    pub async fn connect(url: &SecretString, max_connections: u32) -> Result<Self, WarehouseError> {
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| WarehouseError::Address)?;
        let options = options
            .application_name("convene")
            .options([("TimeZone", "UTC"), ("statement_timeout", LONGEST_STATEMENT)]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
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
        Ok(migrator.run(&self.pool).await?)
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
