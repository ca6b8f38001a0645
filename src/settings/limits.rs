//! How much one slice may read, whatever the vendor.

use std::ops::RangeInclusive;
use std::time::Duration;

use connectors::reader::SliceLimits;

use super::reader::Reader;
use super::{forms, times};

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;

const ANY_PAGES: RangeInclusive<u64> = 1..=1_000_000;
const ANY_BYTES: RangeInclusive<u64> = KIB..=1 << 40;
// An answer is held in memory as a whole.
const ANY_BODY_BYTES: RangeInclusive<u64> = KIB..=GIB;
const ANY_SLICE_TIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

// A full page of the largest list is about 4 MB.
const DEFAULT_BODY_BYTES: usize = 64 << 20;
const DEFAULT_SLICE_TIME: Duration = Duration::from_hours(6);

/// What bounds a slice: one that meets a bound is incomplete, and says which setting raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most answers of a slice.
    pub max_pages: u64,
    /// Most bytes of all answers of a slice.
    pub max_bytes: u64,
    /// How long the reading of a slice may take.
    pub max_slice_time: Duration,
    /// Most bytes of one answer, unpacked.
    pub max_body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let SliceLimits {
            max_pages, max_bytes, ..
        } = SliceLimits::default();
        Self {
            max_pages,
            max_bytes,
            max_slice_time: DEFAULT_SLICE_TIME,
            max_body_bytes: DEFAULT_BODY_BYTES,
        }
    }
}

/// The table `[limits]`.
pub(super) fn read_limits(root: &mut Reader<'_>) -> Limits {
    let usual = Limits::default();
    let Some(mut table) = root.take_table("limits") else {
        return usual;
    };
    let body_bytes = table.take_value("max_body_bytes", forms::parse_bytes(ANY_BODY_BYTES));
    let limits = Limits {
        max_pages: table
            .take_value("max_pages", forms::parse_number(ANY_PAGES))
            .unwrap_or(usual.max_pages),
        max_bytes: table
            .take_value("max_bytes", forms::parse_bytes(ANY_BYTES))
            .unwrap_or(usual.max_bytes),
        max_slice_time: table
            .take_value("max_slice_time", times::parse_duration(ANY_SLICE_TIME))
            .unwrap_or(usual.max_slice_time),
        max_body_bytes: body_bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(usual.max_body_bytes),
    };
    table.close_table();
    limits
}
