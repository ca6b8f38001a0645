//! Why a walk broke off.

use thiserror::Error;

use crate::transport::TransportError;
use crate::warehouse::WarehouseError;
use connectors::source::{ReadError, Remedy};

/// Why a walk, or the work on a source, broke off.
#[derive(Debug, Error)]
pub enum SyncError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The path or the host is wrong.
    #[error("The vendor does not know the address (status {status}); check `base_url`")]
    Missing {
        /// The status.
        status: u16,
    },
    /// Any other status that says that the request is wrong.
    #[error("The vendor does not accept the request (status {status})")]
    Rejected {
        /// The status.
        status: u16,
    },
    /// An answer that is not a page.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The warehouse does not take it.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The vendor's paging leads in a circle.
    #[error("The vendor gives the same page again and again")]
    Circle,
    /// Too many records cannot be read.
    #[error("{rejected} of {seen} records could not be read; see sync.rejects")]
    Rejects {
        /// How many could not be read.
        rejected: i64,
        /// How many came.
        seen: u64,
    },
    /// The process is stopping.
    #[error("Stopped before the end")]
    Stopped,
}

impl SyncError {
    /// Refuses an answer that cannot be a page.
    pub fn require_good(status: u16) -> Result<(), Self> {
        match status {
            404 | 410 => Err(Self::Missing { status }),
            400..=499 => Err(Self::Rejected { status }),
            _ => Ok(()),
        }
    }

    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Transport(error) => error.remedy(),
            Self::Read(error) => match error.remedy() {
                // It was asked again, in vain.
                Remedy::Again => Remedy::NextTick,
                remedy => remedy,
            },
            Self::Warehouse(error) => error.remedy(),
            Self::Missing { .. } => Remedy::Operator,
            Self::Rejected { .. } | Self::Circle | Self::Rejects { .. } => Remedy::Developer,
            Self::Stopped => Remedy::NextTick,
        }
    }
}
