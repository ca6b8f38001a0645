//! Holding what the tables have against what was put into them, and against what the vendors have.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::engine::{
    CompareScope, Compared, Comparison, LeaseWait, RunOptions, Session, StreamSpec, WarehouseBudget,
    compare_stream, open_source, prepare_source, run_stream, windows_to_compare,
};
use crate::settings::Settings;
use crate::warehouse::{TableAudit, Verifying, Warehouse, WarehouseError};

use super::names::Name;
use super::sources::{Source, build_sources};

/// How long the tables of a source may be counted.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is held against the vendors, and how.
pub struct VerifyOptions<'a> {
    /// Of which source or stream; everything by default.
    pub name: Name,
    /// Which windows.
    pub scope: CompareScope,
    /// Says when to stop.
    pub stop: &'a CancellationToken,
}

/// What came of a source.
#[derive(Debug)]
pub struct SourceVerified {
    /// The source.
    pub source: String,
    /// Its tables, held against what was put into them; nothing where they are too large to be counted in time.
    pub audits: Option<Vec<TableAudit>>,
    /// Its streams, held against the vendor.
    pub outcome: VerifyOutcome,
}

/// Who held the streams against the vendor.
#[derive(Debug)]
pub enum VerifyOutcome {
    /// This command.
    Compared(Vec<Comparison>),
    /// The instance that holds the source was asked to, and reads what was chosen with its next runs.
    Asked {
        /// Who holds it.
        holder: String,
        /// When it was asked.
        asked_at: DateTime<Utc>,
        /// The streams.
        streams: Vec<String>,
        /// How many windows and lists.
        window_count: usize,
    },
    /// The source could not be read at all.
    Failed(anyhow::Error),
}

/// Verifies the streams that are meant. What is missing is loaded. `on_compared` hears of each window as it is done.
pub async fn verify_streams(
    warehouse: &Warehouse,
    settings: &Settings,
    options: &VerifyOptions<'_>,
    mut on_compared: impl FnMut(&StreamSpec, &Compared),
) -> anyhow::Result<Vec<SourceVerified>> {
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    let mut verified = Vec::new();
    let is_meant = |source: &&Source| {
        options
            .name
            .source
            .as_ref()
            .is_none_or(|name| *name == source.name)
    };
    for source in sources.iter().filter(is_meant) {
        let audits = warehouse.audit_source(&source.name, PATIENCE).await?;
        let outcome = verify_source(warehouse, settings, source, options, &mut on_compared).await;
        verified.push(SourceVerified {
            source: source.name.clone(),
            audits,
            outcome: outcome.unwrap_or_else(VerifyOutcome::Failed),
        });
    }
    Ok(verified)
}

async fn verify_source(
    warehouse: &Warehouse,
    settings: &Settings,
    source: &Source,
    options: &VerifyOptions<'_>,
    on_compared: &mut impl FnMut(&StreamSpec, &Compared),
) -> anyhow::Result<VerifyOutcome> {
    let all: Vec<&StreamSpec> = source.streams.iter().map(|stream| &stream.spec).collect();
    let is_meant = |spec: &&StreamSpec| {
        options
            .name
            .stream
            .as_ref()
            .is_none_or(|name| name == spec.name())
    };
    let wanted: Vec<&StreamSpec> = all.iter().copied().filter(is_meant).collect();
    let opened = open_source(
        warehouse,
        &source.name,
        settings.lease,
        LeaseWait::OnePeriod,
        options.stop,
        crate::engine::no_observer(),
    );
    let held = match opened.await {
        Err(WarehouseError::Held { holder, .. }) => {
            return ask_holder(warehouse, &wanted, options.scope, holder).await;
        }
        held => held?,
    };
    let compared = async {
        prepare_source(&all, &held.session).await?;
        restore_rows(&all, &held.session).await?;
        let mut comparisons = Vec::new();
        for spec in &wanted {
            comparisons.push(compare_stream(spec, &held.session, options.scope, &mut *on_compared).await?);
        }
        Ok(VerifyOutcome::Compared(comparisons))
    };
    let compared = compared.await;
    held.release().await;
    compared
}

/// Reads what rows are missing from, which counts as complete no longer: at first the streams that complete the tables, and then all
/// that fill them.
async fn restore_rows(specs: &[&StreamSpec], session: &Session) -> anyhow::Result<()> {
    for _ in 0..2 {
        let losses = session.warehouse.open_losses(session.lease.source()).await?;
        let is_lacking = |spec: &&StreamSpec| {
            let mut fills = spec.stream.fills.iter();
            fills.any(|table| losses.iter().any(|loss| loss.table_name == table.name))
        };
        for spec in specs.iter().copied().filter(is_lacking) {
            let options = RunOptions {
                ignores_retries: true,
            };
            run_stream(spec, session, options, || false).await;
        }
    }
    Ok(())
}

/// Has the instance read that holds the source: it does so within its budget, when nothing newer is to be read.
async fn ask_holder(
    warehouse: &Warehouse,
    wanted: &[&StreamSpec],
    scope: CompareScope,
    holder: String,
) -> anyhow::Result<VerifyOutcome> {
    let asked_at = warehouse.now().await?;
    if let Some(spec) = wanted.first() {
        warehouse.request_count(&spec.source).await?;
    }
    let (mut streams, mut window_count) = (Vec::new(), 0);
    for spec in wanted {
        for partition in spec.partitions() {
            let covered = warehouse
                .covered_windows(&spec.source, spec.name(), &partition)
                .await?;
            let windows = windows_to_compare(spec, &partition, &covered, scope, asked_at);
            match windows {
                Some(windows) if !windows.is_empty() => {
                    warehouse
                        .request_verification(&spec.source, spec.name(), &partition, &windows)
                        .await?;
                    window_count += windows.len();
                }
                Some(_) => (),
                None => {
                    warehouse.request_full_reading(&spec.source, spec.name()).await?;
                    window_count += 1;
                }
            }
        }
        streams.push(spec.name().to_owned());
    }
    Ok(VerifyOutcome::Asked {
        holder,
        asked_at,
        streams,
        window_count,
    })
}

/// How far the instance has come that was asked to verify a stream.
pub async fn watch_verification(
    warehouse: &Warehouse,
    source: &str,
    stream: &str,
    asked_at: DateTime<Utc>,
) -> anyhow::Result<Verifying> {
    Ok(warehouse.watch_verification(source, stream, asked_at).await?)
}
