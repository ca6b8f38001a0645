//! Why a walk broke off.

use thiserror::Error;

use crate::transport::HttpError;
use crate::warehouse::WarehouseError;
use connectors::source::{ReadError, Remedy};

/// Why a walk, or the work on a source, broke off.
#[derive(Debug, Error)]
pub enum SyncError {
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
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
    /// What mends it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Read(error) => match error.remedy() {
                // It was asked again, in vain.
                Remedy::Again => Remedy::NextTick,
                remedy => remedy,
            },
            Self::Warehouse(error) => error.remedy(),
            Self::Circle | Self::Rejects { .. } => Remedy::Developer,
            Self::Stopped => Remedy::NextTick,
        }
    }
}
