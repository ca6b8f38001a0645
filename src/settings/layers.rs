//! Merges the files and the environment into one tree whose values remember their layer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, FileFormat, Format, Map, Source, Value, ValueKind};
use secrecy::SecretString;

use super::env_file;
use super::forms::{BYTE_ORDER_MARK, trim_text};
use super::problems::Findings;
use super::secret;

const PREFIX: &str = "convene__";
const SEPARATOR: &str = "__";
const DATABASE_URL: &str = "DATABASE_URL";
const FILE_BYTES: u64 = 1 << 20;
const UTF_16_MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// One level of the tree.
pub(super) type Table = Map<String, Value>;

/// What the environment says.
pub(super) struct Variables {
    /// Variables that stand for a key, with their names in lower case.
    pub(super) overrides: BTreeMap<String, String>,
    /// The database by its usual variable.
    pub(super) database_url: Option<SecretString>,
}

impl Variables {
    /// Sorts the environment; variables that are not ours are ignored.
    pub(super) fn sort_environment(
        environment: impl Iterator<Item = (String, String)>,
        findings: &mut Findings,
    ) -> Self {
        let mut variables = Self {
            overrides: BTreeMap::new(),
            database_url: None,
        };
        let environment: Vec<(String, String)> = environment.collect();
        let from_file = env_file::read_variables(&environment, findings);
        for (name, value) in environment.into_iter().chain(from_file) {
            if name == DATABASE_URL {
                variables.database_url = Some(database_url(&value, findings));
            } else {
                variables.add_variable(&name, value, findings);
            }
        }
        variables.check_nesting(findings);
        variables
    }

    fn add_variable(&mut self, name: &str, value: String, findings: &mut Findings) {
        let lower = name.to_ascii_lowercase();
        let Some(path) = lower.strip_prefix(PREFIX) else {
            return;
        };
        if !is_path(path) {
            findings.add_problem(
                name,
                "is not a key; write it like CONVENE__WAREHOUSE__MAX_CONNECTIONS",
            );
            return;
        }
        let key = path.replace(SEPARATOR, ".");
        let value = without_quotes(&key, &value, findings).to_owned();
        if self.overrides.insert(lower, value).is_some() {
            findings.add_problem(
                name,
                "is given twice in the environment, in different letter case",
            );
        }
    }

    // Which of the two would win depends on the order of a hash map.
    fn check_nesting(&self, findings: &mut Findings) {
        for name in self.overrides.keys() {
            let below = format!("{name}{SEPARATOR}");
            if self
                .overrides
                .range(below.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&below))
            {
                findings.add_problem(
                    name.to_uppercase(),
                    "is a table in the environment and cannot have a value",
                );
            }
        }
    }
}

/// The value without literal quotes around it, which are a problem: a shell takes them away, other places do not.
fn without_quotes<'a>(key: &str, value: &'a str, findings: &mut Findings) -> &'a str {
    let text = trim_text(value);
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    let Some(bare) = within('"').or_else(|| within('\'')) else {
        return value;
    };
    findings.add_problem(
        key,
        "stands in literal quotes in the environment: env_file and the list form of docker pass them on, so leave them out",
    );
    bare
}

fn database_url(value: &str, findings: &mut Findings) -> SecretString {
    let unquoted = without_quotes(DATABASE_URL, value, findings);
    secret::parse_database_url(unquoted).unwrap_or_else(|text| {
        findings.add_problem(DATABASE_URL, text);
        // Something must stand here, or the keys it overrides would be read and reported in vain.
        SecretString::default()
    })
}

// Anything else would be read by `config` as a path expression with subscripts.
fn is_path(path: &str) -> bool {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    path.chars().all(sign) && path.split(SEPARATOR).all(|segment| !segment.is_empty())
}

/// Merges the files in order, and the environment over them.
pub(super) fn merge_layers(
    files: &[PathBuf],
    overrides: BTreeMap<String, String>,
    findings: &mut Findings,
) -> Table {
    let mut builder = Config::builder();
    for (position, path) in files.iter().enumerate() {
        match read_text(path, FILE_BYTES).and_then(|text| parse_layer(position, &text)) {
            Ok(layer) => builder = builder.add_source(layer),
            Err(text) => findings.add_file_problem(path.display().to_string(), text),
        }
    }
    let environment = Environment::with_prefix("CONVENE").separator(SEPARATOR);
    let built = builder
        .add_source(environment.source(Some(overrides.into_iter().collect())))
        .build();
    if let Ok(ValueKind::Table(tree)) = built.map(|config| config.cache.kind) {
        return tree;
    }
    findings.add_file_problem("settings", "cannot be merged");
    Table::new()
}

/// Every key with its default, as the file of the defaults says it.
pub(super) fn default_layer() -> Table {
    let parsed = parse_layer(0, include_str!("../../config/default.toml"));
    parsed.map(|layer| layer.0).unwrap_or_default()
}

/// How late a value was given; of two the higher wins.
pub(super) fn rank_of(value: &Value) -> usize {
    // A file's values carry its position, those of the environment a word.
    value
        .origin()
        .and_then(|origin| origin.parse().ok())
        .unwrap_or(usize::MAX)
}

/// The values of one file.
#[derive(Clone)]
struct Layer(Table);

// `Source` asks for `Debug`; a derived one would print the secrets.
impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Layer")
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Table, ConfigError> {
        Ok(self.0.clone())
    }
}

/// The text of a file of at most so many bytes, without a byte order mark, or why there is none.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 > most => Err(format!("is larger than {} KiB", most >> 10)),
        Ok(_) => decode_file(bytes).map_err(str::to_owned),
        Err(error) => Err(format!("cannot be read ({})", error.kind())),
    }
}

fn decode_file(bytes: Vec<u8>) -> Result<String, &'static str> {
    if UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err("is UTF-16, as some editors on Windows write it; save it as UTF-8");
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8; save it as UTF-8")?;
    Ok(text.trim_start_matches(BYTE_ORDER_MARK).to_owned())
}

fn parse_layer(position: usize, text: &str) -> Result<Layer, String> {
    let parsed = FileFormat::Toml.parse(Some(&position.to_string()), text);
    parsed.map(Layer).map_err(|error| match place_of(&error.to_string()) {
        Some((line, column)) => format!(
            "is not valid TOML at line {line}, column {column} (texts need quotes, a key may be given once)"
        ),
        None => "is not valid TOML, or holds a number that is too large".to_owned(),
    })
}

// The parser's error quotes the line, which may hold a secret, and `config` hides its type. Of its text,
// which begins "TOML parse error at line 3, column 9", only the two numbers are kept.
fn place_of(error: &str) -> Option<(u32, u32)> {
    let (_, after_line) = error.lines().next()?.split_once(" line ")?;
    let (line, column) = after_line.split_once(", column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Findings, Layer, Variables, decode_file, merge_layers, parse_layer};

    fn gather(pairs: &[(&str, &str)]) -> (Variables, String) {
        let mut findings = Findings::default();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = Variables::sort_environment(pairs, &mut findings);
        let found = findings
            .into_result(())
            .map_or_else(|problems| problems.to_string(), |()| String::new());
        (variables, found)
    }

    #[test]
    fn only_our_variables_are_taken() {
        let (variables, found) = gather(&[
            ("PATH", "x"),
            ("CONVENE_TEST_POSTGRES", "x"),
            ("Convene__Daemon__Lease", "9s"),
        ]);
        assert_eq!(found, "");
        assert_eq!(
            variables.overrides.into_keys().collect::<Vec<_>>(),
            ["convene__daemon__lease"]
        );
    }

    #[test]
    fn variables_that_contradict_each_other_are_problems() {
        for (pairs, problem) in [
            (
                ["CONVENE__A", "convene__a"],
                "convene__a: is given twice in the environment, in different letter case",
            ),
            (
                ["CONVENE__A", "CONVENE__A__B"],
                "CONVENE__A: is a table in the environment and cannot have a value",
            ),
            (
                ["CONVENE__A[0]", "X"],
                "CONVENE__A[0]: is not a key; write it like CONVENE__WAREHOUSE__MAX_CONNECTIONS",
            ),
            (
                ["CONVENE__A____B", "X"],
                "CONVENE__A____B: is not a key; write it like CONVENE__WAREHOUSE__MAX_CONNECTIONS",
            ),
        ] {
            assert_eq!(gather(&pairs.map(|name| (name, "x"))).1, problem);
        }
    }

    #[test]
    fn literal_quotes_in_the_environment_are_a_problem_with_the_key() {
        let problem = "stands in literal quotes in the environment: env_file and the list form of docker pass them on, so leave \
                       them out";
        for (name, value, key) in [
            ("CONVENE__SOURCES__A__TOKEN", "\"hush\"", "sources.a.token"),
            ("CONVENE__SOURCES__A__TOKEN", "'hush'\r\n", "sources.a.token"),
            ("CONVENE__DAEMON__LEASE", "\"30s\"", "daemon.lease"),
            ("DATABASE_URL", "'postgres://a:hush@b/c'", "DATABASE_URL"),
        ] {
            let (_, found) = gather(&[(name, value)]);
            assert_eq!(found, format!("{key}: {problem}"));
        }
        for value in ["hu\"sh\"", "\"", "\"hush", "\"hush'", "hush"] {
            let (variables, found) = gather(&[("CONVENE__A", value)]);
            assert_eq!((&*variables.overrides["convene__a"], &*found), (value, ""));
        }
    }

    #[test]
    fn files_are_read_whatever_an_editor_put_before_the_text() {
        for (bytes, outcome) in [
            (&b"\xef\xbb\xbfa = 1"[..], Ok("a = 1")),
            (b"a = 1", Ok("a = 1")),
            (b"", Ok("")),
            (
                b"\xff\xfea\0",
                Err("is UTF-16, as some editors on Windows write it; save it as UTF-8"),
            ),
            (
                b"\xfe\xff\0a",
                Err("is UTF-16, as some editors on Windows write it; save it as UTF-8"),
            ),
            (b"a = '\xe9'", Err("is not UTF-8; save it as UTF-8")),
        ] {
            assert_eq!(
                decode_file(bytes.to_vec()),
                outcome.map(str::to_owned),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn broken_toml_names_its_place_and_quotes_nothing() {
        for (text, place) in [
            ("a = 1\ntoken = hush hush\n", "line 2, column 9"),
            ("token = \"hush", "line 1, column 14"),
            ("a = 1\na = \"hush\"", "line 2, column 1"),
        ] {
            let problem = parse_layer(0, text).expect_err(text);
            assert!(problem.contains(place), "{text}: {problem}");
            assert!(!problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn a_number_beyond_all_bounds_is_a_problem_of_the_file() {
        let problem = parse_layer(0, "a = 99999999999999999999").expect_err("too large");
        assert_eq!(problem, "is not valid TOML, or holds a number that is too large");
    }

    #[test]
    fn a_layer_does_not_show_its_values() {
        let layer: Layer = parse_layer(0, "token = \"hush\"").expect("valid");
        assert_eq!(format!("{layer:?}"), "Layer");
    }

    #[test]
    fn files_that_cannot_be_read_are_all_named() {
        let mut findings = Findings::default();
        merge_layers(
            &["/nowhere/a.toml".into(), "/nowhere/b.toml".into()],
            [].into(),
            &mut findings,
        );
        assert_eq!(
            findings.into_result(()).expect_err("two problems").to_string(),
            "/nowhere/a.toml: cannot be read (entity not found)\n\
             /nowhere/b.toml: cannot be read (entity not found)"
        );
    }
}
