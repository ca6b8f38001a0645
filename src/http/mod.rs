//! From a request to its answer: one client, the credential, pacing, retries, and limits on everything.

mod attempt;
mod client;
mod error;
mod pace;
mod verdict;

pub use client::{Client, Connection, Reply, Target};
pub use error::HttpError;
