//! The request budget of a credential, kept in the warehouse, so that all who use the credential share it.

use std::time::Duration;

use tokio::task::spawn;

use crate::transport::{BudgetError, BudgetFuture, CredentialName, LONGEST_PAUSE, RequestBudget, Slot};
use crate::warehouse::{Reservation, Warehouse, WarehouseError};

/// A budget that every instance, every source of the same credential and every command shares.
///
/// What it asks of the warehouse runs to its end even where nobody waits for it any more: a statement that is given up halfway
/// would cost its connection.
#[derive(Debug, Clone)]
pub struct WarehouseBudget {
    warehouse: Warehouse,
}

impl WarehouseBudget {
    /// The budget of a warehouse.
    pub fn new(warehouse: Warehouse) -> Self {
        Self { warehouse }
    }
}

impl RequestBudget for WarehouseBudget {
    fn reserve_slot<'a>(
        &'a self,
        credential: &'a CredentialName,
        interval: Duration,
    ) -> BudgetFuture<'a, Slot> {
        let (warehouse, credential) = (self.warehouse.clone(), credential.clone());
        Box::pin(async move {
            let reserve = async move {
                warehouse
                    .reserve_request(credential.as_str(), interval, LONGEST_PAUSE)
                    .await
            };
            Ok(match run_to_end(reserve).await? {
                Reservation::After(wait) => Slot::After(wait),
                Reservation::Paused(pause) => Slot::Postponed(pause),
            })
        })
    }

    fn postpone_slots<'a>(&'a self, credential: &'a CredentialName, pause: Duration) -> BudgetFuture<'a, ()> {
        let (warehouse, credential) = (self.warehouse.clone(), credential.clone());
        Box::pin(run_to_end(async move {
            warehouse.postpone_requests(credential.as_str(), pause).await
        }))
    }
}

async fn run_to_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, WarehouseError>> + Send + 'static,
) -> Result<T, BudgetError> {
    let done = spawn(work).await.map_err(|error| BudgetError(error.into()))?;
    done.map_err(|error| BudgetError(error.into()))
}
