//! Which values the settings were given, and where each comes from; secrets stay hidden.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use config::{Value, ValueKind};
use connectors::source::Vendor;
use secrecy::ExposeSecret;
use url::Url;

use super::layers::{self, Table, Variables, rank_of};
use super::problems::Findings;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";
/// Endings of keys whose values nobody may see, whoever reads them.
const SECRET_ENDINGS: [&str; 6] = ["token", "secret", "password", "api_key", "webhook", "webhook_url"];
/// Addresses that may be shown whole: the settings refuse any that hold a credential.
const OPEN_ADDRESSES: [&str; 2] = ["base_url", "profiles_base_url"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program itself.
    Default,
    /// The vendor's own value, where nobody sets another.
    Vendor,
    /// Another key, whose value holds here too.
    Key(String),
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Vendor => f.write_str("the vendor's"),
            Self::Key(key) => write!(f, "as {key}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// A value of the settings. It may be shown to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenValue {
    /// Its key.
    pub key: String,
    /// The value, as it was written.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Every value that counts, by its key: of several origins the one that wins. The settings must be sound.
pub fn list_given(
    files: &[PathBuf],
    environment: impl Iterator<Item = (String, String)>,
    vendors: &[&'static Vendor],
) -> Vec<GivenValue> {
    let mut findings = Findings::default();
    let variables = Variables::sort_environment(environment, &mut findings);
    let tree = layers::merge_layers(files, variables.overrides, &mut findings);
    let mut flat = BTreeMap::new();
    flatten_table("", &layers::default_layer(), &mut flat);
    let mut given: BTreeMap<String, GivenValue> = flat
        .into_iter()
        .map(|(key, value)| (key.clone(), show_value(key, &value, Origin::Default, vendors)))
        .collect();
    let mut flat = BTreeMap::new();
    flatten_table("", &tree, &mut flat);
    let ranks: BTreeMap<String, usize> = flat
        .iter()
        .map(|(key, value)| (key.clone(), rank_of(value)))
        .collect();
    for (key, value) in flat {
        let origin = origin_of(&key, &value, files);
        given.insert(key.clone(), show_value(key, &value, origin, vendors));
    }
    // Of a secret and its file the later one wins.
    for (key, rank) in &ranks {
        let file_key = format!("{key}_file");
        match ranks.get(&file_key) {
            Some(file) if file > rank => drop(given.remove(key)),
            Some(_) => drop(given.remove(&file_key)),
            None => (),
        }
    }
    if ranks.contains_key("warehouse.url_file") && !ranks.contains_key("warehouse.url") {
        given.remove("warehouse.url");
    }
    if let Some(url) = variables.database_url {
        given.remove("warehouse.url_file");
        let key = "warehouse.url".to_owned();
        let value = show_address(url.expose_secret(), false);
        let origin = Origin::Variable("DATABASE_URL".to_owned());
        given.insert(key.clone(), GivenValue { key, value, origin });
    }
    given.into_values().collect()
}

fn flatten_table(path: &str, table: &Table, into: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match &value.kind {
            ValueKind::Table(below) => flatten_table(&key, below, into),
            _ => {
                into.insert(key, value.clone());
            }
        }
    }
}

fn origin_of(key: &str, value: &Value, files: &[PathBuf]) -> Origin {
    let variable = || Origin::Variable(format!("CONVENE__{}", key.replace('.', "__").to_uppercase()));
    files
        .get(rank_of(value))
        .map_or_else(variable, |path| Origin::File(path.clone()))
}

fn show_value(key: String, value: &Value, origin: Origin, vendors: &[&'static Vendor]) -> GivenValue {
    let text = value_text(&value.kind);
    let value = if is_secret(&key, vendors) {
        HIDDEN.to_owned()
    } else if text.contains("://") {
        let name = last_part(&key);
        show_address(&text, OPEN_ADDRESSES.contains(&name))
    } else {
        text
    };
    GivenValue { key, value, origin }
}

fn is_secret(key: &str, vendors: &[&'static Vendor]) -> bool {
    let name = last_part(key);
    let hosts = vendors.iter().flat_map(|vendor| vendor.hosts);
    hosts.map(|host| host.secret).any(|secret| secret == name)
        || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// An address without its password and its parameters; of those that are not known to be open also without a path, unless it is
/// a database's.
fn show_address(text: &str, is_open: bool) -> String {
    let Ok(mut url) = text.trim().parse::<Url>() else {
        return HIDDEN.to_owned();
    };
    if is_open {
        return text.to_owned();
    }
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return HIDDEN.to_owned();
    }
    if url.query().is_some() {
        url.set_query(Some("hidden"));
    }
    if !url.scheme().starts_with("postgres") {
        url.set_path("");
    }
    url.to_string()
}

fn value_text(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Nil => String::new(),
        ValueKind::Array(values) => {
            let texts = values.iter().map(|value| value_text(&value.kind));
            texts.collect::<Vec<_>>().join(", ")
        }
        ValueKind::Table(_) => "(table)".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use connectors::vendors::VENDORS;

    use super::*;

    fn given(file: &str, environment: &[(&str, &str)]) -> BTreeMap<String, (String, String)> {
        let path = std::env::temp_dir().join(format!("convene-given-{}.toml", fastrand::u64(..)));
        std::fs::write(&path, file).expect("the file is written");
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let listed = list_given(std::slice::from_ref(&path), environment, VENDORS);
        std::fs::remove_file(&path).expect("the file is removed");
        let file = path.display().to_string();
        listed
            .into_iter()
            .map(|given| {
                (
                    given.key,
                    (given.value, given.origin.to_string().replace(&file, "FILE")),
                )
            })
            .collect()
    }

    #[test]
    fn the_later_value_wins_and_says_where_it_comes_from() {
        let listed = given(
            "[warehouse]\nmax_connections = 4\n[limits]\nmax_pages = 9",
            &[("CONVENE__LIMITS__MAX_PAGES", "10")],
        );
        for (key, value, origin) in [
            ("warehouse.max_connections", "4", "FILE"),
            ("limits.max_pages", "10", "CONVENE__LIMITS__MAX_PAGES"),
            ("limits.max_bytes", "8 GiB", "default"),
        ] {
            assert_eq!(listed[key], (value.to_owned(), origin.to_owned()), "{key}");
        }
    }

    #[test]
    fn no_secret_is_shown_in_any_form() {
        let file = "[warehouse]\nurl = \"postgres://convene:hush@db/convene?password=hush\"\n[sources.a]\nvendor = \"convoso\"\n\
                    token = \"hush\"\n[sources.b]\nvendor = \"conversocial\"\ntoken_name = \"n\"\ntoken_secret_file = \"/run/s\"\n\
                    [alerts]\nwebhook_url = \"https://hooks.example.com/hush\"\nurl = \"https://hooks.example.com/hush\"\n";
        let listed = given(file, &[("CONVENE__SOURCES__C__API_KEY", "hush")]);
        let text = format!("{listed:?}");
        assert!(!text.contains("hush"), "{text}");
        assert_eq!(
            listed["warehouse.url"].0,
            "postgres://convene:hidden@db/convene?hidden"
        );
        assert_eq!(listed["sources.b.token_secret_file"].0, "/run/s");
        assert_eq!(listed["sources.b.token_name"].0, "n");
        assert_eq!(listed["sources.c.api_key"].0, HIDDEN);
        let usual = given("", &[("DATABASE_URL", "postgres://a:hush@b/c")]);
        assert_eq!(
            usual["warehouse.url"],
            ("postgres://a:hidden@b/c".to_owned(), "DATABASE_URL".to_owned())
        );
    }
}
