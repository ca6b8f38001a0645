//! The simulated vendors, whose rows follow from a seed, for the demo and the tests.
//!
//! [`Simulator`] is asked by a call; `Sandbox` puts it behind HTTP. Accounts are looked at and changed by their methods, or by
//! the control plane below `/sandbox` (see `control.rs`).

mod account;
mod clock;
mod control;
mod faults;
mod listing;
mod local;
mod options;
mod people;
mod request;
mod request_log;
mod rng;
mod simulator;
mod table;
mod vendors;

#[cfg(feature = "server")]
mod server;

#[cfg(test)]
#[cfg(feature = "server")]
mod server_tests;

pub use account::Records;
pub use faults::{Fault, Rule, Span};
pub use options::Options;
pub use request::{Delivery, Request, Response};
pub use request_log::RequestRecord;
pub use simulator::{Accounts, Simulator};
pub use vendors::{conversocial, convertalk, converz, convoso};

#[cfg(feature = "server")]
pub use server::Sandbox;
