//! Recordings by agent as a stream, for those that the call log leaves out.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::Deserialize;

use crate::schema::{self, Agent, Batch, Entity as _};
use crate::source::{
    Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request, Seek,
    Trailing, Windowing,
};
use crate::vendors::lenient::{Scalar, record};

use super::agents::{USERS, users};
use super::{TIME, envelope, local_bounds, map};

/// Where an agent's recordings are.
const RECORDINGS: &str = "users/recordings";

/// The list has no known order and no documented limit on offsets: by offset, in halves above what is asked for elsewhere.
const PAGES: Paginator = Paginator::Seek(Seek {
    since: "start_time",
    until: "end_time",
    offset: "offset",
    format: TIME,
    reachable: 40_000,
    time: |_, _| None,
});

/// Recordings of each agent. They come without their call, so that they never take the place of what the call log says.
pub(super) fn recordings(account: &Account) -> Endpoint {
    let days = TimeDelta::days;
    Endpoint {
        name: "recordings",
        tables: &[schema::Recording::TABLE, Agent::TABLE],
        cursor: Cursor::Window(Windowing {
            // A question for each agent and window: long windows are cheap.
            widest: days(30),
            overlap: days(3),
            delay: TimeDelta::hours(1),
            settle: days(2),
            ahead: TimeDelta::zero(),
            trailing: vec![Trailing {
                span: days(30),
                every: days(7),
            }],
        }),
        account: account.clone(),
        first: |_, _| users(),
        open: envelope::recordings,
        paginator: Paginator::By(next),
        map: |item, batch| match item.ask.request.path.as_ref() {
            USERS => map::agent(item, batch),
            _ => recording(item, batch),
        },
    }
}

/// The further users first, and then the recordings of those on this page.
fn next(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    if asked.request.path != USERS {
        return PAGES.next(asked, got, account);
    }
    // Users without an address cannot be asked for.
    let emails = got
        .items
        .iter()
        .filter_map(|user| record::<User<'_>>(user).ok()?.email.owned());
    let emails: BTreeSet<String> = emails.collect();
    let mut then: Vec<Ask> = emails
        .into_iter()
        .map(|email| asked.narrowed_to(question(&email, asked, account)))
        .collect();
    then.extend(
        Paginator::Offset { param: "offset" }
            .next(asked, got, account)?
            .then,
    );
    Ok(Next::ask(then))
}

fn question(email: &str, asked: &Ask, account: &Account) -> Request {
    let (since, until) = local_bounds(&asked.window, account);
    Request::post_form(RECORDINGS)
        .with("user", email)
        .with("start_time", since.format(TIME))
        .with("end_time", until.format(TIME))
        // The default is 20; the most is documented for the recordings of leads only.
        .with("limit", 100)
        .with("offset", 0)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User<'a> {
    #[serde(borrow)]
    email: Scalar<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Recording<'a> {
    /// A number, where the call log has a text.
    #[serde(borrow)]
    recording_id: Scalar<'a>,
    #[serde(borrow)]
    lead_id: Scalar<'a>,
    #[serde(borrow)]
    start_time: Scalar<'a>,
    #[serde(borrow)]
    end_time: Scalar<'a>,
    #[serde(borrow)]
    seconds: Scalar<'a>,
    /// Perhaps only the name of a file (documented).
    #[serde(borrow)]
    url: Scalar<'a>,
}

fn recording(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Recording<'_> = record(item.record)?;
    let account = item.account;
    let url = wire.url.owned();
    let recording = schema::Recording {
        id: wire.recording_id.id().ok_or(MapError::Missing("recording_id"))?,
        lead_id: wire.lead_id.id(),
        started_at: wire.start_time.instant("start_time", account)?,
        ended_at: wire.end_time.instant("end_time", account)?,
        duration_seconds: wire.seconds.integer("seconds")?,
        file_name: url.clone().filter(|url| !url.contains('/')),
        url,
        ..schema::Recording::default()
    };
    batch.fill(recording, item.record);
    Ok(())
}
