//! The API hosts of a source: where each is, and with which credential.

use connectors::source::{ApiHost, Auth, Vendor};
use secrecy::SecretString;
use url::Url;

use super::Source;
use super::reader::Reader;

/// The key of the main address, which is a setting of every source and not an option of the vendor's.
const BASE_URL: &str = "base_url";

/// An API host of a source whose address and credential are known.
#[derive(Debug, Clone)]
pub struct SourceHost {
    /// What the vendor says of it.
    pub host: &'static ApiHost,
    /// Its address.
    pub base_url: Url,
    /// The name that goes with the credential, where one does.
    pub user: Option<String>,
    /// The credential.
    pub secret: SecretString,
}

impl Source {
    /// The API hosts that requests can be sent to, in the vendor's order. The main one is always among them; of the others those
    /// whose address and credential are set.
    pub fn known_hosts(&self) -> Vec<SourceHost> {
        self.vendor
            .hosts
            .iter()
            .filter_map(|host| self.known_host(host))
            .collect()
    }

    fn known_host(&self, host: &'static ApiHost) -> Option<SourceHost> {
        let user = match host.auth {
            Auth::Basic { name } => Some(self.options.get(name)?.first()?.clone()),
            Auth::Field(_) | Auth::Header { .. } | Auth::Headers(_) => None,
        };
        Some(SourceHost {
            host,
            base_url: self.address_of(host)?,
            user,
            secret: self.secrets.get(host.secret)?.clone(),
        })
    }

    fn address_of(&self, host: &ApiHost) -> Option<Url> {
        let own = if host.url_key == BASE_URL {
            self.base_url.clone()
        } else {
            let texts = self.options.get(host.url_key);
            texts.and_then(|texts| texts.first()?.parse().ok())
        };
        own.or_else(|| host.default_url?.parse().ok())
    }
}

/// Reports what the main host lacks, its credential apart. Without it there is nothing to read.
pub(super) fn require_main_host(table: &mut Reader<'_>, vendor: &Vendor) {
    let Some(host) = vendor.hosts.first() else {
        return;
    };
    if host.default_url.is_none() && !table.has_key(host.url_key) {
        table.report_missing(host.url_key, "is missing");
    }
    if let Auth::Basic { name } = host.auth
        && !table.has_key(name)
    {
        table.report_missing(name, "is missing");
    }
}
