//! `convene explain`: where a row comes from, and why it may be believed.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::{self, Explanation};
use crate::settings::Settings;
use crate::warehouse::{ChangeStory, Freshness, RowStory, SliceRecord};

use super::columns::{print_facts, print_text};
use super::output::{format_instant, print_line};
use super::runs::{slice_facts, slice_value};
use super::{COMPLETE, INCOMPLETE};

/// Where a row comes from.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The table, such as `calls`
    table: String,
    /// The source
    source: String,
    /// The row's id
    id: String,
    /// The row and the vendor's record as well: THIS PRINTS PERSONAL DATA of your customers
    #[arg(long)]
    record: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        commands::resolve_name(&warehouse, settings, Some(&self.source)).await?;
        let told = commands::explain_row(&warehouse, settings, &self.table, &self.source, &self.id).await?;
        if self.json {
            print_line(&serde_json::to_string_pretty(&self.value_of(&told))?);
        } else {
            self.print_story(&told);
        }
        Ok(if told.row.is_some() { COMPLETE } else { INCOMPLETE })
    }

    fn print_story(&self, told: &Explanation) {
        let name = format!("{} of {}, id {}", told.table.name, self.source, self.id);
        match &told.row {
            Some(row) => {
                print_facts(&row_facts(&name, row));
                print_text(&format!("\n{}", verdict_of(row, told.slice.as_ref())));
            }
            None => print_text(&format!("{name}: the warehouse holds no such row.")),
        }
        for line in id_lines(told) {
            print_text(&line);
        }
        self.print_changes(&told.id.changes);
        if let Some(slice) = &told.slice {
            print_line("");
            let mut facts = vec![
                ("stream", slice.stream.clone()),
                (
                    "run",
                    slice.run_id.map_or_else(String::new, |run| run.to_string()),
                ),
            ];
            facts.extend(slice_facts(slice));
            facts.push(("first request", told.request.clone().unwrap_or_default()));
            print_facts(&facts);
        }
        if let Some(fresh) = &told.freshness {
            print_text(&format!("\n{}", freshness_text(fresh)));
        }
        if let Some(row) = told.row.as_ref().filter(|_| self.record) {
            for (name, text) in [("Row", &row.typed), ("Record", &row.raw)] {
                let parsed: Result<Value, _> = serde_json::from_str(text);
                let pretty = parsed.and_then(|value| serde_json::to_string_pretty(&value));
                print_line(&format!("\n{name}:\n{}", pretty.as_ref().unwrap_or(text)));
            }
        }
    }

    /// What a column held may be personal, so that it is shown with the record only.
    fn print_changes(&self, changes: &[ChangeStory]) {
        if changes.is_empty() {
            return;
        }
        print_line("\nChanges, each between two readings:");
        for change in changes {
            let values = format!(
                ": {} -> {}",
                shown_value(change.old.as_deref()),
                shown_value(change.new.as_deref())
            );
            print_text(&format!(
                "{} .. {}  {}, by slice {}{}",
                format_instant(Some(change.seen_after)),
                format_instant(Some(change.seen_by)),
                change.column,
                change.slice_id,
                if self.record { values.as_str() } else { "" },
            ));
        }
    }

    fn value_of(&self, told: &Explanation) -> Value {
        let text = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339());
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let row = told.row.as_ref().map(|row| {
            let mut value = json!({
                "first_seen_at": row.first_seen_at.to_rfc3339(),
                "fetched_at": row.fetched_at.to_rfc3339(),
                "changed_at": row.changed_at.to_rfc3339(),
                "deleted_at": text(row.deleted_at),
                "slice_id": row.slice_id,
                "generation": row.generation,
                "context": row.context.as_deref().map(parse),
            });
            if self.record {
                value["typed"] = parse(&row.typed);
                value["raw"] = parse(&row.raw);
            }
            value
        });
        let faults: Vec<Value> = told
            .faults
            .iter()
            .map(|fault| json!({ "field": fault.field, "what": fault.what }))
            .collect();
        let changes = told.id.changes.iter().map(|change| {
            let mut value = json!({
                "column": change.column,
                "seen_after": change.seen_after.to_rfc3339(),
                "seen_by": change.seen_by.to_rfc3339(),
                "slice_id": change.slice_id,
            });
            if self.record {
                value["old"] = json!(change.old);
                value["new"] = json!(change.new);
            }
            value
        });
        json!({
            "table": told.table.name,
            "source": self.source,
            "id": self.id,
            "row": row,
            "verdict": told.row.as_ref().map(|row| verdict_of(row, told.slice.as_ref())),
            "known_of_id": id_lines(told),
            "changes": changes.collect::<Vec<Value>>(),
            "slice": told.slice.as_ref().map(slice_value),
            "request": told.request,
            "field_faults": faults,
            "complete_through": told.freshness.as_ref().and_then(|fresh| text(fresh.complete_through)),
        })
    }
}

fn shown_value(value: Option<&str>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
}

fn row_facts(name: &str, row: &RowStory) -> Vec<(&'static str, String)> {
    let is_changed = row.fetched_at > row.first_seen_at;
    vec![
        ("row", name.to_owned()),
        ("first seen", format_instant(Some(row.first_seen_at))),
        (
            "this version",
            if is_changed {
                format!("read {}", format_instant(Some(row.fetched_at)))
            } else {
                "the first".to_owned()
            },
        ),
        ("written", format_instant(Some(row.changed_at))),
        (
            "deleted",
            row.deleted_at.map_or_else(
                || "no".to_owned(),
                |at| format!("found to be gone at the vendor {}", format_instant(Some(at))),
            ),
        ),
        ("generation", row.generation.to_string()),
        ("context", row.context.clone().unwrap_or_default()),
    ]
}

/// Why the row may be believed, in a sentence.
fn verdict_of(row: &RowStory, slice: Option<&SliceRecord>) -> String {
    if row.is_second_hand {
        return "Only a record of another table has named this row; the list it belongs to has not shown it."
            .to_owned();
    }
    let Some(slice) = slice else {
        return format!(
            "The ledger has let go of slice {}, which wrote this version.",
            row.slice_id
        );
    };
    match (slice.state.as_str(), &slice.reason) {
        ("complete", _) => {
            "The slice that wrote this version ended complete: its evidence is below.".to_owned()
        }
        ("running", _) => "The slice that wrote this version is being read.".to_owned(),
        (state, reason) => format!(
            "The slice that wrote this version ended {state}: {}. The row is as the vendor showed it; rows around it may be missing.",
            reason.as_deref().unwrap_or("it does not say why")
        ),
    }
}

/// What is known of the id besides its row.
fn id_lines(told: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    for lookup in &told.id.lookups {
        let at = format_instant(Some(lookup.looked_up_at));
        let said = match lookup.missing_count {
            0 => "the vendor showed it".to_owned(),
            1 => "the vendor has no such row".to_owned(),
            times => format!("the vendor has no such row, said {times} times"),
        };
        lines.push(format!(
            "Asked for by its id at {at} ({}): {said}.",
            lookup.stream
        ));
    }
    for gone in &told.id.gone {
        let held = if gone.is_held {
            "; that waits for an operator's word"
        } else {
            ""
        };
        lines.push(format!(
            "It seems to be gone ({}, {}){held}.",
            gone.stream, gone.proof
        ));
    }
    for fault in &told.faults {
        lines.push(format!(
            "Its field `{}` {}, and is NULL.",
            fault.field, fault.what
        ));
    }
    let is_told = |field: &str| told.faults.iter().any(|fault| fault.field == field);
    for fault in told.id.faults.iter().filter(|fault| !is_told(&fault.field)) {
        lines.push(format!(
            "Its field `{}` could not be read ({}, {}).",
            fault.field, fault.stream, fault.kind
        ));
    }
    lines
}

fn freshness_text(fresh: &Freshness) -> String {
    let through = fresh.complete_through.map_or_else(
        || "is not complete yet".to_owned(),
        |at| format!("is complete through {}", format_instant(Some(at))),
    );
    let reason = fresh.reason.as_deref().map(|reason| format!("; {reason}"));
    format!(
        "The table `{}` of {} {through}{}.",
        fresh.table_name,
        fresh.source,
        reason.unwrap_or_default()
    )
}
