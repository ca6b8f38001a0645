//! The warehouse: every statement of SQL, behind typed calls.

mod budgets;
mod completion;
mod copy;
mod coverage;
mod deletions;
mod drift;
mod error;
mod faults;
mod gate;
mod history;
mod history_months;
mod lease;
mod ledger;
mod load;
mod lookups;
mod merge;
mod migrate;
mod overview;
mod pool;
mod promote;
mod rejects;
mod rights;
mod session;
mod sources;
mod status;
mod streams;
mod transaction;
mod words;

pub use budgets::Reservation;
pub use completion::{Completion, Reach, SliceOutcome};
pub use coverage::{Coverage, PartitionSpec, Retry};
pub use deletions::{Absences, ColumnValue, HeldDeletion};
pub use drift::TableFields;
pub use error::WarehouseError;
pub use history::Followed;
pub use history_months::MonthsKept;
pub use lease::Lease;
pub use ledger::{
    EvidenceLine, Flaw, LedgerSlice, NewSlice, Purpose, RetryDelay, RunEnd, RunId, RunState, SliceEnd,
    SliceId, SliceVerdict, Traffic,
};
pub use load::{Counts, Load, Loaded};
pub use lookups::DueIds;
pub use overview::SourceLease;
pub use pool::{PoolOptions, Warehouse};
pub use sources::{IdCount, SourceEntry, SourceState};
pub use status::{Freshness, PartitionStatus, RunStatus, StreamStatus, TableCount};
pub use streams::{Registered, StreamEntry};

/// The channel on which a running instance hears what operators say: `confirm SOURCE`, `adopt SOURCE`.
pub const CHANNEL: &str = "convene";
