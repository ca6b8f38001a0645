//! Convoso, a dialer: its facts, and its streams as values.

mod envelope;
mod map;
mod wire;

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};

use crate::model::{Agent, Call, Entity, Recording};
use crate::stream::{
    Absence, Account, Auth, Cursor, Door, Endpoint, Paginator, Request, Seek, Trailing, Window, Windowing,
};

use super::Vendor;

/// The form of times in filters; local to the account, and no zone can be given (documented).
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Convoso.
pub(super) const VENDOR: Vendor = Vendor {
    name: "convoso",
    doors: &[Door {
        name: "",
        url_key: "base_url",
        default_url: Some("https://api.convoso.com/v1"),
        // The token also works in the query string; in the body it stays out of the logs of proxies.
        auth: Auth::Field("auth_token"),
        secret: "token",
    }],
    options: &[],
    stream_names: &["calls", "agents"],
    // Not documented. Epochs beside local times in the vendor's samples, and client programs, say US Pacific.
    time_zone: chrono_tz::America::Los_Angeles,
    // No limit is published. Client programs settled on one request at a time, 350 ms apart.
    requests_per_minute: 171,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */5 * * * *",
    schedules: &[],
    off: &[],
    streams: |account| vec![calls(account), agents(account)],
};

/// The call log.
fn calls(account: &Account) -> Endpoint {
    Endpoint {
        name: "calls",
        tables: &[Call::TABLE, Recording::TABLE],
        cursor: Cursor::Window(call_windows()),
        account: account.clone(),
        first: call_log,
        open: envelope::call_log,
        paginator: Paginator::Seek(Seek {
            since: "start_time",
            until: "end_time",
            offset: "offset",
            format: TIME,
            // The largest offset is 40000 (documented); a larger one is refused.
            reachable: 40_000,
            time: wire::call_time,
        }),
        map: map::call,
    }
}

/// Calls change for weeks and there is no filter for what changed, so the past is read again: often while the day lasts,
/// daily while supervisors still correct it, weekly for late recordings and comments.
fn call_windows() -> Windowing {
    let hours = TimeDelta::hours;
    Windowing {
        widest: hours(24),
        overlap: hours(2),
        delay: TimeDelta::seconds(60),
        settle: hours(48),
        ahead: TimeDelta::zero(),
        trailing: vec![
            Trailing {
                span: hours(72),
                every: hours(24),
            },
            Trailing {
                span: hours(30 * 24),
                every: hours(7 * 24),
            },
        ],
    }
}

/// The first question of a window of calls.
fn call_log(window: &Window, account: &Account) -> Request {
    let (since, until) = local_bounds(window, account);
    Request::post_form("log/retrieve")
        .with("start_time", since.format(TIME))
        .with("end_time", until.format(TIME))
        // More than 500 may be cut to 500 without a word (client programs lost rows that way).
        .with("limit", 500)
        .with("offset", 0)
        // Newest first is the default, and would shift all pages with each new call.
        .with("order", "ASC")
        .with("include_recordings", 1)
}

/// The first and last local second of a window.
///
/// Whether the ends of the vendor's filter are inclusive is not documented; both are assumed to be. In the autumn hour that
/// happens twice a local time names two instants, so the bounds step out of it: reading more than the window does no harm.
fn local_bounds(window: &Window, account: &Account) -> (NaiveDateTime, NaiveDateTime) {
    let first = account.local(window.since);
    let last = account.local(window.until - TimeDelta::nanoseconds(1));
    let step = |time| account.repeats(time).unwrap_or_default();
    (first - step(first), last + step(last))
}

/// Users, who are the agents. There is no filter by time.
fn agents(account: &Account) -> Endpoint {
    Endpoint {
        name: "agents",
        tables: &[Agent::TABLE],
        cursor: Cursor::Whole(Absence::Gone {
            tables: &[Agent::TABLE],
            walks: 1,
            only: None,
        }),
        account: account.clone(),
        first: |_, _| {
            // The largest page is not documented; what arrives decides the next offset.
            Request::post_form("users/search")
                .with("limit", 500)
                .with("offset", 0)
        },
        open: envelope::users,
        paginator: Paginator::Offset { param: "offset" },
        map: map::agent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Region;

    #[test]
    fn windows_become_inclusive_local_seconds() {
        let account = Account::new(VENDOR.time_zone, Region::US);
        for (since, until, first, last) in [
            (
                "2026-02-03T08:00:00Z",
                "2026-02-03T09:00:00Z",
                "2026-02-03 00:00:00",
                "2026-02-03 00:59:59",
            ),
            (
                "2026-02-03T08:00:00Z",
                "2026-02-03T08:00:00.5Z",
                "2026-02-03 00:00:00",
                "2026-02-03 00:00:00",
            ),
            // Spring: 02:00 to 03:00 does not happen.
            (
                "2026-03-08T09:00:00Z",
                "2026-03-08T11:00:00Z",
                "2026-03-08 01:00:00",
                "2026-03-08 03:59:59",
            ),
            // Autumn: 01:00 to 02:00 happens twice, and a window that cuts it takes all of it.
            (
                "2026-11-01T08:30:00Z",
                "2026-11-01T09:30:00Z",
                "2026-11-01 00:30:00",
                "2026-11-01 02:29:59",
            ),
            (
                "2026-11-01T07:00:00Z",
                "2026-11-01T08:00:00Z",
                "2026-11-01 00:00:00",
                "2026-11-01 00:59:59",
            ),
            (
                "2026-11-01T10:00:00Z",
                "2026-11-01T11:00:00Z",
                "2026-11-01 02:00:00",
                "2026-11-01 02:59:59",
            ),
        ] {
            let window = Window {
                since: since.parse().unwrap(),
                until: until.parse().unwrap(),
            };
            let request = call_log(&window, &account);
            let bounds = (
                request.param("start_time").unwrap(),
                request.param("end_time").unwrap(),
            );
            assert_eq!(bounds, (first, last), "{window}");
        }
    }
}
