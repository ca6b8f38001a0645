//! The warehouse: every statement of SQL, behind typed calls.

mod coverage;
mod delete;
mod error;
mod lease;
mod load;
mod merge;
mod pool;
mod reject;
mod status;
mod walk;

pub use coverage::{Coverage, Ground};
pub use error::WarehouseError;
pub use lease::Lease;
pub use load::{Counts, Load};
pub use pool::Warehouse;
pub use status::{Freshness, StreamStatus, TableCount};
pub use walk::{Deletions, End, NewWalk, Purpose, WalkId};
