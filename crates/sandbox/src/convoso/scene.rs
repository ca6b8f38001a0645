//! A call as it stands now, with everything its row is made of.

use std::collections::HashMap;

use super::calls::Call;
use super::catalogue::{COMMENTS, EDITS, SYSTEM_NAME};
use super::roster::Roster;
use super::stage::{Comment, Stage};
use super::story::{Fate, Kind, Story};
use crate::people::{FIRST, LAST, one_of, phone, scatter};

/// The id of the call with number 0.
const FIRST_ID: u64 = 90_010_001;

/// The vendor's id of a call.
pub(super) fn id(number: u32) -> u64 {
    FIRST_ID + u64::from(number)
}

/// The number of a call by its id.
pub(super) fn number(id: &str) -> Option<u32> {
    let id: u64 = id.parse().ok()?;
    u32::try_from(id.checked_sub(FIRST_ID)?).ok()
}

/// What somebody changed about a call by hand.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub(super) disposition: Option<(String, String)>,
    pub(super) comment: Option<String>,
    pub(super) more_recordings: u32,
}

/// Everything besides the call that decides how its row looks.
pub(super) struct Scene<'a> {
    pub(super) seed: u64,
    /// How many agents take calls.
    pub(super) agents: usize,
    pub(super) roster: &'a Roster,
    pub(super) edits: &'a HashMap<u32, Edit>,
    pub(super) prose: &'a str,
    pub(super) comment_bytes: usize,
    pub(super) now: i64,
    pub(super) is_dirty: bool,
    pub(super) broken: &'a [u32],
    pub(super) with_recordings: bool,
}

/// A call with all that is known about it now.
pub(super) struct View<'a> {
    pub(super) call: &'a Call,
    pub(super) story: Story,
    pub(super) stage: Stage,
    pub(super) edit: Option<&'a Edit>,
}

impl View<'_> {
    pub(super) fn status(&self) -> (&str, &str) {
        match self.edit.and_then(|edit| edit.disposition.as_ref()) {
            Some((code, name)) => (code, name),
            None => (self.stage.disposition.code, self.stage.disposition.name),
        }
    }
}

impl Scene<'_> {
    pub(super) fn view<'a>(&'a self, call: &'a Call) -> View<'a> {
        let story = Story::of(self.seed, self.agents, call);
        let stage = story.stage(self.now);
        let edit = if self.edits.is_empty() {
            None
        } else {
            self.edits.get(&call.number)
        };
        View {
            call,
            story,
            stage,
            edit,
        }
    }

    /// Id and display name of the user the call is booked on.
    pub(super) fn user(&self, view: &View<'_>) -> (u32, &str) {
        match &view.story.fate {
            Fate::System(_) if view.stage.is_live => (0, SYSTEM_NAME),
            Fate::System(ending) => (ending.user_id, SYSTEM_NAME),
            Fate::Talk(talk) => {
                let agent = self.roster.at(talk.agent);
                (agent.id, agent.name_at(view.call.start))
            }
        }
    }

    /// The number of the person at the other end.
    pub(super) fn phone(&self, view: &View<'_>) -> u64 {
        let owner = view
            .story
            .lead
            .filter(|&lead| lead > 0)
            .unwrap_or(view.call.number);
        phone(scatter(self.seed, u64::from(owner)))
    }

    /// The number that was dialed; what agents dial by hand may carry the country code (assumed).
    pub(super) fn dialed(&self, view: &View<'_>) -> u64 {
        let is_long = view.story.kind == Kind::Manual && view.story.form & 64 == 0;
        self.phone(view) + if is_long { 10_000_000_000 } else { 0 }
    }

    /// First and last name; both are missing, empty or the literal `null` now and then.
    pub(super) fn name(&self, view: &View<'_>) -> [Option<&'static str>; 2] {
        let Some(lead) = view.story.lead.filter(|&lead| lead > 0) else {
            return [None, None];
        };
        let pick = scatter(self.seed ^ 1, u64::from(lead));
        [odd_name(&FIRST, pick), odd_name(&LAST, pick >> 24)]
    }

    /// What is written into the call.
    pub(super) fn comment<'b>(&'b self, view: &'b View<'_>) -> Option<&'b str> {
        if let Some(text) = view.edit.and_then(|edit| edit.comment.as_deref()) {
            return Some(text);
        }
        if self.comment_bytes > 0 && !view.stage.is_live {
            let turn = u64::from(matches!(view.stage.comment, Comment::Edited(_)));
            let room = (self.prose.len() - self.comment_bytes) as u64;
            let from = usize::try_from(scatter(turn, u64::from(view.call.number)) % room)
                .expect("prose fits memory");
            return Some(&self.prose[from..from + self.comment_bytes]);
        }
        match view.stage.comment {
            Comment::None => None,
            Comment::Written(pick) => Some(COMMENTS[pick]),
            Comment::Edited(pick) => Some(EDITS[pick]),
        }
    }
}

fn odd_name(pool: &[&'static str], pick: u64) -> Option<&'static str> {
    match pick % 60 {
        0 => Some("null"),
        1 => Some(""),
        2..=8 => None,
        _ => Some(one_of(pool, pick / 60)),
    }
}
