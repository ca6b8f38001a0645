//! Tests of whole settings: files and environment in, settings or problems out.

mod files;
mod lines;
mod vendors;
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::*;
use vendors::VENDORS;

const DEFAULT: &str = include_str!("../../config/default.toml");

/// A folder of settings files that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("convene-settings-{}-{test}", std::process::id()));
        fs::create_dir_all(&folder).expect("a new folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a new file");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn given(files: &[PathBuf], environment: &[(&str, &str)]) -> Result<Settings, Problems> {
    given_to(VENDORS, files, environment)
}

fn given_to(
    vendors: &[&'static Vendor],
    files: &[PathBuf],
    environment: &[(&str, &str)],
) -> Result<Settings, Problems> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(files, environment, vendors)
}

/// Loads texts as files, the later over the earlier; `FOLDER` in them stands for their folder.
fn texts(test: &str, texts: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Problems> {
    let folder = Folder::new(test, &[("secret", " from the file\n"), ("blank", "\n")]);
    let place = folder.0.display().to_string();
    let paths: Vec<PathBuf> = (0..texts.len())
        .map(|number| folder.path(&format!("{number}.toml")))
        .collect();
    for (path, text) in paths.iter().zip(texts) {
        fs::write(path, text.replace("FOLDER", &place)).expect("a new file");
    }
    given(&paths, environment)
}

fn convoso(more: &str) -> String {
    format!("[sources.a]\nvendor = 'convoso'\ntoken = 'hush'\n{more}")
}

fn token(settings: &Settings) -> &str {
    settings.sources["a"].secrets["token"].expose_secret()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn of_a_secret_and_its_file_the_later_wins() {
    let [inline, file] = [
        "vendor = 'convoso'\ntoken = 'inline'",
        "vendor = 'convoso'\ntoken_file = 'FOLDER/secret'",
    ]
    .map(|keys| format!("[sources.a]\n{keys}"));
    for (number, (layers, environment, expected)) in [
        (vec![&*inline, &*file], vec![], "from the file"),
        (vec![&*file, &*inline], vec![], "inline"),
        (
            vec![&*file, &*inline],
            vec![("CONVENE__SOURCES__A__TOKEN", "outside")],
            "outside",
        ),
        (
            vec![&*file],
            vec![("convene__sources__a__token", "outside")],
            "outside",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let settings = texts(&format!("later-{number}"), &layers, &environment).expect("no problems");
        assert_eq!(token(&settings), expected);
    }
}

#[test]
fn the_address_of_the_default_file_gives_way_to_an_operators_file() {
    let folder = Folder::new("address", &[("url", "postgres://other@host/db\n")]);
    let own = format!("[warehouse]\nurl_file = '{}'", folder.path("url").display());
    let settings = texts("address-layers", &[DEFAULT, &own], &[]).expect("no problems");
    assert_eq!(settings.warehouse.url.expose_secret(), "postgres://other@host/db");
}

#[test]
fn the_usual_variable_wins_over_every_address() {
    let text = "[warehouse]\nurl = 'postgres://a@b/c'\nurl_file = '/nowhere'";
    let environment = [
        ("DATABASE_URL", "postgres://x@y/z"),
        ("CONVENE__WAREHOUSE__URL", "postgres://p@q/r"),
    ];
    let settings = texts("usual", &[text], &environment).expect("no problems");
    assert_eq!(settings.warehouse.url.expose_secret(), "postgres://x@y/z");
    let found = texts("usual-empty", &[text], &[("DATABASE_URL", "")])
        .expect_err("empty")
        .to_string();
    assert_eq!(found, "DATABASE_URL: is empty");
}

#[test]
fn the_environment_overrides_files_and_brings_every_type_as_text() {
    let environment = [
        ("CONVENE__WAREHOUSE__MAX_CONNECTIONS", "3"),
        ("CONVENE__WAREHOUSE__POOLER", "true"),
        ("CONVENE__LIMITS__MAX_BYTES", "1 GiB"),
        ("CONVENE__DAEMON__LEASE", "1m"),
        ("CONVENE__SOURCES__A__REQUESTS_PER_MINUTE", "90"),
        ("CONVENE__SOURCES__A__STREAMS__CALLS__ENABLED", "false"),
        ("CONVENE__SOURCES__A__STREAMS__CALLS__DELETE_LIMIT", "0.5"),
        ("CONVENE__SOURCES__A__STREAMS__LEADS__LOOKBACK", "26h"),
        ("CONVENE__SOURCES__A__SINCE", "2025-03-01"),
    ];
    let text = convoso("requests_per_minute = 5\n[sources.a.streams.calls]\nenabled = true");
    let settings = texts("environment", &[&text], &environment).expect("no problems");
    assert!(settings.warehouse.pooler);
    assert_eq!(settings.limits.max_bytes, 1 << 30);
    assert_eq!(settings.lease, Duration::from_mins(1));
    let source = &settings.sources["a"];
    assert_eq!(
        (settings.warehouse.max_connections, source.requests_per_minute),
        (3, Some(90))
    );
    let calls = &source.streams["calls"];
    assert_eq!((calls.enabled, calls.delete_limit), (Some(false), Some(0.5)));
    assert_eq!(source.streams["leads"].lookback, Some(Duration::from_hours(26)));
    assert_eq!(source.since, Some(instant("2025-03-01T08:00:00Z")));
}

#[test]
fn a_day_may_be_given_without_quotes_and_begins_in_the_zone_of_the_account() {
    let settings = texts("day", &[&convoso("since = 2025-01-01")], &[]).expect("no problems");
    assert_eq!(settings.sources["a"].since, Some(instant("2025-01-01T08:00:00Z")));
    let elsewhere = convoso("since = 2025-01-01\ntime_zone = 'UTC'");
    let settings = texts("day-elsewhere", &[&elsewhere], &[]).expect("no problems");
    assert_eq!(settings.sources["a"].since, Some(instant("2025-01-01T00:00:00Z")));
    // The times of this vendor are in UTC wherever the account is.
    let fixed = "[sources.a]\nvendor = 'conversocial'\ntoken_name = 'x'\ntoken_secret = 'x'\nsince = 2025-01-01\n\
                 time_zone = 'Europe/Paris'";
    let settings = texts("day-fixed", &[fixed], &[]).expect("no problems");
    assert_eq!(settings.sources["a"].since, Some(instant("2025-01-01T00:00:00Z")));
}

#[test]
fn no_secret_shows_through_debug() {
    let text = convoso("[warehouse]\nurl = 'postgres://a:hush@b/c'");
    let settings = texts("debug", &[&text], &[]).expect("no problems");
    assert_eq!(token(&settings), "hush");
    assert!(!format!("{settings:?} {settings:#?}").contains("hush"));
    let found = given(
        &[Path::new("/nowhere/a.toml").into()],
        &[("DATABASE_URL", "hush")],
    )
    .expect_err("problems");
    assert!(!format!("{found:?} {found}").contains("hush"));
}

#[test]
fn a_vendors_own_settings_come_from_files_and_from_the_environment() {
    let text = "[sources.a]\nvendor = 'conversocial'\ntoken_secret = 'x'\ntoken_name = ' reader '\nlabels = ['m', 'n']\n\
                page_size = 20";
    let variables = [
        ("CONVENE__SOURCES__A__LABELS", "p, q"),
        ("CONVENE__SOURCES__A__PAGE_SIZE", "30"),
    ];
    let settings = texts("own", &[text], &variables).expect("good settings");
    let options = &settings.sources["a"].options;
    let got: Vec<(&str, &[String])> = options
        .iter()
        .map(|(key, values)| (*key, values.as_slice()))
        .collect();
    let wanted = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (labels, size, name) = (wanted(&["p", "q"]), wanted(&["30"]), wanted(&["reader"]));
    assert_eq!(
        got,
        [
            ("labels", &labels[..]),
            ("page_size", &size[..]),
            ("token_name", &name[..])
        ]
    );
}

#[test]
fn a_secret_is_the_same_however_it_was_written_down() {
    let folder = Folder::new(
        "marks",
        &[
            ("windows", "\u{feff}hush\r\n"),
            ("blanks", "\n  hush \n\n"),
            (
                "local.toml",
                "\u{feff}[sources.a]\r\nvendor = 'convoso'\r\ntoken = 'hush'\r\n",
            ),
        ],
    );
    for name in ["windows", "blanks"] {
        let text = format!(
            "[sources.a]\nvendor = 'convoso'\ntoken_file = '{}'",
            folder.path(name).display()
        );
        let settings = texts(&format!("marks-{name}"), &[&text], &[]).expect("no problems");
        assert_eq!(token(&settings), "hush", "{name}");
    }
    let settings = given(&[folder.path("local.toml")], &[]).expect("no problems");
    assert_eq!(token(&settings), "hush");
    let environment = [("CONVENE__SOURCES__A__TOKEN", "\u{feff} hush\r\n")];
    let settings = texts("marks-environment", &[&convoso("")], &environment).expect("no problems");
    assert_eq!(token(&settings), "hush");
}

#[test]
fn literal_quotes_in_the_environment_are_told_beside_what_they_hold() {
    let environment = [
        ("CONVENE__SOURCES__A__VENDOR", "\"convoso\""),
        ("CONVENE__SOURCES__A__TOKEN", "'hush'"),
        ("CONVENE__SOURCES__A__SINCE", "\"soon\""),
        ("DATABASE_URL", "\"mysql://hush\""),
    ];
    let found = given(&[], &environment).expect_err("quotes").to_string();
    let keys: Vec<_> = found
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(key, _)| key))
        .collect();
    let twice = |key| [key, key];
    let wanted = [
        &twice("DATABASE_URL")[..],
        &twice("sources.a.since"),
        &["sources.a.token", "sources.a.vendor"],
    ];
    assert_eq!(keys, wanted.concat());
    assert!(!found.contains("hush"), "{found}");
}

#[test]
fn plain_http_is_spoken_to_other_machines_where_that_is_allowed() {
    let text = "[sources.a]\nvendor = 'conversocial'\ntoken_name = 'x'\ntoken_secret = 'hush'\n\
                base_url = 'http://10.0.0.1/v1'\nprofiles_base_url = 'http://10.0.0.2/v1'";
    let found = texts("clear", &[text], &[])
        .expect_err("in the clear")
        .to_string();
    assert_eq!(found.matches("`allow_plain_http = true`").count(), 2, "{found}");
    let allowed = format!("{text}\nallow_plain_http = true");
    let settings = texts("clear-allowed", &[&allowed], &[]).expect("no problems");
    assert!(settings.sources["a"].allow_plain_http);
}

#[test]
fn the_hosts_of_a_source_are_those_with_an_address_and_a_credential() {
    let social = "[sources.a]\nvendor = 'conversocial'\ntoken_name = 'x'\ntoken_secret = 'hush'\n";
    let chat = "[sources.a]\nvendor = 'convertalk'\nbot_token = 'hush'\ncustomer_id = 'c'\nbot_ids = ['b']\n";
    for (number, (text, more, hosts)) in [
        (social, "", "=https://api.conversocial.com/v1.3"),
        (
            social,
            "base_url = 'https://b.example/v1'",
            "=https://b.example/v1",
        ),
        (
            social,
            "profiles_base_url = 'https://p.example/'\nother_url = 'https://o.example/'",
            "=https://api.conversocial.com/v1.3 profiles=https://p.example/",
        ),
        (
            social,
            "other_secret = 'hush'\nother_url = 'https://o.example/'",
            "=https://api.conversocial.com/v1.3 other=https://o.example/",
        ),
        (chat, "", "=https://api.convertalk.com/"),
        (
            chat,
            "api_key = 'hush'\nbase_url = 'https://b.example/'",
            "=https://b.example/ keyed=https://b.example/",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("{text}{more}");
        let settings = texts(&format!("hosts-{number}"), &[&text], &[]).expect("no problems");
        let known = settings.sources["a"].known_hosts();
        let told: Vec<String> = known
            .iter()
            .map(|known| format!("{}={}", known.host.name, known.base_url))
            .collect();
        assert_eq!(told.join(" "), hosts);
        assert_eq!(
            known[0].user.as_deref(),
            text.contains("token_name").then_some("x")
        );
    }
}

#[test]
fn one_credential_may_serve_two_sources() {
    let text = format!("{}\n[sources.b]\nvendor = 'convoso'\ntoken = 'hush'", convoso(""));
    let settings = texts("shared", &[&text], &[]).expect("no problems");
    assert_eq!(settings.sources.len(), 2);
}
