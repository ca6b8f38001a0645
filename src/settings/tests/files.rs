//! The files and pages that show the settings: every key stands in them.

use connectors::source::OptionForm;
use connectors::vendors::VENDORS;

use super::*;

const EXAMPLE: &str = include_str!("../../../config/example.toml");
/// The page for operators.
const PAGE: &str = include_str!("../../../docs/settings.md");

/// Loads a text as a file, for the vendors that there are.
fn load_for_real(test: &str, file: &str, environment: &[(&str, &str)]) -> Settings {
    let folder = Folder::new(test, &[("a.toml", file)]);
    given_to(VENDORS, &[folder.path("a.toml")], environment).expect("no problems")
}

fn uncommented(text: &str) -> String {
    let shown = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|sign: char| sign == '[' || sign.is_ascii_lowercase()) => {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

/// The keys that a file of settings shows, in use or commented out.
fn keys_of(text: &str) -> Vec<String> {
    let shown = uncommented(text);
    let lines = shown.lines().filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| line.split_once(" = "));
    keys.map(|(key, _)| key.to_owned()).collect()
}

#[test]
fn the_default_file_says_what_holds_without_it() {
    let (written, built_in) = (texts("default", &[DEFAULT], &[]), given(&[], &[]));
    let (written, built_in) = (written.expect("no problems"), built_in.expect("no problems"));
    assert_eq!(format!("{written:?}"), format!("{built_in:?}"));
    assert_eq!(
        written.warehouse.url.expose_secret(),
        built_in.warehouse.url.expose_secret()
    );
    assert!(written.sources.is_empty());
}

#[test]
fn the_default_file_shows_every_key_of_a_source() {
    let mut settings = load_for_real("shown", &uncommented(DEFAULT), &[]);
    let mut source = settings.sources.remove("convoso_us").expect("shown");
    // An address has fields of its own that may be absent.
    assert!(source.base_url.take().is_some());
    let shown = format!("{source:?}");
    assert!(shown.contains("reject_limit: Some(0.05)"), "{shown}");
    assert_eq!(shown.matches(": None").count(), 1, "{shown}");
}

#[test]
fn the_example_loads_once_it_has_a_token() {
    let environment = [
        ("CONVENE__SOURCES__CONVOSO_US__TOKEN", "hush"),
        ("CONVENE__SOURCES__SOCIAL__TOKEN_SECRET", "hush"),
        ("CONVENE__SOURCES__CHAT__BOT_TOKEN", "hush"),
        ("CONVENE__SOURCES__CONVERZ_EMEA__API_KEY", "hush"),
    ];
    let settings = load_for_real("example", EXAMPLE, &environment);
    let source = &settings.sources["convoso_us"];
    assert_eq!(
        (source.name.as_str(), source.vendor.name),
        ("convoso_us", "convoso")
    );
    assert_eq!(source.streams["calls"].schedule.as_deref(), Some("0 * * * * *"));
}

#[test]
fn the_page_names_every_key_of_the_default_file() {
    for key in keys_of(DEFAULT) {
        let is_named = PAGE.contains(&format!("`{key}`")) || PAGE.contains(&format!(".{key}`"));
        assert!(is_named, "docs/settings.md does not name {key}");
    }
}

#[test]
fn the_default_file_shows_every_key_of_the_example() {
    let shown = keys_of(DEFAULT);
    for key in keys_of(EXAMPLE) {
        let key = key.strip_suffix("_file").unwrap_or(&key).to_owned();
        assert!(shown.contains(&key), "config/default.toml does not show {key}");
    }
}

#[test]
fn the_default_file_and_the_page_have_the_words_of_every_vendor() {
    for vendor in VENDORS {
        let options = vendor.options.iter().map(|option| option.name);
        let secrets = vendor.hosts.iter().map(|host| host.secret);
        for key in options.chain(secrets) {
            assert!(keys_of(DEFAULT).iter().any(|shown| shown == key), "{key}");
            assert!(PAGE.contains(&format!("`{key}`")), "{key}");
        }
        for stream in vendor.streams {
            let fields = vendor
                .options
                .iter()
                .find(|option| stream.promoted_by == Some(option.name));
            let are_columns = fields.is_none_or(|fields| matches!(fields.form, OptionForm::Names));
            assert!(are_columns, "what {} shows as columns has names", stream.name);
            assert!(PAGE.contains(&format!("`{}`", stream.name)), "{}", stream.name);
        }
    }
}
