//! A simulated account of any vendor: its clock, its quirks, its rows, and what happens between two requests.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Clock;
use crate::faults::Shape;
use crate::options::Options;
use crate::request::{Request, Response};
use crate::table::{Life, Rows};

/// Ids with their records, as the vendor would show them now.
pub type Records = Vec<(String, String)>;

/// A vendor: the dialect of its API.
pub trait Vendor: Sized + Send + Sync + 'static {
    /// The undecided habits, each with an option; the default is the likeliest.
    type Quirks: Clone + Default + Serialize + DeserializeOwned + Send;
    /// The rows.
    type State: Send;

    /// What the paths of all its addresses begin with.
    const PREFIX: &'static str;
    /// The parameters that carry a credential.
    const SECRETS: &'static [&'static str] = &[];
    /// Where its bodies hold rows and totals.
    const SHAPE: Shape;

    /// Whether the request comes with this account's credential.
    fn accepts_credential(account: &Account<Self>, request: &Request) -> bool;

    /// What happened by itself up to now.
    fn grow_state(_options: &Options, _state: &mut Self::State, _now: i64) {}

    /// The response; the path is what follows the prefix and a slash.
    fn respond(account: &Account<Self>, path: &str, request: &Request) -> Response;

    /// A refusal in the vendor's own words.
    fn refusal(code: i64, text: &str) -> Response;

    /// What a table of the warehouse, by its name, should hold now.
    fn list_rows(account: &Account<Self>, table: &str) -> Option<Records>;

    /// The rows of a table by its name in the warehouse, where they are stored.
    fn rows_of<'a>(state: &'a mut Self::State, table: &str, now: i64) -> Option<&'a mut dyn Rows>;
}

/// What is done before each request; it gets the account and the number of the request, from 1.
type Hook<V> = Box<dyn FnMut(&Account<V>, usize) + Send>;

/// What is done before each request, and how often it was.
struct Hooked<V: Vendor> {
    count: usize,
    hook: Option<Hook<V>>,
}

/// A simulated account.
pub struct Account<V: Vendor> {
    options: Options,
    clock: Clock,
    quirks: Mutex<V::Quirks>,
    state: Mutex<V::State>,
    rng: Mutex<Rng>,
    hooked: Mutex<Hooked<V>>,
}

impl<V: Vendor> Account<V> {
    pub(crate) fn new(options: Options, clock: Clock, state: V::State) -> Self {
        Self {
            clock,
            quirks: Mutex::default(),
            state: Mutex::new(state),
            rng: Mutex::new(Rng::with_seed(options.seed)),
            hooked: Mutex::new(Hooked { count: 0, hook: None }),
            options,
        }
    }

    /// Changes the vendor's quirks.
    pub fn quirks(&self, change: impl FnOnce(&mut V::Quirks)) {
        change(&mut self.quirks.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What a table of the warehouse, by its name, should hold now.
    pub fn snapshot(&self, table: &str) -> Records {
        V::list_rows(self, table).unwrap_or_else(|| panic!("{table} is no table of {}", V::PREFIX))
    }

    /// The ids of the rows of a table, the oldest first.
    pub fn ids(&self, table: &str) -> Vec<String> {
        self.with_rows(table, |rows, now| rows.ids(now))
    }

    /// Deletes a row. Says whether it was there.
    pub fn delete(&self, table: &str, id: &str) -> bool {
        self.with_rows(table, |rows, now| rows.set_life(id, now, Life::Deleted))
    }

    /// Archives a row. Says whether it was there.
    pub fn archive(&self, table: &str, id: &str) -> bool {
        self.with_rows(table, |rows, now| rows.set_life(id, now, Life::Archived))
    }

    /// Brings a row back. Says whether it was gone.
    pub fn restore(&self, table: &str, id: &str) -> bool {
        self.with_rows(table, |rows, now| rows.set_life(id, now, Life::Present))
    }

    /// Deletes the oldest `count` rows in this very second.
    pub fn delete_many(&self, table: &str, count: usize) {
        self.ids(table)
            .iter()
            .take(count)
            .for_each(|id| _ = self.delete(table, id));
    }

    /// Archives the oldest `count` rows in this very second.
    pub fn archive_many(&self, table: &str, count: usize) {
        self.ids(table)
            .iter()
            .take(count)
            .for_each(|id| _ = self.archive(table, id));
    }

    /// Sets a member of a row. Says whether there is such a row.
    pub fn set(&self, table: &str, id: &str, member: &str, value: impl Into<Value>) -> bool {
        self.with_rows(table, |rows, now| rows.set(id, now, member, value.into()))
    }

    fn with_rows<T>(&self, table: &str, act: impl FnOnce(&mut dyn Rows, i64) -> T) -> T {
        self.with(|state, now| {
            let rows = V::rows_of(state, table, now);
            act(
                rows.unwrap_or_else(|| panic!("{table} is no table of {}", V::PREFIX)),
                now,
            )
        })
    }

    /// Does something before each request from now on; it gets the account and the number of the request, from 1.
    pub fn change_between_requests(&self, hook: impl FnMut(&Self, usize) + Send + 'static) {
        self.set_hook(Some(Box::new(hook)));
    }

    /// Lets nothing happen any more between requests.
    pub fn stop_changing(&self) {
        self.set_hook(None);
    }

    fn set_hook(&self, hook: Option<Hook<V>>) {
        *self.hooked.lock().unwrap_or_else(PoisonError::into_inner) = Hooked { count: 0, hook };
    }

    fn run_hook(&self) {
        let mut hooked = self.hooked.lock().unwrap_or_else(PoisonError::into_inner);
        let Hooked { count, hook } = &mut *hooked;
        if let Some(hook) = hook {
            *count += 1;
            hook(self, *count);
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The quirks as they are.
    pub(crate) fn current_quirks(&self) -> V::Quirks {
        self.quirks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A generator for one response.
    pub(crate) fn fork_rng(&self) -> Rng {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }

    /// The rows, to look at and to change, and the second. They are locked meanwhile.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut V::State, i64) -> T) -> T {
        let now = self.clock.now().timestamp();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        V::grow_state(&self.options, &mut state, now);
        act(&mut state, now)
    }
}

/// An account of any vendor, as the simulator and the control plane see it.
pub(crate) trait AnyAccount: Send + Sync {
    fn secrets(&self) -> &'static [&'static str];
    fn shape(&self) -> Shape;
    fn accepts_credential(&self, request: &Request) -> bool;
    fn respond(&self, path: &str, request: &Request) -> Response;
    fn refusal(&self, code: i64, text: &str) -> Response;
    fn snapshot(&self, table: &str) -> Option<Records>;
    /// Does something to a stored table, if there is such a one. Says whether it was possible.
    fn with_rows(&self, table: &str, act: &mut dyn FnMut(&mut dyn Rows, i64) -> bool) -> Option<bool>;
    fn quirks_json(&self) -> Value;
    /// Sets the quirks that are named. Says whether they were understood.
    fn set_quirks(&self, named: &Value) -> bool;
}

impl<V: Vendor> AnyAccount for Account<V> {
    fn secrets(&self) -> &'static [&'static str] {
        V::SECRETS
    }

    fn shape(&self) -> Shape {
        V::SHAPE
    }

    fn accepts_credential(&self, request: &Request) -> bool {
        V::accepts_credential(self, request)
    }

    fn respond(&self, path: &str, request: &Request) -> Response {
        self.run_hook();
        V::respond(self, path, request)
    }

    fn refusal(&self, code: i64, text: &str) -> Response {
        V::refusal(code, text)
    }

    fn snapshot(&self, table: &str) -> Option<Records> {
        V::list_rows(self, table)
    }

    fn with_rows(&self, table: &str, act: &mut dyn FnMut(&mut dyn Rows, i64) -> bool) -> Option<bool> {
        self.with(|state, now| V::rows_of(state, table, now).map(|rows| act(rows, now)))
    }

    fn quirks_json(&self) -> Value {
        serde_json::to_value(self.current_quirks()).expect("quirks are plain values")
    }

    fn set_quirks(&self, named: &Value) -> bool {
        let mut all = self.quirks_json();
        let (Some(own), Some(named)) = (all.as_object_mut(), named.as_object()) else {
            return false;
        };
        if !named.keys().all(|name| own.contains_key(name)) {
            return false;
        }
        own.extend(named.clone());
        let Ok(read) = serde_json::from_value(all) else {
            return false;
        };
        self.quirks(|quirks| *quirks = read);
        true
    }
}
