//! How fast calls load, beside what Postgres itself can do with the same rows. It judges nothing; it prints figures.
//!
//! `cargo bench` runs it. A benchmark rather than a command of the binary, because it needs a throw-away database and a second
//! process, and because operators have no use for it. The simulated vendor and the sync run in processes of their own, so
//! that the memory of the sync is that of a real one.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connectors::schema::Batch;
use connectors::source::{Extent, Slice, Window};
use convene::commands;
use convene::engine::StreamSpec;
use convene::transport::{InMemoryBudget, Priority};
use convene::warehouse::{
    Lease, LedgerSlice, Load, NewSlice, PartitionSpec, Purpose, StreamEntry, Traffic, Warehouse,
};
use embedded::Embedded;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Days of history of the simulated account.
const DAYS: u32 = 20;
/// Calls on each day.
const CALLS_PER_DAY: u32 = 10_000;
/// Pads comments, so that a call is about 1 KB of JSON.
const COMMENT_BYTES: u32 = 330;
/// How often everything is measured; medians are printed.
const ROUNDS: usize = 3;
/// Rows of one transaction of the loader alone.
const BATCH_ROWS: usize = 1_000;

/// What one measurement gave.
#[derive(Clone, Copy)]
struct Figure {
    rows: i64,
    seconds: f64,
    peak_mib: Option<f64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test` builds and starts benchmarks too; there is nothing to test here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let embedded = Embedded::start().await?;
    println!("Postgres: {}", embedded.way());
    let vendor = Vendor::start()?;
    let bench = Bench {
        embedded: &embedded,
        vendor: &vendor,
        folder: std::env::temp_dir(),
    };
    let batches = bench.read_batches().await?;
    let mut figures: [Vec<Figure>; 5] = Default::default();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS} ...");
        let (whole, again, copied) = bench.whole_and_copy(round).await?;
        figures[0].push(copied);
        let (loader, loader_again) = bench.loader(round, &batches).await?;
        figures[1].push(loader);
        figures[2].push(loader_again);
        figures[3].push(whole);
        figures[4].push(again);
    }
    print(&figures);
    drop(vendor);
    embedded.stop().await?;
    Ok(())
}

fn print(figures: &[Vec<Figure>; 5]) {
    let names = [
        "bare binary COPY, one statement",
        "the loader alone",
        "the loader again, nothing changed",
        "the whole way",
        "the whole way again, nothing changed",
    ];
    let rates: Vec<f64> = figures
        .iter()
        .map(|all| median(all.iter().map(rate).collect()))
        .collect();
    println!(
        "\n{:<38}{:>10}{:>12}{:>12}{:>12}",
        "", "rows", "rows/s", "x COPY", "peak MiB"
    );
    for ((name, all), own) in names.iter().zip(figures).zip(&rates) {
        let peak = all
            .iter()
            .filter_map(|figure| figure.peak_mib)
            .fold(f64::NAN, f64::max);
        let peak = if peak.is_nan() {
            String::new()
        } else {
            format!("{peak:.0}")
        };
        println!(
            "{name:<38}{:>10}{own:>12.0}{:>12.2}{peak:>12}",
            all[0].rows,
            own / rates[0]
        );
    }
    println!(
        "\nUnchanged rows over new ones: {:.1} x (loader)",
        rates[2] / rates[1]
    );
    println!(
        "Unchanged rows over new ones: {:.1} x (the whole way)",
        rates[4] / rates[3]
    );
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
fn rate(figure: &Figure) -> f64 {
    figure.rows as f64 / figure.seconds
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The simulated vendor in a process of its own.
struct Vendor {
    process: Child,
    url: String,
}

impl Vendor {
    fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_convene"))
            .args(["sandbox", "--frozen", "--listen", "127.0.0.1:0"])
            .args([
                "--days",
                &DAYS.to_string(),
                "--calls-per-day",
                &CALLS_PER_DAY.to_string(),
            ])
            .args(["--comment-bytes", &COMMENT_BYTES.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().map(BufReader::new);
        let lines = output
            .into_iter()
            .flat_map(BufReader::lines)
            .map_while(Result::ok);
        let url = lines.filter_map(|line| {
            line.strip_prefix("base_url = ")
                .map(|url| url.trim_matches('"').to_owned())
        });
        let url = url.take(1).next();
        Ok(Self {
            process,
            url: url.ok_or_else(|| anyhow::anyhow!("the simulated vendor does not start"))?,
        })
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Bench<'a> {
    embedded: &'a Embedded,
    vendor: &'a Vendor,
    folder: PathBuf,
}

impl Bench<'_> {
    /// A database with the schema and without rows.
    async fn database(&self, name: &str) -> anyhow::Result<Warehouse> {
        let mut server = PgConnection::connect(&self.embedded.url("postgres")).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut server)
            .await?;
        let warehouse = Warehouse::connect(&SecretString::from(self.embedded.url(name)), 4).await?;
        warehouse.migrate().await?;
        sqlx::query("checkpoint").execute(&mut server).await?;
        Ok(warehouse)
    }

    async fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        let mut server = PgConnection::connect(&self.embedded.url("postgres")).await?;
        sqlx::query(AssertSqlSafe(format!("drop database {name} with (force)")))
            .execute(&mut server)
            .await?;
        Ok(())
    }

    /// The whole way, the same again over unchanged rows, and a bare COPY of what it loaded into an empty twin.
    async fn whole_and_copy(&self, round: usize) -> anyhow::Result<(Figure, Figure, Figure)> {
        let name = format!("whole_{round}");
        self.database(&name).await?.close().await;
        let whole = self.sync(&name).await?;
        let mut own = PgConnection::connect(&self.embedded.url(&name)).await?;
        // Everything is to be read again, as a trailing re-read does.
        let due =
            "insert into sync.rereads select source, stream, '1000 days', now(), covered from sync.coverage";
        sqlx::query(due).execute(&mut own).await?;
        calm(&mut own).await?;
        let again = self.sync(&name).await?;
        let copied = self.copy(&mut own, round).await?;
        own.close().await?;
        self.drop_database(&name).await?;
        Ok((
            Figure {
                rows: copied.rows,
                ..whole
            },
            Figure {
                rows: copied.rows,
                ..again
            },
            copied,
        ))
    }

    /// One run of the binary.
    async fn sync(&self, database: &str) -> anyhow::Result<Figure> {
        let settings = self
            .folder
            .join(format!("convene-bench-{}.toml", std::process::id()));
        std::fs::write(&settings, self.settings())?;
        let begin = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_convene"))
            .args(["sync", "bench.calls", "--config"])
            .arg(&settings)
            .env("DATABASE_URL", self.embedded.url(database))
            .stdout(Stdio::null())
            .spawn()?;
        let mut peak_mib = None;
        let ended = loop {
            peak_mib = peak(process.id()).or(peak_mib);
            match process.try_wait()? {
                Some(ended) => break ended,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let seconds = begin.elapsed().as_secs_f64();
        std::fs::remove_file(&settings)?;
        anyhow::ensure!(ended.success(), "the sync was not complete");
        Ok(Figure {
            rows: 0,
            seconds,
            peak_mib,
        })
    }

    fn settings(&self) -> String {
        format!(
            "[sources.bench]\nvendor = \"convoso\"\nbase_url = \"{}\"\ntoken = \"sandbox-token\"\nsince = \"{}\"\n\
             requests_per_minute = 60000\n",
            self.vendor.url,
            since().to_rfc3339()
        )
    }

    /// The limit: the rows as binary tuples, in one statement a table, on one connection.
    async fn copy(&self, from: &mut PgConnection, round: usize) -> anyhow::Result<Figure> {
        let name = format!("copy_{round}");
        self.database(&name).await?.close().await;
        let mut to = PgConnection::connect(&self.embedded.url(&name)).await?;
        let mut figure = Figure {
            rows: 0,
            seconds: 0.0,
            peak_mib: None,
        };
        for table in ["warehouse.calls", "warehouse.recordings"] {
            let tuples = take_out(from, table).await?;
            let begin = Instant::now();
            let mut copy = to
                .copy_in_raw(&format!("copy {table} from stdin (format binary)"))
                .await?;
            for part in tuples.chunks(1 << 20) {
                copy.send(part).await?;
            }
            figure.rows += i64::try_from(copy.finish().await?)?;
            figure.seconds += begin.elapsed().as_secs_f64();
        }
        to.close().await?;
        self.drop_database(&name).await?;
        Ok(figure)
    }

    /// The pages of the whole history, read before the clock starts.
    async fn read_batches(&self) -> anyhow::Result<Vec<Batch>> {
        let spec = self.calls()?;
        let policy = spec.mode.window_policy();
        let max_span = policy
            .ok_or_else(|| anyhow::anyhow!("calls are read by windows"))?
            .max_span;
        let mut batches: Vec<Batch> = Vec::new();
        let (mut at, end, mut met) = (since(), now(), HashSet::new());
        while let Some(window) = Window::new(at, (at + max_span).min(end)) {
            let slice = Slice {
                partition: String::new(),
                extent: Extent::Window {
                    window,
                    is_open: false,
                },
                started_at: end,
            };
            let mut reader = spec.stream.open(spec.account.clone(), slice, spec.limits.slice);
            while let Some(request) = reader.request() {
                let reply = spec.client.send_request(&request, Priority::Live).await?;
                let mut page = reader.accept(&reply.response)?;
                // Rows of the second at the edge of a slice come twice.
                for rows in page.batch.rows_mut() {
                    let name = rows.table().name;
                    let keep: Vec<bool> = rows
                        .ids()
                        .iter()
                        .map(|id| met.insert(format!("{name} {id}")))
                        .collect();
                    rows.retain(&keep);
                }
                page.batch.stamp(end);
                match batches.last_mut() {
                    Some(last) if last.len() + page.batch.len() <= BATCH_ROWS => last.append(page.batch),
                    _ => batches.push(page.batch),
                }
            }
            at = window.until;
        }
        Ok(batches)
    }

    fn calls(&self) -> anyhow::Result<StreamSpec> {
        let file = self
            .folder
            .join(format!("convene-bench-{}-own.toml", std::process::id()));
        std::fs::write(&file, self.settings())?;
        let settings = commands::load_settings(std::slice::from_ref(&file));
        std::fs::remove_file(&file)?;
        let sources = commands::build_sources(&settings?, Arc::new(InMemoryBudget::default()))?;
        let streams = sources.into_iter().flat_map(|source| source.streams);
        let mut specs = streams.map(|stream| stream.spec);
        specs
            .find(|spec| spec.name() == "calls")
            .ok_or_else(|| anyhow::anyhow!("the source has calls"))
    }

    /// The loader alone, on one connection: rows that are new, and then the same again.
    async fn loader(&self, round: usize, batches: &[Batch]) -> anyhow::Result<(Figure, Figure)> {
        let name = format!("loader_{round}");
        let warehouse = self.database(&name).await?;
        let first = pass(&warehouse, batches, true).await?;
        calm(&mut PgConnection::connect(&self.embedded.url(&name)).await?).await?;
        let again = pass(&warehouse, batches, false).await?;
        warehouse.close().await;
        self.drop_database(&name).await?;
        Ok((first, again))
    }
}

/// Loads all batches as one slice.
async fn pass(warehouse: &Warehouse, batches: &[Batch], is_new_ground: bool) -> anyhow::Result<Figure> {
    let lease = warehouse
        .acquire_lease("bench", "bench", Duration::from_millis(1))
        .await?;
    let slice = begin(warehouse, &lease).await?;
    let mut figure = Figure {
        rows: 0,
        seconds: 0.0,
        peak_mib: None,
    };
    for (sequence, batch) in (1..).zip(batches) {
        let load = Load {
            slice: &slice,
            sequence,
            at: since(),
            batch: batch.clone(),
            rejects: Vec::new(),
            faults: Vec::new(),
            duplicate_count: 0,
            is_new_ground,
            traffic: Traffic::default(),
            lookups: Vec::new(),
        };
        let begin = Instant::now();
        let counts = warehouse.load_batch(&lease, load).await?;
        figure.seconds += begin.elapsed().as_secs_f64();
        figure.rows += counts.inserted + counts.unchanged;
    }
    Ok(figure)
}

/// What the server does by itself within minutes of a large load, so that it does not fall into the next measurement.
async fn calm(connection: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::query("vacuum analyze").execute(&mut *connection).await?;
    sqlx::query("checkpoint").execute(&mut *connection).await?;
    Ok(())
}

async fn begin(warehouse: &Warehouse, lease: &Lease) -> anyhow::Result<LedgerSlice> {
    let entry = StreamEntry {
        stream: "calls",
        partition: "",
        mode: "windowed",
        fills: &[],
        completes: &[],
        depends_on: &[],
        identity: "bench",
    };
    warehouse.register_streams(lease, &[entry]).await?;
    let partition = PartitionSpec {
        stream: "calls",
        partition: "",
        since: Some(since()),
        default_since: None,
        lookback: chrono::TimeDelta::zero(),
        rereads: &[],
    };
    let coverage = warehouse.prepare_partition(lease, &partition, now()).await?;
    let new = NewSlice {
        run: warehouse.begin_run(lease, "calls", since()).await?,
        stream: "calls",
        partition: "",
        generation: coverage.generation,
        purpose: Purpose::Window,
        window: Some(Window {
            since: since(),
            until: now(),
        }),
        started_at: since(),
    };
    Ok(warehouse.begin_slice(lease, &new).await?)
}

async fn take_out(from: &mut PgConnection, table: &str) -> anyhow::Result<Vec<u8>> {
    use futures_util::TryStreamExt;
    let statement = format!("copy {table} to stdout (format binary)");
    let parts: Vec<_> = from.copy_out_raw(&statement).await?.try_collect().await?;
    Ok(parts.concat())
}

fn now() -> chrono::DateTime<chrono::Utc> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the history of the simulated account ends now"
    )]
    chrono::Utc::now()
}

fn since() -> chrono::DateTime<chrono::Utc> {
    let days = chrono::TimeDelta::days(i64::from(DAYS) + 1);
    chrono::SubsecRound::trunc_subsecs(now() - days, 0)
}

/// Peak memory of a process in MiB, where the system tells it.
fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
