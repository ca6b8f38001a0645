//! How much of answers is held in memory at a time: one budget of bytes for the whole process.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of answers that may be on their way between vendors and the warehouse. Their rows take about three times as much.
const MOST_BYTES: usize = 6 << 20;
/// The unit in which the budget is counted.
const UNIT_BYTES: usize = 1 << 10;

static BUDGET: Semaphore = Semaphore::const_new(MOST_BYTES / UNIT_BYTES);

/// The room that a page takes, from its answer to the commit of its rows.
#[derive(Debug)]
pub(super) struct PageRoom(SemaphorePermit<'static>);

impl PageRoom {
    /// Waits until there is room for an answer of so many bytes. One that is larger than the budget takes all of it.
    pub(super) async fn of_body(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, MOST_BYTES / UNIT_BYTES);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let permit = BUDGET.acquire_many(units).await;
        Self(permit.expect("the budget is never closed"))
    }

    /// Adds the room of another page, which is given back with our own.
    pub(super) fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_beyond_the_budget_waits_for_all_of_it_and_gives_it_back() {
        let small = PageRoom::of_body(1).await;
        let mut large = Box::pin(PageRoom::of_body(usize::MAX / 2));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(50), &mut large).await;
        assert!(waits.is_err(), "there is a page on its way");
        drop(small);
        drop(large.await);
        drop(PageRoom::of_body(1).await);
    }
}
