//! The walks of a run: what the warehouse holds of the stream, and what its cursor makes of it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::warehouse::{Coverage, DueKeys, Ground, ListRead, Purpose};
use connectors::source::{Cursor, Feed, Keys, Trailing, Window};

use super::SyncError;
use super::days::plan_days;
use super::job::{Job, Session};
use super::plan::{Step, plan};

/// Where history begins when nobody says.
const DEFAULT_HISTORY: TimeDelta = TimeDelta::days(30);

/// The walks to make, in order.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) steps: Vec<Step>,
    /// The ids to ask for, for a stream that is read by id.
    pub(super) keys: DueKeys,
}

/// Plans a run, and notes in the warehouse what the stream is.
pub(super) async fn planned(job: &Job, session: &Session) -> Result<Planned, SyncError> {
    let warehouse = &session.warehouse;
    warehouse
        .note_source(&session.lease, job.vendor, job.time_zone.name())
        .await?;
    if !job.promoted.is_empty() {
        let table = job.stream.tables()[0];
        warehouse.promote(&session.lease, table, &job.promoted).await?;
    }
    let now = session.clock.now();
    let steps = match &job.cursor {
        Cursor::Window(windowing) | Cursor::KeySet(windowing) => {
            let coverage = coverage(job, session, now, (windowing.overlap, &windowing.trailing)).await?;
            plan(&coverage, windowing, now)
        }
        Cursor::Days(daily) => {
            let coverage = coverage(job, session, now, (TimeDelta::zero(), &[])).await?;
            plan_days(&coverage, daily, now)
        }
        Cursor::Whole(_) => {
            list(job, session).await?;
            vec![whole(now)]
        }
        Cursor::Activity(feed) => vec![feed_step(feed, list(job, session).await?, now)],
        Cursor::Keys(keys) => return by_keys(job, session, (keys, now)).await,
    };
    Ok(Planned {
        steps,
        keys: DueKeys::default(),
    })
}

async fn coverage(
    job: &Job,
    session: &Session,
    now: DateTime<Utc>,
    (overlap, trailing): (TimeDelta, &[Trailing]),
) -> Result<Coverage, SyncError> {
    let ground = Ground {
        stream: job.stream.name(),
        tables: job.stream.tables(),
        since: job.since,
        default_since: now - DEFAULT_HISTORY,
        overlap,
        trailing,
    };
    Ok(session.warehouse.coverage(&session.lease, &ground, now).await?)
}

async fn list(job: &Job, session: &Session) -> Result<ListRead, SyncError> {
    let (stream, tables) = (job.stream.name(), job.stream.tables());
    Ok(session.warehouse.list(&session.lease, stream, tables).await?)
}

async fn by_keys(
    job: &Job,
    session: &Session,
    (keys, now): (&Keys, DateTime<Utc>),
) -> Result<Planned, SyncError> {
    list(job, session).await?;
    let due = session
        .warehouse
        .due_keys(&session.lease, job.stream.name(), keys, now);
    Ok(Planned {
        keys: due.await?,
        steps: vec![Step {
            purpose: Purpose::Keys,
            ..whole(now)
        }],
    })
}

fn whole(now: DateTime<Utc>) -> Step {
    Step {
        window: Window {
            since: DateTime::UNIX_EPOCH,
            until: now,
        },
        purpose: Purpose::Whole,
        is_new_ground: false,
    }
}

/// To the end of the list when that is due, and otherwise back to where the walk before began.
fn feed_step(feed: &Feed, read: ListRead, now: DateTime<Utc>) -> Step {
    let full_is_due = read.full_read_at.is_none_or(|at| at + feed.full_every <= now);
    match read.read_at {
        Some(at) if !full_is_due => Step {
            window: Window {
                since: at - feed.margin,
                until: now,
            },
            purpose: Purpose::Recent,
            is_new_ground: false,
        },
        _ => whole(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectors::source::Absence;

    #[test]
    fn a_feed_is_read_to_its_end_when_that_is_due_and_back_to_the_walk_before_otherwise() {
        let feed = Feed {
            margin: TimeDelta::minutes(15),
            full_every: TimeDelta::days(1),
            absence: Absence::ProvesNothing,
        };
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-02-03T12:00:00Z");
        for (read, full, purpose, since) in [
            (None, None, Purpose::Whole, "1970-01-01T00:00:00Z"),
            (
                Some("2026-02-03T11:55:00Z"),
                Some("2026-02-02T13:00:00Z"),
                Purpose::Recent,
                "2026-02-03T11:40:00Z",
            ),
            (
                Some("2026-02-03T11:55:00Z"),
                Some("2026-02-02T12:00:00Z"),
                Purpose::Whole,
                "1970-01-01T00:00:00Z",
            ),
            (
                Some("2026-02-03T11:55:00Z"),
                None,
                Purpose::Whole,
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let read = ListRead {
                read_at: read.map(at),
                full_read_at: full.map(at),
            };
            let step = feed_step(&feed, read, now);
            assert_eq!(
                (step.purpose, step.window.since),
                (purpose, at(since)),
                "{read:?}"
            );
            assert_eq!(step.window.until, now);
        }
    }
}
