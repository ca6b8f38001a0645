//! Recordings by agent as a stream: their lengths, and those that the call log leaves out.

use chrono::TimeDelta;

use crate::schema::{self, Agent, Batch, Entity as _};
use crate::source::{
    Context, Envelope, Faults, Item, MapError, Next, Paging, ReadError, Request, Reread, Scope, Seek,
    SeekPosition, StreamDef, SyncMode, Whereabouts, WindowPolicy, next_offset,
};
use crate::vendors::convoso::paging::map_positions;
use crate::vendors::convoso::values::local_span;
use crate::vendors::convoso::{STREAM, TIME, envelope};
use crate::wire::wire_record;

use super::agents;

/// The default is 20; the most is documented for the recordings of leads only.
const PAGE_SIZE: u64 = 100;

/// What of a recording this list alone tells; the rest is the call log's.
const RECORDING_COLUMNS: &[&str] = &["started_at", "ended_at", "duration_seconds"];

/// Which list a record is from.
const LIST: &str = "list";
const USERS: &str = "users";
const RECORDINGS_OF_USER: &str = "recordings";

/// Recordings of each agent. They come without their call; agents without an e-mail address cannot be asked for.
pub(in crate::vendors::convoso) const RECORDINGS: StreamDef = StreamDef {
    name: "recordings",
    fills: &[schema::Recording::TABLE, Agent::TABLE],
    mode: SyncMode::Windowed(WindowPolicy {
        // A request for each agent and window: long windows are cheap.
        max_span: TimeDelta::days(30),
        lookback: TimeDelta::days(3),
        delay: TimeDelta::hours(1),
        settle: TimeDelta::days(2),
        rereads: &[Reread {
            span: TimeDelta::days(30),
            every: TimeDelta::days(7),
        }],
        ..WindowPolicy::PLAIN
    }),
    schedule: Some("20 40 9 * * *"),
    paging: &RecordingPages,
    // A recording does not tell whose it is.
    has_unmarked_rows: true,
    envelope: open_list,
    map: |item, batch| match item.context.get(LIST) {
        Some(USERS) => agents::map_user(item, batch),
        _ => map_recording(item, batch),
    },
    ..STREAM
};

/// The users first, and then the recordings of those on each page.
struct RecordingPages;

/// A page of the users, or of the recordings of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum RecordingPosition {
    Users {
        offset: u64,
    },
    Of {
        /// Tells two users of one address apart.
        user_id: String,
        email: String,
        at: SeekPosition,
    },
}

/// The list has no known order and no documented limit on offsets: by offset, in halves above what is asked for elsewhere.
const SEEK: Seek = Seek {
    request: |_| Request::post_form("users/recordings").with("limit", PAGE_SIZE),
    span: local_span,
    since: "start_time",
    until: "end_time",
    offset: "offset",
    format: TIME,
    page_size: PAGE_SIZE,
    reachable: 40_000,
    time: |_, _| None,
};

impl Paging for RecordingPages {
    type Position = RecordingPosition;

    fn first_positions(&self, _: &Scope<'_>) -> Vec<RecordingPosition> {
        vec![RecordingPosition::Users { offset: 0 }]
    }

    fn request_for(&self, at: &RecordingPosition, scope: &Scope<'_>) -> Request {
        match at {
            RecordingPosition::Users { offset } => agents::ask_users().with("offset", offset),
            RecordingPosition::Of { email, at, .. } => SEEK.request_for(at, scope).with("user", email),
        }
    }

    fn position_after(
        &self,
        at: &RecordingPosition,
        got: &Envelope<'_>,
        scope: &Scope<'_>,
    ) -> Result<Next<RecordingPosition>, ReadError> {
        match at {
            RecordingPosition::Users { offset } => Ok(with_lists(
                next_offset(*offset, agents::PAGE_SIZE, got, |offset| {
                    RecordingPosition::Users { offset }
                }),
                lists_of(got, scope),
            )),
            RecordingPosition::Of { user_id, email, at } => {
                let next = SEEK.next_of(at, got, scope.account)?;
                Ok(map_positions(next, |at| RecordingPosition::Of {
                    user_id: user_id.clone(),
                    email: email.clone(),
                    at,
                }))
            }
        }
    }

    fn whereabouts_of(&self, at: &RecordingPosition, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        match at {
            RecordingPosition::Users { .. } => Whereabouts::Asked,
            RecordingPosition::Of { at, .. } => SEEK.whereabouts_of(at, got, scope),
        }
    }

    fn confirmation_of(&self, at: &RecordingPosition, scope: &Scope<'_>) -> RecordingPosition {
        match at {
            RecordingPosition::Of { user_id, email, at } => RecordingPosition::Of {
                user_id: user_id.clone(),
                email: email.clone(),
                at: SEEK.confirmation_of(at, scope),
            },
            users @ RecordingPosition::Users { .. } => users.clone(),
        }
    }

    fn context_of(&self, at: &RecordingPosition, _: &Scope<'_>) -> Context {
        let list = match at {
            RecordingPosition::Users { .. } => USERS,
            RecordingPosition::Of { .. } => RECORDINGS_OF_USER,
        };
        Context::default().with(LIST, list)
    }
}

/// What follows a page of users, with the lists of their recordings before it.
fn with_lists(next: Next<RecordingPosition>, lists: Vec<RecordingPosition>) -> Next<RecordingPosition> {
    match next {
        Next::Page { page, .. } => Next::Page { page, before: lists },
        Next::End { evidence, .. } => Next::End {
            evidence,
            then: lists,
        },
        instead @ Next::Instead { .. } => instead,
    }
}

/// The recordings of each user of a page who has an address.
fn lists_of(got: &Envelope<'_>, scope: &Scope<'_>) -> Vec<RecordingPosition> {
    let faults = Faults::new();
    let users = got.records.iter().filter_map(|user| User::read(user).ok());
    let lists = users.filter_map(|user| {
        Some(RecordingPosition::Of {
            user_id: user.id.key().ok()?,
            email: user.email.owned(&faults)?,
            at: SeekPosition {
                span: Some(local_span(scope)),
                offset: 0,
            },
        })
    });
    lists.collect()
}

fn open_list<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    match context.get(LIST) {
        Some(USERS) => envelope::open_recorded_users(body, context),
        _ => envelope::open_recordings(body, context),
    }
}

wire_record! {
    /// Of a user, what the list of recordings is asked for by.
    struct User { id, email }
}

wire_record! {
    /// A recording of users/recordings.
    struct Recording {
        /// A number, where the call log has a text.
        recording_id,
        lead_id,
        start_time,
        end_time,
        seconds,
        /// Perhaps only the name of a file (documented).
        url,
    }
}

/// A recording, in column order.
fn map_recording(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Recording::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let url = wire.url.owned(faults);
    let recording = schema::Recording {
        id: wire.recording_id.key()?,
        lead_id: wire.lead_id.id(faults),
        started_at: wire.start_time.instant(faults, account),
        ended_at: wire.end_time.instant(faults, account),
        duration_seconds: wire.seconds.seconds(faults),
        file_name: url.clone().filter(|url| !url.contains('/')),
        url,
        ..schema::Recording::default()
    };
    batch.push_partial(recording, item.record, RECORDING_COLUMNS);
    Ok(())
}

#[cfg(test)]
mod tests;
