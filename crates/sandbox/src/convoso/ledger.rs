//! The account's leads: who they are, what calls made of them, and which of them are gone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono_tz::Tz;

use super::calls::{Call, Calls};
use super::catalogue::CAMPAIGNS;
use super::roster::{Roster, offset_text};
use super::story::{Fate, Kind, Story};
use crate::cast::{CUSTOMERS, Customer, FIRST_CUSTOMER, customer};
use crate::local;
use crate::people::{phone, scatter};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How a lead is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Deleted,
    Archived,
}

/// A lead as it stands.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) who: Customer,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) status: (String, String),
    pub(super) user_id: u32,
    pub(super) list: u32,
    pub(super) called: u32,
    pub(super) called_inbound: u32,
    pub(super) last_called: Option<i64>,
    pub(super) first_contacted: Option<i64>,
    pub(super) note: String,
    pub(super) gone: Option<(Gone, i64)>,
}

/// What a call makes of its lead, once it is over.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    at: i64,
    lead: u32,
    call: Call,
}

/// All leads there ever were, by number, kept up with the calls.
pub(super) struct Ledger {
    seed: u64,
    pub(super) zone: Tz,
    pub(super) leads: Vec<Lead>,
    /// Calls that began up to here are known.
    known: i64,
    touches: BinaryHeap<Reverse<Touch>>,
}

impl Ledger {
    /// Every customer as a lead, last changed some time in the history, some of them gone.
    pub(super) fn new(seed: u64, zone: Tz, history: std::ops::Range<i64>) -> Self {
        let span = u64::try_from(history.end - history.start).unwrap_or(0).max(1);
        let lead = |number: u32| {
            let pick = scatter(seed ^ 0x1EAD, u64::from(number));
            let modified = history.start + (pick % span).cast_signed();
            let age = (scatter(pick, 1) % 300).cast_signed() * DAY;
            let gone = match number % 97 {
                13 => Some((Gone::Deleted, modified)),
                57 => Some((Gone::Archived, modified)),
                _ => None,
            };
            Lead {
                gone,
                ..fresh(customer(seed, number), history.start - age, modified)
            }
        };
        Self {
            seed,
            zone,
            leads: (FIRST_CUSTOMER..FIRST_CUSTOMER + CUSTOMERS).map(lead).collect(),
            known: history.start - DAY,
            touches: BinaryHeap::new(),
        }
    }

    /// Applies all calls that are over by now. Calls that are added to the past afterwards touch no lead.
    pub(super) fn follow(&mut self, calls: &Calls, roster: &Roster, agents: usize, now: i64) {
        let wall = |at| local::wall_clock(self.zone, at);
        let recent = calls.between(wall(self.known) - HOUR, wall(now) + HOUR);
        for call in recent
            .iter()
            .filter(|call| self.known < call.start && call.start <= now)
        {
            let story = Story::of(self.seed, agents, call);
            let wrap = match &story.fate {
                Fate::Talk(talk) => talk.wrap_seconds,
                Fate::System(_) => 0,
            };
            let at = story.start + story.seconds + wrap;
            if let Some(lead) = story.lead.filter(|lead| *lead > 0) {
                self.touches.push(Reverse(Touch {
                    at,
                    lead,
                    call: *call,
                }));
            }
        }
        self.known = self.known.max(now);
        while self.touches.peek().is_some_and(|Reverse(touch)| touch.at <= now) {
            let Some(Reverse(touch)) = self.touches.pop() else {
                break;
            };
            let story = Story::of(self.seed, agents, &touch.call);
            if let Some(lead) = self.find(touch.lead).filter(|lead| lead.gone.is_none()) {
                lead.hear(&story, roster, touch.at);
            }
        }
    }

    /// The lead of this number.
    pub(super) fn find(&mut self, number: u32) -> Option<&mut Lead> {
        let place = number.checked_sub(FIRST_CUSTOMER)?;
        self.leads.get_mut(place as usize)
    }

    /// A lead who is no customer yet.
    pub(super) fn add(&mut self, now: i64) -> u32 {
        let number = FIRST_CUSTOMER + u32::try_from(self.leads.len()).expect("an account has fewer leads");
        let who = Customer {
            phone: phone(scatter(self.seed, u64::from(number))),
            ..customer(self.seed, number)
        };
        self.leads.push(fresh(who, now, now));
        number
    }

    /// The lead's times as the vendor writes them.
    pub(super) fn iso(&self, at: i64) -> String {
        offset_text(self.zone, at)
    }

    /// What the account's wall clock shows.
    pub(super) fn wall(&self, at: i64) -> i64 {
        local::wall_clock(self.zone, at)
    }
}

fn fresh(who: Customer, created: i64, modified: i64) -> Lead {
    let lists: Vec<u32> = CAMPAIGNS.iter().flat_map(|campaign| campaign.lists).collect();
    Lead {
        list: lists[who.number as usize % lists.len()],
        who,
        created,
        modified,
        status: ("NEW".to_owned(), "New Lead".to_owned()),
        user_id: 0,
        called: 0,
        called_inbound: 0,
        last_called: None,
        first_contacted: None,
        note: String::new(),
        gone: None,
    }
}

impl Lead {
    fn hear(&mut self, story: &Story, roster: &Roster, at: i64) {
        if story.kind == Kind::Inbound {
            self.called_inbound += 1;
        } else {
            self.called += 1;
        }
        self.last_called = Some(story.start);
        let disposition = match &story.fate {
            Fate::Talk(talk) => {
                self.user_id = roster.at(talk.agent).id;
                self.first_contacted.get_or_insert(story.start);
                talk.chosen
            }
            Fate::System(ending) => ending.disposition,
        };
        self.status = (disposition.code.to_owned(), disposition.name.to_owned());
        self.modified = self.modified.max(at);
    }
}
