//! What the tests stand on: a database each, simulated vendors, a loader without vendors, and what must always hold.

pub(crate) mod env;
pub(crate) mod inbox;
pub(crate) mod invariants;
pub(crate) mod loader;
pub(crate) mod postgres;

use std::time::Duration;

/// How long a test waits for what it knows will come. A busy machine is slow, not broken: only what never comes takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);
