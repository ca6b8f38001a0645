//! The budget of a credential: when its next request may begin, whoever sends it.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use thiserror::Error;

/// The longest pause, asked for by the vendor, that a request waits for; a longer one is left to the next run.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// How many bytes of its hash name a credential.
const NAME_BYTES: usize = 16;

/// A name for a credential, from which nobody learns the credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialName(String);

impl CredentialName {
    /// Names a credential of a vendor. The same parts under the same key have the same name, everywhere.
    pub fn derive(key: &[u8], vendor: &str, user: Option<&str>, secret: &SecretString) -> Self {
        let mut hash = Hmac::<Sha256>::new_from_slice(key).expect("a key of this hash may have any length");
        for part in [vendor, user.unwrap_or_default(), secret.expose_secret()] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize().into_bytes();
        let hex = digest.iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}"));
        Self(hex.collect())
    }

    /// As text, for the books.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a budget answers to the wish to send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The request may begin after this wait; no other request has this slot.
    After(Duration),
    /// The vendor asked for a pause that lasts so much longer, which is longer than [`LONGEST_PAUSE`]. Nothing is reserved.
    Postponed(Duration),
}

/// The books of a budget cannot be read or written.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct BudgetError(pub Box<dyn Error + Send + Sync>);

/// What a budget is still working on.
pub type BudgetFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, BudgetError>> + Send + 'a>>;

/// The books of all credentials: which of their slots are taken, and until when a vendor wants to be left alone.
///
/// Slots of one credential lie at least `interval` apart, the interval of the one who reserves. They are reserved one by one
/// and at most one ahead by each process, and may be left unused. The first slot of a credential that is new to the books lies
/// one interval ahead, so that a restart never sends more than the vendor allows. All of it may be called at once by many
/// tasks, and, where the books are shared, by many processes; a future may be dropped at any time, which may cost a slot.
pub trait RequestBudget: fmt::Debug + Send + Sync {
    /// Reserves the next free slot: not before the last one's end, nor before a pause is over.
    fn reserve_slot<'a>(
        &'a self,
        credential: &'a CredentialName,
        interval: Duration,
    ) -> BudgetFuture<'a, Slot>;

    /// Leaves the vendor alone for so long from now. A pause that ends later stays as it is.
    fn postpone_slots<'a>(&'a self, credential: &'a CredentialName, pause: Duration) -> BudgetFuture<'a, ()>;
}

/// Books that live as long as the process, for what runs without a warehouse.
#[derive(Debug, Default)]
pub struct InMemoryBudget {
    accounts: Mutex<HashMap<CredentialName, SlotAccount>>,
}

/// The slots of one credential. A pure account: what it answers follows from what it was told.
#[derive(Debug, Clone, Copy)]
pub struct SlotAccount {
    next_slot: Instant,
    paused_until: Instant,
}

impl SlotAccount {
    /// Opens it; the first slot lies this far ahead.
    pub fn open(now: Instant, first: Duration) -> Self {
        Self {
            next_slot: now + first,
            paused_until: now,
        }
    }

    /// Reserves the next slot.
    pub fn reserve_next(&mut self, interval: Duration, now: Instant) -> Slot {
        let pause = self.paused_until.saturating_duration_since(now);
        if pause > LONGEST_PAUSE {
            return Slot::Postponed(pause);
        }
        let slot = self.next_slot.max(self.paused_until).max(now);
        self.next_slot = slot + interval;
        Slot::After(slot - now)
    }
}

impl InMemoryBudget {
    /// Changes the account of a credential, which is opened where it is new.
    fn change_account<T>(
        &self,
        credential: &CredentialName,
        first: Duration,
        change: impl FnOnce(&mut SlotAccount, Instant) -> T,
    ) -> T {
        let now = Instant::now();
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts
            .entry(credential.clone())
            .or_insert(SlotAccount::open(now, first));
        change(account, now)
    }
}

impl RequestBudget for InMemoryBudget {
    fn reserve_slot<'a>(
        &'a self,
        credential: &'a CredentialName,
        interval: Duration,
    ) -> BudgetFuture<'a, Slot> {
        Box::pin(async move {
            Ok(self.change_account(credential, interval, |account, now| {
                account.reserve_next(interval, now)
            }))
        })
    }

    fn postpone_slots<'a>(&'a self, credential: &'a CredentialName, pause: Duration) -> BudgetFuture<'a, ()> {
        Box::pin(async move {
            self.change_account(credential, Duration::ZERO, |account, now| {
                account.paused_until = account.paused_until.max(now + pause);
            });
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_credential_depends_on_every_part_and_shows_none() {
        let name = |key: &str, vendor: &str, user: Option<&str>, secret: &str| {
            CredentialName::derive(key.as_bytes(), vendor, user, &SecretString::from(secret))
        };
        let own = name("key", "acme", Some("reader"), "sandbox-secret");
        assert_eq!(own, name("key", "acme", Some("reader"), "sandbox-secret"));
        for other in [
            name("kex", "acme", Some("reader"), "sandbox-secret"),
            name("key", "acmf", Some("reader"), "sandbox-secret"),
            name("key", "acme", None, "sandbox-secret"),
            name("key", "acme", Some("readersandbox"), "-secret"),
        ] {
            assert_ne!(own, other);
        }
        assert_eq!(own.as_str().len(), 2 * NAME_BYTES);
        assert!(!format!("{own:?} {own}").contains("secret"));
    }

    #[test]
    fn slots_lie_an_interval_apart_and_wait_for_a_pause() {
        let seconds = Duration::from_secs;
        let begin = Instant::now();
        let mut account = SlotAccount {
            next_slot: begin + seconds(10),
            paused_until: begin,
        };
        let mut pauses = [(70, 90), (80, 60), (100, 300)].into_iter().peekable();
        for (at, wanted) in [
            (0, Slot::After(seconds(10))),
            (1, Slot::After(seconds(19))),
            (25, Slot::After(seconds(5))),
            // Slots of idle time are not made up for.
            (60, Slot::After(seconds(0))),
            (61, Slot::After(seconds(9))),
            // A pause from 70 to 160; the shorter one after it changes nothing.
            (75, Slot::After(seconds(85))),
            (85, Slot::After(seconds(85))),
            // A pause from 100 to 400.
            (110, Slot::Postponed(seconds(290))),
            (279, Slot::Postponed(seconds(121))),
            (280, Slot::After(seconds(120))),
        ] {
            let now = begin + seconds(at);
            while let Some((since, pause)) = pauses.next_if(|(since, _)| *since <= at) {
                account.paused_until = account.paused_until.max(begin + seconds(since + pause));
            }
            assert_eq!(account.reserve_next(seconds(10), now), wanted, "at {at}");
        }
    }
}
