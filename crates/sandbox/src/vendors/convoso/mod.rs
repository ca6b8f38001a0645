//! A simulated Convoso account: its rows, how they begin, and what may be done to them.

mod agent_reports;
mod api;
mod call_json;
mod call_log;
mod call_script;
mod catalogue;
mod do_not_contact;
mod leads;
mod lists;
mod planner;
mod schedule;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::{self, Records, Vendor};
use crate::clock::Clock;
use crate::faults::Shape;
use crate::local::{self, DAY, HOUR};
use crate::options::Options;
use crate::people::Prose;
use crate::request::{Request, Response};
use crate::table::{Life, Rows, Table};
use crate::vendors::convertalk;

use api::Span;
use call_log::{Calls, Edit, call_number};
use do_not_contact::Entry;
use leads::LeadStore;
use planner::Planner;

pub(crate) use call_log::Link;

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/convoso/v1";
/// So many days are scheduled ahead.
const DAYS_AHEAD: u64 = 2;

/// A simulated account.
pub type Account = account::Account<Convoso>;

/// The dialect of Convoso.
pub enum Convoso {}

/// How a bad token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// HTTP 200 with code 5001 in the body (seen in client programs).
    #[default]
    Body5001,
    /// HTTP 401 (documented).
    Status401,
    /// HTTP 403 (documented).
    Status403,
}

/// What happens to a `limit` of calls beyond the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    /// The greatest is taken instead (assumed).
    #[default]
    Clamp,
    /// Code 7230 (seen on another endpoint).
    Refuse,
}

/// Whether `order` is obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// `ASC` and `DESC` both work (documented).
    #[default]
    Honoured,
    /// Always newest first (assumed of old versions).
    Ignored,
}

/// The order of calls of the same second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// Another one with every request (assumed: nothing is promised).
    #[default]
    Random,
    /// By id.
    Stable,
}

/// How a search that finds nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// With the code where no agent did anything, else with an empty list.
    #[default]
    Usual,
    /// With an empty list, `[]`, also where rows come as an object (assumed).
    Array,
    /// With the endpoint's own code: 6000, 6005 or 6031 (documented as "missing").
    Code,
}

/// The undecided habits of the vendor; the default is the likeliest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Quirks {
    /// How a bad token is refused.
    pub token_refusal: TokenRefusal,
    /// Totals come as JSON numbers instead of texts.
    pub counts_as_numbers: bool,
    /// What happens to a `limit` beyond the greatest.
    pub over_limit: OverLimit,
    /// So many rows are the most that come, where the vendor's own limit would need too many rows.
    pub most_rows: Option<usize>,
    /// Parameters that are not heeded, such as the filters of a search for tombstones.
    pub ignored: Vec<String>,
    /// Whether `order` is obeyed.
    pub order: Order,
    /// The order of calls of the same second.
    pub ties: Ties,
    /// The answer to a search that finds no user.
    pub empty_users: Empty,
    /// The answer to a search that finds no lead.
    pub empty_leads: Empty,
    /// The answer to a search that finds no callback.
    pub empty_callbacks: Empty,
    /// The answer where no agent did anything.
    pub empty_agents: Empty,
    /// The ids of leads come as JSON numbers.
    pub lead_ids_as_numbers: bool,
    /// leads/search answers with the rows alone, as an array.
    pub leads_as_array: bool,
    /// lists/search refuses a request without a status.
    pub strict_lists: bool,
    /// Paths such as `log/retrieve` that the token may not use: code 403 in the body.
    pub unticked: Vec<String>,
    /// A share of the call rows deviates: unknown fields, nulls, numbers for texts, missing fields.
    pub dirty_rows: bool,
    /// Ids of calls whose row has an unreadable `call_date`.
    pub broken_rows: Vec<String>,
    /// Ids of calls whose row has no `id`.
    pub keyless_rows: Vec<String>,
}

impl Quirks {
    /// A count that is a text in the documented samples, and a number in what some clients saw.
    fn count(&self, count: usize) -> Value {
        json_count(count, self.counts_as_numbers)
    }

    /// A count that is a number in the documented samples, and a text elsewhere.
    fn number(&self, count: usize) -> Value {
        json_count(count, !self.counts_as_numbers)
    }
}

fn json_count(count: usize, is_number: bool) -> Value {
    if is_number {
        json!(count)
    } else {
        json!(count.to_string())
    }
}

/// The rows of an account.
pub struct State {
    zone: Tz,
    seed: u64,
    /// How many agents take calls.
    agent_count: usize,
    comment_bytes: usize,
    prose: Prose,
    calls: Calls,
    planner: Planner,
    edits: HashMap<u32, Edit>,
    /// The number of the next call.
    next_call: u32,
    /// The first local day without a schedule.
    horizon: NaiveDate,
    agents: Table<Value>,
    leads: LeadStore,
    callbacks: Table<Value>,
    campaigns: Table<Value>,
    lists: Table<Value>,
    do_not_call: Table<Entry>,
    sms_opt_outs: Table<Entry>,
}

impl State {
    /// What the account's wall clock shows.
    fn wall(&self, at: i64) -> i64 {
        local::wall_clock(self.zone, at)
    }
}

pub(crate) fn open_account(options: &Options, clock: &Clock) -> Account {
    let (seed, zone, now) = (options.seed, options.time_zone, options.now.timestamp());
    let wall_clock = local::wall_clock(zone, now);
    let first_day = local::days_before(local::day_at(zone, now), options.days);
    let agent_count = usize::try_from(options.agents.max(1)).expect("a count of agents fits memory");
    let mut state = State {
        zone,
        seed,
        agent_count,
        comment_bytes: options.comment_bytes,
        prose: Prose::new(seed, options.comment_bytes),
        calls: Calls::default(),
        planner: Planner::new(agent_count),
        edits: HashMap::new(),
        next_call: 0,
        horizon: first_day,
        agents: Table::default(),
        leads: LeadStore::new(seed, options.leads, local::midnight_of(zone, first_day)..now),
        callbacks: Table::default(),
        campaigns: Table::default(),
        lists: Table::default(),
        do_not_call: do_not_contact::seed_entries(seed, 40, wall_clock, now),
        sms_opt_outs: do_not_contact::seed_entries(seed ^ 0x535, 25, wall_clock, now),
    };
    lists::seed_agents(&mut state, now);
    lists::seed_callbacks(&mut state, options, now);
    state.leads.wish_first_calls(&mut state.planner);
    do_not_contact::wish_breaches(&mut state, now);
    lists::seed_campaigns(&mut state, now);
    Account::new(options.clone(), clock.clone(), state)
}

impl Vendor for Convoso {
    type Quirks = Quirks;
    type State = State;

    const PREFIX: &'static str = PREFIX;
    const SECRETS: &'static [&'static str] = &[api::SECRET];
    const SHAPE: Shape = Shape {
        rows: &["/data/results", "/data/entries", "/data"],
        totals: &["/data/total_found", "/data/total", "/total"],
        ids: &["id", "lead_id", "user_id"],
    };

    fn accepts_credential(account: &Account, request: &Request) -> bool {
        request.param(api::SECRET) == Some(&account.options().token)
    }

    /// Plans the days up to some days ahead of now.
    fn grow_state(options: &Options, state: &mut State, now: i64) {
        let today = local::day_at(state.zone, now);
        let last = today.checked_add_days(chrono::Days::new(DAYS_AHEAD));
        let last = last.expect("the simulation lies within the calendar");
        while state.horizon <= last {
            let (day, next) = (state.horizon, local::next(state.horizon));
            let span = local::midnight_of(state.zone, day)..local::midnight_of(state.zone, next);
            // Who tells a chat how to be reached is a lead of the dialer too.
            for (at, customer) in convertalk::leads_between(options, span) {
                if let Some(patience) = leads::patience_of(u64::from(customer) ^ at.unsigned_abs())
                    && state.leads.made_at(customer) <= at
                {
                    state.planner.wish(at + patience, customer);
                }
            }
            let starts = schedule::draw_day(state.seed, state.zone, day, options.calls_per_day);
            state.plan_calls(starts);
            state.horizon = next;
        }
    }

    fn respond(account: &Account, path: &str, request: &Request) -> Response {
        api::respond(account, path, request)
    }

    fn refusal(code: i64, text: &str) -> Response {
        api::refusal(code, text)
    }

    fn list_rows(account: &Account, table: &str) -> Option<Records> {
        let quirks = account.current_quirks();
        let first_day = account.options().now - TimeDelta::days(i64::from(account.options().days) + 1);
        account.with(|state, now| {
            let log = state.log(&quirks, now, true);
            Some(match table {
                "calls" => log.records(),
                "agents" => values(&state.agents, now),
                "agent_performance" => agent_reports::daily_records(&log, first_day.timestamp()),
                "agent_events" => pairs(agent_reports::list_events(&log, Span::EVER)),
                "recordings" => pairs(agent_reports::recordings_of(&log, None, Span::EVER)),
                "callbacks" => lists::callback_records(state, now),
                "campaigns" => values(&state.campaigns, now),
                "lists" => values(&state.lists, now),
                "dispositions" => lists::disposition_records(),
                "do_not_contact" => do_not_contact::entry_records(state, now),
                "leads" => {
                    state.follow_calls(now);
                    leads::lead_records(state, &quirks, now)
                }
                _ => return None,
            })
        })
    }

    fn rows_of<'a>(state: &'a mut State, table: &str, now: i64) -> Option<&'a mut dyn Rows> {
        Some(match table {
            "agents" => &mut state.agents,
            "callbacks" => &mut state.callbacks,
            "campaigns" => &mut state.campaigns,
            "lists" => &mut state.lists,
            "do_not_call" => &mut state.do_not_call,
            "sms_opt_outs" => &mut state.sms_opt_outs,
            "leads" => {
                state.follow_calls(now);
                &mut state.leads.all
            }
            _ => return None,
        })
    }
}

fn pairs(rows: Vec<(u64, Value)>) -> Records {
    let pair = |(id, row): (u64, Value)| (id.to_string(), row.to_string());
    rows.into_iter().map(pair).collect()
}

fn values(table: &Table<Value>, now: i64) -> Records {
    let rows = table.present(now);
    rows.map(|(id, row)| (id.to_owned(), row.to_string())).collect()
}

/// What may be done to calls.
impl Account {
    /// How many calls are visible now.
    pub fn call_count(&self) -> usize {
        self.with(|state, now| state.calls.all().iter().filter(|call| call.since <= now).count())
    }

    /// Adds calls spread evenly over a span of time; returns their ids in order.
    pub fn add_calls(&self, count: u32, from: DateTime<Utc>, span: TimeDelta) -> Vec<String> {
        let start = |place| from.timestamp() + span.num_seconds() * place / i64::from(count);
        let starts = (0..i64::from(count)).map(start).collect();
        let first = self.with(|state, _| state.add_calls(starts));
        (first..first + count).map(call_log::call_id).collect()
    }

    /// Adds one call; an old start makes it a row that appears late.
    pub fn add_call_at(&self, at: DateTime<Utc>) -> String {
        self.add_calls(1, at, TimeDelta::zero()).concat()
    }

    /// Adds a call that is listed now and dated in the future; returns its id.
    pub fn add_future_call(&self, at: DateTime<Utc>) -> String {
        let id = self.add_call_at(at);
        self.with(|state, now| state.calls.show_from(call_number(&id), now));
        id
    }

    /// Gives a call another disposition from now on. Says whether there is such a call.
    pub fn set_disposition(&self, id: &str, code: &str, name: &str) -> bool {
        self.edit_call(id, |edit| {
            edit.disposition = Some((code.to_owned(), name.to_owned()));
        })
    }

    /// Gives a call another comment from now on. Says whether there is such a call.
    pub fn set_comment(&self, id: &str, text: &str) -> bool {
        self.edit_call(id, |edit| edit.comment = Some(text.to_owned()))
    }

    /// Adds a recording to a call. Says whether there is such a call.
    pub fn add_recording(&self, id: &str) -> bool {
        self.edit_call(id, |edit| edit.more_recordings += 1)
    }

    fn edit_call(&self, id: &str, change: impl FnOnce(&mut Edit)) -> bool {
        self.with(|state, _| {
            let number = call_number(id).filter(|number| *number < state.next_call);
            number
                .map(|number| change(state.edits.entry(number).or_default()))
                .is_some()
        })
    }

    /// The calls with an agent that began within a stretch of time and were heard by another vendor; both ends belong to it.
    pub(crate) fn links(&self, since: i64, until: i64) -> Vec<Link> {
        let quirks = self.current_quirks();
        self.with(|state, now| state.log(&quirks, now, false).links(since, until.min(now)))
    }
}

/// What may be done to agents.
impl Account {
    /// Adds an agent and returns the id. No scheduled call is booked on added agents.
    pub fn add_agent(&self) -> String {
        self.with(lists::add_agent)
    }

    /// Gives an agent another last name; calls before now keep the old one. Says whether there is such an agent.
    pub fn rename_agent(&self, id: &str) -> bool {
        self.with(|state, now| state.agents.change(id, now, lists::rename_agent))
    }
}

/// What may be done to leads.
impl Account {
    /// Changes the first `count` leads in this very second.
    pub fn touch_leads(&self, count: usize) {
        for id in self.ids("leads").iter().take(count) {
            self.touch_lead(id);
        }
    }

    /// Changes one lead. Says whether there is such a lead.
    pub fn touch_lead(&self, id: &str) -> bool {
        self.with_leads(|leads, now| leads.touch(id, now, now))
    }

    /// Changes one lead, and dates the change, which may lie in the future. Says whether there is such a lead.
    pub fn touch_lead_at(&self, id: &str, at: DateTime<Utc>) -> bool {
        self.with_leads(|leads, now| leads.touch(id, now, at.timestamp()))
    }

    /// Adds a lead and returns the id.
    pub fn add_lead(&self) -> String {
        self.with_leads(LeadStore::add)
    }

    /// Adds so many leads.
    pub fn add_leads(&self, count: u32) {
        self.with_leads(|leads, now| (0..count).for_each(|_| drop(leads.add(now))));
    }

    /// Brings a lead back, which changes it. Says whether it was gone.
    pub fn restore_lead(&self, id: &str) -> bool {
        self.with_leads(|leads, now| leads.all.set_life(id, now, Life::Present) && leads.touch(id, now, now))
    }

    /// The leads, after all calls that are over, and the time.
    fn with_leads<T>(&self, act: impl FnOnce(&mut LeadStore, i64) -> T) -> T {
        self.with(|state, now| {
            state.follow_calls(now);
            act(&mut state.leads, now)
        })
    }
}

/// What may be done to callbacks, campaigns, lists, and numbers that must be left alone.
impl Account {
    /// Promises a callback and returns the id.
    pub fn add_callback(&self, due: DateTime<Utc>) -> String {
        self.with(|state, now| {
            let (due, created) = (state.wall(due.timestamp()), state.wall(now));
            lists::add_callback(state, due, created)
        })
    }

    /// Dismisses a callback. Says whether there is such a callback.
    pub fn dismiss_callback(&self, id: &str) -> bool {
        self.with(|state, now| {
            let wall_clock = state.wall(now);
            state.callbacks.change(id, now, |callback| {
                callback["stage"] = json!("Dismissed");
                callback["modified_at"] = json!(local::wall_text(wall_clock));
            })
        })
    }

    /// Adds entries to the numbers that must not be called (or written to), for one campaign; returns the last id.
    pub fn add_do_not_contact(&self, is_sms: bool, campaign: i64, count: u32) -> String {
        self.with(|state, now| {
            let wall_clock = state.wall(now);
            let seed = if is_sms { state.seed ^ 0x535 } else { state.seed };
            let list = state.do_not_contact(is_sms);
            let added = (0..count).map(|_| do_not_contact::add_entry(list, seed, campaign, wall_clock));
            added.last().unwrap_or_default()
        })
    }
}
