//! Acme Desk, an invented help desk that shows what a vendor is made of: its facts, and its streams.

mod envelope;
mod streams {
    //! A file for each stream.
    pub(super) mod tickets;
}
mod values;

use std::time::Duration;

use crate::source::{ApiHost, Auth, OptionDef, OptionForm, Vendor};

/// Acme Desk.
pub(super) const VENDOR: Vendor = Vendor {
    name: "acme",
    hosts: &[ApiHost {
        name: "",
        url_key: "base_url",
        // All customers share one address (documented).
        default_url: Some("https://api.acme.example/v2"),
        auth: Auth::Header {
            name: "Authorization",
            prefix: "Bearer ",
            with: &[],
        },
        secret: "token",
    }],
    options: &[OptionDef {
        name: values::QUEUE,
        form: OptionForm::Text,
        is_required: false,
    }],
    // Every time carries its offset (documented).
    time_zone: chrono_tz::UTC,
    fixed_time_zone: Some(chrono_tz::UTC),
    // 100 a minute for each token (documented).
    requests_per_minute: 95,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */5 * * * *",
    identified_by: "tickets",
    born_by: None,
    account_options: &[],
    system_agents: &[],
    // In the order in which `status` shows them.
    streams: &[&streams::tickets::TICKETS],
};
