//! The control plane over HTTP: what a test does by a call, anybody may do below `/sandbox`.
//!
//! | request | effect |
//! |---|---|
//! | `GET requests`, `DELETE requests` | the log of requests |
//! | `POST faults` with a [`Rule`], `DELETE faults` | what goes wrong |
//! | `POST advance` with `{"seconds": 60}` | the clock |
//! | `GET quirks/VENDOR`, `POST quirks/VENDOR` with some of them | the vendor's habits |
//! | `POST rows/VENDOR/TABLE/ID` with some members, `DELETE` the same | a row changes, or is gone |
//! | `POST archive/VENDOR/TABLE/ID`, `POST restore/VENDOR/TABLE/ID` | a row is archived, or comes back |
//! | `GET snapshot/VENDOR/TABLE` | what a table of the warehouse should hold |

use chrono::TimeDelta;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::account::AnyAccount;
use crate::faults::Rule;
use crate::request::{Request, Response};
use crate::simulator::Simulator;
use crate::table::{Life, Rows};

/// What a request for a change came to: a value to show, or nothing that is understood.
type Outcome = Option<Value>;

impl Simulator {
    /// The response of the control plane; the path is what follows `/sandbox/`.
    pub(crate) fn control(&self, path: &str, request: &Request) -> Response {
        let body = serde_json::from_str(&request.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let outcome = match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["requests"]) => Some(self.requests_json()),
            ("DELETE", ["requests"]) => {
                self.clear_requests();
                done()
            }
            ("POST", ["faults"]) => self.add_fault(&body),
            ("DELETE", ["faults"]) => {
                self.clear_faults();
                done()
            }
            ("POST", ["advance"]) => self.advance_seconds(&body),
            ("GET", ["quirks", vendor]) => self.named(vendor).map(AnyAccount::quirks_json),
            ("POST", ["quirks", vendor]) => self.set_quirks(vendor, &body),
            ("POST", ["rows", vendor, table, id]) => self.with_row(vendor, table, |rows, now| {
                let members = body.as_object().into_iter().flatten();
                members.fold(true, |is_set, (name, value)| {
                    rows.set(id, now, name, value.clone()) && is_set
                })
            }),
            ("DELETE", ["rows", vendor, table, id]) => self.set_life(vendor, table, id, Life::Deleted),
            ("POST", ["archive", vendor, table, id]) => self.set_life(vendor, table, id, Life::Archived),
            ("POST", ["restore", vendor, table, id]) => self.set_life(vendor, table, id, Life::Present),
            ("GET", ["snapshot", vendor, table]) => self.show_snapshot(vendor, table),
            _ => return Response::html(404),
        };
        match outcome {
            Some(value) => Response::json(&value),
            None => Response::text(400, "text/plain", "This is not understood\n"),
        }
    }

    fn requests_json(&self) -> Value {
        let requests = self.requests();
        let shown = requests.iter().map(
            |request| json!({"method": request.method, "path": request.path, "parameters": request.parameters}),
        );
        Value::Array(shown.collect())
    }

    fn add_fault(&self, body: &Value) -> Outcome {
        self.add_rule(Rule::deserialize(body).ok()?);
        done()
    }

    fn advance_seconds(&self, body: &Value) -> Outcome {
        self.advance(TimeDelta::try_seconds(body["seconds"].as_i64()?)?);
        Some(json!({"now": self.now().to_rfc3339()}))
    }

    fn set_quirks(&self, vendor: &str, body: &Value) -> Outcome {
        let account = self.named(vendor)?;
        account.set_quirks(body).then(|| account.quirks_json())
    }

    fn set_life(&self, vendor: &str, table: &str, id: &str, life: Life) -> Outcome {
        self.with_row(vendor, table, |rows, now| rows.set_life(id, now, life))
    }

    /// Does something to a table; says whether it was possible.
    fn with_row(
        &self,
        vendor: &str,
        table: &str,
        mut act: impl FnMut(&mut dyn Rows, i64) -> bool,
    ) -> Outcome {
        let is_done = self.named(vendor)?.with_rows(table, &mut act)?;
        is_done.then(done)?
    }

    fn show_snapshot(&self, vendor: &str, table: &str) -> Outcome {
        let records = self.named(vendor)?.snapshot(table)?;
        let records = records.into_iter();
        let parsed = records.map(|(id, record)| (id, serde_json::from_str(&record).unwrap_or_default()));
        Some(Value::Object(parsed.collect()))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of the outcomes")]
fn done() -> Outcome {
    Some(json!({"done": true}))
}
