//! The dictionary as a document: what every table and column means, as Markdown.

use std::fmt::Write as _;

use crate::warehouse::{DictionaryColumn, DictionaryTable};

/// Columns that every table of the warehouse has, and that are explained once.
const EVERYWHERE: [&str; 11] = [
    "source",
    "id",
    "raw",
    "context",
    "content_hash",
    "fetched_at",
    "first_seen_at",
    "changed_at",
    "deleted_at",
    "slice_id",
    "generation",
];

/// The tables as Markdown, each with its columns; those that every table of the warehouse has come first, once.
pub fn render_dictionary(tables: &[DictionaryTable]) -> String {
    let mut text = String::new();
    if let Some(first) = tables.iter().find(|table| has_engine_columns(table)) {
        let shared: Vec<&DictionaryColumn> =
            first.columns.iter().filter(|column| is_shared(column)).collect();
        text.push_str("### In every table of schema `warehouse`\n");
        render_columns(&mut text, &shared);
    }
    for table in tables {
        let skips = has_engine_columns(table);
        let columns: Vec<&DictionaryColumn> = table
            .columns
            .iter()
            .filter(|column| !(skips && is_shared(column)))
            .collect();
        let kind = if table.kind == "view" { " (view)" } else { "" };
        let DictionaryTable {
            schema,
            name,
            comment,
            ..
        } = table;
        add_line(&mut text, &format!("\n### `{schema}.{name}`{kind}\n\n{comment}"));
        render_columns(&mut text, &columns);
    }
    text
}

fn has_engine_columns(table: &DictionaryTable) -> bool {
    let has = |name: &&str| table.columns.iter().any(|column| column.name == **name);
    table.schema == "warehouse" && table.kind == "table" && EVERYWHERE.iter().all(has)
}

fn is_shared(column: &DictionaryColumn) -> bool {
    EVERYWHERE.contains(&column.name.as_str())
}

fn render_columns(text: &mut String, columns: &[&DictionaryColumn]) {
    if columns.is_empty() {
        return;
    }
    text.push_str("\n| column | type | meaning |\n|---|---|---|\n");
    for column in columns {
        let meaning = column.comment.replace('|', "\\|");
        add_line(
            text,
            &format!("| `{}` | {} | {meaning} |", column.name, column.kind),
        );
    }
}

fn add_line(text: &mut String, line: &str) {
    let written = writeln!(text, "{line}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}
