//! The account's leads: who they are, what calls made of them, which are gone; and leads/search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use serde_json::{Value, json};

use super::api::{Paging, Refused, Span, success};
use super::call_log::Call;
use super::call_script::{CallScript, Fate, Kind};
use super::catalogue::{CAMPAIGNS, list_ids};
use super::lists::{agent_id, list_name};
use super::planner::Planner;
use super::{Account, DAY, Empty, HOUR, Quirks, State, Ties};
use crate::account::Records;
use crate::local::{offset_text, wall_text};
use crate::people::{CUSTOMERS, Customer, FIRST_CUSTOMER, describe_customer, phone_of};
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::{Life, Record, Table, View};

/// Documented default and greatest page.
const PAGING: Paging = Paging::new(10, 2_000).strictly();
const MINUTE: i64 = 60;
/// From the beginning of the clock on, one of the leads that are to go goes after so many seconds each.
const GOING_PACE: i64 = 20 * MINUTE;

/// A lead as it stands.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    who: Customer,
    created: i64,
    modified: i64,
    status: (&'static str, &'static str),
    user_id: u32,
    list: u32,
    called: u32,
    called_inbound: u32,
    last_called: Option<i64>,
    first_contacted: Option<i64>,
    note: String,
}

impl Record for Lead {}

/// What a call makes of its lead, once it is over.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    at: i64,
    lead: u32,
    call: Call,
}

/// A lead that will go.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Going {
    at: i64,
    lead: u32,
    is_deleted: bool,
}

/// All leads there ever were, kept up with the calls.
pub(super) struct LeadStore {
    pub(super) all: Table<Lead>,
    seed: u64,
    /// How many customers are leads.
    count: u32,
    /// What the leads are drawn from.
    history: Range<i64>,
    /// Whether anybody has asked for them.
    is_drawn: bool,
    /// Calls that began up to here are known.
    known: i64,
    touches: BinaryHeap<Reverse<Touch>>,
    goings: BinaryHeap<Reverse<Going>>,
}

impl LeadStore {
    pub(super) fn new(seed: u64, count: u32, history: Range<i64>) -> Self {
        Self {
            all: Table::default(),
            seed,
            count: count.min(CUSTOMERS),
            known: history.start - DAY,
            history,
            is_drawn: false,
            touches: BinaryHeap::new(),
            goings: BinaryHeap::new(),
        }
    }

    fn length(&self) -> u64 {
        u64::try_from(self.history.end - self.history.start)
            .unwrap_or(0)
            .max(1)
    }

    fn pick(&self, number: u32) -> u64 {
        scatter(self.seed ^ 0x1EAD, u64::from(number))
    }

    /// When a customer became a lead: a third of them did in the history.
    pub(super) fn made_at(&self, number: u32) -> i64 {
        let pick = self.pick(number);
        if is_new(number) {
            self.history.start + (scatter(pick, 2) % self.length()).cast_signed()
        } else {
            self.history.start - (scatter(pick, 1) % 300).cast_signed() * DAY
        }
    }

    /// The lead of a call, or an older one where that lead was not made yet when the call began.
    pub(super) fn present_at(&self, script: &CallScript) -> Option<u32> {
        let lead = script.lead.filter(|&lead| lead > 0)?;
        // The neighbour of a new one is old.
        let is_made = !is_new(lead) || self.made_at(lead) <= script.start;
        Some(if is_made { lead } else { lead + 1 })
    }

    /// New leads are to be called within minutes, hours or days; a few are left to chance.
    pub(super) fn wish_first_calls(&self, planner: &mut Planner) {
        for number in (FIRST_CUSTOMER..FIRST_CUSTOMER + self.count).filter(|&number| is_new(number)) {
            if let Some(patience) = patience_of(self.pick(number)) {
                planner.wish(self.made_at(number) + patience, number);
            }
        }
    }

    /// Every customer as a lead, last changed some time in the history; some are gone, and some will be.
    fn draw(&mut self) {
        self.is_drawn = true;
        for number in FIRST_CUSTOMER..FIRST_CUSTOMER + self.count {
            let pick = self.pick(number);
            let created = self.made_at(number);
            let modified = self.history.start + (pick % self.length()).cast_signed();
            let modified = modified.max(created);
            let (id, who) = (number.to_string(), describe_customer(self.seed, number));
            self.all
                .add(id.clone(), i64::MIN, Lead::new(who, created, modified));
            let life = match number % 97 {
                13 => Life::Deleted,
                57 => Life::Archived,
                _ => continue,
            };
            if number.is_multiple_of(4) {
                let turn = i64::try_from(self.goings.len()).expect("a few") + 1;
                self.goings.push(Reverse(Going {
                    at: self.history.end + turn * GOING_PACE,
                    lead: number,
                    is_deleted: life == Life::Deleted,
                }));
            } else {
                self.all.set_life(&id, modified, life);
            }
        }
    }

    /// Lets the leads go that go up to an instant.
    fn let_go(&mut self, until: i64) {
        while self.goings.peek().is_some_and(|Reverse(going)| going.at <= until) {
            let Some(Reverse(going)) = self.goings.pop() else {
                break;
            };
            let life = if going.is_deleted {
                Life::Deleted
            } else {
                Life::Archived
            };
            self.all.set_life(&going.lead.to_string(), going.at, life);
        }
    }

    /// A lead who is no customer yet; returns the id.
    pub(super) fn add(&mut self, now: i64) -> String {
        let number = FIRST_CUSTOMER + u32::try_from(self.all.len()).expect("an account has fewer leads");
        let who = Customer {
            phone: phone_of(scatter(self.seed, u64::from(number))),
            ..describe_customer(self.seed, number)
        };
        self.all.add(number.to_string(), now, Lead::new(who, now, now));
        number.to_string()
    }

    /// Changes a lead, and dates the change. Says whether there is such a lead.
    pub(super) fn touch(&mut self, id: &str, now: i64, at: i64) -> bool {
        self.all.change(id, now, |lead| {
            lead.modified = at;
            lead.note = format!("{} changed", lead.note.len());
        })
    }
}

/// Whether a customer became a lead in the history.
fn is_new(number: u32) -> bool {
    number % 3 == 1
}

/// After how many seconds somebody who has just become known is to be called; nothing where nobody cares.
pub(super) fn patience_of(pick: u64) -> Option<i64> {
    let among = |most: i64| (scatter(pick, 4) % most.unsigned_abs()).cast_signed();
    match scatter(pick, 3) % 10 {
        0..=3 => Some(MINUTE + among(HOUR)),
        4..=7 => Some(HOUR + among(DAY)),
        8 => Some(DAY + among(4 * DAY)),
        _ => None,
    }
}

impl Lead {
    fn new(who: Customer, created: i64, modified: i64) -> Self {
        let lists: Vec<u32> = list_ids().collect();
        Self {
            list: lists[who.number as usize % lists.len()],
            who,
            created,
            modified,
            status: ("NEW", "New Lead"),
            user_id: 0,
            called: 0,
            called_inbound: 0,
            last_called: None,
            first_contacted: None,
            note: String::new(),
        }
    }

    fn hear(&mut self, script: &CallScript, at: i64) {
        if script.kind == Kind::Inbound {
            self.called_inbound += 1;
        } else {
            self.called += 1;
        }
        self.last_called = Some(script.start);
        let disposition = match &script.fate {
            Fate::Talk(talk) => {
                self.user_id = agent_id(talk.agent);
                self.first_contacted.get_or_insert(script.start);
                talk.chosen
            }
            Fate::System(ending) => ending.disposition,
        };
        self.status = (disposition.code, disposition.name);
        self.modified = self.modified.max(at);
    }
}

impl State {
    /// Applies all calls that are over by now. Calls that are added to the past afterwards touch no lead.
    pub(super) fn follow_calls(&mut self, now: i64) {
        if !self.leads.is_drawn {
            self.leads.draw();
        }
        let recent = Span {
            first: self.wall(self.leads.known) - HOUR,
            last: self.wall(now) + HOUR,
        };
        for call in self.calls.between(recent) {
            if !(self.leads.known < call.start && call.start <= now) {
                continue;
            }
            let script = CallScript::of(self.seed, self.agent_count, call);
            if let Some(lead) = script.lead.filter(|lead| *lead > 0) {
                self.leads.touches.push(Reverse(Touch {
                    at: script.start + script.seconds.max(script.busy_seconds()),
                    lead,
                    call: *call,
                }));
            }
        }
        let leads = &mut self.leads;
        leads.known = leads.known.max(now);
        while leads.touches.peek().is_some_and(|Reverse(touch)| touch.at <= now) {
            let Some(Reverse(touch)) = leads.touches.pop() else {
                break;
            };
            leads.let_go(touch.at);
            let id = touch.lead.to_string();
            if leads.all.get(&id, now).is_some() {
                let script = CallScript::of(self.seed, self.agent_count, &touch.call);
                leads.all.amend(&id, |lead| lead.hear(&script, touch.at));
            }
        }
        leads.let_go(now);
    }
}

/// leads/search: leads by filters of time, and the tombstones of those that are gone.
pub(super) fn search_leads(account: &Account, request: &Request) -> Result<Response, Refused> {
    let quirks = account.current_quirks();
    let page = PAGING.read(request, &quirks)?;
    let search = Search::read(request)?;
    let mut rng = account.fork_rng();
    account.with(|state, now| {
        state.follow_calls(now);
        let mut found: Vec<View<'_, Lead>> = state.leads.all.all(now).collect();
        found.retain(|lead| search.fits(state, lead));
        if found.is_empty() && quirks.empty_leads == Empty::Code {
            return Err((6000, "Missing Lists"));
        }
        if quirks.ties == Ties::Random {
            rng.shuffle(&mut found);
        }
        // By time of change where that is asked for (documented), else in no known order.
        if search.updated.is_some() {
            found.sort_by_key(|lead| lead.record.modified);
        } else {
            found.sort_by_key(|lead| lead.record.who.number.reverse_bits());
        }
        let shown = page.cut(&found).iter();
        let rows: Vec<Value> = shown.map(|lead| record(state, lead.record, &quirks)).collect();
        Ok(if quirks.leads_as_array {
            success(rows.into())
        } else {
            page.envelope(quirks.count(found.len()), "entries", rows)
        })
    })
}

/// What a request asks for.
struct Search<'a> {
    updated: Option<Span>,
    created: Option<Span>,
    called: Option<Span>,
    deleted: Option<Span>,
    archived: Option<Span>,
    lead_id: Option<&'a str>,
    list_id: Option<&'a str>,
    status: Option<&'a str>,
}

impl<'a> Search<'a> {
    fn read(request: &'a Request) -> Result<Self, Refused> {
        Ok(Self {
            updated: Span::read(request, "updated_at_start_date", "updated_at_end_date")?,
            created: Span::read(request, "created_at_start_date", "created_at_end_date")?,
            called: Span::read(request, "last_call_start_date", "last_call_end_date")?,
            deleted: Span::read(request, "deleted_at_start", "deleted_at_end")?,
            archived: Span::read(request, "archived_at_start", "archived_at_end")?,
            lead_id: request.param("lead_id"),
            list_id: request.param("list_id"),
            status: request.param("status"),
        })
    }

    fn fits(&self, state: &State, lead: &View<'_, Lead>) -> bool {
        let within = |span: Option<Span>, at| span.is_none_or(|span| span.holds(state.wall(at)));
        let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted == own);
        let life = match (self.deleted, self.archived) {
            (None, None) => Life::Present,
            (Some(_), _) => Life::Deleted,
            (None, Some(_)) => Life::Archived,
        };
        let Lead {
            modified,
            created,
            last_called,
            list,
            status,
            ..
        } = lead.record;
        lead.life == life
            && within(self.deleted.or(self.archived), lead.since)
            && within(self.updated, *modified)
            && within(self.created, *created)
            && (self.called.is_none() || last_called.is_some_and(|at| within(self.called, at)))
            && is(self.lead_id, lead.id)
            && is(self.list_id, &list.to_string())
            && is(self.status, status.0)
    }
}

/// A lead as the vendor writes it.
fn record(state: &State, lead: &Lead, quirks: &Quirks) -> Value {
    let plain = |at: Option<i64>| at.map_or_else(String::new, |at| wall_text(state.wall(at)));
    let mut campaigns = CAMPAIGNS.iter();
    let campaign = campaigns.find(|campaign| campaign.lists.contains(&lead.list));
    let number = lead.who.number;
    let pick = number as usize;
    let phone = lead.who.phone;
    let other_phone = |step: u32, more: u64| {
        if number.is_multiple_of(step) {
            (phone + more).to_string()
        } else {
            String::new()
        }
    };
    json!({
        "id": if quirks.lead_ids_as_numbers { json!(number) } else { json!(number.to_string()) },
        "lead_id": number.to_string(),
        "created_at": offset_text(state.zone, lead.created), "modified_at": offset_text(state.zone, lead.modified),
        "first_name": lead.who.first, "last_name": lead.who.last, "email": lead.who.email,
        "status": lead.status.0, "status_name": lead.status.1,
        "user_id": lead.user_id.to_string(), "owner_id": (["1000777", "0", "0", "1000784"][pick % 4]),
        "created_by": "1000001", "last_modified_by": lead.user_id.to_string(),
        "source_id": (["API", "WEB"][pick % 2]), "source_name": (["API", "Web form"][pick % 2]),
        "list_id": lead.list.to_string(), "directory_name": list_name(lead.list),
        "campaign_uid": campaign.map(|campaign| campaign.id.to_string()),
        "campaign_name": campaign.map(|campaign| campaign.name),
        "locale_gmt": (["-8.00", "-5.00", "-6.00"][pick % 3]), "called_since_last_reset": if lead.called > 0 { "Y" } else { "N" },
        "phone_code": "1", "phone_number": phone.to_string(),
        "alt_phone_1": other_phone(7, 1), "alt_phone_2": other_phone(11, 2),
        "address1": format!("{} Sample Street", number % 900),
        "address2": if number.is_multiple_of(3) { "Floor 2" } else { "" },
        "city": (["Exampleville", "Sampleton"][pick % 2]), "state": (["CA", "NY", ""][pick % 3]),
        "postal_code": format!("{:05}", number % 99_999), "country": (["US", "CA"][pick % 2]),
        "gender": (["M", "F", "X"][pick % 3]),
        "called_count": lead.called.to_string(), "called_count_inbound": lead.called_inbound.to_string(),
        "last_called": plain(lead.last_called), "first_contacted_at": plain(lead.first_contacted),
        "is_contacted": if lead.first_contacted.is_some() { "1" } else { "0" },
        "field_1": lead.note, "field_84": "x",
    })
}

/// Every lead that ordinary searches show.
pub(super) fn lead_records(state: &State, quirks: &Quirks, now: i64) -> Records {
    let present = state.leads.all.present(now);
    present
        .map(|(id, lead)| (id.to_owned(), record(state, lead, quirks).to_string()))
        .collect()
}
