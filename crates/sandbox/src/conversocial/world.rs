//! What the simulated account holds, and how it is looked at and changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::clock::Clock;
use super::super::options::Options;
use super::knobs::Knobs;
use super::story;

/// What happens before a request is answered; it is told how many came before.
type Hook = Box<dyn FnMut(&World, usize) + Send>;

/// A simulated Conversocial account.
pub struct World {
    clock: Arc<Clock>,
    token: String,
    knobs: RwLock<Knobs>,
    state: RwLock<State>,
    /// When the requests of the last minute came, in milliseconds.
    asked: Mutex<Vec<i64>>,
    hook: Mutex<(usize, Option<Hook>)>,
}

/// What changes about an account.
#[derive(Default)]
pub(super) struct State {
    pub(super) conversations: Vec<Conversation>,
    /// Authors by id.
    pub(super) authors: BTreeMap<String, Value>,
    /// Accounts, channels, users and tags, by the name of their list.
    pub(super) lists: BTreeMap<&'static str, Vec<Value>>,
    pub(super) reports: Vec<Report>,
    /// What agents did to profiles, by the name of the list.
    pub(super) actions: BTreeMap<&'static str, Vec<Stamped>>,
    pub(super) annotation_types: Vec<Value>,
    pub(super) events: Vec<Stamped>,
    /// The number of the next thing that is made by hand.
    pub(super) next: u64,
}

/// A conversation.
#[derive(Debug, Clone)]
pub(super) struct Conversation {
    pub(super) id: String,
    /// The second from which on it is shown.
    pub(super) born: i64,
    /// The second by which it is sorted.
    pub(super) sorted: i64,
    pub(super) status: String,
    pub(super) is_priority: bool,
    pub(super) author: String,
    pub(super) assigned_to: Option<String>,
    pub(super) channels: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) text: String,
    pub(super) author: Option<String>,
    pub(super) user: Option<String>,
    pub(super) is_private: bool,
    pub(super) parent: Option<String>,
    pub(super) sentiment: Option<i64>,
}

/// A report, whose state depends on how often it was looked at.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) id: String,
    pub(super) ordered: i64,
    pub(super) looks: u32,
    pub(super) fails: bool,
}

/// A record of a moment, in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Stamped {
    pub(super) at: i64,
    pub(super) record: Value,
}

impl World {
    pub(crate) fn new(options: &Options, clock: Arc<Clock>) -> Self {
        Self {
            clock,
            token: options.token.clone(),
            knobs: RwLock::default(),
            state: RwLock::new(story::tell(options)),
            asked: Mutex::default(),
            hook: Mutex::default(),
        }
    }

    /// Changes the vendor's habits.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.knobs.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets something happen before each request is answered; it is told how many came before.
    pub fn before_each(&self, act: impl FnMut(&Self, usize) + Send + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = (0, Some(Box::new(act)));
    }

    /// Lets nothing happen any more.
    pub fn calm(&self) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = (0, None);
    }

    pub(super) fn run_hook(&self) {
        let mut hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, act) = &mut *hook;
        if let Some(act) = act {
            act(self, *count);
            *count += 1;
        }
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&Knobs) -> T) -> T {
        at(&self.knobs.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn asked(&self) -> MutexGuard<'_, Vec<i64>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state and the second, for reading.
    pub(super) fn read<T>(&self, read: impl FnOnce(&State, i64) -> T) -> T {
        let now = self.now().timestamp();
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner), now)
    }

    /// The state and the second, for changing.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut State, i64) -> T) -> T {
        let now = self.now().timestamp();
        write(
            &mut self.state.write().unwrap_or_else(PoisonError::into_inner),
            now,
        )
    }
}

impl State {
    /// The conversations that exist at a second.
    pub(super) fn visible(&self, now: i64) -> impl Iterator<Item = &Conversation> {
        self.conversations
            .iter()
            .filter(move |conversation| conversation.born <= now)
    }

    /// A conversation that is to be changed.
    pub(super) fn find(&mut self, id: &str) -> Option<&mut Conversation> {
        self.conversations
            .iter_mut()
            .find(|conversation| conversation.id == id)
    }
}

impl Conversation {
    /// Its messages that exist at a second.
    pub(super) fn visible(&self, now: i64) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.at <= now)
    }
}
