//! The commands as they are typed: they read arguments, call `commands`, and print.

mod adopt;
mod backfill;
mod check;
mod columns;
mod completions;
mod config;
mod confirm_deletions;
mod demo;
mod dictionary;
mod drift;
mod explain;
mod health;
mod migrate;
mod output;
mod pause;
mod person;
mod progress;
mod rejects;
mod remake;
mod replay;
mod run;
mod runs;
mod sandbox;
mod status;
mod sync;
mod top;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use tokio_util::sync::CancellationToken;

use crate::commands::{self, SelectionError};
use crate::settings::Problems;
use crate::telemetry::{LogFormat, Telemetry};

use output::print_error;

/// Everything is complete.
const COMPLETE: u8 = 0;
/// Something failed, or is incomplete.
const INCOMPLETE: u8 = 1;
/// The settings or the arguments are wrong.
const USAGE: u8 = 2;

/// Keeps a Postgres warehouse in step with contact-centre vendors, and proves up to when each table is complete.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// A settings file; later ones win. Default: config/default.toml, then config/local.toml
    #[arg(long = "config", value_name = "FILE", global = true)]
    files: Vec<PathBuf>,
    /// The form of log lines, which go to standard error; `RUST_LOG` says how much is logged
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    log_format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Own Postgres, simulated vendors, a sync of everything, and the tables to look at
    Demo(demo::Demo),
    /// The daemon: keep the warehouse in step until stopped
    Run,
    /// One run now; exit code 0 only if every slice was complete
    Sync(sync::Sync),
    /// Try settings, database and the credentials of every source
    Check,
    /// Up to when each stream is complete
    Status(status::Status),
    /// Whether the running daemon is well; exit code 0 only if it is
    Health(health::Health),
    /// Believe the deletions that are held, of a source or of one stream; works while the daemon runs
    ConfirmDeletions(confirm_deletions::ConfirmDeletions),
    /// Take the account that a source shows now, although it shares nothing with the one whose rows are stored
    Adopt(adopt::Adopt),
    /// Who stands behind a lead or a contact, over all vendors, and why
    Person(person::Person),
    /// What ran; and one run with its slices and what proves them
    Runs(runs::Runs),
    /// Hold the tables against what was put into them and against the vendors, and load what is missing
    Verify(verify::Verify),
    /// Make typed columns again from what is stored, after the mapping was mended; asks nothing of the vendors
    Replay(replay::Replay),
    /// Make what the marts keep of calls again, day by day; answers stay right meanwhile
    Remake(remake::Remake),
    /// What runs now, again and again
    Top(top::Top),
    /// Where a row comes from, and why it may be believed
    Explain(explain::Explain),
    /// Records that could not be read
    Rejects(rejects::Rejects),
    /// Fields that appeared at the vendors or vanished, and fields that cannot be read
    Drift(drift::Drift),
    /// The settings in effect and where each comes from; secrets are hidden
    Config(config::Config),
    /// What every table and column means, from the comments in the database
    Dictionary(dictionary::Dictionary),
    /// What a shell needs to complete these commands
    Completions(completions::Completions),
    /// Leave a source, or one of its streams, alone until it is resumed; works while the daemon runs
    Pause(pause::Pause),
    /// Read a source, or one of its streams, again; one that failed is tried at once
    Resume(pause::Resume),
    /// Read a range of the past, whether it was read before or not: its price first, then through the daemon, or here
    Backfill(backfill::Backfill),
    /// Bring the schema of the warehouse up to date
    Migrate(migrate::Migrate),
    /// The simulated vendors alone
    Sandbox(sandbox::Sandbox),
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    forbid_core_dumps();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print_error(&format!("The process cannot start: {error}"));
            return ExitCode::from(INCOMPLETE);
        }
    };
    let code = match runtime.block_on(dispatch_command(&arguments)) {
        Ok(code) => code,
        Err(error) => {
            print_error(&format!("{error:#}"));
            let is_usage = error.is::<Problems>() || error.is::<SelectionError>();
            if is_usage { USAGE } else { INCOMPLETE }
        }
    };
    ExitCode::from(code)
}

/// No picture of the memory is left behind where the process dies: it would hold tokens and records. The kernel takes a limit
/// of one byte as "not even through a pipe", which it does not with none.
fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Core).maximum.map_or(1, |most| most.min(1));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // Lowering one's own limit is always allowed.
    let _ = setrlimit(Resource::Core, limit);
}

async fn dispatch_command(arguments: &Arguments) -> anyhow::Result<u8> {
    let telemetry = Telemetry::start(log_format(arguments.log_format), log_level(&arguments.command));
    let outcome = run_command(arguments).await;
    telemetry.end().await;
    outcome
}

async fn run_command(arguments: &Arguments) -> anyhow::Result<u8> {
    match &arguments.command {
        Command::Demo(demo) => demo.run(&stop_on_signal()?).await,
        Command::Sandbox(sandbox) => sandbox.run(&stop_on_signal()?).await,
        Command::Completions(completions) => Ok(completions.run(Arguments::command())),
        command => {
            let settings = commands::load_settings(&arguments.files)?;
            match command {
                Command::Run => run::run_daemon(&settings, &arguments.files, &stop_on_signal()?).await,
                Command::Sync(sync) => sync.run(&settings, &stop_on_signal()?).await,
                Command::Check => check::check_everything(&settings).await,
                Command::ConfirmDeletions(confirm) => confirm.run(&settings).await,
                Command::Pause(pause) => pause.run(&settings).await,
                Command::Resume(resume) => resume.run(&settings).await,
                Command::Backfill(backfill) => backfill.run(&settings, &stop_on_signal()?).await,
                Command::Adopt(adopt) => adopt.run(&settings).await,
                Command::Status(status) => status.run(&settings).await,
                Command::Health(health) => health.run(&settings).await,
                Command::Person(person) => person.run(&settings).await,
                Command::Migrate(migrate) => migrate.run(&settings).await,
                Command::Runs(runs) => runs.run(&settings).await,
                Command::Verify(verify) => verify.run(&settings, &stop_on_signal()?).await,
                Command::Replay(replay) => replay.run(&settings, &stop_on_signal()?).await,
                Command::Remake(remake) => remake.run(&settings).await,
                Command::Top(top) => top.run(&settings, &stop_on_signal()?).await,
                Command::Explain(explain) => explain.run(&settings).await,
                Command::Rejects(rejects) => rejects.run(&settings, &stop_on_signal()?).await,
                Command::Drift(drift) => drift.run(&settings).await,
                Command::Config(config) => config.run(&arguments.files, &settings),
                Command::Dictionary(dictionary) => dictionary.run(&settings).await,
                Command::Demo(_) | Command::Sandbox(_) | Command::Completions(_) => {
                    unreachable!("these were dispatched above")
                }
            }
        }
    }
}

/// The daemon tells what it does; other commands print their results instead.
fn log_level(command: &Command) -> &'static str {
    match command {
        Command::Run => "warn,sqlx=error,convene=info",
        _ => "warn,sqlx=error,convene=error",
    }
}

fn log_format(format: Format) -> LogFormat {
    match format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    }
}

/// A token that Ctrl-C and SIGTERM cancel. A second Ctrl-C ends the process at once.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
        token.cancel();
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(stop)
}
