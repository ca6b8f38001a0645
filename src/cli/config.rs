//! `convene config`: the settings in effect, and where each comes from.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::commands::{self, SelectionError};
use crate::settings::{GivenValue, Origin, Settings};

use super::COMPLETE;
use super::columns::print_columns;
use super::output::print_line;

/// The settings in effect.
#[derive(Debug, Args)]
pub(super) struct Config {
    /// Only keys that begin like this, such as `sources.convoso_us`
    key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Config {
    pub(super) fn run(&self, files: &[PathBuf], settings: &Settings) -> anyhow::Result<u8> {
        let mut given = commands::list_configuration(files, settings);
        if let Some(key) = &self.key {
            given.retain(|given| given.key.starts_with(key.as_str()));
            if given.is_empty() {
                return Err(SelectionError::Nothing(format!("No key begins with `{key}`")).into());
            }
        }
        if self.json {
            let all: Vec<Value> = given.iter().map(value_of).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
        } else {
            print_tables(&given);
        }
        Ok(COMPLETE)
    }
}

/// The settings as a file would have them, a table after the other, each value with its origin.
fn print_tables(given: &[GivenValue]) {
    let table_of = |given: &GivenValue| {
        given
            .key
            .rsplit_once('.')
            .map_or("", |(table, _)| table)
            .to_owned()
    };
    for (place, group) in given
        .chunk_by(|one, next| table_of(one) == table_of(next))
        .enumerate()
    {
        let gap = if place > 0 { "\n" } else { "" };
        print_line(&format!("{gap}[{}]", table_of(&group[0])));
        let rows: Vec<Vec<String>> = group.iter().map(table_row).collect();
        print_columns(&[], &rows);
    }
}

fn table_row(given: &GivenValue) -> Vec<String> {
    let name = given.key.rsplit('.').next().unwrap_or_default();
    let origin = match &given.origin {
        // The variable's name follows from the key.
        Origin::Variable(name) if name.starts_with("CONVENE__") => "the environment".to_owned(),
        origin => origin.to_string(),
    };
    vec![name.to_owned(), given.value.clone(), origin]
}

fn value_of(given: &GivenValue) -> Value {
    json!({ "key": given.key, "value": given.value, "origin": given.origin.to_string() })
}
