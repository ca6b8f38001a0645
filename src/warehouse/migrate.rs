//! Bringing the schema up to date: with the least rights that do, and without standing in anybody's way.

use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tokio::time::sleep;

use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

static MIGRATOR: Migrator = sqlx::migrate!();

/// The schemas that migrations make.
const SCHEMAS: [&str; 5] = ["warehouse", "sync", "marts", "history", "people"];
/// How long a migration waits for the locks of others before it lets them pass and tries again.
const LOCK_TIMEOUT: &str = "3s";
/// How long it tries.
const LONGEST_TRYING: Duration = Duration::from_mins(10);
/// Number of the lock by which instances that start together wait for each other: "convene" in digits.
const LOCK: i64 = 2_667_363;

/// The table in which migrations are noted that were applied. Its shape is that of sqlx, whose commands can read it.
const NOTES: &str = "create table sync.schema (
    version bigint primary key, description text not null, installed_on timestamptz not null default now(),
    success boolean not null, checksum bytea not null, execution_time bigint not null
)";

impl Warehouse {
    /// Brings the schema up to date. Instances that start together wait for each other. Nothing is asked for that is there
    /// already, so that no right to create is needed where nothing has to be created.
    pub async fn migrate(&self) -> Result<(), WarehouseError> {
        if missing_migrations(&applied_versions(self).await?)?.is_empty() {
            return Ok(());
        }
        prepare_notes(self).await?;
        for migration in MIGRATOR.iter() {
            let begun_at = Instant::now();
            loop {
                match apply_migration(self, migration).await {
                    Err(WarehouseError::Waited { .. } | WarehouseError::Conflict { .. })
                        if begun_at.elapsed() < LONGEST_TRYING =>
                    {
                        // Those who wait behind us come first.
                        sleep(Duration::from_millis(fastrand::u64(200..1_000))).await;
                    }
                    outcome => break outcome.map_err(|error| of_migration(migration, error))?,
                }
            }
        }
        grant_rights(self).await
    }

    /// Whether the schema is the one that we know.
    pub async fn check_schema(&self) -> Result<(), WarehouseError> {
        if missing_migrations(&applied_versions(self).await?)?.is_empty() {
            Ok(())
        } else {
            Err(WarehouseError::Unmigrated)
        }
    }
}

fn of_migration(migration: &Migration, error: WarehouseError) -> WarehouseError {
    match error {
        known @ (WarehouseError::Foreign { .. }
        | WarehouseError::NewerSchema { .. }
        | WarehouseError::Unreachable(_)) => known,
        error => WarehouseError::Migration {
            version: migration.version,
            source: Box::new(error),
        },
    }
}

/// A migration that was applied.
#[derive(Debug, sqlx::FromRow)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
}

async fn applied_versions(warehouse: &Warehouse) -> Result<Vec<Applied>, WarehouseError> {
    let mut transaction = warehouse.begin().await?;
    let applied = read_notes(&mut transaction).await?;
    transaction.commit().await?;
    Ok(applied)
}

async fn read_notes(connection: &mut Transaction) -> Result<Vec<Applied>, WarehouseError> {
    let exists: bool = sqlx::query_scalar("select to_regclass('sync.schema') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(Vec::new());
    }
    Ok(
        sqlx::query_as("select version, checksum from sync.schema where success order by version")
            .fetch_all(connection)
            .await?,
    )
}

/// The versions that are not applied, unless the schema is not one of ours.
fn missing_migrations(applied: &[Applied]) -> Result<Vec<i64>, WarehouseError> {
    let known = MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let find = |version| {
        MIGRATOR
            .iter()
            .find(move |migration| migration.version == version)
    };
    for Applied { version, checksum } in applied {
        match find(*version) {
            None => {
                let found = *version;
                return Err(WarehouseError::NewerSchema { found, known });
            }
            Some(migration) if *migration.checksum != **checksum => {
                return Err(WarehouseError::Foreign { version: *version });
            }
            Some(_) => (),
        }
    }
    let is_applied = |version: i64| applied.iter().any(|applied| applied.version == version);
    let versions = MIGRATOR.iter().map(|migration| migration.version);
    Ok(versions.filter(|version| !is_applied(*version)).collect())
}

async fn prepare_notes(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let mut transaction = warehouse.begin().await?;
    lock_schema(&mut transaction).await?;
    let (has_schema, has_table): (bool, bool) =
        sqlx::query_as("select to_regnamespace('sync') is not null, to_regclass('sync.schema') is not null")
            .fetch_one(&mut transaction)
            .await?;
    if !has_schema {
        sqlx::query("create schema sync")
            .execute(&mut transaction)
            .await?;
    }
    if !has_table {
        sqlx::query(NOTES).execute(&mut transaction).await?;
    }
    transaction.commit().await
}

/// Gives the roles of readers and writers what they may do with the tables and views that are there now.
async fn grant_rights(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let mut transaction = warehouse.begin().await?;
    lock_schema(&mut transaction).await?;
    sqlx::query("select sync.grant_reading(), sync.grant_writing()")
        .execute(&mut transaction)
        .await?;
    transaction.commit().await
}

/// Waits for other instances that migrate, for as long as it takes; and sets what holds for the rest of the transaction.
async fn lock_schema(connection: &mut Transaction) -> Result<(), WarehouseError> {
    let unlimited =
        "set local statement_timeout = 0; set local lock_timeout = 0; set local synchronous_commit = on";
    connection.execute(sqlx::raw_sql(unlimited)).await?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *connection)
        .await?;
    let limit = format!("set local lock_timeout = '{LOCK_TIMEOUT}'");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(limit))).await?;
    Ok(())
}

/// Applies a migration in a transaction of its own, unless another instance has.
async fn apply_migration(warehouse: &Warehouse, migration: &Migration) -> Result<(), WarehouseError> {
    let mut transaction = warehouse.begin().await?;
    lock_schema(&mut transaction).await?;
    if !missing_migrations(&read_notes(&mut transaction).await?)?.contains(&migration.version) {
        return transaction.commit().await;
    }
    let begun_at = Instant::now();
    let statements = needed_migrations(&mut transaction, migration.sql.as_str()).await?;
    transaction
        .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
        .await?;
    sqlx::query("insert into sync.schema (version, description, success, checksum, execution_time) values ($1, $2, true, $3, $4)")
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .bind(i64::try_from(begun_at.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .execute(&mut transaction)
        .await?;
    transaction.commit().await
}

/// The migration without what it asks about schemas that an administrator has made for us.
async fn needed_migrations(connection: &mut Transaction, statements: &str) -> Result<String, WarehouseError> {
    if !statements.contains("schema ") {
        return Ok(statements.to_owned());
    }
    let mut needless = Vec::new();
    for schema in SCHEMAS {
        let row = sqlx::query(
            "select to_regnamespace($1) is not null,
                    exists (select from pg_namespace where nspname = $1 and pg_has_role(nspowner, 'usage'))",
        )
        .bind(schema)
        .fetch_one(&mut *connection)
        .await?;
        if row.try_get(0)? {
            needless.push(format!("create schema if not exists {schema};"));
        }
        if row.try_get::<bool, _>(0)? && !row.try_get::<bool, _>(1)? {
            needless.push(format!("comment on schema {schema} "));
        }
    }
    let is_needed = |line: &&str| !needless.iter().any(|start| line.starts_with(start.as_str()));
    let kept: Vec<&str> = statements.lines().filter(is_needed).collect();
    Ok(kept.join("\n"))
}
