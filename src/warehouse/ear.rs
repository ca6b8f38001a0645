//! Hearing that somebody has said something, without asking all the time.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::time::{sleep, timeout};

use super::{CHANNEL, Warehouse};

/// How often is looked where nobody can be heard: behind a pooler, or while the database is away.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Hears what operators say to running instances.
pub struct Ear {
    /// Nothing behind a pooler, where a session does not last.
    pool: Option<PgPool>,
    listener: Option<PgListener>,
}

impl Warehouse {
    /// An ear for this warehouse. It has a connection of its own, where sessions last.
    pub fn open_ear(&self) -> Ear {
        Ear {
            pool: self.make_side_pool(),
            listener: None,
        }
    }
}

impl Ear {
    /// Waits until somebody has said something, but no longer than this.
    pub async fn wait(&mut self, longest: Duration) {
        if self.listener.is_none() {
            self.listener = self.start_listening().await;
        }
        let Some(listener) = &mut self.listener else {
            return sleep(longest.min(LOOK_EVERY)).await;
        };
        match timeout(longest, listener.try_recv()).await {
            Ok(Ok(Some(_))) | Err(_) => (),
            // The connection is gone, and with it perhaps something that was said.
            Ok(Ok(None) | Err(_)) => self.listener = None,
        }
    }

    async fn start_listening(&self) -> Option<PgListener> {
        let mut listener = PgListener::connect_with(self.pool.as_ref()?).await.ok()?;
        listener.listen(CHANNEL).await.ok()?;
        Some(listener)
    }
}
