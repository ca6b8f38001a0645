//! A source that failed as a whole is left alone for a while, and then tried by one stream alone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep_until};

/// The first pause of a source; it doubles.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// The longest pause of a source that may come back by itself.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The longest pause where only a person can help.
const LONGEST_OPERATOR_PAUSE: Duration = Duration::from_mins(30);

/// Keeps the streams of a source away from it while it is down.
#[derive(Debug, Default)]
pub(super) struct SourceGate {
    pause: Mutex<Pause>,
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Pause {
    failure_count: u32,
    until: Option<Instant>,
}

impl SourceGate {
    /// Waits until the source may be tried. After a pause the first one gets the right to try it alone.
    pub(super) async fn enter_gate(&self) -> Option<MutexGuard<'_, ()>> {
        loop {
            let until = self.lock_pause().until?;
            sleep_until(until).await;
            let probe = self.probe.lock().await;
            match self.lock_pause().until {
                None => return None,
                Some(again) if again > Instant::now() => (),
                Some(_) => return Some(probe),
            }
        }
    }

    /// The source answers.
    pub(super) fn clear_pause(&self) {
        *self.lock_pause() = Pause::default();
    }

    /// The source failed as a whole; tells how long it is left alone.
    pub(super) fn pause_source(&self, needs_operator: bool) -> Duration {
        let mut pause = self.lock_pause();
        let now = Instant::now();
        if let Some(until) = pause.until.filter(|until| *until > now) {
            // Another stream has met the same failure.
            return until - now;
        }
        pause.failure_count += 1;
        let wait = pause_length(pause.failure_count, needs_operator);
        pause.until = Some(now + wait);
        wait
    }

    fn lock_pause(&self) -> std::sync::MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a source is left alone after so many failures in a row.
fn pause_length(failure_count: u32, needs_operator: bool) -> Duration {
    let longest = if needs_operator {
        LONGEST_OPERATOR_PAUSE
    } else {
        LONGEST_PAUSE
    };
    FIRST_PAUSE
        .saturating_mul(1 << failure_count.saturating_sub(1).min(10))
        .min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_left_alone_longer_with_each_failure() {
        for (failures, needs_operator, minutes) in [
            (1, false, 1),
            (2, false, 2),
            (4, false, 8),
            (5, false, 15),
            (60, false, 15),
            (1, true, 1),
            (7, true, 30),
        ] {
            assert_eq!(
                pause_length(failures, needs_operator),
                Duration::from_mins(minutes),
                "{failures}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_one_tries_and_the_others_follow_when_it_has_succeeded() {
        let gate = SourceGate::default();
        assert!(gate.enter_gate().await.is_none(), "nothing is wrong");
        assert_eq!(gate.pause_source(false), Duration::from_mins(1));
        assert!(
            gate.pause_source(false) <= Duration::from_mins(1),
            "the same failure counts once"
        );
        let probe = gate.enter_gate().await;
        assert!(probe.is_some());
        gate.clear_pause();
        drop(probe);
        assert!(gate.enter_gate().await.is_none());
    }
}
