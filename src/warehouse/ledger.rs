//! The ledger: a row for each run of a stream and for each of its slices, from the first page request to the end.

use chrono::{DateTime, TimeDelta, Utc};

use connectors::source::{Remedy, Window};

use super::completion::{Completion, LooseEnds, SliceOutcome, record_completion};
use super::pool::repeat_transaction;
use super::tombstones::{self, Unproved};
use super::transaction::Transaction;
use super::words::{LONGEST_REASON, LONGEST_WORDS, cut_to_fit};
use super::{Lease, Warehouse, WarehouseError};

/// A run's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct RunId(pub i64);

/// A slice's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct SliceId(pub i64);

/// What a slice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The window, or a part of it, was never read completely.
    Window,
    /// The window is read again for late changes.
    Reread,
    /// A list without a time filter, to its end.
    Full,
    /// A list without a time filter, from its newest row back to what was read before.
    Recent,
    /// Single rows by their ids.
    Lookup,
    /// A list that has a time filter, without it: for rows without that time.
    Unfiltered,
    /// Records that could not be read before, mapped again without a request.
    Replay,
}

impl Purpose {
    /// Every purpose.
    const ALL: [Self; 7] = [
        Self::Window,
        Self::Reread,
        Self::Full,
        Self::Recent,
        Self::Lookup,
        Self::Unfiltered,
        Self::Replay,
    ];

    /// The word for it in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Reread => "reread",
            Self::Full => "full",
            Self::Recent => "recent",
            Self::Lookup => "lookup",
            Self::Unfiltered => "unfiltered",
            Self::Replay => "replay",
        }
    }

    /// The purpose of a word of the ledger.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// A slice that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSlice<'a> {
    /// The run that it belongs to.
    pub run: RunId,
    /// The stream.
    pub stream: &'a str,
    /// The partition.
    pub partition: &'a str,
    /// The generation of the partition's coverage.
    pub generation: i32,
    /// What it is for.
    pub purpose: Purpose,
    /// What is read, where it reads a window.
    pub window: Option<Window>,
    /// When it begins.
    pub started_at: DateTime<Utc>,
}

/// A slice that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSlice {
    /// Its number.
    pub id: SliceId,
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// The generation of the partition's coverage.
    pub generation: i32,
    /// What it is for.
    pub purpose: Purpose,
    /// What is read, where it reads a window.
    pub window: Option<Window>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// How much was asked of the vendor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent, repeated and failed ones included.
    pub request_count: i64,
    /// Bytes of the answers.
    pub body_bytes: i64,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.request_count += more.request_count;
        self.body_bytes += more.body_bytes;
    }
}

/// How the end of a list was known, and of how many lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLine {
    /// The word for the evidence.
    pub kind: String,
    /// The same in a sentence.
    pub text: String,
    /// Of how many lists.
    pub count: u64,
}

/// How a slice ends.
#[derive(Debug, Clone)]
pub struct SliceEnd<'a> {
    /// How many batches it has loaded.
    pub batch_count: i64,
    /// What the whole slice has asked of the vendor.
    pub traffic: Traffic,
    /// The vendor's total.
    pub vendor_total: Option<i64>,
    /// How the ends of its lists were known.
    pub evidence: Vec<EvidenceLine>,
    /// What it came to.
    pub verdict: SliceVerdict<'a>,
}

/// What a slice came to.
#[derive(Debug, Clone)]
pub enum SliceVerdict<'a> {
    /// Everything was read, and this is proved. What that is worth is booked in the same transaction.
    Complete(Completion<'a>),
    /// It came to its end, but not everything is proved to be there.
    Incomplete(Flaw<'a>),
    /// It broke off.
    Failed(Flaw<'a>),
}

/// Why a slice is not complete.
#[derive(Debug, Clone, Copy)]
pub struct Flaw<'a> {
    /// Why.
    pub reason: &'a str,
    /// What mends it.
    pub remedy: Remedy,
    /// The vendor's own words.
    pub said: Option<&'a str>,
    /// When it may be tried again; nothing where it has no flaw but that it was stopped.
    pub retry: Option<RetryDelay>,
}

/// When a slice may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryDelay {
    /// The wait after the first failure; it doubles.
    pub first: TimeDelta,
    /// The longest wait.
    pub longest: TimeDelta,
    /// Not before this instant, whatever the wait.
    pub not_before: Option<DateTime<Utc>>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub struct RunEnd<'a> {
    /// What it came to.
    pub state: RunState,
    /// Why it is not complete.
    pub reason: Option<&'a str>,
    /// What mends it.
    pub remedy: Option<Remedy>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Every slice was complete.
    Complete,
    /// Some slices were not.
    Incomplete,
    /// It broke off.
    Failed,
}

impl RunState {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

impl Warehouse {
    /// Opens a run. What is still open of the stream belongs to a process that died, and is closed.
    pub async fn begin_run(
        &self,
        lease: &Lease,
        stream: &str,
        started_at: DateTime<Utc>,
    ) -> Result<RunId, WarehouseError> {
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            close_left_open(&mut transaction, lease, stream).await?;
            let id = sqlx::query_scalar(
                "insert into sync.runs (source, stream, epoch, started_at) values ($1, $2, $3, $4) returning id",
            )
            .bind(lease.source())
            .bind(stream)
            .bind(lease.epoch())
            .bind(started_at)
            .fetch_one(&mut transaction)
            .await?;
            transaction.commit().await?;
            Ok(id)
        })
        .await
    }

    /// Closes a run. Its slices must have ended.
    pub async fn end_run(&self, lease: &Lease, run: RunId, end: &RunEnd<'_>) -> Result<(), WarehouseError> {
        let reason = match end.state {
            RunState::Complete => None,
            _ => Some(cut_to_fit(
                end.reason.unwrap_or("not every slice is complete"),
                LONGEST_REASON,
            )),
        };
        repeat_transaction(|| async {
            let mut transaction = self.begin_fenced(lease).await?;
            sqlx::query(
                "update sync.runs set state = $2, reason = $3, remedy = $4, ended_at = clock_timestamp()
                 where id = $1 and state = 'running'",
            )
            .bind(run)
            .bind(end.state.word())
            .bind(&reason)
            .bind(end.remedy.map(Remedy::word))
            .execute(&mut transaction)
            .await?;
            transaction.commit().await
        })
        .await
    }

    /// Opens a slice. Its number is durable, so that it is never given twice. Slices of one run may be open at the same time.
    pub async fn begin_slice(
        &self,
        lease: &Lease,
        new: &NewSlice<'_>,
    ) -> Result<LedgerSlice, WarehouseError> {
        let id = repeat_transaction(|| self.try_begin_slice(lease, new)).await?;
        Ok(LedgerSlice {
            id,
            stream: new.stream.to_owned(),
            partition: new.partition.to_owned(),
            generation: new.generation,
            purpose: new.purpose,
            window: new.window,
            started_at: new.started_at,
        })
    }

    async fn try_begin_slice(&self, lease: &Lease, new: &NewSlice<'_>) -> Result<SliceId, WarehouseError> {
        let mut transaction = self.begin_fenced_durably(lease).await?;
        let id = sqlx::query_scalar(
            "with counted as (update sync.runs set slice_count = slice_count + 1 where id = $1)
             insert into sync.slices (run_id, source, stream, partition, generation, purpose, since, until, epoch, started_at, attempts)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1 + coalesce(
                 (select attempts from sync.retries where source = $2 and stream = $3 and partition = $4 and purpose = $6
                      and since = coalesce($7, '-infinity')), 0))
             returning id",
        )
        .bind(new.run)
        .bind(lease.source())
        .bind(new.stream)
        .bind(new.partition)
        .bind(new.generation)
        .bind(new.purpose.word())
        .bind(new.window.map(|window| window.since))
        .bind(new.window.map(|window| window.until))
        .bind(lease.epoch())
        .bind(new.started_at)
        .fetch_one(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Closes a slice, and durably books what it is worth, unless one of its batches is lost.
    pub async fn end_slice(
        &self,
        lease: &Lease,
        slice: &LedgerSlice,
        end: SliceEnd<'_>,
    ) -> Result<SliceOutcome, WarehouseError> {
        repeat_transaction(|| self.try_end_slice(lease, slice, &end)).await
    }

    async fn try_end_slice(
        &self,
        lease: &Lease,
        slice: &LedgerSlice,
        end: &SliceEnd<'_>,
    ) -> Result<SliceOutcome, WarehouseError> {
        let mut transaction = self.begin_fenced_durably(lease).await?;
        let booked = Booked::find_batches(&mut transaction, slice).await?;
        let wanted = end.verdict.word();
        if booked.state == wanted {
            // The connection was lost after the commit.
            transaction.commit().await?;
            return Ok(booked.outcome_of());
        }
        if booked.state != "running" {
            return Err(WarehouseError::Lost);
        }
        let mut outcome = SliceOutcome::default();
        match &end.verdict {
            SliceVerdict::Complete(completion) => {
                if booked.batch_count != end.batch_count {
                    lease.remembered_rows().forget();
                    return Err(WarehouseError::Lost);
                }
                outcome = record_completion(&mut transaction, lease, slice, completion, booked.loose_ends())
                    .await?;
                if booked.has_retries {
                    forget_retries(&mut transaction, lease, slice).await?;
                }
            }
            SliceVerdict::Incomplete(flaw) | SliceVerdict::Failed(flaw) => {
                tombstones::forget_unproved(&mut transaction, lease, slice).await?;
                schedule_retry(&mut transaction, lease, slice, flaw).await?;
            }
        }
        close_slice(&mut transaction, slice, end, outcome).await?;
        transaction.commit().await?;
        Ok(outcome)
    }
}

impl SliceVerdict<'_> {
    fn word(&self) -> &'static str {
        match self {
            Self::Complete(_) => "complete",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }

    fn flaw_of(&self) -> Option<&Flaw<'_>> {
        match self {
            Self::Complete(_) => None,
            Self::Incomplete(flaw) | Self::Failed(flaw) => Some(flaw),
        }
    }
}

/// What the ledger has of a slice.
#[derive(Debug, sqlx::FromRow)]
struct Booked {
    state: String,
    batch_count: i64,
    deleted: i64,
    held_deletions: i64,
    has_tombstones: bool,
    has_retries: bool,
    is_reread: bool,
}

impl Booked {
    async fn find_batches(connection: &mut Transaction, slice: &LedgerSlice) -> Result<Self, WarehouseError> {
        // Most slices leave none of these, and then no statement is sent about them.
        let found = sqlx::query_as(
            "select state, batch_count, deleted, held_deletions,
                 exists (select from sync.tombstones as t where (t.source, t.stream, t.partition) = (s.source, s.stream, s.partition)
                     and (t.slice_id = s.id or t.is_held)) as has_tombstones,
                 exists (select from sync.retries as r where (r.source, r.stream, r.partition) = (s.source, s.stream, s.partition))
                     as has_retries,
                 exists (select from sync.rereads as r where (r.source, r.stream, r.partition) = (s.source, s.stream, s.partition)
                     and r.pending && tstzrange(s.since, s.until)) as is_reread
             from sync.slices as s where id = $1 for update of s",
        )
        .bind(slice.id)
        .fetch_optional(connection)
        .await?;
        found.ok_or(WarehouseError::Lost)
    }

    fn loose_ends(&self) -> LooseEnds {
        LooseEnds {
            has_tombstones: self.has_tombstones,
            is_reread: self.is_reread,
        }
    }

    fn outcome_of(&self) -> SliceOutcome {
        SliceOutcome {
            deleted: self.deleted,
            held: self.held_deletions,
        }
    }
}

/// Closes the runs and slices of a stream that a dead process left open. What they had proved of deletions does not count.
async fn close_left_open(
    connection: &mut Transaction,
    lease: &Lease,
    stream: &str,
) -> Result<(), WarehouseError> {
    const DIED: &str = "the process ended before the slice did";
    sqlx::query(
        "update sync.runs set state = 'failed', ended_at = clock_timestamp(), reason = $3, remedy = 'next run'
         where source = $1 and stream = $2 and state = 'running'",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(DIED)
    .execute(&mut *connection)
    .await?;
    let left: Vec<(SliceId, String)> = sqlx::query_as(
        "update sync.slices set state = 'failed', ended_at = clock_timestamp(), reason = $3, remedy = 'next run'
         where source = $1 and stream = $2 and state = 'running' returning id, partition",
    )
    .bind(lease.source())
    .bind(stream)
    .bind(DIED)
    .fetch_all(&mut *connection)
    .await?;
    for (slice, partition) in left {
        let left = Unproved {
            stream,
            partition: &partition,
            slice,
        };
        tombstones::forget_left(connection, lease, left).await?;
        add_to_totals(connection, slice).await?;
    }
    Ok(())
}

async fn close_slice(
    connection: &mut Transaction,
    slice: &LedgerSlice,
    end: &SliceEnd<'_>,
    outcome: SliceOutcome,
) -> Result<(), WarehouseError> {
    let flaw = end.verdict.flaw_of();
    let lines = end.evidence.iter().map(|line| {
        serde_json::json!({ "kind": cut_to_fit(&line.kind, LONGEST_WORDS), "text": cut_to_fit(&line.text, LONGEST_WORDS), "count": line.count })
    });
    sqlx::query(
        // The totals of the partition are kept with it, so that nobody has to add up the ledger.
        "with closed as (update sync.slices as s set state = $2, reason = $3, remedy = $4, said = $5, vendor_total = $6, evidence = $7::jsonb,
             deleted = deleted + $8, held_deletions = $9, request_count = greatest(request_count, $10),
             body_bytes = greatest(body_bytes, $11), ended_at = clock_timestamp(),
             next_attempt_at = case when $3 is not null then (
                 select r.next_attempt_at from sync.retries as r
                 where r.source = s.source and r.stream = s.stream and r.partition = s.partition and r.purpose = s.purpose
                     and r.since = coalesce(s.since, '-infinity')) end
         where id = $1 returning s.*)
         update sync.coverage as c set row_count = c.row_count + s.inserted, request_count = c.request_count + s.request_count,
             body_bytes = c.body_bytes + s.body_bytes
         from closed as s where c.source = s.source and c.stream = s.stream and c.partition = s.partition",
    )
    .bind(slice.id)
    .bind(end.verdict.word())
    .bind(flaw.map(|flaw| cut_to_fit(flaw.reason, LONGEST_REASON)))
    .bind(flaw.map(|flaw| flaw.remedy.word()))
    .bind(flaw.and_then(|flaw| flaw.said).map(|said| cut_to_fit(said, LONGEST_WORDS)))
    .bind(end.vendor_total)
    .bind(lines.collect::<serde_json::Value>().to_string())
    .bind(outcome.deleted)
    .bind(outcome.held)
    .bind(end.traffic.request_count)
    .bind(end.traffic.body_bytes)
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps the totals of the partition of a slice that nobody closed.
async fn add_to_totals(connection: &mut Transaction, slice: SliceId) -> Result<(), WarehouseError> {
    sqlx::query(
        "update sync.coverage as c set row_count = c.row_count + s.inserted, request_count = c.request_count + s.request_count,
             body_bytes = c.body_bytes + s.body_bytes
         from sync.slices as s
         where s.id = $1 and c.source = s.source and c.stream = s.stream and c.partition = s.partition",
    )
    .bind(slice)
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts off the next attempt at the same slice, further with each failure.
async fn schedule_retry(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
    flaw: &Flaw<'_>,
) -> Result<(), WarehouseError> {
    let Some(delay) = flaw.retry else {
        return Ok(());
    };
    sqlx::query(
        "insert into sync.retries as r (source, stream, partition, purpose, since, until, attempts, first_failed_at,
             next_attempt_at, reason, remedy, said)
         values ($1, $2, $3, $4, coalesce($5, '-infinity'), coalesce($6, 'infinity'), 1, clock_timestamp(),
             greatest(clock_timestamp() + make_interval(secs => $7), $9), $10, $11, $12)
         on conflict (source, stream, partition, purpose, since) do update set
             until = excluded.until, attempts = r.attempts + 1, reason = excluded.reason, remedy = excluded.remedy,
             said = excluded.said,
             -- Beyond thirty doublings every wait is the longest one.
             next_attempt_at = greatest($9, clock_timestamp()
                 + make_interval(secs => least($8, $7 * power(2, least(r.attempts, 30)))))",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.purpose.word())
    .bind(slice.window.map(|window| window.since))
    .bind(slice.window.map(|window| window.until))
    .bind(seconds_of(delay.first))
    .bind(seconds_of(delay.longest))
    .bind(delay.not_before)
    .bind(cut_to_fit(flaw.reason, LONGEST_REASON))
    .bind(flaw.remedy.word())
    .bind(flaw.said.map(|said| cut_to_fit(said, LONGEST_WORDS)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the back-off of what a complete slice has read: of windows that it touches, or of the list.
async fn forget_retries(
    connection: &mut Transaction,
    lease: &Lease,
    slice: &LedgerSlice,
) -> Result<(), WarehouseError> {
    // A list that was read to its end was read as far as a quick slice goes, too.
    let also = if slice.purpose == Purpose::Full {
        Purpose::Recent
    } else {
        slice.purpose
    };
    sqlx::query(
        "delete from sync.retries where source = $1 and stream = $2 and partition = $3
             and case when $4::timestamptz is null then purpose in ($6, $7)
                      else purpose in ('window', 'reread') and tstzrange(since, until) && tstzrange($4, $5) end",
    )
    .bind(lease.source())
    .bind(&slice.stream)
    .bind(&slice.partition)
    .bind(slice.window.map(|window| window.since))
    .bind(slice.window.map(|window| window.until))
    .bind(slice.purpose.word())
    .bind(also.word())
    .execute(connection)
    .await?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "spans are far below 2^52 seconds")]
pub(super) fn seconds_of(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}
