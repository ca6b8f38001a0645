//! Slices that fill the same table are read one after the other, so that what is read later is written later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use connectors::schema::{TABLES, Table};

/// The lock of one table.
type TableLock = Arc<tokio::sync::Mutex<()>>;

/// A lock for each table of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct TableLocks(Arc<Mutex<HashMap<&'static str, TableLock>>>);

impl TableLocks {
    /// Locks tables, in one fixed order, until the guards are dropped.
    pub(super) async fn lock_tables(&self, tables: &[&'static Table]) -> Vec<OwnedMutexGuard<()>> {
        let mut guards = Vec::with_capacity(tables.len());
        for table in TABLES.iter().filter(|table| tables.contains(table)) {
            let lock = {
                let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                locks.entry(table.name).or_default().clone()
            };
            guards.push(lock.lock_owned().await);
        }
        guards
    }
}
