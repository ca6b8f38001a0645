//! Convoso, a dialer: its facts, and its streams as values.

mod agents;
mod callbacks;
mod calls;
mod campaigns;
mod consent;
mod dispositions;
#[cfg(test)]
mod drive;
mod envelope;
mod events;
mod leads;
mod length;
mod lists;
mod map;
mod performance;
mod phone;
mod recordings;
mod wire;

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};

use crate::source::{Account, Auth, Door, Window};

use super::{OptionForm, OptionKey, Vendor};

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
    options: &[OptionKey {
        // Custom fields of leads that shall be columns of a view.
        name: "lead_fields",
        form: OptionForm::List,
        is_required: false,
    }],
    stream_names: &[
        "calls",
        "leads",
        "deleted_leads",
        "archived_leads",
        "agents",
        "agent_performance",
        "agent_events",
        "callbacks",
        "campaigns",
        "lists",
        "dispositions",
        "do_not_call",
        "sms_opt_outs",
        "recordings",
    ],
    // Not documented. Epochs beside local times in the vendor's samples, and client programs, say US Pacific.
    time_zone: chrono_tz::America::Los_Angeles,
    // No limit is published. Client programs settled on one request at a time, 350 ms apart.
    requests_per_minute: 171,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */5 * * * *",
    schedules: &[
        ("agents", "30 */15 * * * *"),
        ("agent_performance", "40 */30 * * * *"),
        ("agent_events", "10 1/15 * * * *"),
        ("callbacks", "10 2/15 * * * *"),
        ("campaigns", "30 */15 * * * *"),
        ("lists", "30 */15 * * * *"),
        ("dispositions", "30 3 * * * *"),
        ("do_not_call", "10 4 * * * *"),
        ("sms_opt_outs", "10 6 * * * *"),
        // They only fill what the call log leaves out, with a question for each user.
        ("recordings", "20 40 9 * * *"),
    ],
    off: &[],
    streams: |account| {
        vec![
            calls::calls(account),
            leads::leads(account),
            leads::deleted(account),
            leads::archived(account),
            agents::agents(account),
            performance::agent_performance(account),
            events::agent_events(account),
            callbacks::callbacks(account),
            campaigns::campaigns(account),
            lists::lists(account),
            dispositions::dispositions(account),
            consent::do_not_call(account),
            consent::sms_opt_outs(account),
            recordings::recordings(account),
        ]
    },
};

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

#[cfg(test)]
mod tests {
    use super::calls::call_log;
    use super::*;
    use crate::schema::Region;

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
