//! How vendors' answers are read: the body to its records, a record to its fields, a field to a value.
//!
//! The envelope is strict, a record is lenient, and a field never costs its record: what cannot be read is nothing and a fault
//! that is counted.

pub mod body;
mod count;
mod duration;
mod field;
mod mend;
mod number;
mod record;
mod records;
mod shape;
pub mod time;

pub use count::Count;
pub use field::Field;
pub use record::MemberName;
#[allow(unused_imports, reason = "vendors move to it one by one")]
pub(crate) use record::wire_record;
pub use records::Records;
pub use shape::describe_shape;
