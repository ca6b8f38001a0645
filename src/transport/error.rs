//! Why there is no answer, named after what mends it. No error holds an address with parameters, a body or a secret.

use thiserror::Error;

use connectors::source::Remedy;

/// Why a request has no good answer.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The client cannot be built.
    #[error(
        "The HTTP client cannot start; are the system's root certificates installed (package ca-certificates)?"
    )]
    Client(#[source] reqwest::Error),
    /// The vendor cannot be reached, or the connection broke, again and again.
    #[error("The vendor cannot be reached ({reason}), tried {attempts} times")]
    Unreachable {
        /// What kind of failure it was.
        reason: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// The vendor answers with a passing error, again and again.
    #[error("The vendor answers with status {status}, tried {attempts} times")]
    Unwell {
        /// The last status.
        status: u16,
        /// How often it was tried.
        attempts: u32,
    },
    /// The vendor refuses the credential.
    #[error(
        "The vendor refused the credential (status {status}); check the token, its rights and the allowed addresses"
    )]
    Refused {
        /// The status.
        status: u16,
    },
    /// The path or the host is wrong.
    #[error("The vendor does not know the address (status {status}); check `base_url`")]
    Missing {
        /// The status.
        status: u16,
    },
    /// Any other status.
    #[error("The vendor does not accept the question (status {status})")]
    Unexpected {
        /// The status.
        status: u16,
    },
    /// The answer is larger than we take.
    #[error("The answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The answer is not text.
    #[error("The answer is not UTF-8 text")]
    NotText,
    /// A link leads elsewhere; the credential must not follow it.
    #[error("A link of the vendor leads to another host; it is not followed")]
    Foreign,
}

impl HttpError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable { .. } | Self::Unwell { .. } => Remedy::NextTick,
            Self::Client(_) | Self::Refused { .. } | Self::Missing { .. } => Remedy::Operator,
            Self::Unexpected { .. } | Self::TooLarge { .. } | Self::NotText | Self::Foreign => {
                Remedy::Developer
            }
        }
    }
}
