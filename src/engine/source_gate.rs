//! A source that failed as a whole is left alone for a while, and then tried by one stream alone. Where another stream is answered after
//! that, the failure was no matter of the whole source, and concerns no other stream any more.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{MutexGuard, watch};
use tokio::time::{Instant, sleep_until};

/// The first pause of a source; it doubles.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// The longest pause of a source that may come back by itself.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The longest pause where only a person can help.
const LONGEST_OPERATOR_PAUSE: Duration = Duration::from_mins(30);
/// How much later than the others that stream tries the source which met the failure.
const YIELD: Duration = Duration::from_secs(1);

/// Keeps the streams of a source away from it while it is down.
#[derive(Debug, Default)]
pub(super) struct SourceGate {
    pause: watch::Sender<Pause>,
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Pause {
    failure_count: u32,
    /// When the last failure was met.
    since: Option<Instant>,
    until: Option<Instant>,
    /// The stream that met it; nothing where that was another instance's.
    met_by: Option<String>,
    /// Streams that fail while others are answered.
    failing_alone: BTreeSet<String>,
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
    /// Waits until the stream may try the source. After a pause the first one gets the right to try it alone.
    pub(super) async fn enter_gate(&self, stream: &str) -> Option<MutexGuard<'_, ()>> {
        let mut changes = self.pause.subscribe();
        loop {
            let turn = changes.borrow_and_update().turn_of(stream)?;
            tokio::select! {
                () = sleep_until(turn) => (),
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

    /// The source has answered a run of the stream that began then. True where it had failed before; a run from before the failure,
    /// which had its answers already, says nothing of what is now.
    pub(super) fn clear_pause(&self, stream: &str, begun: Instant) -> bool {
        // Nobody is woken who does not wait.
        self.pause.send_if_modified(|pause| {
            pause.failing_alone.remove(stream);
            let has_ended = pause.since.is_some_and(|since| since <= begun);
            if has_ended {
                let met_by = pause.met_by.take().filter(|other| other != stream);
                pause.failing_alone.extend(met_by);
                (pause.failure_count, pause.since, pause.until) = (0, None, None);
            }
            has_ended
        })
    }

    /// A stream met a failure of the source as a whole; tells how long the source is left alone. Nothing where the other streams are
    /// answered meanwhile: then it is this stream's own.
    pub(super) fn pause_source(&self, stream: &str, needs_operator: bool) -> Option<LeftAlone> {
        let now = Instant::now();
        let mut left_alone = None;
        self.pause.send_if_modified(|pause| {
            if let Some(until) = pause.until.filter(|until| *until > now) {
                // Another stream has met the same failure.
                left_alone = Some(LeftAlone {
                    wait: until - now,
                    failure_count: pause.failure_count,
                    is_new: false,
                });
                return false;
            }
            if pause.failing_alone.contains(stream) {
                return false;
            }
            pause.failure_count += 1;
            let wait = pause_length(pause.failure_count, needs_operator);
            pause.since = Some(now);
            pause.until = Some(now + wait);
            pause.met_by = Some(stream.to_owned());
            left_alone = Some(LeftAlone {
                wait,
                failure_count: pause.failure_count,
                is_new: true,
            });
            true
        });
        left_alone
    }

    /// True where the stream has failed while others were answered.
    pub(super) fn fails_alone(&self, stream: &str) -> bool {
        self.pause.borrow().failing_alone.contains(stream)
    }

    /// Whoever held the source before had left it alone: it may be tried at once, by one stream.
    pub(super) fn inherit_pause(&self, failure_count: u32) {
        let now = Instant::now();
        self.pause.send_modify(|pause| {
            pause.failure_count = failure_count;
            (pause.since, pause.until) = (Some(now), Some(now));
            pause.met_by = None;
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

impl Pause {
    /// When the stream may try the source; nothing where it is not left alone. The one that met the failure lets the others go first, who
    /// may be answered.
    fn turn_of(&self, stream: &str) -> Option<Instant> {
        let until = self.until?;
        let has_met_it = self.met_by.as_deref() == Some(stream);
        Some(if has_met_it { until + YIELD } else { until })
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
        assert!(gate.enter_gate("calls").await.is_none(), "nothing is wrong");
        let first = gate.pause_source("calls", false).expect("it is left alone");
        assert!(first.is_new && first.wait == Duration::from_mins(1));
        let second = gate.pause_source("leads", false).expect("it is left alone");
        assert!(
            !second.is_new && second.failure_count == 1,
            "the same failure counts once"
        );
        let probe = gate.enter_gate("leads").await;
        assert!(probe.is_some());
        let before = Instant::now() - Duration::from_secs(61);
        assert!(
            !gate.clear_pause("leads", before),
            "a run from before had its answers"
        );
        assert!(gate.clear_pause("leads", Instant::now()));
        drop(probe);
        assert!(gate.enter_gate("calls").await.is_none());
        assert!(!gate.clear_pause("calls", Instant::now()), "it is told once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_stream_alone_meets_holds_up_no_other() {
        let gate = SourceGate::default();
        assert!(gate.pause_source("calls", false).is_some());
        let (of_calls, of_leads) = tokio::join!(
            async {
                let probe = gate.enter_gate("calls").await;
                (probe.is_some(), Instant::now())
            },
            async {
                let probe = gate.enter_gate("leads").await;
                let at = Instant::now();
                assert!(gate.clear_pause("leads", at));
                (probe.is_some(), at)
            }
        );
        assert!(of_leads.0 && !of_calls.0, "the others go first");
        assert!(of_calls.1 - of_leads.1 < YIELD, "an answer lets everybody in");
        assert!(
            gate.pause_source("calls", false).is_none(),
            "the others are answered"
        );
        assert!(gate.enter_gate("leads").await.is_none());
        gate.clear_pause("calls", Instant::now());
        assert!(
            gate.pause_source("calls", false).is_some(),
            "it was answered, too, and then all failed"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_of_one_stream_is_left_alone_longer_each_time() {
        let gate = SourceGate::default();
        for minutes in [1, 2, 4] {
            let left = gate
                .pause_source("calls", false)
                .expect("nobody else is answered");
            assert_eq!(left.wait, Duration::from_mins(minutes));
            assert!(gate.enter_gate("calls").await.is_some());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_ends_a_pause_at_once_and_one_stream_tries() {
        let gate = SourceGate::default();
        gate.pause_source("calls", true);
        let begun = Instant::now();
        let (probe, ()) = tokio::join!(gate.enter_gate("leads"), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            gate.try_at_once();
        });
        assert!(probe.is_some());
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
        let again = gate.pause_source("calls", true).map(|left| left.wait);
        assert_eq!(again, Some(Duration::from_mins(2)), "the pauses go on growing");
    }
}
