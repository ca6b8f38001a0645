//! Typed settings from files and the environment, with every problem reported at once.

mod forms;
mod layers;
mod nearest;
mod options;
mod problems;
mod reader;
mod secret;
mod source;
#[cfg(test)]
mod tests;
mod times;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use self::problems::Problems;
pub use self::source::{Since, Source, StreamSettings};

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
    /// How long a source stays with an instance that has gone silent.
    pub lease: Duration,
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
}

/// The words of one vendor, handed in so that settings know no vendor.
#[derive(Debug, Clone)]
pub struct VendorKeys {
    /// The vendor, as `vendor = "…"` names it.
    pub name: &'static str,
    /// Its secrets, and whether every source of the vendor needs them.
    pub secrets: Vec<(&'static str, bool)>,
    /// Its own settings, and whether every source of the vendor needs them.
    pub options: Vec<(&'static str, OptionForm, bool)>,
    /// The streams of the vendor.
    pub streams: &'static [&'static str],
}

/// What a vendor's own setting may hold.
#[derive(Debug, Clone, Copy)]
pub enum OptionForm {
    /// A text.
    Text,
    /// A list of texts.
    List,
    /// A list of texts that may hold commas; the function says what is wrong with one, without quoting it.
    Lines(fn(&str) -> Result<(), &'static str>),
    /// A whole number within these bounds.
    Number(u32, u32),
    /// An address.
    Url,
}

/// Reads the files in order, then the environment over them; later values win.
///
/// Of a secret and its `_file` form the later wins too. `DATABASE_URL` wins over every `warehouse.url`.
pub fn load(
    files: &[PathBuf],
    environment: impl Iterator<Item = (String, String)>,
    vendors: &[VendorKeys],
) -> Result<Settings, Problems> {
    let mut findings = Findings::default();
    let variables = Variables::gather(environment, &mut findings);
    let tree = layers::merge(files, variables.overrides, &mut findings);
    let mut root = Reader::new(tree, &mut findings);
    let settings = Settings {
        warehouse: warehouse(&mut root, variables.database_url),
        lease: lease(&mut root),
        sources: source::sources(&mut root, vendors),
    };
    root.close();
    findings.settle(settings)
}

fn warehouse(root: &mut Reader<'_>, database_url: Option<SecretString>) -> Warehouse {
    let mut url = database_url;
    let mut max_connections = None;
    if let Some(mut table) = root.table("warehouse") {
        if url.is_some() {
            secret::skip(&mut table, "url");
        } else {
            url = secret::optional(&mut table, "url", secret::database);
        }
        max_connections = table.take("max_connections", forms::whole(1..=MOST_CONNECTIONS));
        table.close();
    }
    Warehouse {
        url: url.unwrap_or_else(|| SecretString::from(DEFAULT_URL)),
        max_connections: max_connections.unwrap_or(DEFAULT_CONNECTIONS),
    }
}

fn lease(root: &mut Reader<'_>) -> Duration {
    let lease = root.table("daemon").and_then(|mut table| {
        let lease = table.take("lease", times::duration(SHORTEST_LEASE..=LONGEST_LEASE));
        table.close();
        lease
    });
    lease.unwrap_or(DEFAULT_LEASE)
}
