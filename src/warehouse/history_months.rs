//! The partitions of history: a month each, made ahead, and dropped when they are older than what is kept.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// Number of the lock by which instances wait for each other.
const LOCK: i64 = 2_667_364;

/// What was done to the partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthsKept {
    /// Those that were made.
    pub made: Vec<String>,
    /// Those that were dropped.
    pub dropped: Vec<String>,
}

impl Warehouse {
    /// Makes the partitions of this month and the next, and drops what is older than `keep` by whole months. Where the tables
    /// belong to another role no partition comes or goes: the changes land in the one for all other months, and the old ones
    /// are deleted from it.
    pub async fn maintain_history_months(&self, keep: TimeDelta) -> Result<MonthsKept, WarehouseError> {
        repeat_transaction(|| self.try_months(keep)).await
    }

    async fn try_months(&self, keep: TimeDelta) -> Result<MonthsKept, WarehouseError> {
        let mut transaction = self.begin().await?;
        let mut kept = MonthsKept::default();
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut transaction)
            .await?;
        let (now, may_make): (DateTime<Utc>, bool) = sqlx::query_as(
            "select now(), has_schema_privilege('history', 'create') and pg_has_role(relowner, 'usage')
             from pg_class where oid = 'history.changes'::regclass",
        )
        .fetch_one(&mut transaction)
        .await?;
        let oldest = now
            .checked_sub_signed(keep)
            .map_or_else(|| month_of(DateTime::UNIX_EPOCH), month_of);
        if may_make {
            let there: Vec<String> = sqlx::query_scalar(
                "select c.relname::text from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
                 where i.inhparent = 'history.changes'::regclass and c.relname <> 'changes_default' order by 1",
            )
            .fetch_all(&mut transaction)
            .await?;
            let this = month_of(now);
            for month in [this, next_month(this)] {
                let name = partition_name(month);
                if !there.contains(&name) {
                    make_month(&mut transaction, month).await?;
                    kept.made.push(name);
                }
            }
            for name in there {
                if name < partition_name(oldest) {
                    let statement = format!("drop table history.{name}");
                    sqlx::query(AssertSqlSafe(statement))
                        .execute(&mut transaction)
                        .await?;
                    kept.dropped.push(name);
                }
            }
        }
        forget_older(&mut transaction, oldest).await?;
        transaction.commit().await?;
        Ok(kept)
    }
}

/// The table is made apart and filled with what has landed elsewhere, so that others wait only for the last step.
async fn make_month(connection: &mut Transaction, month: NaiveDate) -> Result<(), WarehouseError> {
    let (name, since, until) = (partition_name(month), month, next_month(month));
    for statement in [
        format!("create table history.{name} (like history.changes including all)"),
        format!("comment on table history.{name} is 'Changes of a month; see history.changes.'"),
        "lock table history.changes_default in exclusive mode".to_owned(),
        format!(
            "with moved as (
                 delete from history.changes_default where seen_by >= '{since}' and seen_by < '{until}' returning *
             )
             insert into history.{name} select * from moved"
        ),
        format!(
            "alter table history.changes attach partition history.{name} for values from ('{since} 00:00+00') to ('{until} 00:00+00')"
        ),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What is not kept any more is not told of either.
async fn forget_older(connection: &mut Transaction, oldest: NaiveDate) -> Result<(), WarehouseError> {
    for statement in [
        "delete from history.changes where seen_by < $1::date",
        "update history.horizon set since = $1::date where since < $1::date",
    ] {
        sqlx::query(statement)
            .bind(oldest)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn month_of(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    day.with_day(1).unwrap_or(day)
}

fn next_month(month: NaiveDate) -> NaiveDate {
    month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

fn partition_name(month: NaiveDate) -> String {
    format!("changes_{:04}_{:02}", month.year(), month.month())
}
