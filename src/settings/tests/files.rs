//! The files and pages that show the settings: every key stands in them.

use super::*;

/// The page for operators.
const PAGE: &str = include_str!("../../../docs/settings.md");

/// The keys that a file of settings shows, in use or commented out.
fn keys_of(text: &str) -> Vec<String> {
    let shown = uncommented(text);
    let lines = shown.lines().filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| line.split_once(" = "));
    keys.map(|(key, _)| key.to_owned()).collect()
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
    for vendor in connectors::vendors::VENDORS {
        let options = vendor.options.iter().map(|option| option.name);
        let secrets = vendor.hosts.iter().map(|host| host.secret);
        for key in options.chain(secrets) {
            assert!(keys_of(DEFAULT).iter().any(|shown| shown == key), "{key}");
            assert!(PAGE.contains(&format!("`{key}`")), "{key}");
        }
        for stream in vendor.streams {
            assert!(PAGE.contains(&format!("`{}`", stream.name)), "{}", stream.name);
        }
    }
}
