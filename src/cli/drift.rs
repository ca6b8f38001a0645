//! `convene drift`: fields that appeared at the vendors or vanished, and fields that cannot be read.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::{DriftEntry, FaultEntry};

use super::COMPLETE;
use super::columns::print_columns;
use super::output::{format_number, print_line};

/// What changed at the vendors.
#[derive(Debug, Args)]
pub(super) struct Drift {
    /// SOURCE or SOURCE.STREAM; everything by default
    name: Option<String>,
    /// Every field that is known, not only those that appeared or vanished
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Drift {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let name = commands::resolve_name(&warehouse, settings, self.name.as_deref()).await?;
        let (source, stream) = (name.source.as_deref(), name.stream.as_deref());
        let fields = warehouse.list_drift(source, stream, self.all).await?;
        let faults = warehouse.list_faults(source, stream).await?;
        if self.json {
            let fields: Vec<Value> = fields.iter().map(field_value).collect();
            let faults: Vec<Value> = faults.iter().map(fault_value).collect();
            let value = json!({ "fields": fields, "field_faults": faults });
            print_line(&serde_json::to_string_pretty(&value)?);
        } else {
            print_fields(&fields);
            print_faults(&faults);
        }
        Ok(COMPLETE)
    }
}

fn print_fields(fields: &[DriftEntry]) {
    if fields.is_empty() {
        return print_line("No field has appeared or vanished.");
    }
    let rows: Vec<Vec<String>> = fields
        .iter()
        .map(|entry| {
            vec![
                format!("{}.{}", entry.source, entry.stream),
                entry.table_name.clone(),
                entry.field.clone(),
                entry.state().to_owned(),
                day_of(entry.since()),
            ]
        })
        .collect();
    print_columns(&["stream", "table", "field", "state", "since (UTC)"], &rows);
}

fn print_faults(faults: &[FaultEntry]) {
    if faults.is_empty() {
        return print_line("Every field could be read.");
    }
    print_line("\nFields that could not be read; they are NULL in these rows:");
    let rows: Vec<Vec<String>> = faults
        .iter()
        .map(|fault| {
            vec![
                format!("{}.{}", fault.source, fault.stream),
                fault.field.clone(),
                fault.kind.clone(),
                format_number(fault.fault_count),
                day_of(fault.last_seen_at),
                fault.example_id.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print_columns(&["stream", "field", "what", "times", "last (UTC)", "row"], &rows);
}

fn day_of(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn field_value(entry: &DriftEntry) -> Value {
    json!({
        "source": entry.source,
        "stream": entry.stream,
        "table": entry.table_name,
        "field": entry.field,
        "state": entry.state(),
        "first_seen_at": entry.first_seen_at.to_rfc3339(),
        "last_seen_at": entry.last_seen_at.to_rfc3339(),
        "gone_since": entry.gone_since.map(|at| at.to_rfc3339()),
    })
}

fn fault_value(fault: &FaultEntry) -> Value {
    json!({
        "source": fault.source,
        "stream": fault.stream,
        "field": fault.field,
        "kind": fault.kind,
        "fault_count": fault.fault_count,
        "example_id": fault.example_id,
        "first_seen_at": fault.first_seen_at.to_rfc3339(),
        "last_seen_at": fault.last_seen_at.to_rfc3339(),
    })
}
