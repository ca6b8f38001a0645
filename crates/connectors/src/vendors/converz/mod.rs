//! Converz, which listens to calls and scores them: its facts, and its streams as values.

mod envelope;
#[cfg(test)]
mod interleavings;
mod map;
mod report;
mod size;
mod span;
mod time;
mod wire;

use std::time::Duration;

use chrono::TimeDelta;

use crate::schema::{Agent, Call, CallMetric, Entity, ReportMetric};
use crate::source::{
    Absence, Account, Auth, Cursor, Daily, Door, Endpoint, Paginator, Request, Trailing, Windowing,
};

use super::{OptionForm, OptionKey, Vendor};

/// Converz.
pub(super) const VENDOR: Vendor = Vendor {
    name: "converz",
    doors: &[Door {
        name: "",
        url_key: "base_url",
        // Every tenant has an address of its own (documented).
        default_url: None,
        auth: Auth::Header {
            name: "X-API-Key",
            prefix: "",
            with: &[],
        },
        secret: "api_key",
    }],
    options: &[
        OptionKey {
            name: size::OPTION,
            // The vendor's greatest page is a million rows (documented).
            form: OptionForm::Number(100, size::GREATEST),
            is_required: false,
        },
        OptionKey {
            name: METRICS,
            form: OptionForm::List,
            is_required: false,
        },
        OptionKey {
            name: report::OPTION,
            form: OptionForm::Lines(report::check),
            is_required: false,
        },
    ],
    stream_names: &["agents", "calls", "reports"],
    // Stated nowhere; a tenant's settings have to say it where it is not UTC.
    time_zone: chrono_tz::UTC,
    // No limit is documented. One request at a time and one a second is what is assumed to disturb nobody.
    requests_per_minute: 60,
    max_in_flight: 1,
    // Great pages may take long (assumed).
    timeout: Duration::from_mins(5),
    schedule: "0 */15 * * * *",
    schedules: &[],
    off: &[],
    streams,
};

/// The measures of single calls that are asked for.
const METRICS: &str = "metrics";

fn streams(account: &Account) -> Vec<Endpoint> {
    let mut streams = vec![agents(account), calls(account)];
    if !account.list(report::OPTION).is_empty() {
        streams.push(reports(account));
    }
    streams
}

/// Users, who are the agents. There is no filter by time and no time of change, so all of them come each time.
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
        // Without `active` both kinds come (assumed).
        first: |_, account| size::page(Request::get("reps"), account),
        open: envelope::open,
        paginator: Paginator::By(size::whole_list),
        map: map::agent,
    }
}

/// Conversations, most of them calls.
fn calls(account: &Account) -> Endpoint {
    Endpoint {
        name: "calls",
        tables: if account.list(METRICS).is_empty() {
            &[Call::TABLE]
        } else {
            &[Call::TABLE, CallMetric::TABLE]
        },
        cursor: Cursor::Window(call_windows()),
        account: account.clone(),
        first: span::first,
        open: envelope::open,
        paginator: Paginator::By(span::then),
        map: map::call,
    }
}

/// Nothing tells what changed, and summaries, measures and campaigns come or change after the call: the last days are read
/// again several times a day, the last month nightly.
fn call_windows() -> Windowing {
    let hours = TimeDelta::hours;
    Windowing {
        // A walk remembers the rows of the span that it reads and forgets them with the next, for no total is to be compared;
        // so memory follows the page and not the window. Narrower windows would cost a quiet tenant requests: one for each,
        // and a month is read again every night. A busy one loses at most a day's reading when a walk breaks off.
        widest: hours(24),
        // More than any mistake about the zone, and a change of clocks with it.
        overlap: hours(26),
        // The newest minute is not whole yet.
        delay: TimeDelta::minutes(2),
        settle: hours(72),
        ahead: TimeDelta::zero(),
        trailing: vec![
            Trailing {
                span: hours(72),
                every: hours(6),
            },
            Trailing {
                span: hours(30 * 24),
                every: hours(24),
            },
        ],
    }
}

/// Figures of the configured reports, a day at a time. Late calls and corrected campaigns move the figures of past days.
fn reports(account: &Account) -> Endpoint {
    Endpoint {
        name: "reports",
        tables: &[ReportMetric::TABLE],
        cursor: Cursor::Days(Daily {
            again: 35,
            column: "day",
            zone: account.time_zone,
        }),
        account: account.clone(),
        first: report::first,
        open: envelope::open,
        paginator: Paginator::By(report::then),
        map: report::figures,
    }
}
