//! A source that failed as a whole is left alone for a while, and then tried by one stream alone.

use std::time::Duration;

use tokio::sync::{MutexGuard, watch};
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
    pause: watch::Sender<Pause>,
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Pause {
    failure_count: u32,
    /// When the last failure was met.
    since: Option<Instant>,
    until: Option<Instant>,
}

/// How a source is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftAlone {
    /// For how long from now.
    pub(super) wait: Duration,
    /// How many times in a row it has failed.
    pub(super) failure_count: u32,
    /// False where another stream has met the same failure before.
    pub(super) is_new: bool,
}

impl SourceGate {
    /// Waits until the source may be tried. After a pause the first one gets the right to try it alone.
    pub(super) async fn enter_gate(&self) -> Option<MutexGuard<'_, ()>> {
        let mut changes = self.pause.subscribe();
        loop {
            let until = changes.borrow_and_update().until?;
            tokio::select! {
                () = sleep_until(until) => (),
                _ = changes.changed() => continue,
            }
            let probe = self.probe.lock().await;
            match self.pause.borrow().until {
                None => return None,
                Some(again) if again > Instant::now() => (),
                Some(_) => return Some(probe),
            }
        }
    }

    /// The source has answered a run that began then. True where it had failed before; a run from before the failure, which had its
    /// answers already, says nothing of what is now.
    pub(super) fn clear_pause(&self, begun: Instant) -> bool {
        // Nobody is woken who does not wait.
        self.pause.send_if_modified(|pause| {
            let has_ended = pause.since.is_some_and(|since| since <= begun);
            if has_ended {
                *pause = Pause::default();
            }
            has_ended
        })
    }

    /// The source failed as a whole; tells how long it is left alone.
    pub(super) fn pause_source(&self, needs_operator: bool) -> LeftAlone {
        let now = Instant::now();
        let mut left_alone = LeftAlone {
            wait: Duration::ZERO,
            failure_count: 0,
            is_new: true,
        };
        self.pause.send_modify(|pause| {
            if let Some(until) = pause.until.filter(|until| *until > now) {
                // Another stream has met the same failure.
                (left_alone.wait, left_alone.is_new) = (until - now, false);
            } else {
                pause.failure_count += 1;
                left_alone.wait = pause_length(pause.failure_count, needs_operator);
                pause.since = Some(now);
                pause.until = Some(now + left_alone.wait);
            }
            left_alone.failure_count = pause.failure_count;
        });
        left_alone
    }

    /// Whoever held the source before had left it alone: it may be tried at once, by one stream.
    pub(super) fn inherit_pause(&self, failure_count: u32) {
        let now = Instant::now();
        self.pause.send_replace(Pause {
            failure_count,
            since: Some(now),
            until: Some(now),
        });
    }

    /// How much longer the source is left alone; nothing where it is not.
    pub(super) fn left_alone_for(&self) -> Option<Duration> {
        let until = self.pause.borrow().until?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Somebody wants the source to be tried at once.
    pub(super) fn try_at_once(&self) {
        self.pause.send_if_modified(|pause| {
            let now = Instant::now();
            let is_left_alone = pause.until.is_some_and(|until| until > now);
            if is_left_alone {
                pause.until = Some(now);
            }
            is_left_alone
        });
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
        let first = gate.pause_source(false);
        assert!(first.is_new && first.wait == Duration::from_mins(1));
        let second = gate.pause_source(false);
        assert!(
            !second.is_new && second.failure_count == 1,
            "the same failure counts once"
        );
        let probe = gate.enter_gate().await;
        assert!(probe.is_some());
        let before = Instant::now() - Duration::from_secs(61);
        assert!(!gate.clear_pause(before), "a run from before had its answers");
        assert!(gate.clear_pause(Instant::now()));
        drop(probe);
        assert!(gate.enter_gate().await.is_none());
        assert!(!gate.clear_pause(Instant::now()), "it is told once");
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_ends_a_pause_at_once_and_one_stream_tries() {
        let gate = SourceGate::default();
        gate.pause_source(true);
        let begun = Instant::now();
        let (probe, ()) = tokio::join!(gate.enter_gate(), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            gate.try_at_once();
        });
        assert!(probe.is_some());
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
        let again = gate.pause_source(true);
        assert_eq!(again.wait, Duration::from_mins(2), "the pauses go on growing");
    }
}
