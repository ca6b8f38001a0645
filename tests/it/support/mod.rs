//! What the tests stand on: a database each, simulated vendors, a loader without vendors, and what must always hold.

pub(crate) mod env;
pub(crate) mod inbox;
pub(crate) mod invariants;
pub(crate) mod loader;
pub(crate) mod postgres;
