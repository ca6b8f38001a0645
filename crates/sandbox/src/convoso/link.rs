//! Calls that another simulated vendor has heard too.

use super::scene::id;
use super::story::{Fate, Kind};
use super::world::World;
use crate::local;

/// Every so manyth call is heard.
const STEP: u32 = 4;
/// Longer than any difference between the account's clocks.
const MARGIN: i64 = 2 * 3_600;

/// What another vendor knows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The call's number.
    pub(crate) number: u32,
    /// The call's id at Convoso.
    pub(crate) id: u64,
    /// Its start in UTC.
    pub(crate) start: i64,
    /// Its length in seconds.
    pub(crate) seconds: i64,
    /// The agent's place.
    pub(crate) agent: usize,
    /// The customer's telephone.
    pub(crate) phone: u64,
    /// Whether the customer called.
    pub(crate) is_inbound: bool,
}

impl World {
    /// The calls with an agent that began within a stretch of time and were heard; both ends belong to it.
    pub(crate) fn links(&self, since: i64, until: i64) -> Vec<Link> {
        self.read(|state, now| {
            let from = local::wall_clock(self.zone(), since) - MARGIN;
            let to = local::wall_clock(self.zone(), until.min(now)) + MARGIN;
            self.scene(state, now, false, |scene| {
                let calls = state.calls.between(from, to).iter();
                let heard = calls.filter(|call| {
                    call.number.is_multiple_of(STEP) && (since..=until.min(now)).contains(&call.start)
                });
                let link = |call| {
                    let view = scene.view(call);
                    let Fate::Talk(talk) = &view.story.fate else {
                        return None;
                    };
                    Some(Link {
                        number: call.number,
                        id: id(call.number),
                        start: call.start,
                        seconds: view.story.seconds,
                        agent: talk.agent,
                        phone: scene.phone(&view),
                        is_inbound: view.story.kind == Kind::Inbound,
                    })
                };
                heard.filter_map(link).collect()
            })
        })
    }
}
