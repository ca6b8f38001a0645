//! The connection pool, its transactions, and the server's clock.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::QueryAs;
use sqlx::{Connection as _, FromRow, PgConnection, PgPool, Postgres};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

use super::WarehouseError;
use super::gate::{Gate, Place};
use super::history::Followed;
use super::session::{Suspicion, begin_statement, connect_options, prepare_session, takes_writes};
use super::transaction::Transaction;

/// How long a caller waits for a connection: all streams of all sources share the pool, and each holds one for milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one attempt to get a connection lasts, before a server that gives no more is asked for less.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How often it is looked for a connection that is on its way back.
const LOOK: Duration = Duration::from_millis(1);
/// How long one connection may take to be made.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// How often a transaction is repeated that another one, or a lost connection, has ended.
const REPEATS: u32 = 6;
/// First wait before a transaction is repeated; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(40);
/// No transaction is begun again after this time.
const LONGEST_REPEATING: Duration = Duration::from_secs(20);
/// How long the connections may take to close.
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);

/// How the pool is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    /// The most connections.
    pub max_connections: u32,
    /// True where a pooler gives each transaction another session: then nothing outlives a transaction.
    pub is_pooled: bool,
}

impl From<u32> for PoolOptions {
    fn from(max_connections: u32) -> Self {
        Self {
            max_connections,
            is_pooled: false,
        }
    }
}

/// How the pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that are open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Connections that may be open.
    pub limit: u32,
}

/// The warehouse.
#[derive(Debug, Clone)]
pub struct Warehouse {
    pool: PgPool,
    /// One connection for the renewal of leases, which must not wait behind batches.
    lease_pool: PgPool,
    gate: Arc<Gate>,
    /// Where connections are short, one caller after the other takes one.
    turn: Arc<Mutex<()>>,
    suspicion: Suspicion,
    options: Arc<PgConnectOptions>,
    begin_statement: &'static str,
    /// False behind a pooler that gives each transaction another session.
    has_sessions: bool,
    followed: Arc<Followed>,
}

impl Warehouse {
    /// Opens the pool, tries one connection, and looks whether the database can hold every text.
    pub async fn connect(
        url: &SecretString,
        options: impl Into<PoolOptions>,
    ) -> Result<Self, WarehouseError> {
        let PoolOptions {
            max_connections,
            is_pooled,
        } = options.into();
        let connect = connect_options(url, is_pooled)?;
        let suspicion = Suspicion::none();
        let pool = |size| pool_of(size, is_pooled, &suspicion).connect_lazy_with(connect.clone());
        let warehouse = Self {
            pool: pool(max_connections),
            lease_pool: pool(1),
            gate: Arc::new(Gate::new(max_connections)),
            turn: Arc::default(),
            options: Arc::new(connect.clone()),
            begin_statement: begin_statement(is_pooled),
            has_sessions: !is_pooled,
            suspicion,
            followed: Arc::default(),
        };
        warehouse.try_once().await?;
        let encoding = warehouse.read_setting("server_encoding").await?;
        if encoding == "UTF8" {
            Ok(warehouse)
        } else {
            Err(WarehouseError::Encoding { encoding })
        }
    }

    /// Lets changes of these columns leave a trace.
    #[must_use]
    pub fn following(self, followed: Followed) -> Self {
        Self {
            followed: Arc::new(followed),
            ..self
        }
    }

    /// The columns whose changes leave a trace.
    pub(super) fn followed(&self) -> &Followed {
        &self.followed
    }

    /// Runs one statement that is a transaction by itself: in one step where sessions last, and otherwise in a transaction, which
    /// alone keeps a pooler from changing the session in the middle.
    pub(super) async fn fetch_alone<T>(
        &self,
        query: QueryAs<'_, Postgres, T, PgArguments>,
    ) -> Result<T, WarehouseError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if !self.has_sessions {
            let mut transaction = self.begin().await?;
            let row = query.fetch_one(&mut transaction).await?;
            transaction.commit().await?;
            return Ok(row);
        }
        let (mut connection, _place) = self.take_connection(|| self.pool.acquire()).await?;
        query.fetch_one(&mut *connection).await.map_err(|error| {
            self.suspicion.raise_suspicion();
            error.into()
        })
    }

    /// Begins a transaction on a connection that nobody else uses.
    pub(super) async fn begin(&self) -> Result<Transaction, WarehouseError> {
        let begin = || self.pool.begin_with(self.begin_statement);
        let (inner, place) = self.take_connection(begin).await?;
        Ok(self.transaction_of(inner, Some(place)))
    }

    fn transaction_of(
        &self,
        inner: sqlx::Transaction<'static, Postgres>,
        place: Option<Place>,
    ) -> Transaction {
        Transaction::of(inner, self.has_sessions, self.suspicion.clone(), place)
    }

    /// Takes something of the pool, with a place for it. Where the server turns out to give fewer connections than there are places,
    /// one of the others is waited for.
    async fn take_connection<T, F>(&self, take: impl Fn() -> F) -> Result<(T, Place), WarehouseError>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let begun_at = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun_at.elapsed());
            let Ok(place) = timeout(left, self.gate.enter_gate()).await else {
                return Err(self.why_not().await);
            };
            let asked_at = Instant::now();
            if self.gate.silence() >= PATIENCE {
                self.try_once()
                    .await
                    .inspect_err(|_| self.gate.record_silence(asked_at))?;
            }
            let taken = {
                let _turn = self.wait_for_turn().await;
                take().await
            };
            match taken {
                Ok(taken) => {
                    self.gate.widen_gate().await;
                    return Ok((taken, place));
                }
                Err(sqlx::Error::PoolTimedOut) => {
                    self.gate.record_silence(asked_at);
                    self.gate.narrow_gate(place, self.pool.size()).await;
                    // A gate that is free lets in whoever has no patience left, too.
                    if begun_at.elapsed() >= PATIENCE {
                        return Err(self.why_not().await);
                    }
                }
                Err(error) => {
                    self.suspicion.raise_suspicion();
                    return Err(error.into());
                }
            }
        }
    }

    /// Where the server gives no more connections than there are, waits until one of them is free. It is on its way back to the pool
    /// for a moment after its place, and the pool would not wait for it, but ask for another one for the whole of an attempt.
    async fn wait_for_turn(&self) -> Option<MutexGuard<'_, ()>> {
        let connections = self.gate.shortage()?;
        let turn = self.turn.lock().await;
        let asked_at = Instant::now();
        while self.pool.num_idle() == 0 {
            if self.pool.size() < connections || asked_at.elapsed() >= ATTEMPT {
                // One more is asked for, which takes its time; the next in turn need not wait for that.
                return None;
            }
            sleep(LOOK).await;
        }
        Some(turn)
    }

    /// Begins a transaction for a lease: on the connection that is kept for them, unless the server does not give it.
    pub(super) async fn begin_for_lease(&self) -> Result<Transaction, WarehouseError> {
        if self.lease_pool.size() == 0 && self.gate.shortage().is_some() {
            return self.begin().await;
        }
        match self.lease_pool.begin_with(self.begin_statement).await {
            Ok(inner) => Ok(self.transaction_of(inner, None)),
            Err(_) => self.begin().await,
        }
    }

    /// Makes a connection outside the pool, which does not tell why it gets none.
    async fn try_once(&self) -> Result<(), WarehouseError> {
        let connected = timeout(LONGEST_CONNECT, PgConnection::connect_with(&self.options)).await;
        let no_answer = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        Ok(connected.map_err(no_answer)??.close().await?)
    }

    /// Why there is no connection: the pool does not say.
    async fn why_not(&self) -> WarehouseError {
        let waited = PATIENCE;
        self.try_once()
            .await
            .err()
            .unwrap_or(WarehouseError::Busy { waited })
    }

    /// A setting of the server.
    async fn read_setting(&self, name: &'static str) -> Result<String, WarehouseError> {
        let mut transaction = self.begin().await?;
        let value = sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(value)
    }

    /// The server's clock, by which every time in the warehouse is told.
    pub async fn now(&self) -> Result<DateTime<Utc>, WarehouseError> {
        let mut transaction = self.begin().await?;
        let now = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(now)
    }

    /// Where the database is, for people: host, port and name, without user and password.
    pub fn describe_address(&self) -> String {
        let (host, port) = (self.options.get_host(), self.options.get_port());
        let socket = self.options.get_socket();
        let place = socket.map_or_else(
            || format!("{host}:{port}"),
            |socket| format!("{}:{port}", socket.display()),
        );
        format!("{place}/{}", self.options.get_database().unwrap_or_default())
    }

    /// The server's version, for people.
    pub async fn version(&self) -> Result<String, WarehouseError> {
        self.read_setting("server_version").await
    }

    /// How the pool stands, the connection for leases included.
    pub fn pool_state(&self) -> PoolState {
        let pools = [&self.pool, &self.lease_pool];
        let sum = |count: fn(&PgPool) -> u32| pools.iter().map(|pool| count(pool)).sum();
        PoolState {
            open: sum(PgPool::size),
            idle: sum(|pool| u32::try_from(pool.num_idle()).unwrap_or(u32::MAX)),
            limit: sum(|pool| pool.options().get_max_connections()),
        }
    }

    /// A pool of one connection beside the others, for what lasts; none where sessions do not.
    pub(super) fn make_side_pool(&self) -> Option<PgPool> {
        let options = (*self.options).clone();
        self.has_sessions
            .then(|| pool_of(1, false, &self.suspicion).connect_lazy_with(options))
    }

    /// Closes every connection. One whose statement was broken off, and still runs at the server, is left to the end of the process.
    pub async fn close(&self) {
        let closing = async {
            self.lease_pool.close().await;
            self.pool.close().await;
        };
        // Whoever is left behind has nothing to commit any more.
        let _ = timeout(LONGEST_FAREWELL, closing).await;
    }
}

fn pool_of(size: u32, is_pooled: bool, suspicion: &Suspicion) -> PgPoolOptions {
    let suspicion = suspicion.clone();
    PgPoolOptions::new()
        .max_connections(size.max(1))
        .acquire_slow_threshold(PATIENCE)
        .acquire_timeout(ATTEMPT)
        .after_connect(move |connection, _| {
            system::send_at_once();
            Box::pin(async move {
                if is_pooled {
                    return Ok(());
                }
                prepare_session(connection).await
            })
        })
        .before_acquire(move |connection, _| {
            let is_suspect = suspicion.is_raised();
            Box::pin(async move { Ok(!is_suspect || takes_writes(connection).await?) })
        })
}

/// Repeats a transaction that another one or a lost connection has ended.
pub(super) async fn repeat_transaction<T, F>(mut transact: impl FnMut() -> F) -> Result<T, WarehouseError>
where
    F: Future<Output = Result<T, WarehouseError>>,
{
    let mut repeats = Repeats::new();
    loop {
        match transact().await {
            Err(error) if repeats.wait_after(&error).await => (),
            outcome => return outcome,
        }
    }
}

/// How often a transaction may still be repeated: a few times, each after a longer wait.
#[derive(Debug)]
pub(super) struct Repeats {
    begun_at: Instant,
    left: u32,
    wait: Duration,
}

impl Repeats {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            begun_at: Instant::now(),
            left: REPEATS,
            wait: FIRST_WAIT,
        }
    }

    /// Waits until the transaction may be tried again; false, at once, where that would be of no use.
    pub(super) async fn wait_after(&mut self, error: &WarehouseError) -> bool {
        if !error.may_pass() || self.left == 0 || self.begun_at.elapsed() > LONGEST_REPEATING {
            return false;
        }
        self.left -= 1;
        // Two transactions that met once do not wait equally long.
        sleep(self.wait + self.wait.mul_f64(fastrand::f64())).await;
        self.wait *= 2;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn attempts(failures: u32, error: fn() -> WarehouseError) -> (u32, bool) {
        let count = Cell::new(0);
        let outcome = repeat_transaction(|| {
            count.set(count.get() + 1);
            let is_failing = count.get() <= failures;
            async move { if is_failing { Err(error()) } else { Ok(()) } }
        })
        .await;
        (count.get(), outcome.is_ok())
    }

    #[tokio::test]
    async fn only_what_may_pass_is_tried_again_and_not_for_ever() {
        let conflict = || WarehouseError::Conflict { code: "40P01".into() };
        assert_eq!(attempts(2, conflict).await, (3, true));
        assert_eq!(attempts(1, || WarehouseError::ReadOnly).await, (2, true));
        assert_eq!(attempts(1, || WarehouseError::Lost).await, (1, false));
        let mut used_up = Repeats {
            left: 0,
            ..Repeats::new()
        };
        assert!(!used_up.wait_after(&conflict()).await);
    }
}
