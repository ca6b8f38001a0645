//! `convene check`: settings, database and credentials, as a table.

use crate::commands;
use crate::settings::Settings;

use super::output::table;
use super::{COMPLETE, INCOMPLETE};

/// Tries the database and every stream of every source.
pub(super) async fn check(settings: &Settings) -> anyhow::Result<u8> {
    let warehouse = commands::connect(settings).await?;
    let mut rows = vec![row(["settings", "", "", "ok"])];
    rows.push(row([
        "warehouse",
        "PostgreSQL",
        &warehouse.version().await?,
        "ok",
    ]));
    let checked = commands::check(&warehouse, settings).await?;
    let is_good = checked.iter().all(|checked| checked.error.is_none());
    rows.extend(checked.iter().map(|checked| {
        let state = checked
            .error
            .as_ref()
            .map_or_else(|| "ok".to_owned(), ToString::to_string);
        row([&checked.source, checked.vendor, &checked.stream, &state])
    }));
    table(&["what", "kind", "stream", "state"], rows);
    Ok(if is_good { COMPLETE } else { INCOMPLETE })
}

fn row(cells: [&str; 4]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}
