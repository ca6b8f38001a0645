//! The engine: what to read next, reading it slice by slice, and keeping a source in step.

mod account_check;
mod budget;
mod clock;
mod error;
mod failpoint;
mod fetch;
mod fields;
mod lease;
mod load;
mod observer;
mod page_room;
mod plan;
mod plan_days;
mod registration;
mod run;
mod run_plan;
mod session;
mod slice;
mod source_gate;
mod stream_spec;
mod supervise;
mod table_locks;
mod verify;

pub use budget::WarehouseBudget;
pub use clock::Clock;
pub use error::SyncError;
pub use failpoint::reach_failpoint;
pub use lease::{HeldSource, LeaseWait, open_source};
pub use observer::{Event, Observer, RunReport, UnfinishedSlice, no_observer};
pub use run::{RunOptions, run_stream};
pub use session::Session;
pub use stream_spec::{Limits, StreamSpec};
pub use supervise::{ScheduledStream, prepare_source, supervise_source};
