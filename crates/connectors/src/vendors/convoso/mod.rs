//! Convoso, a dialer: its facts, and the list of its streams.
//!
//! Streams are in `streams`, a file each; `envelope` opens answers, `values` reads what is this vendor's own way of writing,
//! and `paging` holds what its streams page by beyond the common ways.

mod envelope;
mod paging;
mod streams;
mod values;

#[cfg(test)]
mod drive;

use std::time::Duration;

use crate::source::{
    Absence, Account, ApiHost, Auth, OUTCOME_CLASSES, OptionDef, OptionForm, Request, Single, StreamDef,
    SyncMode, Vendor, check_outcome_class, one_partition, says_gone_in_json,
};

use streams::{
    agent_events, agent_performance, agents, callbacks, calls, campaigns, consent, dispositions, gone_leads,
    leads, lists, recordings,
};

/// The form of times in filters; local to the account, and no zone can be given.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Custom fields of leads that shall be columns of a view.
const LEAD_FIELDS: &str = "lead_fields";

/// Campaigns whose figures of agents are read besides those of the whole account.
const PERFORMANCE_CAMPAIGNS: &str = "performance_campaigns";

/// How the endpoints are asked that only the newer articles describe.
const NEWER_ENDPOINTS_VERB: &str = "newer_endpoints_verb";

/// Convoso.
pub(super) const VENDOR: Vendor = Vendor {
    name: "convoso",
    hosts: &[ApiHost {
        name: "",
        url_key: "base_url",
        default_url: Some("https://api.convoso.com/v1"),
        // The token also works in the query string; in the body it stays out of the logs of proxies.
        auth: Auth::Field("auth_token"),
        secret: "token",
    }],
    options: &[
        OptionDef {
            name: LEAD_FIELDS,
            form: OptionForm::Names,
            is_required: false,
        },
        OptionDef {
            name: PERFORMANCE_CAMPAIGNS,
            form: OptionForm::List,
            is_required: false,
        },
        OptionDef {
            name: OUTCOME_CLASSES,
            form: OptionForm::Lines(check_outcome_class),
            is_required: false,
        },
        OptionDef {
            name: NEWER_ENDPOINTS_VERB,
            form: OptionForm::Choice(&["post", "get"]),
            is_required: false,
        },
    ],
    // Not documented. Epochs beside local times in the vendor's samples, and client programs, say US Pacific.
    time_zone: chrono_tz::America::Los_Angeles,
    fixed_time_zone: None,
    // No limit is published. Client programs settled on one request at a time, 350 ms apart.
    requests_per_minute: 171,
    max_in_flight: 1,
    timeout: Duration::from_mins(1),
    schedule: "0 */5 * * * *",
    identified_by: agents::AGENTS.name,
    born_by: None,
    account_options: &[],
    system_agents: &agents::SYSTEM_USERS,
    streams: &[
        &calls::CALLS,
        &leads::LEADS,
        &leads::CALLED_LEADS,
        &gone_leads::DELETED_LEADS,
        &gone_leads::ARCHIVED_LEADS,
        &agents::AGENTS,
        &agent_performance::AGENT_PERFORMANCE,
        &agent_events::AGENT_EVENTS,
        &callbacks::CALLBACKS,
        &campaigns::CAMPAIGNS,
        &lists::LISTS,
        &dispositions::DISPOSITIONS,
        &consent::DO_NOT_CALL,
        &consent::SMS_OPT_OUTS,
        &recordings::RECORDINGS,
    ],
};

/// What the streams have in common; each states its own facts.
const STREAM: StreamDef = StreamDef {
    name: "",
    fills: &[],
    completes: &[],
    mode: SyncMode::FullRefresh(Absence::ProvesNothing),
    host: "",
    schedule: None,
    is_on: true,
    partitions: one_partition,
    shaped_by: &[],
    dated_by: None,
    put_together: None,
    belongings: &[],
    promoted_by: None,
    paging: &Single {
        request: |_| Request::post_form(""),
    },
    has_unmarked_rows: false,
    envelope: envelope::open_campaigns,
    map: |_, _| Ok(()),
    explain: envelope::explain_answer,
    says_gone: says_gone_in_json,
};

/// A request to an endpoint that the older documentation has not. The articles that describe it show a GET; a POST works at
/// those that clients have tried, and keeps the token out of addresses.
fn ask_newer_endpoint(path: &'static str, account: &Account) -> Request {
    match account.option(NEWER_ENDPOINTS_VERB) {
        Some("get") => Request::get(path),
        _ => Request::post_form(path),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::schema::Region;
    use crate::source::{Options, Verb};

    #[test]
    fn names_are_unique_and_what_completes_a_table_fills_it() {
        let mut names: Vec<&str> = VENDOR.streams.iter().map(|stream| stream.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VENDOR.streams.len());
        assert!(VENDOR.stream(VENDOR.identified_by).is_some());
        for stream in VENDOR.streams {
            assert!(!stream.fills.is_empty(), "{}", stream.name);
            let fills = |table| stream.fills.contains(table);
            assert!(stream.completes.iter().all(fills), "{}", stream.name);
        }
    }

    #[test]
    fn a_setting_makes_the_newer_endpoints_be_asked_by_get() {
        for (value, verb) in [
            (None, Verb::PostForm),
            (Some("post"), Verb::PostForm),
            (Some("get"), Verb::Get),
        ] {
            let options = Options {
                values: value
                    .map(|value| (NEWER_ENDPOINTS_VERB, vec![value.to_owned()]))
                    .into_iter()
                    .collect::<BTreeMap<_, _>>(),
                ..Options::default()
            };
            let account = Account {
                options: Arc::new(options),
                ..Account::new(chrono_tz::UTC, Region::US)
            };
            assert_eq!(
                ask_newer_endpoint("status/search", &account).verb,
                verb,
                "{value:?}"
            );
        }
    }
}
