//! What the compiler cannot keep: which room of the daemon may import which, where SQL lives, how a file begins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room by room of the daemon: what it may import. The crates keep their own walls by what they depend on.
const PLAN: [(&str, &[&str]); 9] = [
    ("main", &["cli"]),
    (
        "cli",
        &["commands", "engine", "settings", "telemetry", "warehouse"],
    ),
    (
        "commands",
        &["engine", "server", "settings", "transport", "warehouse"],
    ),
    ("engine", &["transport", "warehouse"]),
    ("server", &["engine", "warehouse"]),
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

/// Words that were used once; CONTRIBUTING.md says what is said instead.
const RETIRED_WORDS: [&str; 14] = [
    "walk",
    "walks",
    "walked",
    "walk_id",
    "errand",
    "doubtful",
    "widest",
    "KeySet",
    "Ask",
    "Asks",
    "Cursor",
    "Door",
    "Trailing",
    "Windowing",
];

#[test]
fn retired_words_stay_away() {
    let mut files: Vec<PathBuf> = ["src", "crates", "tests", "benches", "docs", "config"]
        .into_iter()
        .flat_map(|folder| files_below(folder, &["rs", "md", "toml", "sql", "txt"]))
        .collect();
    files.extend(
        ["README.md", "ARCHITECTURE.md", "Dockerfile", "docker-compose.yml"].map(|name| root().join(name)),
    );
    // This list, and the settings, which tell whoever still uses an old key what it is called now.
    let exempt = [
        "tests/it/floor_plan.rs",
        "src/settings/source.rs",
        "src/settings/tests/wrong.rs",
    ];
    let exempt = exempt.map(|name| root().join(name));
    let mut found = Vec::new();
    for file in files.into_iter().filter(|file| !exempt.contains(file)) {
        for (number, line) in read(&file).lines().enumerate() {
            let words = line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
            let retired = words.into_iter().find(|word| RETIRED_WORDS.contains(word));
            found.extend(retired.map(|word| format!("{}:{}: `{word}`", file.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Verbs that say nothing of what happens.
const VAGUE_VERBS: [&str; 7] = ["book", "earn", "hold", "keep", "note", "tell", "tend"];

/// Functions of one word say nothing without their file. What a foreign trait names is not ours to name.
#[test]
fn most_functions_are_named_by_a_verb_and_an_object() {
    let mut names = Vec::new();
    for file in ["src", "crates/connectors/src"].into_iter().flat_map(sources) {
        let text = read(&file);
        // Tests stand at the end, and their names are sentences.
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let mut is_of_trait = false;
        for line in code.lines() {
            if !line.starts_with([' ', '}', '/', '#', ')']) && !line.is_empty() {
                is_of_trait = line.starts_with("impl") && line.contains(" for ");
            }
            let function = line
                .split_once("fn ")
                .filter(|_| !line.trim_start().starts_with("//"));
            names.extend(
                function
                    .filter(|_| !is_of_trait)
                    .map(|(_, name)| first_word(name))
                    .filter(|name| !name.is_empty()),
            );
        }
    }
    let single = names.iter().filter(|name| !name.contains('_')).count();
    assert!(
        single * 100 < names.len() * 30,
        "{single} of {} functions have a name of one word",
        names.len()
    );
    let is_vague = |name: &&String| {
        let verb = name.split('_').next().unwrap_or_default();
        VAGUE_VERBS.contains(&verb)
    };
    let vague: Vec<&String> = names.iter().filter(is_vague).collect();
    assert!(vague.is_empty(), "what do these do? {vague:?}");
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
    files_below(folder, &["rs"])
}

fn files_below(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|end| endings.iter().any(|wanted| end == *wanted))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
