//! Times in filters: naive, in UTC, at the precision of a second.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The form of times in filters (documented). A date without a time is ambiguous as an upper bound and is never sent.
const FORM: &str = "%Y-%m-%dT%H:%M:%S";

/// The second that an instant lies in.
pub(super) fn floor(at: DateTime<Utc>) -> String {
    at.format(FORM).to_string()
}

/// The first whole second that is not before an instant; as an upper bound it asks for a little more rather than less.
pub(super) fn ceiling(at: DateTime<Utc>) -> String {
    let whole = at.trunc_subsecs(0);
    let next = if whole < at {
        whole + TimeDelta::seconds(1)
    } else {
        whole
    };
    floor(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_whole_seconds_around_the_window() {
        for (at, below, above) in [
            (
                "2026-02-03T14:05:09Z",
                "2026-02-03T14:05:09",
                "2026-02-03T14:05:09",
            ),
            (
                "2026-02-03T14:05:09.5Z",
                "2026-02-03T14:05:09",
                "2026-02-03T14:05:10",
            ),
            (
                "2026-02-03T23:59:59.000001Z",
                "2026-02-03T23:59:59",
                "2026-02-04T00:00:00",
            ),
        ] {
            let at = at.parse().unwrap();
            assert_eq!((floor(at).as_str(), ceiling(at).as_str()), (below, above), "{at}");
        }
    }
}
