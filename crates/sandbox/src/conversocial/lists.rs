//! The short lists, and what all lists share: pages of ten by limit and offset, fields, links.

use serde_json::{Value, json};

use super::super::question::{Answer, Question};
use super::record::chosen;
use super::world::World;
use super::{Outcome, error, missing};

/// The page where none is asked for (seen in all samples).
const USUAL: usize = 10;
/// The parameters that these lists know.
const KNOWN: [&str; 6] = ["fields", "sort", "limit", "offset", "id", "is_active"];

/// A page of a list.
pub(super) fn list(world: &World, name: &str, question: &Question) -> Outcome {
    let records = world
        .read(|state, _| state.lists.get(name).cloned())
        .ok_or_else(|| missing("page"))?;
    page(world, name, records, question)
}

/// One record of a list; authors have no list of their own.
pub(super) fn one(world: &World, name: &str, id: &str, question: &Question) -> Outcome {
    let singular = name.trim_end_matches('s');
    let found = world.read(|state, _| {
        if name == "authors" {
            return state.authors.get(id).cloned();
        }
        state
            .lists
            .get(name)?
            .iter()
            .find(|record| record["id"] == id)
            .cloned()
    });
    let found = found.ok_or_else(|| missing(singular))?;
    Ok(json!({singular: chosen(&found, question.get("fields"), &["id", "url"])}))
}

/// A page of these records, newest first unless another order is asked for.
pub(super) fn page(world: &World, name: &str, mut records: Vec<Value>, question: &Question) -> Outcome {
    known(world, question, &KNOWN)?;
    let number = |record: &Value| record["id"].as_str().and_then(|id| id.parse::<u64>().ok());
    records.sort_by_key(number);
    if question.get("sort") != Some("id") {
        records.reverse();
    }
    records.retain(|record| {
        let mut ids = question.all("id").peekable();
        ids.peek().is_none() || ids.any(|id| record["id"] == id)
    });
    let count = |name: &str| question.get(name).and_then(|text| text.parse::<usize>().ok());
    let (limit, offset) = (
        count("limit").unwrap_or(USUAL).clamp(1, USUAL),
        count("offset").unwrap_or(0),
    );
    let rest = records.get(offset..).unwrap_or_default();
    let shown: Vec<Value> = rest
        .iter()
        .take(limit)
        .map(|record| chosen(record, question.get("fields"), &["id", "url"]))
        .collect();
    let next = (rest.len() > limit).then(|| {
        let kept = question
            .parameters
            .iter()
            .filter(|(name, _)| name != "limit" && name != "offset");
        let mut parameters: Vec<(String, String)> = kept.cloned().collect();
        parameters.push(("limit".to_owned(), limit.to_string()));
        parameters.push(("offset".to_owned(), (offset + limit).to_string()));
        bent(
            world,
            link(question, &parameters),
            &link(question, &question.parameters),
        )
    });
    Ok(json!({name: shown, "paging": {"next_page": next, "prev_page": null}}))
}

/// A link to the same list with these parameters.
pub(super) fn link(question: &Question, parameters: &[(String, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{}{}?{query}", question.origin(), question.path)
}

/// The link, unless links are made to lead astray.
pub(super) fn bent(world: &World, link: String, here: &str) -> String {
    let (is_foreign, is_circular) = world.look(|knobs| (knobs.has_foreign_links, knobs.has_circular_links));
    if is_foreign {
        let path = link.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        return format!("https://elsewhere.example/{}", path.map_or("", |(_, path)| path));
    }
    if is_circular { here.to_owned() } else { link }
}

/// Refuses parameters that nobody knows, where that is the vendor's habit.
pub(super) fn known(world: &World, question: &Question, known: &[&str]) -> Result<(), Answer> {
    let is_known = |name: &str| known.contains(&name) || name == "pause";
    let unknown = question.parameters.iter().find(|(name, _)| !is_known(name));
    match unknown {
        Some((name, _)) if world.look(|knobs| knobs.refuses_unknown_filters) => {
            Err(error(400, "Bad Request", "Unknown parameter", Some(name)))
        }
        _ => Ok(()),
    }
}
