//! The budget of a credential: how many requests may be under way, and how far apart they begin.

use std::time::Duration;

use governor::clock::MonotonicClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What one credential may use, shared by everything that uses it.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, MonotonicClock>,
    in_flight: Semaphore,
}

impl Pace {
    /// A budget of evenly spaced requests. It starts empty, so that a restart never sends more than the vendor allows.
    pub(super) fn new(requests_per_minute: u32, max_in_flight: usize) -> Self {
        let interval = Duration::from_mins(1) / requests_per_minute.max(1);
        let quota = Quota::with_period(interval).expect("a minute divided by a u32 is above zero");
        let limiter = RateLimiter::direct_with_clock(quota, MonotonicClock);
        // The first request of the quota counts as sent before the restart.
        let _ = limiter.check();
        Self {
            limiter,
            in_flight: Semaphore::new(max_in_flight.max(1)),
        }
    }

    /// Waits until a request may begin; it is under way until the permit is dropped.
    pub(super) async fn admit(&self) -> SemaphorePermit<'_> {
        let permit = self
            .in_flight
            .acquire()
            .await
            .expect("the semaphore is never closed");
        while let Err(not_yet) = self.limiter.check() {
            tokio::time::sleep(not_yet.wait_time_from(governor::clock::Clock::now(&MonotonicClock))).await;
        }
        permit
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn requests_are_spaced_from_the_first_one_on() {
        let pace = Pace::new(1_200, 1);
        let begin = Instant::now();
        for _ in 0..4 {
            drop(pace.admit().await);
        }
        // Four intervals of 50 ms; how much longer it takes is the machine's affair.
        assert!(
            begin.elapsed() >= Duration::from_millis(195),
            "{:?}",
            begin.elapsed()
        );
    }

    #[tokio::test]
    async fn no_more_requests_than_allowed_are_under_way() {
        let pace = Pace::new(600_000, 2);
        let _held = (pace.admit().await, pace.admit().await);
        let third = tokio::time::timeout(Duration::from_millis(50), pace.admit()).await;
        assert!(third.is_err());
    }
}
