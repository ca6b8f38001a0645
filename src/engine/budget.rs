//! The request budget of a credential, kept in the warehouse, so that all who use the credential share it.

use std::time::Duration;

use crate::transport::{BudgetError, BudgetFuture, CredentialName, LONGEST_PAUSE, RequestBudget, Slot};
use crate::warehouse::Warehouse;

/// A budget that every instance, every source of the same credential and every command shares.
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
        Box::pin(async move {
            let reserved = self
                .warehouse
                .reserve_requests(credential.as_str(), interval, 1)
                .await;
            let wait = reserved.map_err(|error| BudgetError(error.into()))?;
            Ok(if wait > LONGEST_PAUSE {
                Slot::Postponed(wait)
            } else {
                Slot::After(wait)
            })
        })
    }

    fn postpone_slots<'a>(&'a self, credential: &'a CredentialName, pause: Duration) -> BudgetFuture<'a, ()> {
        Box::pin(async move {
            let postpone = async {
                let until = self.warehouse.now().await? + pause;
                self.warehouse.postpone_requests(credential.as_str(), until).await
            };
            postpone.await.map_err(|error| BudgetError(error.into()))
        })
    }
}
