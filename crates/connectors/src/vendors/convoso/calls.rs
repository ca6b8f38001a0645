//! The call log as a stream.

use chrono::TimeDelta;

use crate::schema::{Call, Entity as _, Recording};
use crate::source::{Account, Cursor, Endpoint, Paginator, Request, Seek, Trailing, Window, Windowing};

use super::{TIME, envelope, local_bounds, map, wire};

/// The call log.
pub(super) fn calls(account: &Account) -> Endpoint {
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
pub(super) fn call_log(window: &Window, account: &Account) -> Request {
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
