//! Customer profiles: what agents did in a span of time, page by opaque token.

use serde_json::{Value, json};

use super::super::question::Question;
use super::conversations::second;
use super::world::World;
use super::{Outcome, error, lists, missing};

/// The greatest page (documented).
const MOST: usize = 50;

/// A page of one of the lists.
pub(super) fn answer(world: &World, path: &str, question: &Question) -> Outcome {
    if path == "annotation-types" {
        let kinds = world.read(|state, _| state.annotation_types.clone());
        return Ok(json!({"annotationtypes": kinds, "paging": {"next_page": null}}));
    }
    let bound = |name: &'static str| {
        let at = question.get(name).and_then(second);
        at.ok_or_else(|| error(400, "Bad Request", "A date is missing", Some(name)))
    };
    let (from, until) = (bound("created_date_from")?, bound("created_date_to")?);
    let found: Vec<Value> = world.read(|state, now| {
        let actions = state.actions.get(path).ok_or_else(|| missing("page"))?.iter();
        let is_asked =
            |at: i64| at >= from * 1_000_000 && at < until * 1_000_000 && at.div_euclid(1_000_000) <= now;
        // No order is promised: newest first, so that nobody relies on the other one.
        Ok(actions
            .rev()
            .filter(|action| is_asked(action.at))
            .map(|action| action.record.clone())
            .collect())
    })?;
    let size = question
        .get("page_size")
        .and_then(|text| text.parse().ok())
        .unwrap_or(MOST)
        .clamp(1, MOST);
    let token = question
        .get("page_token")
        .and_then(|token| token.strip_prefix("opaque"));
    let offset: usize = token.and_then(|text| text.parse().ok()).unwrap_or(0);
    let rest = found.get(offset..).unwrap_or_default();
    let next = (rest.len() > size).then(|| next(world, question, offset + size));
    let shown = &rest[..rest.len().min(size)];
    Ok(json!({path: shown, "paging": {"next_page": next}}))
}

fn next(world: &World, question: &Question, offset: usize) -> String {
    let kept = question
        .parameters
        .iter()
        .filter(|(name, _)| name != "page_token");
    let mut parameters: Vec<(String, String)> = kept.cloned().collect();
    parameters.push(("page_token".to_owned(), format!("opaque{offset}")));
    let link = lists::bent(world, lists::link(question, &parameters), "");
    if world.look(|knobs| knobs.has_blank_links) {
        // As in a sample of the vendor's.
        return link.replace("page_token", " page_token");
    }
    link
}
