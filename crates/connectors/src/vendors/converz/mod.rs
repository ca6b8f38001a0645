//! Converz, which listens to calls and scores them: its facts, and its streams as values.

mod envelope;
mod page_size;
mod spans;
mod streams;
mod values;

use std::time::Duration;

use crate::source::{ApiHost, Auth, OptionDef, OptionForm, Vendor};

/// Converz.
pub(super) const VENDOR: Vendor = Vendor {
    name: "converz",
    hosts: &[ApiHost {
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
        OptionDef {
            name: page_size::OPTION,
            // The vendor's greatest page is a million rows (documented).
            form: OptionForm::Number(100, page_size::GREATEST),
            is_required: false,
        },
        OptionDef {
            name: streams::calls::FIELDS,
            form: OptionForm::Names,
            is_required: false,
        },
        OptionDef {
            name: streams::call_metrics::OPTION,
            form: OptionForm::List,
            is_required: false,
        },
        OptionDef {
            name: streams::reports::OPTION,
            form: OptionForm::Lines(streams::reports::check_report),
            is_required: false,
        },
    ],
    // Stated nowhere; a tenant's settings have to say it where it is not UTC.
    time_zone: chrono_tz::UTC,
    fixed_time_zone: None,
    // No limit is documented. One request at a time and one a second is what is assumed to disturb nobody.
    requests_per_minute: 60,
    max_in_flight: 1,
    // Great pages may take long (assumed).
    timeout: Duration::from_mins(5),
    schedule: "0 */15 * * * *",
    identified_by: "agents",
    born_by: None,
    // The address is the tenant.
    account_options: &[],
    system_agents: &[],
    streams: &[
        &streams::agents::AGENTS,
        &streams::calls::CALLS,
        &streams::call_metrics::CALL_METRICS,
        &streams::reports::REPORTS,
    ],
};
