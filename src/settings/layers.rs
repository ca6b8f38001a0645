//! Merges the files and the environment into one tree whose values remember their layer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, FileFormat, Format, Map, Source, Value, ValueKind};
use secrecy::SecretString;

use super::problems::Findings;
use super::secret;

const PREFIX: &str = "convene__";
const SEPARATOR: &str = "__";
const DATABASE_URL: &str = "DATABASE_URL";
const FILE_BYTES: u64 = 1 << 20;

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
    pub(super) fn gather(
        environment: impl Iterator<Item = (String, String)>,
        findings: &mut Findings,
    ) -> Self {
        let mut variables = Self {
            overrides: BTreeMap::new(),
            database_url: None,
        };
        for (name, value) in environment {
            if name == DATABASE_URL {
                variables.database_url = Some(database_url(&value, findings));
            } else {
                variables.add(&name, value, findings);
            }
        }
        variables.check_nesting(findings);
        variables
    }

    fn add(&mut self, name: &str, value: String, findings: &mut Findings) {
        let lower = name.to_ascii_lowercase();
        let Some(path) = lower.strip_prefix(PREFIX) else {
            return;
        };
        if !is_path(path) {
            findings.report(
                name,
                "is not a key; write it like CONVENE__WAREHOUSE__MAX_CONNECTIONS",
            );
        } else if self.overrides.insert(lower, value).is_some() {
            findings.report(
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
                findings.report(
                    name.to_uppercase(),
                    "is a table in the environment and cannot have a value",
                );
            }
        }
    }
}

fn database_url(value: &str, findings: &mut Findings) -> SecretString {
    secret::database(value).unwrap_or_else(|text| {
        findings.report(DATABASE_URL, text);
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
pub(super) fn merge(
    files: &[PathBuf],
    overrides: BTreeMap<String, String>,
    findings: &mut Findings,
) -> Table {
    let mut builder = Config::builder();
    for (position, path) in files.iter().enumerate() {
        match read(path, FILE_BYTES).and_then(|text| parse(position, &text)) {
            Ok(layer) => builder = builder.add_source(layer),
            Err(text) => findings.report_file(path.display().to_string(), text),
        }
    }
    let environment = Environment::with_prefix("CONVENE").separator(SEPARATOR);
    let built = builder
        .add_source(environment.source(Some(overrides.into_iter().collect())))
        .build();
    if let Ok(ValueKind::Table(tree)) = built.map(|config| config.cache.kind) {
        return tree;
    }
    findings.report_file("settings", "cannot be merged");
    Table::new()
}

/// How late a value was given; of two the higher wins.
pub(super) fn rank(value: &Value) -> usize {
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

/// The text of a file of at most so many bytes, or why there is none.
pub(super) fn read(path: &Path, most: u64) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > most => Err(format!("is larger than {} KiB", most >> 10)),
        Ok(_) => Ok(text),
        Err(error) => Err(format!("cannot be read ({})", error.kind())),
    }
}

fn parse(position: usize, text: &str) -> Result<Layer, String> {
    let parsed = FileFormat::Toml.parse(Some(&position.to_string()), text);
    parsed.map(Layer).map_err(|error| match place(&error.to_string()) {
        Some((line, column)) => format!(
            "is not valid TOML at line {line}, column {column} (texts need quotes, a key may be given once)"
        ),
        None => "is not valid TOML, or holds a number that is too large".to_owned(),
    })
}

// The parser's error quotes the line, which may hold a secret, and `config` hides its type. Of its text,
// which begins "TOML parse error at line 3, column 9", only the two numbers are kept.
fn place(error: &str) -> Option<(u32, u32)> {
    let (_, after_line) = error.lines().next()?.split_once(" line ")?;
    let (line, column) = after_line.split_once(", column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Findings, Layer, Variables, merge, parse};

    fn gather(pairs: &[(&str, &str)]) -> (Variables, String) {
        let mut findings = Findings::default();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = Variables::gather(pairs, &mut findings);
        let found = findings
            .settle(())
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
    fn broken_toml_names_its_place_and_quotes_nothing() {
        for (text, place) in [
            ("a = 1\ntoken = hush hush\n", "line 2, column 9"),
            ("token = \"hush", "line 1, column 14"),
            ("a = 1\na = \"hush\"", "line 2, column 1"),
        ] {
            let problem = parse(0, text).expect_err(text);
            assert!(problem.contains(place), "{text}: {problem}");
            assert!(!problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn a_number_beyond_all_bounds_is_a_problem_of_the_file() {
        let problem = parse(0, "a = 99999999999999999999").expect_err("too large");
        assert_eq!(problem, "is not valid TOML, or holds a number that is too large");
    }

    #[test]
    fn a_layer_does_not_show_its_values() {
        let layer: Layer = parse(0, "token = \"hush\"").expect("valid");
        assert_eq!(format!("{layer:?}"), "Layer");
    }

    #[test]
    fn files_that_cannot_be_read_are_all_named() {
        let mut findings = Findings::default();
        merge(
            &["/nowhere/a.toml".into(), "/nowhere/b.toml".into()],
            [].into(),
            &mut findings,
        );
        assert_eq!(
            findings.settle(()).expect_err("two problems").to_string(),
            "/nowhere/a.toml: cannot be read (entity not found)\n\
             /nowhere/b.toml: cannot be read (entity not found)"
        );
    }
}
