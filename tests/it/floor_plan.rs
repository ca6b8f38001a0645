//! Which room may import which: anything else fails here. Change the list on purpose or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room by room: what it may import. Rooms that are not listed as imports of anyone are on top.
const PLAN: [(&str, &[&str]); 13] = [
    ("main", &["cli"]),
    ("cli", &["app", "settings"]),
    (
        "app",
        &[
            "embedded",
            "http",
            "model",
            "sandbox",
            "settings",
            "stream",
            "sync",
            "telemetry",
            "vendors",
            "warehouse",
        ],
    ),
    ("sync", &["http", "model", "stream", "warehouse"]),
    ("http", &["stream"]),
    ("warehouse", &["model", "stream"]),
    ("vendors", &["model", "stream"]),
    ("stream", &["model"]),
    ("model", &[]),
    ("settings", &[]),
    ("telemetry", &[]),
    ("sandbox", &[]),
    ("embedded", &[]),
];

/// Longest file, and why: above this it holds two ideas.
const LONGEST_FILE: usize = 300;

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let plan: BTreeMap<&str, &[&str]> = PLAN.into_iter().collect();
    let mut wrong = Vec::new();
    for file in sources() {
        let room = room(&file);
        let Some(allowed) = plan.get(room.as_str()) else {
            assert_eq!(
                room,
                "lib",
                "{}: a room that the plan does not know",
                file.display()
            );
            continue;
        };
        for (number, line) in read(&file).lines().enumerate() {
            for import in imports(line) {
                if import != room && plan.contains_key(import.as_str()) && !allowed.contains(&import.as_str())
                {
                    wrong.push(format!(
                        "{}:{}: `{room}` imports `{import}`",
                        file.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_rooms_touch_no_world() {
    let worldly = [
        "tokio::",
        "reqwest::",
        "sqlx::",
        "std::fs",
        "std::net",
        "std::env",
        "Utc::now",
        "Instant::now",
        "tracing::",
    ];
    // The vendors' recorded pages are files; their tests read them, and nothing else there reads any.
    let fixtures = root().join("vendors/conformance/fixtures.rs");
    let is_pure =
        |file: &PathBuf| ["model", "stream", "vendors"].contains(&room(file).as_str()) && *file != fixtures;
    for file in sources().filter(is_pure) {
        let text = read(&file);
        let found = worldly.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{}", file.display());
    }
}

#[test]
fn sql_lives_in_the_warehouse() {
    for file in sources().filter(|file| !["warehouse", "embedded"].contains(&room(file).as_str())) {
        assert!(!read(&file).contains("sqlx::"), "{}", file.display());
    }
}

#[test]
fn no_file_holds_two_ideas() {
    let long: Vec<String> = sources()
        .map(|file| (read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .map(|(lines, file)| format!("{} has {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    for file in sources() {
        let text = read(&file);
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 15,
            "{}",
            file.display()
        );
    }
}

/// Rooms named on a line: behind `crate::`, and in the binary behind `convene::`.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    ["crate::", "convene::"]
        .iter()
        .flat_map(|root| {
            code.match_indices(root)
                .map(|(at, _)| &code[at + root.len()..])
                .collect::<Vec<_>>()
        })
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split(',').map(first_word).collect(),
            None => vec![first_word(rest)],
        })
        .collect()
}

fn first_word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn room(file: &Path) -> String {
    let inside = file.strip_prefix(root()).expect("below src");
    let first = inside
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> impl Iterator<Item = PathBuf> {
    let mut folders = vec![root()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.into_iter()
}
