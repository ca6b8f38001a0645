//! Hints about waiting: in every form, never shortened, and not believed where they say that nothing is to be waited for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::lists::REPS;
use super::stub::Reply;
use super::{Case, run_cases};

/// Refuses the first requests with these headers; the next must not come sooner than `wait`.
fn refused(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    times: usize,
    wait: Duration,
) -> Case {
    let last: Arc<Mutex<Option<Instant>>> = Arc::default();
    let early: Arc<Mutex<usize>> = Arc::default();
    Case::of(&REPS, format!("wait: {status} {headers:?}")).answers(move |heard| {
        let now = Instant::now();
        let since = last
            .lock()
            .expect("no answer panics")
            .replace(now)
            .map(|then| now - then);
        let mut early = early.lock().expect("no answer panics");
        *early += usize::from(since.is_some_and(|since| since + Duration::from_millis(50) < wait));
        if heard.before < times {
            headers
                .iter()
                .fold(Reply::json("slow down").status(status), |reply, (name, value)| {
                    reply.header(name, *value)
                })
        } else if *early > 0 {
            Reply::json("too early").status(418)
        } else {
            Reply::json((REPS.wrap)(&REPS.records(&[])))
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_are_kept_in_every_form() {
    let seconds = Duration::from_secs;
    run_cases(vec![
        refused(429, &[("Retry-After", "3")], 1, seconds(3)).lands(5),
        refused(429, &[("Retry-After", "3, 5")], 1, seconds(5)).lands(5),
        refused(429, &[("Retry-After", "3.5")], 1, Duration::from_millis(3_500)).lands(5),
        refused(429, &[("Retry-After", "\"3\"")], 1, seconds(3)).lands(5),
        refused(429, &[("X-RateLimit-Reset", "3")], 1, seconds(3)).lands(5),
        refused(
            429,
            &[("Retry-After", "1"), ("X-RateLimit-Reset", "4")],
            1,
            seconds(4),
        )
        .lands(5),
        refused(503, &[("Retry-After", "3")], 1, seconds(3)).lands(5),
        refused(429, &[("Retry-After", "0")], 3, Duration::from_millis(250)).lands(5),
        refused(
            429,
            &[("Retry-After", "-1"), ("X-RateLimit-Reset", "2")],
            1,
            seconds(2),
        )
        .lands(5),
        // Without a hint a vendor that is unwell is asked again soon.
        refused(503, &[], 1, Duration::from_millis(250)).lands(5),
        refused(500, &[], 2, Duration::from_millis(250)).lands(5),
        // A long one is never cut short: it ends the slice.
        refused(429, &[("Retry-After", "86400")], 9, seconds(0))
            .fails(&["next run"])
            .lands(0),
        refused(503, &[("Retry-After", "7200, 9")], 9, seconds(0))
            .fails(&["next run"])
            .lands(0),
    ])
    .await;
}
