//! What our sessions rely on, and which connections are not used any more.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection, Row};

use super::WarehouseError;

/// Everything that a session relies on, whatever the defaults of server, database and role are. Not sent as startup options,
/// which poolers refuse.
///
/// A commit does not wait for the disk, unless it is made durably. A server that crashes may then lose commits that it has
/// confirmed, but only the last ones: what it keeps is its history up to some moment, and a commit that waits for the disk
/// takes everything before it along (documented). So the beginning of a slice, its end and the taking of a lease wait; a batch
/// does not. A slice that lost batches does not end complete, because each batch, and the end, must find in the ledger the
/// number of batches that came before.
const STATED: [&str; 12] = [
    "TimeZone = 'UTC'",
    "default_transaction_isolation = 'read committed'",
    "synchronous_commit = off",
    "statement_timeout = '120s'",
    "lock_timeout = '60s'",
    "idle_in_transaction_session_timeout = '60s'",
    "tcp_keepalives_idle = 30",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
    "standard_conforming_strings = on",
    "search_path = ''",
    // A plan that was made for a young table and kept reads all of it for each row, once it is no longer young.
    "plan_cache_mode = force_custom_plan",
];
/// Those that a transaction states by itself, behind a pooler that gives each one another session: not the isolation, which its
/// beginning says, nor the keepalives of somebody else's connection.
const STATED_LOCALLY: [usize; 7] = [0, 2, 3, 4, 5, 9, 10];
/// How long after a failure connections are looked at before they are used.
const SUSPICION_MS: u64 = 60_000;

/// The address and what else the connection itself needs.
pub(super) fn connect_options(
    url: &SecretString,
    is_pooled: bool,
) -> Result<PgConnectOptions, WarehouseError> {
    let text = url.expose_secret();
    let flaw = |flaw| WarehouseError::Address { flaw };
    let host = text.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if host.contains(',') {
        return Err(flaw(
            "names several hosts, of which only one can be used: the one that always leads to the primary",
        ));
    }
    let options = PgConnectOptions::from_str(text).map_err(|_| flaw("cannot be read"))?;
    let bare = options.get_host().trim_matches(['[', ']']).to_owned();
    let options = if bare.contains(':') {
        options.host(&bare)
    } else {
        options
    };
    let options = options.application_name("convene").extra_float_digits(None);
    Ok(if is_pooled {
        // The next transaction may have another session, which does not know the statement.
        options.statement_cache_capacity(0)
    } else {
        options
    })
}

/// The statement that begins a transaction.
pub(super) fn begin_statement(is_pooled: bool) -> &'static str {
    static POOLED: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let locals = STATED_LOCALLY.map(|place| format!("; set local {}", STATED[place]));
        format!("begin isolation level read committed{}", locals.concat())
    });
    if is_pooled {
        &POOLED
    } else {
        "begin isolation level read committed"
    }
}

/// States what a session relies on.
pub(super) async fn prepare_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    static ALL: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| STATED.map(|setting| format!("set {setting};")).concat());
    connection.execute(sqlx::raw_sql(ALL.as_str())).await?;
    Ok(())
}

/// After a failure the connections are looked at before they are used: a failover leaves those of the old server behind.
#[derive(Debug, Clone)]
pub(super) struct Suspicion {
    began_at: Instant,
    until_ms: Arc<AtomicU64>,
}

impl Suspicion {
    /// None yet.
    pub(super) fn none() -> Self {
        Self {
            began_at: Instant::now(),
            until_ms: Arc::default(),
        }
    }

    /// Something has failed.
    pub(super) fn raise_suspicion(&self) {
        self.until_ms
            .fetch_max(self.now_ms() + SUSPICION_MS, Ordering::Relaxed);
    }

    /// True where connections are to be looked at.
    pub(super) fn is_raised(&self) -> bool {
        self.now_ms() < self.until_ms.load(Ordering::Relaxed)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "2^64 milliseconds are not to be lived through"
    )]
    fn now_ms(&self) -> u64 {
        self.began_at.elapsed().as_millis() as u64
    }
}

/// True where the server of the connection takes writes.
pub(super) async fn takes_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let query = "select pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('default_transaction_read_only')::boolean";
    let row = connection.fetch_one(sqlx::raw_sql(query)).await?;
    row.try_get::<bool, _>(0).map(|is_read_only| !is_read_only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(url: &str) -> Option<String> {
        connect_options(&SecretString::from(url.to_owned()), false)
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn addresses_by_ipv6_are_read_and_several_hosts_are_told() {
        let options = connect_options(
            &SecretString::from("postgres://u:p@[::1]:5433/db".to_owned()),
            true,
        );
        let options = options.expect("it can be read");
        assert_eq!((options.get_host(), options.get_port()), ("::1", 5433));
        let told = flaw("postgres://u@one,two:5432/db?target_session_attrs=read-write");
        assert!(told.is_some_and(|told| told.contains("several hosts")));
        assert!(flaw("localhost").is_some_and(|told| told.contains("cannot be read")));
        assert_eq!(
            flaw("postgres://u:a,b@host/db"),
            None,
            "a password may have commas"
        );
    }

    #[test]
    fn behind_a_pooler_each_transaction_says_what_it_relies_on() {
        let statement = begin_statement(true);
        for wanted in [
            "read committed",
            "TimeZone = 'UTC'",
            "synchronous_commit = off",
            "lock_timeout",
        ] {
            assert!(statement.contains(wanted), "{statement}");
        }
        assert!(!statement.contains("keepalives"));
    }
}
