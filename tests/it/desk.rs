//! A warehouse whose one source is ours, to load rows into without any vendor.

use std::time::Duration;

use chrono::TimeDelta;
use connectors::schema::{Batch, Conversation, Entity as _};
use connectors::source::Window;
use convene::commands::{Counts, Warehouse};
use convene::warehouse::{Earned, End, Lease, Load, NewWalk, Purpose, Reach, WalkId};
use sqlx::PgPool;

use crate::postgres::Database;

/// The stream.
pub(crate) const STREAM: &str = "conversations";

/// A warehouse whose one source is ours, to load rows into without any vendor.
pub(crate) struct Desk {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// The right to the source.
    pub lease: Lease,
    /// A pool for the test's own questions.
    pub pool: PgPool,
    _database: Database,
}

impl Desk {
    /// A warehouse with nothing in it.
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let warehouse = Warehouse::connect(&database.secret(), 3)
            .await
            .expect("it answers");
        let period = Duration::from_mins(10);
        let lease = warehouse
            .lease("social", "test", period)
            .await
            .expect("nobody holds it");
        warehouse
            .list(&lease, STREAM, &[Conversation::TABLE])
            .await
            .expect("it is noted");
        Self {
            pool: database.pool().await,
            warehouse,
            lease,
            _database: database,
        }
    }

    /// Says in which zone the days of the source begin.
    pub(crate) async fn of_zone(&self, zone: &str) {
        let noted = self.warehouse.note_source(&self.lease, "conversocial", zone);
        noted.await.expect("it is noted");
    }

    /// Opens a walk.
    pub(crate) async fn begin(&self, purpose: Purpose, window: Option<Window>) -> WalkId {
        let new = NewWalk {
            stream: STREAM,
            purpose,
            window,
            started_at: self.warehouse.now().await.expect("the server tells the time"),
        };
        let begun = self.warehouse.begin_walk(&self.lease, &new).await;
        begun.expect("the walk begins")
    }

    /// Loads one batch as a walk of its own that met these ids, and ends it complete.
    pub(crate) async fn walk(
        &self,
        batch: Batch,
        change: impl FnOnce(&mut Load<'_>, &mut Earned<'_>),
    ) -> Counts {
        let walk = self.begin(Purpose::Whole, None).await;
        let at = self.warehouse.now().await.expect("the server tells the time");
        let mut batch = batch;
        batch.stamp(at);
        let mut load = Load {
            stream: STREAM,
            walk,
            sequence: 1,
            at,
            batch,
            rejects: Vec::new(),
            duplicates: 0,
            is_new_ground: false,
            request_count: 1,
            body_bytes: 1,
            lookups: Vec::new(),
        };
        let mut earned = earned();
        change(&mut load, &mut earned);
        let mut counts = self.warehouse.load(&self.lease, load).await.expect("it lands");
        let end = self
            .warehouse
            .end_walk(&self.lease, walk, (1, None), End::Complete(earned));
        counts.deleted += end.await.expect("it ends").0;
        counts
    }

    /// The texts that a query gives.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_all(&self.pool)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}

/// What a walk to the end of a list earns.
pub(crate) fn earned() -> Earned<'static> {
    Earned {
        reach: Reach::Start { is_full: true },
        settle: TimeDelta::zero(),
        absences: Vec::new(),
        fields: &[],
        record_count: 0,
    }
}
