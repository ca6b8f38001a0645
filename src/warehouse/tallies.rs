//! How many rows each table must hold: no row is ever removed, so that a table with fewer of them has lost some.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use connectors::schema::{TABLES, Table};
use connectors::source::Window;

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// Rows that a batch has put into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inserted {
    /// The table.
    pub(super) table: &'static str,
    /// How many rows.
    pub(super) row_count: i64,
}

/// A table of a source, held against what was put into it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TableAudit {
    /// The table.
    pub table_name: String,
    /// How many rows were put into it; nothing where they were not counted.
    pub booked: Option<i64>,
    /// How many rows it holds, those that are gone at the vendor included.
    pub held: i64,
}

/// How many living rows a table holds of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct WindowCount {
    /// Without those of its end.
    pub within: i64,
    /// With those of its end.
    pub with_end: i64,
}

impl TableAudit {
    /// How many rows are missing.
    pub fn lost(&self) -> i64 {
        self.booked.map_or(0, |booked| (booked - self.held).max(0))
    }
}

/// Adds what a batch has put into tables. The order of keys lets two loaders wait for each other without a deadlock.
pub(super) async fn add_to_tallies(
    connection: &mut Transaction,
    source: &str,
    inserted: &[Inserted],
) -> Result<(), WarehouseError> {
    if inserted.is_empty() {
        return Ok(());
    }
    let tables: Vec<&str> = inserted.iter().map(|inserted| inserted.table).collect();
    let counts: Vec<i64> = inserted.iter().map(|inserted| inserted.row_count).collect();
    sqlx::query(
        "insert into sync.tallies as t (source, table_name, row_count, counted_at)
         select $1, u.table_name, sum(u.row_count), clock_timestamp() from unnest($2::text[], $3::bigint[]) as u (table_name, row_count)
         group by u.table_name order by u.table_name
         on conflict (source, table_name) do update set row_count = t.row_count + excluded.row_count",
    )
    .bind(source)
    .bind(tables)
    .bind(counts)
    .execute(connection)
    .await?;
    Ok(())
}

impl Warehouse {
    /// Holds the tables of a source against what was put into them: all of them as they are at one moment. Where counting takes
    /// longer than `patience`, nothing is said.
    pub async fn audit_source(
        &self,
        source: &str,
        patience: Duration,
    ) -> Result<Option<Vec<TableAudit>>, WarehouseError> {
        let mut transaction = self.begin().await?;
        limit_statements(&mut transaction, patience).await?;
        let booked: Vec<String> = sqlx::query_scalar("select table_name from sync.tallies where source = $1")
            .bind(source)
            .fetch_all(&mut transaction)
            .await?;
        let statement = count_statement(&booked);
        if statement.is_empty() {
            transaction.commit().await?;
            return Ok(Some(Vec::new()));
        }
        let counted: Result<Vec<TableAudit>, WarehouseError> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(source)
            .fetch_all(&mut transaction)
            .await
            .map_err(WarehouseError::from);
        match counted {
            Ok(counted) => {
                transaction.commit().await?;
                Ok(Some(counted))
            }
            Err(WarehouseError::Waited { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes that the tables of a source were held against what was put into them.
    pub async fn record_count(&self, lease: &Lease) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query("update sync.tallies set counted_at = clock_timestamp() where source = $1")
                .bind(lease.source())
                .execute(&mut transaction)
                .await?;
            transaction.commit().await
        })
        .await
    }

    /// Has whoever holds a source count its tables now. It needs no lease.
    pub async fn request_count(&self, source: &str) -> Result<(), WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            sqlx::query("update sync.tallies set counted_at = null where source = $1")
                .bind(source)
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await
        })
        .await
    }

    /// True where a table of the source waits to be counted.
    pub async fn is_count_wanted(&self, source: &str) -> Result<bool, WarehouseError> {
        let query = sqlx::query_as(
            "select exists (select from sync.tallies where source = $1 and counted_at is null)",
        );
        let (is_wanted,) = self.fetch_alone(query.bind(source)).await?;
        Ok(is_wanted)
    }

    /// How many living rows a table holds of a window of one of its times.
    pub async fn count_window(
        &self,
        table: &'static Table,
        source: &str,
        column: &'static str,
        window: Window,
    ) -> Result<WindowCount, WarehouseError> {
        let mut transaction = self.begin().await?;
        let counted = sqlx::query_as(AssertSqlSafe(format!(
            "select count(*) filter (where t.{column} < $3) as within, count(*) as with_end from warehouse.{} as t
             where t.source = $1 and t.{column} >= $2 and t.{column} <= $3 and t.deleted_at is null",
            table.name
        )))
        .bind(source)
        .bind(window.since)
        .bind(window.until)
        .fetch_one(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(counted)
    }

    /// Takes what a table holds now for what it must hold: where it was never counted, where rows came that we did not bring, and
    /// where those that are missing cannot be brought back.
    pub async fn settle_tally(&self, lease: &Lease, table: &str) -> Result<(), WarehouseError> {
        let Some(table) = TABLES.iter().find(|known| known.name == table) else {
            return Ok(());
        };
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            // Whoever has added to the tally commits first; what comes later is added to ours.
            sqlx::query("select from sync.tallies where source = $1 and table_name = $2 for update")
                .bind(lease.source())
                .bind(table.name)
                .execute(&mut transaction)
                .await?;
            sqlx::query(AssertSqlSafe(format!(
                "update sync.tallies set counted_at = clock_timestamp(),
                     row_count = (select count(*) from warehouse.{} where source = $1)
                 where source = $1 and table_name = $2",
                table.name
            )))
            .bind(lease.source())
            .bind(table.name)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }
}

/// Statements of the transaction end after this time.
pub(super) async fn limit_statements(
    connection: &mut Transaction,
    patience: Duration,
) -> Result<(), WarehouseError> {
    sqlx::query("select pg_catalog.set_config('statement_timeout', $1, true)")
        .bind(format!("{}ms", patience.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

/// One statement, so that all tables and tallies are seen as they are at one moment.
fn count_statement(booked: &[String]) -> String {
    let mut statement = String::new();
    for table in TABLES
        .iter()
        .filter(|table| booked.iter().any(|name| name == table.name))
    {
        let union = if statement.is_empty() { "" } else { " union all " };
        let written = write!(
            statement,
            "{union}select '{name}' as table_name,
                 (select row_count from sync.tallies where source = $1 and table_name = '{name}') as booked,
                 (select count(*) from warehouse.{name} where source = $1) as held",
            name = table.name
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    statement
}
