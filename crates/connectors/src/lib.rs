//! What Convene knows of its vendors, without any I/O: the common schema, the contract, and a folder for each vendor.
//!
//! Nothing here can reach a network, a database or a clock: this crate depends on none of them.

pub mod reader;
pub mod schema;
pub mod source;
pub mod vendors;
pub mod wire;
