//! `convene check`: settings, database and credentials, as a table.

use crate::commands::{self, Checked, Trial};
use crate::settings::Settings;

use super::columns::{print_columns, print_text};
use super::output::print_line;
use super::{COMPLETE, INCOMPLETE};

/// Tries the database and every stream of every source.
pub(super) async fn check_everything(settings: &Settings) -> anyhow::Result<u8> {
    let warehouse = commands::connect_warehouse(settings).await?;
    let flaws = commands::check_warehouse(&warehouse, settings).await?;
    let state = match flaws.len() {
        0 => "ok".to_owned(),
        1 => "something is wrong: see below".to_owned(),
        count => format!("{count} things are wrong: see below"),
    };
    let mut rows = vec![table_row(["settings", "", "", "ok"])];
    rows.push(table_row([
        "warehouse",
        "PostgreSQL",
        &warehouse.version().await?,
        &state,
    ]));
    let checked = commands::check_sources(&warehouse, settings, |checked| {
        print_text(&format!(
            "{}.{}: {}",
            checked.source,
            checked.stream,
            word_of(checked)
        ));
    });
    let checked = checked.await?;
    rows.extend(checked.iter().map(|checked| {
        table_row([
            &checked.source,
            checked.vendor,
            &checked.stream,
            &word_of(checked),
        ])
    }));
    print_line("");
    print_columns(&["what", "kind", "stream", "state"], &rows);
    for flaw in &flaws {
        print_text(&format!("\n{flaw}"));
    }
    let is_good = flaws.is_empty() && checked.iter().all(|checked| checked.outcome.is_good());
    Ok(if is_good { COMPLETE } else { INCOMPLETE })
}

fn word_of(checked: &Checked) -> String {
    match &checked.outcome {
        Trial::Well => "ok".to_owned(),
        Trial::NotTried => "not tried: it is read by ids that other streams name".to_owned(),
        Trial::Skipped => "not tried: the source failed before".to_owned(),
        Trial::Failed { partition, error } if partition.is_empty() => error.to_string(),
        Trial::Failed { partition, error } => format!("`{partition}`: {error}"),
    }
}

fn table_row(cells: [&str; 4]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}
