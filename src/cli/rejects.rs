//! `convene rejects`: records that could not be read.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::commands::{self, RetryOutcome, SelectionError};
use crate::engine::RetryCounts;
use crate::settings::Settings;
use crate::warehouse::{RejectEntry, RejectGroup, Warehouse};

use super::columns::{print_columns, print_facts, print_text};
use super::output::{format_instant, format_number, print_line};
use super::{COMPLETE, INCOMPLETE};

/// How many records a name may begin before it is called ambiguous.
const MOST_FOUND: u32 = 10;

/// Records that could not be read.
#[derive(Debug, Args)]
pub(super) struct Rejects {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How many there are, by stream and reason; holds no values of records
    List(List),
    /// One record, whole: THIS PRINTS PERSONAL DATA of your customers
    Show(Show),
    /// Map the records of a stream again after a fix; those that can be read land
    Retry(Retry),
}

#[derive(Debug, Args, Default)]
struct List {
    /// SOURCE or SOURCE.STREAM; everything by default
    name: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// The record's name, as `rejects list` gives it; its beginning is enough
    record: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Retry {
    /// SOURCE.STREAM
    name: String,
    /// Only the record of this name; its beginning is enough
    record: Option<String>,
}

impl Rejects {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        match &self.action {
            None => List::default().run(&warehouse, settings).await,
            Some(Action::List(list)) => list.run(&warehouse, settings).await,
            Some(Action::Show(show)) => show.run(&warehouse).await,
            Some(Action::Retry(retry)) => retry.run(&warehouse, settings, stop).await,
        }
    }
}

impl List {
    async fn run(&self, warehouse: &Warehouse, settings: &Settings) -> anyhow::Result<u8> {
        let name = commands::resolve_name(warehouse, settings, self.name.as_deref()).await?;
        let groups = warehouse
            .list_rejects(name.source.as_deref(), name.stream.as_deref())
            .await?;
        if self.json {
            let all: Vec<Value> = groups.iter().map(group_value).collect();
            print_line(&serde_json::to_string_pretty(&all)?);
        } else if groups.is_empty() {
            print_line("Every record could be read.");
        } else {
            let rows: Vec<Vec<String>> = groups.iter().map(table_row).collect();
            print_columns(
                &["stream", "records", "last met (UTC)", "one of them", "reason"],
                &rows,
            );
            print_text(
                "\n`convene rejects show NAME` prints the record of that name, with its personal data.",
            );
        }
        Ok(COMPLETE)
    }
}

fn table_row(group: &RejectGroup) -> Vec<String> {
    vec![
        format!("{}.{}", group.source, group.stream),
        format_number(group.reject_count),
        group.last_seen_at.format("%Y-%m-%d %H:%M").to_string(),
        group.example.clone(),
        group.reason.clone(),
    ]
}

fn group_value(group: &RejectGroup) -> Value {
    json!({
        "source": group.source,
        "stream": group.stream,
        "reason": group.reason,
        "reject_count": group.reject_count,
        "first_seen_at": group.first_seen_at.to_rfc3339(),
        "last_seen_at": group.last_seen_at.to_rfc3339(),
        "example": group.example,
    })
}

impl Show {
    async fn run(&self, warehouse: &Warehouse) -> anyhow::Result<u8> {
        let record = find_reject(warehouse, &self.record).await?;
        if self.json {
            let value = json!({
                "name": record.name,
                "source": record.source,
                "stream": record.stream,
                "slice_id": record.slice_id,
                "position": record.position,
                "reason": record.reason,
                "context": record.context.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
                "raw": record.raw,
                "first_seen_at": record.first_seen_at.to_rfc3339(),
                "last_seen_at": record.last_seen_at.to_rfc3339(),
            });
            print_line(&serde_json::to_string_pretty(&value)?);
            return Ok(COMPLETE);
        }
        print_facts(&[
            ("record", record.name),
            ("stream", format!("{}.{}", record.source, record.stream)),
            ("reason", record.reason),
            ("first met", format_instant(Some(record.first_seen_at))),
            ("last met", format_instant(Some(record.last_seen_at))),
            (
                "where",
                format!("place {} on its page, slice {}", record.position, record.slice_id),
            ),
            ("context", record.context.unwrap_or_default()),
        ]);
        print_line("");
        // Indented where it is JSON; what is none is shown as it came.
        let parsed: Result<Value, _> = serde_json::from_str(&record.raw);
        let text = parsed.and_then(|value| serde_json::to_string_pretty(&value));
        print_line(&text.unwrap_or(record.raw));
        Ok(COMPLETE)
    }
}

impl Retry {
    async fn run(
        &self,
        warehouse: &Warehouse,
        settings: &Settings,
        stop: &CancellationToken,
    ) -> anyhow::Result<u8> {
        let name = commands::resolve_name(warehouse, settings, Some(&self.name)).await?;
        if name.stream.is_none() {
            let text = format!("Name one stream: {}.STREAM", self.name);
            return Err(SelectionError::Nothing(text).into());
        }
        if let Some(record) = &self.record {
            find_reject(warehouse, record).await?;
        }
        let record = self.record.as_deref();
        match commands::retry_records(warehouse, settings, &name, record, stop).await? {
            RetryOutcome::Done(RetryCounts { tried, landed }) => {
                print_text(&format!(
                    "{}: {} of {} records can be read now and have landed; the others stay.",
                    self.name,
                    format_number(landed),
                    format_number(tried)
                ));
                Ok(if landed == tried { COMPLETE } else { INCOMPLETE })
            }
            RetryOutcome::Asked { holder } => {
                print_text(&format!(
                    "{} is held by {holder}, which was asked to map its records again; `convene replay {}` shows how far it is.",
                    self.name, self.name
                ));
                Ok(COMPLETE)
            }
        }
    }
}

/// The one record whose name begins like this.
async fn find_reject(warehouse: &Warehouse, name: &str) -> anyhow::Result<RejectEntry> {
    let mut found = warehouse.find_rejects(name, MOST_FOUND).await?;
    let text = match found.len() {
        1 => return Ok(found.remove(0)),
        0 => format!("No record that could not be read has a name that begins with `{name}`"),
        _ => {
            let names = found
                .iter()
                .map(|record| format!("{} of {}.{}", record.name, record.source, record.stream));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("Several records have names that begin with `{name}`: {names}")
        }
    };
    Err(SelectionError::Nothing(text).into())
}
