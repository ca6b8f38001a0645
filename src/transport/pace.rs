//! When a request of this process may begin: those for live data before those for history.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

use super::budget::{BudgetError, CredentialName, RequestBudget, Slot};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Data of now. It goes before history of the same credential, always.
    Live,
    /// Data of the past, which can wait.
    History,
}

/// Why a request may not begin.
#[derive(Debug)]
pub(super) enum NotAdmitted {
    /// The vendor asked for a longer pause than we wait.
    Postponed(Duration),
    /// The books of the budget cannot be read.
    Budget(BudgetError),
}

/// The way through which all requests of a credential go, one after the other.
#[derive(Debug)]
pub(super) struct Pace {
    credential: CredentialName,
    budget: Arc<dyn RequestBudget>,
    in_flight: Semaphore,
    max_in_flight: std::sync::Mutex<usize>,
    /// The next slot, where one is reserved, for whoever holds the turn.
    turn: Mutex<Option<Instant>>,
    /// The end of the vendor's last pause that we know of; slots before it are void.
    paused_until: std::sync::Mutex<Instant>,
    /// How many live requests wait.
    live_count: watch::Sender<usize>,
}

/// A live request that waits; history waits for it.
struct LiveWait<'a>(&'a watch::Sender<usize>);

impl<'a> LiveWait<'a> {
    fn begin(live_count: &'a watch::Sender<usize>) -> Self {
        live_count.send_modify(|count| *count += 1);
        Self(live_count)
    }
}

impl Drop for LiveWait<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Pace {
    pub(super) fn new(
        credential: CredentialName,
        budget: Arc<dyn RequestBudget>,
        max_in_flight: usize,
    ) -> Self {
        let max_in_flight = max_in_flight.max(1);
        Self {
            credential,
            budget,
            in_flight: Semaphore::new(max_in_flight),
            max_in_flight: std::sync::Mutex::new(max_in_flight),
            turn: Mutex::default(),
            paused_until: std::sync::Mutex::new(Instant::now()),
            live_count: watch::Sender::new(0),
        }
    }

    /// Lets no more requests be under way than this, where it is less than what others of the credential ask for.
    pub(super) fn narrow_to(&self, max_in_flight: usize) {
        let mut width = self.max_in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let surplus = width.saturating_sub(max_in_flight.max(1));
        *width -= self.in_flight.forget_permits(surplus);
    }

    /// Waits until a request may begin; it is under way until the permit is dropped.
    pub(super) async fn admit_request(
        &self,
        priority: Priority,
        interval: Duration,
    ) -> Result<SemaphorePermit<'_>, NotAdmitted> {
        if priority == Priority::Live {
            let _wait = LiveWait::begin(&self.live_count);
            return self.take_slot(interval).await;
        }
        loop {
            self.until_live_count(|count| count == 0).await;
            // Whoever gives way leaves a slot that is reserved to the live request.
            tokio::select! {
                biased;
                () = self.until_live_count(|count| count > 0) => (),
                admitted = self.take_slot(interval) => return admitted,
            }
        }
    }

    async fn until_live_count(&self, is_met: impl Fn(usize) -> bool) {
        let mut live_count = self.live_count.subscribe();
        let met = live_count.wait_for(|count| is_met(*count)).await;
        met.expect("the sender lives as long as we do");
    }

    async fn take_slot(&self, interval: Duration) -> Result<SemaphorePermit<'_>, NotAdmitted> {
        let permit = self.in_flight.acquire().await;
        let permit = permit.expect("the semaphore is never closed");
        let mut turn = self.turn.lock().await;
        loop {
            // A slot whose time has passed is not made up for.
            let reserved = turn.filter(|slot| *slot > Instant::now());
            let slot = match reserved {
                Some(slot) => slot,
                None => self.reserve_slot(interval).await?,
            };
            *turn = Some(slot);
            tokio::time::sleep_until(slot).await;
            *turn = None;
            if slot >= self.read_pause() {
                return Ok(permit);
            }
        }
    }

    async fn reserve_slot(&self, interval: Duration) -> Result<Instant, NotAdmitted> {
        let slot = self.budget.reserve_slot(&self.credential, interval).await;
        match slot.map_err(NotAdmitted::Budget)? {
            Slot::After(wait) => Ok(Instant::now() + wait),
            Slot::Postponed(wait) => Err(NotAdmitted::Postponed(wait)),
        }
    }

    fn read_pause(&self) -> Instant {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the vendor alone for so long: all requests of the credential wait, wherever they are sent.
    pub(super) async fn postpone_requests(&self, pause: Duration) -> Result<(), BudgetError> {
        {
            let mut paused_until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
            *paused_until = (*paused_until).max(Instant::now() + pause);
        }
        self.budget.postpone_slots(&self.credential, pause).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as Lock;

    use secrecy::SecretString;

    use super::*;
    use crate::transport::InMemoryBudget;
    use crate::transport::budget::LONGEST_PAUSE;

    const MS: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn pace(max_in_flight: usize) -> Pace {
        let name = CredentialName::derive(b"key", "acme", None, &SecretString::from("sandbox-secret"));
        Pace::new(name, Arc::new(InMemoryBudget::default()), max_in_flight)
    }

    #[tokio::test]
    async fn requests_are_spaced_from_the_first_one_on() {
        let pace = pace(1);
        let begin = Instant::now();
        for _ in 0..4 {
            drop(pace.admit_request(Priority::Live, 50 * MS).await.unwrap());
        }
        // How much longer than four intervals it takes is the machine's affair.
        assert!(begin.elapsed() >= 199 * MS, "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn a_limit_that_binds_is_used() {
        let pace = pace(1);
        let mut fastest = HOUR;
        // A busy machine may be late once, and hardly every time.
        for _ in 0..5 {
            drop(pace.admit_request(Priority::Live, 10 * MS).await.unwrap());
            let begin = Instant::now();
            for _ in 0..25 {
                drop(pace.admit_request(Priority::History, 10 * MS).await.unwrap());
            }
            fastest = fastest.min(begin.elapsed());
        }
        // Slots stay on their grid however late a sleep ends.
        assert!(fastest < 255 * MS, "{fastest:?}");
    }

    #[tokio::test]
    async fn no_more_requests_than_allowed_are_under_way() {
        let pace = pace(3);
        pace.narrow_to(2);
        pace.narrow_to(5);
        let admit = || pace.admit_request(Priority::Live, MS);
        let _held = (admit().await.unwrap(), admit().await.unwrap());
        assert!(tokio::time::timeout(50 * MS, admit()).await.is_err());
    }

    #[tokio::test]
    async fn live_requests_go_before_history_that_waited_longer() {
        for max_in_flight in [1, 2, 8] {
            let pace = pace(max_in_flight);
            let order = Lock::new(Vec::new());
            let send = async |name: &'static str, priority, after: Duration| {
                tokio::time::sleep(after).await;
                let permit = pace.admit_request(priority, 150 * MS).await.unwrap();
                order.lock().unwrap().push(name);
                drop(permit);
            };
            tokio::join!(
                send("history 1", Priority::History, Duration::ZERO),
                send("history 2", Priority::History, Duration::ZERO),
                send("history 3", Priority::History, Duration::ZERO),
                send("live 1", Priority::Live, 10 * MS),
                send("live 2", Priority::Live, 50 * MS),
            );
            let order = order.into_inner().unwrap();
            assert_eq!(
                order,
                ["live 1", "live 2", "history 1", "history 2", "history 3"],
                "{max_in_flight}"
            );
        }
    }

    #[tokio::test]
    async fn history_that_gives_way_leaves_its_slot() {
        let pace = pace(1);
        let begin = Instant::now();
        let history = pace.admit_request(Priority::History, 100 * MS);
        let live = async {
            tokio::time::sleep(50 * MS).await;
            drop(pace.admit_request(Priority::Live, 100 * MS).await.unwrap());
            begin.elapsed()
        };
        let ((), live) = tokio::join!(async { drop(history.await.unwrap()) }, live);
        assert!((99 * MS..150 * MS).contains(&live), "{live:?}");
        assert!(begin.elapsed() >= 199 * MS, "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn a_live_request_that_is_given_up_holds_nobody_up() {
        let pace = pace(1);
        let live = pace.admit_request(Priority::Live, HOUR);
        assert!(tokio::time::timeout(10 * MS, live).await.is_err());
        assert_eq!(*pace.live_count.borrow(), 0);
    }

    #[tokio::test]
    async fn a_pause_holds_for_all_and_a_long_one_ends_the_wait() {
        let pace = pace(8);
        let begin = Instant::now();
        let early = pace.admit_request(Priority::Live, 20 * MS);
        let pausing = async {
            tokio::time::sleep(5 * MS).await;
            pace.postpone_requests(100 * MS).await.unwrap();
            pace.postpone_requests(50 * MS).await.unwrap();
        };
        let (early, ()) = tokio::join!(early, pausing);
        drop(early.unwrap());
        assert!(begin.elapsed() >= 104 * MS, "{:?}", begin.elapsed());
        pace.postpone_requests(HOUR).await.unwrap();
        let admitted = tokio::time::timeout(1_000 * MS, pace.admit_request(Priority::History, MS)).await;
        let error = admitted.expect("it does not wait").unwrap_err();
        let NotAdmitted::Postponed(wait) = error else {
            panic!("{error:?}")
        };
        assert!((LONGEST_PAUSE..=HOUR).contains(&wait), "{wait:?}");
    }
}
