//! One walk: the next page is fetched while the last one is loaded, and the end is judged and booked.

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::stream::{Cursor, Remedy, Window};
use crate::warehouse::{Counts, Deletions, End, NewWalk, Purpose, WalkId, WarehouseError};

use super::SyncError;
use super::fetch::{Fetched, fetch};
use super::job::{Job, Session};
use super::judge::{Verdict, judge};
use super::load::{Loaded, load};
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
pub(super) async fn walk(job: &Job, session: &Session, step: Step) -> Result<Walked, SyncError> {
    let is_whole = step.purpose == Purpose::Whole;
    let new = NewWalk {
        stream: job.stream.name(),
        purpose: step.purpose,
        window: (!is_whole).then_some(step.window),
        started_at: session.clock.now(),
    };
    let id = session.warehouse.begin_walk(&session.lease, &new).await?;
    let (pieces, queue) = mpsc::channel(PAGES_AHEAD);
    let (mut fetched, mut loaded) = tokio::join!(
        fetch(job, session, step.window, pieces),
        load(job, session, (id, step.is_new_ground), queue),
    );
    let mut verdict = judge(&mut fetched, &mut loaded, &job.limits, is_whole);
    let booked = match book(job, session, id, (&fetched, &loaded), &verdict).await {
        Err(lost @ SyncError::Warehouse(WarehouseError::Lost)) => {
            verdict = Verdict::Failed(lost);
            book(job, session, id, (&fetched, &loaded), &verdict).await
        }
        booked => booked,
    };
    let (deleted, held_deletions) = booked?;
    let mut counts = loaded.counts;
    counts.deleted += deleted;
    debug!(row_count = counts.seen(), "Walked {}", step.window);
    let unfinished = unfinished(verdict, new.window);
    if held_deletions > 0 {
        warn!(
            held_deletions,
            "Too many rows vanished at once; confirm with `convene sync --confirm-deletions`"
        );
    }
    Ok(Walked {
        counts,
        held_deletions,
        unfinished,
    })
}

async fn book(
    job: &Job,
    session: &Session,
    id: WalkId,
    (fetched, loaded): (&Fetched, &Loaded),
    verdict: &Verdict,
) -> Result<(i64, i64), SyncError> {
    let reason;
    let end = match verdict {
        Verdict::Complete => match &job.cursor {
            Cursor::Window(windowing) => End::Complete {
                settle: windowing.settle,
                deletions: None,
            },
            Cursor::Whole => {
                let table = job.stream.tables()[0];
                let deletions = Deletions {
                    table,
                    seen: &fetched.ids,
                    limit: job.limits.delete_share,
                };
                // A record that could not be read may be any of the rows that seem to be missing.
                let deletions = (loaded.counts.rejected == 0).then_some(deletions);
                End::Complete {
                    settle: TimeDelta::zero(),
                    deletions,
                }
            }
        },
        Verdict::Incomplete(reason) => End::Incomplete(reason),
        // A walk that a stop ended has no flaw but its end.
        Verdict::Failed(SyncError::Stopped) => End::Incomplete("stopped before the end"),
        Verdict::Failed(error) => {
            reason = error.to_string();
            End::Failed(&reason)
        }
    };
    let total = fetched.total.and_then(|total| i64::try_from(total).ok());
    let counted = (loaded.batch_count, total);
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
