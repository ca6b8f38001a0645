//! Rows that are missing: the coverage they were part of is withdrawn, and given back once they are there again.

use sqlx::AssertSqlSafe;

use connectors::schema::TABLES;

use super::named::restore_named;
use super::pool::repeat_transaction;
use super::tallies::{Inserted, TableAudit, add_to_tallies};
use super::transaction::Transaction;
use super::{Lease, Warehouse, WarehouseError};

/// The kind of the events that tell of a loss.
const EVENT: &str = "rows lost";

/// A loss that is being made good.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Loss {
    /// The table.
    pub table_name: String,
    /// How many rows were missing when that was found.
    pub row_count: i64,
    /// How many rows the table held then.
    pub held: i64,
    /// True where the streams that complete the table did not bring all rows back, so that the others that fill it are read.
    pub is_wide: bool,
}

/// What a look at a loss came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossState {
    /// What the rows were part of is being read again.
    Open,
    /// It was read again, and everything that the vendor has is there.
    Closed {
        /// How many rows have come back, new ones among them.
        restored: i64,
    },
    /// Another run has closed it meanwhile.
    Unknown,
}

impl Warehouse {
    /// The losses of a source that are being made good.
    pub async fn open_losses(&self, source: &str) -> Result<Vec<Loss>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let losses = sqlx::query_as(
            "select table_name, row_count, held, stage = 'filling' as is_wide from sync.losses where source = $1 order by table_name",
        )
        .bind(source)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(losses)
    }

    /// Books that rows of a table are missing, and withdraws the coverage of the streams that bring them. Returns these streams.
    /// The table need not hold these rows any more: when they come back, they are counted anew.
    pub async fn record_loss(
        &self,
        lease: &Lease,
        audit: &TableAudit,
    ) -> Result<Vec<String>, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "update sync.tallies set row_count = row_count - $3 where source = $1 and table_name = $2",
            )
            .bind(lease.source())
            .bind(&audit.table_name)
            .bind(audit.lost())
            .execute(&mut transaction)
            .await?;
            sqlx::query(
                "insert into sync.losses as l (source, table_name, row_count, held) values ($1, $2, $3, $4)
                 on conflict (source, table_name) do update set row_count = l.row_count + excluded.row_count,
                     held = least(l.held, excluded.held), found_at = clock_timestamp(), stage = 'completing'",
            )
            .bind(lease.source())
            .bind(&audit.table_name)
            .bind(audit.lost())
            .bind(audit.held)
            .execute(&mut transaction)
            .await?;
            let streams = withdraw_coverage(&mut transaction, lease, &audit.table_name, false).await?;
            record_loss_event(&mut transaction, lease, audit).await?;
            transaction.commit_durably().await?;
            Ok(streams)
        })
        .await
    }

    /// Looks whether what a loss was part of has been read again. What only other rows name is added from them.
    pub async fn settle_loss(
        &self,
        lease: &Lease,
        loss: &Loss,
        system_agents: &[&str],
    ) -> Result<LossState, WarehouseError> {
        let Some(table) = TABLES.iter().find(|table| table.name == loss.table_name) else {
            return Ok(LossState::Open);
        };
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            let is_open = sqlx::query("select from sync.losses where source = $1 and table_name = $2 for update")
                .bind(lease.source())
                .bind(&loss.table_name)
                .fetch_optional(&mut transaction)
                .await?
                .is_some();
            if !is_open {
                transaction.commit().await?;
                return Ok(LossState::Unknown);
            }
            if is_unread(&mut transaction, lease, loss).await? {
                transaction.commit().await?;
                return Ok(LossState::Open);
            }
            let row_count = restore_named(&mut transaction, lease, table, system_agents).await?;
            let named = Inserted {
                table: table.name,
                row_count,
            };
            add_to_tallies(&mut transaction, lease.source(), &[named]).await?;
            let held: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
                "select count(*) from warehouse.{} where source = $1",
                table.name
            )))
            .bind(lease.source())
            .fetch_one(&mut transaction)
            .await?;
            let restored = held - loss.held;
            if restored < loss.row_count && !loss.is_wide {
                let widened = withdraw_coverage(&mut transaction, lease, &loss.table_name, true).await?;
                if !widened.is_empty() {
                    sqlx::query(
                        "update sync.losses set stage = 'filling', found_at = clock_timestamp() where source = $1 and table_name = $2",
                    )
                    .bind(lease.source())
                    .bind(&loss.table_name)
                    .execute(&mut transaction)
                    .await?;
                    transaction.commit_durably().await?;
                    return Ok(LossState::Open);
                }
            }
            close_loss(&mut transaction, lease, loss).await?;
            transaction.commit_durably().await?;
            Ok(LossState::Closed { restored })
        })
        .await
    }
}

/// The partitions that bring the rows of a table: $2, those that complete it, or all that fill it where none does; and where $3 is
/// true, the others that fill it.
const BRINGING: &str =
    "select s.source, s.stream, s.partition, s.mode, s.fills[1] as first_table from sync.streams as s
     where s.source = $1 and s.is_enabled and $2 = any (s.fills)
         and $3 <> ($2 = any (s.completes) or not exists (
             select from sync.streams as o where o.source = $1 and o.is_enabled and $2 = any (o.completes)))";

/// Withdraws the coverage of the streams that bring the rows of a table. Returns these streams.
async fn withdraw_coverage(
    connection: &mut Transaction,
    lease: &Lease,
    table: &str,
    is_wide: bool,
) -> Result<Vec<String>, WarehouseError> {
    // What was doubted before and is not read again yet stays doubted.
    sqlx::query(AssertSqlSafe(format!(
        "insert into sync.doubts as d (source, stream, partition, covered, settled)
         select c.source, c.stream, c.partition, c.covered, c.settled
         from ({BRINGING}) as s join sync.coverage as c using (source, stream, partition)
         on conflict (source, stream, partition) do update set covered = d.covered + excluded.covered,
             settled = d.settled + excluded.settled, doubted_at = clock_timestamp()"
    )))
    .bind(lease.source())
    .bind(table)
    .bind(is_wide)
    .execute(&mut *connection)
    .await?;
    let mut streams: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "update sync.coverage as c set covered = '{{}}', settled = '{{}}', whole_read_at = null, full_read_at = null,
             unfiltered_read_at = null, complete_until = null
         from ({BRINGING}) as s
         where c.source = s.source and c.stream = s.stream and c.partition = s.partition
         returning c.stream"
    )))
    .bind(lease.source())
    .bind(table)
    .bind(is_wide)
    .fetch_all(&mut *connection)
    .await?;
    forget_lookups(connection, lease, table, is_wide).await?;
    streams.sort_unstable();
    streams.dedup();
    Ok(streams)
}

/// Of rows that are read by id, those that are not there any more are looked up anew.
async fn forget_lookups(
    connection: &mut Transaction,
    lease: &Lease,
    table: &str,
    is_wide: bool,
) -> Result<(), WarehouseError> {
    let lookups: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "select distinct stream, first_table from ({BRINGING}) as s where mode = 'lookup'"
    )))
    .bind(lease.source())
    .bind(table)
    .bind(is_wide)
    .fetch_all(&mut *connection)
    .await?;
    for (stream, first) in lookups {
        let Some(first) = TABLES.iter().find(|known| known.name == first) else {
            continue;
        };
        // Where the rows are those of another table, such as the messages of a conversation, any of them may lack some.
        let unless = if first.name == table {
            format!(
                "and not exists (select from warehouse.{} as t where t.source = l.source and t.id = l.id)",
                first.name
            )
        } else {
            String::new()
        };
        sqlx::query(AssertSqlSafe(format!(
            "delete from sync.lookups as l where l.source = $1 and l.stream = $2 and not l.is_missing {unless}"
        )))
        .bind(lease.source())
        .bind(&stream)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// True while something of what was withdrawn has not been read again.
async fn is_unread(connection: &mut Transaction, lease: &Lease, loss: &Loss) -> Result<bool, WarehouseError> {
    Ok(sqlx::query_scalar(AssertSqlSafe(format!(
        "select exists (
             select from ({BRINGING}) as s
             join sync.coverage as c using (source, stream, partition)
             join sync.losses as l on l.source = c.source and l.table_name = $2
             left join sync.doubts as d on d.source = c.source and d.stream = c.stream and d.partition = c.partition
             where case when s.mode = 'lookup' then c.complete_until is null or c.ids_left > 0
                        when s.mode in ('full refresh', 'newest first') then c.full_read_at is null or c.full_read_at < l.found_at
                        else not coalesce(d.covered * tstzmultirange(tstzrange(c.since, null)), '{{}}') <@ c.covered end)"
    )))
    .bind(lease.source())
    .bind(&loss.table_name)
    .bind(loss.is_wide)
    .fetch_one(connection)
    .await?)
}

/// Gives the coverage back, unless rows of another table are missing still.
async fn close_loss(connection: &mut Transaction, lease: &Lease, loss: &Loss) -> Result<(), WarehouseError> {
    for statement in [
        "delete from sync.losses where source = $1 and table_name = $2",
        "update sync.coverage as c set covered = c.covered + d.covered, settled = c.settled + d.settled
         from sync.doubts as d
         where c.source = $1 and d.source = c.source and d.stream = c.stream and d.partition = c.partition
             and $2 is not null and not exists (select from sync.losses as l where l.source = $1)",
        "delete from sync.doubts where source = $1 and $2 is not null
             and not exists (select from sync.losses as l where l.source = $1)",
        "update sync.events set ended_at = clock_timestamp()
         where kind = 'rows lost' and source = $1 and subject = $2 and ended_at is null",
    ] {
        sqlx::query(statement)
            .bind(lease.source())
            .bind(&loss.table_name)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Tells people of the loss, until it is made good.
async fn record_loss_event(
    connection: &mut Transaction,
    lease: &Lease,
    audit: &TableAudit,
) -> Result<(), WarehouseError> {
    let text = format!(
        "{} rows of {} are missing in the warehouse: somebody has removed them; what they were part of is read again",
        audit.lost(),
        audit.table_name
    );
    sqlx::query(
        "insert into sync.events (kind, source, subject, text, remedy) values ($1, $2, $3, $4, $5)
         on conflict (kind, source, stream, subject) where ended_at is null do update set text = excluded.text",
    )
    .bind(EVENT)
    .bind(lease.source())
    .bind(&audit.table_name)
    .bind(text)
    .bind("nothing: they are read again by themselves; look who may delete rows of schema warehouse")
    .execute(connection)
    .await?;
    Ok(())
}
