//! Rows that complete walks of a whole list did not meet: they are gone, unless suspiciously many are.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use connectors::schema::Table;

use super::walk::WalkId;
use super::{Lease, WarehouseError, delete};

/// What a complete walk met of a table, where it should have met everything.
#[derive(Debug, Clone)]
pub struct Absences<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The table.
    pub table: &'static Table,
    /// The ids that the walk met.
    pub seen: &'a [String],
    /// Only rows whose column, as text, has this value.
    pub only: Option<(&'static str, String)>,
    /// After how many complete walks in a row a row is believed to be gone.
    pub walks: u32,
    /// The largest share that is believed, 0 to 1.
    pub limit: f64,
}

/// Marks the rows that are gone. Returns how many were marked, and how many were held instead because too many are missing at
/// once: then something is more likely wrong with the list than with the rows.
pub(super) async fn book(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    walk: WalkId,
    absences: &Absences<'_>,
) -> Result<(i64, i64), WarehouseError> {
    let known = known(transaction, lease, absences).await?;
    let all = known.len();
    let mut gone: Vec<String> = known
        .into_iter()
        .filter(|(_, seen)| !seen)
        .map(|(id, _)| id)
        .collect();
    if is_suspicious(gone.len(), all, absences.limit) {
        return Ok((0, i64::try_from(gone.len()).unwrap_or(i64::MAX)));
    }
    if absences.walks > 1 {
        gone = often_absent(transaction, lease, absences, &gone).await?;
    }
    if gone.is_empty() {
        return Ok((0, 0));
    }
    let at: DateTime<Utc> = sqlx::query_scalar("select started_at from sync.walks where id = $1")
        .bind(walk)
        .fetch_one(&mut **transaction)
        .await?;
    let marked = delete::mark(transaction, lease, walk, absences.table, (&gone, at)).await?;
    Ok((marked, 0))
}

/// The living rows, and whether the walk met each.
async fn known(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    absences: &Absences<'_>,
) -> Result<Vec<(String, bool)>, WarehouseError> {
    let filter = absences
        .only
        .as_ref()
        .map(|(column, _)| format!(" and t.{column}::text = $3"));
    let statement = format!(
        "select t.id, u.id is not null from warehouse.{} as t left join unnest($2::text[]) as u (id) on u.id = t.id
         where t.source = $1 and t.deleted_at is null{}",
        absences.table.name,
        filter.unwrap_or_default()
    );
    let mut query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(lease.source())
        .bind(absences.seen);
    if let Some((_, value)) = &absences.only {
        query = query.bind(value);
    }
    Ok(query.fetch_all(&mut **transaction).await?)
}

/// Counts these absences on, forgets those that ended, and returns the ids that were absent often enough.
async fn often_absent(
    transaction: &mut Transaction<'static, Postgres>,
    lease: &Lease,
    absences: &Absences<'_>,
    absent: &[String],
) -> Result<Vec<String>, WarehouseError> {
    sqlx::query(
        "delete from sync.absences where source = $1 and stream = $2 and table_name = $3 and id <> all($4)",
    )
    .bind(lease.source())
    .bind(absences.stream)
    .bind(absences.table.name)
    .bind(absent)
    .execute(&mut **transaction)
    .await?;
    let counted: Vec<(String, i32)> = sqlx::query_as(
        "insert into sync.absences as a (source, stream, table_name, id, walk_count)
         select $1, $2, $3, u.id, 1 from unnest($4::text[]) as u (id)
         on conflict (source, stream, table_name, id) do update set walk_count = a.walk_count + 1
         returning id, walk_count",
    )
    .bind(lease.source())
    .bind(absences.stream)
    .bind(absences.table.name)
    .bind(absent)
    .fetch_all(&mut **transaction)
    .await?;
    let often = |(_, count): &(String, i32)| u32::try_from(*count).unwrap_or(0) >= absences.walks;
    Ok(counted.into_iter().filter(often).map(|(id, _)| id).collect())
}

/// More than the limit's share, and in a small table more than one row; all rows at once always are, unless the limit is 1.
#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn is_suspicious(gone: usize, all: usize, limit: f64) -> bool {
    let is_many = gone > 1 && gone as f64 > all as f64 * limit;
    limit < 1.0 && gone > 0 && (gone == all || is_many)
}

#[cfg(test)]
mod tests {
    use super::is_suspicious;

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
        assert!(!is_suspicious(100, 100, 1.0), "an operator has confirmed");
    }
}
