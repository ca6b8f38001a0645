//! What agents do: agent-performance/search and agent-productivity/search, both told from the calls.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::knobs::{EmptyAgents, Knobs};
use super::scene::Scene;
use super::story::{Fate, Talk};
use super::world::{State, World};
use super::{Refused, echoed, page_of, span_or_today, wall_text, whole};
use crate::local;
use crate::people::scatter;
use crate::question::{Answer, Question};

/// Documented greatest page, and what is taken without a `limit`.
const MOST: usize = 1_000;
/// Documented greatest offset.
const FARTHEST: usize = 50_000;
/// No call lasts longer, with the work after it.
const LONGEST: i64 = 2 * 3_600;

/// What one agent did.
#[derive(Default)]
struct Figures {
    name: String,
    calls: i64,
    machines: i64,
    talk: i64,
    wrap: i64,
}

/// agent-performance/search: an object of rows.
pub(super) fn performance(world: &World, question: &Question) -> Result<Answer, Refused> {
    let knobs = world.look(Knobs::clone);
    let rows = world.read(|state, now| {
        let span = span_or_today(question, local::wall_clock(world.zone(), now))?;
        Ok(world.scene(state, now, false, |scene| figures(scene, state, span)))
    })?;
    let rows: Map<String, Value> = rows.into_iter().collect();
    if rows.is_empty() {
        return match knobs.empty_agents {
            EmptyAgents::Code6031 => Err((6031, "Missing Agents")),
            EmptyAgents::EmptyArray => {
                let body = json!({"success": true, "code": 200, "total": 0, "data": []});
                Ok(Answer::json(body.to_string()))
            }
        };
    }
    let body = json!({"success": true, "code": 200, "total": knobs.number(rows.len()), "data": rows});
    Ok(Answer::json(body.to_string()))
}

/// The rows of a span of local time, by agent.
pub(super) fn figures(scene: &Scene<'_>, state: &State, span: (i64, i64)) -> BTreeMap<String, Value> {
    let mut agents: BTreeMap<u32, Figures> = BTreeMap::new();
    let calls = state.calls.between(span.0, span.1);
    for call in calls.iter().filter(|call| call.start <= scene.now) {
        let view = scene.view(call);
        let Fate::Talk(talk) = &view.story.fate else {
            continue;
        };
        let (id, name) = scene.user(&view);
        let own = agents.entry(id).or_default();
        name.clone_into(&mut own.name);
        own.calls += 1;
        own.machines += i64::from(view.status().0 == "AM");
        own.talk += view.stage.seconds.unwrap_or(0);
        own.wrap += (scene.now - view.story.start - view.story.seconds).clamp(0, talk.wrap_seconds);
    }
    let rows = agents.into_iter();
    rows.map(|(id, figures)| (id.to_string(), row(id, &figures)))
        .collect()
}

fn row(id: u32, figures: &Figures) -> Value {
    let &Figures {
        calls,
        machines,
        talk,
        wrap,
        ..
    } = figures;
    let (wait, pause) = (97 * calls, 31 * calls);
    let total = talk + wait + pause + wrap;
    // Two decimals, as whole hundredths.
    let share = |part: i64, all: i64| {
        let hundredths =
            i32::try_from((10_000 * part + all / 2) / all.max(1)).expect("a share is at most one");
        json!(f64::from(hundredths) / 100.0)
    };
    let mut row = json!({
        "name": figures.name, "user_id": id.to_string(), "calls": calls,
        "talk_sec_pt": share(talk, total), "wait_sec_pt": share(wait, total),
        "pause_sec_pt": share(pause, total), "wrap_sec_pt": share(wrap, total),
        "talk_sec": length(talk), "wait_sec": length(wait), "pause_sec": length(pause),
        "wrap_sec": length(wrap), "total_time": length(total),
        "am": machines, "others": calls - machines,
        "am_pt": share(machines, calls), "others_pt": share(calls - machines, calls), "call_type": "",
    });
    // Missing in the older sample.
    if !id.is_multiple_of(3) {
        row["human_answered"] = json!((calls - machines) / 2);
    }
    row
}

/// `HH:MM:SS`, with as many hours as there are (assumed).
fn length(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// agent-productivity/search: changes of what agents are doing.
pub(super) fn events(world: &World, question: &Question) -> Result<Answer, Refused> {
    let limit = whole(question, "limit", MOST, (7230, "Invalid limit"))?.min(MOST);
    let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
    if offset > FARTHEST {
        return Err((7231, "Invalid offset"));
    }
    let knobs = world.look(Knobs::clone);
    let rows = world.read(|state, now| {
        let span = span_or_today(question, local::wall_clock(world.zone(), now))?;
        let events = |scene: &Scene<'_>| between(scene, state, world, span);
        Ok(world.scene(state, now, false, events))
    })?;
    if rows.is_empty() && knobs.empty_agents == EmptyAgents::Code6031 {
        return Err((6031, "Missing Agents"));
    }
    let total = rows.len();
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    let data = json!({
        "offset": echoed(question, "offset", offset), "limit": echoed(question, "limit", limit),
        "total": knobs.count(total), "entries": page_of(&rows, offset, limit),
    });
    Ok(Answer::json(json!({"success": true, "data": data}).to_string()))
}

/// The events of a span of local time: two for each conversation, the second of which grows for a while. By agent, which is
/// as good as no order.
pub(super) fn between(
    scene: &Scene<'_>,
    state: &State,
    world: &World,
    span: (i64, i64),
) -> Vec<(u64, Value)> {
    let mut events: Vec<(u32, u64, Value)> = Vec::new();
    for call in state.calls.between(span.0 - LONGEST, span.1) {
        let view = scene.view(call);
        let Fate::Talk(talk) = &view.story.fate else {
            continue;
        };
        let (agent, name) = scene.user(&view);
        let over = view.story.start + view.story.seconds + talk.wrap_seconds;
        let idle = (scatter(0xE7, u64::from(call.number)) % 1_800).cast_signed();
        let id = 300_001 + 2 * u64::from(call.number);
        for (id, at, longest, state) in [
            (id, view.story.start, over - view.story.start, "INCALL"),
            (id + 1, over, idle, "READY"),
        ] {
            let wall = local::wall_clock(world.zone(), at);
            if at <= scene.now && (span.0..=span.1).contains(&wall) {
                let seconds = longest.min(scene.now - at);
                let campaign = view.story.campaign;
                events.push((
                    agent,
                    id,
                    event(id, (agent, name), (at, wall, seconds), state, campaign, talk),
                ));
            }
        }
    }
    events.sort_by_key(|(agent, id, _)| (*agent, *id));
    events.into_iter().map(|(_, id, row)| (id, row)).collect()
}

fn event(
    id: u64,
    (agent, name): (u32, &str),
    (at, wall, seconds): (i64, i64, i64),
    state: &str,
    campaign: Option<&super::catalogue::Campaign>,
    talk: &Talk,
) -> Value {
    let length = if seconds < 3_600 && id.is_multiple_of(2) {
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    } else {
        length(seconds)
    };
    let (code, reason) = match (state, talk.comment % 4) {
        ("READY", 0) => ("LUNCH", "Lunch"),
        ("READY", 1) => ("TRAIN", "Training"),
        _ => ("", ""),
    };
    let campaign_id = campaign.map_or_else(String::new, |campaign| campaign.id.to_string());
    let mut row = json!({
        "id": id.to_string(), "user_id": agent.to_string(), "state": state, "availability_code": code,
        "campaign_id": campaign_id, "event_epoch": at.to_string(), "event_sec": length,
        "created_at": wall_text(wall), "browser": "Chrome", "ip_address": "192.0.2.10",
        "user_uid": agent.to_string(), "availability_code_name": reason, "campaign_uid": campaign_id,
        "campaign_name": campaign.map_or("", |campaign| campaign.name), "campaign_type": "OUTBOUND",
        "availability_name": reason,
    });
    // Absent now and then (documented).
    if !id.is_multiple_of(10) {
        row["user_name"] = json!(name);
    }
    row
}
