//! What a complete slice is worth: coverage, what of it is settled, its part of the re-reads, and the rows that are gone.

use chrono::{DateTime, TimeDelta, Utc};

use connectors::source::Belonging;

use super::absences::{Absences, judge_absences};
use super::drift::{TableFields, record_fields};
use super::ledger::{LedgerSlice, seconds_of};
use super::tombstones::judge_tombstones;
use super::transaction::Transaction;
use super::{Lease, WarehouseError};

/// What a complete slice is worth.
#[derive(Debug, Clone)]
pub struct Completion<'a> {
    /// How far the partition is complete now.
    pub reach: Reach,
    /// How old a range must be when it is read to count as settled.
    pub settle: TimeDelta,
    /// The largest share of rows, 0 to 1, that is believed to be gone when the vendor says so of single ids.
    pub delete_share: f64,
    /// What may be missing in a list that was read to its end.
    pub absences: Vec<Absences<'a>>,
    /// How many times in a row an id must not be found before its row is believed to be gone.
    pub not_found_times: u32,
    /// Rows that go when the rows go to which they belong.
    pub belongings: &'static [Belonging],
    /// The fields of the records that it met, by table.
    pub fields: &'a [TableFields],
    /// How many records it met.
    pub record_count: u64,
}

/// How far a complete slice makes its partition complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over its window, as far as that lies in the past.
    Window,
    /// Up to its start; settled too where it went to the end of the list.
    Start {
        /// True where it went to the end of the list.
        is_full: bool,
    },
    /// Up to the oldest id that is due and was left, or else to its start.
    Lookup {
        /// Ids that are due and were not looked up.
        ids_left: i64,
        /// Since when the oldest of them is due.
        oldest_left: Option<DateTime<Utc>>,
    },
    /// Nowhere; but the rows without the time of the filter were read.
    Unfiltered,
    /// No further: more is known to be missing.
    Nothing,
}

/// What the end of a slice has done to rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SliceOutcome {
    /// Rows that were marked as deleted.
    pub deleted: i64,
    /// Rows that seem to be gone and wait for an operator's word.
    pub held: i64,
}

/// What the end of a slice has to see to, besides its coverage.
#[derive(Debug, Clone, Copy)]
pub(super) struct LooseEnds {
    /// Rows are said to be gone.
    pub(super) has_tombstones: bool,
    /// Its window waits to be read again.
    pub(super) is_reread: bool,
}

/// Books all of it.
pub(super) async fn record_completion(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
    ends: LooseEnds,
) -> Result<SliceOutcome, WarehouseError> {
    let mut outcome = SliceOutcome::default();
    if ends.has_tombstones {
        outcome = judge_tombstones(connection, lease, slice, completion).await?;
    }
    for absences in &completion.absences {
        let judged = judge_absences(connection, lease, slice, completion, absences).await?;
        outcome.deleted += judged.deleted;
        outcome.held += judged.held;
    }
    extend_coverage(connection, lease, slice, completion, ends).await?;
    record_fields(connection, lease, slice, completion).await?;
    Ok(outcome)
}

async fn extend_coverage(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    completion: &Completion<'_>,
    ends: LooseEnds,
) -> Result<(), WarehouseError> {
    let (mut reaches_start, mut is_full) = (false, false);
    let (mut lookup, mut covers) = (None, false);
    match completion.reach {
        Reach::Start { is_full: full } => (reaches_start, is_full) = (true, full),
        Reach::Lookup {
            ids_left,
            oldest_left,
        } => {
            lookup = Some((
                ids_left,
                oldest_left.map_or(slice.started_at, |at| at.min(slice.started_at)),
            ));
        }
        Reach::Window => covers = true,
        Reach::Unfiltered | Reach::Nothing => (),
    }
    let window = slice.window.filter(|_| covers);
    sqlx::query(
        "update sync.coverage as c set last_complete_at = clock_timestamp(),
             whole_read_at = case when $6 then $5 else c.whole_read_at end,
             full_read_at = case when $7 then $5 else c.full_read_at end,
             unfiltered_read_at = case when $8 then $5 else c.unfiltered_read_at end,
             -- Until its first ids were all asked for it is complete through nothing, as a list is before it was read.
             complete_until = case when $10 > 0 and c.complete_until is null then null else coalesce($9, c.complete_until) end,
             ids_left = coalesce($10, c.ids_left),
             -- Of a window that reaches into the future only the past is covered.
             covered = case when $11 < $5 then c.covered + tstzmultirange(tstzrange($11, least($12, $5))) else c.covered end,
             -- What was read when it was old enough needs no further look.
             settled = case when $11 < $5 - make_interval(secs => $13)
                            then c.settled + tstzmultirange(tstzrange($11, least($12, $5 - make_interval(secs => $13))))
                            else c.settled end
         where source = $1 and stream = $2 and partition = $3 and generation = $4",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.generation)
    .bind(slice.started_at)
    .bind(reaches_start)
    .bind(is_full)
    .bind(completion.reach == Reach::Unfiltered)
    .bind(lookup.map(|(_, until)| until))
    .bind(lookup.map(|(left, _)| left))
    .bind(window.map(|window| window.since))
    .bind(window.map(|window| window.until))
    .bind(seconds_of(completion.settle))
    .execute(&mut *connection)
    .await?;
    let Some(window) = window.filter(|_| ends.is_reread) else {
        return Ok(());
    };
    sqlx::query(
        "update sync.rereads set pending = pending - tstzmultirange(tstzrange($4, $5))
         where source = $1 and stream = $2 and partition = $3 and pending && tstzrange($4, $5)",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(window.since)
    .bind(window.until)
    .execute(connection)
    .await?;
    Ok(())
}
