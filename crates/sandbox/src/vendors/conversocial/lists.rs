//! The short lists, reports, profiles and events, and what all lists share: pages, fields, links.

use serde_json::{Value, json};

use super::api::{Outcome, error, refuse_missing};
use super::conversations::second;
use super::records::{self, choose_fields};
use super::{Account, Quirks, State};
use crate::listing::{is_among, page_of};
use crate::request::{Request, Response};

/// The page of a short list where none is asked for (seen in all samples).
const USUAL: usize = 10;
/// The greatest page of profiles (documented).
const MOST_ACTIONS: usize = 50;
/// Events of a page.
const EVENTS: usize = 100;
/// The parameters that short lists know.
const KNOWN: &str = "fields sort limit offset id is_active";

/// A page of a short list, newest first unless another order is asked for.
pub(super) fn list_records(account: &Account, name: &str, request: &Request) -> Outcome {
    let quirks = account.current_quirks();
    let mut records = all_of(account, name).ok_or_else(|| refuse_missing("page"))?;
    check_names(&quirks, request, KNOWN)?;
    let number = |record: &Value| record["id"].as_str().and_then(|id| id.parse::<u64>().ok());
    records.sort_by_key(number);
    if request.param("sort") != Some("id") {
        records.reverse();
    }
    records.retain(|record| {
        let mut ids = request.all("id").peekable();
        ids.peek().is_none() || ids.any(|id| record["id"] == id)
    });
    let limit = request.number("limit").unwrap_or(USUAL).clamp(1, USUAL);
    let offset = request.number("offset").unwrap_or(0);
    let page = page_of(&records, offset, limit).iter();
    let shown: Vec<Value> = page
        .map(|record| choose_fields(record, request.param("fields"), &["id", "url"]))
        .collect();
    let next = (records.len() > offset + limit).then(|| {
        let with = [
            ("limit", limit.to_string()),
            ("offset", (offset + limit).to_string()),
        ];
        request.link(&["limit", "offset"], &with)
    });
    let next = bend(&quirks, next, request);
    Ok(json!({name: shown, "paging": {"next_page": next, "prev_page": null}}))
}

fn all_of(account: &Account, name: &str) -> Option<Vec<Value>> {
    account.with(|state, now| {
        if name == "reports" {
            let signature = signature(state);
            let reports = state.reports.present(now);
            return Some(
                reports
                    .map(|(id, one)| records::report_record(id, one, &signature))
                    .collect(),
            );
        }
        let list = state.lists.get(name)?;
        Some(list.present(now).map(|(_, record)| record.clone()).collect())
    })
}

/// One record of a list; authors have no list of their own, and a report advances each time that it is looked at.
pub(super) fn find_record(account: &Account, name: &str, id: &str, request: &Request) -> Outcome {
    let singular = name.trim_end_matches('s');
    let most_looks = if account.current_quirks().reports_stay {
        1
    } else {
        u32::MAX
    };
    let found = account.with(|state, now| match name {
        "authors" => state.authors.get(id, now).cloned(),
        "reports" => {
            let signature = signature(state);
            state
                .reports
                .amend(id, |report| report.looks = (report.looks + 1).min(most_looks));
            let report = state.reports.get(id, now)?;
            Some(records::report_record(id, report, &signature))
        }
        _ => state.lists.get(name)?.get(id, now).cloned(),
    });
    let found = found.ok_or_else(|| refuse_missing(singular))?;
    Ok(json!({singular: choose_fields(&found, request.param("fields"), &["id", "url"])}))
}

/// What makes a link to a file work, and for a while only: another one with every response.
fn signature(state: &mut State) -> String {
    state.next += 1;
    format!("?signature=short-lived-{}", state.next)
}

/// Customer profiles: what agents did in a span of time, page by opaque token.
pub(super) fn list_profiles(account: &Account, name: &str, request: &Request) -> Outcome {
    let quirks = account.current_quirks();
    if name == "annotation-types" {
        let kinds = account.with(|state, _| state.annotation_types.clone());
        return Ok(json!({"annotationtypes": kinds, "paging": {"next_page": null}}));
    }
    let (from, until) = span(request, "created_date_from", "created_date_to")?;
    let found: Vec<Value> = account.with(|state, now| {
        let actions = state
            .actions
            .get(name)
            .ok_or_else(|| refuse_missing("page"))?
            .all(now);
        let asked = actions.filter(|action| (from..until).contains(&action.since));
        // No order is promised: newest first, so that nobody relies on the other one.
        Ok(asked.rev().map(|action| action.record.clone()).collect())
    })?;
    let most = quirks.most_rows.unwrap_or(MOST_ACTIONS);
    let size = request.number("page_size").unwrap_or(most).clamp(1, most);
    let token = request
        .param("page_token")
        .and_then(|token| token.strip_prefix("opaque"));
    let offset: usize = token.and_then(|text| text.parse().ok()).unwrap_or(0);
    let next = (found.len() > offset + size).then(|| {
        let token = format!("opaque{}", offset + size);
        request.link(&["page_token"], &[("page_token", token)])
    });
    let mut next = bend(&quirks, next, request);
    if quirks.has_blank_links {
        // As in a sample of the vendor's.
        next = next.map(|link| link.replace("page_token", " page_token"));
    }
    Ok(json!({name: page_of(&found, offset, size), "paging": {"next_page": next}}))
}

/// Agent events of version 3.0: JSON inside a text inside JSON (seen in a client program).
pub(super) fn list_events(account: &Account, request: &Request) -> Outcome {
    let quirks = account.current_quirks();
    let (from, until) = span(request, "timestamp_from", "timestamp_to")?;
    let found: Vec<Value> = account.with(|state, now| {
        let events = state.events.all(now);
        let asked = events.filter(|event| (from..until).contains(&event.since));
        asked.map(|event| event.record.clone()).collect()
    });
    let offset = request.number("cursor").unwrap_or(0);
    let page = json!(page_of(&found, offset, EVENTS));
    let documents = if quirks.has_plain_documents {
        page
    } else {
        json!(page.to_string())
    };
    let mut answer = json!({"documents": documents});
    if found.len() > offset + EVENTS {
        let link = request.link(&["cursor"], &[("cursor", (offset + EVENTS).to_string())]);
        answer["next_url"] = json!(bend(&quirks, Some(link), request));
    }
    Ok(answer)
}

/// A span of seconds, without its end; both parameters are needed.
fn span(request: &Request, first: &'static str, last: &'static str) -> Result<(i64, i64), Response> {
    let bound = |name: &'static str| {
        let at = request.param(name).and_then(second);
        at.ok_or_else(|| error(400, "Bad Request", "A time is missing", Some(name)))
    };
    Ok((bound(first)?, bound(last)?))
}

/// The link, unless links are made to lead astray.
pub(super) fn bend(quirks: &Quirks, link: Option<String>, request: &Request) -> Option<String> {
    if quirks.has_endless_links {
        let turn = request.number("turn").unwrap_or(0) + 1;
        let link = link.unwrap_or_else(|| request.link(&["turn"], &[]));
        return Some(format!("{link}&turn={turn}"));
    }
    let link = link?;
    if quirks.has_foreign_links {
        let path = link.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        return Some(format!(
            "https://elsewhere.example/{}",
            path.map_or("", |(_, path)| path)
        ));
    }
    Some(if quirks.has_circular_links {
        request.link(&[], &[])
    } else {
        link
    })
}

/// Refuses parameters that nobody knows, where that is the vendor's habit.
pub(super) fn check_names(quirks: &Quirks, request: &Request, known: &str) -> Result<(), Response> {
    let is_known = |name: &str| is_among(known, name) || is_among("pause turn", name);
    let unknown = request.parameters.iter().find(|(name, _)| !is_known(name));
    match unknown {
        Some((name, _)) if quirks.refuses_unknown_filters => {
            Err(error(400, "Bad Request", "Unknown parameter", Some(name)))
        }
        _ => Ok(()),
    }
}
