//! A range of the past read again: its price first, then through the daemon that holds the source, or here.

use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::engine::{
    LeaseWait, Observer, Price, RunOptions, RunReport, StreamSpec, WarehouseBudget, instance_name,
    open_source, prepare_source, price_backfill, run_stream,
};
use crate::settings::{Settings, parse_instant};
use crate::warehouse::{RequestId, Warehouse};
use connectors::source::Window;

use super::follow::{Followed, Follower, find_daemon};
use super::once::SelectionError;
use super::sources::{Source, build_sources};

/// A range of the past that somebody wants.
pub struct BackfillPlan {
    source: Source,
    stream: &'static str,
    /// The range.
    pub range: Window,
    /// What it costs.
    pub price: Price,
    /// How many requests a minute the credential has.
    pub requests_per_minute: u32,
}

/// Finds the stream, reads the range in the account's zone, and reckons what it costs. Nothing is read.
pub async fn plan_backfill(
    warehouse: &Warehouse,
    settings: &Settings,
    name: &str,
    from: &str,
    to: Option<&str>,
) -> anyhow::Result<BackfillPlan> {
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    let (source, stream) = find_stream(sources, name)?;
    let now = warehouse.now().await?;
    let spec = spec_of(&source, stream);
    let zone = spec.account.time_zone;
    let instant = |text: &str, key: &str| -> anyhow::Result<DateTime<Utc>> {
        parse_instant(text, zone).map_err(|flaw| anyhow::anyhow!("--{key} {flaw}"))
    };
    let until = to.map_or(Ok(now), |to| instant(to, "to"))?;
    let range = Window::new(instant(from, "from")?, until.min(now))
        .context("--from must lie before --to, and in the past")?;
    let density = warehouse.measure_density(&source.name, stream).await?;
    let requests_per_minute = spec.client.limits().requests_per_minute;
    let price = price_backfill(spec, range, density, requests_per_minute, now)?;
    Ok(BackfillPlan {
        source,
        stream,
        range,
        price,
        requests_per_minute,
    })
}

/// Reads the range. What was read of it before a stop is not read again by the next attempt at the same range.
pub async fn run_backfill(
    warehouse: &Warehouse,
    settings: &Settings,
    plan: &BackfillPlan,
    stop: &CancellationToken,
    observer: Observer,
) -> anyhow::Result<RunReport> {
    let name = plan.source.name.as_str();
    let follower = Follower {
        warehouse,
        source: name,
        stop,
        observer: &observer,
    };
    follower.refuse_paused(&[plan.stream]).await?;
    let id = warehouse
        .request_backfill(name, plan.stream, &instance_name(), plan.range)
        .await?;
    if find_daemon(warehouse, name).await?.is_some()
        && let Followed::Done(mut reports) = follower.follow_requests(&[id]).await?
    {
        return reports.pop().context("a request has a report");
    }
    let wait = LeaseWait::OnePeriod;
    let held = open_source(warehouse, name, settings.lease, wait, stop, observer.clone()).await?;
    let specs: Vec<&StreamSpec> = plan.source.streams.iter().map(|stream| &stream.spec).collect();
    let mut report = RunReport::begin(name, plan.stream);
    if let Err(error) = prepare_source(&specs, &held.session).await {
        held.release().await;
        return Err(error.into());
    }
    while !stop.is_cancelled() {
        let options = RunOptions {
            ignores_retries: true,
        };
        let next = run_stream(spec_of(&plan.source, plan.stream), &held.session, options, || {
            false
        })
        .await;
        let is_complete = next.is_complete();
        report.continue_with(next);
        if !is_complete || is_done(warehouse, id).await? {
            break;
        }
    }
    held.release().await;
    Ok(report)
}

/// Takes back what is asked of a stream's past. Returns how many backfills that were.
pub async fn cancel_backfills(warehouse: &Warehouse, settings: &Settings, name: &str) -> anyhow::Result<u64> {
    let sources = build_sources(settings, Arc::new(WarehouseBudget::new(warehouse.clone())))?;
    let (source, stream) = find_stream(sources, name)?;
    warehouse
        .cancel_backfills(&source.name, stream)
        .await
        .context("The backfill cannot be taken back")
}

async fn is_done(warehouse: &Warehouse, id: RequestId) -> anyhow::Result<bool> {
    let statuses = warehouse.request_statuses(&[id]).await?;
    Ok(statuses.iter().all(crate::warehouse::RequestStatus::has_ended))
}

fn find_stream(sources: Vec<Source>, name: &str) -> Result<(Source, &'static str), SelectionError> {
    let known: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let streams = source.streams.iter();
            streams.map(|stream| format!("{}.{}", source.name, stream.spec.name()))
        })
        .collect();
    for source in sources {
        let mut names = source.streams.iter().map(|stream| stream.spec.name());
        if let Some(stream) = names.find(|stream| format!("{}.{stream}", source.name) == name) {
            return Ok((source, stream));
        }
    }
    Err(SelectionError::Unknown {
        wanted: name.to_owned(),
        known: known.join(", "),
    })
}

fn spec_of<'a>(source: &'a Source, stream: &str) -> &'a StreamSpec {
    let mut specs = source.streams.iter().map(|stream| &stream.spec);
    specs
        .find(|spec| spec.name() == stream)
        .expect("the stream was found among them")
}
