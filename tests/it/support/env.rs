//! What most tests stand on: simulated vendors, a warehouse, and settings that bring them together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convene::commands::{self, Once, Selection};
use convene::engine::{Event, Observer, RunReport, no_observer};
use convene::settings::{self, Alerts, History, Limits, Retention, Settings, Source, StreamSettings};
use convene::warehouse::Warehouse;
use sandbox::{Options, Sandbox};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::postgres::Database;

/// The name of the one source, an account of Convoso unless the environment is of another vendor.
pub(crate) const SOURCE: &str = "convoso_test";
/// The streams that an environment reads unless it says otherwise.
const STREAMS: [&str; 2] = ["calls", "agents"];
/// Connections of the warehouse: streams run side by side on them, and each costs the server a session that has to learn everything
/// anew. More at once is for storms and whole daemons.
const CONNECTIONS: u32 = 2;

/// Simulated vendors whose clock stands still some minutes ago, a warehouse, and settings that bring them together.
pub(crate) struct TestEnv {
    /// The simulated vendors.
    pub sandbox: Sandbox,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// A pool for the test's own questions.
    pub pool: PgPool,
    /// The settings.
    pub settings: Settings,
    /// Says when runs should stop.
    pub stop: CancellationToken,
    /// The database; dropped last.
    pub database: Database,
}

impl TestEnv {
    /// Two days of history with 150 calls each.
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// Like `new`, with other options of the sandbox.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut env = Self::build(change).await;
        env.only(&STREAMS);
        env
    }

    /// Every stream of a vendor; `own` gives the source its address, its secrets and its options.
    pub(crate) async fn of(
        vendor: &str,
        change: impl FnOnce(&mut Options),
        own: impl FnOnce(&Sandbox, &mut Source),
    ) -> Self {
        let mut env = Self::build(change).await;
        let source = env
            .settings
            .sources
            .get_mut(SOURCE)
            .expect("the environment has one source");
        source.vendor = connectors::vendors::find_vendor(vendor).expect("a vendor");
        own(&env.sandbox, source);
        env
    }

    /// Switches off all streams but these.
    pub(crate) fn only(&mut self, streams: &[&str]) {
        for stream in self.source().vendor.streams {
            self.stream(stream.name).enabled = Some(streams.contains(&stream.name));
        }
    }

    async fn build(change: impl FnOnce(&mut Options)) -> Self {
        let database = Database::new().await;
        let warehouse = Warehouse::connect(&database.secret(), CONNECTIONS)
            .await
            .expect("the warehouse answers");
        let pool = database.pool().await;
        let now: DateTime<Utc> = sqlx::query_scalar("select now()")
            .fetch_one(&pool)
            .await
            .expect("the server tells the time");
        // Old enough that every call the sandbox shows is old enough to be read.
        let anchor = now - TimeDelta::minutes(10);
        let mut options = Options {
            days: 2,
            calls_per_day: 150,
            leads: 300,
            ..Options::new(anchor)
        };
        change(&mut options);
        let since = options.now - TimeDelta::days(i64::from(options.days) + 1);
        let token = options.token.clone();
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        let settings = settings(&database, &sandbox, &token, since);
        Self {
            sandbox,
            warehouse,
            pool,
            settings,
            stop: CancellationToken::new(),
            database,
        }
    }

    /// The settings of the source.
    pub(crate) fn source(&mut self) -> &mut Source {
        self.settings
            .sources
            .get_mut(SOURCE)
            .expect("the environment has one source")
    }

    /// The settings of a stream.
    pub(crate) fn stream(&mut self, name: &str) -> &mut StreamSettings {
        self.source().streams.entry(name.to_owned()).or_default()
    }

    /// Runs everything once.
    pub(crate) async fn sync(&self) -> Vec<RunReport> {
        self.sync_only(&[]).await
    }

    /// Runs everything once, which must be complete.
    pub(crate) async fn sync_completely(&self) -> Vec<RunReport> {
        let reports = self.sync().await;
        assert!(
            reports.iter().all(RunReport::is_complete),
            "{:#?}",
            flaws(&reports)
        );
        reports
    }

    /// Runs some streams once, `calls` or `agents`.
    pub(crate) async fn sync_only(&self, streams: &[&str]) -> Vec<RunReport> {
        self.try_sync(streams, no_observer())
            .await
            .into_iter()
            .map(|r| r.expect("the source runs"))
            .collect()
    }

    /// Runs some streams once; errors are those of whole sources.
    pub(crate) async fn try_sync(
        &self,
        streams: &[&str],
        observer: Observer,
    ) -> Vec<anyhow::Result<RunReport>> {
        let selection = Selection(
            streams
                .iter()
                .map(|stream| format!("{SOURCE}.{stream}"))
                .collect(),
        );
        let once = Once {
            selection: &selection,
            stop: &self.stop,
            observer,
        };
        commands::sync_once(&self.warehouse, &self.settings, once)
            .await
            .expect("the selection is known")
    }

    /// Rows of a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("select count(*) from {table}")).await
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        self.one(query).await
    }

    /// The one text that a query gives.
    pub(crate) async fn text(&self, query: &str) -> String {
        self.one(query).await
    }

    /// The one value that a query gives; a connection that broke while it lay idle is no finding.
    async fn one<T>(&self, query: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let ask = || sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&self.pool);
        let answer = match ask().await {
            Err(sqlx::Error::Io(_)) => ask().await,
            answer => answer,
        };
        answer.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Tuples that were ever inserted, updated or deleted in the warehouse. The server counts those of a session when it
    /// ends, so the warehouse is closed and opened again.
    pub(crate) async fn tuples_written(&mut self) -> i64 {
        self.warehouse.close().await;
        self.warehouse = Warehouse::connect(&self.database.secret(), 6)
            .await
            .expect("the warehouse answers");
        let query =
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables
             where schemaname = 'warehouse'";
        let mut counted = -1;
        loop {
            let now = self.number(query).await;
            if now == counted {
                return now;
            }
            counted = now;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Compares every call and every agent with what the sandbox says now: ids and whole records, none missing, none extra.
    /// Agents that only calls name are on no list; each of them must be named by a call.
    pub(crate) async fn assert_truth(&self) {
        self.assert_same("calls", self.sandbox.convoso().snapshot("calls"))
            .await;
        self.assert_same_where("agents", "is_listed", self.sandbox.convoso().snapshot("agents"))
            .await;
    }

    /// Compares the living rows of a table with the truth.
    pub(crate) async fn assert_same(&self, table: &str, truth: Vec<(String, String)>) {
        // Rows that others alone name are on no list that they could be held against.
        let may_be_named = connectors::schema::NAMINGS
            .iter()
            .any(|naming| naming.parent.name == table);
        let condition = match table {
            "agents" => {
                "content_hash <> '' and (is_listed or not exists (select from warehouse.agents as other where other.is_listed))"
            }
            _ if may_be_named => "content_hash <> ''",
            _ => "true",
        };
        self.assert_same_where(table, condition, truth).await;
    }

    /// Compares those living rows of a table with the truth for which a condition holds.
    pub(crate) async fn assert_same_where(&self, table: &str, condition: &str, truth: Vec<(String, String)>) {
        let (ids, records): (Vec<String>, Vec<String>) = truth.into_iter().unzip();
        let query = format!(
            "select coalesce(t.id, v.id) || case when v.id is null then ' is extra' when t.id is null then ' is missing'
                    else ' differs' end
             from (select id, raw from warehouse.{table} where source = $1 and deleted_at is null and {condition}) as t
             full join unnest($2::text[], $3::text[]) as v (id, raw) on v.id = t.id
             where t.id is null or v.id is null or t.raw <> v.raw::jsonb order by 1"
        );
        let wrong: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(SOURCE)
            .bind(&ids)
            .bind(&records)
            .fetch_all(&self.pool)
            .await
            .expect("the comparison runs");
        assert!(
            wrong.is_empty(),
            "{table}: {} of {}: {:?} ...",
            wrong.len(),
            ids.len(),
            &wrong[..wrong.len().min(5)]
        );
    }

    /// The settings as a file that the binary can read; the folder lasts as long as the value.
    pub(crate) fn settings_file(&self, more: &str) -> SettingsFile {
        let folder = std::env::temp_dir().join(format!(
            "convene-it-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join("settings.toml");
        let source = &self.settings.sources[SOURCE];
        let Some(since) = source.since else {
            panic!("the environment sets an instant")
        };
        let text = format!(
            "[daemon]\nlease = \"3s\"\n[server]\nlisten = \"off\"\n[sources.{SOURCE}]\nvendor = \"convoso\"\nbase_url = \"{}\"\ntoken = \"{}\"\nsince = \"{}\"\n\
             requests_per_minute = 60000\nschedule = \"* * * * * *\"\n{more}\n",
            self.sandbox.convoso_url(),
            "sandbox-token",
            since.to_rfc3339(),
        );
        let off = source
            .streams
            .iter()
            .filter(|(name, own)| own.enabled == Some(false) && !more.contains(&format!("streams.{name}]")));
        let text = off.fold(text, |text, (name, _)| {
            format!("{text}\n[sources.{SOURCE}.streams.{name}]\nenabled = false\n")
        });
        std::fs::write(&path, text).expect("the settings are written");
        SettingsFile { folder, path }
    }
}

/// A settings file in a folder of its own.
pub(crate) struct SettingsFile {
    folder: std::path::PathBuf,
    /// The file.
    pub path: std::path::PathBuf,
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What is wrong with runs, for messages.
pub(crate) fn flaws(reports: &[RunReport]) -> Vec<String> {
    let flaws = reports
        .iter()
        .flat_map(|report| report.unfinished.iter().map(move |flaw| (report, flaw)));
    flaws
        .map(|(report, flaw)| format!("{}: {:?}: {}", report.stream, flaw.window, flaw.reason))
        .collect()
}

/// An observer that counts batches and calls `act` after each.
pub(crate) fn after_each_batch(act: impl FnMut(usize) + Send + 'static) -> Observer {
    let state = Mutex::new((0, act));
    Arc::new(move |event| {
        if let Event::BatchLoaded { .. } = event {
            let mut state = state.lock().expect("no test panics while it holds this");
            state.0 += 1;
            let count = state.0;
            (state.1)(count);
        }
    })
}

fn settings(database: &Database, sandbox: &Sandbox, token: &str, since: DateTime<Utc>) -> Settings {
    let source = Source {
        name: SOURCE.to_owned(),
        vendor: connectors::vendors::find_vendor("convoso").expect("a vendor"),
        allow_plain_http: false,
        base_url: Some(sandbox.convoso_url().parse().expect("the sandbox has a URL")),
        secrets: BTreeMap::from([("token", SecretString::from(token.to_owned()))]),
        options: BTreeMap::new(),
        time_zone: None,
        default_region: None,
        since: Some(since),
        schedule: Some("* * * * * *".to_owned()),
        requests_per_minute: Some(60_000),
        max_in_flight: None,
        timeout: Some(Duration::from_secs(10)),
        streams: BTreeMap::new(),
    };
    Settings {
        warehouse: settings::Warehouse {
            url: database.secret(),
            max_connections: 8,
            pooler: false,
        },
        limits: Limits::default(),
        history: History::default(),
        lease: Duration::from_secs(2),
        server: settings::Server::off(),
        alerts: Alerts::default(),
        retention: Retention::default(),
        sources: BTreeMap::from([(SOURCE.to_owned(), source)]),
    }
}
