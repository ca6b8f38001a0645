//! The engine: what to read next, walking through it, and keeping a source in step.

mod clock;
mod days;
mod earn;
mod errand;
mod error;
mod fetch;
mod fields;
mod hold;
mod job;
mod judge;
mod keep;
mod load;
mod once;
mod plan;
mod planned;
mod report;
mod run;
mod tally;
mod walk;

pub use clock::Clock;
pub use error::SyncError;
pub use hold::{Hold, Patience, hold};
pub use job::{Job, Limits, Session};
pub use keep::{Scheduled, keep};
pub use report::{Event, RunReport, Unfinished, Watch};
pub use run::run;
