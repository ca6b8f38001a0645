//! A simulated Converz tenant: its users, its conversations, and the endpoints that list, report and change them.

mod body;
mod calls;
mod change;
mod knobs;
mod list;
mod report;

mod row;
mod truth;
mod world;
mod write;

pub use knobs::{Ends, Form, Knobs, Nulls, Order, Times};
pub use world::World;

use serde_json::json;

use super::question::{Answer, Question};
use super::server::Vendor;

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/converz/api/v1";
/// The header that carries the key (documented).
const KEY: &str = "x-api-key";

/// Why a question is refused: the status, the code and the words.
pub(super) type Refused = (u16, &'static str, &'static str);

/// A parameter that cannot be understood.
const fn invalid(words: &'static str) -> Refused {
    (400, "invalid_parameter", words)
}

/// A refusal in the vendor's words (documented: the body; the codes are assumed).
fn refused((status, code, words): Refused) -> Answer {
    Answer {
        status,
        ..Answer::json(json!({ "error": words, "code": code }).to_string())
    }
}

impl Vendor for World {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    fn refusal(&self, _: i64, text: &str) -> Answer {
        Answer::json(json!({ "error": text, "code": "refused" }).to_string())
    }

    fn answer(&self, path: &str, question: &Question) -> Answer {
        self.before_request();
        if question.header(KEY) != Some(self.key()) {
            return refused((401, "unauthorized", "The key is missing or wrong"));
        }
        let answer = match (question.method.as_str(), path) {
            ("GET", "calls") => list::calls(self, question),
            ("GET", "reps") => list::reps(self, question),
            ("GET", "report") => report::answer(self, question),
            ("POST", "calls") => write::calls(self, question),
            ("POST", "reps") => write::reps(self, question),
            _ => Err((404, "not_found", "There is nothing here")),
        };
        answer.unwrap_or_else(refused)
    }
}
