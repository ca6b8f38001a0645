//! Typed settings from files and the environment, with every problem reported at once.

mod alerts;
mod changes;
mod env_file;
mod forms;
mod given;
mod history;
mod hosts;
mod layers;
mod limits;
mod nearest;
mod options;
mod problems;
mod reader;
mod retention;
mod secret;
mod server;
mod source;
#[cfg(test)]
mod tests;
mod times;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use connectors::source::Vendor;
use secrecy::SecretString;

pub use self::alerts::Alerts;
pub use self::changes::{Changes, compare_settings};
pub use self::given::{GivenValue, Origin, list_given};
pub use self::history::History;
pub use self::hosts::SourceHost;
pub use self::limits::Limits;
pub use self::nearest::hint_at;
pub use self::problems::Problems;
pub use self::retention::Retention;
pub use self::server::{Listen, Server};
pub use self::source::{Source, StreamSettings};
pub use self::times::parse_instant;

use self::layers::Variables;
use self::problems::Findings;
use self::reader::Reader;

const DEFAULT_URL: &str = "postgres://convene@localhost/convene";
const DEFAULT_CONNECTIONS: u32 = 8;
const DEFAULT_LEASE: Duration = Duration::from_secs(30);

// Postgres keeps memory for every connection; a daemon that asks for thousands has a slip in its settings.
const MOST_CONNECTIONS: u32 = 1000;
// A shorter lease is lost by a pause of a busy host, a longer one leaves a dead instance's sources unread.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
const LONGEST_LEASE: Duration = Duration::from_mins(10);

/// Everything an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database the daemon loads.
    pub warehouse: Warehouse,
    /// How much one slice may read.
    pub limits: Limits,
    /// Which changes are kept, and for how long.
    pub history: History,
    /// How long a source stays with an instance that has gone silent.
    pub lease: Duration,
    /// The page, the metrics and the health of the daemon.
    pub server: Server,
    /// Of what a webhook hears.
    pub alerts: Alerts,
    /// How long our own books are kept.
    pub retention: Retention,
    /// The configured accounts, by name.
    pub sources: BTreeMap<String, Source>,
}

/// The database the daemon loads.
#[derive(Debug, Clone)]
pub struct Warehouse {
    /// The address, which may hold a password.
    pub url: SecretString,
    /// The size of the connection pool.
    pub max_connections: u32,
    /// True behind a pooler that gives each transaction another session, such as pgbouncer in transaction mode.
    pub pooler: bool,
}

/// Reads the files in order, then the environment over them; later values win.
///
/// Of a secret and its `_file` form the later wins too. `DATABASE_URL` wins over every `warehouse.url`. `CONVENE_ENV_FILE` names a
/// file of further variables, over which the environment wins.
pub fn load(
    files: &[PathBuf],
    environment: impl Iterator<Item = (String, String)>,
    vendors: &[&'static Vendor],
) -> Result<Settings, Problems> {
    let mut findings = Findings::default();
    let variables = Variables::sort_environment(environment, &mut findings);
    let tree = layers::merge_layers(files, variables.overrides, &mut findings);
    let mut root = Reader::new(tree, &mut findings);
    let settings = Settings {
        warehouse: read_warehouse(&mut root, variables.database_url),
        limits: limits::read_limits(&mut root),
        history: history::read_history(&mut root),
        lease: read_lease(&mut root),
        server: server::read_server(&mut root),
        alerts: alerts::read_alerts(&mut root),
        retention: retention::read_retention(&mut root),
        sources: source::read_sources(&mut root, vendors),
    };
    root.close_table();
    findings.into_result(settings)
}

fn read_warehouse(root: &mut Reader<'_>, database_url: Option<SecretString>) -> Warehouse {
    let mut url = database_url;
    let (mut max_connections, mut pooler) = (None, None);
    if let Some(mut table) = root.take_table("warehouse") {
        if url.is_some() {
            secret::skip_secret(&mut table, "url");
        } else {
            url = secret::take_secret(&mut table, "url", secret::parse_database_url);
        }
        max_connections = table.take_value("max_connections", forms::parse_number(1..=MOST_CONNECTIONS));
        pooler = table.take_value("pooler", forms::parse_truth);
        table.close_table();
    }
    Warehouse {
        url: url.unwrap_or_else(|| SecretString::from(DEFAULT_URL)),
        max_connections: max_connections.unwrap_or(DEFAULT_CONNECTIONS),
        pooler: pooler.unwrap_or_default(),
    }
}

fn read_lease(root: &mut Reader<'_>) -> Duration {
    let lease = root.take_table("daemon").and_then(|mut table| {
        let lease = table.take_value("lease", times::parse_duration(SHORTEST_LEASE..=LONGEST_LEASE));
        table.close_table();
        lease
    });
    lease.unwrap_or(DEFAULT_LEASE)
}
