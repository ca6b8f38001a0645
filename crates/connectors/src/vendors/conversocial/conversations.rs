//! Conversations: how they are asked for, and how they are put together with their content.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::source::{Account, Ask, Next, Opened, ReadError, Request, Window};
use crate::vendors::answer::UNKNOWN;
use crate::vendors::lenient::Scalar;

use super::envelope::Envelope;
use super::paging;
use super::time::{ceiling, floor};
use super::wire;

/// What is asked for. Only what is named comes, unknown names are passed over without a word, and without `content_ids` no
/// message could be placed (documented, but for the last, which client programs show).
const FIELDS: &str = "id,url,status,is_priority,contains_private,tags,author,channels,assigned_to,content_ids,\
                      handling_times,oldest_sort_date";
/// The greatest page; more is cut to it without a word (documented), so that a short page says nothing.
const PAGE_SIZE: u32 = 50;
/// Where a list begins; links move it up to the time of the last row.
const BOUND: &str = "oldest_sort_date_gte";
/// The stage of a walk that reads the conversations without priority.
const ORDINARY: u8 = 1;

/// The conversations of a window that have priority; those that have not follow when their list ends.
pub(super) fn first(window: &Window, _: &Account) -> Request {
    question(window, true)
}

/// Priority, or a status, must be given (documented). Its two values together are everything; the statuses are not known.
fn question(window: &Window, is_priority: bool) -> Request {
    let request = Request::get("conversations")
        .with("is_priority", is_priority)
        // With a second key the vendor gives no link, and the first page looks like everything (documented).
        .with("sort", "oldest_sort_date")
        .with(BOUND, floor(window.since))
        .with("oldest_sort_date_lt", ceiling(window.until))
        .with("page_size", PAGE_SIZE);
    detailed(request)
}

/// All conversations that nobody has dealt with, of any age and priority.
pub(super) fn unread(_: &Window, _: &Account) -> Request {
    let request = Request::get("conversations")
        .with("status", "unread")
        .with("sort", "oldest_sort_date")
        .with("page_size", PAGE_SIZE);
    detailed(request)
}

/// One conversation.
pub(super) fn about(id: &str, _: &Account) -> Request {
    detailed(Request::get(format!("conversations/{}", paging::segment(id))))
}

fn detailed(request: Request) -> Request {
    request.with("include", "content").with("fields", FIELDS)
}

/// The link to more, and behind the last page with priority the list of those without.
pub(super) fn both_priorities(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let mut next = onward(asked, got, account)?;
    if next.then.is_empty() && asked.stage < ORDINARY {
        next.then
            .push(asked.again(question(&asked.window, false), ORDINARY));
    }
    Ok(next)
}

/// The link to more. It begins at the time of the last row and skips the rows of that second that came: when one of them has
/// left the list meanwhile, the skip swallows a row that has not come (follows from the links of the vendor's samples). So
/// that second is read again from its beginning, unless it is the one that the present question begins with: a second with
/// more rows than a page cannot be passed otherwise.
pub(super) fn onward(asked: &Ask, got: &Opened<'_>, account: &Account) -> Result<Next, ReadError> {
    let mut next = paging::onward(asked, got, account)?;
    let present = parameter(&asked.request, BOUND);
    for ask in &mut next.then {
        let bound = parameter(&ask.request, BOUND);
        if bound.is_some() && bound != present {
            ask.request = asked.request.link(without_skip(&ask.request.path));
        }
    }
    Ok(next)
}

/// A parameter of a question, whether it is our own or a link.
fn parameter(request: &Request, name: &str) -> Option<String> {
    if let Some(value) = request.param(name) {
        return Some(value.to_owned());
    }
    let (_, query) = request.path.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

/// The link as it stands, but for the rows to skip.
fn without_skip(link: &str) -> String {
    let Some((path, query)) = link.split_once('?') else {
        return link.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("skip="))
        .collect();
    format!("{path}?{}", kept.join("&"))
}

/// Opens a list of conversations with their content.
pub(super) fn list(body: &str) -> Result<Opened<'_>, ReadError> {
    let envelope = Envelope::read(body)?;
    Ok(Opened {
        items: groups(&envelope.list("conversations")?, &envelope)?,
        link: envelope.next_page()?,
        ..Opened::default()
    })
}

/// Opens an answer about one conversation, with its content.
pub(super) fn one(body: &str) -> Result<Opened<'_>, ReadError> {
    let envelope = Envelope::read(body)?;
    Ok(Opened {
        items: groups(&[envelope.one("conversation")?], &envelope)?,
        ..Opened::default()
    })
}

/// Each conversation with the content that it names, then the content that none names.
///
/// Content comes as one array for the whole page and does not say where it belongs (seen in client programs).
fn groups<'a>(conversations: &[&str], envelope: &Envelope<'a>) -> Result<Vec<Cow<'a, str>>, ReadError> {
    let content = match envelope.member("content") {
        Some(_) => Some(envelope.list("content")?),
        None => None,
    };
    let names: Vec<Vec<String>> = conversations.iter().map(|record| content_ids(record)).collect();
    if content.is_none() && names.iter().any(|names| !names.is_empty()) {
        return Err(UNKNOWN);
    }
    let content = content.unwrap_or_default();
    let by_id: BTreeMap<String, &str> = content
        .iter()
        .filter_map(|record| Some((id(record)?, *record)))
        .collect();
    let placed: BTreeSet<&str> = names.iter().flatten().map(String::as_str).collect();
    let groups = conversations.iter().zip(&names).map(|(record, names)| {
        let own: Vec<&str> = names.iter().filter_map(|name| by_id.get(name).copied()).collect();
        format!(r#"{{"conversation":{record},"content":[{}]}}"#, own.join(","))
    });
    let is_alone = |record: &&&str| !id(record).is_some_and(|id| placed.contains(id.as_str()));
    let alone = content.iter().filter(is_alone);
    let alone = alone.map(|record| format!(r#"{{"content":[{record}]}}"#));
    Ok(groups.chain(alone).map(Cow::Owned).collect())
}

fn id(record: &str) -> Option<String> {
    let named: wire::Named<'_> = serde_json::from_str(record).ok()?;
    named.id.scalar("id").ok()?.id()
}

/// The ids of the content of a conversation, as far as they can be read.
fn content_ids(record: &str) -> Vec<String> {
    let named: wire::Named<'_> = serde_json::from_str(record).unwrap_or_default();
    let ids: Vec<&RawValue> = named
        .content_ids
        .raw()
        .and_then(|raw| serde_json::from_str(raw).ok())
        .unwrap_or_default();
    let text = |raw: &&RawValue| serde_json::from_str::<Scalar<'_>>(raw.get()).ok()?.id();
    ids.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests;
