//! The loading half of a walk: pages that wait are loaded together, one transaction at a time.

use tokio::sync::mpsc::Receiver;

use crate::warehouse::{Counts, Load, WalkId, WarehouseError};

use super::errand::Piece;
use super::job::{Job, Session};
use super::report::Event;

/// Most rows of one transaction, unless one page alone has more. More are not faster, and take more memory.
const BATCH_ROWS: usize = 1_000;

/// What the loading half came to.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// What became of the rows.
    pub(super) counts: Counts,
    /// How many batches landed.
    pub(super) batch_count: i64,
    /// Why it broke off.
    pub(super) error: Option<WarehouseError>,
}

/// Loads pages until the asking half has no more.
pub(super) async fn load(
    job: &Job,
    session: &Session,
    (walk, mut is_new_ground): (WalkId, bool),
    mut queue: Receiver<Piece>,
) -> Loaded {
    let mut loaded = Loaded::default();
    let mut next = None;
    while let Some(piece) = take(&mut queue, &mut next).await {
        let sequence = loaded.batch_count + 1;
        let load = into_load(job, piece, (walk, sequence, is_new_ground));
        match session.warehouse.load(&session.lease, load).await {
            Ok(counts) => {
                loaded.counts += counts;
                loaded.batch_count = sequence;
                // An earlier walk that broke off has been here.
                is_new_ground &= counts.unchanged + counts.updated == 0;
                let (source, stream) = (job.source.as_str(), job.stream.name());
                (session.watch)(Event::Loaded {
                    source,
                    stream,
                    counts,
                });
            }
            Err(error) => {
                loaded.error = Some(error);
                break;
            }
        }
    }
    loaded
}

/// The next page, together with those that already wait behind it.
async fn take(queue: &mut Receiver<Piece>, next: &mut Option<Piece>) -> Option<Piece> {
    let mut piece = match next.take() {
        Some(piece) => piece,
        None => queue.recv().await?,
    };
    while let Ok(more) = queue.try_recv() {
        if piece.batch.len() + more.batch.len() > BATCH_ROWS {
            *next = Some(more);
            break;
        }
        piece.batch.append(more.batch);
        piece.rejects.extend(more.rejects);
        piece.duplicates += more.duplicates;
        piece.request_count += more.request_count;
        piece.body_bytes += more.body_bytes;
        piece.lookups.extend(more.lookups);
    }
    Some(piece)
}

fn into_load(job: &Job, piece: Piece, (walk, sequence, is_new_ground): (WalkId, i64, bool)) -> Load<'_> {
    Load {
        stream: job.stream.name(),
        walk,
        sequence,
        at: piece.at,
        batch: piece.batch,
        rejects: piece.rejects,
        duplicates: piece.duplicates,
        is_new_ground,
        request_count: piece.request_count,
        body_bytes: piece.body_bytes,
        lookups: piece.lookups,
    }
}
