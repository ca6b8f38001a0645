//! Why a slice broke off.

use std::error::Error as _;
use std::time::Duration;

use thiserror::Error;

use crate::transport::TransportError;
use crate::warehouse::WarehouseError;
use connectors::source::{ReadError, Remedy};

/// Why a slice, or the work on a source, broke off.
#[derive(Debug, Error)]
pub enum SyncError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// An answer that is not a page.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The warehouse does not take it.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// Reading takes too long.
    #[error("It took longer than {} minutes; `limits.max_slice_time` raises that", .0.as_secs() / 60)]
    TooLong(Duration),
    /// The source shows another account than the one whose rows are stored.
    #[error(
        "The account shares none of its {found} {table} with the {held} that are stored: it is another one; \
         `convene adopt {source_name}` takes it"
    )]
    OtherAccount {
        /// The source.
        source_name: String,
        /// The table that tells accounts apart.
        table: &'static str,
        /// Rows that the account showed.
        found: usize,
        /// Rows that are stored.
        held: i64,
    },
    /// The source was refused before, and nobody has adopted it.
    #[error("{reason}; `convene adopt {source_name}` takes it")]
    Refused {
        /// The source.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// The process is stopping.
    #[error("Stopped before the end")]
    Stopped,
}

impl SyncError {
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Transport(error) => error.remedy(),
            Self::Read(error) => match error.remedy() {
                // It was asked for again, in vain.
                Remedy::Again => Remedy::NextRun,
                remedy => remedy,
            },
            Self::Warehouse(error) => error.remedy(),
            Self::TooLong(_) | Self::OtherAccount { .. } | Self::Refused { .. } => Remedy::Operator,
            Self::Stopped => Remedy::NextRun,
        }
    }

    /// True where other slices of the source would fail for the same reason.
    pub fn is_of_source(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_of_source(),
            Self::Read(error) => matches!(error, ReadError::Refused { .. } | ReadError::WebPage),
            Self::Warehouse(_) | Self::OtherAccount { .. } | Self::Refused { .. } | Self::Stopped => true,
            Self::TooLong(_) => false,
        }
    }

    /// True where the vendor does not let the credential read what was asked for.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Transport(TransportError::Refused { .. }) | Self::Read(ReadError::Refused { .. })
        )
    }

    /// Why, with every cause behind it, for people who see nothing else of the error.
    pub fn describe_causes(&self) -> String {
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        let texts = std::iter::once(self.to_string()).chain(causes.map(ToString::to_string));
        texts.collect::<Vec<_>>().join(": ")
    }

    /// What the vendor said itself.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Read(ReadError::Rejected { said, .. } | ReadError::Failed { said }) => said.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::BudgetError;

    #[test]
    fn a_reason_names_every_cause_once() {
        let budget = TransportError::Budget {
            host: "api.example.com".to_owned(),
            attempts: 0,
            source: BudgetError(Box::new(WarehouseError::sample_refused())),
        };
        for (error, words) in [
            (
                budget.into(),
                "The request budget of `api.example.com` cannot be read: The warehouse cannot be reached: connection refused",
            ),
            (
                ReadError::PagingLoop.into(),
                "The vendor gives the same page again and again",
            ),
            (SyncError::Stopped, "Stopped before the end"),
        ] {
            let error: SyncError = error;
            assert_eq!(error.describe_causes(), words);
        }
    }

    #[test]
    fn a_reason_quotes_no_value_that_went_over_a_connection() {
        let reason = SyncError::from(WarehouseError::sample_quoting()).describe_causes();
        assert_eq!(
            reason,
            "The warehouse cannot be reached: the connection did not behave as it should"
        );
    }
}
