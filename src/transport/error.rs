//! Why there is no answer, named after what mends it. No error holds an address with parameters, a body or a secret.

use std::time::Duration;

use thiserror::Error;

use connectors::source::Remedy;

use super::budget::BudgetError;
use super::failure::Failure;

/// Why a request has no answer that anyone could read.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The client cannot be built.
    #[error(
        "The HTTP client cannot start; are the system's root certificates installed (package ca-certificates)?"
    )]
    Client(#[source] reqwest::Error),
    /// An address whose requests everyone on the way could read.
    #[error(
        "`{host}` is not asked over plain http, or the source's secrets would travel in the clear; give an address with https://, or set `allow_plain_http`"
    )]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// A credential that cannot be sent.
    #[error(
        "The credential for `{host}` holds characters that no header can carry; check it for line ends and special characters"
    )]
    UnfitCredential {
        /// The host.
        host: String,
    },
    /// The request is for a host that the settings do not name.
    #[error("The settings do not say where the API `{name}` is")]
    UnknownHost {
        /// The name of the host in the vendor's list.
        name: &'static str,
    },
    /// No connection, again and again.
    #[error("`{host}` cannot be reached: {failure} (requests: {attempts})")]
    Unreachable {
        /// The host.
        host: String,
        /// What failed.
        failure: Failure,
        /// How many requests were sent.
        attempts: u32,
    },
    /// A connection, and no whole answer, again and again.
    #[error("`{host}` gave no whole answer: {failure} (requests: {attempts})")]
    Unanswered {
        /// The host.
        host: String,
        /// What failed.
        failure: Failure,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The vendor answers with a passing error, again and again.
    #[error("`{host}` answers with status {status}, tried {attempts} times")]
    ServerError {
        /// The host.
        host: String,
        /// The last status.
        status: u16,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The vendor wants to be left alone for longer than a request waits.
    #[error("`{host}` asks to be left alone for {} more seconds (requests: {attempts})", wait.as_secs_f64().ceil())]
    Throttled {
        /// The host.
        host: String,
        /// For how long from now; all requests of the credential wait.
        wait: Duration,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The vendor refuses the credential.
    #[error(
        "`{host}` refused the credential (status {status}); check the token, its rights and the allowed addresses"
    )]
    Refused {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// How many requests were sent.
        attempts: u32,
    },
    /// A proxy on the way refuses.
    #[error(
        "A proxy on the way to `{host}` wants a credential of its own (status 407); check the proxy's settings"
    )]
    ProxyRefused {
        /// The host.
        host: String,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The API is elsewhere.
    #[error(
        "`{host}` points to {to} instead of answering (status {status}); if the API has moved there, change `base_url`"
    )]
    Moved {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// The host and path that it points to.
        to: String,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The vendor does not know its own link any more.
    #[error("`{host}` does not know the link to the next page any more (status {status})")]
    ExpiredLink {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// How many requests were sent.
        attempts: u32,
    },
    /// A link leads elsewhere; the credential must not follow it.
    #[error("A link of `{host}` leads to another host; it is not followed")]
    ForeignLink {
        /// The host.
        host: String,
    },
    /// A status that nobody uses so.
    #[error("`{host}` answers with status {status}, which says nothing")]
    UnknownStatus {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The answer is larger than we take.
    #[error("An answer of `{host}` is larger than {limit} bytes; `limits.max_body_bytes` raises that")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: usize,
        /// How many requests were sent.
        attempts: u32,
    },
    /// The books of the budget fail.
    #[error("The request budget of `{host}` cannot be read")]
    Budget {
        /// The host.
        host: String,
        /// How many requests were sent.
        attempts: u32,
        /// Why.
        #[source]
        source: BudgetError,
    },
}

impl TransportError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable {
                failure: Failure::Tls,
                ..
            }
            | Self::Client(_)
            | Self::PlainHttp { .. }
            | Self::UnfitCredential { .. }
            | Self::UnknownHost { .. }
            | Self::Refused { .. }
            | Self::ProxyRefused { .. }
            | Self::Moved { .. }
            | Self::TooLarge { .. } => Remedy::Operator,
            Self::Unreachable { .. }
            | Self::Unanswered { .. }
            | Self::ServerError { .. }
            | Self::Throttled { .. }
            | Self::ExpiredLink { .. }
            | Self::Budget { .. } => Remedy::NextRun,
            Self::ForeignLink { .. } | Self::UnknownStatus { .. } => Remedy::Developer,
        }
    }

    /// True where any other request to the source would fail for the same reason.
    pub fn is_of_source(&self) -> bool {
        match self {
            // One window may be more than the vendor can bear, and one page larger than we take.
            Self::Unanswered { .. }
            | Self::ServerError { .. }
            | Self::ExpiredLink { .. }
            | Self::ForeignLink { .. }
            | Self::UnknownStatus { .. }
            | Self::TooLarge { .. }
            // A credential may have no right to one list, and every right to others.
            | Self::Refused { status: 403, .. } => false,
            Self::Client(_)
            | Self::PlainHttp { .. }
            | Self::UnfitCredential { .. }
            | Self::UnknownHost { .. }
            | Self::Unreachable { .. }
            | Self::Throttled { .. }
            | Self::Refused { .. }
            | Self::ProxyRefused { .. }
            | Self::Moved { .. }
            | Self::Budget { .. } => true,
        }
    }

    /// How many requests were sent in vain, for the books.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Client(_)
            | Self::PlainHttp { .. }
            | Self::UnfitCredential { .. }
            | Self::UnknownHost { .. }
            | Self::ForeignLink { .. } => 0,
            Self::Unreachable { attempts, .. }
            | Self::Unanswered { attempts, .. }
            | Self::ServerError { attempts, .. }
            | Self::Throttled { attempts, .. }
            | Self::Refused { attempts, .. }
            | Self::ProxyRefused { attempts, .. }
            | Self::Moved { attempts, .. }
            | Self::ExpiredLink { attempts, .. }
            | Self::UnknownStatus { attempts, .. }
            | Self::TooLarge { attempts, .. }
            | Self::Budget { attempts, .. } => *attempts,
        }
    }
}
