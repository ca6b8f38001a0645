//! Changes of what agents are doing, as a stream.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::schema::{AgentEvent, Batch, Entity as _};
use crate::source::{
    Account, Ask, Cursor, Endpoint, Item, MapError, Next, Opened, Paginator, ReadError, Request, Seek,
    Window, Windowing,
};
use crate::vendors::lenient::{Scalar, local, record};

use super::length::seconds;
use super::{TIME, envelope, local_bounds};

/// How far the two times of an event may lie apart without telling another zone; zones differ by quarters of an hour.
const SLACK: TimeDelta = TimeDelta::minutes(7);

/// What an operator is told when the two times of the events do not agree.
const OTHER_ZONE: &str = "The times of agent events do not fit the account's zone; set `time_zone` to the zone of the Convoso account";

/// The list has no known order: by offset, in halves above what can be reached. The largest offset is 50000 (documented).
const PAGES: Paginator = Paginator::Seek(Seek {
    since: "date_start",
    until: "date_end",
    offset: "offset",
    format: TIME,
    reachable: 50_000,
    time: |_, _| None,
});

/// What agents were doing. The newest event of an agent grows until the next one begins, perhaps a shift later, so that each
/// run reads a day and two hours again.
pub(super) fn agent_events(account: &Account) -> Endpoint {
    Endpoint {
        name: "agent_events",
        tables: &[AgentEvent::TABLE],
        cursor: Cursor::Window(Windowing {
            widest: TimeDelta::hours(24),
            overlap: TimeDelta::hours(26),
            delay: TimeDelta::seconds(60),
            settle: TimeDelta::hours(25),
            ahead: TimeDelta::zero(),
            trailing: Vec::new(),
        }),
        account: account.clone(),
        first: question,
        open: envelope::events,
        paginator: Paginator::By(next),
        map: event,
    }
}

fn question(window: &Window, account: &Account) -> Request {
    let (since, until) = local_bounds(window, account);
    Request::post_form("agent-productivity/search")
        .with("date_start", since.format(TIME))
        .with("date_end", until.format(TIME))
        .with("limit", 1_000)
        .with("offset", 0)
}

/// The next questions, with a word to the operator where most events say that the account's zone is another.
fn next(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let verdicts: Vec<bool> = got
        .items
        .iter()
        .filter_map(|item| fits_zone(item, account))
        .collect();
    let misfits = verdicts.iter().filter(|fits| !**fits).count();
    Ok(Next {
        warning: (2 * misfits > verdicts.len()).then_some(OTHER_ZONE),
        ..PAGES.next(asked, got, account)?
    })
}

/// Whether the local time of an event fits its instant; nothing where one of them is missing.
fn fits_zone(item: &str, account: &Account) -> Option<bool> {
    let event: Event<'_> = record(item).ok()?;
    let shown = local(event.created_at.text()?)?;
    let at = account.local(event.epoch().ok()??);
    Some((shown - at).abs() <= SLACK)
}

/// An event. All values are texts (documented).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    user_id: Scalar<'a>,
    #[serde(borrow)]
    user_name: Scalar<'a>,
    #[serde(borrow)]
    state: Scalar<'a>,
    #[serde(borrow)]
    availability_code: Scalar<'a>,
    #[serde(borrow)]
    availability_code_name: Scalar<'a>,
    #[serde(borrow)]
    availability_name: Scalar<'a>,
    #[serde(borrow)]
    campaign_id: Scalar<'a>,
    #[serde(borrow)]
    campaign_name: Scalar<'a>,
    #[serde(borrow)]
    event_epoch: Scalar<'a>,
    #[serde(borrow)]
    event_sec: Scalar<'a>,
    #[serde(borrow)]
    created_at: Scalar<'a>,
}

impl Event<'_> {
    /// When it began, in seconds since 1970, which no zone can bend.
    fn epoch(&self) -> Result<Option<DateTime<Utc>>, MapError> {
        let unknown = MapError::Unknown("event_epoch");
        let Some(seconds) = self
            .event_epoch
            .integer("event_epoch")?
            .filter(|seconds| *seconds != 0)
        else {
            return Ok(None);
        };
        DateTime::from_timestamp(seconds, 0).map(Some).ok_or(unknown)
    }
}

fn event(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Event<'_> = record(item.record)?;
    let started_at = match wire.epoch()? {
        Some(at) => Some(at),
        None => wire.created_at.instant("created_at", item.account)?,
    };
    let duration_seconds = seconds(&wire.event_sec, "event_sec")?;
    let event = AgentEvent {
        id: wire.id.id().ok_or(MapError::Missing("id"))?,
        agent_id: wire.user_id.id(),
        agent_name: wire.user_name.owned(),
        started_at,
        ended_at: started_at
            .zip(duration_seconds.and_then(TimeDelta::try_seconds))
            .and_then(|(start, length)| start.checked_add_signed(length)),
        duration_seconds,
        state: wire.state.owned(),
        availability_code: wire.availability_code.owned(),
        availability_name: wire
            .availability_code_name
            .owned()
            .or_else(|| wire.availability_name.owned()),
        campaign_id: wire.campaign_id.id(),
        campaign_name: wire.campaign_name.owned(),
    };
    batch.push(event, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Region;

    #[test]
    fn events_tell_when_the_accounts_zone_is_another() {
        // 2026-11-01 08:30 UTC is 01:30 in Los Angeles for the first time, 04:30 in New York.
        let event = |epoch: &str, shown: &str| {
            format!(r#"{{"id":"1","event_epoch":"{epoch}","created_at":"{shown}"}}"#)
        };
        let (first, second) = ("1793521800", "1793525400");
        for (items, zone, warns) in [
            (
                vec![event(first, "2026-11-01 01:30:00")],
                chrono_tz::America::Los_Angeles,
                false,
            ),
            (
                vec![event(second, "2026-11-01 01:30:00")],
                chrono_tz::America::Los_Angeles,
                false,
            ),
            (
                vec![event(first, "2026-11-01 01:30:04")],
                chrono_tz::America::Los_Angeles,
                false,
            ),
            (
                vec![event(first, "2026-11-01 01:30:00")],
                chrono_tz::America::New_York,
                true,
            ),
            (
                vec![event("0", "2026-11-01 01:30:00"), event(first, "")],
                chrono_tz::America::New_York,
                false,
            ),
            (
                vec![
                    event(first, "2026-11-01 01:30:00"),
                    event(first, "2026-11-01 09:30:00"),
                ],
                chrono_tz::America::Los_Angeles,
                false,
            ),
            (
                vec!["{\"id\": []".to_owned()],
                chrono_tz::America::New_York,
                false,
            ),
        ] {
            let account = Account::new(zone, Region::US);
            let epoch = DateTime::UNIX_EPOCH;
            let window = Window {
                since: epoch,
                until: epoch,
            };
            let asked = Ask::first(question(&window, &account), window);
            let got = Opened {
                total: Some(items.len() as u64),
                items: items.iter().map(|item| item.as_str().into()).collect(),
                ..Opened::default()
            };
            let next = next(&asked, &got, &account).unwrap();
            assert_eq!(next.warning.is_some(), warns, "{items:?} {zone}");
        }
    }
}
