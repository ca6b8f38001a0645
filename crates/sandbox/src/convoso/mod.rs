//! A simulated Convoso account: its calls, its agents, what else it has, and the endpoints that list all of it.

mod calls;
mod catalogue;
mod change;
mod consent;
mod furniture;
mod knobs;
mod leads;
mod ledger;
mod link;
mod log;
mod manner;
mod office;
mod promises;
mod recordings;
mod rework;
mod roster;
mod row;
mod scene;
mod schedule;
mod stage;
mod story;
mod truth;
mod users;
mod work;
mod world;

pub use knobs::{
    EmptyAgents, EmptyCallbacks, EmptyLeads, EmptyUsers, Knobs, Order, OverLimit, Ties, TokenRefusal,
};
pub(super) use link::Link;
pub use world::World;

use serde_json::{Value, json};

use super::json::Object;
use super::local;
use super::question::{Answer, Question};
use super::server::Vendor;

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/convoso/v1";
/// The parameter that carries the token; the vendor knows no header for it (documented).
pub(super) const SECRET: &str = "auth_token";

/// A refusal in the vendor's words. It comes with an OK status (seen in client programs).
pub(super) fn refusal(code: i64, text: &str) -> Answer {
    let mut body = String::new();
    let mut object = Object::open(&mut body);
    object.verbatim("success", "false");
    object.verbatim("code", &code.to_string());
    object.text("text", text);
    object.close();
    Answer::json(body)
}

impl Vendor for World {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[SECRET]
    }

    fn refusal(&self, code: i64, text: &str) -> Answer {
        refusal(code, text)
    }

    fn answer(&self, path: &str, question: &Question) -> Answer {
        let listing = match path {
            "log/retrieve" => log::answer,
            "users/search" => users::answer,
            "users/recordings" => recordings::answer,
            "leads/search" => leads::answer,
            "agent-performance/search" => work::performance,
            "agent-productivity/search" => work::events,
            "callbacks/search" => promises::answer,
            "campaigns/search" => furniture::campaigns,
            "lists/search" => furniture::lists,
            "status/search" => furniture::statuses,
            "dnc/search" => consent::do_not_call,
            "sms-opt-out/search" => consent::sms_opt_outs,
            // An unknown path gives a page for people (seen in client programs).
            _ => return Answer::html(404),
        };
        if !matches!(question.method.as_str(), "GET" | "POST") {
            return Answer::html(405);
        }
        if let Some(refused) = self.refuse(path, question) {
            return refused;
        }
        listing(self, question).unwrap_or_else(|(code, text)| refusal(code, text))
    }
}

impl World {
    /// Tokens come first: a bad one learns nothing about its other parameters (assumed).
    fn refuse(&self, path: &str, question: &Question) -> Option<Answer> {
        let (manner, ticked) = self.look(|knobs| {
            (
                knobs.token_refusal,
                !knobs.unticked.iter().any(|unticked| path == unticked),
            )
        });
        if question.get(SECRET) != Some(self.token()) {
            let (status, code, text) = match manner {
                TokenRefusal::Body5001 => (200, 5001, "Invalid authorization token"),
                TokenRefusal::Status401 => (401, 401, "Unauthorized"),
                TokenRefusal::Status403 => (403, 403, "Forbidden"),
            };
            return Some(Answer {
                status,
                ..refusal(code, text)
            });
        }
        (!ticked).then(|| refusal(403, "Forbidden"))
    }
}

/// Why a question is refused: the vendor's code and words.
type Refused = (i64, &'static str);

/// A parameter that must be a whole number, or what holds without it.
fn whole(question: &Question, name: &str, default: usize, refused: Refused) -> Result<usize, Refused> {
    question
        .get(name)
        .map_or(Ok(default), |text| text.parse().map_err(|_| refused))
}

/// Echoes a parameter: as a text where one was given, as a number where not. All published samples fit this.
fn echo(object: &mut Object<'_>, question: &Question, name: &str, value: usize) {
    if question.get(name).is_some() {
        object.digits(name, value as u64);
    } else {
        object.number(name, value as u64);
    }
}

/// A count: a text in the documented samples, a number in what some clients saw.
fn count(object: &mut Object<'_>, knobs: &Knobs, name: &str, value: usize) {
    if knobs.counts_as_numbers {
        object.number(name, value as u64);
    } else {
        object.digits(name, value as u64);
    }
}

/// Echoes a parameter as a value.
fn echoed(question: &Question, name: &str, value: usize) -> Value {
    if question.get(name).is_some() {
        json!(value.to_string())
    } else {
        json!(value)
    }
}

/// The rows of a page.
fn page_of(rows: &[Value], offset: usize, limit: usize) -> &[Value] {
    let first = offset.min(rows.len());
    &rows[first..(first + limit).min(rows.len())]
}

/// What the account's wall clock shows, as the vendor writes it.
fn wall_text(wall_clock: i64) -> String {
    let mut text = String::new();
    local::push(&mut text, wall_clock);
    text
}

/// A span of local seconds, of which either end may be left open.
fn span(question: &Question, first: &str, last: &str) -> Result<Option<(i64, i64)>, Refused> {
    let time = |name: &str| -> Result<Option<i64>, Refused> {
        let Some(text) = question.get(name) else {
            return Ok(None);
        };
        local::parse(text).map(Some).ok_or((6023, "Invalid date format"))
    };
    Ok(match (time(first)?, time(last)?) {
        (None, None) => None,
        (first, last) => Some((first.unwrap_or(i64::MIN), last.unwrap_or(i64::MAX))),
    })
}

/// The span of a report, which is the present day unless the question says another.
fn span_or_today(question: &Question, wall_clock: i64) -> Result<(i64, i64), Refused> {
    const DAY: i64 = 86_400;
    let names = [("date_start", "date_end"), ("start_time", "end_time")];
    let today = wall_clock - wall_clock.rem_euclid(DAY);
    for (first, last) in names {
        if let Some(span) = span(question, first, last)? {
            return Ok(span);
        }
    }
    Ok((today, today + DAY - 1))
}
