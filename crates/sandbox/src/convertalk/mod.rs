//! A simulated Convertalk account: its chats, and the three endpoints that list them.

mod change;
mod chat;
mod contacts;
mod knobs;
mod row;
mod truth;
mod world;

pub use knobs::{Knobs, Order, Refusal};
pub use world::World;

use serde_json::{Value, json};

use super::question::{Answer, Question};
use super::server::Vendor;

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/convertalk";
/// The account's id.
pub const CUSTOMER: &str = "65a0000000000000000000c1";
/// The account's bots.
pub const BOTS: [&str; 2] = ["65a0000000000000000000e1", "65a0000000000000000000e2"];
/// The account's key, for contacts and segments.
pub const API_KEY: &str = "sandbox-key";

/// A refusal in the vendor's envelope (assumed: no body of one is documented).
fn refusal(code: i64, text: &str) -> Answer {
    Answer::json(json!({ "success": false, "message": text, "code": code }).to_string())
}

/// Rows in the vendor's envelope.
fn list(message: &str, rows: &[Value]) -> Answer {
    Answer::json(json!({ "success": true, "message": message, "code": 200, "data": rows }).to_string())
}

/// Why a question is refused: the status and words.
type Refused = (u16, &'static str);

impl Vendor for World {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    fn refusal(&self, code: i64, text: &str) -> Answer {
        refusal(code, text)
    }

    fn answer(&self, path: &str, question: &Question) -> Answer {
        self.happen();
        let answered = match (question.method.as_str(), path) {
            ("GET", "inbox/direct/chats") => self.chats(question),
            ("POST", "inbox/users") => Self::keyed(question).and_then(|()| contacts::answer(self, question)),
            ("GET", "inbox/segments") => Self::keyed(question).map(|()| list("ok", &row::segments())),
            _ => return Answer::html(404),
        };
        answered.unwrap_or_else(|(status, text)| {
            let told = refusal(i64::from(status), text);
            match self.look(|knobs| knobs.refusal) {
                Refusal::Status => Answer { status, ..told },
                Refusal::InBody => told,
            }
        })
    }
}

impl World {
    fn chats(&self, question: &Question) -> Result<Answer, Refused> {
        let header = self.look(|knobs| knobs.token_header);
        if question.header(header) != Some(self.token()) {
            return Err((401, "Unauthorized"));
        }
        let bot = BOTS.iter().position(|bot| question.get("botId") == Some(bot));
        let page = question.get("page").and_then(|page| page.parse().ok());
        let (Some(bot), Some(page @ 1..)) = (bot, page) else {
            return Err((400, "Bad request"));
        };
        let is_lead = match question.get("type") {
            Some("lead") => true,
            Some("non-lead") => false,
            _ => return Err((400, "Bad request")),
        };
        if question.get("customerId") != Some(CUSTOMER) {
            return Err((400, "Bad request"));
        }
        let rows = self.page(page, |chat, now| chat.bot == bot && chat.shows_as(is_lead, now));
        let shown: Vec<Value> = rows.iter().map(|view| self.row(view)).collect();
        Ok(list("ok", &shown))
    }

    /// Without the second header the key is taken for a session, and refused (assumed).
    fn keyed(question: &Question) -> Result<(), Refused> {
        let is_key = question.header("authtype") == Some("Key");
        let key = question
            .header("authorization")
            .and_then(|text| text.strip_prefix("Bearer "));
        (is_key && key == Some(API_KEY))
            .then_some(())
            .ok_or((401, "Unauthorized"))
    }
}
