//! What each agent did on each day, as a stream.

use serde::Deserialize;

use crate::schema::{AgentPerformance, Batch, Entity as _};
use crate::source::{Account, Cursor, Daily, Endpoint, Item, MapError, Paginator, Request, Window};
use crate::vendors::lenient::{Scalar, record};

use super::envelope;
use super::length::seconds;

/// The figures of agents by local day. The report has no pages, and an agent without activity is not in it (assumed).
pub(super) fn agent_performance(account: &Account) -> Endpoint {
    Endpoint {
        name: "agent_performance",
        tables: &[AgentPerformance::TABLE],
        // Late outcomes and calls beyond midnight still move the figures of past days (assumed).
        cursor: Cursor::Days(Daily {
            again: 3,
            column: "day",
            zone: account.time_zone,
        }),
        account: account.clone(),
        first: question,
        open: envelope::performance,
        paginator: Paginator::Single,
        map: figures,
    }
}

fn question(window: &Window, account: &Account) -> Request {
    let day = account.local(window.since).date();
    Request::post_form("agent-performance/search")
        .with("date_start", format!("{day} 00:00:00"))
        .with("date_end", format!("{day} 23:59:59"))
}

/// What an agent did. The percentages beside the times follow from them; the times are texts, whatever their names say.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Figures<'a> {
    #[serde(borrow)]
    user_id: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    calls: Scalar<'a>,
    /// Missing in the older sample.
    #[serde(borrow)]
    human_answered: Scalar<'a>,
    #[serde(borrow)]
    am: Scalar<'a>,
    #[serde(borrow)]
    others: Scalar<'a>,
    #[serde(borrow)]
    talk_sec: Scalar<'a>,
    #[serde(borrow)]
    wait_sec: Scalar<'a>,
    #[serde(borrow)]
    pause_sec: Scalar<'a>,
    #[serde(borrow)]
    wrap_sec: Scalar<'a>,
    #[serde(borrow)]
    total_time: Scalar<'a>,
}

/// The figures of one agent. The record does not say which day it is about; the question does.
fn figures(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: Figures<'_> = record(item.record)?;
    let agent_id = wire.user_id.id().ok_or(MapError::Missing("user_id"))?;
    let day = item.account.local(item.ask.window.since).date();
    let figures = AgentPerformance {
        id: format!("{agent_id}:{day}"),
        agent_id: Some(agent_id),
        agent_name: wire.name.owned(),
        day: Some(day),
        call_count: wire.calls.integer("calls")?,
        human_answered_count: wire.human_answered.integer("human_answered")?,
        machine_count: wire.am.integer("am")?,
        other_count: wire.others.integer("others")?,
        talk_seconds: seconds(&wire.talk_sec, "talk_sec")?,
        wait_seconds: seconds(&wire.wait_sec, "wait_sec")?,
        pause_seconds: seconds(&wire.pause_sec, "pause_sec")?,
        wrap_seconds: seconds(&wire.wrap_sec, "wrap_sec")?,
        total_seconds: seconds(&wire.total_time, "total_time")?,
    };
    batch.push(figures, item.record);
    Ok(())
}
