//! The control plane over HTTP: what a test does by a call, anybody may do below `/sandbox`.
//!
//! | request | effect |
//! |---|---|
//! | `GET requests`, `DELETE requests` | the log of requests |
//! | `POST faults` with a [`Rule`], `DELETE faults` | what goes wrong |
//! | `POST advance` with `{"seconds": 60}` | the clock |
//! | `GET quirks/VENDOR`, `POST quirks/VENDOR` with some of them | the vendor's habits |
//! | `POST change/VENDOR` with `{"NAME": "ID"}` | a row changes, such as `{"delete_lead": "7000001"}` |
//! | `GET snapshot/VENDOR/TABLE` | what a table of the warehouse should hold |

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::faults::Rule;
use crate::request::{Request, Response};
use crate::simulator::Simulator;

/// What a request for a change came to: a value to show, or nothing that is understood.
type Outcome = Option<Value>;

impl Simulator {
    /// The response of the control plane; the path is what follows `/sandbox/`.
    pub(crate) fn control(&self, path: &str, request: &Request) -> Response {
        let body = serde_json::from_str(&request.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let outcome = match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["requests"]) => Some(self.requests_json()),
            ("DELETE", ["requests"]) => Some(done(self.clear_requests())),
            ("POST", ["faults"]) => self.add_fault(body),
            ("DELETE", ["faults"]) => Some(done(self.clear_faults())),
            ("POST", ["advance"]) => self.advance_seconds(&body),
            ("GET", ["quirks", vendor]) => self.named(vendor).map(|account| account.quirks_json()),
            ("POST", ["quirks", vendor]) => self.set_quirks(vendor, &body),
            ("POST", ["change", vendor]) => self.change(vendor, &body),
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

    fn add_fault(&self, body: Value) -> Outcome {
        let rule: Rule = serde_json::from_value(body).ok()?;
        Some(done(self.add_rule(rule)))
    }

    fn advance_seconds(&self, body: &Value) -> Outcome {
        self.advance(TimeDelta::try_seconds(body["seconds"].as_i64()?)?);
        Some(json!({"now": self.now().to_rfc3339()}))
    }

    fn set_quirks(&self, vendor: &str, body: &Value) -> Outcome {
        let account = self.named(vendor)?;
        account.set_quirks(body).then(|| account.quirks_json())
    }

    /// Changes one row after the other; says of each whether it was there.
    fn change(&self, vendor: &str, body: &Value) -> Outcome {
        let account = self.named(vendor)?;
        let changes = body.as_object()?.iter();
        let outcomes = changes.map(|(name, id)| {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            Some((name.clone(), json!(account.change(name, &id)?)))
        });
        outcomes.collect::<Option<_>>().map(Value::Object)
    }

    fn show_snapshot(&self, vendor: &str, table: &str) -> Outcome {
        let records = self.named(vendor)?.snapshot(table)?;
        let records = records.into_iter();
        let parsed = records.map(|(id, record)| (id, serde_json::from_str(&record).unwrap_or_default()));
        Some(Value::Object(parsed.collect()))
    }
}

fn done((): ()) -> Value {
    json!({"done": true})
}
