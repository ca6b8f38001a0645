//! How fast rows load, beside what Postgres itself can do with the same rows. It judges nothing; it prints figures.
//!
//! `cargo bench` runs it; `cargo bench -- --help` tells what can be asked for. A benchmark rather than a command of the binary,
//! because it needs a throw-away database, and because operators have no use for it. The sync is a process of its own, so that its
//! memory is that of a real one.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod cases;
mod database;
mod leads;
mod ledger;
mod limit;
mod measure;

use std::path::PathBuf;
use std::sync::Arc;

use embedded::Embedded;

use cases::{CASES, Case, Vendor};
use database::Databases;
use measure::{Cost, Figure, median};

const HELP: &str = "\
cargo bench --bench load -- [OPTIONS] [CASE ...]

  CASE           calls, leads, day, conversations, ledger or limit; all of them by default
  --rounds N     how often each case is measured; medians are printed (default 3)
  --scale N      so many times as many rows (default 1); 5 makes a million of a day's calls
  --minutes N    how long the case `limit` lasts (default 2)
  --binary PATH  another build of the daemon, to compare two in turn
";

/// What is to be measured.
pub(crate) struct Wanted {
    names: Vec<String>,
    rounds: usize,
    /// So many times as many rows.
    pub(crate) scale: u32,
    /// How long the limit is used.
    pub(crate) minutes: u32,
    /// The daemon's program.
    pub(crate) binary: PathBuf,
}

impl Wanted {
    /// Nothing where `cargo test` starts it, which builds and starts benchmarks too.
    fn read() -> Option<Self> {
        let mut arguments = std::env::args().skip(1).peekable();
        let mut wanted = Self {
            names: Vec::new(),
            rounds: 3,
            scale: 1,
            minutes: 2,
            binary: env!("CARGO_BIN_EXE_convene").into(),
        };
        let mut is_bench = false;
        while let Some(argument) = arguments.next() {
            let number = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok());
            match argument.as_str() {
                "--bench" => is_bench = true,
                "--rounds" => wanted.rounds = number(arguments.next())?.max(1) as usize,
                "--scale" => wanted.scale = number(arguments.next())?.max(1),
                "--minutes" => wanted.minutes = number(arguments.next())?.max(1),
                "--binary" => wanted.binary = arguments.next()?.into(),
                name if !name.starts_with('-') => wanted.names.push(name.to_owned()),
                _ => {
                    println!("{HELP}");
                    return None;
                }
            }
        }
        is_bench.then_some(wanted)
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Some(wanted) = Wanted::read() else {
        return Ok(());
    };
    let embedded = Arc::new(Embedded::start().await?);
    println!("Postgres: {}", embedded.way());
    let databases = Databases::of(embedded.clone());
    let mut lines = Vec::new();
    for case in CASES.iter().filter(|case| wanted.wants(case.name)) {
        lines.push(measure_case(&wanted, &databases, case).await?);
    }
    print_summary(&lines);
    if wanted.wants("ledger") {
        ledger::measure_ledger(&wanted, &databases).await?;
    }
    if wanted.wants("limit") {
        limit::measure_limit(&wanted, &databases).await?;
    }
    if let Some(embedded) = Arc::into_inner(drop_databases(databases, embedded)) {
        embedded.stop().await?;
    }
    Ok(())
}

fn drop_databases(databases: Databases, embedded: Arc<Embedded>) -> Arc<Embedded> {
    drop(databases);
    embedded
}

/// What the rounds of a case gave.
struct Line {
    name: &'static str,
    rounds: Vec<Round>,
}

/// What one round gave.
struct Round {
    first: Figure,
    again: Figure,
    copied: Figure,
}

async fn measure_case(wanted: &Wanted, databases: &Databases, case: &Case) -> anyhow::Result<Line> {
    let vendor = case.start(wanted.scale).await?;
    let mut rounds = Vec::new();
    for number in 1..=wanted.rounds {
        println!("{}: round {number} of {} ...", case.name, wanted.rounds);
        rounds.push(measure_round(wanted, databases, case, &vendor).await?);
    }
    Ok(Line {
        name: case.name,
        rounds,
    })
}

/// The whole way from HTTP to the table, the same again over unchanged rows, and a bare COPY of what was loaded into empty twins.
async fn measure_round(
    wanted: &Wanted,
    databases: &Databases,
    case: &Case,
    vendor: &Vendor,
) -> anyhow::Result<Round> {
    let database = databases.create("whole").await?;
    database.skip_unfiltered(case).await?;
    let mut first = database.sync(wanted, case, vendor).await?;
    let row_count = database.count_rows().await?;
    database.make_due_again().await?;
    database.calm().await?;
    let written = database.tuples_written().await?;
    let mut again = database.sync(wanted, case, vendor).await?;
    anyhow::ensure!(
        database.tuples_written().await? == written,
        "{}: unchanged rows were written",
        case.name
    );
    let twin = databases.create("twin").await?;
    let copied = database.copy_into(&twin).await?;
    anyhow::ensure!(
        copied.rows == row_count,
        "{}: rows were lost on the way",
        case.name
    );
    (first.rows, again.rows) = (row_count, row_count);
    twin.remove().await?;
    database.remove().await?;
    Ok(Round { first, again, copied })
}

fn print_summary(lines: &[Line]) {
    println!(
        "\n{:<15}{:>9}{:>11}{:>9}{:>9}{:>11}{:>10}{:>11}{:>11}{:>11}{:>9}",
        "", "rows", "COPY/s", "first", "again", "peak MiB", "again", "CPU s/M", "server", "COPY's", "then s"
    );
    println!(
        "{:<15}{:>9}{:>11}{:>9}{:>9}{:>11}{:>10}{:>11}{:>11}{:>11}{:>9}",
        "", "", "", "x COPY", "x first", "first", "", "ours", "s/M", "server s/M", "first"
    );
    for Line { name, rounds } in lines {
        let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
        let most = |figure: &dyn Fn(&Round) -> f64| rounds.iter().map(figure).fold(0.0, f64::max);
        println!(
            "{name:<15}{:>9}{:>11.0}{:>9.2}{:>9.1}{:>11.1}{:>10.1}{:>11.1}{:>11.1}{:>11.1}{:>9.1}",
            rounds[0].first.rows,
            of(&|round| round.copied.rate()),
            of(&|round| round.first.rate() / round.copied.rate()),
            of(&|round| round.again.rate() / round.first.rate()),
            most(&|round| round.first.cost.peak_mib),
            most(&|round| round.again.cost.peak_mib),
            of(&|round| round.first.per_million(|cost| cost.own_seconds)),
            of(&|round| round.first.per_million(|cost| cost.server_seconds)),
            of(&|round| round.copied.per_million(|cost: &Cost| cost.server_seconds)),
            of(&|round| round.first.derive_seconds),
        );
    }
}
