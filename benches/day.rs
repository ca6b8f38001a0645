//! Whether a Converz day of a million calls, in an order that changes with every request, loads whole within bounded memory.
//!
//! `cargo bench --bench day` runs it. The sync is a process of its own, so that its peak is that of a real one; the simulated
//! vendor draws each call from its number and holds none.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{NaiveTime, TimeDelta};
use convene::warehouse::Warehouse;
use embedded::Embedded;
use sandbox::converz::Order;
use sandbox::{Options, Sandbox};
use secrecy::SecretString;
use sqlx::{Connection, PgConnection};

/// Calls of the day, unless the variable says another number.
const CALLS: u32 = 1_000_000;
const VARIABLE: &str = "CONVENE_BENCH_CALLS";
/// Pads summaries, so that a call is about 1 KB of JSON.
const SUMMARY_BYTES: usize = 500;
/// The most memory that the sync may take.
const LIMIT_MIB: f64 = 96.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test` builds and starts benchmarks too; there is nothing to test here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let embedded = Embedded::start().await?;
    println!("Postgres: {}", embedded.way());
    let sandbox = Sandbox::start(options()).await?;
    sandbox.converz().quirks(|quirks| quirks.order = Order::Shuffled);
    let url = embedded.url("postgres");
    let warehouse = Warehouse::connect(&SecretString::from(url.clone()), 2).await?;
    warehouse.migrate().await?;
    warehouse.close().await;
    let begin = Instant::now();
    let peak_mib = sync(&sandbox, &url).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let row_count = rows(&url).await?;
    let call_count = sandbox.converz().call_count();
    println!("{row_count} of {call_count} calls in {seconds:.0} s, peak {peak_mib:.1} MiB");
    embedded.stop().await?;
    anyhow::ensure!(usize::try_from(row_count)? == call_count, "calls are missing");
    anyhow::ensure!(peak_mib <= LIMIT_MIB, "more than {LIMIT_MIB} MiB");
    Ok(())
}

/// A tenant with one day of calls, which ended at the last midnight.
fn options() -> Options {
    #[expect(
        clippy::disallowed_methods,
        reason = "the history of the simulated account ends today"
    )]
    let today = chrono::Utc::now().date_naive();
    let calls = std::env::var(VARIABLE).ok().and_then(|text| text.parse().ok());
    Options {
        days: 1,
        calls_per_day: 40,
        comment_bytes: SUMMARY_BYTES,
        converz_calls_per_day: calls.unwrap_or(CALLS),
        ..Options::new(today.and_time(NaiveTime::MIN).and_utc())
    }
}

/// One run of the binary; its peak memory.
async fn sync(sandbox: &Sandbox, database_url: &str) -> anyhow::Result<f64> {
    let settings = std::env::temp_dir().join(format!("convene-bench-day-{}.toml", std::process::id()));
    let text = format!(
        "[sources.day]\nvendor = \"converz\"\nbase_url = \"{}\"\napi_key = \"sandbox-token\"\nsince = \"{}\"\n\
         requests_per_minute = 60000\n",
        sandbox.converz_url(),
        (sandbox.now() - TimeDelta::days(1)).to_rfc3339()
    );
    std::fs::write(&settings, text)?;
    let mut process = Command::new(env!("CARGO_BIN_EXE_convene"))
        .args(["sync", "day.calls", "--config"])
        .arg(&settings)
        .env("DATABASE_URL", database_url)
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_mib = 0.0;
    let ended = loop {
        peak_mib = peak(process.id()).unwrap_or(peak_mib);
        match process.try_wait()? {
            Some(ended) => break ended,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    std::fs::remove_file(&settings)?;
    anyhow::ensure!(ended.success(), "the sync was not complete");
    Ok(peak_mib)
}

async fn rows(url: &str) -> anyhow::Result<i64> {
    let mut connection = PgConnection::connect(url).await?;
    let count = sqlx::query_scalar("select count(*) from warehouse.calls");
    Ok(count.fetch_one(&mut connection).await?)
}

/// Peak memory of a process in MiB, where the system tells it.
fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
