//! Why no answer came: which step on the way to it failed.

use std::error::Error;
use std::fmt;
use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// Which step on the way to an answer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The host's name has no address.
    UnknownName,
    /// Nothing listens there.
    Refused,
    /// No connection came about in time.
    ConnectTimeout,
    /// The two sides do not agree on a secure connection.
    Tls,
    /// The connection did not come about for another reason.
    NoConnection,
    /// The answer, or its end, did not come in time.
    Timeout,
    /// The answer broke off.
    Cut,
    /// The connection broke before an answer came.
    Broken,
}

impl Failure {
    /// Reads off an error of the client at which step it failed.
    pub(super) fn classify_error(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::classify_connect(error)
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_body() || error.is_decode() {
            Self::Cut
        } else {
            Self::Broken
        }
    }

    fn classify_connect(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::ConnectTimeout;
        }
        if error_causes(error).any(<dyn Error>::is::<NameError>) {
            return Self::UnknownName;
        }
        let system_errors = error_causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
        match system_errors.last().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused,
            Some(io::ErrorKind::TimedOut) => Self::ConnectTimeout,
            // What the TLS layer does not understand or does not accept.
            Some(io::ErrorKind::InvalidData) => Self::Tls,
            _ => Self::NoConnection,
        }
    }

    /// True where the vendor may have got the request.
    pub(super) fn may_have_arrived(self) -> bool {
        matches!(self, Self::Timeout | Self::Cut | Self::Broken)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownName => "its name has no address; check `base_url` and the name servers",
            Self::Refused => "the connection was refused",
            Self::ConnectTimeout => "no connection came about in time",
            Self::Tls => "no secure connection came about; check `base_url`, the certificate of the host and the root certificates (package ca-certificates)",
            Self::NoConnection => "no connection came about",
            Self::Timeout => "the answer did not come in time; `timeout` is how long it may take",
            Self::Cut => "the answer broke off",
            Self::Broken => "the connection broke",
        })
    }
}

/// An error and all that is behind it. What the system's errors wrap is no source of theirs.
fn error_causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => cause.source(),
        }
    })
}

/// A name has no address.
#[derive(Debug, Error)]
#[error("The name has no address")]
struct NameError(#[source] io::Error);

/// The system's way from names to addresses, with an error of its own.
#[derive(Debug)]
pub(super) struct NameResolver;

impl Resolve for NameResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(NameError)?;
            let addresses: Vec<_> = found.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
