//! `convene dictionary`: what every table and column means, from the comments in the database.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::commands::{self, SelectionError};
use crate::settings::{Settings, hint_at};
use crate::warehouse::DictionaryTable;

use super::COMPLETE;
use super::output::print_line;

/// What every table and column means.
#[derive(Debug, Args)]
pub(super) struct Dictionary {
    /// Only these: SCHEMA, SCHEMA.TABLE or TABLE
    names: Vec<String>,
    /// In which form
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Markdown,
    Json,
}

impl Dictionary {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let mut tables = warehouse.read_dictionary().await?;
        self.check_names(&tables)?;
        tables.retain(|table| self.names.is_empty() || self.names.iter().any(|name| is_meant(table, name)));
        match self.format {
            Form::Markdown => print_line(commands::render_dictionary(&tables).trim()),
            Form::Json => {
                let all: Vec<Value> = tables.iter().map(table_value).collect();
                print_line(&serde_json::to_string_pretty(&all)?);
            }
        }
        Ok(COMPLETE)
    }

    fn check_names(&self, tables: &[DictionaryTable]) -> Result<(), SelectionError> {
        let known = || {
            tables
                .iter()
                .flat_map(|table| [table.name.as_str(), table.schema.as_str()])
        };
        for name in &self.names {
            if !tables.iter().any(|table| is_meant(table, name)) {
                let hint = hint_at(name, known());
                return Err(SelectionError::Nothing(format!(
                    "There is no table `{name}`{hint}"
                )));
            }
        }
        Ok(())
    }
}

fn is_meant(table: &DictionaryTable, name: &str) -> bool {
    name == table.schema || name == table.name || name == format!("{}.{}", table.schema, table.name)
}

fn table_value(table: &DictionaryTable) -> Value {
    let columns = table.columns.iter().map(|column| {
        json!({ "name": column.name, "type": column.kind, "comment": column.comment, "is_key": column.is_key })
    });
    json!({
        "schema": table.schema,
        "name": table.name,
        "kind": table.kind,
        "comment": table.comment,
        "columns": columns.collect::<Vec<_>>(),
    })
}
