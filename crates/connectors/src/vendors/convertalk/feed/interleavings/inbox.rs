//! A small inbox in memory, as the vendor is assumed to show it, with everything that may happen to it.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;

/// The bots of the account.
pub(super) const BOTS: [&str; 2] = ["b1", "b2"];

/// How lists are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The latest activity first.
    Activity,
    /// By the time of the first message.
    Created,
}

/// A chat.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    id: u32,
    pub(super) bot: &'static str,
    pub(super) active_at: DateTime<Utc>,
    touched_at: DateTime<Utc>,
    pub(super) is_lead: bool,
    /// It is a lead now and still shows among the others.
    pub(super) is_in_both: bool,
}

/// An account's chats.
pub(super) struct Inbox {
    chats: Vec<Chat>,
    now: DateTime<Utc>,
    next: u32,
    page_size: usize,
    /// Every other page is one row short.
    has_short_pages: bool,
    took_away: bool,
    pub(super) order: Order,
}

impl Inbox {
    /// Some chats of the last days.
    pub(super) fn new(dice: &mut Rng, count: u32) -> Self {
        let mut inbox = Self {
            chats: Vec::new(),
            now: "2026-02-03T10:00:00Z".parse().unwrap(),
            next: 0,
            page_size: dice.usize(4..9),
            has_short_pages: dice.bool(),
            took_away: false,
            order: Order::Activity,
        };
        for _ in 0..count {
            inbox.add(dice);
            let age = TimeDelta::seconds(dice.i64(60..200_000));
            let chat = inbox.chats.last_mut().unwrap();
            chat.active_at -= age;
            chat.is_lead = dice.bool();
        }
        inbox
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Time goes on.
    pub(super) fn pass(&mut self, time: TimeDelta) {
        self.now += time;
    }

    /// Chats by id.
    pub(super) fn snapshot(&self) -> BTreeMap<String, Chat> {
        let chats = self.chats.iter();
        chats
            .map(|chat| (format!("c{}", chat.id), chat.clone()))
            .collect()
    }

    /// True where a row left a list since this was asked before.
    pub(super) fn took_away(&mut self) -> bool {
        std::mem::take(&mut self.took_away)
    }

    fn any<'a>(&'a mut self, dice: &mut Rng, fits: impl Fn(&Chat) -> bool) -> Option<&'a mut Chat> {
        let fitting = self.chats.iter_mut().filter(|chat| fits(chat));
        dice.choice(fitting.collect::<Vec<_>>())
    }

    /// Somebody begins a chat.
    pub(super) fn add(&mut self, dice: &mut Rng) {
        self.chats.push(Chat {
            id: self.next,
            bot: BOTS[dice.usize(..2)],
            active_at: self.now,
            touched_at: self.now,
            is_lead: false,
            is_in_both: false,
        });
        self.next += 1;
    }

    /// Somebody writes.
    pub(super) fn activity(&mut self, dice: &mut Rng) {
        let now = self.now;
        if let Some(chat) = self.any(dice, |_| true) {
            (chat.active_at, chat.touched_at) = (now, now);
        }
    }

    /// An agent looks at a chat.
    pub(super) fn edit(&mut self, dice: &mut Rng) {
        let now = self.now;
        if let Some(chat) = self.any(dice, |_| true) {
            chat.touched_at = now;
        }
    }

    /// A chat is deleted.
    pub(super) fn delete(&mut self, dice: &mut Rng) {
        let place = dice.usize(..self.chats.len());
        self.chats.remove(place);
        self.took_away = true;
    }

    /// A chat becomes a lead, and no longer shows among the others.
    pub(super) fn convert(&mut self, dice: &mut Rng, is_active: bool) {
        let now = self.now;
        if let Some(chat) = self.any(dice, |chat| !chat.is_lead || chat.is_in_both) {
            (chat.is_lead, chat.is_in_both) = (true, false);
            chat.active_at = if is_active { now } else { chat.active_at };
            self.took_away = true;
        }
    }

    /// A chat becomes a lead and shows in both listings.
    pub(super) fn show_in_both(&mut self, dice: &mut Rng) {
        if let Some(chat) = self.any(dice, |chat| !chat.is_lead) {
            (chat.is_lead, chat.is_in_both) = (true, true);
        }
    }

    /// A page of a listing.
    pub(super) fn page(&self, bot: &str, kind: &str, page: usize) -> String {
        let is_in = |chat: &&Chat| {
            let is_kind = chat.is_lead == (kind == "lead") || chat.is_in_both;
            chat.bot == bot && is_kind
        };
        let mut list: Vec<&Chat> = self.chats.iter().filter(is_in).collect();
        if self.order == Order::Activity {
            list.sort_by_key(|chat| std::cmp::Reverse((chat.active_at, chat.id)));
        }
        let rows = list.iter().skip(self.skipped(page)).take(self.size(page));
        let rows: Vec<String> = rows.map(|chat| record(chat)).collect();
        format!(r#"{{"success":true,"code":200,"data":[{}]}}"#, rows.join(","))
    }

    fn skipped(&self, page: usize) -> usize {
        (1..page).map(|page| self.size(page)).sum()
    }

    fn size(&self, page: usize) -> usize {
        self.page_size - usize::from(self.has_short_pages && page.is_multiple_of(2))
    }
}

fn record(chat: &Chat) -> String {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    format!(
        r#"{{"_id":"c{}","updatedAt":"{}","lastSeenAt":"{}"}}"#,
        chat.id,
        text(chat.touched_at),
        text(chat.active_at)
    )
}
