//! The simulated account: its chats behind short locks, more of them as its clock goes on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::chat::Chat;
use super::knobs::{Knobs, Order};
use crate::clock::Clock;
use crate::options::Options;
use crate::people::scatter;

const DAY: i64 = 86_400;

/// What happens before each answer.
type Happening = Box<dyn FnMut(&World) + Send>;

/// A simulated Convertalk account.
pub struct World {
    clock: Arc<Clock>,
    pub(super) seed: u64,
    token: String,
    pub(super) agents: u32,
    /// Seconds from one new chat to the next.
    pace: i64,
    knobs: RwLock<Knobs>,
    state: RwLock<State>,
    happening: Mutex<Option<Happening>>,
    /// Counts the answers in random order.
    turn: AtomicU64,
}

/// What changes about an account.
pub(super) struct State {
    pub(super) chats: Vec<Chat>,
    /// The number of the next chat.
    pub(super) next: u32,
    /// When the next chat begins by itself.
    next_start: i64,
}

/// A chat at an instant.
pub(super) struct View {
    pub(super) chat: Chat,
    pub(super) now: i64,
}

impl World {
    pub(crate) fn new(options: &Options, clock: Arc<Clock>) -> Self {
        let pace = DAY / i64::from(options.chats_per_day.clamp(1, 20_000));
        let first = options.now.timestamp() - i64::from(options.days) * DAY;
        Self {
            clock,
            seed: options.seed,
            token: options.token.clone(),
            agents: options.agents.max(1),
            pace,
            knobs: RwLock::default(),
            state: RwLock::new(State {
                chats: Vec::new(),
                next: 0,
                next_start: first + pace / 2,
            }),
            happening: Mutex::default(),
            turn: AtomicU64::default(),
        }
    }

    /// Changes the vendor's habits.
    pub fn knobs(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.knobs.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Has this happen before each answer.
    pub fn before_each_answer(&self, happening: impl FnMut(&Self) + Send + 'static) {
        *self.happening.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(happening));
    }

    /// Nothing happens any more before answers.
    pub fn rest(&self) {
        *self.happening.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn happen(&self) {
        let mut happening = self.happening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(happening) = happening.as_mut() {
            happening(self);
        }
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&Knobs) -> T) -> T {
        at(&self.knobs.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The state and the time.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut State, i64) -> T) -> T {
        let now = self.clock.now().timestamp();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        while state.next_start <= now {
            let start = state.next_start;
            state.add(self.seed, start);
            state.next_start = start + self.pace;
        }
        write(&mut state, now)
    }

    /// The chats that fit, as they are now.
    pub(super) fn views(&self, fits: impl Fn(&Chat, i64) -> bool) -> Vec<View> {
        self.write(|state, now| {
            let fitting = state.chats.iter().filter(|chat| fits(chat, now));
            fitting
                .map(|chat| View {
                    chat: chat.clone(),
                    now,
                })
                .collect()
        })
    }

    /// A page, from 1, of the chats that fit.
    pub(super) fn page(&self, page: usize, fits: impl Fn(&Chat, i64) -> bool) -> Vec<View> {
        let mut views = self.views(fits);
        let knobs = self.look(Knobs::clone);
        let turn = self.turn.fetch_add(1, Ordering::AcqRel);
        views.sort_by_key(|View { chat, now }| {
            let number = i64::from(chat.number);
            match knobs.order {
                Order::Activity => (-chat.seen(*now), -number),
                Order::Created => (-chat.start, -number),
                Order::Id => (chat.start, number),
                Order::Random => (scatter(turn, u64::from(chat.number)).cast_signed(), 0),
            }
        });
        let size = |page: usize| {
            (knobs.page_size - usize::from(knobs.has_short_pages && page.is_multiple_of(2))).max(1)
        };
        let page = if knobs.is_stuck { 1 } else { page };
        let skipped = (1..page).map(size).fold(0, usize::saturating_add);
        views.into_iter().skip(skipped).take(size(page)).collect()
    }
}

impl State {
    pub(super) fn add(&mut self, seed: u64, start: i64) -> String {
        let chat = Chat::new(seed, self.next, start);
        let id = chat.id();
        self.chats.push(chat);
        self.next += 1;
        id
    }
}
