//! How long to wait before something that failed is tried again.

use std::time::Duration;

/// Waits that double, up to a longest one.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after failure number `attempt`, from 1.
    pub fn draw_wait(&self, attempt: u32) -> Duration {
        self.spread_wait(attempt, fastrand::f64())
    }

    /// A wait that doubles, spread over its upper half so that instances do not fall into step. `jitter` lies between 0 and 1.
    fn spread_wait(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        doubled
            .min(self.longest)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_the_longest_and_is_spread_over_its_upper_half() {
        let backoff = Backoff {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
        };
        for (attempt, jitter, wanted_ms) in [
            (1, 0.0, 250),
            (1, 1.0, 500),
            (2, 1.0, 1_000),
            (4, 1.0, 4_000),
            (7, 1.0, 20_000),
            (7, 0.0, 10_000),
            (u32::MAX, 2.0, 20_000),
        ] {
            let wait = backoff.spread_wait(attempt, jitter);
            assert_eq!(
                wait,
                Duration::from_millis(wanted_ms),
                "attempt {attempt}, {jitter}"
            );
        }
    }
}
