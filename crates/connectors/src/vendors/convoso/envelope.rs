//! Convoso's envelopes, read strictly: an answer counts only when `success` is `true`.
//!
//! "None" comes as an empty list, as PHP's empty map in place of the envelope's inside, and perhaps as a code. The last two
//! prove nothing by themselves: the slice machine asks again, wider where it can.

use serde::Deserialize;

use crate::source::{Context, Envelope, Faults, ReadError, Response, explain_status};
use crate::wire::body::{UNKNOWN, parse_json, require_json};
use crate::wire::{Count, Field, Records, wire_record};

/// Codes of a refused credential: 5001 comes with status 200 (client programs), 403 when the token lacks the box of the
/// endpoint (second SDK), 401 in the body is assumed.
const REFUSED: [i64; 3] = [401, 403, 5001];

/// Codes that are perhaps an error, perhaps the vendor's way to say that there is nothing. The documentation has only their
/// texts ("missing lists", "missing users", "missing agents"). The same number means other things on other endpoints, so that
/// each endpoint knows its own; those of the lists without filters are guesses, which can only make a list incomplete.
mod none {
    /// leads/search and callbacks/search.
    pub(super) const LEADS: &[i64] = &[6000];
    pub(super) const CALLBACKS: &[i64] = &[6000];
    /// users/search and users/recordings.
    pub(super) const USERS: &[i64] = &[6005];
    /// agent-performance/search and agent-productivity/search.
    pub(super) const AGENTS: &[i64] = &[6031];
    /// log/retrieve is asked for no list, campaign, user or queue that could be unknown.
    pub(super) const CALLS: &[i64] = &[6000];
    pub(super) const CAMPAIGNS: &[i64] = &[6000, 6004];
    pub(super) const LISTS: &[i64] = &[6000, 6002];
    pub(super) const DISPOSITIONS: &[i64] = &[6000];
    pub(super) const NUMBERS: &[i64] = &[6000, 6003];
}

/// What an operator is told about such a code.
const NONE_BY_CODE: &str = "The vendor answered with an error code that may mean \"none\": it was asked again, and what was not \
     shown is not taken for gone";

/// What an operator is told about users whose recordings cannot be asked for.
const NO_EMAIL: &str =
    "Some users have no e-mail address, without which the lengths of their recordings cannot be asked for";

/// The longest text of the vendor that is told.
const SAID_CHARS: usize = 200;

/// Opens an answer of log/retrieve.
pub(super) fn open_call_log<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::CALLS, |data| {
        let data: CallLog<'_> = parse_json(data)?;
        Ok(counted_listing(data.results, data.total_found))
    })
}

/// Opens an answer of users/search.
pub(super) fn open_users<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::USERS, open_results)
}

/// Opens an answer of leads/search. The rows are in `entries` (documented), or `data` is the rows (seen in client programs).
pub(super) fn open_leads<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open(body, none::LEADS, |data| {
        if data.starts_with('[') {
            parse_json(data).map(uncounted_listing)
        } else if Field::new("data", data).is_nothing() {
            Ok(perhaps_none(None))
        } else {
            open_entries(data)
        }
    })
}

/// Opens an answer of agent-performance/search. Nobody at all was perhaps at work.
///
/// The total beside the figures is not used: in the documentation's own sample it is another number than that of the agents.
pub(super) fn open_performance<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open(body, none::AGENTS, |data| {
        let agents: Records<'_> = parse_json(data)?;
        Ok(Envelope {
            is_ambiguous_empty: agents.is_empty(),
            ..uncounted_listing(agents)
        })
    })
}

/// Opens an answer of agent-productivity/search.
pub(super) fn open_events<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::AGENTS, open_entries)
}

/// Opens an answer of callbacks/search.
pub(super) fn open_callbacks<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::CALLBACKS, open_results)
}

/// Opens an answer of dnc/search or sms-opt-out/search.
pub(super) fn open_numbers<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::NUMBERS, open_entries)
}

/// Opens an answer of campaigns/search.
pub(super) fn open_campaigns<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_everything(body, none::CAMPAIGNS)
}

/// Opens an answer of lists/search.
pub(super) fn open_lists<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_everything(body, none::LISTS)
}

/// Opens an answer of status/search.
pub(super) fn open_dispositions<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_everything(body, none::DISPOSITIONS)
}

/// Opens an answer of users/search that is read for the sake of the users' recordings. The total is left out: it counts
/// users, and the slice is about recordings.
pub(super) fn open_recorded_users<'a>(body: &'a str, context: &Context) -> Result<Envelope<'a>, ReadError> {
    let opened = open_users(body, context)?;
    let has_email = |user: &str| {
        let email = User::read(user).map(|user| user.email.is_nothing());
        !email.unwrap_or(false)
    };
    let all_have = opened.records.iter().all(|user| has_email(user));
    Ok(Envelope {
        total: None,
        warning: opened.warning.or((!all_have).then_some(NO_EMAIL)),
        ..opened
    })
}

/// Opens an answer of users/recordings.
pub(super) fn open_recordings<'a>(body: &'a str, _: &Context) -> Result<Envelope<'a>, ReadError> {
    open_object(body, none::USERS, open_entries)
}

/// What an answer says that has no good status: the vendor's code where there is one.
pub(super) fn explain_answer(got: &Response) -> ReadError {
    let status = || explain_status(got);
    let body = match require_json(&got.body) {
        Ok(body) => body,
        Err(ReadError::WebPage) => return ReadError::WebPage,
        Err(_) => return status(),
    };
    match parse_json::<Reply<'_>>(body) {
        Ok(reply) => match (reply.read_refusal(), status()) {
            (Some(refusal), _) => refusal,
            (None, ReadError::Rejected { code, .. }) => ReadError::Rejected {
                code,
                said: reply.vendor_words(),
            },
            (None, error) => error,
        },
        Err(_) => status(),
    }
}

/// An answer that holds everything: `data` is the rows in an array (documented for status/search, seen for the others),
/// perhaps below `entries` or keyed by id.
fn open_everything<'a>(body: &'a str, nothing: &[i64]) -> Result<Envelope<'a>, ReadError> {
    open(body, nothing, |data| {
        let named = if data.starts_with('{') {
            parse_json::<Named<'_>>(data)?.entries
        } else {
            None
        };
        named.map_or_else(|| parse_json(data), Ok).map(uncounted_listing)
    })
}

/// Opens an answer: the inside of a successful one is read by `read`, and these codes are perhaps none.
fn open<'a>(
    body: &'a str,
    nothing: &[i64],
    read: impl FnOnce(&'a str) -> Result<Envelope<'a>, ReadError>,
) -> Result<Envelope<'a>, ReadError> {
    match open_data(body) {
        Err(ReadError::Rejected { code, .. }) if nothing.contains(&code) => {
            Ok(perhaps_none(Some(NONE_BY_CODE)))
        }
        Err(error) => Err(error),
        Ok(None) => Ok(perhaps_none(None)),
        Ok(Some(data)) => read(data),
    }
}

/// The same where the inside is an object: PHP writes an empty one as a list (assumed).
fn open_object<'a>(
    body: &'a str,
    nothing: &[i64],
    read: impl FnOnce(&'a str) -> Result<Envelope<'a>, ReadError>,
) -> Result<Envelope<'a>, ReadError> {
    open(body, nothing, |data| {
        if Field::new("data", data).is_nothing() {
            Ok(perhaps_none(None))
        } else {
            read(data)
        }
    })
}

fn perhaps_none(warning: Option<&'static str>) -> Envelope<'static> {
    Envelope {
        is_ambiguous_empty: true,
        // A good answer that holds nothing says that there is nothing; a code says it perhaps.
        total: warning.is_none().then_some(0),
        warning,
        ..Envelope::default()
    }
}

fn open_results(data: &str) -> Result<Envelope<'_>, ReadError> {
    let data: Results<'_> = parse_json(data)?;
    Ok(counted_listing(data.results, data.total))
}

fn open_entries(data: &str) -> Result<Envelope<'_>, ReadError> {
    let data: Entries<'_> = parse_json(data)?;
    Ok(counted_listing(data.entries, data.total))
}

fn counted_listing(records: Records<'_>, total: Count) -> Envelope<'_> {
    Envelope {
        total: total.beside(records.len()),
        ..uncounted_listing(records)
    }
}

/// Rows whose number the vendor does not say.
fn uncounted_listing(records: Records<'_>) -> Envelope<'_> {
    Envelope {
        records: records.into_cows(),
        ..Envelope::default()
    }
}

wire_record! {
    /// What every answer is made of. Some of the names of the error's text are only those of an SDK.
    struct Reply { success, code, error_code, text, error, message, data }
}

wire_record! {
    /// Of a user, what recordings are asked for by.
    struct User { email }
}

impl Reply<'_> {
    /// The vendor's code, where it gives one.
    fn read_code(&self) -> Option<i64> {
        let faults = Faults::new();
        let number = |field: &Field<'_>| field.text(&faults)?.parse().ok();
        number(&self.code).or_else(|| number(&self.error_code))
    }

    /// Why the vendor refused, where it says so by a code.
    fn read_refusal(&self) -> Option<ReadError> {
        let code = self.read_code()?;
        Some(if REFUSED.contains(&code) {
            ReadError::Refused { code }
        } else {
            ReadError::Rejected {
                code,
                said: self.vendor_words(),
            }
        })
    }

    /// The vendor's own words, without any that could be a record's value.
    fn vendor_words(&self) -> Option<String> {
        let faults = Faults::new();
        let texts = [&self.text, &self.error, &self.message];
        let text = texts.into_iter().find_map(|text| text.text(&faults))?;
        let words = text
            .split_whitespace()
            .map(|word| if may_be_value(word) { "…" } else { word });
        let words: Vec<&str> = words.collect();
        Some(words.join(" ").chars().take(SAID_CHARS).collect())
    }
}

/// True for what looks like a number, an id, a time or an address.
fn may_be_value(word: &str) -> bool {
    word.contains('@') || word.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// The inside of a successful answer; none where it is there and holds nothing, whatever ought to be in it.
fn open_data(body: &str) -> Result<Option<&str>, ReadError> {
    let reply: Reply<'_> = parse_json(require_json(body)?)?;
    if reply.success.raw() != Some("true") {
        // No code at all is an unknown envelope, not a refusal that could be understood.
        return Err(reply.read_refusal().unwrap_or(UNKNOWN));
    }
    if reply.data == Field::missing("data") {
        return Err(UNKNOWN);
    }
    Ok(reply.data.raw().filter(|data| *data != "false"))
}

#[derive(Deserialize)]
struct CallLog<'a> {
    #[serde(borrow)]
    results: Records<'a>,
    total_found: Count,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Records<'a>,
    total: Count,
}

#[derive(Deserialize)]
struct Entries<'a> {
    #[serde(borrow)]
    entries: Records<'a>,
    total: Count,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    entries: Option<Records<'a>>,
}

#[cfg(test)]
mod tests;
