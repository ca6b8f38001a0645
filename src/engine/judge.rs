//! Whether a walk is complete: a pure table of what the two halves came to.

use super::SyncError;
use super::errand::Fetched;
use super::job::Limits;
use super::load::Loaded;

/// Unreadable records that are always let through, so that one bad record of a quiet hour does not hold the hour up for ever.
const REJECTS_LET_THROUGH: i64 = 10;

/// How a walk ended.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Everything is there, and this is proved.
    Complete,
    /// It came to its end, but something is missing.
    Incomplete(String),
    /// It broke off.
    Failed(SyncError),
}

/// Judges a walk. `is_list` says that it read a list without a time filter.
pub(super) fn judge(fetched: &mut Fetched, loaded: &mut Loaded, limits: &Limits, is_list: bool) -> Verdict {
    // When the loading half breaks off, the asking half stops for that reason alone.
    if let Some(error) = loaded.error.take() {
        return Verdict::Failed(error.into());
    }
    if let Some(error) = fetched.error.take() {
        return Verdict::Failed(error);
    }
    if let Some(error) = too_many_rejects(loaded.counts.rejected, fetched.record_count, limits) {
        return Verdict::Failed(error);
    }
    if let Some(lack) = fetched.lack {
        return Verdict::Incomplete(format!(
            "{} of {} rows came, after several readings",
            lack.counted, lack.total
        ));
    }
    if fetched.is_doubtful && is_list {
        return Verdict::Incomplete("the vendor's answer means \"nothing\" only perhaps".to_owned());
    }
    Verdict::Complete
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn too_many_rejects(rejected: i64, seen: u64, limits: &Limits) -> Option<SyncError> {
    let is_many = rejected > REJECTS_LET_THROUGH && rejected as f64 > seen as f64 * limits.reject_share;
    is_many.then_some(SyncError::Rejects { rejected, seen })
}

#[cfg(test)]
mod tests {
    use super::super::tally::Lack;
    use super::*;
    use crate::warehouse::{Counts, WarehouseError};

    fn story(rejected: i64, change: impl FnOnce(&mut Fetched, &mut Loaded), is_whole: bool) -> String {
        let mut fetched = Fetched {
            record_count: 100,
            ..Fetched::default()
        };
        let counts = Counts {
            // Rows of other tables, such as the recordings of calls, say nothing about the share.
            inserted: 1_000,
            rejected,
            ..Counts::default()
        };
        let mut loaded = Loaded {
            counts,
            ..Loaded::default()
        };
        change(&mut fetched, &mut loaded);
        match judge(&mut fetched, &mut loaded, &Limits::default(), is_whole) {
            Verdict::Complete => "complete".to_owned(),
            Verdict::Incomplete(reason) => format!("incomplete: {reason}"),
            Verdict::Failed(error) => format!("failed: {error}"),
        }
    }

    #[test]
    fn only_a_walk_without_any_flaw_is_complete() {
        let lack = Some(Lack {
            counted: 99,
            total: 100,
        });
        assert_eq!(story(0, |_, _| (), false), "complete");
        assert_eq!(story(10, |_, _| (), false), "complete");
        assert_eq!(
            story(11, |_, _| (), false),
            "failed: 11 of 100 records could not be read; see sync.rejects"
        );
        assert_eq!(
            story(0, |fetched, _| fetched.lack = lack, false),
            "incomplete: 99 of 100 rows came, after several readings"
        );
        assert_eq!(
            story(0, |fetched, _| fetched.error = Some(SyncError::Circle), false),
            "failed: The vendor gives the same page again and again"
        );
        assert_eq!(
            story(0, |fetched, _| fetched.is_doubtful = true, false),
            "complete"
        );
        assert!(story(0, |fetched, _| fetched.is_doubtful = true, true).starts_with("incomplete"));
    }

    #[test]
    fn an_error_of_the_warehouse_is_told_before_the_one_it_causes() {
        let told = story(
            0,
            |fetched, loaded| {
                fetched.error = Some(SyncError::Stopped);
                loaded.error = Some(WarehouseError::Unmigrated);
            },
            false,
        );
        assert!(told.contains("convene migrate"), "{told}");
    }
}
