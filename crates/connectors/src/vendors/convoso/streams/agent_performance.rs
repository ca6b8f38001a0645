//! What each agent did on each day, as a stream.

use crate::schema::{AgentPerformance, Batch, Entity as _};
use crate::source::{
    Account, Context, DailyPolicy, Item, MapError, Period, Request, RowScope, Scope, Single, StreamDef,
    SyncMode,
};
use crate::vendors::convoso::paging::InContext;
use crate::vendors::convoso::{PERFORMANCE_CAMPAIGNS, STREAM, envelope};
use crate::wire::wire_record;

/// The partition of the figures of all campaigns together.
const ACCOUNT: &str = "account";

/// The figures of agents by local day, of the whole account and of the campaigns that the settings name. The report has no
/// pages, and an agent without activity is not in it (assumed).
pub(in crate::vendors::convoso) const AGENT_PERFORMANCE: StreamDef = StreamDef {
    name: "agent_performance",
    fills: &[AgentPerformance::TABLE],
    completes: &[AgentPerformance::TABLE],
    mode: SyncMode::Daily(DailyPolicy {
        // Late outcomes and calls beyond midnight still move the figures of past days (assumed).
        reread_days: 3,
        day_column: "day",
        only: Some(RowScope::Partition { column: "scope" }),
        period: |_| Period::Day,
    }),
    schedule: Some("40 */30 * * * *"),
    partitions: list_scopes,
    paging: &InContext {
        pages: Single { request },
        context,
    },
    has_unmarked_rows: true,
    envelope: envelope::open_performance,
    map: map_figures,
    ..STREAM
};

fn list_scopes(account: &Account) -> Vec<String> {
    let campaigns = account.list(PERFORMANCE_CAMPAIGNS).iter().cloned();
    std::iter::once(ACCOUNT.to_owned()).chain(campaigns).collect()
}

fn request(scope: &Scope<'_>) -> Request {
    let day = scope.account.local(scope.slice.window().since).date();
    let request = Request::post_form("agent-performance/search")
        .with("date_start", format!("{day} 00:00:00"))
        .with("date_end", format!("{day} 23:59:59"));
    match scope.slice.partition.as_str() {
        ACCOUNT => request,
        campaign => request.with("campaign_ids", campaign),
    }
}

/// The record says neither which day it is about nor which campaign; the request does.
fn context(scope: &Scope<'_>) -> Context {
    let day = scope.account.local(scope.slice.window().since).date();
    Context::default()
        .with("day", day)
        .with("scope", &scope.slice.partition)
}

wire_record! {
    /// What an agent did. The percentages beside the times follow from them; the times are texts, whatever their names say.
    struct Figures {
        user_id,
        name,
        calls,
        /// Missing in the older sample.
        human_answered,
        am,
        others,
        talk_sec,
        wait_sec,
        pause_sec,
        wrap_sec,
        total_time,
    }
}

/// The figures of one agent, in column order.
fn map_figures(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire = Figures::read(item.record)?;
    let faults = item.faults;
    let agent_id = wire.user_id.key()?;
    let day = item.context.get("day").ok_or(MapError::Missing("day"))?;
    let scope = item.context.get("scope").unwrap_or(ACCOUNT);
    let campaign_id = (scope != ACCOUNT).then(|| scope.to_owned());
    let figures = AgentPerformance {
        id: match &campaign_id {
            Some(campaign) => format!("{agent_id}:{day}:{campaign}"),
            None => format!("{agent_id}:{day}"),
        },
        agent_id: Some(agent_id),
        agent_name: wire.name.owned(faults),
        day: day.parse().ok(),
        scope: Some(scope.to_owned()),
        campaign_id,
        call_count: wire.calls.count(faults),
        human_answered_count: wire.human_answered.count(faults),
        machine_count: wire.am.count(faults),
        other_count: wire.others.count(faults),
        talk_seconds: wire.talk_sec.seconds(faults),
        wait_seconds: wire.wait_sec.seconds(faults),
        pause_seconds: wire.pause_sec.seconds(faults),
        wrap_seconds: wire.wrap_sec.seconds(faults),
        total_seconds: wire.total_time.seconds(faults),
    };
    batch.push(figures, item.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::reader::Verdict;
    use crate::schema::Region;
    use crate::source::{Extent, Options, Window};
    use crate::vendors::convoso::drive::{Drive, read_slice};

    fn drive(partition: &str) -> Drive {
        let window = Window {
            since: "2026-02-03T08:00:00Z".parse().unwrap(),
            until: "2026-02-04T08:00:00Z".parse().unwrap(),
        };
        let extent = Extent::Window {
            window,
            is_open: false,
        };
        Drive {
            partition: partition.to_owned(),
            account: Account::new(chrono_tz::America::Los_Angeles, Region::US),
            ..Drive::of(&AGENT_PERFORMANCE, extent)
        }
    }

    #[test]
    fn each_campaign_of_the_settings_has_figures_of_its_own() {
        let account = |campaigns: &[&str]| Account {
            options: Arc::new(Options {
                values: [(
                    PERFORMANCE_CAMPAIGNS,
                    campaigns.iter().map(|id| (*id).to_owned()).collect(),
                )]
                .into(),
                ..Options::default()
            }),
            ..Account::new(chrono_tz::UTC, Region::US)
        };
        assert_eq!(list_scopes(&account(&[])), ["account"]);
        assert_eq!(list_scopes(&account(&["410", "411"])), ["account", "410", "411"]);
        for (partition, campaign, id) in [
            ("account", None, "7:2026-02-03"),
            ("410", Some("410"), "7:2026-02-03:410"),
        ] {
            let told = read_slice(drive(partition), |request| {
                assert_eq!(request.param("campaign_ids"), campaign);
                assert_eq!(request.param("date_start"), Some("2026-02-03 00:00:00"));
                // The total of the documentation's sample is no number of agents.
                r#"{"success": true, "code": 200, "total": 6, "data": {"7": {"user_id": "7", "calls": 42}}}"#
                    .to_owned()
            });
            assert_eq!(told.ids("agent_performance"), [id]);
            assert_eq!(told.reading.verdict, Verdict::Complete);
            assert!(told.reading.proves_absence);
        }
    }

    #[test]
    fn a_day_without_anybody_is_complete_and_proves_nothing_gone() {
        for answer in [
            r#"{"success": true, "total": 0, "data": []}"#,
            r#"{"success": false, "code": 6031, "text": "missing agents"}"#,
        ] {
            let mut count = 0;
            let told = read_slice(drive("account"), |_| {
                count += 1;
                answer.to_owned()
            });
            assert_eq!((count, told.reading.verdict), (2, Verdict::Complete), "{answer}");
            assert!(!told.reading.proves_absence, "{answer}");
        }
    }
}
