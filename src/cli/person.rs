//! `convene person`: who stands behind a record, and why.

use clap::Args;
use serde_json::{Value, json};

use crate::commands;
use crate::settings::Settings;
use crate::warehouse::{PersonSheet, RecordKey};

use super::output::{format_instant, print_error, print_line, print_table};
use super::{COMPLETE, INCOMPLETE};

/// Who stands behind a record.
#[derive(Debug, Args)]
pub(super) struct Person {
    /// What it is: lead or contact
    #[arg(value_parser = ["lead", "contact"])]
    kind: String,
    /// The source
    source: String,
    /// The record's id
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Person {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        let record = RecordKey {
            kind: self.kind.clone(),
            source: self.source.clone(),
            id: self.id.clone(),
        };
        let sheet = warehouse.find_person(&record).await?;
        warehouse.close().await;
        let Some(sheet) = sheet else {
            print_error(&format!(
                "The {} {} of {} stands for nobody: it is not in the warehouse, is deleted, or came a moment ago",
                self.kind, self.id, self.source
            ));
            return Ok(INCOMPLETE);
        };
        if self.json {
            print_line(&serde_json::to_string_pretty(&json_value(&sheet))?);
        } else {
            print_sheet(&sheet);
        }
        Ok(COMPLETE)
    }
}

fn print_sheet(sheet: &PersonSheet) {
    print_line(&format!("Person {}", sheet.person_id));
    let header = ["record", "rule", "confidence", "evidence", "first seen"];
    print_table(
        &header,
        sheet.records.iter().map(|one| {
            let record = &one.record;
            vec![
                format!("{} {} {}", record.kind, record.source, record.id),
                one.rule.clone(),
                one.confidence.clone(),
                one.evidence.clone(),
                format_instant(Some(one.first_seen_at)),
            ]
        }),
    );
    for former in &sheet.former {
        print_line(&format!("Was also known as {former}."));
    }
    for candidate in &sheet.candidates {
        print_line(&format!(
            "May be {} too: both have {} (confidence {}). A number that several e-mail addresses share makes nobody one.",
            candidate.person_id, candidate.phone_e164, candidate.confidence
        ));
    }
}

fn json_value(sheet: &PersonSheet) -> Value {
    let records = sheet.records.iter().map(|one| {
        json!({
            "kind": one.record.kind, "source": one.record.source, "id": one.record.id, "rule": one.rule,
            "confidence": one.confidence.parse::<f64>().ok(),
            "evidence": serde_json::from_str::<Value>(&one.evidence).ok(), "first_seen_at": one.first_seen_at.to_rfc3339(),
        })
    });
    let candidates = sheet.candidates.iter().map(|one| {
        json!({ "person_id": one.person_id, "phone_e164": one.phone_e164, "confidence": one.confidence.parse::<f64>().ok() })
    });
    json!({
        "person_id": sheet.person_id,
        "records": records.collect::<Vec<_>>(),
        "candidates": candidates.collect::<Vec<_>>(),
        "former": sheet.former,
    })
}
