//! From Converz's records to the common schema, in column order.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::schema::{Agent, Batch, Call, CallMetric, Decimal};
use crate::source::{Account, Item, MapError};
use crate::vendors::lenient::record;

use super::envelope::Members;
use super::wire::{self, Cell};
use super::{METRICS, time};

/// A call, with the measures that were asked for.
pub(super) fn call(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Call<'_> = record(item.record)?;
    let call = header(&wire, item.account)?;
    let metrics = metrics(item, &call.id)?;
    batch.push(call, item.record);
    for (metric, raw) in metrics {
        batch.push(metric, &raw);
    }
    Ok(())
}

fn header(wire: &wire::Call<'_>, account: &Account) -> Result<Call, MapError> {
    let id = wire.call_id.id().ok_or(MapError::Missing("call_id"))?;
    // The time of the filter must be understood; without one no window finds the row, but a row that came is kept.
    let started_at = wire.start_time.text().map(|text| time::at(text, account));
    let started_at = started_at
        .map(|at| at.ok_or(MapError::Unknown("start_time")))
        .transpose()?;
    let (ended_at, duration_seconds) = end(wire, started_at, account);
    let direction = direction(wire.direction.text());
    let (from, to) = match direction {
        Some("inbound") => (wire.customer_phone.text(), None),
        _ => (None, wire.customer_phone.text()),
    };
    Ok(Call {
        id,
        started_at,
        ended_at,
        duration_seconds,
        direction: direction.map(str::to_owned),
        call_type: wire.direction.owned(),
        agent_id: wire.rep_id.id(),
        campaign_name: wire.campaign.owned(),
        subcampaign_name: wire.subcampaign.owned(),
        department: wire.department.owned(),
        from_number: from.map(str::to_owned),
        from_e164: from.and_then(|number| account.e164(number)),
        to_number: to.map(str::to_owned),
        to_e164: to.and_then(|number| account.e164(number)),
        summary: wire.summary.owned(),
        language: wire.language.owned(),
        origin_system: wire.vendor.owned(),
        origin_call_id: wire.vendor_call_id.id(),
        ..Call::default()
    })
}

/// End and length, each from the other where one is missing.
///
/// The names of these columns are assumed, so that a tenant's column of such a name may hold anything: what is no time and
/// no length is left to the raw record.
fn end(
    wire: &wire::Call<'_>,
    started_at: Option<DateTime<Utc>>,
    account: &Account,
) -> (Option<DateTime<Utc>>, Option<i64>) {
    let told = wire.end_time.text().and_then(|text| time::at(text, account));
    let length = wire.duration.integer("duration").ok().flatten();
    let length = length.filter(|seconds| *seconds >= 0);
    let ended = told.or_else(|| started_at?.checked_add_signed(TimeDelta::try_seconds(length?)?));
    let between = || Some((told? - started_at?).num_seconds()).filter(|seconds| *seconds >= 0);
    (ended, length.or_else(between))
}

/// The words are assumed; an unknown one has no direction.
fn direction(word: Option<&str>) -> Option<&'static str> {
    match word?.to_lowercase().as_str() {
        "inbound" | "incoming" | "in" => Some("inbound"),
        "outbound" | "outgoing" | "out" => Some("outbound"),
        "transfer" => Some("transfer"),
        _ => None,
    }
}

/// A row for each measure that was asked for, also where the call has none: a value may be taken back. Each keeps as its record
/// the call's id and the one value, so that the call's other columns are not changes of the measure.
fn metrics(item: &Item<'_>, call_id: &str) -> Result<Vec<(CallMetric, String)>, MapError> {
    let names = item.account.list(METRICS);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let members: Members<'_> = record(item.record)?;
    let members: HashMap<&str, &str> = members
        .0
        .iter()
        .map(|(name, value)| (name.as_ref(), value.get()))
        .collect();
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let metric = |name: &String| {
        let raw = members.get(name.as_str()).copied();
        let metric = CallMetric {
            id: format!("{call_id}:{name}"),
            call_id: Some(call_id.to_owned()),
            metric: Some(name.clone()),
            value: raw.and_then(value),
        };
        let raw = format!(
            r#"{{"call_id":{},{}:{}}}"#,
            text(call_id),
            text(name),
            raw.unwrap_or("null")
        );
        (metric, raw)
    };
    Ok(names.iter().map(metric).collect())
}

/// A measure: a number, or one as text. Words, not-a-number and infinity are no values. A plain number keeps all its digits, which
/// it would not as a float.
pub(super) fn value(json: &str) -> Option<Decimal> {
    if let Some(number) = Decimal::parse(json) {
        return Some(number);
    }
    let cell: Cell<'_> = serde_json::from_str(json).ok()?;
    cell.decimal("value").ok().flatten()
}

/// A user.
pub(super) fn agent(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let wire: wire::Rep<'_> = record(item.record)?;
    let agent = Agent {
        id: wire.rep_id.id().ok_or(MapError::Missing("rep_id"))?,
        name: wire.name.owned(),
        is_active: wire.active.text().and_then(flag),
        department: wire.department.owned(),
        campaign_name: wire.campaign.owned(),
        subcampaign_name: wire.subcampaign.owned(),
        gender: wire.gender.owned(),
        ..Agent::default()
    };
    batch.push(agent, item.record);
    Ok(())
}

/// A flag in any of its spellings (assumed).
fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
