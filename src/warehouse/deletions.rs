//! The deletion guard: nothing is marked as deleted but here, and what is suspicious waits for an operator's word.
//!
//! A row is believed to be gone by one of three proofs: the vendor lists it among the gone ones, a complete list does not hold it,
//! or the vendor, asked for it by its id, says in its own words that there is none. Too many at once are more likely a fault of
//! the vendor's, or of ours, than the truth; they are held, are told of, and stay alive until `confirm_deletions`.
//!
//! What belongs to a row that is gone is gone with it: no list shows it any more.
//!
//! One thing is exempt: the children of a single row, which the vendor shows as a whole with their parent (the tags of a
//! conversation). They are replaced by what the parent shows, however few that are; no error of a list can empty them.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

use connectors::schema::{Children, Proof as StatedProof, TABLES, Table};
use connectors::source::Belonging;

use super::completion::SliceOutcome;
use super::history::trace_deletions;
use super::ledger::LedgerSlice;
use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{CHANNEL, Lease, Warehouse, WarehouseError};

/// The share of living rows that tombstones of one slice may delete: vendors do archive much at once.
pub(super) const STATED_SHARE: f64 = 0.6;
/// Up to so many living rows any number of tombstones is believed.
const STATED_SMALL: i64 = 1_000;
/// Up to so many times as many rows as an operator has seen are deleted on one word.
const CONFIRMED_GROWTH: i64 = 2;

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnValue {
    /// The column.
    pub column: &'static str,
    /// The value, as text.
    pub value: String,
}

/// Rows that seem to be gone and wait for an operator's word.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldDeletion {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// The table.
    pub table_name: String,
    /// Why they seem to be gone: stated, absent or not found.
    pub proof: String,
    /// How many.
    pub row_count: i64,
    /// Of how many living rows.
    pub of_count: i64,
    /// Since when.
    pub held_since: DateTime<Utc>,
    /// Why they are held.
    pub reason: String,
    /// True where an operator has confirmed, and the next judgement has still to come.
    pub is_confirmed: bool,
}

impl Warehouse {
    /// Takes an operator's word that what is held of a source, or of one of its streams, is right. Returns how many rows it is
    /// about. It needs no lease: the instance that holds the source uses the word at its next judgement.
    pub async fn confirm_deletions(&self, source: &str, stream: Option<&str>) -> Result<i64, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin().await?;
            let confirmed: i64 = sqlx::query_scalar(
                "with given as (
                     insert into sync.confirmations (source, stream, partition, table_name, proof, row_count)
                     select source, stream, partition, table_name, proof, row_count from sync.held_deletions
                     where source = $1 and stream = coalesce($2, stream)
                     on conflict (source, stream, partition, table_name, proof) do update
                     set row_count = excluded.row_count, confirmed_at = now()
                     returning row_count
                 )
                 select coalesce(sum(row_count), 0)::bigint from given",
            )
            .bind(source)
            .bind(stream)
            .fetch_one(&mut transaction)
            .await?;
            sqlx::query("select pg_notify($1, 'confirm ' || $2)")
                .bind(CHANNEL)
                .bind(source)
                .execute(&mut transaction)
                .await?;
            transaction.commit_durably().await?;
            Ok(confirmed)
        })
        .await
    }

    /// What waits for an operator's word.
    pub async fn held_deletions(&self) -> Result<Vec<HeldDeletion>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let held = sqlx::query_as(
            "select h.*, exists (select from sync.confirmations as c where (c.source, c.stream, c.partition, c.table_name, c.proof)
                 = (h.source, h.stream, h.partition, h.table_name, h.proof)) as is_confirmed
             from sync.held_deletions as h order by source, stream, partition, table_name, proof",
        )
        .fetch_all(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(held)
    }
}

/// How it is known that rows are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Stated,
    Absent,
    NotFound,
}

impl Proof {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Absent => "absent",
            Self::NotFound => "not found",
        }
    }
}

impl From<StatedProof> for Proof {
    fn from(proof: StatedProof) -> Self {
        match proof {
            StatedProof::Stated => Self::Stated,
            StatedProof::NotFound => Self::NotFound,
        }
    }
}

/// Rows that seem to be gone, each with the time of the reading that says so.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) ids: Vec<String>,
    pub(super) at: Vec<DateTime<Utc>>,
}

impl Gone {
    pub(super) fn all_at(ids: Vec<String>, at: DateTime<Utc>) -> Self {
        Self {
            at: vec![at; ids.len()],
            ids,
        }
    }

    fn of_pairs(pairs: Vec<(String, DateTime<Utc>)>) -> Self {
        let (ids, at) = pairs.into_iter().unzip();
        Self { ids, at }
    }

    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.ids.len()).unwrap_or(i64::MAX)
    }
}

/// What is judged: which rows, by which proof, and how many are believed.
pub(super) struct Guarded<'a> {
    pub(super) slice: &'a LedgerSlice,
    pub(super) table: &'static Table,
    pub(super) proof: Proof,
    pub(super) share: f64,
    pub(super) only: &'a [ColumnValue],
    pub(super) belongings: &'static [Belonging],
}

impl Guarded<'_> {
    /// Marks the rows, or holds them. `all` is the number of living rows, where it is known already.
    pub(super) async fn judge_rows(
        &self,
        connection: &mut Transaction,
        lease: &Lease,
        gone: &Gone,
        all: Option<i64>,
    ) -> Result<SliceOutcome, WarehouseError> {
        let count = gone.count();
        let all = match all {
            Some(all) => all,
            // Counting all of a large table for a few rows would cost more than it tells.
            None if !self.needs_count(count) => i64::MAX,
            None => self.count_living(connection, lease).await?,
        };
        if self.is_held(connection, lease, count, all).await? {
            self.withhold_rows(connection, lease, count, all).await?;
            return Ok(SliceOutcome {
                deleted: 0,
                held: count,
            });
        }
        self.forget_held(connection, lease).await?;
        let marked = mark_deleted(connection, lease, self.slice, self.table, gone).await?;
        let mut deleted = marked.count();
        for belonging in self.belongings.iter().filter(|own| own.owner == self.table) {
            let left = find_belongings(connection, lease, belonging, &marked).await?;
            let more = mark_deleted(connection, lease, self.slice, belonging.table, &left).await?;
            deleted += more.count();
        }
        Ok(SliceOutcome { deleted, held: 0 })
    }

    fn needs_count(&self, count: i64) -> bool {
        match self.proof {
            Proof::Stated => is_stated_suspicious(count, STATED_SMALL + 1),
            Proof::Absent | Proof::NotFound => count > 0,
        }
    }

    async fn count_living(&self, connection: &mut Transaction, lease: &Lease) -> Result<i64, WarehouseError> {
        let statement = format!(
            "select count(*) from warehouse.{} as t where t.source = $1 and t.deleted_at is null",
            self.table.name
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(lease.source())
            .fetch_one(connection)
            .await?)
    }

    /// True where they are too many to be believed, and nobody has confirmed about so many.
    pub(super) async fn is_held(
        &self,
        connection: &mut Transaction,
        lease: &Lease,
        count: i64,
        all: i64,
    ) -> Result<bool, WarehouseError> {
        let is_suspicious = match self.proof {
            Proof::Stated => is_stated_suspicious(count, all),
            Proof::Absent | Proof::NotFound => is_suspicious(count, all, self.share),
        };
        if !is_suspicious {
            return Ok(false);
        }
        let confirmed: Option<i64> = sqlx::query_scalar(
            "select row_count from sync.confirmations
             where source = $1 and stream = $2 and partition = $3 and table_name = $4 and proof = $5",
        )
        .bind(lease.source())
        .bind(&self.slice.stream)
        .bind(&self.slice.partition)
        .bind(self.table.name)
        .bind(self.proof.word())
        .fetch_optional(connection)
        .await?;
        Ok(confirmed.is_none_or(|confirmed| count > confirmed * CONFIRMED_GROWTH))
    }

    async fn withhold_rows(
        &self,
        connection: &mut Transaction,
        lease: &Lease,
        count: i64,
        all: i64,
    ) -> Result<(), WarehouseError> {
        let columns: Vec<&str> = self.only.iter().map(|only| only.column).collect();
        let scope = if columns.is_empty() {
            String::new()
        } else {
            format!(" of one {}", columns.join(" and "))
        };
        let reason = format!(
            "{count} of {all} rows of {}{scope} at once are more than is believed",
            self.table.name
        );
        sqlx::query(
            "insert into sync.held_deletions as h (source, stream, partition, table_name, proof, row_count, of_count, held_since, reason)
             values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8)
             on conflict (source, stream, partition, table_name, proof) do update
             set row_count = excluded.row_count, of_count = excluded.of_count, reason = excluded.reason",
        )
        .bind(lease.source())
        .bind(&self.slice.stream)
        .bind(&self.slice.partition)
        .bind(self.table.name)
        .bind(self.proof.word())
        .bind(count)
        .bind(all)
        .bind(reason)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Nothing is held here any more, and an operator's word is used up.
    pub(super) async fn forget_held(
        &self,
        connection: &mut Transaction,
        lease: &Lease,
    ) -> Result<(), WarehouseError> {
        for statement in [
            "delete from sync.held_deletions where source = $1 and stream = $2 and partition = $3 and table_name = $4 and proof = $5",
            "delete from sync.confirmations where source = $1 and stream = $2 and partition = $3 and table_name = $4 and proof = $5",
        ] {
            sqlx::query(statement)
                .bind(lease.source())
                .bind(&self.slice.stream)
                .bind(&self.slice.partition)
                .bind(self.table.name)
                .bind(self.proof.word())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

/// More than the limit's share, and in a small table more than one row; all rows at once always are, unless the limit is 1.
#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn is_suspicious(gone: i64, all: i64, share: f64) -> bool {
    let is_many = gone > 1 && gone as f64 > all as f64 * share;
    share < 1.0 && gone > 0 && (gone == all || is_many)
}

/// Tombstones are believed in small tables, and up to a large share in others.
#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn is_stated_suspicious(gone: i64, all: i64) -> bool {
    all > STATED_SMALL && gone as f64 > all as f64 * STATED_SHARE
}

/// The living rows that belong to rows which were marked.
async fn find_belongings(
    connection: &mut Transaction,
    lease: &Lease,
    belonging: &Belonging,
    marked: &Gone,
) -> Result<Gone, WarehouseError> {
    if marked.ids.is_empty() {
        return Ok(Gone::default());
    }
    let statement = format!(
        "select t.id, u.at from unnest($2::text[], $3::timestamptz[]) as u (id, at)
         join warehouse.{} as t on t.source = $1 and t.{} = u.id
         where t.deleted_at is null and t.fetched_at <= u.at order by t.id",
        belonging.table.name, belonging.column
    );
    let left: Vec<(String, DateTime<Utc>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(&marked.ids)
        .bind(&marked.at)
        .fetch_all(connection)
        .await?;
    Ok(Gone::of_pairs(left))
}

/// Marks these rows, unless a newer version of them was read since. Returns those that were not marked before.
async fn mark_deleted(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    table: &'static Table,
    gone: &Gone,
) -> Result<Gone, WarehouseError> {
    if gone.ids.is_empty() {
        return Ok(Gone::default());
    }
    let statement = format!(
        "with gone as (
             select t.source, t.id, t.fetched_at, u.at from unnest($2::text[], $3::timestamptz[]) as u (id, at)
             join warehouse.{0} as t on t.source = $1 and t.id = u.id
             where t.deleted_at is null and t.fetched_at <= u.at
             order by t.id for update of t
         ),
         marked as (
             update warehouse.{0} as t set deleted_at = gone.at, changed_at = clock_timestamp(), slice_id = $4
             from gone where t.source = $1 and t.id = gone.id returning t.id, t.deleted_at
         ){1}
         select id, deleted_at from marked",
        table.name,
        trace_deletions(table)
    );
    let marked: Vec<(String, DateTime<Utc>)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(&gone.ids)
        .bind(&gone.at)
        .bind(slice.id)
        .fetch_all(connection)
        .await?;
    Ok(Gone::of_pairs(marked))
}

/// Marks the children of these parents that are not among their children now. Returns how many were not marked before.
pub(super) async fn delete_orphans(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    sets: &[Children],
    at: DateTime<Utc>,
) -> Result<i64, WarehouseError> {
    let mut marked = 0;
    for table in TABLES {
        let mut columns: Vec<&str> = sets
            .iter()
            .filter(|set| set.table == *table)
            .map(|set| set.column)
            .collect();
        columns.dedup();
        for column in columns {
            let same = || {
                sets.iter()
                    .filter(|set| set.table == *table && set.column == column)
            };
            let parents: Vec<&str> = same().map(|set| set.parent.as_str()).collect();
            let ids: Vec<&str> = same()
                .flat_map(|set| set.ids.iter().map(String::as_str))
                .collect();
            let statement = format!(
                "select t.id from warehouse.{} as t where t.source = $1 and t.{column} = any($2) and t.deleted_at is null
                 and t.id <> all($3)",
                table.name
            );
            let gone: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
                .bind(lease.source())
                .bind(&parents)
                .bind(&ids)
                .fetch_all(&mut *connection)
                .await?;
            let gone = mark_deleted(connection, lease, slice, table, &Gone::all_at(gone, at)).await?;
            marked += gone.count();
        }
    }
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_missing_rows_are_believed_and_many_are_not() {
        for (gone, all, wanted) in [
            (0, 0, false),
            (0, 10, false),
            (1, 5, false),
            (1, 100, false),
            (10, 100, false),
            (11, 100, true),
            (2, 10, true),
            (1, 1, true),
            (10, 10, true),
        ] {
            assert_eq!(is_suspicious(gone, all, 0.1), wanted, "{gone} of {all}");
        }
        assert!(!is_suspicious(100, 100, 1.0), "figures are replaced as a whole");
    }

    #[test]
    fn tombstones_may_take_much_and_of_small_tables_everything() {
        for (gone, all, wanted) in [
            (1_000, 1_000, false),
            (600, 1_001, false),
            (601, 1_001, true),
            (60_000, 100_000, false),
            (60_001, 100_000, true),
        ] {
            assert_eq!(is_stated_suspicious(gone, all), wanted, "{gone} of {all}");
        }
    }
}
