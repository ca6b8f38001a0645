//! How long our own books are kept. Rows of the warehouse are kept for ever.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reader::Reader;
use super::times;

const DAY: Duration = Duration::from_hours(24);
// What happened yesterday is always worth a look.
const ANY_TIME: RangeInclusive<Duration> = DAY..=Duration::from_hours(24 * 3660);
const DEFAULT_LEDGER: Duration = Duration::from_hours(24 * 90);
const DEFAULT_FINDINGS: Duration = Duration::from_hours(24 * 180);

/// How long our own books are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs and slices.
    pub ledger: Duration,
    /// Events, and requests that are done.
    pub events: Duration,
    /// Records that could not be read, since they were last met.
    pub rejects: Duration,
    /// Counts of fields that could not be read, since they were last met.
    pub field_faults: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            ledger: DEFAULT_LEDGER,
            events: DEFAULT_LEDGER,
            rejects: DEFAULT_FINDINGS,
            field_faults: DEFAULT_FINDINGS,
        }
    }
}

/// The table `[retention]`.
pub(super) fn read_retention(root: &mut Reader<'_>) -> Retention {
    let usual = Retention::default();
    let Some(mut table) = root.take_table("retention") else {
        return usual;
    };
    let mut take = |key| table.take_value(key, times::parse_duration(ANY_TIME));
    let retention = Retention {
        ledger: take("ledger").unwrap_or(usual.ledger),
        events: take("events").unwrap_or(usual.events),
        rejects: take("rejects").unwrap_or(usual.rejects),
        field_faults: take("field_faults").unwrap_or(usual.field_faults),
    };
    table.close_table();
    retention
}
