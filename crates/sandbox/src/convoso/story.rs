//! Everything that will ever be true about one call, drawn from the seed and the call's number.

use fastrand::Rng;

use super::calls::Call;
use super::catalogue::{
    CAMPAIGNS, CHOSEN, COMMENTS, Campaign, Disposition, EDITS, Ending, INBOUND_ENDINGS, OUTBOUND_ENDINGS,
    QUEUES, Queue,
};
use crate::cast::{CUSTOMERS, FIRST_CUSTOMER};
use crate::people::scatter;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

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
    /// Place in the roster.
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
pub(super) struct Story {
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

impl Story {
    pub(super) fn of(seed: u64, agents: usize, call: &Call) -> Self {
        let mut dice = Rng::with_seed(scatter(seed, u64::from(call.number)));
        let kind = match dice.u32(..100) {
            0..=71 => Kind::Outbound,
            72..=89 => Kind::Inbound,
            90..=96 => Kind::Manual,
            _ => Kind::ThreeWay,
        };
        let fate = fate(&mut dice, kind, agents);
        let seconds = match &fate {
            Fate::Talk(_) if dice.u32(..10) == 0 => dice.i64(10 * MINUTE..HOUR),
            Fate::Talk(_) => dice.i64(15..7 * MINUTE),
            Fate::System(_) => dice.i64(0..45),
        };
        let campaign = &CAMPAIGNS[dice.usize(..CAMPAIGNS.len())];
        let is_stray = kind != Kind::Outbound && dice.u32(..8) == 0;
        Self {
            kind,
            lead: if is_stray {
                [None, Some(0)][dice.usize(..2)]
            } else {
                Some(FIRST_CUSTOMER + dice.u32(..CUSTOMERS))
            },
            campaign: (!is_stray || kind != Kind::Manual).then_some(campaign),
            list: if is_stray {
                0
            } else {
                campaign.lists[dice.usize(..campaign.lists.len())]
            },
            queue: (kind == Kind::Inbound).then(|| &QUEUES[dice.usize(..QUEUES.len())]),
            called_count: dice.u32(1..10),
            queue_tenths: dice.u32(..900),
            fate,
            form: dice.u32(..),
            start: call.start,
            seconds,
        }
    }
}

fn fate(dice: &mut Rng, kind: Kind, agents: usize) -> Fate {
    let (talks, endings) = match kind {
        Kind::Outbound => (40, &OUTBOUND_ENDINGS[..]),
        Kind::Inbound => (80, &INBOUND_ENDINGS[..]),
        Kind::Manual | Kind::ThreeWay => (100, &[][..]),
    };
    if dice.u32(..100) >= talks {
        return Fate::System(&endings[dice.usize(..endings.len())]);
    }
    let chosen = dice.usize(..CHOSEN.len());
    Fate::Talk(Talk {
        agent: dice.usize(..agents),
        originator: (kind == Kind::ThreeWay).then(|| dice.usize(..agents)),
        reason: ["AGENT", "CUSTOMER"][dice.usize(..2)],
        wrap_seconds: dice.i64(5..2 * MINUTE),
        chosen: CHOSEN[chosen],
        corrected: one_in(dice, 50).then(|| (dice.i64(20 * HOUR..28 * HOUR), correction(chosen))),
        comment: dice.usize(..COMMENTS.len()),
        edited: one_in(dice, 33).then(|| (dice.i64(5 * MINUTE..48 * HOUR), dice.usize(..EDITS.len()))),
        recorded: (dice.u32(..100) < 55).then(|| (dice.i64(2 * MINUTE..40 * MINUTE), recording_count(dice))),
    })
}

/// What a supervisor makes of it; never what it was.
fn correction(chosen: usize) -> Disposition {
    let others = (1..CHOSEN.len()).map(|step| CHOSEN[(chosen + step) % CHOSEN.len()]);
    others
        .into_iter()
        .find(|other| *other != CHOSEN[chosen])
        .expect("there are different dispositions")
}

fn recording_count(dice: &mut Rng) -> u32 {
    if one_in(dice, 12) { dice.u32(2..4) } else { 1 }
}

fn one_in(dice: &mut Rng, cases: u32) -> bool {
    dice.u32(..cases) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stories() -> impl Iterator<Item = Story> {
        (0..20_000).map(|number| {
            Story::of(
                7,
                12,
                &Call {
                    local: 0,
                    number,
                    start: 1_000_000,
                },
            )
        })
    }

    #[test]
    fn every_kind_of_call_and_every_oddity_occurs() {
        let all: Vec<Story> = stories().collect();
        for kind in [Kind::Outbound, Kind::Inbound, Kind::Manual, Kind::ThreeWay] {
            assert!(all.iter().any(|story| story.kind == kind), "{kind:?}");
        }
        assert!(all.iter().any(|story| story.lead.is_none()));
        assert!(all.iter().any(|story| story.lead == Some(0) && story.list == 0));
        assert!(all.iter().any(|story| story.campaign.is_none()));
        assert!(all.iter().any(|story| story.stage(i64::MAX).recording_count == 3));
    }
}
