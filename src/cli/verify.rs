//! `convene verify`: what the tables hold, against what was put into them and against what the vendors have.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::commands::{self, SourceVerified, VerifyOptions, VerifyOutcome};
use crate::engine::{CompareScope, Compared, Comparison};
use crate::settings::Settings;
use crate::warehouse::{TableAudit, Verifying, Warehouse};

use super::columns::{print_columns, print_text};
use super::output::{format_number, print_error, print_line};
use super::{COMPLETE, INCOMPLETE};

/// How often the instance is looked at that was asked to verify.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the tables hold, against what the vendors have.
///
/// First the rows of each table are counted and held against what was put into it: that asks nothing of the vendor. Then windows
/// that count as complete are asked for again, a sample of them or all; where the vendor's total of a window agrees with the table,
/// one request tells, otherwise the window is read and what is missing or different is loaded.
///
/// Where a daemon holds the source, it is asked to read the windows, with its budget and after everything newer, and is followed.
///
/// Exit code 0: everything agrees. 1: something was missing or different (what could be loaded was), or could not be compared.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// SOURCE or SOURCE.STREAM; everything by default
    name: Option<String>,
    /// Every window, not only a sample; so it is wherever --from or --to is given
    #[arg(long)]
    all: bool,
    /// How many windows of each partition: the newest, the oldest, and others by chance
    #[arg(long, default_value_t = 5, conflicts_with = "all")]
    sample: usize,
    /// Only windows from this day or instant on, in UTC
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<DateTime<Utc>>,
    /// Only windows before this day or instant, in UTC
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<DateTime<Utc>>,
    /// Do not wait for the daemon that was asked
    #[arg(long)]
    no_wait: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let day = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let instant: Result<DateTime<Utc>, _> = text.parse();
    let parsed = instant.or_else(|_| text.parse::<NaiveDate>().map(day));
    parsed.map_err(|_| {
        "must be a day such as 2026-02-03, or an instant such as 2026-02-03T14:00:00Z".to_owned()
    })
}

/// What came of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Findings {
    lost: i64,
    missing: i64,
    different: i64,
    flaws: usize,
}

impl Findings {
    fn are_none(self) -> bool {
        self == Self::default()
    }
}

impl Verify {
    pub(super) async fn run(&self, settings: &Settings, stop: &CancellationToken) -> anyhow::Result<u8> {
        let warehouse = commands::connect_warehouse(settings).await?;
        warehouse.check_schema().await?;
        let is_whole = self.all || self.from.is_some() || self.to.is_some();
        let options = VerifyOptions {
            name: commands::resolve_name(&warehouse, settings, self.name.as_deref()).await?,
            scope: CompareScope {
                since: self.from,
                until: self.to,
                sample: (!is_whole).then_some(self.sample),
            },
            stop,
        };
        let is_json = self.json;
        let verified = commands::verify_streams(&warehouse, settings, &options, |spec, compared| {
            if !is_json && describe_difference(compared).is_some() {
                print_text(&format!(
                    "{}.{}: {}",
                    spec.source,
                    spec.name(),
                    describe_window(compared)
                ));
            }
        })
        .await?;
        let mut findings = Findings::default();
        let mut told = Vec::new();
        for source in &verified {
            let watched = self.follow_holder(&warehouse, source, stop).await?;
            count_findings(source, &watched, &mut findings);
            if self.json {
                told.push(source_value(source, &watched));
            } else {
                print_source(source, &watched);
            }
        }
        if self.json {
            print_line(&serde_json::to_string_pretty(&told)?);
        } else {
            print_text(&format!("\n{}", summarize_findings(findings)));
        }
        Ok(if findings.are_none() { COMPLETE } else { INCOMPLETE })
    }

    /// Waits until the instance that was asked has read everything, and tells what it found in each stream.
    async fn follow_holder(
        &self,
        warehouse: &Warehouse,
        source: &SourceVerified,
        stop: &CancellationToken,
    ) -> anyhow::Result<Vec<(String, Verifying)>> {
        let VerifyOutcome::Asked {
            holder,
            asked_at,
            streams,
            window_count,
        } = &source.outcome
        else {
            return Ok(Vec::new());
        };
        if !self.json {
            print_text(&format!(
                "{} is held by {holder}, which was asked to read {} again.",
                source.source,
                count_text(*window_count, "window or list", "windows and lists")
            ));
        }
        loop {
            let mut watched = Vec::new();
            for stream in streams {
                let seen = commands::watch_verification(warehouse, &source.source, stream, *asked_at).await?;
                watched.push((stream.clone(), seen));
            }
            if self.no_wait || stop.is_cancelled() || watched.iter().all(|(_, seen)| seen.left == 0) {
                return Ok(watched);
            }
            tokio::select! {
                () = stop.cancelled() => (),
                () = tokio::time::sleep(LOOK_EVERY) => (),
            }
        }
    }
}

fn count_findings(source: &SourceVerified, watched: &[(String, Verifying)], findings: &mut Findings) {
    let audits = source.audits.iter().flatten();
    findings.lost += audits.map(TableAudit::lost).sum::<i64>();
    match &source.outcome {
        VerifyOutcome::Compared(comparisons) => {
            for compared in comparisons.iter().flat_map(|comparison| &comparison.compared) {
                findings.missing += compared.missing;
                findings.different += compared.different;
                findings.flaws += usize::from(compared.flaw.is_some());
            }
        }
        VerifyOutcome::Asked { .. } => {
            for (_, seen) in watched {
                findings.missing += seen.missing;
                findings.different += seen.different;
                findings.flaws += usize::from(seen.left > 0);
            }
        }
        VerifyOutcome::Failed(_) => findings.flaws += 1,
    }
}

fn print_source(source: &SourceVerified, watched: &[(String, Verifying)]) {
    print_audits(source);
    match &source.outcome {
        VerifyOutcome::Compared(comparisons) => {
            let rows: Vec<Vec<String>> = comparisons.iter().map(comparison_row).collect();
            print_columns(&["stream", "compared", "missing", "different", "result"], &rows);
        }
        VerifyOutcome::Asked { .. } => {
            let rows: Vec<Vec<String>> = watched
                .iter()
                .map(|(stream, seen)| {
                    vec![
                        format!("{}.{stream}", source.source),
                        if seen.left == 0 {
                            "read".to_owned()
                        } else {
                            format!("{} to read", seen.left)
                        },
                        format_number(seen.missing),
                        format_number(seen.different),
                    ]
                })
                .collect();
            print_columns(&["stream", "state", "missing", "different"], &rows);
        }
        VerifyOutcome::Failed(error) => print_error(&format!("{}: {error:#}", source.source)),
    }
}

fn print_audits(source: &SourceVerified) {
    let Some(audits) = &source.audits else {
        return print_text(&format!(
            "The tables of {} are too large to be counted in time.",
            source.source
        ));
    };
    let rows: Vec<Vec<String>> = audits
        .iter()
        .filter(|audit| audit.lost() > 0)
        .map(|audit| {
            vec![
                audit.table_name.clone(),
                format_number(audit.booked.unwrap_or_default()),
                format_number(audit.held),
                format_number(audit.lost()),
            ]
        })
        .collect();
    if rows.is_empty() {
        let counted: i64 = audits.iter().map(|audit| audit.held).sum();
        return print_text(&format!(
            "{}: all {} rows that were put into its tables are there.",
            source.source,
            format_number(counted)
        ));
    }
    print_text(&format!(
        "{}: rows are missing; they are read again now or by the next run.",
        source.source
    ));
    print_columns(&["table", "put into it", "there", "missing"], &rows);
}

fn comparison_row(comparison: &Comparison) -> Vec<String> {
    let sum = |count: fn(&Compared) -> i64| comparison.compared.iter().map(count).sum::<i64>();
    let (missing, different) = (sum(|one| one.missing), sum(|one| one.different));
    let flaw = comparison
        .compared
        .iter()
        .find_map(|compared| compared.flaw.as_deref());
    let result = match flaw {
        Some(flaw) => flaw,
        None if comparison.is_by_id => "read by ids: compared by counting only",
        None if comparison.compared.is_empty() => "nothing is complete yet",
        None if missing + different > 0 => "loaded",
        None => "agrees",
    };
    vec![
        format!("{}.{}", comparison.source, comparison.stream),
        format!("{} of {}", comparison.compared.len(), comparison.window_count),
        format_number(missing),
        format_number(different),
        result.to_owned(),
    ]
}

/// What is different in a window; nothing where all agrees.
fn describe_difference(compared: &Compared) -> Option<String> {
    if let Some(flaw) = &compared.flaw {
        return Some(format!("could not be compared: {flaw}"));
    }
    let parts: Vec<String> = [
        (compared.missing, "missing"),
        (compared.different, "different"),
        (compared.gone, "gone at the vendor"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", format_number(*count)))
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn describe_window(compared: &Compared) -> String {
    let partition = if compared.partition.is_empty() {
        String::new()
    } else {
        format!("`{}`, ", compared.partition)
    };
    let window = compared
        .window
        .map_or_else(|| "the whole list".to_owned(), |window| window.to_string());
    let difference = describe_difference(compared).unwrap_or_else(|| "agrees".to_owned());
    format!("{partition}{window}: {difference}")
}

fn summarize_findings(findings: Findings) -> String {
    let Findings {
        lost,
        missing,
        different,
        flaws,
    } = findings;
    if findings.are_none() {
        return "Everything that was compared agrees.".to_owned();
    }
    let mut parts = Vec::new();
    if lost > 0 {
        parts.push(format!(
            "{} rows had been removed from the warehouse",
            format_number(lost)
        ));
    }
    if missing > 0 {
        parts.push(format!(
            "{} rows were missing and are there now",
            format_number(missing)
        ));
    }
    if different > 0 {
        parts.push(format!(
            "{} rows were different and are right now",
            format_number(different)
        ));
    }
    if flaws > 0 {
        parts.push(format!("{flaws} could not be compared"));
    }
    format!("{}.", parts.join("; "))
}

fn count_text(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn source_value(source: &SourceVerified, watched: &[(String, Verifying)]) -> Value {
    let audits = source.audits.as_ref().map(|audits| {
        let audit = |audit: &TableAudit| json!({ "table": audit.table_name, "booked": audit.booked, "held": audit.held, "lost": audit.lost() });
        audits.iter().map(audit).collect::<Vec<Value>>()
    });
    let mut value = json!({ "source": source.source, "tables": audits });
    match &source.outcome {
        VerifyOutcome::Compared(comparisons) => {
            value["streams"] = comparisons.iter().map(comparison_value).collect();
        }
        VerifyOutcome::Asked { holder, asked_at, .. } => {
            value["holder"] = json!(holder);
            value["asked_at"] = json!(asked_at.to_rfc3339());
            value["streams"] = watched
                .iter()
                .map(|(stream, seen)| json!({ "stream": stream, "left": seen.left, "missing": seen.missing, "different": seen.different }))
                .collect();
        }
        VerifyOutcome::Failed(error) => value["error"] = json!(format!("{error:#}")),
    }
    value
}

fn comparison_value(comparison: &Comparison) -> Value {
    let compared = comparison.compared.iter().map(|compared| {
        json!({
            "partition": compared.partition,
            "since": compared.window.map(|window| window.since.to_rfc3339()),
            "until": compared.window.map(|window| window.until.to_rfc3339()),
            "vendor_total": compared.counted,
            "missing": compared.missing,
            "different": compared.different,
            "gone": compared.gone,
            "flaw": compared.flaw,
        })
    });
    json!({
        "stream": comparison.stream,
        "window_count": comparison.window_count,
        "compared": compared.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_understood() {
        for (text, wanted) in [
            ("2026-02-03", Some("2026-02-03T00:00:00Z")),
            ("2026-02-03T14:00:00+01:00", Some("2026-02-03T13:00:00Z")),
            ("soon", None),
        ] {
            let wanted = wanted.map(|wanted| wanted.parse().unwrap());
            assert_eq!(parse_time(text).ok(), wanted, "{text}");
        }
    }
}
