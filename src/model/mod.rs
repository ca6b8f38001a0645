//! The common schema: one file per entity, and the columnar batches that carry rows to the warehouse.

mod agent;
mod batch;
mod call;
mod entity;
mod phone;
mod raw;
mod recording;
mod rows;
mod table;

pub use agent::Agent;
pub use batch::Batch;
pub use call::Call;
pub use entity::{Decimal, Entity};
pub use phone::{Region, e164};
pub use recording::Recording;
pub use rows::{Hash, Rows};
pub use table::{Column, Kind, Table, Values};

/// Every table of the common schema, in the order in which a person would read them.
pub const TABLES: &[&Table] = &[Agent::TABLE, Call::TABLE, Recording::TABLE];
