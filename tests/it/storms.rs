//! Storms: an account of one vendor changes while it is read, answers break or lie, and runs are cut off, all drawn from a seed. At
//! every look, what is claimed to be complete is there; and when the storm is over, the tables are the truth.
//!
//! A row counts as shown in time where a complete slice over its time began after the vendor had shown it: then nothing excuses
//! that it is missing. `CONVENE_STORM=17` repeats one storm, `CONVENE_STORMS=5000` tells how many the long test raises, both
//! together from which one on.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use convene::commands;
use convene::engine::{
    FAILPOINTS, LeaseWait, RunOptions, RunReport, StreamSpec, WarehouseBudget, no_observer, open_source,
    prepare_source, run_stream,
};
use convene::settings::{self, Limits, Settings, Source, StreamSettings};
use convene::warehouse::Warehouse;
use fastrand::Rng;
use futures_util::StreamExt as _;
use sandbox::convertalk::{BOTS, CUSTOMER};
use sandbox::{Fault, Options, Rule, Sandbox};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::binary::{bare, ended};
use crate::support::env::flaws;
use crate::support::postgres::Database;

/// Storms of an ordinary test run, as many of each vendor, and how many rage side by side. Each takes about a second of a core.
const STORMS: u64 = 100;
const AT_ONCE: usize = 40;
/// Storms of the long test.
const MANY_STORMS: u64 = 2_000;
/// Days of history.
const DAYS: u32 = 2;
/// Members of a chat that come and go without meaning: a difference in them alone is not written.
const MOVING: [&str; 4] = ["isOnline", "unreadMessage", "unreadMessages", "updatedAt"];
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_storms_nothing_is_claimed_that_is_not_there_and_the_tables_end_as_the_truth() {
    raise_storms(STORMS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes many minutes"]
async fn in_thousands_of_storms_the_same_holds() {
    raise_storms(read_number("CONVENE_STORMS").unwrap_or(MANY_STORMS)).await;
}

fn read_number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// So many storms, from the seed on that is asked for; one alone, where no number is asked for besides.
async fn raise_storms(count: u64) {
    let sea = Sea::open().await;
    let count = match (read_number("CONVENE_STORM"), read_number("CONVENE_STORMS")) {
        (Some(_), None) => 1,
        _ => count,
    };
    let first = read_number("CONVENE_STORM").unwrap_or(0);
    let seeds = first..first + count;
    let storms = futures_util::stream::iter(seeds).map(|seed| {
        let sea = sea.clone();
        tokio::spawn(async move {
            let mut storm = Storm::gather(&sea, seed).await;
            let told = storm.rage().await;
            told.map_err(|what| format!("storm {seed}, {:?}: {what}", storm.kind))
        })
    });
    let told: Vec<Result<(), String>> = storms
        .buffer_unordered(AT_ONCE)
        .map(|ended| ended.unwrap_or_else(|error| Err(error.to_string())))
        .collect()
        .await;
    let wrong: Vec<String> = told.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} storms:\n{}", wrong.len(), wrong.join("\n"));
}

/// The warehouse that all storms share; each has a source of its own.
#[derive(Clone)]
struct Sea {
    database: Arc<Database>,
    warehouse: Warehouse,
    pool: PgPool,
    began: (Instant, DateTime<Utc>),
}

impl Sea {
    async fn open() -> Self {
        let database = Arc::new(Database::new().await);
        let warehouse = Warehouse::connect(&database.secret(), 16).await;
        let pool = database.pool().await;
        // Taken before the server tells its time, so that what is reckoned from both is never early.
        let began = Instant::now();
        let now = sqlx::query_scalar("select clock_timestamp()")
            .fetch_one(&pool)
            .await;
        Self {
            database,
            warehouse: warehouse.expect("the warehouse answers"),
            pool,
            began: (began, now.expect("the server tells the time")),
        }
    }

    /// The server's time, never early.
    fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.began.0.elapsed()).expect("a test is short");
        self.began.1 + passed + TimeDelta::milliseconds(1)
    }

    async fn execute(&self, statement: &str, source: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .bind(source)
            .execute(&self.pool)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Convoso,
    Converz,
    Conversocial,
    Convertalk,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Convoso, Self::Converz, Self::Conversocial, Self::Convertalk];

    fn vendor(self) -> &'static str {
        match self {
            Self::Convoso => "convoso",
            Self::Converz => "converz",
            Self::Conversocial => "conversocial",
            Self::Convertalk => "convertalk",
        }
    }

    fn streams(self) -> &'static [&'static str] {
        match self {
            Self::Convoso => &["calls", "agents", "leads", "deleted_leads", "archived_leads"],
            Self::Converz => &["calls"],
            Self::Conversocial => &["conversations"],
            Self::Convertalk => &["chats"],
        }
    }

    /// Tables that are held against the claims: each with the stream whose windows cover it, where it is read by windows.
    fn claimed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Convoso => &[("calls", "calls"), ("leads", "leads"), ("agents", "")],
            Self::Converz => &[("calls", "calls")],
            Self::Conversocial => &[("conversations", "conversations")],
            Self::Convertalk => &[("conversations", "")],
        }
    }

    /// Tables that are the truth in the end.
    fn compared(self) -> &'static [&'static str] {
        match self {
            Self::Convoso => &["calls", "leads", "agents"],
            Self::Converz => &["calls"],
            Self::Conversocial => &[
                "conversations",
                "messages",
                "conversation_tags",
                "conversation_channels",
            ],
            Self::Convertalk => &["conversations", "leads", "conversation_tags"],
        }
    }

    fn snapshot(self, sandbox: &Sandbox, table: &str) -> Vec<(String, String)> {
        match self {
            Self::Convoso => sandbox.convoso().snapshot(table),
            Self::Converz => sandbox.converz().snapshot(table),
            Self::Conversocial => sandbox.conversocial().snapshot(table),
            Self::Convertalk => sandbox.convertalk().snapshot(table),
        }
    }

    /// The time by which a row's window is known; nothing in lists, and for rows without one.
    fn time_of(self, table: &str, record: &Value) -> Option<DateTime<Utc>> {
        let wall = |member: &str, format| {
            let text = record[member].as_str()?;
            Some(NaiveDateTime::parse_from_str(text, format).ok()?.and_utc())
        };
        match (self, table) {
            (Self::Convoso, "calls") => wall("call_date", "%Y-%m-%d %H:%M:%S"),
            (Self::Convoso, "leads") => {
                let text = record["modified_at"].as_str()?;
                Some(
                    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z")
                        .ok()?
                        .to_utc(),
                )
            }
            (Self::Converz, "calls") => wall("start_time", "%Y-%m-%d %H:%M"),
            (Self::Conversocial, _) => wall("oldest_sort_date", "%Y-%m-%dT%H:%M:%S"),
            _ => None,
        }
    }
}

/// What the vendor shows of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    /// Since when it is dated so.
    since: DateTime<Utc>,
    /// The time by which its window is known.
    time: Option<DateTime<Utc>>,
}

/// What the vendor shows, by table and id.
type Showing = HashMap<(&'static str, String), Shown>;

/// A record as it was, and the time that it told: most records are the same at each look, and need not be read again.
struct Told {
    record: String,
    time: Option<DateTime<Utc>>,
}

/// The account, and what it has shown.
struct Account {
    sea: Sea,
    kind: Kind,
    sandbox: Sandbox,
    showing: Mutex<Showing>,
    told: Mutex<HashMap<(&'static str, String), Told>>,
    /// Whether an answer was to be repeated already.
    repeats: AtomicBool,
    dice: Mutex<Rng>,
}

impl Account {
    fn roll(&self, below: usize) -> usize {
        self.dice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .usize(0..below.max(1))
    }

    fn chance(&self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn one_of<T: Clone>(&self, things: &[T]) -> T {
        things[self.roll(things.len())].clone()
    }

    /// Notes what is shown now. Whoever begins to read later must meet it.
    fn observe(&self) {
        let mut now_shown = Showing::new();
        let mut showing = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        for (table, _) in self.kind.claimed() {
            for (id, record) in self.kind.snapshot(&self.sandbox, table) {
                let time = self.time_of(table, &id, record);
                let known = showing
                    .get(&(*table, id.clone()))
                    .filter(|known| known.time == time);
                let since = known.map_or_else(|| self.sea.now(), |known| known.since);
                now_shown.insert((*table, id), Shown { since, time });
            }
        }
        *showing = now_shown;
    }

    fn time_of(&self, table: &'static str, id: &str, record: String) -> Option<DateTime<Utc>> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (table, id.to_owned());
        if let Some(known) = told.get(&key).filter(|known| known.record == record) {
            return known.time;
        }
        let value: Value = serde_json::from_str(&record).expect("records are JSON");
        let time = self.kind.time_of(table, &value);
        told.insert(key, Told { record, time });
        time
    }

    fn showing(&self) -> Showing {
        self.showing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A second of the history, the last hours more often than others.
    fn some_time(&self) -> DateTime<Utc> {
        let all = if self.chance(50) {
            3 * 3_600
        } else {
            usize::try_from(DAYS).expect("small") * 86_400
        };
        let back = i64::try_from(self.roll(all)).expect("days are short");
        self.sandbox.now() - TimeDelta::seconds(back + 1)
    }

    /// Something happens at the vendor: a row is new, changes, comes late, moves, is gone or comes back.
    fn change(&self) {
        match self.kind {
            Kind::Convoso => self.change_convoso(),
            Kind::Converz => self.change_converz(),
            Kind::Conversocial => self.change_conversocial(),
            Kind::Convertalk => self.change_convertalk(),
        }
        self.observe();
    }

    fn change_convoso(&self) {
        let world = self.sandbox.convoso();
        let some = |table| {
            let ids = world.ids(table);
            (!ids.is_empty()).then(|| self.one_of(&ids))
        };
        let calls: Vec<String> = world.snapshot("calls").into_iter().map(|(id, _)| id).collect();
        match self.roll(11) {
            0 | 1 => _ = world.add_call_at(self.some_time()),
            2 if !calls.is_empty() => _ = world.set_comment(&self.one_of(&calls), "put right"),
            3 if !calls.is_empty() => _ = world.add_recording(&self.one_of(&calls)),
            4 if !calls.is_empty() => _ = world.set_disposition(&self.one_of(&calls), "FIXED", "Put Right"),
            5 => _ = some("leads").map(|id| world.touch_lead(&id)),
            6 => _ = world.add_lead(),
            7 => _ = some("leads").map(|id| world.delete("leads", &id)),
            8 => _ = some("leads").map(|id| world.archive("leads", &id)),
            9 => {
                // One that is gone, if this is one; numbers of leads follow each other.
                let ids = world.ids("leads");
                let last = ids
                    .iter()
                    .filter_map(|id| id.parse::<u64>().ok())
                    .max()
                    .unwrap_or(7_000_000);
                let id = (7_000_000 + self.roll(usize::try_from(last - 6_999_999).unwrap_or(1)) as u64)
                    .to_string();
                world.restore_lead(&id);
            }
            _ => {
                let id = world.add_agent();
                if self.chance(50) {
                    world.rename_agent(&id);
                }
                if self.chance(30) {
                    world.delete("agents", &id);
                }
            }
        }
    }

    fn change_converz(&self) {
        let world = self.sandbox.converz();
        let ids: Vec<String> = world.snapshot("calls").into_iter().map(|(id, _)| id).collect();
        match self.roll(5) {
            0 | 1 => _ = world.add_calls(1, self.some_time(), TimeDelta::zero()),
            2 if self.chance(20) => _ = world.add_timeless_call(),
            _ if !ids.is_empty() => {
                let text = format!("heard again, {}", self.roll(1_000));
                world.set_call(&self.one_of(&ids), "summary", Value::from(text));
            }
            _ => (),
        }
    }

    fn change_conversocial(&self) {
        let world = self.sandbox.conversocial();
        let ids = world.ids("conversations");
        let kind = self.roll(7);
        if kind < 2 || ids.is_empty() {
            world.add_conversation(self.some_time());
            return;
        }
        let id = self.one_of(&ids);
        match kind {
            2 => _ = world.write_message(&id, "and one more thing"),
            3 => _ = world.set_status(&id, self.one_of(&["read", "unread", "archived"])),
            4 => _ = world.set_tags(&id, &["Refund", "Praise", "Spam"][self.roll(3)..]),
            5 => _ = world.set_priority(&id, self.chance(50)),
            _ => _ = world.move_conversation(&id, self.some_time()),
        }
    }

    fn change_convertalk(&self) {
        let world = self.sandbox.convertalk();
        let ids = world.ids("conversations");
        let kind = self.roll(8);
        if kind < 2 || ids.is_empty() {
            world.add_chat();
            return;
        }
        let id = self.one_of(&ids);
        match kind {
            2 => _ = world.write_in(&id),
            3 => _ = world.touch(&id),
            4 => _ = world.set_status(&id, self.one_of(&["open", "closed"])),
            5 => _ = world.set_tags(&id, &["vip", "refund", "late"][self.roll(3)..]),
            6 => _ = world.delete("conversations", &id),
            _ => _ = world.convert(&id, self.chance(50)),
        }
    }

    /// Something goes wrong with some answer to come.
    fn spoil(&self) {
        // The first of these are tried again after a wait of the real clock, so that they are rare.
        let broken = [Fault::Status(500, None), Fault::Drop, Fault::Cut, Fault::CutJson];
        let faults = [
            Fault::Html(200),
            Fault::Status(404, None),
            Fault::Foreign("{\"what\": 1}".to_owned()),
            Fault::Slow(Duration::from_millis(40)),
            Fault::Repeat,
            Fault::Twins,
        ];
        // Where the vendor tells totals, an answer that is short of rows can be found out.
        let lies = [
            Fault::WithoutLast(1 + self.roll(3)),
            Fault::Total(self.roll(4) as u64),
            Fault::Empty,
        ];
        let has_totals = matches!(self.kind, Kind::Convoso | Kind::Converz);
        let fault = if has_totals && self.chance(35) {
            self.one_of(&lies)
        } else if self.chance(15) {
            self.one_of(&broken)
        } else {
            self.one_of(&faults)
        };
        // An answer of nothing that is repeated twice in a row is believed: nobody can tell it from the truth.
        let is_repeating = fault == Fault::Repeat && self.repeats.swap(true, Ordering::Relaxed);
        let rule = Rule {
            skip: u32::try_from(self.roll(8)).expect("small"),
            ..Rule::new("", if is_repeating { Fault::Twins } else { fault }, 1)
        };
        self.sandbox.add_rule(rule);
    }

    /// Lets things happen between the requests of the next run.
    fn stir(self: &Arc<Self>, is_on: bool) {
        macro_rules! stir {
            ($account:expr) => {
                if is_on {
                    let own = Arc::downgrade(self);
                    $account.change_between_requests(move |_, _| {
                        if let Some(own) = own.upgrade().filter(|own| own.chance(25)) {
                            own.change();
                        }
                    });
                } else {
                    $account.stop_changing();
                }
            };
        }
        match self.kind {
            Kind::Convoso => stir!(self.sandbox.convoso()),
            Kind::Converz => stir!(self.sandbox.converz()),
            Kind::Conversocial => stir!(self.sandbox.conversocial()),
            Kind::Convertalk => stir!(self.sandbox.convertalk()),
        }
    }
}

/// A complete slice: what it read, and when it began.
#[derive(Debug, sqlx::FromRow)]
struct CompleteSlice {
    stream: String,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    started_at: DateTime<Utc>,
    /// What was counted, and what proved it.
    found: String,
}

/// One seed.
struct Storm {
    sea: Sea,
    kind: Kind,
    source: String,
    account: Arc<Account>,
    settings: Settings,
    folder: std::path::PathBuf,
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Storm {
    async fn gather(sea: &Sea, seed: u64) -> Self {
        let kind = Kind::ALL[usize::try_from(seed).expect("seeds are small") % Kind::ALL.len()];
        let mut dice = Rng::with_seed(seed);
        // Old enough that everything that is shown is old enough to be read, and never beyond the present.
        let anchor = sea.now() - TimeDelta::minutes(10);
        let options = Options {
            seed,
            days: DAYS,
            calls_per_day: if kind == Kind::Convoso { dice.u32(5..40) } else { 0 },
            leads: 30,
            chats_per_day: if kind == Kind::Convertalk {
                dice.u32(5..40)
            } else {
                0
            },
            conversations_per_day: if kind == Kind::Conversocial {
                dice.u32(3..40)
            } else {
                0
            },
            converz_calls_per_day: if kind == Kind::Converz {
                dice.u32(20..150)
            } else {
                0
            },
            agents: 4,
            time_zone: Tz::UTC,
            ..Options::new(anchor)
        };
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        let source = format!("storm_{seed}");
        let folder = std::env::temp_dir().join(format!("convene-storm-{}-{seed}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let settings = settings_of(sea, &sandbox, kind, &source, &mut dice);
        let account = Account {
            sea: sea.clone(),
            kind,
            sandbox,
            showing: Mutex::default(),
            told: Mutex::default(),
            repeats: AtomicBool::new(false),
            dice: Mutex::new(dice),
        };
        account.observe();
        Self {
            sea: sea.clone(),
            kind,
            source,
            account: Arc::new(account),
            settings,
            folder,
        }
    }

    /// Steps of changes, faults and runs; then the calm.
    async fn rage(&mut self) -> Result<(), String> {
        let steps = 3 + self.account.roll(3);
        for step in 0..steps {
            for _ in 0..self.account.roll(5) {
                self.account.change();
            }
            if self.account.chance(60) {
                let seconds = 1 + i64::try_from(self.account.roll(60)).expect("small");
                self.account.sandbox.advance(TimeDelta::seconds(seconds));
                self.account.observe();
            }
            for _ in 0..self.account.roll(3) {
                self.account.spoil();
            }
            self.account.stir(self.account.chance(60));
            let how = match self.account.roll(10) {
                0..5 => self.run_once().await.map(|_| "a run")?,
                5..8 => self.run_and_look().await?,
                8 => self.run_and_abort().await,
                _ => self.run_and_die().await,
            };
            self.account.stir(false);
            self.look()
                .await
                .map_err(|what| format!("after step {step}, {how}: {what}"))?;
        }
        self.calm_down().await
    }

    async fn run_once(&self) -> Result<Vec<RunReport>, String> {
        sync(&self.sea.warehouse, &self.settings).await
    }

    /// Somebody looks while the run is under way.
    async fn run_and_look(&self) -> Result<&'static str, String> {
        let wait = Duration::from_millis(self.account.roll(150) as u64);
        let looking = async {
            tokio::time::sleep(wait).await;
            self.look().await
        };
        let (run, look) = tokio::join!(self.run_once(), looking);
        look.map_err(|what| format!("during a run: {what}"))?;
        run.map(|_| "a run that was looked at")
    }

    /// The run is dropped wherever it stands.
    async fn run_and_abort(&self) -> &'static str {
        let life = Duration::from_millis(self.account.roll(250) as u64);
        let (warehouse, settings) = (self.sea.warehouse.clone(), self.settings.clone());
        let run = tokio::spawn(async move { sync(&warehouse, &settings).await });
        tokio::time::sleep(life).await;
        run.abort();
        let _ = run.await;
        self.expire().await;
        "a run that was dropped"
    }

    /// A process of its own ends at one of its steps.
    async fn run_and_die(&self) -> &'static str {
        let file = self.folder.join("settings.toml");
        std::fs::write(&file, self.settings_text()).expect("the settings are written");
        let times = 1 + self.account.roll(4);
        let point = format!("{}:{times}", self.account.one_of(&FAILPOINTS));
        let mut command = bare(&["sync", "--config"]);
        command.arg(&file).env("DATABASE_URL", self.sea.database.url());
        ended(command.env("CONVENE_FAILPOINT", point)).await;
        self.expire().await;
        "a process that ended"
    }

    async fn expire(&self) {
        let expire = "update sync.leases set expires_at = clock_timestamp() where source = $1";
        self.sea.execute(expire, &self.source).await;
    }

    /// Nothing is claimed that is not there.
    async fn look(&self) -> Result<(), String> {
        let before = self.account.showing();
        let mut transaction = self.sea.pool.begin().await.map_err(|error| error.to_string())?;
        let told = |error: sqlx::Error| error.to_string();
        sqlx::query("set transaction isolation level repeatable read")
            .execute(&mut *transaction)
            .await
            .map_err(told)?;
        let slices: Vec<CompleteSlice> = sqlx::query_as(
            "select stream, since, until, started_at, jsonb_build_object('id', id, 'requests', request_count, 'total', vendor_total,
                 'seen', rows_seen, 'inserted', inserted, 'unchanged', unchanged, 'duplicates', duplicates, 'said', said,
                 'evidence', evidence)::text as found from sync.slices
             where source = $1 and state = 'complete' and since is not null",
        )
        .bind(&self.source)
        .fetch_all(&mut *transaction)
        .await
        .map_err(told)?;
        let mut claims = Vec::new();
        for (table, stream) in self.kind.claimed() {
            let through: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(
                "select complete_through from warehouse.freshness where source = $1 and table_name = $2",
            )
            .bind(&self.source)
            .bind(table)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(told)?;
            let held: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "select id from warehouse.{table} where source = $1"
            )))
            .bind(&self.source)
            .fetch_all(&mut *transaction)
            .await
            .map_err(told)?;
            claims.push((*table, *stream, through.flatten(), held));
        }
        drop(transaction);
        let after = self.account.showing();
        for (table, stream, through, held) in claims {
            let Some(through) = through else { continue };
            let held: std::collections::HashSet<String> = held.into_iter().collect();
            for (key, shown) in before
                .iter()
                .filter(|(key, shown)| key.0 == table && after.get(*key) == Some(shown))
            {
                let is_due = match shown.time {
                    _ if stream.is_empty() => shown.since < through,
                    Some(time) if time < through => {
                        let covering: Vec<&CompleteSlice> = slices
                            .iter()
                            .filter(|slice| {
                                slice.stream == stream && slice.since <= time && time < slice.until
                            })
                            .collect();
                        if covering.is_empty() {
                            return Err(format!("{table} is claimed at {time} and no slice has read that"));
                        }
                        covering.iter().any(|slice| slice.started_at > shown.since)
                    }
                    _ => false,
                };
                if is_due && !held.contains(&key.1) {
                    let of_stream = slices.iter().filter(|slice| slice.stream == stream);
                    let of_stream: Vec<String> = of_stream
                        .map(|slice| format!("{} to {}: {}", slice.since, slice.until, slice.found))
                        .collect();
                    let of_stream = of_stream.join("\n");
                    return Err(format!(
                        "{table} is claimed through {through}, and {key:?}, {shown:?}, is missing; complete are\n{of_stream}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// No fault any more, and everything is due again: then the tables are the truth.
    async fn calm_down(&self) -> Result<(), String> {
        self.account.sandbox.clear_faults();
        let mut flawed = Vec::new();
        // What is absent is believed to be gone when it was absent twice.
        for _ in 0..3 {
            self.make_due().await;
            flawed = flaws(&self.run_once().await?);
        }
        self.look().await.map_err(|what| format!("in the calm: {what}"))?;
        if !flawed.is_empty() {
            return Err(format!("not complete in the calm: {flawed:?}"));
        }
        for table in self.kind.compared() {
            self.compare(table).await?;
        }
        Ok(())
    }

    /// All rounds of re-reads begin, and lists are read to their ends.
    async fn make_due(&self) {
        for statement in [
            "insert into sync.rereads as r (source, stream, partition, span, round_started_at, pending)
             select source, stream, partition, '10000 days', clock_timestamp(), covered from sync.coverage where source = $1
             on conflict (source, stream, partition, span) do update set pending = excluded.pending",
            "update sync.coverage set full_read_at = null, unfiltered_read_at = null where source = $1",
        ] {
            self.sea.execute(statement, &self.source).await;
        }
    }

    async fn compare(&self, table: &str) -> Result<(), String> {
        let (ids, records): (Vec<String>, Vec<String>) = self
            .kind
            .snapshot(&self.account.sandbox, table)
            .into_iter()
            .unzip();
        let listed = if table == "agents" { "and is_listed" } else { "" };
        let query = format!(
            "select coalesce(t.id, v.id) || case when v.id is null then ' is extra' when t.id is null then ' is missing'
                    else ' differs in ' || (select string_agg(m.key || ': ' || coalesce(t.raw -> m.key, 'null') || ', not ' || m.value, '; ')
                        from jsonb_each(case when jsonb_typeof(v.raw::jsonb) = 'object' then v.raw::jsonb else '{{}}' end) as m where m.value is distinct from t.raw -> m.key) end
             from (select id, raw from warehouse.{table} where source = $1 and deleted_at is null {listed}) as t
             full join unnest($2::text[], $3::text[]) as v (id, raw) on v.id = t.id
             where t.id is null or v.id is null or case when jsonb_typeof(t.raw) = 'object' then t.raw - $4::text[] <> v.raw::jsonb - $4::text[]
                 else t.raw <> v.raw::jsonb end order by 1"
        );
        let wrong: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query))
            .bind(&self.source)
            .bind(&ids)
            .bind(&records)
            .bind(if self.kind == Kind::Convertalk {
                &MOVING[..]
            } else {
                &[]
            })
            .fetch_all(&self.sea.pool)
            .await
            .map_err(|error| error.to_string())?;
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{table}: {} of {}: {:?} ...",
            wrong.len(),
            ids.len(),
            &wrong[..wrong.len().min(3)]
        ))
    }

    /// The same settings for a process of its own.
    fn settings_text(&self) -> String {
        let source = &self.settings.sources[&self.source];
        let mut lines = vec![
            format!("[sources.{}]", self.source),
            format!("vendor = \"{}\"", self.kind.vendor()),
            format!("base_url = \"{}\"", source.base_url.as_ref().expect("it is set")),
            format!("since = \"{}\"", source.since.expect("it is set").to_rfc3339()),
            "requests_per_minute = 60000".to_owned(),
        ];
        lines.extend(source.time_zone.map(|zone| format!("time_zone = \"{zone}\"")));
        lines.extend(
            source
                .secrets
                .iter()
                .map(|(key, secret)| format!("{key} = \"{}\"", secret.expose_secret())),
        );
        lines.extend(source.options.iter().map(|(key, values)| match *key {
            "bot_ids" => format!("{key} = {values:?}"),
            "page_size" => format!("{key} = {}", values.concat()),
            _ => format!("{key} = \"{}\"", values.concat()),
        }));
        for (name, stream) in &source.streams {
            lines.push(format!("[sources.{}.streams.{name}]", self.source));
            if stream.enabled == Some(false) {
                lines.push("enabled = false".to_owned());
                continue;
            }
            lines.push("delete_limit = 1.0".to_owned());
            // Longer spans than settings may have are those of lists without a beginning, and change nothing here.
            let span = stream
                .max_span
                .filter(|span| *span <= Duration::from_hours(366 * 24));
            lines.extend(span.map(|span| format!("max_span = \"{}s\"", span.as_secs())));
        }
        lines.join("\n")
    }
}

/// Runs every stream of the one source, as `sync` does it. What is derived from all rows of the warehouse is left out: it would be
/// derived anew for every run of every storm, and storms look at none of it.
async fn sync(warehouse: &Warehouse, settings: &Settings) -> Result<Vec<RunReport>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{error:#}");
    let budget = Arc::new(WarehouseBudget::new(warehouse.clone()));
    let mut sources = commands::build_sources(settings, budget).map_err(|error| told(&error))?;
    let source = sources.pop().expect("there is one source");
    let (stop, wait) = (CancellationToken::new(), LeaseWait::OnePeriod);
    let held = open_source(
        warehouse,
        &source.name,
        settings.lease,
        wait,
        &stop,
        no_observer(),
    )
    .await
    .map_err(|error| told(&error))?;
    let specs: Vec<&StreamSpec> = source.streams.iter().map(|stream| &stream.spec).collect();
    let prepared = prepare_source(&specs, &held.session).await;
    let mut runs = JoinSet::new();
    if prepared.is_ok() {
        for stream in source.streams {
            let session = held.session.clone();
            let options = RunOptions {
                ignores_retries: true,
            };
            runs.spawn(async move { run_stream(&stream.spec, &session, options, || false).await });
        }
    }
    let reports = runs.join_all().await;
    held.release().await;
    prepared.map(|()| reports).map_err(|error| told(&error))
}

fn settings_of(sea: &Sea, sandbox: &Sandbox, kind: Kind, name: &str, dice: &mut Rng) -> Settings {
    let vendor = connectors::vendors::find_vendor(kind.vendor()).expect("a vendor");
    let secret = |name| (name, SecretString::from("sandbox-token".to_owned()));
    let (url, secrets, options) = match kind {
        Kind::Convoso => (sandbox.convoso_url(), vec![secret("token")], vec![]),
        Kind::Converz => (
            sandbox.converz_url(),
            vec![secret("api_key")],
            vec![("page_size", vec!["100".to_owned()])],
        ),
        Kind::Conversocial => (
            sandbox.conversocial_url(),
            vec![secret("token_secret")],
            vec![("token_name", vec![sandbox::conversocial::TOKEN_NAME.to_owned()])],
        ),
        Kind::Convertalk => (
            sandbox.convertalk_url(),
            vec![secret("bot_token")],
            vec![
                ("customer_id", vec![CUSTOMER.to_owned()]),
                ("bot_ids", BOTS.map(str::to_owned).to_vec()),
            ],
        ),
    };
    let span = Duration::from_hours(dice.u64(4..30));
    let stream = |name: &'static str| StreamSettings {
        enabled: Some(kind.streams().contains(&name)),
        max_span: match name {
            // Windows are cut at its multiples, of which none lies near: history without a beginning is one window.
            "leads" | "deleted_leads" | "archived_leads" => Some(Duration::from_hours(24 * 40_000)),
            "calls" | "conversations" => Some(span),
            _ => None,
        },
        delete_limit: Some(1.0),
        ..StreamSettings::default()
    };
    let source = Source {
        name: name.to_owned(),
        vendor,
        allow_plain_http: false,
        base_url: Some(url.parse().expect("the sandbox has a URL")),
        secrets: secrets.into_iter().collect(),
        options: options.into_iter().collect(),
        time_zone: (kind == Kind::Convoso).then_some(Tz::UTC),
        default_region: None,
        since: Some(sandbox.now() - TimeDelta::days(i64::from(DAYS) + 1)),
        schedule: None,
        requests_per_minute: Some(60_000),
        max_in_flight: None,
        timeout: Some(Duration::from_secs(10)),
        streams: vendor
            .streams
            .iter()
            .map(|one| (one.name.to_owned(), stream(one.name)))
            .collect(),
    };
    Settings {
        warehouse: settings::Warehouse {
            url: sea.database.secret(),
            max_connections: 16,
            pooler: false,
        },
        limits: Limits::default(),
        lease: Duration::from_secs(30),
        server: settings::Server::off(),
        history: settings::History::default(),
        alerts: settings::Alerts::default(),
        retention: settings::Retention::default(),
        sources: BTreeMap::from([(name.to_owned(), source)]),
    }
}
