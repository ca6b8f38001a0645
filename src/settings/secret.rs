//! Takes a secret from its key or from the file that its `_file` key names.

use std::path::Path;

use config::{Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::forms::{is_loopback, parse_text, trim_text};
use super::layers::{rank_of, read_text};
use super::reader::Reader;

const FILE_BYTES: u64 = 64 << 10;

/// What `sslmode` may be in the address of a database.
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];
const SEVERAL_HOSTS: &str =
    "names several hosts, of which only one can be used: give the one that always leads to the primary";

/// A check that turns the plain text into a secret, or says what is wrong without quoting it.
pub(super) type Check = fn(&str) -> Result<SecretString, String>;

/// The secret `key`, which may be absent.
pub(super) fn take_secret(table: &mut Reader<'_>, key: &str, check: Check) -> Option<SecretString> {
    let file_key = format!("{key}_file");
    match (table.take_raw(key), table.take_raw(&file_key)) {
        (None, None) => None,
        (Some(inline), None) => from_key(table, key, &inline, check),
        (None, Some(file)) => from_file(table, &file_key, &file, check),
        // The default file gives an address: an operator's later `url_file` must be able to replace it.
        (Some(inline), Some(file)) if rank_of(&inline) > rank_of(&file) => {
            from_key(table, key, &inline, check)
        }
        (Some(inline), Some(file)) if rank_of(&inline) < rank_of(&file) => {
            from_file(table, &file_key, &file, check)
        }
        (Some(_), Some(_)) => {
            table.report_key(
                key,
                format!("is given together with `{file_key}`; keep one of them"),
            );
            None
        }
    }
}

/// The secret `key`, whose absence is a problem.
pub(super) fn require_secret(table: &mut Reader<'_>, key: &str, check: Check) -> Option<SecretString> {
    let file_key = format!("{key}_file");
    if !table.has_key(key) && !table.has_key(&file_key) {
        table.report_missing(key, format!("is missing; give it or `{file_key}`"));
    }
    take_secret(table, key, check)
}

/// Passes over both forms of `key` unread.
pub(super) fn skip_secret(table: &mut Reader<'_>, key: &str) {
    table.take_raw(key);
    table.take_raw(&format!("{key}_file"));
}

/// Accepts any text that can stand in a request.
pub(super) fn parse_secret(text: &str) -> Result<SecretString, String> {
    let text = trim_text(text);
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".to_owned());
    }
    if text.chars().any(is_unseen) {
        return Err(
            "holds a character that cannot be seen or is no text, as copying from a page may bring along"
                .to_owned(),
        );
    }
    Ok(SecretString::from(text))
}

/// Accepts what can stand in a header.
pub(super) fn parse_header_secret(text: &str) -> Result<SecretString, String> {
    let secret = parse_secret(text)?;
    if secret.expose_secret().is_ascii() {
        return Ok(secret);
    }
    Err(
        "holds a character that cannot stand in a header; only letters, digits and signs of ASCII can"
            .to_owned(),
    )
}

/// Spaces without width, marks of direction, the soft hyphen, and the sign for what could not be read.
fn is_unseen(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fffd}'
    )
}

/// Accepts an address that alerts may be sent to: nobody on the way may read it, or write there in turn.
pub(super) fn parse_webhook_url(text: &str) -> Result<SecretString, String> {
    let secret = parse_secret(text)?;
    let url = Url::parse(secret.expose_secret())
        .map_err(|_| "must be an address such as https://hooks.example.com/services/…".to_owned())?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if is_safe {
        Ok(secret)
    } else {
        Err("must begin with https:// (plain http is accepted for this machine only)".to_owned())
    }
}

/// Accepts the address of a Postgres database.
pub(super) fn parse_database_url(text: &str) -> Result<SecretString, String> {
    let secret = parse_secret(text)?;
    check_database_url(secret.expose_secret())?;
    Ok(secret)
}

fn check_database_url(text: &str) -> Result<(), String> {
    let is_postgres = |scheme: &str| ["postgres", "postgresql"].contains(&&*scheme.to_ascii_lowercase());
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| is_postgres(scheme)) else {
        return Err("must be the address of a database, such as postgres://user@host:5432/name".to_owned());
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    // Commas separate hosts, each perhaps with a port, and no address may hold them otherwise.
    if hosts.contains(',') {
        return Err(SEVERAL_HOSTS.to_owned());
    }
    let url = Url::parse(text).map_err(|error| {
        format!(
            "is no address of a database: {error} (special characters in a password are written as %40 and the like, an \
             IPv6 address in brackets, as in postgres://user@[::1]:5432/name)"
        )
    })?;
    url.query_pairs()
        .try_for_each(|(name, value)| check_parameter(&name, &value))
        .map_err(str::to_owned)
}

fn check_parameter(name: &str, value: &str) -> Result<(), &'static str> {
    match name {
        "host" | "hostaddr" if value.contains(',') => Err(SEVERAL_HOSTS),
        "hostaddr" if value.parse::<std::net::IpAddr>().is_err() => {
            Err("has a parameter `hostaddr` that is no IP address")
        }
        "port" if value.parse::<u16>().is_err() => Err("has a parameter `port` that is no port"),
        "sslmode" | "ssl-mode" if !SSL_MODES.contains(&&*value.to_ascii_lowercase()) => Err(
            "has a parameter `sslmode` that is none of: disable, allow, prefer, require, verify-ca, verify-full",
        ),
        _ => Ok(()),
    }
}

fn from_key(table: &mut Reader<'_>, key: &str, value: &Value, check: Check) -> Option<SecretString> {
    let checked = match &value.kind {
        ValueKind::String(text) if trim_text(text).is_empty() => {
            Err(format!("is empty; give it or `{key}_file`"))
        }
        ValueKind::String(text) => check(text),
        _ => Err("must be a text in quotes".to_owned()),
    };
    checked.map_err(|text| table.report_key(key, text)).ok()
}

fn from_file(table: &mut Reader<'_>, key: &str, value: &Value, check: Check) -> Option<SecretString> {
    let checked = parse_text(&value.kind).and_then(|path| {
        let content =
            read_text(Path::new(path), FILE_BYTES).map_err(|text| format!("{} {text}", shown_form(path)))?;
        check(&content).map_err(|text| format!("the text in {} {text}", shown_form(path)))
    });
    checked.map_err(|text| table.report_key(key, text)).ok()
}

// A secret put under the `_file` key by mistake has, as a rule, no folder in it.
fn shown_form(path: &str) -> String {
    if path.contains('/') {
        format!("{path:?}")
    } else {
        "the named file in the working folder".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{parse_database_url, parse_header_secret, parse_secret, shown_form};

    #[test]
    fn what_is_around_a_secret_is_dropped() {
        for text in [
            "hush",
            " hush\n",
            "\u{feff}hush\r\n",
            "\u{feff} hush",
            "\u{a0}hush\u{3000}\n\n",
        ] {
            let secret = parse_secret(text).expect("one line");
            assert_eq!(secret.expose_secret(), "hush", "{text:?}");
        }
    }

    #[test]
    fn what_is_in_a_secret_by_mistake_is_told_and_not_shown() {
        for (text, reason) in [
            ("", "empty"),
            (" \n", "empty"),
            ("\u{feff}\r\n", "empty"),
            ("hu\nsh", "control"),
            ("hu\u{0}sh", "control"),
            ("hu\tsh", "control"),
            ("hu\u{200b}sh", "seen"),
            ("hush\u{200b}", "seen"),
            ("hu\u{feff}sh", "seen"),
            ("hu\u{fffd}sh", "no text"),
        ] {
            let problem = parse_secret(text).expect_err(text);
            assert!(problem.contains(reason) && !problem.contains("hu"), "{problem}");
        }
    }

    #[test]
    fn a_secret_for_a_header_is_ascii() {
        assert!(parse_header_secret("hush-1_2 3").is_ok());
        assert!(parse_secret("hüsh").is_ok());
        for text in ["hüsh", "“hush”", "hush…"] {
            let problem = parse_header_secret(text).expect_err(text);
            assert!(
                problem.contains("header") && !problem.contains("sh…"),
                "{problem}"
            );
        }
    }

    #[test]
    fn postgres_addresses_are_databases() {
        for text in [
            "postgres://a@b/c",
            "POSTGRES://a@b/c",
            "postgresql://a:b@c:5432/d",
            "postgres:///c?host=/run/postgresql",
            "postgres://u@[::1]:5432/db",
            "postgres://u:p@[2001:db8::2]/db",
            "postgres://u:a,b%40@host/db?sslmode=verify-full",
            "postgres://u@host/db?target_session_attrs=read-write",
        ] {
            assert!(parse_database_url(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_address_that_is_no_database_says_why() {
        for (text, reason) in [
            ("", "empty"),
            ("a", "must be the address"),
            ("postgres:c", "must be the address"),
            ("host=hush dbname=c", "must be the address"),
            ("mysql://a@b/c", "must be the address"),
            ("postgres://a:hu#sh@b:x/c", "port number"),
            ("postgres://a:hu/sh@b/c", "%40"),
            ("postgres://u@b:hush/c", "port number"),
            ("postgres://u@b:99999/c", "port number"),
            ("postgres://u@::1:5432/c", "in brackets"),
            ("postgres://u@[hush]/c", "IPv6"),
            ("postgres://u@one:5432,two:5432/c", "several hosts"),
            ("postgres://u@one,two/c?target_session_attrs=any", "several hosts"),
            ("postgres:///c?host=one,two", "several hosts"),
            ("postgres://u@b/c?sslmode=hush", "verify-full"),
            ("postgres://u@b/c?port=hush", "`port`"),
            ("postgres://u@b/c?hostaddr=hush", "`hostaddr`"),
        ] {
            let problem = parse_database_url(text).expect_err(text);
            assert!(
                problem.contains(reason) && !problem.contains("hu"),
                "{text}: {problem}"
            );
        }
    }

    #[test]
    fn a_bare_word_in_place_of_a_path_is_not_shown() {
        assert_eq!(shown_form("hush"), "the named file in the working folder");
        assert_eq!(shown_form("/run/secrets/convoso"), "\"/run/secrets/convoso\"");
    }
}
