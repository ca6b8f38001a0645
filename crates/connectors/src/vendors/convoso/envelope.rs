//! Convoso's envelopes, read strictly: an answer counts only when `success` is `true`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::source::{Opened, ReadError};
use crate::vendors::answer::{Count, UNKNOWN, json, sound};
use crate::vendors::items::Items;
use crate::vendors::lenient::Scalar;

/// Codes of a refused credential: 5001 comes with status 200 (client programs), 403 when the token lacks the box of the
/// endpoint (second SDK), 401 in the body is assumed.
const REFUSED: [i64; 3] = [401, 403, 5001];

/// Codes that are perhaps an error, perhaps the vendor's way to say that there is nothing (not documented). The same number
/// means other things on other endpoints, so that each endpoint knows its own.
const MISSING_LISTS: i64 = 6000;
const MISSING_CALLBACKS: i64 = 6000;
const MISSING_USERS: i64 = 6005;
const MISSING_AGENTS: i64 = 6031;

/// Opens an answer of log/retrieve.
pub(super) fn call_log(body: &str) -> Result<Opened<'_>, ReadError> {
    let data: CallLog<'_> = json(data(body)?)?;
    Ok(listing(data.results, data.total_found))
}

/// Opens an answer of users/search.
pub(super) fn users(body: &str) -> Result<Opened<'_>, ReadError> {
    perhaps(MISSING_USERS, results(body))
}

/// Opens an answer of leads/search. The rows are in `entries` (documented), or `data` is the rows (seen in client programs).
pub(super) fn leads(body: &str) -> Result<Opened<'_>, ReadError> {
    let open = |body| match data(body)? {
        data if data.starts_with('[') => Ok(rows(json(data)?)),
        _ => entries(body),
    };
    perhaps(MISSING_LISTS, open(body))
}

/// Opens an answer of leads/search about leads that are gone. The total is left out: it counts rows, and these are none.
pub(super) fn tombstones(body: &str) -> Result<Opened<'_>, ReadError> {
    let opened = leads(body)?;
    Ok(Opened {
        total: None,
        ..opened
    })
}

/// Opens an answer of agent-performance/search. Nobody at all was perhaps at work.
pub(super) fn performance(body: &str) -> Result<Opened<'_>, ReadError> {
    let open = |body| {
        let agents: Items<'_> = json(data(body)?)?;
        let Total { total } = json(body)?;
        Ok(Opened {
            is_doubtful: agents.0.is_empty(),
            items: agents.whole(),
            total: total.map(|total| total.0),
            ..Opened::default()
        })
    };
    perhaps(MISSING_AGENTS, open(body))
}

/// Opens an answer of agent-productivity/search.
pub(super) fn events(body: &str) -> Result<Opened<'_>, ReadError> {
    perhaps(MISSING_AGENTS, entries(body))
}

/// Opens an answer of callbacks/search.
pub(super) fn callbacks(body: &str) -> Result<Opened<'_>, ReadError> {
    perhaps(MISSING_CALLBACKS, results(body))
}

/// Opens an answer of dnc/search or sms-opt-out/search.
pub(super) fn entries(body: &str) -> Result<Opened<'_>, ReadError> {
    let data: Entries<'_> = json(data(body)?)?;
    Ok(listing(data.entries, data.total))
}

/// Opens an answer that holds everything: `data` is the rows in an array (documented), perhaps below `entries` or keyed by id.
pub(super) fn everything(body: &str) -> Result<Opened<'_>, ReadError> {
    let data = data(body)?;
    let named = if data.starts_with('{') {
        json::<Named<'_>>(data)?.entries
    } else {
        None
    };
    named.map_or_else(|| json(data), Ok).map(rows)
}

/// Opens an answer of users/search or of users/recordings, which one walk asks in turn. The total is that of recordings:
/// users are met on the way.
pub(super) fn recordings(body: &str) -> Result<Opened<'_>, ReadError> {
    let open = |body| match json::<Named<'_>>(data(body)?)?.entries {
        Some(_) => entries(body),
        None => Ok(rows(json::<Users<'_>>(data(body)?)?.results)),
    };
    perhaps(MISSING_USERS, open(body))
}

fn results(body: &str) -> Result<Opened<'_>, ReadError> {
    let data: Results<'_> = json(data(body)?)?;
    Ok(listing(data.results, data.total))
}

fn listing(items: Items<'_>, total: Count) -> Opened<'_> {
    Opened {
        items: items.whole(),
        total: Some(total.0),
        ..Opened::default()
    }
}

/// Rows whose number the vendor does not say.
fn rows(items: Items<'_>) -> Opened<'_> {
    Opened {
        items: items.whole(),
        ..Opened::default()
    }
}

/// Takes this refusal for an empty page that proves nothing.
fn perhaps(nothing: i64, opened: Result<Opened<'_>, ReadError>) -> Result<Opened<'_>, ReadError> {
    match opened {
        Err(ReadError::Question { code }) if code == nothing => Ok(Opened {
            is_doubtful: true,
            ..Opened::default()
        }),
        opened => opened,
    }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    success: Option<&'a RawValue>,
    #[serde(borrow, default)]
    code: Scalar<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CallLog<'a> {
    #[serde(borrow)]
    results: Items<'a>,
    total_found: Count,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Items<'a>,
    total: Count,
}

#[derive(Deserialize)]
struct Entries<'a> {
    #[serde(borrow)]
    entries: Items<'a>,
    total: Count,
}

#[derive(Deserialize)]
struct Users<'a> {
    #[serde(borrow)]
    results: Items<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    entries: Option<Items<'a>>,
}

#[derive(Deserialize)]
struct Total {
    #[serde(default)]
    total: Option<Count>,
}

/// The `data` of a successful answer.
fn data(body: &str) -> Result<&str, ReadError> {
    let body = sound(body)?;
    let reply: Reply<'_> = json(body)?;
    if reply.success.map(RawValue::get) == Some("true") {
        return reply.data.map(RawValue::get).ok_or(UNKNOWN);
    }
    // No code at all is an unknown envelope, not a refusal that could be understood.
    let code = reply
        .code
        .text()
        .and_then(|text| text.parse().ok())
        .ok_or(UNKNOWN)?;
    Err(if REFUSED.contains(&code) {
        ReadError::Refused { code }
    } else {
        ReadError::Question { code }
    })
}

#[cfg(test)]
mod tests;
