//! A simulated Conversocial account: its conversations, the short lists around them, and the profiles of its customers.

mod change;
mod conversations;
mod door;
mod events;
mod knobs;
mod lists;
mod profiles;
mod record;
mod reports;
mod story;
mod truth;
mod world;

#[cfg(test)]
mod tests;

pub use door::TOKEN_NAME;
pub use knobs::{Knobs, RateHeader};
pub use world::World;

use serde_json::{Value, json};

use super::question::{Answer, Question};
use super::server::Vendor;

/// Where the simulated APIs live on the server.
pub const PREFIX: &str = "/conversocial";
/// The main API's version, below the prefix.
pub const MAIN: &str = "v1.3";
/// The base of customer profiles, below the prefix.
pub const PROFILES: &str = "profiles/api/1";

/// What an answer is made of, or how it is refused.
type Outcome = Result<Value, Answer>;

/// An error in the documented form.
fn error(status: u16, phrase: &str, message: &str, param: Option<&str>) -> Answer {
    let mut body =
        json!({"status": "error", "message": message, "http_status": format!("{status} {phrase}")});
    if let Some(param) = param {
        body["param"] = json!(param);
    }
    Answer {
        status,
        ..Answer::json(body.to_string())
    }
}

fn missing(resource: &str) -> Answer {
    error(404, "Object Not Found", &format!("No such {resource}"), None)
}

/// A refusal that comes with an OK status (seen in client programs).
fn quiet_refusal(is_permission: bool, text: &str) -> Answer {
    Answer::json(
        json!({"success": false, "permsError": is_permission, "error": text, "message": text}).to_string(),
    )
}

impl Vendor for World {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn secrets(&self) -> &'static [&'static str] {
        // The credential travels in a header.
        &[]
    }

    fn refusal(&self, code: i64, text: &str) -> Answer {
        quiet_refusal(code == 403, text)
    }

    fn answer(&self, path: &str, question: &Question) -> Answer {
        if let Some(refused) = self.refuse(path, question) {
            return refused;
        }
        self.run_hook();
        let outcome = match path.split_once('/') {
            Some(("v1.3" | "v1.1", rest)) => self.main(rest, question),
            Some(("v3.0", "agent_events")) => events::answer(self, question),
            Some(("profiles", rest)) => match rest.strip_prefix("api/1/") {
                Some(rest) => profiles::answer(self, rest, question),
                None => Err(missing("page")),
            },
            _ => Err(missing("page")),
        };
        outcome.map_or_else(|refused| refused, |body| Answer::json(body.to_string()))
    }
}

impl World {
    fn main(&self, path: &str, question: &Question) -> Outcome {
        match path.split_once('/') {
            None if path == "conversations" => conversations::list(self, question),
            None if path == "reports" => reports::list(self, question),
            None => lists::list(self, path, question),
            Some(("conversations", id)) => conversations::one(self, &plain(id), question),
            Some(("reports", id)) => reports::one(self, &plain(id), question),
            Some((list, id)) => lists::one(self, list, &plain(id), question),
        }
    }
}

/// A segment of a path without its escapes.
fn plain(segment: &str) -> String {
    let pair = format!("id={}", segment.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
