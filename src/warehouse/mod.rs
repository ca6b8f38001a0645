//! The warehouse: every statement of SQL, behind typed calls.

mod absences;
mod budgets;
mod completion;
mod copy;
mod coverage;
mod deletions;
mod dictionary;
mod distribute;
mod drift;
mod ear;
mod error;
mod events;
mod faults;
mod gate;
mod history;
mod history_months;
mod instances;
mod kept;
mod lease;
mod ledger;
mod ledger_records;
mod load;
mod lookups;
mod losses;
mod merge;
mod migrate;
mod named;
mod overview;
mod pauses;
mod people;
mod pool;
mod promote;
mod reject_list;
mod rejects;
mod replay;
mod requests;
mod retention;
mod rights;
mod row_story;
mod row_trace;
mod session;
mod sources;
mod statistics;
mod status;
mod stream_history;
mod streams;
mod tallies;
mod tombstones;
mod transaction;
mod verification;
mod words;

pub use absences::Absences;
pub use budgets::Reservation;
pub use completion::{Completion, Reach, SliceOutcome};
pub use coverage::{Coverage, PartitionSpec, Retry};
pub use deletions::{ColumnValue, HeldDeletion};
pub use dictionary::{DictionaryColumn, DictionaryTable};
pub use distribute::{Placement, list_placements};
pub use drift::{DriftEntry, TableFields};
pub use ear::Ear;
pub use error::WarehouseError;
pub use events::{Alert, EventKind, EventLimits, NewEvent};
pub use history::Followed;
pub use history_months::MonthsKept;
pub use instances::{Holder, Instance, StreamSchedule};
pub use kept::{DaysMade, Marked};
pub use lease::Lease;
pub use ledger::{
    EvidenceLine, Flaw, LedgerSlice, NewSlice, Purpose, RetryDelay, RunEnd, RunId, RunState, SliceEnd,
    SliceId, SliceVerdict, Traffic,
};
pub use ledger_records::{RunFilter, RunRecord, SliceRecord};
pub use load::{Counts, Landed, Load, TableCounts};
pub use lookups::DueIds;
pub use losses::{Loss, LossState};
pub use overview::{
    CoveredSpan, DriftOverview, EventRecord, FailingSlice, FaultOverview, HeldOverview, InstanceOverview,
    OpenRequest, Overview, PartitionOverview, PauseOverview, ScheduleOverview, SourceLease, SourceOverview,
};
pub use pauses::{NewPause, Pause};
pub use people::{PeopleCounts, PersonCandidate, PersonRecord, PersonSheet, RecordKey};
pub use pool::{PoolOptions, PoolState, Warehouse};
pub use reject_list::{FaultEntry, RejectEntry, RejectGroup};
pub use replay::{MappingState, ReplayCounts, ReplayStep, Replayed, StoredRow};
pub use requests::{Backfill, Density, FlawedSlice, PendingRequest, RequestId, RequestStatus};
pub use retention::{Pruned, Retention};
pub use row_story::{ChangeStory, FaultStory, GoneStory, IdStory, LookupStory, RowStory};
pub use row_trace::RowTrace;
pub use sources::{IdCount, PartitionRead, SourceEntry, SourceState};
pub use status::{Freshness, StreamStatus, TableCount};
pub use stream_history::{HourlyTraffic, Lateness, StreamHistory};
pub use streams::{KnownStream, Registered, StreamEntry};
pub use tallies::{TableAudit, WindowCount};
pub use verification::Verifying;

/// The channel on which a running instance hears what operators say: `confirm SOURCE`, `adopt SOURCE`, `pause SOURCE`,
/// `resume SOURCE`, `request SOURCE`.
pub const CHANNEL: &str = "convene";
