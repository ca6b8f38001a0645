//! log/retrieve: the call log.

use super::calls::{self, Call, Cut};
use super::catalogue::{CAMPAIGNS, QUEUES};
use super::knobs::{Knobs, Order, OverLimit};
use super::scene::{Scene, View, id};
use super::world::{State, World};
use super::{Refused, count, echo, whole};
use crate::json::Object;
use crate::local;
use crate::question::{Answer, Question};

/// Documented greatest page; without a `limit` a published sample echoes it too.
const MOST: usize = 500;
/// Documented greatest offset.
const FARTHEST: usize = 40_000;
const DAY: i64 = 86_400;

/// The filters besides the window, in the vendor's names.
const FILTERS: [&str; 13] = [
    "id",
    "lead_id",
    "campaign_id",
    "queue_id",
    "list_id",
    "user_id",
    "call_type",
    "called_count",
    "status",
    "phone_number",
    "number_dialed",
    "first_name",
    "last_name",
];

/// What a question asks for.
struct Search<'a> {
    since: i64,
    until: i64,
    cut: Cut,
    with_recordings: bool,
    filters: Vec<(&'static str, &'a str)>,
}

pub(super) fn answer(world: &World, question: &Question) -> Result<Answer, Refused> {
    let knobs = world.look(Knobs::clone);
    world.read(|state, now| {
        let search = Search::read(question, &knobs, local::wall_clock(world.zone(), now))?;
        search.check(state)?;
        world.scene(state, now, search.with_recordings, |scene| {
            let window = state.calls.between(search.since, search.until);
            let found = search.find(scene, window);
            let total = found.len();
            let rows = calls::page(window, found, &search.cut, world.dice(knobs.ties).as_mut());
            let mut body = String::with_capacity(256 + rows.len() * 1_200);
            body.push_str(r#"{"success":true,"data":"#);
            let mut data = Object::open(&mut body);
            echo(&mut data, question, "offset", search.cut.offset);
            echo(&mut data, question, "limit", search.cut.limit);
            count(&mut data, &knobs, "total_found", total);
            data.number("entries", rows.len() as u64);
            push_rows(data.key("results"), scene, &rows);
            data.close();
            body.push('}');
            Ok(Answer::json(body))
        })
    })
}

fn push_rows(out: &mut String, scene: &Scene<'_>, rows: &[Call]) {
    out.push('[');
    for (place, call) in rows.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        scene.push(out, call);
    }
    out.push(']');
}

impl<'a> Search<'a> {
    fn read(question: &'a Question, knobs: &Knobs, wall_clock: i64) -> Result<Self, Refused> {
        let limit = whole(question, "limit", MOST, (7230, "Invalid limit"))?;
        if limit == 0 || (limit > MOST && knobs.over_limit == OverLimit::Refuse) {
            return Err((7230, "Invalid limit"));
        }
        let offset = whole(question, "offset", 0, (7231, "Invalid offset"))?;
        if offset > FARTHEST {
            return Err((7231, "Invalid offset"));
        }
        let today = wall_clock - wall_clock.rem_euclid(DAY);
        let is_ascending = question
            .get("order")
            .is_some_and(|order| order.eq_ignore_ascii_case("ASC"));
        Ok(Self {
            since: time(question, "start_time", today)?,
            until: time(question, "end_time", today + DAY - 1)?,
            cut: Cut {
                offset,
                limit: limit.min(MOST),
                newest_first: !is_ascending || knobs.order == Order::Ignored,
            },
            with_recordings: matches!(question.get("include_recordings"), Some("1" | "true")),
            filters: FILTERS
                .into_iter()
                .filter_map(|name| Some((name, question.get(name)?)))
                .collect(),
        })
    }

    /// Unknown ids are refused, not merely not found (documented).
    fn check(&self, state: &State) -> Result<(), Refused> {
        let lists = || CAMPAIGNS.iter().flat_map(|campaign| campaign.lists);
        for &(name, value) in &self.filters {
            let (is_known, refused) = match name {
                "list_id" => (among(lists(), value), (6002, "No such List")),
                "campaign_id" => (
                    among(CAMPAIGNS.iter().map(|campaign| campaign.id), value),
                    (6004, "Unknown Campaign ID"),
                ),
                "user_id" => (state.roster.knows(value), (6006, "Unknown User ID")),
                "queue_id" => (
                    among(QUEUES.iter().map(|queue| queue.id), value),
                    (6030, "Unknown Queue ID"),
                ),
                _ => continue,
            };
            if !is_known {
                return Err(refused);
            }
        }
        Ok(())
    }

    /// The positions of the calls that have begun and pass the filters.
    fn find(&self, scene: &Scene<'_>, window: &[Call]) -> Vec<u32> {
        let passes = |call: &Call| {
            call.start <= scene.now
                && (self.filters.is_empty() || {
                    let view = scene.view(call);
                    self.filters
                        .iter()
                        .all(|&(name, value)| says(scene, &view, name, value))
                })
        };
        (0..)
            .zip(window)
            .filter(|(_, call)| passes(call))
            .map(|(at, _)| at)
            .collect()
    }
}

fn among(mut ids: impl Iterator<Item = u32>, value: &str) -> bool {
    value
        .parse()
        .is_ok_and(|value: u32| value == 0 || ids.any(|id| id == value))
}

/// The vendor's filter compares the text of the account's wall clock, whose ends both count (assumed).
fn time(question: &Question, name: &str, default: i64) -> Result<i64, Refused> {
    question.get(name).map_or(Ok(default), |text| {
        local::parse(text).ok_or((6023, "Invalid date format"))
    })
}

fn says(scene: &Scene<'_>, view: &View<'_>, name: &str, value: &str) -> bool {
    let story = &view.story;
    let is = |number: Option<u64>| number.is_some_and(|number| value.parse() == Ok(number));
    match name {
        "id" => is(Some(id(view.call.number))),
        "lead_id" => is(story.lead.map(u64::from)),
        "campaign_id" => is(story.campaign.map(|campaign| u64::from(campaign.id))),
        "queue_id" => is(story.queue.map(|queue| u64::from(queue.id))),
        "list_id" => is(Some(u64::from(story.list))),
        "user_id" => is(Some(u64::from(scene.user(view).0))),
        "call_type" => value == story.kind.word(),
        "called_count" => is(Some(u64::from(story.called_count))),
        "status" => value == view.status().0,
        "phone_number" => is(Some(scene.phone(view))),
        "number_dialed" => is(Some(scene.dialed(view))),
        "first_name" => scene.name(view)[0] == Some(value),
        _ => scene.name(view)[1] == Some(value),
    }
}
