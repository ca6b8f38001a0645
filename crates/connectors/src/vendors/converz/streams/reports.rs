//! Figures of the configured reports, a period at a time. Late calls and corrected campaigns move the figures of past days.

use chrono::{NaiveDate, TimeDelta};

use crate::schema::{Batch, Entity as _, ReportMetric};
use crate::source::{
    Account, Context, DailyPolicy, Envelope, Evidence, Faults, Item, MapError, Next, Paging, Period,
    ReadError, Request, Response, RowScope, Scope, StreamDef, SyncMode, Whereabouts,
};
use crate::vendors::converz::envelope::{is_no_content, open_with};
use crate::vendors::converz::values::{Members, read_measure};

use super::STREAM;

/// The setting that lists the reports.
pub(in crate::vendors::converz) const OPTION: &str = "reports";

/// What a report is, in the words of the settings.
const FORM: &str =
    "must be names to group by, then perhaps a colon and measures, such as \"date,campaign: n_calls\"";

/// What of the page request a row needs.
const DAY: &str = "day";
const REPORT: &str = "report";
const METRICS: &str = "metrics";

const NOT_THERE: &str = "No figure has the name of a measure of `reports`; check whether the tenant has it, and whether several are understood";
const SEVERAL_PERIODS: &str =
    "Figures of several weeks, months or quarters came for one: the vendor's begin on another day than ours";

pub(in crate::vendors::converz) const REPORTS: StreamDef = StreamDef {
    name: "reports",
    fills: &[ReportMetric::TABLE],
    completes: &[ReportMetric::TABLE],
    mode: SyncMode::Daily(DailyPolicy {
        reread_days: 35,
        day_column: "day",
        only: Some(RowScope::Partition { column: "report" }),
        period: |report| read_period(&split_names(report).unwrap_or_default()),
    }),
    partitions: list_reports,
    // Each run asks for every one of the days again: with the runs of the calls that were most requests of a tenant.
    schedule: Some("0 40 * * * *"),
    // The measures are no part of the partition's name.
    shaped_by: &[OPTION],
    paging: &Reports,
    // A report that is not grouped by time has no day in it.
    has_unmarked_rows: true,
    envelope: open,
    map: map_figures,
    ..STREAM
};

/// A report as the settings ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Report {
    /// The names it is grouped by.
    groups: Vec<String>,
    /// The measures; without any the vendor gives those of the tenant (assumed).
    metrics: Vec<String>,
}

/// Says what is wrong with the text of a report.
pub(in crate::vendors::converz) fn check_report(text: &str) -> Result<(), &'static str> {
    Report::parse(text).map(|_| ()).ok_or(FORM)
}

impl Report {
    fn parse(text: &str) -> Option<Self> {
        let (groups, metrics) = match text.split_once(':') {
            Some((groups, metrics)) => (groups, Some(metrics)),
            None => (text, None),
        };
        Some(Self {
            groups: split_names(groups)?,
            metrics: metrics.map_or(Some(Vec::new()), split_names)?,
        })
    }

    /// All of an account, each once.
    fn all(account: &Account) -> Vec<Self> {
        let mut all = Vec::new();
        for report in account.list(OPTION).iter().filter_map(|text| Self::parse(text)) {
            if !all.contains(&report) {
                all.push(report);
            }
        }
        all
    }

    /// The name that its figures carry. Reports that differ only in their measures share it.
    fn name(&self) -> String {
        self.groups.join(",")
    }
}

/// Names with commas between them: at least one, none twice, none empty.
fn split_names(text: &str) -> Option<Vec<String>> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| !name.is_empty() && !name.contains(':') && !name.contains(char::is_control);
    let is_new = |place: usize| !names[..place].contains(&names[place]);
    (names.iter().all(is_name) && (0..names.len()).all(is_new)).then_some(names)
}

/// The names of the reports.
fn list_reports(account: &Account) -> Vec<String> {
    let mut partitions = Vec::new();
    for name in Report::all(account).iter().map(Report::name) {
        if !partitions.contains(&name) {
            partitions.push(name);
        }
    }
    partitions
}

/// How long the periods are that hold every group whole. A week that a month cuts is two groups.
fn read_period(groups: &[String]) -> Period {
    let has = |name: &str| groups.iter().any(|group| group == name);
    match () {
        () if has("date") => Period::Day,
        () if has("month") => Period::Month,
        () if has("quarter") => Period::Quarter,
        () if has("week") => Period::Week,
        () => Period::Day,
    }
}

/// The reports of one name, one after the other. None has pages (documented: none are named).
struct Reports;

impl Paging for Reports {
    type Position = Report;

    fn first_positions(&self, scope: &Scope<'_>) -> Vec<Report> {
        let mut reports = Report::all(scope.account);
        reports.retain(|report| report.name() == scope.slice.partition);
        reports.reverse();
        reports
    }

    /// Without dates the vendor takes the last 30 days (documented), and both ends belong to the span (assumed).
    fn request_for(&self, at: &Report, scope: &Scope<'_>) -> Request {
        let request = Request::get("report")
            .with("start_date", first_day(scope))
            .with("end_date", last_day(scope))
            .with("groupby", at.name());
        if at.metrics.is_empty() {
            return request;
        }
        request.with("metric", at.metrics.join(","))
    }

    fn position_after(&self, _: &Report, _: &Envelope<'_>, _: &Scope<'_>) -> Result<Next<Report>, ReadError> {
        Ok(Next::end(Evidence::Single))
    }

    fn whereabouts_of(&self, _: &Report, got: &Envelope<'_>, scope: &Scope<'_>) -> Whereabouts {
        let days = first_day(scope)..=last_day(scope);
        let is_astray = |record: &str| read_date(record).is_some_and(|date| !days.contains(&date));
        if got.records.iter().any(|record| is_astray(record)) {
            Whereabouts::Elsewhere
        } else {
            Whereabouts::Asked
        }
    }

    fn says_none(&self, _: &Report, got: &Response) -> bool {
        is_no_content(got)
    }

    fn context_of(&self, at: &Report, scope: &Scope<'_>) -> Context {
        Context::default()
            .with(DAY, first_day(scope))
            .with(REPORT, at.name())
            .with(METRICS, at.metrics.join(","))
    }
}

fn first_day(scope: &Scope<'_>) -> NaiveDate {
    scope.account.local(scope.slice.window().since).date()
}

/// The last day of the period, or the present one.
fn last_day(scope: &Scope<'_>) -> NaiveDate {
    let last = scope.slice.window().until - TimeDelta::nanoseconds(1);
    scope.account.local(last).date()
}

/// The date of a group. A vendor that does not heed the dates gives other days too.
fn read_date(record: &str) -> Option<NaiveDate> {
    let text = Members::read(record).ok()?.text("date", &Faults::new())?;
    text.get(..10)?.parse().ok()
}

fn open<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    let opened = open_with(body, context, REPORT)?;
    let warning = warn_of(&opened, context);
    Ok(Envelope { warning, ..opened })
}

fn warn_of(opened: &Envelope<'_>, context: &Context) -> Option<&'static str> {
    let report = Report::of_context(context)?;
    let rows: Vec<Members<'_>> = opened
        .records
        .iter()
        .filter_map(|record| Members::read(record).ok())
        .collect();
    let shows = |metric: &String| rows.iter().any(|row| row.get(metric).is_some());
    if !rows.is_empty() && !report.metrics.iter().all(shows) {
        return Some(NOT_THERE);
    }
    let word = period_word(&report.groups)?;
    let mut groups = rows.iter().filter_map(|row| row.text(word, &Faults::new()));
    let first = groups.next();
    groups
        .any(|group| Some(group) != first)
        .then_some(SEVERAL_PERIODS)
}

/// The group that one slice should have one value of.
fn period_word(groups: &[String]) -> Option<&'static str> {
    match read_period(groups) {
        Period::Day => None,
        Period::Week => Some("week"),
        Period::Month => Some("month"),
        Period::Quarter => Some("quarter"),
    }
}

impl Report {
    /// The report that a row was asked for by.
    fn of_context(context: &Context) -> Option<Self> {
        Some(Self {
            groups: split_names(context.get(REPORT)?)?,
            metrics: split_names(context.get(METRICS)?).unwrap_or_default(),
        })
    }
}

/// The figures of one group: a row for each measure.
fn map_figures(item: &Item<'_>, batch: &mut Batch) -> Result<(), MapError> {
    let members = Members::read(item.record)?;
    let report = Report::of_context(item.context).ok_or(MapError::Missing(REPORT))?;
    let day = item.context.get(DAY).ok_or(MapError::Missing(DAY))?;
    let metrics = metrics_of(&report, &members);
    if metrics.is_empty() {
        return Err(MapError::Missing("metric"));
    }
    let group = |name: &String| members.text(name, item.faults);
    let groups: Vec<Option<String>> = report.groups.iter().map(group).collect();
    let prefix = format!("{}:{day}:{}", report.name(), serde_json::json!(groups));
    for metric in metrics {
        let figure = ReportMetric {
            id: format!("{prefix}:{metric}"),
            day: day.parse().ok(),
            value: read_measure(members.get(&metric), item.faults),
            metric: Some(metric),
            ..group_of(&report, &members, item.faults)
        };
        batch.push(figure, item.record);
    }
    Ok(())
}

/// The measures of a row: those that were asked for, or whatever is neither a name of the group nor its year.
fn metrics_of(report: &Report, members: &Members<'_>) -> Vec<String> {
    if !report.metrics.is_empty() {
        return report.metrics.clone();
    }
    let names = members.iter().map(|(name, _)| name.to_owned());
    names
        .filter(|name| name != "year" && !report.groups.contains(name))
        .collect()
}

/// What tells the group.
fn group_of(report: &Report, members: &Members<'_>, faults: &Faults) -> ReportMetric {
    let group = |name: &str| {
        let has = report.groups.iter().any(|group| group == name);
        has.then(|| members.text(name, faults)).flatten()
    };
    ReportMetric {
        report: Some(report.name()),
        period: period_name(report, members, faults),
        agent_id: group("rep_id").filter(|id| id != "0"),
        campaign_name: group("campaign"),
        subcampaign_name: group("subcampaign"),
        department: group("department"),
        origin_system: group("vendor"),
        ..ReportMetric::default()
    }
}

/// The date of the group, or its week, month or quarter, with the year that comes with it (assumed: the vendor's sentence about it
/// breaks off).
fn period_name(report: &Report, members: &Members<'_>, faults: &Faults) -> Option<String> {
    let year = members
        .text("year", faults)
        .map_or_else(String::new, |year| format!("{year}-"));
    report.groups.iter().find_map(|name| {
        let value = || members.text(name, faults);
        match name.as_str() {
            "date" => value(),
            "week" => value().map(|week| format!("{year}W{week:0>2}")),
            "month" => value().map(|month| format!("{year}{month:0>2}")),
            "quarter" => value().map(|quarter| format!("{year}Q{quarter}")),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
