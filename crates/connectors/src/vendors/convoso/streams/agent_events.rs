//! Changes of what agents are doing, as a stream.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::schema::{AgentEvent, Batch, Entity as _, Region};
use crate::source::{
    Account, Context, Envelope, FaultKind, Faults, Item, MapError, ReadError, Seek, StreamDef, SyncMode,
    WindowPolicy,
};
use crate::vendors::convoso::paging::InContext;
use crate::vendors::convoso::values::local_span;
use crate::vendors::convoso::{STREAM, TIME, ask_newer_endpoint, envelope};
use crate::wire::wire_record;

/// How far the two times of an event may lie apart without telling another zone; zones differ by quarters of an hour.
const SLACK: TimeDelta = TimeDelta::minutes(7);

/// What an operator is told when the two times of the events do not agree.
const OTHER_ZONE: &str = "The times of agent events do not fit the account's zone; set `time_zone` to the zone of the Convoso account";

/// The zone that the account is believed to be in.
const ZONE: &str = "zone";

/// The most that a page may have (documented).
const PAGE_SIZE: u64 = 1_000;

/// What agents were doing. The newest event of an agent grows until the next one begins, perhaps a shift later, so that each
/// run reads a day and two hours again.
pub(in crate::vendors::convoso) const AGENT_EVENTS: StreamDef = StreamDef {
    name: "agent_events",
    fills: &[AgentEvent::TABLE],
    completes: &[AgentEvent::TABLE],
    mode: SyncMode::Windowed(WindowPolicy {
        max_span: TimeDelta::hours(24),
        lookback: TimeDelta::hours(26),
        delay: TimeDelta::seconds(60),
        settle: TimeDelta::hours(25),
        ..WindowPolicy::PLAIN
    }),
    schedule: Some("10 1/15 * * * *"),
    paging: &InContext {
        pages: SEEK,
        context: |scope| Context::default().with(ZONE, scope.account.time_zone.name()),
    },
    envelope: open_events,
    map: map_event,
    ..STREAM
};

/// The list has no known order: by offset, in halves above what can be reached.
const SEEK: Seek = Seek {
    request: |scope| ask_newer_endpoint("agent-productivity/search", scope.account).with("limit", PAGE_SIZE),
    span: local_span,
    since: "date_start",
    until: "date_end",
    offset: "offset",
    format: TIME,
    page_size: PAGE_SIZE,
    // The largest offset is 50000 (documented).
    reachable: 50_000,
    time: |_, _| None,
};

/// Opens an answer, with a word to the operator where most events say that the account's zone is another.
fn open_events<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    let opened = envelope::open_events(body, context)?;
    let zone: Option<Tz> = context.get(ZONE).and_then(|zone| zone.parse().ok());
    let Some(zone) = zone else { return Ok(opened) };
    // Only the zone counts here.
    let account = Account::new(zone, Region::US);
    let verdicts = opened
        .records
        .iter()
        .filter_map(|event| fits_zone(event, &account));
    let verdicts: Vec<bool> = verdicts.collect();
    let misfit_count = verdicts.iter().filter(|fits| !**fits).count();
    let warning = (2 * misfit_count > verdicts.len()).then_some(OTHER_ZONE);
    Ok(Envelope {
        warning: opened.warning.or(warning),
        ..opened
    })
}

/// Whether the local time of an event fits its instant; nothing where one of them is missing.
fn fits_zone(event: &str, account: &Account) -> Option<bool> {
    let event = Event::read(event).ok()?;
    let shown = event.created_at.wall_clock(account)?;
    let at = account.local(event.began_at(&Faults::new())?);
    Some((shown - at).abs() <= SLACK)
}

wire_record! {
    /// An event of agent-productivity/search. All values are texts (documented).
    struct Event {
        id,
        user_id,
        user_name,
        state,
        availability_code,
        availability_code_name,
        availability_name,
        campaign_id,
        campaign_name,
        event_epoch,
        event_sec,
        created_at,
    }
}

impl Event<'_> {
    /// When it began, by the seconds since 1970, which no zone can bend.
    fn began_at(&self, faults: &Faults) -> Option<DateTime<Utc>> {
        let seconds = self.event_epoch.integer(faults).filter(|seconds| *seconds != 0)?;
        // From 1971 to 2200: anything else is a slip.
        if !(31_536_000..7_258_118_400).contains(&seconds) {
            return self.event_epoch.fault(faults, FaultKind::OutOfRange);
        }
        DateTime::from_timestamp(seconds, 0)
    }
}

/// An event, in column order.
fn map_event(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Event::read(item.record)?;
    let Item { account, faults, .. } = *item;
    let shown = || wire.created_at.instant(faults, account);
    let started_at = wire.began_at(faults).or_else(shown);
    let duration_seconds = wire.event_sec.seconds(faults);
    let availability_name = wire.availability_code_name.owned(faults);
    let event = AgentEvent {
        id: wire.id.key()?,
        agent_id: wire.user_id.id(faults),
        agent_name: wire.user_name.owned(faults),
        started_at,
        ended_at: started_at
            .zip(duration_seconds.and_then(TimeDelta::try_seconds))
            .and_then(|(start, length)| start.checked_add_signed(length)),
        duration_seconds,
        state: wire.state.owned(faults),
        availability_code: wire.availability_code.owned(faults),
        availability_name: availability_name.or_else(|| wire.availability_name.owned(faults)),
        campaign_id: wire.campaign_id.id(faults),
        campaign_name: wire.campaign_name.owned(faults),
    };
    batch.push(event, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_tell_when_the_accounts_zone_is_another() {
        // 2026-11-01 08:30 UTC is 01:30 in Los Angeles for the first time, 04:30 in New York.
        let event = |epoch: &str, shown: &str| {
            format!(r#"{{"id":"1","event_epoch":"{epoch}","created_at":"{shown}"}}"#)
        };
        let (first, second) = ("1793521800", "1793525400");
        let (west, east) = (chrono_tz::America::Los_Angeles, chrono_tz::America::New_York);
        for (events, zone, warns) in [
            (vec![event(first, "2026-11-01 01:30:00")], west, false),
            (vec![event(second, "2026-11-01 01:30:00")], west, false),
            (vec![event(first, "2026-11-01 01:30:04")], west, false),
            (vec![event(first, "2026-11-01 01:30:00")], east, true),
            (
                vec![event("0", "2026-11-01 01:30:00"), event(first, "")],
                east,
                false,
            ),
            (
                vec![
                    event(first, "2026-11-01 01:30:00"),
                    event(first, "2026-11-01 09:30:00"),
                ],
                west,
                false,
            ),
            (vec!["{\"id\": []}".to_owned()], east, false),
        ] {
            let body = format!(
                r#"{{"success": true, "data": {{"total": "{}", "entries": [{}]}}}}"#,
                events.len(),
                events.join(",")
            );
            let context = Context::default().with(ZONE, zone.name());
            let opened = open_events(&body, &context).unwrap();
            assert_eq!(opened.warning.is_some(), warns, "{events:?} {zone}");
        }
    }
}
