//! GET report: figures over the tenant's own calls.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::api::{Refused, listed, passes, read_filters, refuse_invalid, write_rows};
use super::{Account, Quirks, Row, Tenant};
use crate::listing::is_among;
use crate::local::{self, DAY};
use crate::request::{Request, Response};

/// The measures that come without being named.
const USUAL: [&str; 2] = ["n_calls", "avg_handle_time"];
const METRICS: &str = "n_calls avg_handle_time talk_seconds";
const GROUPS: &str = "date week month quarter rep_id vendor campaign subcampaign department";
const FILTERS: &str = "vendor rep_id campaign department subcampaign";
/// So many days are shown without a date (documented).
const USUAL_DAYS: i64 = 30;

/// The calls of one group.
#[derive(Default)]
struct Sum {
    calls: u64,
    finished: u64,
    seconds: u64,
}

pub(super) fn respond_figures(
    account: &Account,
    request: &Request,
    quirks: &Quirks,
) -> Result<Response, Refused> {
    let named = |name, usual: &[&'static str]| {
        let names = listed(request, name);
        if names.is_empty() { usual.to_vec() } else { names }
    };
    let (groups, metrics) = (named("groupby", &["date"]), named("metric", &USUAL));
    if !groups.iter().all(|name| is_among(GROUPS, name)) {
        return Err(refuse_invalid("an unknown group"));
    }
    if !metrics.iter().all(|name| is_among(METRICS, name)) {
        return Err(refuse_invalid("an unknown metric"));
    }
    let filters = read_filters(request, quirks, FILTERS);
    let mut sums: BTreeMap<String, (Row, Sum)> = BTreeMap::new();
    account.look(|tenant| {
        let (first, last) = days(tenant, request)?;
        for call in tenant.calls(first - DAY, last + 2 * DAY) {
            let wall_clock = local::wall_clock(tenant.state.zone, call.start);
            let row = tenant.call_row(call, &[]);
            if (first..last + DAY).contains(&wall_clock) && passes(&row, &filters) {
                let group = group(&row, local::moment_of(wall_clock).date(), &groups);
                let entry = sums.entry(json!(group).to_string());
                let (_, sum) = entry.or_insert_with(|| (group, Sum::default()));
                sum.add(&row);
            }
        }
        Ok(())
    })?;
    let rows = sums.into_values().map(|(row, sum)| sum.put(row, &metrics));
    Ok(write_rows(rows.collect(), quirks.form))
}

/// The first and the last local day, as seconds of their midnights.
fn days(tenant: &Tenant<'_>, request: &Request) -> Result<(i64, i64), Refused> {
    let wall_clock = local::wall_clock(tenant.state.zone, tenant.now);
    let today = wall_clock - wall_clock.rem_euclid(DAY);
    let date = |name| {
        let day = |text| local::parse_date(text).ok_or(refuse_invalid("a date is needed, YYYY-MM-DD"));
        request.param(name).map(day).transpose()
    };
    let (first, last) = (date("start_date")?, date("end_date")?);
    let count = request.param("days").map(str::parse::<i64>).transpose();
    let count = count.map_err(|_| refuse_invalid("days is no number"))?;
    if count.is_some() && first.is_some() {
        return Err(refuse_invalid("days and start_date do not go together"));
    }
    let first = first.unwrap_or(today - count.unwrap_or(USUAL_DAYS) * DAY);
    Ok((first, last.unwrap_or(today)))
}

/// The names of a call's group; periods bring their year with them (assumed).
fn group(row: &Row, date: NaiveDate, groups: &[&str]) -> Row {
    let mut group = Row::new();
    for name in groups {
        let (value, year) = match *name {
            "date" => (json!(date.to_string()), None),
            "week" => (json!(date.iso_week().week()), Some(date.iso_week().year())),
            "month" => (json!(date.month()), Some(date.year())),
            "quarter" => (json!(date.month0() / 3 + 1), Some(date.year())),
            name => (row.get(name).cloned().unwrap_or_default(), None),
        };
        group.insert((*name).to_owned(), value);
        if let Some(year) = year {
            group.insert("year".to_owned(), json!(year));
        }
    }
    group
}

impl Sum {
    fn add(&mut self, row: &Row) {
        self.calls += 1;
        if let Some(seconds) = row.get("duration").and_then(Value::as_u64) {
            self.finished += 1;
            self.seconds += seconds;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "sums are far below 2^52")]
    fn put(&self, mut row: Row, metrics: &[&str]) -> Row {
        for name in metrics {
            let value = match *name {
                "n_calls" => json!(self.calls),
                "talk_seconds" => json!(self.seconds),
                _ => json!((self.finished > 0).then(|| self.seconds as f64 / self.finished as f64)),
            };
            row.insert((*name).to_owned(), value);
        }
        row
    }
}
