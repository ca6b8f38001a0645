//! From a request to its answer: one client, the credential, pacing, retries, and limits on everything.

mod attempt;
mod backoff;
mod body;
mod budget;
mod client;
mod error;
mod failure;
mod hint;
mod host;
mod pace;
mod verdict;
mod webhook;

pub use backoff::Backoff;
pub use budget::{
    BudgetError, BudgetFuture, CredentialName, InMemoryBudget, LONGEST_PAUSE, RequestBudget, Slot,
    SlotAccount,
};
pub use client::{ApiClient, ApiLimits, AttemptRecord, HttpClient, Reply};
pub use error::TransportError;
pub use failure::Failure;
pub use host::HostAccess;
pub use pace::Priority;
pub use webhook::{Webhook, WebhookError};
