//! GET calls and GET reps: filters, pages and columns; and the way to the other endpoints.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::rows::METRICS;
use super::schedule::Call;
use super::{Account, EVER, Ends, Form, KEY, Order, Quirks, Row, report, write};
use crate::listing::{is_among, shuffled_places};
use crate::local::{self, DAY};
use crate::request::{Request, Response};

/// Rows of a page where no size is named (documented).
const DEFAULT_SIZE: u64 = 10;
/// The largest page (documented).
const MOST_ROWS: u64 = 1_000_000;
const MINUTE: i64 = 60;
/// Local time and UTC differ by less than this.
const ZONES: i64 = 16 * 3_600;

const CALL_FILTERS: &str = "rep_id vendor campaign subcampaign department vendor_call_id";
const REP_FILTERS: &str = "department rep_id active";
const CALL_PARAMETERS: &str = "n_per_page page start_date end_date after before metric columns";

/// Why a request is refused: the status, the code and the words.
pub(super) type Refused = (u16, &'static str, &'static str);

/// A parameter that cannot be understood.
pub(super) const fn refuse_invalid(words: &'static str) -> Refused {
    (400, "invalid_parameter", words)
}

pub(super) fn respond(account: &Account, path: &str, request: &Request) -> Response {
    let quirks = account.current_quirks();
    let request = &*request.without(&quirks.ignored);
    let outcome = if request.header(KEY) == Some(&account.options().token) {
        match (request.method.as_str(), path) {
            ("GET", "calls") => list_calls(account, request, &quirks),
            ("GET", "reps") => list_reps(account, request, &quirks),
            ("GET", "report") => report::respond_figures(account, request, &quirks),
            ("POST", "calls") => write::write_calls(account, request),
            ("POST", "reps") => write::write_reps(account, request),
            _ => Err((404, "not_found", "There is nothing here")),
        }
    } else {
        Err((401, "unauthorized", "The key is missing or wrong"))
    };
    // Documented: the body; the codes are assumed.
    outcome.unwrap_or_else(|(status, code, words)| {
        Response::json(&json!({ "error": words, "code": code })).with_status(status)
    })
}

fn list_calls(account: &Account, request: &Request, quirks: &Quirks) -> Result<Response, Refused> {
    check_names(request, quirks, &[CALL_PARAMETERS, CALL_FILTERS])?;
    let span = Span::read(request)?;
    let metrics = metrics(request, quirks)?;
    let filters = read_filters(request, quirks, CALL_FILTERS);
    let columns = listed(request, "columns");
    let page = Page::read(request, quirks)?;
    let rows = account.look(|tenant| {
        let mut calls = if span.is_open() {
            tenant.calls(EVER.0, EVER.1)
        } else {
            tenant.calls(span.since.saturating_sub(ZONES), span.until.saturating_add(ZONES))
        };
        calls.retain(|call| span.holds(local::wall_clock(tenant.state.zone, call.start), quirks.ends));
        calls.sort_unstable();
        let row = |call: Call| tenant.call_row(call, &metrics);
        if !filters.is_empty() {
            calls.retain(|call| passes(&row(*call), &filters));
        }
        let places = page.places(account, calls.len(), quirks).into_iter();
        places.map(|place| only(row(calls[place]), &columns)).collect()
    });
    Ok(write_rows(rows, quirks.form))
}

fn list_reps(account: &Account, request: &Request, quirks: &Quirks) -> Result<Response, Refused> {
    check_names(request, quirks, &["n_per_page page", REP_FILTERS])?;
    let filters = read_filters(request, quirks, REP_FILTERS);
    let rows = account.look(|tenant| {
        let mut rows = tenant.rep_rows();
        rows.retain(|(_, row)| passes(row, &filters));
        rows
    });
    let places = Page::read(request, quirks)?.places(account, rows.len(), quirks);
    let rows = places.into_iter().map(|place| rows[place].1.clone());
    Ok(write_rows(rows.collect(), quirks.form))
}

/// Local seconds; both ends belong to it.
struct Span {
    since: i64,
    until: i64,
}

impl Span {
    /// Both pairs of bounds hold together (assumed).
    fn read(request: &Request) -> Result<Self, Refused> {
        let bound = |name: &str, read: fn(&str) -> Option<i64>, words| {
            let text = request.param(name);
            text.map(|text| read(text).ok_or(refuse_invalid(words)))
                .transpose()
        };
        let date = |name| bound(name, local::parse_date, "a date is needed, YYYY-MM-DD");
        let minute = |name| bound(name, minute, "a time is needed, YYYY-MM-DD HH:MM");
        let since = date("start_date")?.max(minute("after")?);
        let until = [date("end_date")?.map(|day| day + DAY - 1), minute("before")?];
        Ok(Self {
            since: since.unwrap_or(i64::MIN),
            until: until.into_iter().flatten().min().unwrap_or(i64::MAX),
        })
    }

    /// Whether no time was asked for.
    fn is_open(&self) -> bool {
        (self.since, self.until) == (i64::MIN, i64::MAX)
    }

    fn holds(&self, local: i64, ends: Ends) -> bool {
        let local = match ends {
            Ends::Minutes => local - local.rem_euclid(MINUTE),
            Ends::Seconds => local,
        };
        (self.since..=self.until).contains(&local)
    }
}

fn minute(text: &str) -> Option<i64> {
    // Seconds are not taken.
    (text.len() == 16 && text.as_bytes()[10] == b' ')
        .then(|| local::parse(&format!("{text}:00")))
        .flatten()
}

/// Which rows of a list come.
struct Page {
    size: usize,
    from: usize,
}

impl Page {
    fn read(request: &Request, quirks: &Quirks) -> Result<Self, Refused> {
        let number = |name: &str, default: u64| {
            request.param(name).map_or(Ok(default), |text| {
                text.parse()
                    .map_err(|_| refuse_invalid("a whole number is needed"))
            })
        };
        let (mut size, mut page) = (number("n_per_page", DEFAULT_SIZE)?, number("page", 1)?);
        if quirks.clamps {
            size = size.min(MOST_ROWS);
        }
        if quirks.page_zero {
            page = page.max(1);
        }
        if !(1..=MOST_ROWS).contains(&size) || page < 1 {
            return Err(refuse_invalid("n_per_page or page is out of bounds"));
        }
        let size = usize::try_from(size).expect("a million fits");
        let size = quirks.cap.map_or(size, |cap| cap.min(size));
        let page = usize::try_from(page - 1).expect("a page fits");
        Ok(Self {
            size,
            from: page.saturating_mul(size),
        })
    }

    fn places(&self, account: &Account, count: usize, quirks: &Quirks) -> Vec<usize> {
        let page = self.from.min(count)..self.from.saturating_add(self.size).min(count);
        match quirks.order {
            Order::ById => page.collect(),
            Order::Shuffled => shuffled_places(count, page, &mut account.fork_rng()),
        }
    }
}

fn check_names(request: &Request, quirks: &Quirks, known: &[&str]) -> Result<(), Refused> {
    let is_known = |(name, _): &(String, String)| known.iter().any(|words| is_among(words, name));
    if quirks.is_strict && !request.parameters.iter().all(is_known) {
        return Err(refuse_invalid("an unknown parameter"));
    }
    Ok(())
}

/// The names of a list with commas.
pub(super) fn listed<'a>(request: &'a Request, name: &'a str) -> Vec<&'a str> {
    let names = request.all(name).flat_map(|text| text.split(','));
    names.map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn metrics<'a>(request: &'a Request, quirks: &Quirks) -> Result<Vec<&'a str>, Refused> {
    let names = listed(request, "metric");
    if !quirks.forgives_metrics && !names.iter().all(|name| is_among(METRICS, name)) {
        return Err(refuse_invalid("an unknown metric"));
    }
    Ok(names)
}

/// A filter that is set.
pub(super) struct Filter<'a> {
    name: &'static str,
    values: Vec<&'a str>,
}

/// The filters that are set; each takes several values.
pub(super) fn read_filters<'a>(
    request: &'a Request,
    quirks: &Quirks,
    names: &'static str,
) -> Vec<Filter<'a>> {
    let values = |name| {
        if quirks.repeated_only {
            request.all(name).collect()
        } else {
            listed(request, name)
        }
    };
    let all = names.split(' ').map(|name| Filter {
        name,
        values: values(name),
    });
    all.filter(|filter| !filter.values.is_empty()).collect()
}

pub(super) fn passes(row: &Row, filters: &[Filter<'_>]) -> bool {
    filters.iter().all(|filter| {
        let own = match row.get(filter.name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(yes)) => u8::from(*yes).to_string(),
            Some(Value::Null) | None => return false,
            Some(other) => other.to_string(),
        };
        filter.values.contains(&own.as_str())
    })
}

/// Only these columns; unknown ones are passed over (assumed).
fn only(mut row: Row, columns: &[&str]) -> Row {
    if !columns.is_empty() {
        row.retain(|name, _| columns.contains(&name.as_str()));
    }
    row
}

/// The response with these rows: an array of them, or by columns.
pub(super) fn write_rows(rows: Vec<Row>, form: Form) -> Response {
    Response::json(&match form {
        // An empty list has no columns, and nothing to be wrapped.
        _ if rows.is_empty() => Value::Array(Vec::new()),
        Form::Rows => array(rows),
        Form::Columns => Value::Object(columns(rows)),
        Form::Wrapped => json!({ "rows": array(rows) }),
    })
}

fn array(rows: Vec<Row>) -> Value {
    Value::Array(rows.into_iter().map(Value::Object).collect())
}

fn columns(mut rows: Vec<Row>) -> Map<String, Value> {
    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    let column = |name: String| {
        let cells = rows.iter_mut().map(|row| row.remove(&name).unwrap_or_default());
        let cells = cells.collect();
        (name, Value::Array(cells))
    };
    names.into_iter().map(column).collect()
}
