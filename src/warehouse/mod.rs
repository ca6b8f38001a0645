//! The warehouse: every statement of SQL, behind typed calls.

mod absence;
mod coverage;
mod delete;
mod drift;
mod error;
mod keys;
mod lease;
mod load;
mod merge;
mod pool;
mod promote;
mod reject;
mod source;
mod status;
mod walk;

pub use absence::Absences;
pub use coverage::{Coverage, Ground, ListRead};
pub use error::WarehouseError;
pub use keys::{DueKeys, Lookup};
pub use lease::Lease;
pub use load::{Counts, Load};
pub use pool::Warehouse;
pub use status::{Freshness, StreamStatus, TableCount};
pub use walk::{Earned, End, NewWalk, Purpose, Reach, WalkId};
