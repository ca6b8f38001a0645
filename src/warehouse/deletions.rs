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

use connectors::schema::{Batch, Children, Proof as StatedProof, TABLES, Table};
use connectors::source::Belonging;

use super::completion::{Completion, SliceOutcome};
use super::history::trace_deletions;
use super::ledger::{LedgerSlice, SliceId};
use super::pool::repeat_transaction;
use super::transaction::Transaction;
use super::{CHANNEL, Lease, Warehouse, WarehouseError};

/// The share of living rows that tombstones of one slice may delete: vendors do archive much at once.
const STATED_SHARE: f64 = 0.6;
/// Up to so many living rows any number of tombstones is believed.
const STATED_SMALL: i64 = 1_000;
/// Up to so many times as many rows as an operator has seen are deleted on one word.
const CONFIRMED_GROWTH: i64 = 2;

/// What a complete slice met of a table, where it should have met everything.
#[derive(Debug, Clone)]
pub struct Absences<'a> {
    /// The table.
    pub table: &'static Table,
    /// The ids that the slice met.
    pub seen: &'a [String],
    /// Only rows whose columns, as text, have these values.
    pub only: Vec<ColumnValue>,
    /// After how many complete slices in a row a row is believed to be gone.
    pub times: u32,
    /// The largest share that is believed, 0 to 1; 1 believes every number.
    pub share: f64,
}

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
enum Proof {
    Stated,
    Absent,
    NotFound,
}

impl Proof {
    fn word(self) -> &'static str {
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

/// Keeps the tombstones of a batch until their slice is judged. A batch alone cannot tell whether they are too many.
pub(super) async fn keep_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    batch: &Batch,
) -> Result<(), WarehouseError> {
    if batch.tombstones().is_empty() {
        return Ok(());
    }
    let stones = || batch.tombstones().iter();
    let tables: Vec<&str> = stones().map(|stone| stone.table.name).collect();
    let ids: Vec<&str> = stones().map(|stone| stone.id.as_str()).collect();
    let proofs: Vec<&str> = stones().map(|stone| Proof::from(stone.proof).word()).collect();
    let times: Vec<DateTime<Utc>> = stones()
        .map(|stone| stone.at.unwrap_or(slice.started_at))
        .collect();
    sqlx::query(
        "insert into sync.tombstones as t (source, stream, partition, table_name, id, proof, at, slice_id)
         select distinct on (u.table_name, u.id) $1, $2, $3, u.table_name, u.id, u.proof, u.at, $4
         from unnest($5::text[], $6::text[], $7::text[], $8::timestamptz[]) as u (table_name, id, proof, at)
         order by u.table_name, u.id, u.at desc
         on conflict (source, stream, partition, table_name, id) do update
         set proof = excluded.proof, at = greatest(t.at, excluded.at), slice_id = excluded.slice_id",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.id)
    .bind(tables)
    .bind(ids)
    .bind(proofs)
    .bind(times)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what a slice that is not complete has said of deletions: its tombstones, and that rows were absent in a row.
pub(super) async fn forget_unproved(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
) -> Result<(), WarehouseError> {
    forget_absences(connection, lease, (&slice.stream, &slice.partition), slice.id).await
}

/// The same for a slice of which only the number is left.
pub(super) async fn forget_absences(
    connection: &mut Transaction,
    lease: &Lease,
    (stream, partition): (&str, &str),
    slice: SliceId,
) -> Result<(), WarehouseError> {
    sqlx::query(
        "delete from sync.tombstones where source = $1 and stream = $2 and partition = $3 and slice_id = $4 and not is_held",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(partition)
    .bind(slice)
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from sync.absences where source = $1 and stream = $2 and partition = $3")
        .bind(lease.source())
        .bind(stream)
        .bind(partition)
        .execute(connection)
        .await?;
    Ok(())
}

/// The tombstones of a partition that wait, of one table and one proof.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    table_name: String,
    proof: String,
}

/// Judges the tombstones that a complete slice has brought, together with those that were held before.
pub(super) async fn judge_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
) -> Result<SliceOutcome, WarehouseError> {
    let waiting: Vec<Waiting> = sqlx::query_as(
        "select distinct table_name, proof from sync.tombstones
         where source = $1 and stream = $2 and partition = $3 and (slice_id = $4 or is_held) order by 1, 2",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.id)
    .fetch_all(&mut *connection)
    .await?;
    let mut outcome = SliceOutcome::default();
    for table in TABLES {
        for proof in [Proof::Stated, Proof::NotFound] {
            if !waiting
                .iter()
                .any(|waits| waits.table_name == table.name && waits.proof == proof.word())
            {
                continue;
            }
            let judged = judge_waiting(connection, lease, slice, completion, table, proof).await?;
            outcome.deleted += judged.deleted;
            outcome.held += judged.held;
        }
    }
    Ok(outcome)
}

async fn judge_waiting(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
    table: &'static Table,
    proof: Proof,
) -> Result<SliceOutcome, WarehouseError> {
    let statement = format!(
        "select s.id, s.at, t.id is not null from sync.tombstones as s
         left join warehouse.{} as t on t.source = s.source and t.id = s.id and t.deleted_at is null and t.fetched_at <= s.at
         where s.source = $1 and s.stream = $2 and s.partition = $3 and (s.slice_id = $4 or s.is_held)
             and s.table_name = $5 and s.proof = $6 order by s.id",
        table.name
    );
    let stones: Vec<(String, DateTime<Utc>, bool)> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(&slice.stream)
        .bind(&slice.partition)
        .bind(slice.id)
        .bind(table.name)
        .bind(proof.word())
        .fetch_all(&mut *connection)
        .await?;
    let mut gone = Gone::default();
    let mut needless = Vec::new();
    for (id, at, is_alive) in stones {
        if is_alive {
            gone.ids.push(id);
            gone.at.push(at);
        } else {
            needless.push(id);
        }
    }
    if proof == Proof::NotFound {
        needless.extend(
            keep_often_missing(connection, lease, slice, completion.not_found_times, &mut gone).await?,
        );
    }
    let share = if proof == Proof::Stated {
        STATED_SHARE
    } else {
        completion.delete_share
    };
    let guarded = Guarded {
        slice,
        table,
        proof,
        share,
        only: &[],
        belongings: completion.belongings,
    };
    let outcome = guarded.judge_rows(connection, lease, &gone, None).await?;
    if outcome.held == 0 {
        needless.append(&mut gone.ids);
        if proof == Proof::NotFound {
            believe_missing(connection, lease, slice, completion.not_found_times, &needless).await?;
        }
    }
    settle_tombstones(connection, lease, slice, table, &needless).await?;
    Ok(outcome)
}

/// Removes the tombstones that have had their effect; the others of the partition are held.
async fn settle_tombstones(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    table: &'static Table,
    done: &[String],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "delete from sync.tombstones where source = $1 and stream = $2 and partition = $3 and table_name = $4 and id = any($5)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(table.name)
    .bind(done)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update sync.tombstones set is_held = true
         where source = $1 and stream = $2 and partition = $3 and table_name = $4 and slice_id = $5 and not is_held",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(table.name)
    .bind(slice.id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes out the ids that were not missing often enough, and returns them: they stay due.
async fn keep_often_missing(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    times: u32,
    gone: &mut Gone,
) -> Result<Vec<String>, WarehouseError> {
    let seldom: Vec<String> = sqlx::query_scalar(
        "select id from sync.lookups where source = $1 and stream = $2 and id = any($3) and missing_count < $4",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&gone.ids)
    .bind(i32::try_from(times).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    let ids = std::mem::take(&mut gone.ids);
    let at = std::mem::take(&mut gone.at);
    for (id, at) in ids.into_iter().zip(at) {
        if !seldom.contains(&id) {
            gone.ids.push(id);
            gone.at.push(at);
        }
    }
    Ok(seldom)
}

/// Ids whose rows are gone, or were never there, and that were missing often enough need not be asked for at each run.
async fn believe_missing(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    times: u32,
    ids: &[String],
) -> Result<(), WarehouseError> {
    sqlx::query(
        "update sync.lookups set is_missing = true
         where source = $1 and stream = $2 and id = any($3) and missing_count >= greatest($4, 1)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(ids)
    .bind(i32::try_from(times).unwrap_or(i32::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

/// Judges what a complete slice did not meet.
pub(super) async fn judge_absences(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
    absences: &Absences<'_>,
) -> Result<SliceOutcome, WarehouseError> {
    let known = known_rows(connection, lease, absences).await?;
    let all = i64::try_from(known.len()).unwrap_or(i64::MAX);
    let absent = known
        .into_iter()
        .filter(|(_, is_seen)| !is_seen)
        .map(|(id, _)| id);
    let mut gone = Gone::all_at(absent.collect(), slice.started_at);
    let guarded = Guarded {
        slice,
        table: absences.table,
        proof: Proof::Absent,
        share: absences.share,
        only: &absences.only,
        belongings: completion.belongings,
    };
    if gone.ids.is_empty() {
        // Every row is there again, whatever seemed to be missing before.
        guarded.forget_held(connection, lease).await?;
    }
    // All that are missing are weighed, not only those that were missing before.
    if absences.times > 1 && !guarded.is_held(connection, lease, gone.count(), all).await? {
        gone = Gone::all_at(
            often_absent(connection, lease, slice, absences, &gone.ids).await?,
            slice.started_at,
        );
        if gone.ids.is_empty() {
            return Ok(SliceOutcome::default());
        }
    }
    guarded.judge_rows(connection, lease, &gone, Some(all)).await
}

/// The living rows, and whether the slice met each.
async fn known_rows(
    connection: &mut Transaction,
    lease: &Lease,
    absences: &Absences<'_>,
) -> Result<Vec<(String, bool)>, WarehouseError> {
    let conditions = absences.only.iter().enumerate();
    let conditions = conditions.map(|(place, only)| format!(" and t.{}::text = ${}", only.column, place + 3));
    let statement = format!(
        "select t.id, u.id is not null from warehouse.{} as t left join unnest($2::text[]) as u (id) on u.id = t.id
         where t.source = $1 and t.deleted_at is null{}",
        absences.table.name,
        conditions.collect::<String>()
    );
    let mut query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(absences.seen);
    for only in &absences.only {
        query = query.bind(&only.value);
    }
    Ok(query.fetch_all(connection).await?)
}

/// Counts these absences on, forgets those that ended, and returns the ids that were absent often enough.
async fn often_absent(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    absences: &Absences<'_>,
    absent: &[String],
) -> Result<Vec<String>, WarehouseError> {
    sqlx::query(
        "delete from sync.absences where source = $1 and stream = $2 and partition = $3 and table_name = $4 and id <> all($5)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(absences.table.name)
    .bind(absent)
    .execute(&mut *connection)
    .await?;
    let counted: Vec<(String, i32)> = sqlx::query_as(
        "insert into sync.absences as a (source, stream, partition, table_name, id, times)
         select $1, $2, $3, $4, u.id, 1 from unnest($5::text[]) as u (id) order by u.id
         on conflict (source, stream, partition, table_name, id) do update set times = a.times + 1
         returning id, times",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(absences.table.name)
    .bind(absent)
    .fetch_all(connection)
    .await?;
    let is_often = |(_, times): &(String, i32)| u32::try_from(*times).unwrap_or(0) >= absences.times;
    Ok(counted.into_iter().filter(is_often).map(|(id, _)| id).collect())
}

/// Rows that seem to be gone, each with the time of the reading that says so.
#[derive(Debug, Default)]
struct Gone {
    ids: Vec<String>,
    at: Vec<DateTime<Utc>>,
}

impl Gone {
    fn all_at(ids: Vec<String>, at: DateTime<Utc>) -> Self {
        Self {
            at: vec![at; ids.len()],
            ids,
        }
    }

    fn of_pairs(pairs: Vec<(String, DateTime<Utc>)>) -> Self {
        let (ids, at) = pairs.into_iter().unzip();
        Self { ids, at }
    }

    fn count(&self) -> i64 {
        i64::try_from(self.ids.len()).unwrap_or(i64::MAX)
    }
}

/// What is judged: which rows, by which proof, and how many are believed.
struct Guarded<'a> {
    slice: &'a LedgerSlice,
    table: &'static Table,
    proof: Proof,
    share: f64,
    only: &'a [ColumnValue],
    belongings: &'static [Belonging],
}

impl Guarded<'_> {
    /// Marks the rows, or holds them. `all` is the number of living rows, where it is known already.
    async fn judge_rows(
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
            self.hold_rows(connection, lease, count, all).await?;
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
    async fn is_held(
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

    async fn hold_rows(
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
    async fn forget_held(&self, connection: &mut Transaction, lease: &Lease) -> Result<(), WarehouseError> {
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
