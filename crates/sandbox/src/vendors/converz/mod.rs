//! A simulated Converz tenant: its users, its calls, and what may be done to them.

mod api;
mod report;
mod rows;
mod schedule;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::account::{self, Records, Vendor};
use crate::clock::Clock;
use crate::faults::Shape;
use crate::local;
use crate::options::Options;
use crate::people::Prose;
use crate::request::{Request, Response};
use crate::rng::scatter;
use crate::table::{Record, Rows, Table};
use crate::vendors::convoso::{self, Link};

use rows::rep_id;
use schedule::{Call, Day};

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/converz/api/v1";
/// The header that carries the key (documented).
const KEY: &str = "x-api-key";
/// Calls that were brought over from Convoso have ids from here on.
const FIRST_LINKED: u64 = 2_000_000_000_000;
/// Calls that were added by hand have ids from here on.
const FIRST_ADDED: u64 = 1_000_000_000_000;
/// The first and the last instant that calls are looked for.
const EVER: (i64, i64) = (i64::MIN / 2, i64::MAX / 2);

/// A simulated tenant.
pub type Account = account::Account<Converz>;

/// The dialect of Converz.
pub enum Converz {}

/// The order of rows, which nobody promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By id (assumed).
    #[default]
    ById,
    /// Another one with every request (assumed).
    Shuffled,
}

/// How a missing value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// As `null`.
    #[default]
    Present,
    /// Not at all (documented as possible).
    Missing,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// An array of rows (documented).
    #[default]
    Rows,
    /// A list of values for each column (documented for writing).
    Columns,
    /// One object around the array (assumed).
    Wrapped,
}

/// How times are written in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// With seconds (assumed).
    #[default]
    Seconds,
    /// Like those of filters (assumed).
    Minutes,
    /// With a `T` and an offset (assumed).
    Offset,
}

/// How `after` and `before` are compared with the start of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// With its minute, so that the last minute belongs to the span (assumed).
    #[default]
    Minutes,
    /// With its second, so that nothing but the first second of the last minute does (assumed).
    Seconds,
}

/// The undecided habits of the vendor; the default is the likeliest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Quirks {
    /// The order of rows.
    pub order: Order,
    /// How a missing value is written.
    pub nulls: Nulls,
    /// How rows are written.
    pub form: Form,
    /// How times are written.
    pub times: Times,
    /// How the bounds of a span are compared.
    pub ends: Ends,
    /// Flags are `true` and `false` instead of `1` and `0`.
    pub booleans: bool,
    /// `call_id` is a text.
    pub ids_as_text: bool,
    /// A size beyond a million is taken as a million instead of being refused.
    pub clamps: bool,
    /// `page=0` means the first page instead of being refused.
    pub page_zero: bool,
    /// So many rows are the most that come, without a word.
    pub cap: Option<usize>,
    /// Parameters that are not heeded.
    pub ignored: Vec<String>,
    /// Filters take repeated parameters only; a list with commas matches nothing.
    pub repeated_only: bool,
    /// Parameters that nobody knows are refused instead of being passed over.
    pub is_strict: bool,
    /// Measures that nobody knows are passed over instead of being refused.
    pub forgives_metrics: bool,
    /// Minutes after its start until a call has a summary.
    pub summary_minutes: i64,
    /// A part of the calls changes its campaign ten days after.
    pub late_campaigns: bool,
    /// Columns that somebody has emptied by accident.
    pub nulled: Vec<String>,
    /// A column that has come into being.
    pub new_column: Option<String>,
    /// Calls whose start is unreadable.
    pub broken: Vec<u64>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            order: Order::default(),
            nulls: Nulls::default(),
            form: Form::default(),
            times: Times::default(),
            ends: Ends::default(),
            booleans: false,
            ids_as_text: false,
            clamps: false,
            page_zero: false,
            cap: None,
            ignored: Vec::new(),
            repeated_only: false,
            is_strict: false,
            forgives_metrics: false,
            summary_minutes: 30,
            late_campaigns: true,
            nulled: Vec::new(),
            new_column: None,
            broken: Vec::new(),
        }
    }
}

/// A row, or what was changed about one.
type Row = Map<String, Value>;

/// A call that was added by hand.
#[derive(Debug, Clone, Copy)]
struct Added {
    call: Call,
    /// From when on it is listed.
    since: i64,
}

/// A user, with what was changed about them.
#[derive(Clone)]
struct Rep {
    place: usize,
    edit: Row,
}

impl Record for Rep {
    fn set(&mut self, member: &str, value: Value) -> bool {
        self.edit.insert(member.to_owned(), value);
        true
    }
}

/// The rows of a tenant. Calls of the schedule are not stored: they follow from the seed and their ids.
pub struct State {
    convoso: Arc<convoso::Account>,
    zone: Tz,
    seed: u64,
    agents: usize,
    summary_bytes: usize,
    prose: Prose,
    calls_per_day: u32,
    first_day: NaiveDate,
    added: BTreeMap<u64, Added>,
    deleted: HashSet<u64>,
    edits: HashMap<u64, Row>,
    reps: Table<Rep>,
}

pub(crate) fn open_account(options: &Options, clock: &Clock, convoso: &Arc<convoso::Account>) -> Account {
    let zone = options.converz_time_zone;
    let now = options.now.timestamp();
    let agents = usize::try_from(options.agents.max(1)).expect("a count of agents fits memory");
    let mut reps = Table::default();
    for place in 0..agents {
        let rep = Rep {
            place,
            edit: Row::new(),
        };
        reps.add(rep_id(place), i64::MIN, rep);
    }
    let state = State {
        convoso: Arc::clone(convoso),
        zone,
        seed: scatter(options.seed, 0xC0_4E_52),
        agents,
        summary_bytes: options.comment_bytes,
        prose: Prose::new(options.seed, options.comment_bytes),
        calls_per_day: options.converz_calls_per_day,
        first_day: local::days_before(local::day_at(zone, now), options.days),
        added: BTreeMap::new(),
        deleted: HashSet::new(),
        edits: HashMap::new(),
        reps,
    };
    Account::new(options.clone(), clock.clone(), state)
}

impl Vendor for Converz {
    type Quirks = Quirks;
    type State = State;

    const PREFIX: &'static str = PREFIX;
    const SHAPE: Shape = Shape {
        rows: &["/rows", ""],
        totals: &[],
        ids: &["call_id", "rep_id"],
    };

    fn accepts_credential(account: &Account, request: &Request) -> bool {
        request.header(KEY) == Some(&account.options().token)
    }

    fn respond(account: &Account, path: &str, request: &Request) -> Response {
        api::respond(account, path, request)
    }

    fn refusal(_: i64, text: &str) -> Response {
        Response::json(&json!({ "error": text, "code": "refused" }))
    }

    fn list_rows(account: &Account, table: &str) -> Option<Records> {
        match table {
            "calls" => Some(account.snapshot_calls(&[])),
            "agents" => Some(account.look(|tenant| {
                let rows = tenant.rep_rows().into_iter();
                rows.map(|(id, row)| (id, Value::Object(row).to_string()))
                    .collect()
            })),
            _ => None,
        }
    }

    fn rows_of<'a>(state: &'a mut State, table: &str, _: i64) -> Option<&'a mut dyn Rows> {
        (table == "agents").then_some(&mut state.reps as &mut dyn Rows)
    }
}

/// The tenant as it stands at a second.
struct Tenant<'a> {
    state: &'a State,
    quirks: Quirks,
    now: i64,
}

impl Tenant<'_> {
    /// The calls that are listed for a stretch of time, by day and then by hand; both ends belong to it. Calls without a start
    /// are listed for ever only.
    fn calls(&self, since: i64, until: i64) -> Vec<Call> {
        let state = self.state;
        let begun = until.min(self.now);
        let mut calls: Vec<Call> = Vec::new();
        let mut date = local::day_at(state.zone, self.clamped(since)).max(state.first_day);
        let last = local::day_at(state.zone, begun);
        while date <= last {
            let day = Day::of(state.zone, date, state.calls_per_day);
            calls.extend(day.between(since, begun));
            date = local::next(date);
        }
        let is_ever = (since, until) == EVER;
        let listed = |added: &&Added| {
            let is_meant = if added.call.is_timeless {
                is_ever
            } else {
                (since..=until).contains(&added.call.start)
            };
            added.since <= self.now && is_meant
        };
        calls.extend(state.added.values().filter(listed).map(|added| added.call));
        calls.extend(self.links(since, begun).into_iter().map(|(call, _)| call));
        if !state.deleted.is_empty() {
            calls.retain(|call| !state.deleted.contains(&call.id));
        }
        calls
    }

    /// The calls that were brought over from Convoso.
    fn links(&self, since: i64, until: i64) -> Vec<(Call, Link)> {
        let links = self.state.convoso.links(self.clamped(since), until).into_iter();
        let call = |link: &Link| Call::new(FIRST_LINKED + u64::from(link.number), link.start);
        links.map(|link| (call(&link), link)).collect()
    }

    /// The link that a call stands for, if it was brought over.
    fn link(&self, call: Call) -> Option<Link> {
        if call.id < FIRST_LINKED {
            return None;
        }
        let links = self.links(call.start, call.start).into_iter();
        links
            .into_iter()
            .find(|(own, _)| *own == call)
            .map(|(_, link)| link)
    }

    /// No call is older than the first day.
    fn clamped(&self, instant: i64) -> i64 {
        instant.max(local::midnight_of(self.state.zone, self.state.first_day))
    }
}

impl Account {
    /// The tenant as it stands now.
    fn look<T>(&self, act: impl FnOnce(&Tenant<'_>) -> T) -> T {
        let quirks = self.current_quirks();
        self.with(|state, now| act(&Tenant { state, quirks, now }))
    }

    /// Adds calls whose starts are spread evenly over a span; tells their ids.
    pub fn add_calls(&self, count: u32, from: DateTime<Utc>, over: TimeDelta) -> Vec<String> {
        let start = |place: u32| {
            let share = over.num_seconds() * i64::from(place) / i64::from(count.max(1));
            from.timestamp() + share
        };
        self.add((0..count).map(start), |call, _| Added {
            call,
            since: call.start,
        })
    }

    /// Adds a call that is listed now and dated in the future; tells its id.
    pub fn add_future_call(&self, at: DateTime<Utc>) -> String {
        let ids = self.add([at.timestamp()].into_iter(), |call, now| Added {
            call,
            since: now,
        });
        ids.concat()
    }

    /// Adds a call without a start; tells its id. No filter of time finds it.
    pub fn add_timeless_call(&self) -> String {
        let ids = self.add([self.now().timestamp()].into_iter(), |call, now| Added {
            call: Call {
                is_timeless: true,
                ..call
            },
            since: now,
        });
        ids.concat()
    }

    fn add(&self, starts: impl Iterator<Item = i64>, added: impl Fn(Call, i64) -> Added) -> Vec<String> {
        self.with(|state, now| {
            let next = state.added.keys().next_back().map_or(FIRST_ADDED, |id| id + 1);
            let new = (next..).zip(starts).map(|(id, start)| {
                state.added.insert(id, added(Call::new(id, start), now));
                id.to_string()
            });
            new.collect()
        })
    }

    /// Sets a value of a call.
    pub fn set_call(&self, id: &str, name: &str, value: Value) {
        let id = id.parse().expect("ids of calls are numbers");
        self.with(|state, _| {
            let row = state.edits.entry(id).or_default();
            row.insert(name.to_owned(), value);
        });
    }

    /// Takes a call away, as if it had never been. Says whether that is news.
    pub fn delete_call(&self, id: &str) -> bool {
        let id = id.parse().expect("ids of calls are numbers");
        self.with(|state, _| state.deleted.insert(id))
    }

    /// How many calls are listed.
    pub fn call_count(&self) -> usize {
        self.look(|tenant| tenant.calls(EVER.0, EVER.1).len())
    }

    /// Every call that is listed, with these measures.
    pub fn snapshot_calls(&self, metrics: &[&str]) -> Records {
        self.look(|tenant| {
            let calls = tenant.calls(EVER.0, EVER.1).into_iter();
            let record = |call| Value::Object(tenant.call_row(call, metrics)).to_string();
            calls.map(|call| (call.id.to_string(), record(call))).collect()
        })
    }

    /// The calls that Convoso has too: the id here and the id there.
    pub fn linked_calls(&self) -> Vec<(String, String)> {
        self.look(|tenant| {
            let links = tenant.links(EVER.0, EVER.1).into_iter();
            links.map(|(call, link)| (call.id.to_string(), link.id)).collect()
        })
    }
}
