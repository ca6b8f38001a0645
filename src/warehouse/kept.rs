//! What the marts keep of calls, a day at a time: days that calls have changed are made anew behind the loading.
//!
//! Triggers mark the days within the transaction that changes their calls, and the views read marked days from the calls. So an
//! answer is right at every moment, and this is only about its speed.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use sqlx::AssertSqlSafe;

use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{Warehouse, WarehouseError};

/// Number of the lock by which instances wait for each other.
const LOCK: i64 = 2_667_366;
/// The kept tables, without their prefix.
const KEPT: [&str; 4] = ["calls", "agents", "dials", "attempts"];
/// Days that are looked up at once, and how long one transaction goes on with them.
const STEP_DAYS: i64 = 50;
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// Which of the marked days are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// Those that have been left alone for a minute, and those that have waited for a quarter of an hour: the present day changes
    /// again and again.
    Settled,
    /// Every one.
    All,
}

/// What a look has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaysMade {
    /// Days of a kept table that were made.
    pub made: usize,
    /// Whether it ended for want of time.
    pub is_unfinished: bool,
}

/// A day of a kept table.
#[derive(Debug, Clone, sqlx::FromRow)]
struct KeptDay {
    kept: String,
    source: String,
    day: NaiveDate,
}

impl Warehouse {
    /// Makes marked days until none is left or the time is up. One instance does it at a time.
    pub async fn make_kept_days(&self, which: Marked, longest: Duration) -> Result<DaysMade, WarehouseError> {
        let begun_at = Instant::now();
        let mut all = DaysMade::default();
        repeat_transaction(|| self.try_splitting(which)).await?;
        loop {
            let days = self.marked_days(which).await?;
            if days.is_empty() {
                return Ok(all);
            }
            let left = longest.saturating_sub(begun_at.elapsed());
            if left.is_zero() {
                all.is_unfinished = true;
                return Ok(all);
            }
            let made = repeat_transaction(|| self.try_days(&days, left.min(LONGEST_STEP))).await?;
            // Another instance is at it where nothing was made.
            if made == 0 {
                return Ok(all);
            }
            all.made += made;
        }
    }

    /// Whether days of the past are being loaded at this moment: making them would be in the way, and would have to be repeated.
    pub async fn is_past_changing(&self) -> Result<bool, WarehouseError> {
        let mut transaction = self.begin().await?;
        let is_changing = sqlx::query_scalar(
            "select exists (
                 select from sync.changed_days
                 where kept = 'calls' and day < current_date - 2 and isfinite(day) and noted_at > now() - interval '1 minute'
             )",
        )
        .fetch_one(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(is_changing)
    }

    /// Marks every day of the source, or of all sources, so that it is made anew. Returns how many days of calls there are.
    pub async fn mark_all_days(&self, source: Option<&str>) -> Result<i64, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let count = sqlx::query_scalar(
                "with days_of_calls as (
                     select c.source, c.local_day from warehouse.calls as c where $1::text is null or c.source = $1 group by 1, 2
                 ),
                 days as (
                     select source, local_day from days_of_calls
                     union
                     select k.source, k.day from sync.kept_days as k where isfinite(k.day) and ($1::text is null or k.source = $1)
                 ),
                 marked as (
                     select sync.mark_days(array_agg(source), array_agg(local_day), array_agg(false)) from days
                 )
                 select count(d.local_day) from marked left join days_of_calls as d on true",
            )
            .bind(source)
            .fetch_one(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(count)
        })
        .await
    }

    /// Puts a mark on each day that a mark with later days reaches, in its place. A day that comes at the same time has its own.
    async fn try_splitting(&self, which: Marked) -> Result<(), WarehouseError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "with reaching as (
                 delete from sync.changed_days
                 where through > day and ($1 or noted_at < now() - interval '1 minute')
                 returning kept, source, day, through, noted_at
             )
             insert into sync.changed_days (kept, source, day, through, noted_at)
             select k.kept, k.source, k.day, k.day, max(r.noted_at)
             from reaching as r
             join sync.kept_days as k on k.kept = r.kept and k.source = r.source and k.day between r.day and r.through
             group by k.kept, k.source, k.day",
        )
        .bind(which == Marked::All)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await
    }

    async fn marked_days(&self, which: Marked) -> Result<Vec<KeptDay>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let days = sqlx::query_as(
            "select m.kept, m.source, m.day from sync.changed_days as m
             where isfinite(m.day) and m.through = m.day
             group by m.kept, m.source, m.day
             having $1 or max(m.noted_at) < now() - interval '1 minute' or min(m.noted_at) < now() - interval '15 minutes'
             order by array_position($2::text[], m.kept), m.day desc, m.source limit $3",
        )
        .bind(which == Marked::All)
        .bind(KEPT.as_slice())
        .bind(STEP_DAYS)
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(days)
    }

    /// Makes days anew, as many as can be begun in this time. Returns how many; none where another instance is making days.
    async fn try_days(&self, days: &[KeptDay], longest: Duration) -> Result<usize, WarehouseError> {
        let mut transaction = self.begin().await?;
        let begun_at = Instant::now();
        // One look for all statements: a mark that is not seen belongs to rows that are not seen, and stays.
        sqlx::query("set transaction isolation level repeatable read")
            .execute(&mut transaction)
            .await?;
        let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut transaction)
            .await?;
        let mut made = 0;
        for day in days.iter().filter(|_| is_ours) {
            if begun_at.elapsed() >= longest {
                break;
            }
            make_day(&mut transaction, day).await?;
            made += 1;
        }
        transaction.commit().await?;
        Ok(made)
    }
}

async fn make_day(transaction: &mut Transaction, day: &KeptDay) -> Result<(), WarehouseError> {
    let kept = KEPT
        .iter()
        .find(|kept| **kept == day.kept)
        .expect("the database marks days of these tables alone");
    for statement in [
        format!("delete from sync.kept_{kept} where source = $1 and local_day = $2"),
        format!(
            "insert into sync.kept_{kept} select * from sync.made_{kept} where source = $1 and local_day = $2"
        ),
        format!(
            "delete from sync.changed_days where kept = '{kept}' and source = $1 and day = $2 and through = $2"
        ),
        format!(
            "update sync.kept_days set made_at = now() where kept = '{kept}' and source = $1 and day = $2"
        ),
    ] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(&day.source)
            .bind(day.day)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}
