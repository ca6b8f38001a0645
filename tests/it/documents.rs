//! The documents that are written from the program and the database are fresh.

use std::fs;
use std::path::PathBuf;

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
    let mut tables = warehouse.dictionary().await.expect("it is read");
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
