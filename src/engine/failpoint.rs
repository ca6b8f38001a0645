//! Places where a test can end the process. A release build has none.

/// The places, in the order in which a run comes to them.
pub const FAILPOINTS: [&str; 15] = [
    "before account check",
    "before registration",
    "before run",
    "after begin of run",
    "after begin of slice",
    "before request",
    "after answer",
    "before load",
    "after load",
    "after last page",
    "before end of slice",
    "after end of slice",
    "before end of run",
    "after end of run",
    "before release",
];

/// Ends the process at once where the variable `CONVENE_FAILPOINT` names this place. `NAME:3` means the third time. Where
/// `CONVENE_FAILPOINT_PANICS` is set, it panics instead.
pub fn reach_failpoint(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static REACHED: AtomicU32 = AtomicU32::new(0);
        debug_assert!(FAILPOINTS.contains(&name), "{name} is in the list");
        let Ok(wanted) = std::env::var("CONVENE_FAILPOINT") else {
            return;
        };
        let (place, number) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        if place == name && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == number.parse().unwrap_or(1) {
            assert!(
                std::env::var_os("CONVENE_FAILPOINT_PANICS").is_none(),
                "the failpoint `{place}` was reached"
            );
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
