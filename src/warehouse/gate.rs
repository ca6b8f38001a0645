//! How many connections may be asked for at a time: as many as the settings want, or as the server turns out to give.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// How long a lower limit is kept before one more connection is tried.
const CAUTION: Duration = Duration::from_mins(1);

/// Lets as many callers in as there may be connections. Where the server gives fewer than the settings want, the others wait
/// for one that becomes free, instead of asking for one that is not to be had.
#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    limit: u32,
    open: AtomicU32,
    changed_at: Mutex<Instant>,
    silence: StdMutex<Option<Silence>>,
}

/// The server gives nobody a connection.
#[derive(Debug, Clone, Copy)]
struct Silence {
    since: Instant,
    noted_at: Instant,
}

/// The right to a connection.
#[derive(Debug)]
pub(super) struct Place(OwnedSemaphorePermit);

impl Gate {
    /// A gate for at most so many callers.
    pub(super) fn new(limit: u32) -> Self {
        let limit = limit.max(1);
        Self {
            places: Arc::new(Semaphore::new(limit as usize)),
            limit,
            open: AtomicU32::new(limit),
            changed_at: Mutex::new(Instant::now()),
            silence: StdMutex::default(),
        }
    }

    /// Waits for a place.
    pub(super) async fn enter_gate(&self) -> Place {
        let permit = self.places.clone().acquire_owned().await;
        Place(permit.expect("the gate is never closed"))
    }

    /// Notes that the server gave this place no connection beside those that there are: for a while no more are let in than have
    /// one. Where there is none at all, the server is silent, and nothing is known of how many it gives.
    pub(super) async fn narrow_gate(&self, place: Place, connections: u32) {
        let mut changed_at = self.changed_at.lock().await;
        let open = self.open.load(Ordering::Relaxed);
        if connections == 0 || open == 1 {
            return;
        }
        place.0.forget();
        // Of places that others hold, each is given up by its holder, who fails as well.
        let more = (open - 1).saturating_sub(connections);
        let more = self.places.forget_permits(more as usize);
        let more = u32::try_from(more).expect("no more than there were");
        self.open.store(open - 1 - more, Ordering::Relaxed);
        *changed_at = Instant::now();
    }

    /// How many connections the server gives, where that is fewer than the settings want.
    pub(super) fn shortage(&self) -> Option<u32> {
        let open = self.open.load(Ordering::Relaxed);
        (open < self.limit).then_some(open)
    }

    /// For how long the server has given nobody a connection; not at all where nobody has asked for long.
    pub(super) fn silence(&self) -> Duration {
        let silence = *self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = silence.filter(|silence| silence.noted_at.elapsed() < CAUTION);
        fresh.map_or(Duration::ZERO, |silence| silence.since.elapsed())
    }

    /// Notes that the server gave no connection to one who has asked since then: not everybody has to wait for themselves.
    pub(super) fn record_silence(&self, asked_at: Instant) {
        let silence = self.silence().max(asked_at.elapsed());
        let noted_at = Instant::now();
        *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = Some(Silence {
            since: noted_at.checked_sub(silence).unwrap_or(noted_at),
            noted_at,
        });
    }

    /// Notes that there was a connection; after a while one more is tried.
    pub(super) async fn widen_gate(&self) {
        *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if self.open.load(Ordering::Relaxed) == self.limit {
            return;
        }
        let mut changed_at = self.changed_at.lock().await;
        if changed_at.elapsed() >= CAUTION && self.open.load(Ordering::Relaxed) < self.limit {
            self.open.fetch_add(1, Ordering::Relaxed);
            *changed_at = Instant::now();
            self.places.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_silence_is_that_of_all_callers_until_one_has_a_connection() {
        let gate = Gate::new(3);
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        gate.record_silence(ago(20));
        gate.record_silence(ago(1));
        assert!(
            gate.silence() >= Duration::from_secs(20),
            "that of another caller too"
        );
        gate.widen_gate().await;
        assert_eq!(gate.silence(), Duration::ZERO);
        gate.record_silence(ago(20));
        gate.silence.lock().unwrap().as_mut().unwrap().noted_at = ago(90);
        assert_eq!(gate.silence(), Duration::ZERO, "nobody has asked for long");
    }

    #[tokio::test]
    async fn a_server_that_gives_fewer_connections_is_asked_for_fewer_but_never_for_none() {
        let gate = Gate::new(8);
        let place = gate.enter_gate().await;
        gate.narrow_gate(place, 0).await;
        assert_eq!(gate.shortage(), None, "a silent server");
        let (inside, outside) = (gate.enter_gate().await, gate.enter_gate().await);
        gate.narrow_gate(outside, 2).await;
        assert_eq!(gate.shortage(), Some(2));
        assert_eq!(gate.places.available_permits(), 1, "the other is inside");
        drop(inside);
        assert_eq!(gate.places.available_permits(), 2);
        for _ in 0..2 {
            let place = gate.enter_gate().await;
            gate.narrow_gate(place, 2).await;
            assert_eq!(gate.places.available_permits(), 1);
        }
        gate.widen_gate().await;
        assert_eq!(gate.places.available_permits(), 1, "not yet");
        *gate.changed_at.lock().await = Instant::now().checked_sub(CAUTION).unwrap();
        gate.widen_gate().await;
        assert_eq!(gate.places.available_permits(), 2);
    }
}
