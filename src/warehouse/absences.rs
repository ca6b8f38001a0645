//! What a complete list proves of rows that it does not hold.

use sqlx::AssertSqlSafe;

use connectors::schema::Table;

use super::completion::{Completion, SliceOutcome};
use super::deletions::{ColumnValue, Gone, Guarded, Proof};
use super::ledger::LedgerSlice;
use super::named::may_be_named;
use super::transaction::Transaction;
use super::{Lease, WarehouseError};

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

/// The living rows, and whether the slice met each. Of one that only other rows have named, no list ever told, so that its absence
/// says nothing.
async fn known_rows(
    connection: &mut Transaction,
    lease: &Lease,
    absences: &Absences<'_>,
) -> Result<Vec<(String, bool)>, WarehouseError> {
    let conditions = absences.only.iter().enumerate();
    let conditions = conditions.map(|(place, only)| format!(" and t.{}::text = ${}", only.column, place + 3));
    let is_listed = if may_be_named(absences.table) {
        " and t.content_hash <> ''"
    } else {
        ""
    };
    let statement = format!(
        "select t.id, u.id is not null from warehouse.{} as t left join unnest($2::text[]) as u (id) on u.id = t.id
         where t.source = $1 and t.deleted_at is null{is_listed}{}",
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
