//! Reports, which advance each time that one of them is looked at.

use serde_json::{Value, json};

use super::super::question::Question;
use super::record::{self, chosen};
use super::world::World;
use super::{Outcome, lists, missing};

/// The list.
pub(super) fn list(world: &World, question: &Question) -> Outcome {
    let signature = signature(world);
    let records = world.read(|state, _| {
        let reports = state.reports.iter();
        reports
            .map(|report| record::report(report, &signature))
            .collect::<Vec<Value>>()
    });
    lists::page(world, "reports", records, question)
}

/// One report.
pub(super) fn one(world: &World, id: &str, question: &Question) -> Outcome {
    let signature = signature(world);
    let found = world.write(|state, _| {
        let report = state.reports.iter_mut().find(|report| report.id == id)?;
        report.looks += 1;
        Some(record::report(report, &signature))
    });
    let found = found.ok_or_else(|| missing("report"))?;
    Ok(json!({"report": chosen(&found, question.get("fields"), &["id", "url"])}))
}

/// What makes a link to a file work, and for a while only: another one with every answer.
fn signature(world: &World) -> String {
    let number = world.write(|state, _| {
        state.next += 1;
        state.next
    });
    format!("?signature=short-lived-{number}")
}
