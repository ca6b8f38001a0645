//! A simulated Convertalk account: its chats, their lives, and what may be done to them.

mod api;

#[cfg(test)]
mod tests;

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::{self, Records, Vendor};
use crate::clock::Clock;
use crate::faults::Shape;
use crate::local::DAY;
use crate::options::Options;
use crate::people::any_customer;
use crate::request::{Request, Response};
use crate::rng::{one_of, scatter};
use crate::table::{Record, Rows, Table};

/// Where the simulated API lives on the server.
pub const PREFIX: &str = "/convertalk";
/// The account's id.
pub const CUSTOMER: &str = "65a0000000000000000000c1";
/// The account's bots.
pub const BOTS: [&str; 2] = ["65a0000000000000000000e1", "65a0000000000000000000e2"];
/// The usual account's key, for contacts and segments.
pub const API_KEY: &str = "sandbox-key";

/// So many seconds after the first message visitors who tell who they are do so.
const TOLD_AFTER: i64 = 120;
/// States in the vendor's spelling (documented).
const STATUSES: [&str; 6] = ["OPEN", "INPROGRESS", "REVIEW", "ONHOLD", "DEPENDANCY", "CLOSED"];

/// A simulated account.
pub type Account = account::Account<Convertalk>;

/// The dialect of Convertalk.
pub enum Convertalk {}

/// How lists are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The latest activity first (seen on the list of contacts).
    #[default]
    Activity,
    /// The youngest first.
    Created,
    /// By id.
    Id,
    /// Another one with every request.
    Random,
}

/// How a refusal is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// With its own HTTP status (documented of the platform).
    #[default]
    Status,
    /// With an OK status (assumed).
    InBody,
}

/// The undecided habits of the vendor; the default is the likeliest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quirks {
    /// Rows of a page; nobody knows it.
    pub page_size: usize,
    /// Every other page is one row short and not the last.
    pub has_short_pages: bool,
    /// How lists are sorted.
    pub order: Order,
    /// How a refusal is sent.
    pub refusal: Refusal,
    /// The name of the header that carries the bot token.
    pub token_header: String,
    /// Some rows lack members, hold empty ones, or unknown words.
    pub has_odd_rows: bool,
    /// Numbers of chats whose row has an unreadable `createdAt`.
    pub broken_rows: Vec<u32>,
    /// Every page is the first one.
    pub is_stuck: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            page_size: 20,
            has_short_pages: false,
            order: Order::default(),
            refusal: Refusal::default(),
            token_header: "x-bot-token".to_owned(),
            has_odd_rows: true,
            broken_rows: Vec::new(),
            is_stuck: false,
        }
    }
}

/// The rows of an account.
pub struct State {
    chats: Table<Chat>,
    seed: u64,
    /// Seconds from one new chat to the next.
    pace: i64,
    /// When the next chat begins by itself.
    next_start: i64,
}

/// A chat, with what somebody did to it by hand.
#[derive(Debug, Clone)]
struct Chat {
    /// Counts the chats of the account.
    number: u32,
    /// The place of its bot.
    bot: usize,
    /// Unix seconds of its first message.
    start: i64,
    /// Everything that is not said by hand follows from it.
    fate: u64,
    /// Last activity by hand.
    active: Option<i64>,
    /// Last change of the record by hand.
    touched: Option<i64>,
    /// Whether it was made a lead, or no lead, by hand.
    lead: Option<bool>,
    /// It shows in both listings.
    is_in_both: bool,
    /// State by hand.
    status: Option<String>,
    /// Labels by hand.
    tags: Option<Vec<String>>,
}

impl Record for Chat {}

impl Chat {
    fn new(seed: u64, number: u32, start: i64) -> Self {
        let fate = scatter(seed ^ 0xC4A7, u64::from(number));
        Self {
            number,
            // The second bot has fewer chats.
            bot: usize::from(fate.is_multiple_of(3)),
            start,
            fate,
            active: None,
            touched: None,
            lead: None,
            is_in_both: false,
            status: None,
            tags: None,
        }
    }

    /// Four words of eight hex digits; the first is the time it was made.
    fn id(&self) -> String {
        format!("{:08x}{:08x}{:08x}", self.start, self.fate >> 32, self.number)
    }

    /// When it is over by itself: a chat lasts up to a quarter of an hour.
    fn end(&self) -> i64 {
        self.start + (self.fate % 900).cast_signed()
    }

    /// When somebody last wrote.
    fn written(&self, now: i64) -> i64 {
        self.active
            .unwrap_or_else(|| self.end().min(now - now % 10))
            .max(self.start)
    }

    /// Whether labels and groups that hold for the chat's time only are gone: an agent clears up at its end.
    fn is_cleared(&self, now: i64) -> bool {
        now >= self.end() && self.fate >> 50 & 1 == 1
    }

    /// When the visitor was last seen.
    fn seen(&self, now: i64) -> i64 {
        let lingers = (self.fate >> 8 & 63).cast_signed();
        (self.written(now) + lingers).min(now).max(self.written(now))
    }

    /// When the record was last touched: agents look at chats hours later.
    fn updated(&self, now: i64) -> i64 {
        let looked = self.seen(now) + (self.fate >> 16 & 0x3fff).cast_signed();
        let looked = if looked <= now { looked } else { self.seen(now) };
        looked.max(self.touched.unwrap_or_default())
    }

    fn is_online(&self, now: i64) -> bool {
        now - self.seen(now) < 30
    }

    /// Whether contact data are known; they come some minutes after the first message.
    fn is_lead(&self, now: i64) -> bool {
        let tells = self.fate >> 20 & 7 < 3;
        self.lead.unwrap_or(tells && now >= self.start + TOLD_AFTER)
    }

    /// Which of the customers the visitor is.
    fn visitor(&self) -> u64 {
        self.fate >> 13
    }

    /// Whether it shows in a listing.
    fn shows_as(&self, is_lead: bool, now: i64) -> bool {
        self.is_lead(now) == is_lead || self.is_in_both
    }

    fn status(&self) -> &str {
        self.status
            .as_deref()
            .unwrap_or_else(|| one_of(&STATUSES, self.fate >> 5))
    }
}

impl State {
    fn add(&mut self, start: i64) -> String {
        let number = u32::try_from(self.chats.len()).expect("an account has fewer chats");
        let chat = Chat::new(self.seed, number, start);
        let id = chat.id();
        self.chats.add(id.clone(), start, chat);
        id
    }
}

/// Seconds from one chat to the next.
fn pace(options: &Options) -> i64 {
    DAY / i64::from(options.chats_per_day.clamp(1, 20_000))
}

/// When the first chat begins.
fn first_start(options: &Options) -> i64 {
    options.now.timestamp() - i64::from(options.days) * DAY + pace(options) / 2
}

/// When chats that begin by themselves in a stretch of time tell who the visitor is, and which customer that is.
pub(crate) fn leads_between(options: &Options, span: Range<i64>) -> impl Iterator<Item = (i64, u32)> {
    let (pace, first) = (pace(options), first_start(options));
    let number_at = move |at: i64| (at - first + pace - 1).div_euclid(pace).max(0);
    let numbers = if options.chats_per_day == 0 {
        0..0
    } else {
        number_at(span.start)..number_at(span.end)
    };
    let seed = options.seed;
    let chats = numbers.filter_map(move |number| {
        let start = first + number * pace;
        Some(Chat::new(seed, u32::try_from(number).ok()?, start))
    });
    let told = chats.map(|chat| (chat.start + TOLD_AFTER, chat));
    told.filter(|(at, chat)| chat.is_lead(*at))
        .map(move |(at, chat)| (at, any_customer(seed, chat.visitor()).number))
}

pub(crate) fn open_account(options: &Options, clock: &Clock) -> Account {
    let state = State {
        chats: Table::default(),
        seed: options.seed,
        pace: pace(options),
        next_start: if options.chats_per_day == 0 {
            i64::MAX
        } else {
            first_start(options)
        },
    };
    Account::new(options.clone(), clock.clone(), state)
}

impl Vendor for Convertalk {
    type Quirks = Quirks;
    type State = State;

    const PREFIX: &'static str = PREFIX;
    const SHAPE: Shape = Shape {
        rows: &["/data"],
        totals: &[],
        ids: &["_id"],
    };

    fn accepts_credential(account: &Account, request: &Request) -> bool {
        api::has_token(account, request) || api::has_key(account, request)
    }

    fn grow_state(_: &Options, state: &mut State, now: i64) {
        while state.next_start <= now {
            state.add(state.next_start);
            state.next_start += state.pace;
        }
    }

    fn respond(account: &Account, path: &str, request: &Request) -> Response {
        api::respond(account, path, request)
    }

    fn refusal(code: i64, text: &str) -> Response {
        api::refusal(code, text)
    }

    fn list_rows(account: &Account, table: &str) -> Option<Records> {
        api::list_rows(account, table)
    }

    fn rows_of<'a>(state: &'a mut State, table: &str, _: i64) -> Option<&'a mut dyn Rows> {
        (table == "conversations").then_some(&mut state.chats as &mut dyn Rows)
    }
}

impl Account {
    /// Somebody begins a chat; returns its id.
    pub fn add_chat(&self) -> String {
        self.with(State::add)
    }

    /// Somebody writes in a chat. Says whether there is such a chat.
    pub fn write_in(&self, id: &str) -> bool {
        self.edit(id, |chat, now| chat.active = Some(now))
    }

    /// Somebody wrote in a chat at that time, which may lie in the future. Says whether there is such a chat.
    pub fn write_in_at(&self, id: &str, at: DateTime<Utc>) -> bool {
        self.edit(id, |chat, _| chat.active = Some(at.timestamp()))
    }

    /// An agent looks at a chat, which moves `updatedAt` alone. Says whether there is such a chat.
    pub fn touch(&self, id: &str) -> bool {
        self.edit(id, |_, _| ())
    }

    /// Gives a chat another state. Says whether there is such a chat.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        self.edit(id, |chat, _| chat.status = Some(status.to_owned()))
    }

    /// Gives a chat other labels. Says whether there is such a chat.
    pub fn set_tags(&self, id: &str, tags: &[&str]) -> bool {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.edit(id, |chat, _| chat.tags = Some(tags))
    }

    /// A chat becomes a lead, or is none any more. Says whether there is such a chat.
    pub fn convert(&self, id: &str, is_lead: bool) -> bool {
        self.edit(id, |chat, _| chat.lead = Some(is_lead))
    }

    /// A chat shows in both listings, or no longer. Says whether there is such a chat.
    pub fn show_in_both(&self, id: &str, is_in_both: bool) -> bool {
        self.with(|state, now| state.chats.change(id, now, |chat| chat.is_in_both = is_in_both))
    }

    /// Changes a chat, which touches its record.
    fn edit(&self, id: &str, change: impl FnOnce(&mut Chat, i64)) -> bool {
        self.with(|state, now| {
            state.chats.get(id, now).is_some()
                && state.chats.change(id, now, |chat| {
                    change(chat, now);
                    chat.touched = Some(now);
                })
        })
    }
}
