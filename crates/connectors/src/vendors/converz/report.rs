//! Reports: what settings ask for, the questions of a day, and the figures in the answers.

use chrono::NaiveDate;

use crate::schema::{Batch, ReportMetric};
use crate::source::{Account, Ask, Item, MapError, Next, Opened, ReadError, Request, Window};
use crate::vendors::lenient::record;

use super::envelope::Members;
use super::map::value;
use super::wire::Cell;

/// The setting that lists the reports.
pub(super) const OPTION: &str = "reports";

/// What a report is, in the words of the settings.
const FORM: &str =
    "must be names to group by, then perhaps a colon and measures, such as \"date,campaign: n_calls\"";

/// A report as the settings ask for it.
#[derive(Debug, PartialEq, Eq)]
struct Report<'a> {
    /// The names it is grouped by.
    groups: Vec<&'a str>,
    /// The measures; without any the vendor gives those of the tenant (documented).
    metrics: Vec<&'a str>,
}

/// Says what is wrong with the text of a report.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    Report::parse(text).map(|_| ()).ok_or(FORM)
}

impl<'a> Report<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (groups, metrics) = match text.split_once(':') {
            Some((groups, metrics)) => (groups, Some(metrics)),
            None => (text, None),
        };
        Some(Self {
            groups: names(groups)?,
            metrics: metrics.map_or(Some(Vec::new()), names)?,
        })
    }

    /// All of an account, each once.
    fn all(account: &'a Account) -> Vec<Self> {
        let mut all = Vec::new();
        for report in account.list(OPTION).iter().filter_map(|text| Self::parse(text)) {
            if !all.contains(&report) {
                all.push(report);
            }
        }
        all
    }

    /// The question about one day. Without dates the vendor takes the last 30 days (documented), and both ends belong to the span
    /// (assumed).
    fn question(&self, day: &str) -> Request {
        let request = Request::get("report")
            .with("start_date", day)
            .with("end_date", day)
            .with("groupby", self.groups.join(","));
        if self.metrics.is_empty() {
            return request;
        }
        request.with("metric", self.metrics.join(","))
    }

    /// The name that its figures carry.
    fn name(&self) -> String {
        self.groups.join(",")
    }
}

/// Names with commas between them: at least one, none twice, none empty.
fn names(text: &str) -> Option<Vec<&str>> {
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_name = |name: &&str| !name.is_empty() && !name.contains(':') && !name.contains(char::is_control);
    let is_new = |place: usize| !names[..place].contains(&names[place]);
    (names.iter().all(is_name) && (0..names.len()).all(is_new)).then_some(names)
}

/// The question about the first report of a day.
pub(super) fn first(window: &Window, account: &Account) -> Request {
    let day = account.local(window.since).date().to_string();
    let reports = Report::all(account);
    let report = reports.first();
    report
        .expect("settings were checked, and without reports there is no such stream")
        .question(&day)
}

/// The question about the next report of the same day. The list has no pages (documented: none are named).
pub(super) fn then(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let day = day(asked);
    if got.items.iter().any(|item| is_of_another_day(item, day)) {
        return Err(ReadError::Astray);
    }
    let questions = Report::all(account)
        .into_iter()
        .map(|report| report.question(day));
    let next = questions.skip_while(|question| *question != asked.request).nth(1);
    Ok(Next::ask(
        next.map(|question| asked.narrowed_to(question))
            .into_iter()
            .collect(),
    ))
}

fn day(asked: &Ask) -> &str {
    asked
        .request
        .param("start_date")
        .expect("every question names its day")
}

/// True where a group names a date that was not asked for. A vendor that does not heed the dates gives other days too.
fn is_of_another_day(item: &str, day: &str) -> bool {
    let members = record::<Members<'_>>(item).map(|members| text(&members, "date"));
    matches!(members, Ok(Some(date)) if !date.starts_with(day))
}

/// The figures of one group: a row for each measure.
pub(super) fn figures(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let members: Members<'_> = record(item.record)?;
    let reports = Report::all(item.account);
    let day = day(item.ask);
    let report = reports
        .iter()
        .find(|report| report.question(day) == item.ask.request);
    let report = report.expect("only configured reports are asked for");
    let metrics = metrics(report, &members);
    if metrics.is_empty() {
        return Err(MapError::Missing("metric"));
    }
    let groups: Vec<Option<String>> = report.groups.iter().map(|name| text(&members, name)).collect();
    let prefix = format!("{}:{day}:{}", report.name(), serde_json::json!(groups));
    for metric in metrics {
        let figure = figure(report, &members, day.parse().ok(), metric);
        let id = format!("{prefix}:{metric}");
        batch.push(ReportMetric { id, ..figure }, item.record);
    }
    Ok(())
}

/// The measures of a row: those that were asked for, or whatever is neither a name of the group nor its year.
fn metrics<'a>(report: &Report<'a>, members: &'a Members<'_>) -> Vec<&'a str> {
    if !report.metrics.is_empty() {
        return report.metrics.clone();
    }
    let names = members.0.iter().map(|(name, _)| name.as_ref());
    names
        .filter(|name| *name != "year" && !report.groups.contains(name))
        .collect()
}

fn figure(report: &Report<'_>, members: &Members<'_>, day: Option<NaiveDate>, metric: &str) -> ReportMetric {
    let group = |name: &str| {
        report
            .groups
            .contains(&name)
            .then(|| text(members, name))
            .flatten()
    };
    let raw = members.0.iter().find(|(name, _)| name == metric);
    ReportMetric {
        id: String::new(),
        report: Some(report.name()),
        day,
        period: period(report, members),
        agent_id: group("rep_id").filter(|id| id != "0"),
        campaign_name: group("campaign"),
        subcampaign_name: group("subcampaign"),
        department: group("department"),
        origin_system: group("vendor"),
        metric: Some(metric.to_owned()),
        value: raw.and_then(|(_, json)| value(json.get())),
    }
}

/// The date of the group, or its week, month or quarter, with the year that comes with it (assumed: the vendor's sentence about it
/// breaks off).
fn period(report: &Report<'_>, members: &Members<'_>) -> Option<String> {
    let year = text(members, "year").map_or_else(String::new, |year| format!("{year}-"));
    report.groups.iter().find_map(|name| {
        let value = || text(members, name);
        match *name {
            "date" => value(),
            "week" => value().map(|week| format!("{year}W{week:0>2}")),
            "month" => value().map(|month| format!("{year}{month:0>2}")),
            "quarter" => value().map(|quarter| format!("{year}Q{quarter}")),
            _ => None,
        }
    })
}

/// The text of a member. Its form may change from number to text, so that ids are made of this and not of the JSON.
fn text(members: &Members<'_>, name: &str) -> Option<String> {
    let (_, json) = members.0.iter().find(|(own, _)| own == name)?;
    let cell: Cell<'_> = serde_json::from_str(json.get()).ok()?;
    cell.owned()
}

#[cfg(test)]
mod tests;
