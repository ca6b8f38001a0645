//! The documents are fresh: what is written from the database, and every path and name that they mention.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use convene::commands::render_dictionary;
use convene::warehouse::Warehouse;

use crate::support::postgres::Database;

/// What stands before and behind the part that is written.
const MARK: &str = "<!-- generated:tables -->";

#[tokio::test]
async fn the_analysts_page_explains_every_column_as_the_database_does() {
    let database = Database::new().await;
    let warehouse = Warehouse::connect(&database.secret(), 2)
        .await
        .expect("the database answers");
    let mut tables = warehouse.read_dictionary().await.expect("it is read");
    // Analysts are told of what is theirs; of our own books `convene dictionary sync` tells.
    tables.retain(|table| table.schema != "sync");
    let written = render_dictionary(&tables);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/analysts.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once(MARK).expect("the page has a place for it");
    let (present, after) = rest.rsplit_once(MARK).expect("the place has an end");
    if std::env::var_os("CONVENE_BLESS").is_some() {
        let fresh = format!("{before}{MARK}\n\n{}\n\n{MARK}{after}", written.trim());
        fs::write(&path, fresh).expect("the page is written");
        return;
    }
    assert!(
        present.trim() == written.trim(),
        "docs/analysts.md is stale: run `CONVENE_BLESS=1 cargo test --test it documents`"
    );
}

/// Where the paths begin that documents mention.
const FOLDERS: [&str; 9] = [
    "src/",
    "crates/",
    "tests/",
    "benches/",
    "docs/",
    "migrations/",
    "config/",
    "deploy/",
    "dbt/",
];
/// What a reader makes, or gets from elsewhere.
const NOT_OURS: [&str; 1] = ["config/local.toml"];
/// What stands in a recipe for what the reader has, and something that we have in its place.
const STAND_INS: [(&str, &str); 4] = [
    ("<vendor>", "convoso"),
    ("<stream>", "calls"),
    ("acme", "convoso"),
    ("tickets", "calls"),
];

#[test]
fn every_path_in_the_documents_is_there() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = read(&document);
        let folder = document.parent().expect("a file is in a folder");
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let links = links.map(|link| (link.to_owned(), folder.join(link)));
        let paths = code_spans(&text).into_iter().filter(|span| {
            FOLDERS.iter().any(|folder| span.starts_with(folder))
                && !span.contains(' ')
                && !NOT_OURS.contains(span)
        });
        let paths = paths.map(|path| (path.to_owned(), root().join(with_stand_ins(path))));
        let all = links.chain(paths);
        missing.extend(
            all.filter(|(_, path)| !path.exists())
                .map(|(name, _)| format!("{}: {name}", document.display())),
        );
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_name_in_the_recipes_is_one_of_the_code() {
    let known: HashSet<String> = ["src", "crates", "tests", "migrations", "config"]
        .iter()
        .flat_map(|folder| files_below(&root().join(folder)))
        .filter(|file| {
            file.extension()
                .is_some_and(|end| end == "rs" || end == "sql" || end == "toml")
        })
        .flat_map(|file| words(&read(&file)).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut strange = Vec::new();
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/adding-a-vendor.md"] {
        let text = read(&root().join(name));
        // Words that must not be used any more are in no code.
        let retired = text.split_once("### Retired words").map_or("", |(_, rest)| {
            rest.split_once("\n## ").map_or(rest, |(table, _)| table)
        });
        let text = text.replace(retired, "");
        for span in code_spans(&text).into_iter().filter(|span| !span.contains(' ')) {
            let unknown =
                words(span).find(|word| word.len() > 2 && !known.contains(*word) && *word != "utils");
            strange.extend(unknown.map(|word| format!("{name}: `{span}`: {word}")));
        }
    }
    assert!(strange.is_empty(), "{strange:#?}");
}

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
        .map(|name| root().join(name))
        .to_vec();
    let docs = files_below(&root().join("docs")).into_iter();
    found.extend(docs.filter(|file| file.extension().is_some_and(|end| end == "md")));
    found
}

/// What stands between single backticks, outside of blocks of code.
fn code_spans(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose
        .flat_map(str::lines)
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_')
}

/// The example of the tests is there by its own name.
fn with_stand_ins(path: &str) -> String {
    if path.contains("conformance") {
        return path.to_owned();
    }
    STAND_INS
        .iter()
        .fold(path.to_owned(), |path, (name, ours)| path.replace(name, ours))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the project");
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
