//! Faults on demand: what may go wrong with a response, and the rules that say when it does.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::request::{Delivery, Request, Response};

/// What goes wrong with one response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing but this status, and a `Retry-After` header if a text is given.
    Status(u16, Option<String>),
    /// Exactly this.
    Exactly {
        /// The status.
        status: u16,
        /// The headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// A web page with this status.
    Html(u16),
    /// The content length promises more than is sent before the connection closes.
    Cut,
    /// A valid HTTP response whose JSON text ends in the middle.
    CutJson,
    /// The ordinary response, this much later.
    Slow(Duration),
    /// The connection closes without a response.
    Drop,
    /// The ordinary response, said to be compressed although it is not.
    WrongGzip,
    /// The vendor's own refusal, with an OK status.
    Refusal {
        /// The vendor's number.
        code: i64,
        /// The vendor's words.
        text: String,
    },
    /// This text as JSON with an OK status, for envelopes nobody knows.
    Foreign(String),
    /// The ordinary response with this total.
    Total(u64),
    /// The ordinary response whose total is the number of rows on the page.
    TotalOfPage,
    /// The ordinary response without its last rows.
    WithoutLast(usize),
    /// The ordinary response without any row.
    Empty,
    /// The ordinary response in which the second row has the id of the first.
    Twins,
    /// The ordinary response in whose rows this text stands in place of every third value, ids left alone: so that one can see
    /// where values go.
    Tainted(String),
    /// The response that the same path gave before.
    Repeat,
}

/// Where a vendor's responses hold what faults change: JSON pointers, of which the first that is there counts.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The rows, an array or an object.
    pub(crate) rows: &'static [&'static str],
    /// The total.
    pub(crate) totals: &'static [&'static str],
    /// The members of rows that are their ids.
    pub(crate) ids: &'static [&'static str],
}

impl Fault {
    /// The response where the ordinary one does not matter.
    pub(crate) fn instead(&self) -> Option<Response> {
        Some(match self {
            Self::Status(status, None) => Response::empty(*status),
            Self::Status(status, Some(text)) => {
                Response::empty(*status).with_header("retry-after", text.as_str())
            }
            Self::Exactly {
                status,
                headers,
                body,
            } => Response {
                status: *status,
                headers: headers.clone(),
                body: body.clone(),
                delivery: Delivery::Whole,
            },
            Self::Html(status) => Response::html(*status),
            Self::Foreign(text) => Response::raw_json(text.clone()),
            Self::Drop => Response {
                delivery: Delivery::Dropped,
                ..Response::empty(200)
            },
            _ => return None,
        })
    }

    /// The ordinary response, spoilt.
    pub(crate) fn spoil(&self, mut response: Response, shape: Shape) -> Response {
        match self {
            Self::Slow(wait) => response.delivery = Delivery::Late(*wait),
            Self::Cut => response.delivery = Delivery::Half,
            Self::CutJson => {
                let half = response.body.floor_char_boundary(response.body.len() / 2);
                response.body.truncate(half);
            }
            Self::WrongGzip => return response.with_header("content-encoding", "gzip"),
            _ => {
                if let Ok(mut body) = serde_json::from_str(&response.body) {
                    self.spoil_body(&mut body, shape);
                    response.body = body.to_string();
                }
            }
        }
        response
    }

    fn spoil_body(&self, body: &mut Value, shape: Shape) {
        let pointer = shape.rows.iter().find(|pointer| {
            body.pointer(pointer)
                .is_some_and(|rows| rows.is_array() || rows.is_object())
        });
        let mut rows = pointer.and_then(|pointer| body.pointer_mut(pointer));
        let mut row_count = 0;
        if let Some(rows) = &mut rows {
            row_count = rows
                .as_array()
                .map_or_else(|| rows.as_object().map_or(0, serde_json::Map::len), Vec::len);
        }
        match (self, rows) {
            (Self::Total(total), _) => set_total(body, shape, *total),
            (Self::TotalOfPage, _) => set_total(body, shape, row_count as u64),
            (Self::WithoutLast(count), Some(rows)) => keep_rows(rows, row_count.saturating_sub(*count)),
            (Self::Empty, Some(rows)) => keep_rows(rows, 0),
            (Self::Twins, Some(rows)) => make_twins(rows, shape),
            (Self::Tainted(text), Some(rows)) => taint(rows, text, &mut 0),
            _ => (),
        }
    }
}

/// A total keeps the type that it has.
fn set_total(body: &mut Value, shape: Shape, total: u64) {
    let pointer = shape.totals.iter().find(|own| body.pointer(own).is_some());
    if let Some(own) = pointer.and_then(|pointer| body.pointer_mut(pointer)) {
        *own = if own.is_string() {
            json!(total.to_string())
        } else {
            json!(total)
        };
    }
}

fn keep_rows(rows: &mut Value, count: usize) {
    match rows {
        Value::Array(rows) => rows.truncate(count),
        Value::Object(rows) => {
            let names: Vec<String> = rows.keys().skip(count).cloned().collect();
            for name in names {
                rows.remove(&name);
            }
        }
        _ => (),
    }
}

fn make_twins(rows: &mut Value, shape: Shape) {
    let mut rows: Vec<&mut Value> = match rows {
        Value::Array(rows) => rows.iter_mut().collect(),
        Value::Object(rows) => rows.values_mut().collect(),
        _ => return,
    };
    if let [first, second, ..] = rows.as_mut_slice() {
        for name in shape.ids {
            if let (Some(id), Some(own)) = (first.get(name), second.get_mut(name)) {
                *own = id.clone();
            }
        }
    }
}

/// Which values are replaced changes from row to row, however many a row has.
fn taint(value: &mut Value, text: &str, count: &mut u32) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| taint(item, text, count)),
        Value::Object(members) => {
            let values = members
                .iter_mut()
                .filter(|(name, _)| !name.to_lowercase().ends_with("id"));
            values.for_each(|(_, value)| taint(value, text, count));
        }
        Value::String(_) | Value::Number(_) => {
            *count += 1;
            if (count.wrapping_mul(2_654_435_761) >> 16).is_multiple_of(3) {
                *value = json!(text);
            }
        }
        Value::Null | Value::Bool(_) => (),
    }
}

/// Requests whose parameters name a time within a span.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Span {
    /// The parameter that names the first time.
    pub first_parameter: String,
    /// The parameter that names the last time.
    pub last_parameter: String,
    /// Where the span begins, in the vendor's spelling of times.
    pub first: String,
    /// Where the span ends; the beginning of a time is enough, such as a day.
    pub last: String,
}

impl Span {
    /// Whether the request asks for a part of the span. Times are compared as texts, whose forms differ in a `T` only.
    fn is_touched_by(&self, request: &Request) -> bool {
        let bound = |name: &str| request.param(name).map(|text| text.replacen('T', " ", 1));
        let begins = bound(&self.first_parameter).is_none_or(|first| {
            let length = self.last.len().min(first.len());
            first[..length] <= self.last[..length]
        });
        begins && bound(&self.last_parameter).is_none_or(|last| last >= self.first)
    }
}

/// Which requests meet a fault. A rule that has nothing to say against a request is used up by it.
///
/// ```
/// use sandbox::{Fault, Rule};
///
/// // The third page of leads, and no other, says that there are none.
/// let none = Fault::Refusal { code: 6000, text: "Missing Lists".to_owned() };
/// let rule = Rule { skip: 2, ..Rule::new("leads/search", none, 1) };
/// # drop(rule);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// What the path ends with.
    #[serde(default)]
    pub path: String,
    /// What they meet.
    pub fault: Fault,
    /// So many requests pass before.
    #[serde(default)]
    pub skip: u32,
    /// So many requests meet it; every one where nothing is said.
    #[serde(default = "always")]
    pub times: u32,
    /// From this time on, by the simulated clock, nothing happens any more.
    #[serde(default, deserialize_with = "read_instant")]
    pub until: Option<DateTime<Utc>>,
    /// Only requests for a part of this span count.
    #[serde(default)]
    pub span: Option<Span>,
}

fn always() -> u32 {
    u32::MAX
}

fn read_instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl Rule {
    /// The next `times` requests whose path ends with `path` meet the fault.
    pub fn new(path: &str, fault: Fault, times: u32) -> Self {
        Self {
            path: path.to_owned(),
            fault,
            skip: 0,
            times,
            until: None,
            span: None,
        }
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.times == 0 || self.until.is_some_and(|until| until <= now)
    }

    fn fits(&self, request: &Request) -> bool {
        request.path.ends_with(&self.path)
            && self.span.as_ref().is_none_or(|span| span.is_touched_by(request))
    }
}

/// The rules that wait for their requests.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub(crate) fn add(&self, rule: Rule) {
        self.lock(|rules| rules.push(rule));
    }

    pub(crate) fn clear(&self) {
        self.lock(Vec::clear);
    }

    /// Whether somebody may want to hear an earlier response again.
    pub(crate) fn want_repeats(&self) -> bool {
        self.lock(|rules| rules.iter().any(|rule| rule.fault == Fault::Repeat))
    }

    /// The fault that this request meets, which is thereby used up once.
    pub(crate) fn take(&self, request: &Request, now: DateTime<Utc>) -> Option<Fault> {
        self.lock(|rules| {
            rules.retain(|rule| !rule.is_over(now));
            for rule in rules.iter_mut().filter(|rule| rule.fits(request)) {
                if rule.skip == 0 {
                    rule.times -= u32::from(rule.times < u32::MAX);
                    return Some(rule.fault.clone());
                }
                rule.skip -= 1;
            }
            None
        })
    }

    fn lock<T>(&self, act: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
        act(&mut self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const SHAPE: Shape = Shape {
        rows: &["/data/rows", "/data"],
        totals: &["/data/total"],
        ids: &["id"],
    };

    fn met(faults: &Faults, target: &str) -> Option<Fault> {
        faults.take(&Request::get(target), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn faults_are_met_in_order_and_only_on_their_path() {
        let faults = Faults::default();
        faults.add(Rule::new("log/retrieve", Fault::Drop, 2));
        faults.add(Rule::new("log/retrieve", Fault::Html(200), 1));
        assert_eq!(met(&faults, "/v1/users/search"), None);
        let all: Vec<_> = (0..4).map(|_| met(&faults, "/v1/log/retrieve")).collect();
        assert_eq!(
            all,
            [Some(Fault::Drop), Some(Fault::Drop), Some(Fault::Html(200)), None]
        );
        faults.add(Rule::new("", Fault::Cut, 5));
        faults.clear();
        assert_eq!(met(&faults, "/any"), None);
    }

    #[test]
    fn rules_wait_end_and_look_at_the_time_asked_for() {
        let faults = Faults::default();
        let rule = Rule::new("", Fault::Cut, u32::MAX);
        faults.add(Rule {
            skip: 2,
            until: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(5)),
            ..rule.clone()
        });
        let all: Vec<bool> = (0..4).map(|_| met(&faults, "/any").is_some()).collect();
        assert_eq!(all, [false, false, true, true]);
        let later = DateTime::UNIX_EPOCH + TimeDelta::seconds(5);
        assert_eq!(faults.take(&Request::get("/any"), later), None);
        faults.add(Rule {
            span: Some(Span {
                first_parameter: "start".to_owned(),
                last_parameter: "end".to_owned(),
                first: "2026-02-03".to_owned(),
                last: "2026-02-03".to_owned(),
            }),
            ..rule
        });
        for (start, end, wanted) in [
            ("2026-02-02T10:00:00", "2026-02-02T23:59:59", false),
            ("2026-02-02T10:00:00", "2026-02-03T00:00:00", true),
            ("2026-02-03 23:00:00", "2026-02-04 10:00:00", true),
            ("2026-02-04 00:00:00", "2026-02-04 10:00:00", false),
        ] {
            let target = format!(
                "/any?start={}&end={}",
                start.replace(' ', "+"),
                end.replace(' ', "+")
            );
            assert_eq!(met(&faults, &target).is_some(), wanted, "{target}");
        }
    }

    #[test]
    fn pages_and_totals_lie_in_the_form_that_they_have() {
        let page = r#"{"data":{"rows":[{"id":"1"},{"id":"2"},{"id":"3"}],"total":"9"}}"#;
        let spoilt = |fault: Fault| {
            let response = fault.spoil(Response::raw_json(page.to_owned()), SHAPE);
            serde_json::from_str::<Value>(&response.body).unwrap()["data"].take()
        };
        assert_eq!(spoilt(Fault::Total(0))["total"], "0");
        assert_eq!(spoilt(Fault::TotalOfPage)["total"], "3");
        assert_eq!(
            spoilt(Fault::WithoutLast(2))["rows"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(spoilt(Fault::Empty)["rows"], json!([]));
        assert_eq!(spoilt(Fault::Twins)["rows"][1]["id"], "1");
    }

    #[test]
    fn a_rule_can_be_written_as_json() {
        let rule: Rule = serde_json::from_str(
            r#"{"path":"leads/search","fault":{"refusal":{"code":6000,"text":"none"}},"skip":2,
                "until":"2026-02-03T20:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!((rule.skip, rule.times, rule.until.is_some()), (2, u32::MAX, true));
        let status: Fault = serde_json::from_value(json!({"status": [429, "7"]})).unwrap();
        assert_eq!(status, Fault::Status(429, Some("7".to_owned())));
    }
}
