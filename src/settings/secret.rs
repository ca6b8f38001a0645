//! Takes a secret from its key or from the file that its `_file` key names.

use std::path::Path;

use config::{Value, ValueKind};
use secrecy::SecretString;
use url::Url;

use super::forms;
use super::layers::{rank, read};
use super::reader::Reader;

const FILE_BYTES: u64 = 64 << 10;

/// A check that turns the plain text into a secret, or says what is wrong without quoting it.
type Check = fn(&str) -> Result<SecretString, String>;

/// The secret `key`, which may be absent.
pub(super) fn optional(table: &mut Reader<'_>, key: &str, check: Check) -> Option<SecretString> {
    let file_key = format!("{key}_file");
    match (table.value(key), table.value(&file_key)) {
        (None, None) => None,
        (Some(inline), None) => from_key(table, key, &inline, check),
        (None, Some(file)) => from_file(table, &file_key, &file, check),
        // The default file gives an address: an operator's later `url_file` must be able to replace it.
        (Some(inline), Some(file)) if rank(&inline) > rank(&file) => from_key(table, key, &inline, check),
        (Some(inline), Some(file)) if rank(&inline) < rank(&file) => {
            from_file(table, &file_key, &file, check)
        }
        (Some(_), Some(_)) => {
            table.report(
                key,
                format!("is given together with `{file_key}`; keep one of them"),
            );
            None
        }
    }
}

/// The secret `key`, whose absence is a problem.
pub(super) fn required(table: &mut Reader<'_>, key: &str) -> Option<SecretString> {
    let file_key = format!("{key}_file");
    if !table.has(key) && !table.has(&file_key) {
        table.missing(key, format!("is missing; give it or `{file_key}`"));
    }
    optional(table, key, any)
}

/// Passes over both forms of `key` unread.
pub(super) fn skip(table: &mut Reader<'_>, key: &str) {
    table.value(key);
    table.value(&format!("{key}_file"));
}

/// Accepts any text that can stand in a request.
pub(super) fn any(text: &str) -> Result<SecretString, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".to_owned());
    }
    Ok(SecretString::from(text))
}

/// Accepts the address of a Postgres database.
pub(super) fn database(text: &str) -> Result<SecretString, String> {
    let secret = any(text)?;
    match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") && !url.cannot_be_a_base() => Ok(secret),
        _ => Err(
            "must be the address of a database, such as postgres://user@host:5432/name \
                  (special characters in a password are written as %40 and the like)"
                .to_owned(),
        ),
    }
}

fn from_key(table: &mut Reader<'_>, key: &str, value: &Value, check: Check) -> Option<SecretString> {
    let checked = match &value.kind {
        ValueKind::String(text) if text.trim().is_empty() => {
            Err(format!("is empty; give it or `{key}_file`"))
        }
        ValueKind::String(text) => check(text),
        _ => Err("must be a text in quotes".to_owned()),
    };
    checked.map_err(|text| table.report(key, text)).ok()
}

fn from_file(table: &mut Reader<'_>, key: &str, value: &Value, check: Check) -> Option<SecretString> {
    let checked = forms::text(&value.kind).and_then(|path| {
        let content = read(Path::new(path), FILE_BYTES).map_err(|text| format!("{} {text}", shown(path)))?;
        check(&content).map_err(|text| format!("the text in {} {text}", shown(path)))
    });
    checked.map_err(|text| table.report(key, text)).ok()
}

// A secret put under the `_file` key by mistake has, as a rule, no folder in it.
fn shown(path: &str) -> String {
    if path.contains('/') {
        format!("{path:?}")
    } else {
        "the named file in the working folder".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{any, database, shown};

    #[test]
    fn a_secret_is_trimmed_and_must_be_one_line() {
        assert_eq!(any(" hush\n").expect("one line").expose_secret(), "hush");
        for text in ["", " \n", "hu\nsh", "hu\u{0}sh"] {
            let problem = any(text).expect_err(text);
            assert!(!problem.contains("hu"), "{problem}");
        }
    }

    #[test]
    fn only_postgres_addresses_are_databases() {
        for text in [
            "postgres://a@b/c",
            "postgresql://a:b@c:5432/d",
            "postgres:///c?host=/run/postgresql",
        ] {
            assert!(database(text).is_ok(), "{text}");
        }
        for text in ["", "a", "postgres:c", "mysql://a@b/c", "postgres://a:hu#sh@b:x/c"] {
            assert!(database(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bare_word_in_place_of_a_path_is_not_shown() {
        assert_eq!(shown("hush"), "the named file in the working folder");
        assert_eq!(shown("/run/secrets/convoso"), "\"/run/secrets/convoso\"");
    }
}
