//! A simulated Conversocial account: its conversations, the lists around them, its customers, and what may be done to them.

mod api;
mod conversations;
mod lists;
mod records;
mod seed;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::{self, Records, Vendor};
use crate::clock::Clock;
use crate::faults::Shape;
use crate::options::Options;
use crate::request::{Request, Response};
use crate::rng::hex_id;
use crate::table::{Record, Rows, Table};

use seed::{Told, user_number};

/// Where the simulated APIs live on the server.
pub const PREFIX: &str = "/conversocial";
/// The main API's version, below the prefix.
pub const MAIN_API: &str = "v1.3";
/// The base of customer profiles, below the prefix.
pub const PROFILES_API: &str = "profiles/api/1";
/// The name of the token; its secret is the account's token.
pub const TOKEN_NAME: &str = "sandbox";

/// A simulated account.
pub type Account = account::Account<Conversocial>;

/// The dialect of Conversocial.
pub enum Conversocial {}

/// Which header tells how long a refused client should wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateHeader {
    /// None (nothing is documented).
    #[default]
    None,
    /// `Retry-After`.
    RetryAfter,
    /// `X-RateLimit-Reset`, in seconds (seen for version 3.0).
    Reset,
}

/// The undecided habits of the vendor; the default is the likeliest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Quirks {
    /// How many requests a token may send in 60 seconds; the vendor allows 30, and none is counted here without a number.
    pub requests_per_minute: Option<usize>,
    /// The minute is the calendar's, and does not slide.
    pub is_calendar_minute: bool,
    /// Which header tells how long to wait.
    pub rate_header: RateHeader,
    /// So many rows are the most that come, where the vendor's own limit would need too many rows.
    pub most_rows: Option<usize>,
    /// A list of conversations without status and priority is empty instead of an error.
    pub bare_list_is_empty: bool,
    /// A filter that nobody knows is an error instead of being passed over.
    pub refuses_unknown_filters: bool,
    /// Conversations do not show `oldest_sort_date`.
    pub omits_sort_date: bool,
    /// Links to the next page lead to another host.
    pub has_foreign_links: bool,
    /// Links to the next page lead to the page itself.
    pub has_circular_links: bool,
    /// Every page, the last one too, has a link to the next page, and no link ever repeats.
    pub has_endless_links: bool,
    /// Each list of conversations begins with so many empty pages that link on.
    pub empty_pages: usize,
    /// Links of the profiles have a blank in the middle.
    pub has_blank_links: bool,
    /// Events come as a real list and not as JSON in a text.
    pub has_plain_documents: bool,
    /// Resources such as `tags` that are refused with an OK status.
    pub unpermitted: Vec<String>,
    /// Resources such as `tags` that are refused with status 403.
    pub forbidden: Vec<String>,
    /// Ids of conversations whose status is of an unknown form.
    pub broken: Vec<String>,
    /// New reports fail instead of becoming ready.
    pub reports_fail: bool,
    /// Reports are being generated for ever.
    pub reports_stay: bool,
}

/// The rows of an account.
#[derive(Default)]
pub struct State {
    conversations: Table<Conversation>,
    authors: Table<Value>,
    /// Accounts, channels, users and tags, by the name of their list.
    lists: BTreeMap<&'static str, Table<Value>>,
    reports: Table<Report>,
    /// What agents did to profiles, by the name of the list; a row appears when it was done.
    actions: BTreeMap<&'static str, Table<Value>>,
    annotation_types: Vec<Value>,
    events: Table<Value>,
    /// The number of the next thing that is made by hand.
    next: u64,
    /// When the requests of the last minute came, in milliseconds.
    recent_requests: Vec<i64>,
}

/// A conversation.
#[derive(Debug, Clone)]
struct Conversation {
    /// The second by which it is sorted.
    sorted: i64,
    status: String,
    is_priority: bool,
    author: String,
    assigned_to: Option<String>,
    channel: String,
    tags: Vec<String>,
    messages: Vec<Message>,
    /// Seconds that agents had to do with it, for each time that it was closed.
    handled: Vec<i64>,
}

impl Record for Conversation {}

impl Conversation {
    /// Its messages that exist at a second.
    fn written(&self, now: i64) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.at <= now)
    }
}

/// A message.
#[derive(Debug, Clone)]
struct Message {
    id: String,
    at: i64,
    text: String,
    author: Option<String>,
    user: Option<String>,
    is_private: bool,
    parent: Option<String>,
    sentiment: Option<i64>,
}

/// A report, whose state depends on how often it was looked at.
#[derive(Debug, Clone)]
struct Report {
    ordered: i64,
    looks: u32,
    fails: bool,
}

pub(crate) fn open_account(options: &Options, clock: &Clock) -> Account {
    Account::new(options.clone(), clock.clone(), seed::seed_account(options))
}

impl Vendor for Conversocial {
    type Quirks = Quirks;
    type State = State;

    const PREFIX: &'static str = PREFIX;
    const SHAPE: Shape = Shape {
        rows: &[
            "/conversations",
            "/tags",
            "/users",
            "/channels",
            "/accounts",
            "/reports",
            "/notes",
            "/annotations",
        ],
        totals: &[],
        ids: &["id"],
    };

    fn accepts_credential(account: &Account, request: &Request) -> bool {
        api::has_credential(account, request)
    }

    fn respond(account: &Account, path: &str, request: &Request) -> Response {
        api::respond(account, path, request)
    }

    fn refusal(code: i64, text: &str) -> Response {
        api::quiet_refusal(code == 403, text)
    }

    fn list_rows(account: &Account, table: &str) -> Option<Records> {
        records::list_rows(account, table)
    }

    fn rows_of<'a>(state: &'a mut State, table: &str, _: i64) -> Option<&'a mut dyn Rows> {
        Some(match table {
            "conversations" => &mut state.conversations,
            "contacts" => &mut state.authors,
            "agents" => state.lists.get_mut("users")?,
            _ => state.lists.get_mut(table)?,
        })
    }
}

impl State {
    /// Takes a conversation in, with its customer and with what becomes of it.
    fn admit(&mut self, seed: u64, born: i64, told: Told) {
        let Told {
            id,
            conversation,
            later,
        } = told;
        let author = conversation.author.clone();
        if self.authors.find(&author, i64::MAX).is_none() {
            let record = seed::describe_author(seed, &author);
            self.authors.add(author, i64::MIN, record);
        }
        self.conversations.add(id.clone(), born, conversation);
        for (at, conversation) in later {
            self.conversations.change(&id, at, |own| *own = conversation);
        }
    }

    /// A generator for the next thing that is made by hand.
    fn next_rng(&mut self) -> Rng {
        self.next += 1;
        Rng::with_seed(self.next)
    }
}

impl Account {
    /// Adds conversations that all begin at one second; returns their ids in the vendor's order.
    pub fn add_conversations(&self, count: usize, at: DateTime<Utc>) -> Vec<String> {
        let mut ids: Vec<String> = (0..count).map(|_| self.add_conversation(at)).collect();
        ids.sort();
        ids
    }

    /// Adds a conversation of one customer's message; an old start makes it a row that appears late.
    pub fn add_conversation(&self, at: DateTime<Utc>) -> String {
        let seed = self.options().seed;
        self.with(|state, _| {
            let mut rng = state.next_rng();
            let mut told = seed::tell_conversation(seed, &mut rng, 1, at.timestamp());
            told.conversation.messages.truncate(1);
            told.later.clear();
            let id = told.id.clone();
            state.admit(seed, at.timestamp(), told);
            id
        })
    }

    /// Adds a conversation that is listed now and sorted into the future; returns its id.
    pub fn add_future_conversation(&self, at: DateTime<Utc>) -> String {
        let id = self.add_conversation(self.now());
        self.move_conversation(&id, at);
        id
    }

    /// Writes a message of the customer into a conversation, now; where it stands in the list stays the same.
    pub fn write_message(&self, id: &str, text: &str) -> Option<String> {
        self.with(|state, now| {
            let message_id = hex_id(&mut state.next_rng());
            let add = |conversation: &mut Conversation| {
                conversation.messages.push(Message {
                    id: message_id.clone(),
                    at: now,
                    text: text.to_owned(),
                    author: Some(conversation.author.clone()),
                    user: None,
                    is_private: false,
                    parent: None,
                    sentiment: None,
                });
            };
            state
                .conversations
                .change(id, now, add)
                .then_some(message_id.clone())
        })
    }

    /// Gives a conversation another status. Says whether there is such a conversation.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        self.edit(id, |conversation| status.clone_into(&mut conversation.status))
    }

    /// Gives a conversation priority, or takes it. Says whether there is such a conversation.
    pub fn set_priority(&self, id: &str, is_priority: bool) -> bool {
        self.edit(id, |conversation| conversation.is_priority = is_priority)
    }

    /// Gives a conversation other labels. Says whether there is such a conversation.
    pub fn set_tags(&self, id: &str, tags: &[&str]) -> bool {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.edit(id, |conversation| conversation.tags = tags)
    }

    /// Moves a conversation within the list. Says whether there is such a conversation.
    pub fn move_conversation(&self, id: &str, to: DateTime<Utc>) -> bool {
        self.edit(id, |conversation| conversation.sorted = to.timestamp())
    }

    fn edit(&self, id: &str, change: impl FnOnce(&mut Conversation)) -> bool {
        self.with(|state, now| state.conversations.change(id, now, change))
    }

    /// Orders a report, which is then queued; returns its id.
    pub fn order_report(&self) -> String {
        let fails = self.current_quirks().reports_fail;
        self.with(|state, now| {
            let id = seed::report_id(state.reports.len());
            let report = Report {
                ordered: now,
                looks: 0,
                fails,
            };
            state.reports.add(id.clone(), now, report);
            id
        })
    }

    /// Notes something about a customer, now; `list` is `notes`, `tags` or `annotations`. Returns the key of the action.
    pub fn note(&self, list: &'static str, action: &str, customer: u32) -> String {
        let at = self.now().timestamp_micros();
        self.with(|state, _| {
            let id = hex_id(&mut state.next_rng());
            let action = records::Action {
                list,
                action,
                id: &id,
                at,
                customer,
                user: user_number(0),
            };
            action.add_to(state)
        })
    }
}
