//! What a run works with: the right to the source, and the world around it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::observer::Observer;
use super::orders::{OrdersFeed, no_orders};
use super::source_gate::SourceGate;
use super::table_locks::TableLocks;
use crate::warehouse::{Lease, Warehouse};

/// What a run works with.
#[derive(Clone)]
pub struct Session {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// The right to work on the source.
    pub lease: Lease,
    /// The time.
    pub clock: Clock,
    /// Says when to stop.
    pub stop: CancellationToken,
    /// Hears what happens.
    pub observer: Observer,
    /// What operators want.
    pub(super) orders: OrdersFeed,
    /// Keeps slices apart that fill the same table.
    pub(super) table_locks: TableLocks,
    /// Keeps everybody away from a source that failed as a whole.
    pub(super) gate: Arc<SourceGate>,
    /// True while rows are known to be missing.
    losses: Arc<AtomicBool>,
    nudges: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl Session {
    pub(super) fn new(
        warehouse: Warehouse,
        lease: Lease,
        clock: Clock,
        stop: CancellationToken,
        observer: Observer,
    ) -> Self {
        Self {
            warehouse,
            lease,
            clock,
            stop,
            observer,
            orders: no_orders(),
            table_locks: TableLocks::default(),
            gate: Arc::default(),
            losses: Arc::default(),
            nudges: Arc::default(),
        }
    }

    /// True while rows of the source are known to be missing in the warehouse.
    pub(super) fn has_losses(&self) -> bool {
        self.losses.load(Ordering::Relaxed)
    }

    /// Says whether rows are known to be missing.
    pub(super) fn set_losses(&self, are_known: bool) {
        self.losses.store(are_known, Ordering::Relaxed);
    }

    /// What wakes a stream before its schedule does.
    pub(super) fn nudge_of(&self, stream: &str) -> Arc<Notify> {
        let mut nudges = self.nudges.lock().unwrap_or_else(PoisonError::into_inner);
        nudges.entry(stream.to_owned()).or_default().clone()
    }

    /// The same with another end: it stops with this one, and may stop before.
    pub(super) fn with_own_stop(&self) -> Self {
        Self {
            stop: self.stop.child_token(),
            ..self.clone()
        }
    }
}
