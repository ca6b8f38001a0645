//! What ties calls together: no agent is on two of them at once, leads are called after they were made, and what was promised is kept or
//! not.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::State;
use super::call_log::Call;
use super::call_script::{CallScript, Fate, Kind};

/// An agent who is needed elsewhere hangs up no sooner than so many seconds after the start, with the work after the call.
const SHORTEST: i64 = 45;

/// What was decided about a call when it was planned. All is as chance has it where nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Plan {
    /// The lead, or 0.
    lead: u32,
    /// The agent's place, or the greatest number.
    agent: u16,
    /// Seconds until the agent's next call, where that bounds this one; else the greatest number.
    room: u16,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            lead: 0,
            agent: u16::MAX,
            room: u16::MAX,
        }
    }
}

impl Plan {
    pub(super) fn lead(self) -> Option<u32> {
        (self.lead > 0).then_some(self.lead)
    }

    pub(super) fn agent(self) -> Option<usize> {
        (self.agent < u16::MAX).then_some(self.agent.into())
    }

    pub(super) fn room(self) -> i64 {
        self.room.into()
    }

    /// Means another lead than the drawn one.
    pub(super) fn choose_lead(&mut self, script: &CallScript, lead: Option<u32>) {
        if let Some(lead) = lead.filter(|_| script.lead != lead) {
            self.lead = lead;
        }
    }
}

/// Somebody who is to be called from an instant on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    at: i64,
    lead: u32,
}

/// What an agent was given last.
#[derive(Debug, Clone, Copy)]
struct Duty {
    start: i64,
    /// When it is over.
    free: i64,
    local: i64,
    number: u32,
}

/// Who is free, and who is to be called.
pub(super) struct Planner {
    /// By the agent's place.
    duties: Vec<Duty>,
    wishes: BinaryHeap<Reverse<Wish>>,
}

impl Planner {
    pub(super) fn new(agent_count: usize) -> Self {
        let idle = Duty {
            start: i64::MIN,
            free: i64::MIN,
            local: i64::MIN,
            number: u32::MAX,
        };
        Self {
            duties: vec![idle; agent_count],
            wishes: BinaryHeap::new(),
        }
    }

    /// The first call to come from an instant on is to be one to this lead.
    pub(super) fn wish(&mut self, at: i64, lead: u32) {
        self.wishes.push(Reverse(Wish { at, lead }));
    }

    /// Who has waited the longest to be called.
    fn take_wish(&mut self, now: i64) -> Option<u32> {
        let is_due = self.wishes.peek().is_some_and(|Reverse(wish)| wish.at <= now);
        is_due.then(|| self.wishes.pop().map(|Reverse(wish)| wish.lead))?
    }

    /// Who takes a call: the one whom chance means, or who has been free for the longest time, or who would be free first of those who may
    /// be torn from what they do. Nobody where all have only just begun.
    fn choose_agent(&self, drawn: usize, start: i64) -> Option<usize> {
        if self.duties[drawn].free <= start {
            return Some(drawn);
        }
        let able = (0..self.duties.len()).filter(|&place| {
            let Duty {
                start: begun, free, ..
            } = self.duties[place];
            free <= start || start - begun >= SHORTEST
        });
        able.min_by_key(|&place| self.duties[place].free)
    }
}

impl State {
    /// Schedules the calls of a day that nobody has looked at.
    pub(super) fn plan_calls(&mut self, starts: Vec<i64>) {
        let mut calls = self.number_calls(starts);
        for place in 0..calls.len() {
            let Call { number, start, .. } = calls[place];
            let script = CallScript::draw(self.seed, self.agent_count, number, start);
            self.plan_lead(&mut calls[place], &script);
            if let Fate::Talk(talk) = &script.fate {
                self.plan_agent(&mut calls, place, talk.agent, script.busy_seconds());
            }
        }
        self.calls.add(calls);
    }

    fn plan_lead(&mut self, call: &mut Call, script: &CallScript) {
        let is_dial = matches!(script.kind, Kind::Outbound | Kind::Manual);
        let has_lead = script.lead.is_some_and(|lead| lead > 0);
        let wanted = if is_dial && has_lead {
            self.planner.take_wish(call.start)
        } else {
            None
        };
        let lead = wanted.or_else(|| self.leads.present_at(script));
        call.plan.choose_lead(script, lead);
    }

    /// Gives a call to an agent. Where nobody is free, somebody hangs up for it, unless all have only just begun: an account with more
    /// calls than its agents can take has agents with several at once.
    fn plan_agent(&mut self, calls: &mut [Call], place: usize, drawn: usize, busy_seconds: i64) {
        let Call {
            local, number, start, ..
        } = calls[place];
        let Some(agent) = self.planner.choose_agent(drawn, start) else {
            return;
        };
        let duty = self.planner.duties[agent];
        if duty.free > start {
            let room = start - duty.start;
            let own = calls[..place].iter_mut().rfind(|call| call.number == duty.number);
            let before = own.or_else(|| self.calls.find_mut(duty.local, duty.number));
            if let Some(before) = before {
                before.plan.room = u16::try_from(room).unwrap_or(u16::MAX);
            }
        }
        calls[place].plan.agent = u16::try_from(agent).unwrap_or(u16::MAX);
        self.planner.duties[agent] = Duty {
            start,
            free: start + busy_seconds,
            local,
            number,
        };
    }
}
