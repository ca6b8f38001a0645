//! What commands and runs take with a year's ledger, beside a young one.

use sqlx::AssertSqlSafe;

use crate::Wanted;
use crate::cases::CASES;
use crate::database::Databases;
use crate::measure::median;

/// Slices in the ledger: of the first day, and of a year.
const SIZES: [u32; 2] = [3_000, 3_000_000];
/// How often each command is run.
const TIMES: usize = 5;

/// Measures them, and prints a table.
pub(crate) async fn measure_ledger(wanted: &Wanted, databases: &Databases) -> anyhow::Result<()> {
    let case = &CASES[0];
    let vendor = case.start(1).await?;
    let settings = case.settings(1, &vendor);
    println!(
        "\n{:<15}{:>12}{:>12}{:>12}",
        "", "status ms", "sync ms", "server s"
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
        println!(
            "{size:<15}{:>12.0}{:>12.0}{:>12.2}",
            median(status),
            median(sync),
            median(server)
        );
        database.remove().await?;
    }
    Ok(())
}

/// Slices of the past, ten of a run, as the daemon would have left them.
async fn fill(database: &crate::database::Database, slices: u32) -> anyhow::Result<()> {
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
