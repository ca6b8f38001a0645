//! From a request to its answer: one client, the credential, pacing, retries, and limits on everything.

mod attempt;
mod client;
mod error;
mod pace;
mod target;
mod verdict;

pub use client::{Budget, Client, Connection, Reply};
pub use error::HttpError;
pub use target::Target;
