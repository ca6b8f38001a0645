//! The list of conversations, and one of them: filters, the one sort key, links by boundary and skip, content beside it.

use serde_json::{Value, json};

use super::api::{Outcome, error, refuse_missing};
use super::records::{self, choose_fields};
use super::{Account, Conversation, Quirks, State, lists};
use crate::listing::page_of;
use crate::local;
use crate::request::Request;

/// The greatest page; more is cut to it without a word (documented).
const MOST: usize = 50;
/// The page where none is asked for (seen in a sample).
const USUAL: usize = 20;
/// The time by which the list is sorted, which filters are named after.
const SORT: &str = "oldest_sort_date";
/// The parameters that the list knows.
const KNOWN: &str = "is_priority status assigned_to id sort page_size skip include fields oldest_sort_date_gt \
    oldest_sort_date_gte oldest_sort_date_lt oldest_sort_date_lte";

/// A conversation with its id.
type Listed<'a> = (&'a str, &'a Conversation);

/// What a request is answered from.
struct Asked<'a> {
    state: &'a State,
    now: i64,
    quirks: &'a Quirks,
    request: &'a Request,
}

/// A page of the list.
pub(super) fn list_conversations(account: &Account, request: &Request) -> Outcome {
    let quirks = account.current_quirks();
    if request.param("is_priority").is_none() && request.param("status").is_none() {
        if quirks.bare_list_is_empty {
            return Ok(empty_page(None, None));
        }
        let (phrase, message) = ("Bad Request", "A filter is missing");
        return Err(error(400, phrase, message, Some("is_priority")));
    }
    lists::check_names(&quirks, request, KNOWN)?;
    let here = request.link(&[], &[]);
    let pauses = request.number("pause").unwrap_or(0);
    if pauses < quirks.empty_pages {
        let next = request.link(&["pause"], &[("pause", (pauses + 1).to_string())]);
        return Ok(empty_page(Some(next), Some(here)));
    }
    account.with(|state, now| {
        let sorts: Vec<&str> = request.all("sort").flat_map(|keys| keys.split(',')).collect();
        let is_descending = sorts.first().is_some_and(|key| key.starts_with('-'));
        let mut found: Vec<Listed<'_>> = state.conversations.present(now).collect();
        let filter = Filter::of(request);
        found.retain(|one| filter.fits(*one));
        found.sort_by_key(|(id, one)| (one.sorted, *id));
        if is_descending {
            found.reverse();
        }
        let most = quirks.most_rows.unwrap_or(MOST);
        let size = request.number("page_size").unwrap_or(USUAL).clamp(1, most);
        let skip = request.number("skip").unwrap_or(0);
        let page = page_of(&found, skip, size);
        let asked = Asked {
            state,
            now,
            quirks: &quirks,
            request,
        };
        let mut answer = asked.write_conversations("conversations", page);
        let next = (found.len() > skip + size).then(|| next_link(request, page, skip, is_descending));
        answer["paging"] = if sorts.len() > 1 {
            // Two keys, and there are no links at all (documented).
            json!({"next_page": null, "prev_page": null})
        } else {
            let next = lists::bend(&quirks, next, request);
            json!({"next_page": next, "prev_page": next.as_deref().unwrap_or(&here)})
        };
        Ok(answer)
    })
}

fn empty_page(next: Option<String>, here: Option<String>) -> Value {
    let paging = here.map(|here| json!({"next_page": next, "prev_page": here}));
    json!({"conversations": [], "content": [], "paging": paging})
}

/// One conversation.
pub(super) fn find_conversation(account: &Account, id: &str, request: &Request) -> Outcome {
    let quirks = account.current_quirks();
    account.with(|state, now| {
        let found = state.conversations.get(id, now);
        let found = found.ok_or_else(|| refuse_missing("conversation"))?;
        let asked = Asked {
            state,
            now,
            quirks: &quirks,
            request,
        };
        let mut answer = asked.write_conversations("conversation", &[(id, found)]);
        answer["conversation"] = answer["conversation"][0].take();
        Ok(answer)
    })
}

impl Asked<'_> {
    /// Conversations under a name, with their content where it is asked for.
    fn write_conversations(&self, name: &str, page: &[Listed<'_>]) -> Value {
        let records: Vec<Value> = page.iter().map(|one| self.show_conversation(*one)).collect();
        let mut answer = Value::from_iter([(name, records)]);
        if self.request.all("include").any(|side| side == "content") {
            let content = page.iter().flat_map(|(_, one)| {
                let messages = one.written(self.now);
                messages.map(|message| records::message_record(one, message))
            });
            answer["content"] = content.collect();
        }
        answer
    }

    fn show_conversation(&self, (id, one): Listed<'_>) -> Value {
        let mut record = records::conversation_record(self.state, self.now, id, one);
        records::omit_sort_date(&mut record, self.quirks.omits_sort_date);
        if self.quirks.broken.iter().any(|broken| broken == id) {
            record["status"] = json!({"is": "odd"});
        }
        choose_fields(&record, self.request.param("fields"), &["id"])
    }
}

/// What a request wants of the list, read once.
struct Filter<'a> {
    is_priority: Vec<&'a str>,
    status: Vec<&'a str>,
    assigned_to: Vec<&'a str>,
    id: Vec<&'a str>,
    after: Option<i64>,
    from: Option<i64>,
    before: Option<i64>,
    to: Option<i64>,
}

impl<'a> Filter<'a> {
    fn of(request: &'a Request) -> Self {
        let any = |name| request.all(name).collect();
        let bound = |suffix: &str| request.param(&format!("{SORT}_{suffix}")).and_then(second);
        Self {
            is_priority: any("is_priority"),
            status: any("status"),
            assigned_to: any("assigned_to"),
            id: any("id"),
            after: bound("gt"),
            from: bound("gte"),
            before: bound("lt"),
            to: bound("lte"),
        }
    }

    fn fits(&self, (id, one): Listed<'_>) -> bool {
        let any = |wanted: &[&str], own: &str| wanted.is_empty() || wanted.contains(&own);
        let is_priority = if one.is_priority { "true" } else { "false" };
        any(&self.is_priority, is_priority)
            && any(&self.status, &one.status)
            && any(&self.assigned_to, one.assigned_to.as_deref().unwrap_or_default())
            && any(&self.id, id)
            && self.after.is_none_or(|at| one.sorted > at)
            && self.from.is_none_or(|at| one.sorted >= at)
            && self.before.is_none_or(|at| one.sorted < at)
            && self.to.is_none_or(|at| one.sorted <= at)
    }
}

/// The link onward: the list from the last row's second, without the rows of that second that came so far.
fn next_link(request: &Request, page: &[Listed<'_>], skip: usize, is_descending: bool) -> String {
    let last = page.last().map_or(0, |(_, one)| one.sorted);
    let (inclusive, exclusive) = if is_descending {
        ("lte", "lt")
    } else {
        ("gte", "gt")
    };
    let bound = format!("{SORT}_{inclusive}");
    let is_same = request.param(&bound).and_then(second) == Some(last);
    let of_last = page.iter().filter(|(_, one)| one.sorted == last).count();
    let came = of_last + if is_same { skip } else { 0 };
    let replaced = [bound.as_str(), &format!("{SORT}_{exclusive}"), "skip"];
    let with = [
        (bound.as_str(), records::time_text(last)),
        ("skip", came.to_string()),
    ];
    request.link(&replaced, &with)
}

/// A time, or the beginning of a day.
pub(super) fn second(text: &str) -> Option<i64> {
    let whole = text.split('.').next().unwrap_or(text);
    local::parse(whole).or_else(|| local::parse_date(whole))
}
