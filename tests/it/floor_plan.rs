//! What the compiler cannot keep: which room of the daemon may import which, where SQL lives, how a file begins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room by room of the daemon: what it may import. The crates keep their own walls by what they depend on.
const PLAN: [(&str, &[&str]); 8] = [
    ("main", &["cli"]),
    ("cli", &["commands", "settings"]),
    (
        "commands",
        &["engine", "settings", "telemetry", "transport", "warehouse"],
    ),
    ("engine", &["transport", "warehouse"]),
    ("transport", &[]),
    ("warehouse", &[]),
    ("settings", &[]),
    ("telemetry", &[]),
];

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let plan: BTreeMap<&str, &[&str]> = PLAN.into_iter().collect();
    let mut wrong = Vec::new();
    for file in sources("src") {
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
fn the_pure_crate_depends_on_no_world() {
    let manifest = read(&root().join("crates/connectors/Cargo.toml"));
    for worldly in ["tokio", "reqwest", "sqlx", "tracing"] {
        assert!(!manifest.contains(worldly), "connectors depends on {worldly}");
    }
    // The vendors' recorded pages are files; their tests read them, and nothing else there reads any.
    let fixtures = root().join("crates/connectors/src/vendors/conformance/fixtures.rs");
    for file in sources("crates/connectors/src")
        .into_iter()
        .filter(|file| *file != fixtures)
    {
        let text = read(&file);
        let worldly = [
            "std::fs",
            "std::net",
            "std::env",
            "Utc::now",
            "Instant::now",
            "SystemTime",
        ];
        let found = worldly.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{}", file.display());
    }
}

#[test]
fn sql_lives_in_the_warehouse() {
    for file in sources("src")
        .into_iter()
        .filter(|file| room(file) != "warehouse")
    {
        assert!(!read(&file).contains("sqlx::"), "{}", file.display());
    }
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    for file in ["src", "crates"].into_iter().flat_map(sources) {
        let text = read(&file);
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 15,
            "{}",
            file.display()
        );
    }
}

/// Rooms named on a line, behind `crate::` or `convene::`.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    ["crate::", "convene::"]
        .iter()
        .flat_map(|root| code.match_indices(root).map(|(at, _)| &code[at + root.len()..]))
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split(',').map(first_word).collect(),
            None => vec![first_word(rest)],
        })
        .collect()
}

fn first_word(text: &str) -> String {
    let word = text.trim_start().chars();
    word.take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The room of a file of the daemon: the first folder or file below `src`.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("below src");
    let first = inside.components().next().expect("a name").as_os_str();
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join(folder)];
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
    files
}
