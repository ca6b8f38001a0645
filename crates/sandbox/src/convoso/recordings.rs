//! users/recordings: the recordings of agents, told without their calls.

use serde_json::{Value, json};

use super::knobs::Knobs;
use super::row::recording_id;
use super::scene::Scene;
use super::story::Fate;
use super::world::{State, World};
use super::{Refused, echoed, page_of, span_or_today, wall_text, whole};
use crate::local;
use crate::question::{Answer, Question};

/// Documented default.
const DEFAULT_LIMIT: usize = 20;
/// Documented for the recordings of leads.
const MOST: usize = 100;

pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", DEFAULT_LIMIT, (7230, "Invalid limit"))?.min(MOST);
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    let users = question.get("user").ok_or((6005, "Missing Users"))?;
    let rows = world.read(|state, now| {
        let ids: Vec<u32> = state
            .roster
            .present()
            .filter(|agent| agent.answers_to(users))
            .map(|agent| agent.id)
            .collect();
        if ids.is_empty() {
            return Err((6005, "Missing Users"));
        }
        let span = span_or_today(question, local::wall_clock(world.zone(), now))?;
        Ok(world.scene(state, now, true, |scene| of(scene, state, &ids, span)))
    })?;
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    let data = json!({
        "offset": echoed(question, "offset", offset), "limit": echoed(question, "limit", limit),
        "total": world.look(Knobs::clone).number(rows.len()), "entries": page_of(&rows, offset, limit),
    });
    Ok(Answer::json(json!({"success": true, "data": data}).to_string()))
}

/// The recordings of these agents whose calls began in a span of local time.
pub(super) fn of(scene: &Scene<'_>, state: &State, ids: &[u32], span: (i64, i64)) -> Vec<(u64, Value)> {
    let mut rows = Vec::new();
    let calls = state.calls.between(span.0, span.1);
    for call in calls.iter().filter(|call| call.start <= scene.now) {
        let view = scene.view(call);
        if !matches!(view.story.fate, Fate::Talk(_)) || !ids.contains(&scene.user(&view).0) {
            continue;
        }
        let count = view.stage.recording_count + view.edit.map_or(0, |edit| edit.more_recordings);
        for place in 0..count {
            let id = recording_id(call.number, place);
            let seconds = view.stage.seconds;
            let end = seconds
                .filter(|_| id.is_multiple_of(2))
                .map(|seconds| wall_text(call.local + seconds));
            let row = json!({
                "recording_id": id, "lead_id": view.story.lead.unwrap_or(0), "start_time": wall_text(call.local),
                "end_time": end.unwrap_or_default(), "seconds": seconds.filter(|_| !id.is_multiple_of(5)),
                "url": format!("{}-{id}.wav", call.start),
            });
            rows.push((id, row));
        }
    }
    rows
}
