//! What commands, runs and the status page take with a year's ledger, beside a young one.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sqlx::AssertSqlSafe;

use crate::Wanted;
use crate::cases::CASES;
use crate::database::{Database, Databases};
use crate::measure::median;

/// Slices in the ledger: of the first day, and of a year.
const SIZES: [u32; 2] = [3_000, 3_000_000];
/// How often each command is run.
const TIMES: usize = 5;
/// How often each page is asked for.
const PAGE_TIMES: usize = 11;
/// What the daemon knows is asked for anew after this time, and only that is measured.
const PAGE_PAUSE: Duration = Duration::from_secs(1);
/// The pages.
const PAGES: [&str; 2] = ["/", "/streams/bench/calls"];
/// How long a daemon may take to be ready.
const LONGEST_START: Duration = Duration::from_secs(30);

/// Measures them, and prints a table.
pub(crate) async fn measure_ledger(wanted: &Wanted, databases: &Databases) -> anyhow::Result<()> {
    let case = &CASES[0];
    let vendor = case.start(1).await?;
    let settings = case.settings(1, &vendor);
    println!(
        "\n{:<15}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "", "status ms", "sync ms", "server s", "page ms", "stream ms"
    );
    for size in SIZES {
        let database = databases.create("ledger").await?;
        // Small lists, which are read whole with each run: what the run itself takes is all there is.
        let streams = ["bench.campaigns", "bench.agents", "bench.lists"];
        database
            .run(wanted, &[&["sync"], &streams[..]].concat(), &settings)
            .await?;
        fill(&database, size).await?;
        let (mut status, mut sync, mut server) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TIMES {
            status.push(database.run(wanted, &["status"], &settings).await?.seconds * 1e3);
            let figure = database
                .run(wanted, &[&["sync"], &streams[..]].concat(), &settings)
                .await?;
            sync.push(figure.seconds * 1e3);
            server.push(figure.cost.server_seconds);
        }
        let [page, stream] = time_pages(wanted, &database, &settings).await?;
        println!(
            "{size:<15}{:>12.0}{:>12.0}{:>12.2}{page:>12.1}{stream:>12.1}",
            median(status),
            median(sync),
            median(server)
        );
        database.remove().await?;
    }
    Ok(())
}

/// How many milliseconds a daemon takes to answer for each page.
async fn time_pages(wanted: &Wanted, database: &Database, settings: &str) -> anyhow::Result<[f64; 2]> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut daemon = database.start(wanted, &["run"], settings, &format!("{address}"))?;
    let begun_at = Instant::now();
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        client
            .get(format!("http://{address}{path}"))
            .send()
            .await?
            .error_for_status()
    };
    while get("/readyz").await.is_err() {
        anyhow::ensure!(
            begun_at.elapsed() < LONGEST_START,
            "The daemon does not get ready"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut medians = [0.0; 2];
    for (path, found) in PAGES.iter().zip(&mut medians) {
        let mut times = Vec::new();
        for _ in 0..PAGE_TIMES {
            tokio::time::sleep(PAGE_PAUSE).await;
            let asked_at = Instant::now();
            get(path).await.context("The page is not there")?.bytes().await?;
            times.push(asked_at.elapsed().as_secs_f64() * 1e3);
        }
        *found = median(times);
    }
    daemon.kill()?;
    daemon.wait()?;
    Ok(medians)
}

/// Slices of the past, ten of a run, as the daemon would have left them.
async fn fill(database: &Database, slices: u32) -> anyhow::Result<()> {
    let mut connection = database.connect().await?;
    for statement in [
        format!(
            "insert into sync.runs (source, stream, epoch, started_at, ended_at, state, slice_count)
             select 'bench', (array['calls', 'leads', 'agents', 'lists'])[1 + n % 4], 1, now() - n * interval '100 seconds',
                 now() - n * interval '100 seconds', 'complete', 10
             from generate_series({}, 1, -1) as n",
            slices / 10
        ),
        format!(
            "insert into sync.slices (run_id, source, stream, purpose, since, until, epoch, started_at, ended_at, state, evidence)
             select 1 + n / 10, 'bench', (array['calls', 'leads', 'agents', 'lists'])[1 + n % 4], 'window',
                 now() - (n + 1) * interval '10 seconds', now() - n * interval '10 seconds', 1,
                 now() - n * interval '10 seconds', now() - n * interval '10 seconds', 'complete',
                 '[{{\"kind\": \"total\", \"text\": \"as many as the vendor says\", \"count\": 1}}]'
             from generate_series({slices}, 1, -1) as n"
        ),
        "vacuum analyze".to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    Ok(())
}
