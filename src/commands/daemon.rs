//! The daemon: every source kept in step, woken by the schedule, until it is told to stop.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_cron_scheduler::{Job as Alarm, JobScheduler};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::engine::{
    Observer, OrdersFeed, ScheduledStream, Supervision, WarehouseBudget, follow_orders, instance_name,
    share_sources, supervise_source,
};
use crate::settings::{Problems, Settings, compare_settings};
use crate::warehouse::{EventKind, EventLimits, NewEvent, Retention, Warehouse, WarehouseError};
use connectors::source::SyncMode;

use super::alerts::{AwayAlarm, send_alerts};
use super::schedule::Schedule;
use super::sources::{ConfiguredStream, Source, build_sources};

const NOTHING_TO_READ: &str = "No source is configured, so nothing is read: copy the block of your vendor from config/example.toml into \
     config/local.toml, and start the daemon again or send it SIGHUP";

/// How often events are compared with what lasts.
const SETTLE_EVERY: Duration = Duration::from_secs(15);
/// How often our own books are pruned.
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// How long after the start they are pruned first.
const FIRST_PRUNE: Duration = Duration::from_mins(2);
/// How long a note of something may take: a stop does not wait for a database that is away.
const LONGEST_NOTE: Duration = Duration::from_secs(2);
/// How often at least a daemon shows that it is there.
const LONGEST_HEARTBEAT: Duration = Duration::from_secs(10);

/// How a daemon hears that it shall read its settings again, and how it does that.
pub struct Reload {
    /// Somebody wants it.
    pub wanted: Arc<Notify>,
    /// Reads them.
    pub read: Box<dyn Fn() -> Result<Settings, Problems> + Send + Sync>,
    /// Hears of those that hold from now on.
    pub tell: Box<dyn Fn(&Settings) + Send + Sync>,
    /// The files that they come from, for people.
    pub files: Vec<PathBuf>,
}

impl Reload {
    /// Settings that never change.
    pub fn never(settings: Settings) -> Self {
        Self {
            wanted: Arc::default(),
            read: Box::new(move || Ok(settings.clone())),
            tell: Box::new(|_| ()),
            files: Vec::new(),
        }
    }
}

/// Runs until `stop`. The batch in hand is committed and the leases are given back before it returns. An error means that this
/// program must not write any more.
pub async fn run_daemon(
    warehouse: &Warehouse,
    settings: &Settings,
    stop: &CancellationToken,
    observer: Observer,
    reload: Reload,
) -> anyhow::Result<()> {
    let stop = stop.child_token();
    let orders = watch::channel(Arc::default());
    let current = watch::channel(Arc::new(settings.clone()));
    let mut daemon = Daemon {
        warehouse: warehouse.clone(),
        settings: current.0,
        scheduler: JobScheduler::new().await.context("The schedule cannot start")?,
        stop: stop.clone(),
        observer,
        orders: orders.1,
        instance: instance_name(),
        sources: BTreeMap::new(),
        away: Away::default(),
    };
    let mut keepers = JoinSet::new();
    keepers.spawn(follow_orders(warehouse.clone(), orders.0, stop.clone()));
    keepers.spawn(send_alerts(warehouse.clone(), current.1.clone(), stop.clone()));
    keepers.spawn(maintain_ledger(
        warehouse.clone(),
        daemon.instance.clone(),
        current.1,
        stop.clone(),
    ));
    let outcome = daemon.run(&reload).await;
    stop.cancel();
    daemon.stop_all().await;
    keepers.join_all().await;
    outcome
}

/// A source that is being kept in step.
struct RunningSource {
    stop: CancellationToken,
    task: JoinHandle<()>,
    alarms: Vec<uuid::Uuid>,
    is_ours: watch::Sender<bool>,
}

/// The state of the daemon.
struct Daemon {
    warehouse: Warehouse,
    settings: watch::Sender<Arc<Settings>>,
    scheduler: JobScheduler,
    stop: CancellationToken,
    observer: Observer,
    orders: OrdersFeed,
    instance: String,
    sources: BTreeMap<String, RunningSource>,
    away: Away,
}

/// Since when the database is away.
#[derive(Default)]
struct Away {
    since: Option<Instant>,
    alarm: AwayAlarm,
}

impl Daemon {
    fn settings(&self) -> Arc<Settings> {
        self.settings.borrow().clone()
    }

    async fn run(&mut self, reload: &Reload) -> anyhow::Result<()> {
        let settings = self.settings();
        let budget = Arc::new(WarehouseBudget::new(self.warehouse.clone()));
        let sources = build_sources(&settings, budget)?;
        self.greet(&sources, reload);
        if sources.is_empty() {
            // Ending would make whoever restarts it do so for ever.
            warn!("{NOTHING_TO_READ}");
        }
        for source in sources {
            self.start_source(source).await?;
        }
        self.scheduler
            .start()
            .await
            .context("The schedule cannot start")?;
        self.record_event(
            EventKind::Started,
            &format!("version {}", env!("CARGO_PKG_VERSION")),
        )
        .await;
        while !self.stop.is_cancelled() {
            let stop = self.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                beaten = self.beat() => beaten?,
            }
            // Small runs leave little behind each, between pieces that are in use, and it adds up.
            system::return_memory();
            let pause = (settings.lease / 3).min(LONGEST_HEARTBEAT);
            tokio::select! {
                biased;
                () = self.stop.cancelled() => (),
                () = reload.wanted.notified() => self.read_again(reload).await,
                () = sleep(pause) => (),
            }
        }
        Ok(())
    }

    /// Says what is about to happen: version, files, database, schedules, instance.
    fn greet(&self, sources: &[Source], reload: &Reload) {
        let files: Vec<String> = reload
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        info!(
            version = env!("CARGO_PKG_VERSION"),
            instance = self.instance,
            files = files.join(", "),
            database = self.warehouse.describe_address(),
            source_count = sources.len(),
            "Convene starts"
        );
        for source in sources {
            let streams = source.streams.iter();
            let streams = streams.map(|stream| format!("{} ({})", stream.spec.name(), stream.schedule));
            info!(
                source = source.name,
                vendor = source.vendor.name,
                streams = streams.collect::<Vec<_>>().join(", "),
                "Keeps in step, by schedules in UTC"
            );
        }
    }

    async fn start_source(&mut self, source: Source) -> anyhow::Result<()> {
        let mut alarms = Vec::new();
        let mut streams = Vec::new();
        for stream in source.streams {
            let (alarm, ticks) = self.add_alarm(&stream.schedule).await?;
            alarms.push(alarm);
            streams.push(schedule_stream(stream, ticks)?);
        }
        let is_ours = watch::channel(false);
        let stop = self.stop.child_token();
        let supervision = Supervision {
            warehouse: self.warehouse.clone(),
            period: self.settings().lease,
            stop: stop.clone(),
            observer: self.observer.clone(),
            orders: self.orders.clone(),
            is_ours: is_ours.1,
        };
        let running = RunningSource {
            stop,
            task: tokio::spawn(supervise_source(supervision, streams)),
            alarms,
            is_ours: is_ours.0,
        };
        self.sources.insert(source.name, running);
        Ok(())
    }

    /// A receiver that changes with every tick of the schedule, in UTC. The schedule only wakes: it never waits for a run.
    async fn add_alarm(&self, schedule: &str) -> anyhow::Result<(uuid::Uuid, watch::Receiver<u64>)> {
        let (tick, ticks) = watch::channel(0);
        let alarm = Alarm::new_async_tz(schedule, Utc, move |_, _| {
            tick.send_modify(|count| *count += 1);
            Box::pin(async {})
        });
        let alarm = alarm.with_context(|| format!("`{schedule}` is no schedule"))?;
        Ok((self.scheduler.add(alarm).await?, ticks))
    }

    async fn stop_source(&mut self, name: &str) {
        let Some(running) = self.sources.remove(name) else {
            return;
        };
        running.stop.cancel();
        for alarm in &running.alarms {
            if let Err(error) = self.scheduler.remove(alarm).await {
                debug!(error = %error, "A schedule could not be removed");
            }
        }
        let _ = running.task.await;
    }

    async fn stop_all(&mut self) {
        let running: Vec<RunningSource> = std::mem::take(&mut self.sources).into_values().collect();
        for source in running {
            let _ = source.task.await;
        }
        if let Err(error) = self.scheduler.shutdown().await {
            warn!(error = %error, "The schedule could not be stopped");
        }
        self.record_event(EventKind::Stopped, "told to stop").await;
        let removed = timeout(LONGEST_NOTE, self.warehouse.remove_instance(&self.instance));
        if !removed.await.is_ok_and(|removed| removed.is_ok()) {
            debug!("The line of this instance could not be removed; it runs out by itself");
        }
        info!("Stopped");
    }

    /// Shows that this instance is there, and takes its share of the sources. Ends where a newer version has changed the schema.
    async fn beat(&mut self) -> anyhow::Result<()> {
        match self.try_beat().await {
            Ok(()) => self.record_return().await,
            Err(newer @ WarehouseError::NewerSchema { .. }) => {
                error!(error = %newer, "This program writes nothing more");
                self.record_event(EventKind::Stopped, &newer.to_string()).await;
                return Err(newer.into());
            }
            Err(error) => self.record_outage(&error).await,
        }
        for (name, running) in &self.sources {
            if running.task.is_finished() && !running.stop.is_cancelled() {
                anyhow::bail!("The task of source `{name}` ended by itself");
            }
        }
        Ok(())
    }

    async fn try_beat(&mut self) -> Result<(), WarehouseError> {
        self.warehouse.check_schema().await?;
        let names: Vec<String> = self.sources.keys().cloned().collect();
        let period = self.settings().lease;
        let instances = self
            .warehouse
            .renew_instance(&self.instance, env!("CARGO_PKG_VERSION"), &names, period)
            .await?;
        let holders = self.warehouse.list_holders().await?;
        let mine = share_sources(&self.instance, &instances, &holders);
        for (name, running) in &self.sources {
            let is_mine = mine.contains(name);
            running.is_ours.send_if_modified(|known| {
                let is_news = *known != is_mine;
                *known = is_mine;
                is_news
            });
        }
        Ok(())
    }

    async fn record_outage(&mut self, error: &WarehouseError) {
        if self.away.since.is_none() {
            warn!(error = %super::describe(error), "The warehouse cannot be used; trying again until it can");
        }
        let lasted = self.away.since.get_or_insert_with(Instant::now).elapsed();
        let alerts = self.settings().alerts.clone();
        let why = super::describe(error);
        self.away.alarm.alert_of_outage(&alerts, lasted, &why).await;
    }

    async fn record_return(&mut self) {
        let Some(since) = self.away.since.take() else {
            return;
        };
        let seconds = since.elapsed().as_secs();
        info!(seconds, "The warehouse can be used again");
        let text = format!("the warehouse could not be used for {seconds} s");
        let event = NewEvent {
            kind: EventKind::DatabaseAway,
            source: "",
            stream: "",
            text: &text,
            instance: &self.instance,
            lasted: TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::zero()),
        };
        if let Err(error) = self.warehouse.record_event(&event).await {
            debug!(error = %error, "An event could not be written down");
        }
        let alerts = self.settings().alerts.clone();
        self.away.alarm.alert_of_return(&alerts).await;
    }

    /// Reads the settings again. What is wrong is told, and then nothing changes; otherwise what has changed is told, and only the
    /// sources that it concerns begin anew.
    async fn read_again(&mut self, reload: &Reload) {
        let read = match (reload.read)() {
            Ok(read) => read,
            Err(problems) => return self.refuse(&problems.to_string()).await,
        };
        let budget = Arc::new(WarehouseBudget::new(self.warehouse.clone()));
        let sources = match build_sources(&read, budget) {
            // A file that is missing for a moment must not stop everything.
            Ok(sources) if sources.is_empty() && !self.sources.is_empty() => {
                return self.refuse("no source is configured").await;
            }
            Ok(sources) => sources,
            Err(error) => return self.refuse(&format!("{error:#}")).await,
        };
        let changes = compare_settings(&self.settings(), &read);
        if changes.lines.is_empty() {
            info!("The settings were read again; nothing has changed");
            return self
                .record_event(EventKind::Reloaded, "nothing has changed")
                .await;
        }
        let text = changes.lines.join("; ");
        info!(changes = text, "The settings were read again");
        for key in &changes.for_restart {
            warn!("`{key}` takes effect at the next start only");
        }
        self.record_event(EventKind::Reloaded, &text).await;
        (reload.tell)(&read);
        self.settings.send_replace(Arc::new(read));
        for name in &changes.sources {
            self.stop_source(name).await;
        }
        for source in sources {
            if changes.sources.contains(&source.name) {
                let name = source.name.clone();
                if let Err(error) = self.start_source(source).await {
                    error!(source = name, error = %format!("{error:#}"), "The source cannot be started");
                }
            }
        }
    }

    async fn refuse(&mut self, problems: &str) {
        error!(
            error = problems,
            "The settings are wrong; those from before go on to hold"
        );
        self.record_event(
            EventKind::Reloaded,
            &format!("refused, and those from before go on to hold: {problems}"),
        )
        .await;
    }

    async fn record_event(&self, kind: EventKind, text: &str) {
        let event = NewEvent {
            kind,
            source: "",
            stream: "",
            text,
            instance: &self.instance,
            lasted: TimeDelta::zero(),
        };
        match timeout(LONGEST_NOTE, self.warehouse.record_event(&event)).await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => debug!(error = %error, "An event could not be written down"),
            Err(_) => debug!("An event could not be written down in time"),
        }
    }
}

fn schedule_stream(stream: ConfiguredStream, ticks: watch::Receiver<u64>) -> anyhow::Result<ScheduledStream> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how far apart the times of a schedule lie"
    )]
    let now = Utc::now();
    let schedule = Schedule::parse(&stream.schedule)?;
    let delay = match &stream.spec.mode {
        SyncMode::Windowed(policy) | SyncMode::Incremental(policy) => policy.delay,
        _ => TimeDelta::zero(),
    };
    let own = stream.lag_limit.and_then(|limit| TimeDelta::from_std(limit).ok());
    Ok(ScheduledStream {
        lag_limit: own.unwrap_or_else(|| schedule.lag_limit(delay, now)),
        next_run: Arc::new(move |now| schedule.next_after(now)),
        spec: Arc::new(stream.spec),
        schedule: stream.schedule,
        ticks,
    })
}

/// Keeps events up to date and our own books small, until `stop`.
async fn maintain_ledger(
    warehouse: Warehouse,
    instance: String,
    settings: watch::Receiver<Arc<Settings>>,
    stop: CancellationToken,
) {
    let mut prune_at = Instant::now() + FIRST_PRUNE;
    while !stop.is_cancelled() {
        let current = settings.borrow().clone();
        let limits = EventLimits {
            attempts: current.alerts.attempts,
            reject_share: current.alerts.reject_share,
        };
        if let Err(error) = warehouse.settle_events(&instance, limits).await {
            debug!(error = %error, "Events cannot be kept up to date");
        }
        if Instant::now() >= prune_at {
            prune_at = Instant::now() + PRUNE_EVERY;
            prune_books(&warehouse, &current).await;
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = sleep(SETTLE_EVERY) => (),
        }
    }
}

async fn prune_books(warehouse: &Warehouse, settings: &Settings) {
    let keep = Retention {
        ledger: settings.retention.ledger,
        events: settings.retention.events,
        rejects: settings.retention.rejects,
        field_faults: settings.retention.field_faults,
    };
    match warehouse.prune_books(&keep).await {
        Ok(pruned) if pruned.total() > 0 => info!(
            runs = pruned.runs,
            slices = pruned.slices,
            events = pruned.events,
            rejects = pruned.rejects,
            field_faults = pruned.field_faults,
            "Removed what is older than it is to be kept"
        ),
        Ok(_) => (),
        Err(error) => debug!(error = %error, "Old books could not be removed"),
    }
}
