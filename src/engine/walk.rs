//! One walk: the next page is fetched while the last one is loaded, and the end is judged and booked.

use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::warehouse::{Counts, DueKeys, End, NewWalk, Purpose, WalkId, WarehouseError};
use connectors::schema::Table;
use connectors::source::{Absence, Cursor, Remedy, Window};

use super::SyncError;
use super::earn::Finding;
use super::errand::{Errand, Fetched};
use super::fetch::fetch;
use super::job::{Job, Session};
use super::judge::{Verdict, judge};
use super::load::load;
use super::plan::Step;
use super::report::Unfinished;

/// Pages that may wait between the two halves. More would only hold memory: the slower half sets the pace.
const PAGES_AHEAD: usize = 2;

/// What a walk came to.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) counts: Counts,
    pub(super) held_deletions: i64,
    pub(super) unfinished: Option<Unfinished>,
}

/// Walks, and books the end. An error means that the ledger itself could not be written; the next walk closes it then.
pub(super) async fn walk(
    job: &Job,
    session: &Session,
    step: Step,
    keys: &DueKeys,
) -> Result<Walked, SyncError> {
    let new = NewWalk {
        stream: job.stream.name(),
        purpose: step.purpose,
        window: step.purpose.has_window().then_some(step.window),
        started_at: session.clock.now(),
    };
    let id = session.warehouse.begin_walk(&session.lease, &new).await?;
    let gathered = gathered(job, step.purpose);
    let errand = Errand {
        window: step.window,
        keys: &keys.ids,
        gathered: &gathered,
    };
    let (pieces, queue) = mpsc::channel(PAGES_AHEAD);
    let (mut fetched, mut loaded) = tokio::join!(
        fetch(job, session, errand, pieces),
        load(job, session, (id, step.is_new_ground), queue),
    );
    let mut verdict = judge(&mut fetched, &mut loaded, &job.limits, !step.purpose.has_window());
    let finding = Finding {
        job,
        step,
        gathered: &gathered,
        fetched: &fetched,
        loaded: &loaded,
        keys_left: keys.left,
    };
    let booked = match book(session, id, &finding, &verdict).await {
        Err(lost @ SyncError::Warehouse(WarehouseError::Lost)) => {
            verdict = Verdict::Failed(lost);
            book(session, id, &finding, &verdict).await
        }
        booked => booked,
    };
    let (deleted, held_deletions) = booked?;
    let mut counts = loaded.counts;
    counts.deleted += deleted;
    debug!(row_count = counts.seen(), "Walked {}", step.window);
    tell(&fetched, held_deletions);
    Ok(Walked {
        counts,
        held_deletions,
        unfinished: unfinished(verdict, new.window),
    })
}

fn tell(fetched: &Fetched, held_deletions: i64) {
    for warning in &fetched.warnings {
        warn!("{warning}");
    }
    if held_deletions > 0 {
        warn!(
            held_deletions,
            "Too many rows vanished at once; confirm with `convene sync --confirm-deletions`"
        );
    }
}

/// The tables of which a complete walk tells what is gone.
fn gathered(job: &Job, purpose: Purpose) -> Vec<&'static Table> {
    match (&job.cursor, job.cursor.absence()) {
        (Cursor::Days(_), _) => vec![job.stream.tables()[0]],
        (_, Absence::Gone { tables, .. }) if purpose == Purpose::Whole => tables.to_vec(),
        _ => Vec::new(),
    }
}

async fn book(
    session: &Session,
    id: WalkId,
    finding: &Finding<'_>,
    verdict: &Verdict,
) -> Result<(i64, i64), SyncError> {
    let reason;
    let end = match verdict {
        Verdict::Complete => End::Complete(finding.earned()),
        Verdict::Incomplete(reason) => End::Incomplete(reason),
        // A walk that a stop ended has no flaw but its end.
        Verdict::Failed(SyncError::Stopped) => End::Incomplete("stopped before the end"),
        Verdict::Failed(error) => {
            reason = error.to_string();
            End::Failed(&reason)
        }
    };
    let total = finding.fetched.total.and_then(|total| i64::try_from(total).ok());
    let counted = (finding.loaded.batch_count, total);
    Ok(session
        .warehouse
        .end_walk(&session.lease, id, counted, end)
        .await?)
}

fn unfinished(verdict: Verdict, window: Option<Window>) -> Option<Unfinished> {
    let (is_failed, reason, remedy) = match verdict {
        Verdict::Complete => return None,
        Verdict::Incomplete(reason) => (false, reason, Remedy::NextTick),
        Verdict::Failed(error) => (true, error.to_string(), error.remedy()),
    };
    Some(Unfinished {
        window,
        is_failed,
        reason,
        remedy,
    })
}
