//! The life of one chat: what is true about it at one instant.

use crate::people::{one_of, scatter};

/// States in the vendor's spelling (documented).
const STATUSES: [&str; 6] = ["OPEN", "INPROGRESS", "REVIEW", "ONHOLD", "DEPENDANCY", "CLOSED"];

/// A chat, with what somebody did to it by hand.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    /// Counts the chats of the account.
    pub(super) number: u32,
    /// The place of its bot.
    pub(super) bot: usize,
    /// Unix seconds of its first message.
    pub(super) start: i64,
    /// Everything that is not said by hand follows from it.
    pub(super) fate: u64,
    /// Last activity by hand.
    pub(super) active: Option<i64>,
    /// Last change of the record by hand.
    pub(super) touched: Option<i64>,
    /// Whether it was made a lead, or no lead, by hand.
    pub(super) lead: Option<bool>,
    /// It shows in both listings.
    pub(super) is_in_both: bool,
    /// State by hand.
    pub(super) status: Option<String>,
    /// Labels by hand.
    pub(super) tags: Option<Vec<String>>,
}

impl Chat {
    pub(super) fn new(seed: u64, number: u32, start: i64) -> Self {
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
    pub(super) fn id(&self) -> String {
        format!("{:08x}{:08x}{:08x}", self.start, self.fate >> 32, self.number)
    }

    /// When somebody last wrote: a chat lasts up to a quarter of an hour.
    pub(super) fn written(&self, now: i64) -> i64 {
        let end = self.start + i64::try_from(self.fate % 900).expect("below 900");
        self.active
            .unwrap_or_else(|| end.min(now - now % 10))
            .max(self.start)
    }

    /// When the visitor was last seen.
    pub(super) fn seen(&self, now: i64) -> i64 {
        let lingers = i64::try_from(self.fate >> 8 & 63).expect("below 64");
        (self.written(now) + lingers).min(now).max(self.written(now))
    }

    /// When the record was last touched: agents look at chats hours later.
    pub(super) fn updated(&self, now: i64) -> i64 {
        let looked = self.seen(now) + i64::try_from(self.fate >> 16 & 0x3fff).expect("below 16384");
        let looked = if looked <= now { looked } else { self.seen(now) };
        looked.max(self.touched.unwrap_or_default())
    }

    pub(super) fn is_online(&self, now: i64) -> bool {
        now - self.seen(now) < 30
    }

    /// Whether contact data are known; they come some minutes after the first message.
    pub(super) fn is_lead(&self, now: i64) -> bool {
        let tells = self.fate >> 20 & 7 < 3;
        self.lead.unwrap_or(tells && now >= self.start + 120)
    }

    /// Whether it shows in a listing.
    pub(super) fn shows_as(&self, is_lead: bool, now: i64) -> bool {
        self.is_lead(now) == is_lead || self.is_in_both
    }

    pub(super) fn status(&self) -> &str {
        self.status
            .as_deref()
            .unwrap_or_else(|| one_of(&STATUSES, self.fate >> 5))
    }
}
