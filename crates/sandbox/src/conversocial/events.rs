//! Agent events of version 3.0: JSON inside a text inside JSON (seen in a client program).

use serde_json::{Value, json};

use super::super::question::Question;
use super::conversations::second;
use super::world::World;
use super::{Outcome, error, lists};

/// Events of a page.
const PAGE: usize = 100;

/// A page of events.
pub(super) fn answer(world: &World, question: &Question) -> Outcome {
    let bound = |name: &'static str| {
        let at = question.get(name).and_then(second);
        at.ok_or_else(|| error(400, "Bad Request", "A time is missing", Some(name)))
    };
    let (from, until) = (bound("timestamp_from")?, bound("timestamp_to")?);
    let found: Vec<Value> = world.read(|state, now| {
        let is_asked = |at: i64| at >= from && at < until && at <= now;
        let events = state.events.iter().filter(|event| is_asked(event.at / 1_000_000));
        events.map(|event| event.record.clone()).collect()
    });
    let offset: usize = question
        .get("cursor")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let rest = found.get(offset..).unwrap_or_default();
    let page = json!(rest[..rest.len().min(PAGE)]);
    let documents = if world.look(|knobs| knobs.has_plain_documents) {
        page
    } else {
        json!(page.to_string())
    };
    let mut answer = json!({"documents": documents});
    if rest.len() > PAGE {
        let kept = question.parameters.iter().filter(|(name, _)| name != "cursor");
        let mut parameters: Vec<(String, String)> = kept.cloned().collect();
        parameters.push(("cursor".to_owned(), (offset + PAGE).to_string()));
        answer["next_url"] = json!(lists::bent(world, lists::link(question, &parameters), ""));
    }
    Ok(answer)
}
