//! Everything that will ever be true about one call, drawn from the seed and the call's number and bent by what was planned, and how
//! it stands at an instant.

use fastrand::Rng;

use super::call_log::Call;
use super::catalogue::{
    CAMPAIGNS, CHOSEN, COMMENTS, Campaign, Disposition, EDITS, Ending, INBOUND_ENDINGS, LIVE,
    OUTBOUND_ENDINGS, QUEUES, Queue, WRAP_UP,
};
use crate::local::HOUR;
use crate::people::{CUSTOMERS, FIRST_CUSTOMER};
use crate::rng::rng_of;

const MINUTE: i64 = 60;

/// Which way a call goes, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Outbound,
    Inbound,
    Manual,
    ThreeWay,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Outbound => "OUTBOUND",
            Self::Inbound => "INBOUND",
            Self::Manual => "MANUAL",
            Self::ThreeWay => "3WAY",
        }
    }
}

/// A conversation with an agent, and what is done about it afterwards.
#[derive(Debug)]
pub(super) struct Talk {
    /// The agent's place.
    pub(super) agent: usize,
    pub(super) originator: Option<usize>,
    pub(super) reason: &'static str,
    pub(super) wrap_seconds: i64,
    pub(super) chosen: Disposition,
    pub(super) corrected: Option<(i64, Disposition)>,
    pub(super) comment: usize,
    pub(super) edited: Option<(i64, usize)>,
    pub(super) recorded: Option<(i64, u32)>,
}

/// Who had the call in the end.
#[derive(Debug)]
pub(super) enum Fate {
    Talk(Talk),
    System(&'static Ending),
}

/// Everything that will ever be true about a call.
#[derive(Debug)]
pub(super) struct CallScript {
    pub(super) kind: Kind,
    /// `Some(0)` where the vendor says `"0"`.
    pub(super) lead: Option<u32>,
    pub(super) campaign: Option<&'static Campaign>,
    pub(super) list: u32,
    pub(super) queue: Option<&'static Queue>,
    pub(super) called_count: u32,
    pub(super) queue_tenths: u32,
    pub(super) fate: Fate,
    /// Decides between forms of a row that mean the same.
    pub(super) form: u32,
    pub(super) start: i64,
    pub(super) seconds: i64,
}

impl CallScript {
    /// What is true about a call.
    pub(super) fn of(seed: u64, agents: usize, call: &Call) -> Self {
        let mut script = Self::draw(seed, agents, call.number, call.start);
        if let Some(lead) = call.plan.lead() {
            script.lead = Some(lead);
        }
        if let Fate::Talk(talk) = &mut script.fate {
            talk.agent = call.plan.agent().unwrap_or(talk.agent);
            // Before the agent's next call there must be time for both.
            let (needed, room) = (script.seconds + talk.wrap_seconds, call.plan.room());
            if needed > room {
                script.seconds = script.seconds * room / needed;
                talk.wrap_seconds = room - script.seconds;
            }
        }
        script
    }

    /// The same as chance alone would have it.
    pub(super) fn draw(seed: u64, agents: usize, number: u32, start: i64) -> Self {
        let mut rng = rng_of(seed, u64::from(number));
        let kind = match rng.u32(..100) {
            0..=71 => Kind::Outbound,
            72..=89 => Kind::Inbound,
            90..=96 => Kind::Manual,
            _ => Kind::ThreeWay,
        };
        let fate = draw_fate(&mut rng, kind, agents);
        let seconds = match &fate {
            Fate::Talk(_) if rng.u32(..10) == 0 => rng.i64(10 * MINUTE..HOUR),
            Fate::Talk(_) => rng.i64(15..7 * MINUTE),
            Fate::System(_) => rng.i64(0..45),
        };
        let campaign = &CAMPAIGNS[rng.usize(..CAMPAIGNS.len())];
        let is_stray = kind != Kind::Outbound && rng.u32(..8) == 0;
        Self {
            kind,
            lead: if is_stray {
                [None, Some(0)][rng.usize(..2)]
            } else {
                Some(FIRST_CUSTOMER + rng.u32(..CUSTOMERS))
            },
            campaign: (!is_stray || kind != Kind::Manual).then_some(campaign),
            list: if is_stray {
                0
            } else {
                campaign.lists[rng.usize(..campaign.lists.len())]
            },
            queue: (kind == Kind::Inbound).then(|| &QUEUES[rng.usize(..QUEUES.len())]),
            called_count: rng.u32(1..10),
            queue_tenths: rng.u32(..900),
            fate,
            form: rng.u32(..),
            start,
            seconds,
        }
    }
}

fn draw_fate(rng: &mut Rng, kind: Kind, agents: usize) -> Fate {
    let (talks, endings) = match kind {
        Kind::Outbound => (40, &OUTBOUND_ENDINGS[..]),
        Kind::Inbound => (80, &INBOUND_ENDINGS[..]),
        Kind::Manual | Kind::ThreeWay => (100, &[][..]),
    };
    if rng.u32(..100) >= talks {
        return Fate::System(&endings[rng.usize(..endings.len())]);
    }
    let chosen = rng.usize(..CHOSEN.len());
    Fate::Talk(Talk {
        agent: rng.usize(..agents),
        originator: (kind == Kind::ThreeWay).then(|| rng.usize(..agents)),
        reason: ["AGENT", "CUSTOMER"][rng.usize(..2)],
        wrap_seconds: rng.i64(5..2 * MINUTE),
        chosen: CHOSEN[chosen],
        corrected: one_in(rng, 50).then(|| (rng.i64(20 * HOUR..28 * HOUR), correction_of(chosen))),
        comment: rng.usize(..COMMENTS.len()),
        edited: one_in(rng, 33).then(|| (rng.i64(5 * MINUTE..48 * HOUR), rng.usize(..EDITS.len()))),
        recorded: (rng.u32(..100) < 55).then(|| (rng.i64(2 * MINUTE..40 * MINUTE), recording_count(rng))),
    })
}

/// What a supervisor makes of it; never what it was.
fn correction_of(chosen: usize) -> Disposition {
    let others = (1..CHOSEN.len()).map(|step| CHOSEN[(chosen + step) % CHOSEN.len()]);
    others
        .into_iter()
        .find(|other| *other != CHOSEN[chosen])
        .expect("there are different dispositions")
}

fn recording_count(rng: &mut Rng) -> u32 {
    if one_in(rng, 12) { rng.u32(2..4) } else { 1 }
}

fn one_in(rng: &mut Rng, cases: u32) -> bool {
    rng.u32(..cases) == 0
}

/// A text somebody wrote into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comment {
    None,
    Written(usize),
    Edited(usize),
}

/// A call as it stands at one instant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CallState {
    pub(super) is_live: bool,
    pub(super) disposition: Disposition,
    pub(super) seconds: Option<i64>,
    pub(super) reason: &'static str,
    pub(super) comment: Comment,
    pub(super) recording_count: u32,
}

impl CallScript {
    /// How long the agent has to do with it: the conversation and the work after it; nothing where no agent took it.
    pub(super) fn busy_seconds(&self) -> i64 {
        match &self.fate {
            Fate::Talk(talk) => self.seconds + talk.wrap_seconds,
            Fate::System(_) => 0,
        }
    }

    pub(super) fn state_at(&self, now: i64) -> CallState {
        let hang_up = self.start + self.seconds;
        let is_live = now < hang_up;
        let mut state = CallState {
            is_live,
            disposition: LIVE,
            seconds: None,
            // Both forms were seen in client programs.
            reason: if self.form.is_multiple_of(3) { "" } else { "NONE" },
            comment: Comment::None,
            recording_count: 0,
        };
        if !is_live {
            match &self.fate {
                Fate::System(ending) => state.end(ending, self.seconds),
                Fate::Talk(talk) => state.follow(talk, self.seconds, now - hang_up),
            }
        }
        state
    }
}

impl CallState {
    /// Some endings are final without a length and without a reason (seen in client programs).
    fn end(&mut self, ending: &Ending, seconds: i64) {
        self.disposition = ending.disposition;
        self.seconds = ending.reason.map(|_| seconds);
        self.reason = ending.reason.unwrap_or("NONE");
    }

    fn follow(&mut self, talk: &Talk, seconds: i64, since_hang_up: i64) {
        self.seconds = Some(seconds);
        self.reason = talk.reason;
        self.disposition = WRAP_UP;
        if since_hang_up >= talk.wrap_seconds {
            self.disposition = talk.chosen;
            self.comment = Comment::Written(talk.comment);
        }
        if let Some((_, correction)) = talk.corrected.filter(|(after, _)| since_hang_up >= *after) {
            self.disposition = correction;
        }
        if let Some((_, text)) = talk.edited.filter(|(after, _)| since_hang_up >= *after) {
            self.comment = Comment::Edited(text);
        }
        if let Some((_, count)) = talk.recorded.filter(|(after, _)| since_hang_up >= *after) {
            self.recording_count = count;
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn scripts() -> impl Iterator<Item = CallScript> {
        (0..20_000).map(|number| CallScript::draw(7, 12, number, 1_000_000))
    }

    fn end(script: &CallScript) -> i64 {
        script.start + script.seconds
    }

    #[test]
    fn a_call_begins_live_and_a_conversation_gets_length_disposition_and_recording_in_turn() {
        for script in scripts().filter(|script| script.seconds > 0) {
            let state = script.state_at(script.start);
            assert_eq!(
                (state.is_live, state.disposition, state.seconds),
                (true, LIVE, None)
            );
            let Fate::Talk(talk) = &script.fate else { continue };
            let hung_up = script.state_at(end(&script));
            assert_eq!(
                (hung_up.seconds, hung_up.disposition),
                (Some(script.seconds), WRAP_UP)
            );
            let wrapped = script.state_at(end(&script) + talk.wrap_seconds);
            assert_eq!((wrapped.disposition, wrapped.recording_count), (talk.chosen, 0));
            if let Some((after, count)) = talk.recorded {
                assert_eq!(script.state_at(end(&script) + after - 1).recording_count, 0);
                assert_eq!(script.state_at(end(&script) + after).recording_count, count);
            }
        }
    }

    #[test]
    fn a_few_conversations_are_corrected_a_day_later_and_a_few_comments_edited() {
        let mut counts = [0_u32; 3];
        for script in scripts() {
            let Fate::Talk(talk) = &script.fate else { continue };
            let later = script.state_at(end(&script) + 48 * HOUR);
            assert_eq!(script.state_at(end(&script) + 19 * HOUR).disposition, talk.chosen);
            counts[0] += 1;
            counts[1] += u32::from(later.disposition != talk.chosen);
            counts[2] += u32::from(matches!(later.comment, Comment::Edited(_)));
        }
        let share = |count: u32| f64::from(count) / f64::from(counts[0]);
        assert!((0.015..0.025).contains(&share(counts[1])), "{counts:?}");
        assert!((0.025..0.035).contains(&share(counts[2])), "{counts:?}");
    }
}
